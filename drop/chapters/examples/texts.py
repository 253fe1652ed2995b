"""A CSV with columns text and label, one row a text: python -m drop.chapters.examples.texts reviews.csv 0.3"""

import csv
import sys

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict, train_test_split
from sklearn.pipeline import make_pipeline

import drop
from drop.chapters.own_data import Before
from drop.selection import top


def main(file: str, density: float, seed: int = 0) -> Before:
    with open(file, encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    texts, labels = (np.array([row[name] for row in rows], object) for name in ("text", "label"))
    train, test = train_test_split(np.arange(len(rows)), test_size=0.3, stratify=labels, random_state=seed)
    model = make_pipeline(
        TfidfVectorizer(min_df=2, sublinear_tf=True), LogisticRegression(C=10, max_iter=200, tol=1e-3)
    )
    answers = cross_val_predict(model, texts[train], labels[train], cv=3)  # nobody answers for what it was trained on
    plan = drop.plan(labels[train], validation=(labels[train], answers), density=density, seed=seed)
    print(plan)
    random = top(np.zeros(len(train)), round(density * len(train)), seed)
    recalls = {}
    for name, kept in {"full": slice(None), "random": random, "drop": plan.positions()}.items():
        right = model.fit(texts[train][kept], labels[train][kept]).predict(texts[test]) == labels[test]
        recalls[name] = [right[labels[test] == row.name].mean() for row in plan.rows]
    return Before(
        [row.name for row in plan.rows], recalls, [row.kept for row in plan.rows], [row.size for row in plan.rows]
    )


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2])).picture("before_and_after.png")

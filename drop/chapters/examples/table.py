"""A CSV of numbers with a column label: python -m drop.chapters.examples.table storms.csv 0.3"""

import sys

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_predict, train_test_split

import drop
from drop.chapters.own_data import Before
from drop.selection import top


def main(file: str, density: float, seed: int = 0) -> Before:
    table = pd.read_csv(file)
    train, test = train_test_split(table, test_size=0.3, stratify=table["label"], random_state=seed)
    model = HistGradientBoostingClassifier(max_iter=60, random_state=seed)
    answers = cross_val_predict(model, train.drop(columns="label"), train["label"], cv=3)
    plan = drop.plan(train["label"], validation=(train["label"], answers), density=density, seed=seed)
    print(plan)
    random = top(np.zeros(len(train)), round(density * len(train)), seed)
    recalls = {}
    for name, kept in {"full": slice(None), "random": random, "drop": plan.positions()}.items():
        chosen = train.iloc[kept]
        right = (
            model.fit(chosen.drop(columns="label"), chosen["label"]).predict(test.drop(columns="label"))
            == test["label"]
        )
        recalls[name] = [right[test["label"] == row.name].mean() for row in plan.rows]
    return Before(
        [row.name for row in plan.rows], recalls, [row.kept for row in plan.rows], [row.size for row in plan.rows]
    )


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2])).picture("before_and_after.png")

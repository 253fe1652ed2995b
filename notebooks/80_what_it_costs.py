# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # What was measured, where, and what it cost
#
# *On what does this book stand, how long did it take, and what is still missing?*
#
# :::{admonition} In short
# :class: tip
# The book stands on {glue:text}`networks` final networks of {glue:text}`places` experiments, which trained for
# {glue:text}`hours` hours in all without their query models, {glue:text}`devices`. None was trained on a GPU.
# :::

# %% tags=["parameters", "hide-input"]
folders = []  # of packed records; none: those that come with the package

# %% tags=["remove-input"]
from collections import Counter, defaultdict
from statistics import median

from drop.chapters import figures, prose, status, tables
from drop.chapters.verdicts import titled
from drop.experiments import records

figures.style()
found = records.load(*(folders or [records.committed()]))
if not found:
    raise ValueError("there is no record to report on: install the package with its records, or measure something")
places = defaultdict(list)
for record in found:
    places[record["run"]["benchmark"], record["run"]["scale"]].append(record)


def seconds(of, density):
    """The median training time of a network at a density."""
    values = [record["seconds"] for record in of if record["run"]["density"] == density]
    return median(values) if values else None


# %% tags=["remove-input"]
tables.show(
    [
        [titled(f"{name}-{scale}"), len({r["run"]["seed"] for r in of}), len(of),
         *(seconds(of, d) for d in (1.0, 0.5, 0.1)),
         f"{sum(r['seconds'] for r in of) / 3600:.1f}"]
        for (name, scale), of in sorted(places.items())
    ],
    ["experiment", "seeds", "networks", "s, all data", "s, half", "s, a tenth", "hours"],
    "What each experiment took. Seconds: median of one network while others trained beside it; hours: added up over "
    "networks, without query models.", digits=0, folded=False,
)  # fmt: skip

# %% [markdown]
# Pruned data are seen for more epochs, so that a tenth of the data takes a little over half of the steps, not a tenth
# of them. {term}`Query models <query model>` come on top, and are trained once a seed. Where two networks train side by
# side, the clock shows half of the hours. `make rerun DRY=1` makes the same reckoning for what has no record yet, on
# the machine where it is asked.
#
# ## On what, when, and with which versions

# %% tags=["remove-input"]
tables.show(
    [[titled(f"{name}-{scale}"), *row] for (name, scale), of in sorted(places.items()) for row in status.origins(of)],
    ["experiment", "networks", "device", "instruction set", "arithmetic", "tree", "dates", "torch"],
    "Where the records come from. Older records do not say on which instruction set and in which arithmetic they were "
    "made, nor whether the checkout held exactly what its commit holds.", folded=False,
)  # fmt: skip

# %% [markdown]
# ## What is missing
#
# The tests of the [claims ledger](60_claims_ledger.ipynb) name cells that lack records of some of the seeds 0 to 2, or
# 0 to 7 of the arms that most comparisons share. Here they are, with the commands that measure them; a chapter that
# plans more than the tests need names in its own box, "How this was made", what it lacks. One command measures all that
# a test lacks of an experiment, such as `python -m drop.chapters.status cifar10-longer-laptop | sh`; stopped, it goes
# on where it was.

# %% tags=["remove-input"]
missing = status.missing(found)
tables.show(
    [[titled(place), seeds, count, words] for place, seeds, count, words in missing.rows],
    ["experiment", "seeds", "cells", "that have fewer"],
    "Cells (pruner and density) that a registered test needs, and how many seeds they are to have.",
)  # fmt: skip
figures.publish({
    "text/html": f'<details class="drop-made"><summary>Commands</summary><pre>{missing.commands}</pre></details>',
    "text/plain": missing.commands,
})  # fmt: skip

# %% tags=["remove-input"]
devices = Counter(record["provenance"]["device"] for record in found)
prose.values({
    "networks": lambda: f"{len(found)}",
    "places": lambda: f"{len(places)}",
    "hours": lambda: f"{sum(record['seconds'] for record in found) / 3600:.0f}",
    "devices": lambda: "all on processors of two cores" if all(", 2 cores" in d for d in devices)
    else "on " + " and ".join(devices),
})  # fmt: skip
prose.holds({"no network was trained on a GPU": lambda: all(device.startswith("cpu") for device in devices)})

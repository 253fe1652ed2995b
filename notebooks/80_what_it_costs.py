# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # What it costs
#
# *How long does it take to measure everything again?*
#
# Every {term}`record` says how long its network trained and on what. This page adds them up, so its numbers are those
# of the records that the book shows. How to start a measurement stands on the page [Rerun it](rerun.md).

# %% tags=["parameters"]
folders = []  # of packed records; none: those that come with the package

# %% tags=["hide-input"]
from collections import Counter, defaultdict
from statistics import median

from drop.chapters import figures
from drop.experiments import records

places = defaultdict(list)
for record in records.load(*(folders or [records.committed()])):
    places[record["run"]["benchmark"], record["run"]["scale"]].append(record)


def seconds(found, density):
    """The median training time of a network at a density, as text."""
    values = [record["seconds"] for record in found if record["run"]["density"] == density]
    return f"{median(values):.0f}" if values else "not measured"


def device(found):
    """What most of the networks trained on."""
    return Counter(record["provenance"]["device"] for record in found).most_common(1)[0][0]


# %% [markdown]
# ## One network, and all of them
#
# Seconds are medians over seeds and methods, of one network while others trained beside it: on a CPU one network on
# every core, on a GPU several at a time. Hours are added up over networks. Where two train side by side, the clock
# shows half of that.

# %% tags=["hide-input"]
rows = []
for (name, scale), found in sorted(places.items()):
    seeds = len({record["run"]["seed"] for record in found})
    hours = sum(record["seconds"] for record in found) / 3600
    times = [seconds(found, density) for density in (1.0, 0.5, 0.1)]
    rows.append([name, scale, seeds, len(found), *times, f"{hours:.1f}", device(found)])
names = ["benchmark", "scale", "seeds", "networks", "s, all data", "s, half", "s, a tenth", "hours", "device"]
figures.table(rows, names)

# %% [markdown]
# Pruned data are seen for more epochs, so that a tenth of the data takes a little over half of the steps, not a tenth
# of them. Query models come on top, and are trained once a seed. `make rerun DRY=1` makes the same reckoning for what
# has no record yet, query models included.

# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # How fast does it train?
#
# *What does one training cost, here and in the code released with the paper?*
#
# :::{admonition} In short
# :class: tip
# On the same machine, networks and images this module trains {glue:text}`least` to {glue:text}`most` times as many
# images a second as the code released with the paper {cite:p}`vysogorets2025drop`, small networks more than large ones.
# A whole experiment of {glue:text}`runs` networks took {glue:text}`minutes` minutes on two cores. Nothing has been
# measured on a GPU yet.
# :::

# %% tags=["parameters", "hide-input"]
results = ""  # folder of JSON files that the benchmarks in speed/ wrote; none: those that come with the package

# %% tags=["remove-input"]
import json
from pathlib import Path

from drop.chapters import arithmetics, charts, figures, prose, tables
from drop.chapters.grid import TITLES
from drop.experiments.intervals import Estimate
from drop.places import MEASURED

figures.style()
folder = Path(results or MEASURED / "speed")
training, sweeps, scored = (
    [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"{kind}*.json"))]
    for kind in ("training", "sweep", "scores")
)
on_cpu, on_gpu = ([run for run in training if kind in run] for kind in ("cpu", "gpu"))
if not on_cpu:
    raise ValueError(f"{folder} holds no training*.json of a CPU; measure it with python -m speed.training")


def where(run):
    machine = run["machine"]
    kind = machine.get("instructions") or ("instruction set not recorded" if "gpu" not in run else "")
    named = ", ".join(filter(None, [machine["device"], f"{machine['cores']} cores", kind]))
    return f"{named}, torch {machine['torch']}, {machine['date'][:10]}"


# %% tags=["hide-input", "nbval-ignore-output"]
rows = [(f"{r['network']}, {r.get('arithmetic', 'bf16')}", r) for run in on_cpu for r in run["cpu"]]
fig, ax = charts.panel(0.9 + 0.32 * len(rows), "", "images a second")
for y, (_, r) in enumerate(rows):
    both = [value for value in (r.get("released"), r["ours"]) if value]
    ax.plot(both, [y] * len(both), color=figures.INK, lw=1)
    for value, marker, colour in zip(
        both[::-1], "Do", (figures.METHODS["random+drop"].colour, figures.INK), strict=False
    ):
        ax.plot(value, y, marker, color=colour, ms=7)
    if r.get("times"):
        ax.annotate(f"{r['times']:.1f} times", (r["ours"], y), (0, 6), textcoords="offset points", ha="center",
                    fontsize=charts.TEXT)  # fmt: skip
ax.set_xscale("log")
ax.set_xlim(left=min(value for _, r in rows for value in (r.get("released"), r["ours"]) if value) / 3)
ax.set_yticks(range(len(rows)), [name for name, _ in rows])
ax.set_ylim(len(rows) - 0.5, -0.7)
ax.grid(visible=False, axis="y")
figures.show(
    fig,
    caption="Images a second in training, logarithmic: the released code (circle) and this module (diamond), each as "
    f"its user would run it, one after the other on the same machine ({'; '.join(where(run) for run in on_cpu)}).",
    alt="; ".join(f"{name}: {r['ours']:,.0f} images a second here, {r['released']:,.0f} in the released code"
                  for name, r in rows if r.get("released")) + ".",
    name="training",
)  # fmt: skip

# %% tags=["remove-input"]
for run in on_cpu:
    tables.show(
        [[r["network"], r.get("arithmetic", "bf16"), r["batch"], r["ours"], r.get("released"), r.get("times"),
          100 * r["share_of_peak"]] for r in run["cpu"]],
        ["network", "products in", "batch", "this module", "released code", "times", "% of peak"],
        f"Images a second on {where(run)}. The last column: how much of the CPU's rate of large matrix products in the "
        "same arithmetic this module uses.",
    )  # fmt: skip

# %% [markdown]
# ## Small networks gain most
#
# A grid of prunings is hundreds of trainings, so its cost decides who can repeat it. The released code runs its
# `Trainer` with a `DataLoader` in the main process, all threads, validation after every epoch, products in fp32. This
# module runs one process a core, each with a network of its own, augmentation and the recipe's evaluations included,
# products in bf16 where the CPU multiplies it natively (AVX-512-BF16, AMX), in fp32 elsewhere. The data stay on the
# device as bytes, and augmentation is a few large operations instead of one call an image: that is what small networks
# gain from. VGG-16 is hardly anything but matrix products, and gains least. With products in fp32 it reaches
# {glue:text}`vgg_fp32` of what the CPU makes of large matrix products, so no code could make it twice as fast; in bf16
# it reaches {glue:text}`vgg_bf16`, so most of its time goes into something else than arithmetic at the peak's rate.
# What that is has not been measured. LeNet-5 and the small network of the laptop scale see Fashion-MNIST, VGG-16 sees
# CIFAR-10.
#
# ## A whole experiment, twice
#
# [The finding in one experiment](20_prune_by_class.ipynb) was trained again from nothing, as by a reader who trusts
# none of our records: three pruners, eight densities, five seeds, and the query models. The table says how long it
# took, and how many of the new networks are right on exactly the same test images as the recorded ones. They can be so
# on every image only on a machine of the same kind: another instruction set or number of threads adds in another order,
# and then the networks agree within noise.

# %% tags=["remove-input"]
tables.show(
    [[f"{run['runs']} networks", f"{run['seconds'] / 60:.0f}", f"{run['identical']} of {run['compared']}",
      100 * run["largest_difference"]["average"], 100 * run["largest_difference"]["worst_class"]] for run in sweeps],
    ["whole experiment", "minutes", "exactly the same", ("largest difference (points)", "average"),
     ("largest difference (points)", "worst class")],
    f"Trained again and compared with its records, on {'; '.join(map(where, sweeps))}.", folded=False,
)  # fmt: skip

# %% [markdown]
# ## Both arithmetics give the same average accuracy, within a point
#
# Networks trained with bf16 products are on average as right as their twins trained in fp32: the difference is
# {glue:text}`twins_cifar` points on CIFAR-10 and {glue:text}`twins_fashion` on Fashion-MNIST. The twins differ in
# nothing else, from the query models on. The rule was written down before: on each data set the 95 % interval of the
# mean difference of the average accuracy must lie within one point on either side of zero. It says nothing of the worst
# class, whose differences are {glue:text}`worst_cifar` and {glue:text}`worst_fashion` points: both intervals contain 0,
# and both reach beyond a point. These runs enter no verdict.

# %% tags=["remove-input"]
pairs = json.loads(arithmetics.PATH.read_text(encoding="utf-8")) if arithmetics.PATH.exists() else []
for name in dict.fromkeys(pair["benchmark"] for pair in pairs):
    mine, lines = [pair for pair in pairs if pair["benchmark"] == name], []
    for pruner in (*arithmetics.PRUNERS, None):
        some = [pair for pair in mine if pruner in (pair["pruner"], None)]
        ends = [arithmetics.interval(arithmetics.differences(some, m)) for m in ("average", "worst_class")]
        lines.append([figures.method(pruner).label if pruner else "all", len(some),
                      *(Estimate(mean, mean, low, high, len(some)) for mean, low, high in ends)])  # fmt: skip
    made = mine[0]["fp32"]["provenance"]
    verdict = "the same average accuracy" if arithmetics.passed(mine) else "not shown to be the same"
    tables.show(
        lines, ["pruner", "pairs", "average", "worst class"],
        f"bf16 minus fp32 in points: {TITLES[name]}, {made['device']}, {made['instructions']}, {made['date'][:10]}: "
        f"{verdict}.",
        digits=2, signed=["average", "worst class"], folded=False,
    )  # fmt: skip
if lacking := sorted({*arithmetics.BENCHMARKS} - {pair["benchmark"] for pair in pairs}):
    figures.say(f"Not measured yet, on {' and '.join(lacking)}: `python -m drop.chapters.arithmetics`.")

# %% [markdown]
# ## Scores cost seconds, once their query models are trained
#
# Where the released code would take minutes it ran on a part, and its time was multiplied up; the last column says so.
# Our EL2N checks that its input are probabilities, which takes longer than the score itself.


# %% tags=["remove-input"]
def short(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


for run in scored:
    machine = run["machine"]
    tables.show(
        [[r["what"], r["unit"], *map(short, (r["ours"], r["released"], r["times"])), r["note"]] for r in run["rows"]],
        ["score", "unit", "this module", "released code", "times", "note"],
        f"What scores cost on {machine['threads']} threads (load {machine['load']:.1f}, that of the measurement "
        f"included), torch {machine['torch']}, {machine['date'][:10]}.",
    )  # fmt: skip

# %% [markdown]
# ## On a GPU
#
# No GPU was at hand so far; the code is tested on CPUs in all but the capture of its graphs. One of the commands below
# makes the table that belongs here: VGG-16 on CIFAR-10, several networks side by side in one CUDA graph, with the share
# of peak (the model's own arithmetic against large bf16 matrix products in the same minute) and the seconds of a full
# run for one network when that many share the device.

# %% tags=["remove-input"]
for run in on_gpu:
    gpu = run["gpu"]
    names = ["scale", "lanes", "precision", "images_per_second", "share_of_peak", "seconds_per_run", "peak_memory_gb"]
    tables.show(
        [[row[name] for name in names] for row in gpu["rows"]],
        ["scale", "networks", "precision", "images/s", "share of peak", "seconds a run", "memory (GB)"],
        f"{where(run)}, {gpu['peak_flops'] / 1e12:.0f} TFLOP/s in bf16 matrix products; the paper's grid on CIFAR-10, "
        f"worth 162 full runs, would take {gpu['grid_hours']:.1f} hours.", digits=2,
    )  # fmt: skip
twins = {name: [pair for pair in pairs if pair["benchmark"] == name] for name in arithmetics.BENCHMARKS}


def apart(name, metric="average"):
    """bf16 minus fp32 over all pairs of a data set."""
    mean, low, high = arithmetics.interval(arithmetics.differences(twins[name], metric))
    return Estimate(mean, mean, low, high, len(twins[name]))


def share(products):
    """How much of the CPU's rate of large matrix products VGG-16 uses."""
    return next(r["share_of_peak"] for run in on_cpu for r in run["cpu"]
                if (r["network"], r.get("arithmetic", "bf16")) == ("vgg16", products))  # fmt: skip


times = [r["times"] for run in on_cpu for r in run["cpu"] if r.get("times")]
prose.values({
    "least": lambda: f"{min(times):.1f}", "most": lambda: f"{max(times):.1f}",
    **{f"{word}_{short_name}": lambda name=name, m=m: prose.points(apart(name, m), 2)
       for short_name, name in (("cifar", "cifar10"), ("fashion", "fashion-mnist"))
       for word, m in (("twins", "average"), ("worst", "worst_class"))},
    **{f"vgg_{products}": lambda products=products: prose.percent(share(products), 0) for products in ("bf16", "fp32")},
    "runs": lambda: str(sweeps[0]["runs"]), "minutes": lambda: f"{sweeps[0]['seconds'] / 60:.0f}",
})  # fmt: skip
prose.holds({
    "both arithmetics give the same average accuracy": lambda: all(map(arithmetics.passed, twins.values())),
    "no difference of worst classes is shown, and none is shown to be within a point": lambda: all(
        e.low < 0 < e.high and max(-e.low, e.high) > arithmetics.MARGIN
        for e in (apart(name, "worst_class") for name in twins)),
    "VGG-16 is above half of the peak in fp32, far below in bf16": lambda: share("bf16") < 0.3 < 0.5 < share("fp32"),
    "nothing was measured on a GPU": lambda: not on_gpu,
    "the whole experiment took two cores": lambda: sweeps[0]["machine"]["cores"] == 2,
    "small networks gain more": lambda: all(
        [r["times"] for r in run["cpu"] if r.get("times")] == sorted(
            (r["times"] for r in run["cpu"] if r.get("times")), reverse=True) for run in on_cpu),
})  # fmt: skip

# %% [markdown]
# ## Your machine
#
# With nothing else running on it, and a data root that holds CIFAR-10 and Fashion-MNIST:
#
# ```sh
# git clone https://github.com/avysogorets/fair-data-pruning CHECKOUT
# python -m speed.training --released CHECKOUT --out drop/measured/speed/training-cpu.json
# python -m speed.training --device cuda --out drop/measured/speed/training-gpu.json
# python -m speed.sweep --out drop/measured/speed/sweep-cpu.json
# python -m speed.scores CHECKOUT --json drop/measured/speed/scores-cpu.json
# ```

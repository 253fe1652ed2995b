# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # How fast it trains
#
# *What does one training cost, here and in the code released with the paper?*
#
# A grid of prunings is hundreds of trainings, so its cost decides who can repeat it. This page sets both codes beside
# each other {cite:p}`vysogorets2025drop`: the same machine, networks and images. Expect small networks to gain most:
# the data stay on the device as bytes, augmentation is a few large operations instead of one call an image, and
# several networks train at the same time. Large networks are bound by arithmetic, which bf16 makes about twice as fast
# on a CPU.

# %% tags=["parameters"]
results = ""  # folder of JSON files that the benchmarks in speed/ wrote; none: those that come with the package

# %% tags=["hide-input"]
import json
from pathlib import Path

from drop.chapters import arithmetics, figures
from drop.places import MEASURED

found = [json.loads(path.read_text()) for path in sorted(Path(results or MEASURED / "speed").glob("training*.json"))]
on_cpu, on_gpu = ([run for run in found if kind in run] for kind in ("cpu", "gpu"))


def where(run):
    machine = run["machine"]
    kind = machine.get("instructions") or ("instruction set not recorded" if "gpu" not in run else "")
    named = ", ".join(filter(None, [machine["device"], f"{machine['cores']} cores", kind]))
    return f"{named}, torch {machine['torch']}, {machine['date'][:10]}"


# %% [markdown]
# ## Training on a CPU
#
# Images a second, both codes one after the other on the same machine, each as its user would run it. The released
# code: its `Trainer` with a `DataLoader` in the main process, all threads, validation after every epoch, products in
# fp32. This module: one process a core, each with a network of its own, augmentation and the recipe's evaluations
# included, products in bf16 where the CPU multiplies it natively (AVX-512-BF16, AMX), in fp32 elsewhere. LeNet-5 and
# the small network of the laptop scale see Fashion-MNIST, VGG-16 sees CIFAR-10. The small network runs in the
# released code's own base class. The last column is how much of the CPU's rate of large matrix products in the same
# arithmetic this module uses. VGG-16 is hardly anything but such products: where it comes near 100, no code could be
# much faster.

# %% tags=["hide-input"]
for run in on_cpu:
    figures.say(f"On {where(run)}:")
    columns = ["network", "products in", "batch", "this module", "released code", "times", "% of peak"]
    rows = [
        [
            r["network"],
            r.get("arithmetic", "bf16"),
            r["batch"],
            r["ours"],
            r.get("released"),
            r.get("times"),
            100 * r["share_of_peak"],
        ]  # fmt: skip
        for r in run["cpu"]
    ]
    figures.table(rows, columns, digits=1)
if not on_cpu:
    figures.say("This has not been measured yet.")

# %% [markdown]
# ## A whole experiment, twice
#
# [The finding in one experiment](20_prune_by_class) was trained again from nothing, as by a reader who trusts none of
# our records: three pruners, eight densities, five seeds, and the query models. How long it took, and whether the new
# networks answer as the recorded ones do. They can do so on every image only on a machine of the same kind: another
# instruction set or number of threads adds in another order, and then the networks agree within noise.

# %% tags=["hide-input"]
for path in sorted(Path(results or MEASURED / "speed").glob("sweep*.json")):
    run = json.loads(path.read_text())
    same, compared, apart = run["identical"], run["compared"], run["largest_difference"]
    answer = (
        f"{'All' if same == compared else same} of the {compared} that have a record are right on exactly the "
        "same test images as the recorded network."
    )
    if same < compared:
        answer += (
            f" Of the others the average accuracy differs by at most {100 * apart['average']:.2f} points, that "
            f"of the worst class by {100 * apart['worst_class']:.2f}."
        )
    figures.say(
        f"On {where(run)}: {run['runs']} networks and their query models in {run['seconds'] / 60:.0f} minutes. {answer}"
    )

# %% [markdown]
# ## The same results in both arithmetics?
#
# Pairs of runs that differ in nothing but the products, bf16 or fp32: each from the query models on, with the same
# seeds, on one machine. The rule was written down before: on each data set the 95 % interval of the mean difference of
# the average accuracy must lie within one point on either side of zero. These runs enter no verdict.

# %% tags=["hide-input"]
pairs = json.loads(arithmetics.PATH.read_text()) if arithmetics.PATH.exists() else []
for name in dict.fromkeys(pair["benchmark"] for pair in pairs):
    mine, rows = [pair for pair in pairs if pair["benchmark"] == name], []
    for pruner in (*arithmetics.PRUNERS, None):
        some = [pair for pair in mine if pruner in (pair["pruner"], None)]
        parts = [arithmetics.interval(100 * arithmetics.differences(some, m)) for m in ("average", "worst_class")]
        shown = [f"{mean:+.2f} ({low:+.2f} to {high:+.2f})" for mean, low, high in parts]
        rows.append([pruner or "all", len(some), *shown])
    made = mine[0]["fp32"]["provenance"]
    verdict = "the same results" if arithmetics.passed(mine) else "not shown to be the same"
    figures.say(f"{name}, {made['device']}, {made['instructions']}, {made['date'][:10]}: {verdict}.")
    figures.table(rows, ["pruner", "pairs", "average, bf16 - fp32 (points)", "worst class, bf16 - fp32 (points)"])
if not pairs:
    figures.say("This has not been measured yet.")

# %% [markdown]
# ## Scores
#
# What the scores cost once their query models are trained: samples a second for GraNd, seconds for the rest. Where the
# released code would take minutes it ran on a part, and its time was multiplied up; the last column says so. Our EL2N
# checks that its input are probabilities, which takes longer than the score itself.

# %% tags=["hide-input"]
scored = [json.loads(path.read_text()) for path in sorted(Path(results or MEASURED / "speed").glob("scores*.json"))]
for run in scored:
    machine = run["machine"]
    figures.say(
        f"On {machine['threads']} threads (load {machine['load']:.1f}, that of the measurement included), "
        f"torch {machine['torch']}, {machine['date'][:10]}:"
    )
    rows = [
        [r["what"], r["unit"], *(f"{r[name]:.3g}" for name in ("ours", "released", "times")), r["note"]]
        for r in run["rows"]
    ]
    figures.table(rows, ["score", "unit", "this module", "released code", "times", ""])
if not scored:
    figures.say("This has not been measured yet.")

# %% [markdown]
# ## Training on a GPU
#
# VGG-16 on CIFAR-10, several networks side by side in one CUDA graph. The share of peak compares the model's own
# arithmetic with the rate of large bf16 matrix products measured in the same minute. The seconds of a full run are for
# one network when that many share the device.

# %% tags=["hide-input"]
for run in on_gpu:
    gpu = run["gpu"]
    figures.say(f"On {where(run)}, {gpu['peak_flops'] / 1e12:.0f} TFLOP/s in bf16 matrix products:")
    names = ["scale", "lanes", "precision", "images_per_second", "share_of_peak", "seconds_per_run", "peak_memory_gb"]
    columns = ["scale", "networks", "precision", "images/s", "share of peak", "seconds a run", "memory (GB)"]
    figures.table([[row[name] for name in names] for row in gpu["rows"]], columns, digits=2)
    figures.say(f"The paper's grid on CIFAR-10, worth 162 full runs, would take {gpu['grid_hours']:.1f} hours.")
if not on_gpu:
    figures.say(
        "This has not been measured yet: no GPU was at hand. The code is tested on CPUs in all but the capture of its "
        "graphs, and the table is one command."
    )

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

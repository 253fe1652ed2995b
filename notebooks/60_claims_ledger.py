# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # The claims ledger
#
# *Which claims of the paper do our measurements support?*
#
# What {cite:t}`vysogorets2025drop` claim was written down in `book/claims.yml` before anything was measured, each claim
# with the test that decides it and the margin it must clear. This page applies the tests to the committed
# {term}`records <record>`. Expect fewer decisions than a table of averages would suggest: a verdict needs an interval
# that lies wholly on one side of its margin, and a {term}`worst class` is judged by a few hundred images.
#
# - **supported**: the whole interval of the difference lies above the margin;
# - **contradicted**: the whole interval lies below it;
# - **undecided**: the margin lies inside the interval, or a part of the test has not been measured;
# - **not measured**: there is no record for it.
#
# A claim is supported when all its lines are, on every benchmark that has records, and contradicted as soon as one line
# is. The first is cautious: no line profits from the number of lines. The second is not: among many lines that are just
# true, about one in forty would be contradicted by chance, so look at the line before you quote the verdict.

# %% tags=["parameters"]
folders = ["records"]  # packed records, seen from the folder of the pages
factors = [0.5, 1.0, 2.0]  # by which all margins are multiplied at the end

# %% tags=["hide-input"]
from collections import Counter
from pathlib import Path

import claims  # book/claims.py, beside this page
import matplotlib.pyplot as plt

from drop import figures, records

figures.style()
document = claims.load()
measured = records.load(*folders)
ledger = {claim.source["id"]: claim for claim in claims.ledger(document, measured)}
LOOKS = {"supported": ("#009068", "o"), "undecided": ("#7d8287", "s"), "contradicted": ("#d55e00", "X")}
VERDICTS = [*LOOKS, "not measured"]


def tally(lines):
    """Verdicts of lines in words, such as "3 supported, 13 not measured"."""
    counts = Counter(line.verdict for line in lines)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])


def lines_with_records(claim):
    return [(part, line) for part in claim.parts for line in part.lines if line.estimate]


# %% tags=["hide-input"]
def tell(name):
    """A claim in words: what is claimed, where, the paper's value, and each part's verdict."""
    claim, source = ledger[name], ledger[name].source
    chapter = source.get("chapter", "")
    link = f" *Figures:* [the chapter]({chapter}.html)." if chapter and Path(f"{chapter}.ipynb").exists() else ""
    where = f"*Where:* {source['source']}. *Paper's value:* {source['paper']}.{link}"
    parts = [f"- **{part.source['id']}** on {part.benchmark}: {part.verdict} ({tally(part.lines)}). "
             f"{part.source['says']}" for part in claim.parts]  # fmt: skip
    reasons = [f"Not tested: {source['not_tested']}"] if "not_tested" in source else []
    reasons += [f"Note: {source['note']}"] if "note" in source else []
    reasons += [f"Changed on {entry['date']}: {entry['reason']}" for entry in source.get("changes", [])]
    figures.say(
        "\n\n".join([f"**{claim.verdict.capitalize()}.** {source['claim']}", where, "\n".join(parts), *reasons])
    )


def list_lines(name):
    """The measured lines of a claim: left side minus right side, its interval, margin, seeds and verdict."""
    rows = []
    for part, line in lines_with_records(ledger[name]):
        e = line.estimate
        words = f"{line.metric}: {line.text}"
        rows.append([words, line.verdict, e.value, e.low, e.high, e.seeds or "exact", part.benchmark])
    if rows:
        figures.table(rows, ["left > right + margin", "verdict", "difference", "low", "high", "n", "benchmark"])


# %% tags=["hide-input"]
def draw(name):
    """Every measured line's distance from its margin in percentage points, with its interval."""
    drawn = [(part, line) for part, line in lines_with_records(ledger[name]) if line.estimate.seeds > 1]
    if not drawn:
        return
    fig, ax = plt.subplots(figsize=(6.4, 1.1 + 0.27 * len(drawn)))
    for row, (_, line) in enumerate(drawn):
        colour, marker = LOOKS[line.verdict]
        low, value, high = (100 * (getattr(line.estimate, end) - line.margin) for end in ("low", "value", "high"))
        ax.plot([low, high], [row, row], color=colour)
        ax.plot(value, row, marker, color=colour)
    ax.axvline(0, color=figures.INK, linewidth=1)
    ax.set_yticks(range(len(drawn)), [f"{line.metric}: {line.text}" for _, line in drawn], fontsize=8)
    ax.set_ylim(len(drawn) - 0.4, -0.6)
    ax.set_xlabel("points beyond the margin")
    benchmarks = ", ".join(dict.fromkeys(part.benchmark for part, _ in drawn))
    seeds = sorted({line.estimate.seeds for _, line in drawn})
    ax.set_title(f"{name}, {benchmarks}, n = {', '.join(map(str, seeds))} seeds", fontsize=9)
    words = tally([line for _, line in drawn])
    figures.show(
        fig, f"Claim {name} on {benchmarks}: {document['level']:.0%} intervals of {len(drawn)} lines; {words}."
    )


# %% [markdown]
# ## All claims

# %% tags=["hide-input"]
rows = []
for name, claim in ledger.items():
    counts = Counter(line.verdict for part in claim.parts for line in part.lines)
    rows.append([name, claim.verdict, *(counts[verdict] for verdict in VERDICTS)])
figures.table(rows, ["claim", "verdict", *(f"lines {verdict}" for verdict in VERDICTS)])

# %% tags=["hide-input"]
every = [line for claim in ledger.values() for part in claim.parts for line in part.lines]
names = sorted({f"{r['run']['benchmark']}-{r['run']['scale']}" for r in measured})
figures.say(
    f"The ledger stands on {len(measured)} records ({', '.join(names) or 'none yet'}). It has {len(every)} lines: "
    f"{tally(every)}. Intervals are at {document['level']:.0%} for each line and cover seeds and the finite test set."
)

# %% [markdown]
# ## C1: pruning by score is biased

# %% tags=["hide-input"]
tell("C1")
list_lines("C1")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C1")

# %% [markdown]
# ## C2: baselines are best at high density, DRoP keeps reducing the bias

# %% tags=["hide-input"]
tell("C2")
list_lines("C2")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C2")

# %% [markdown]
# ## C3: the best trade-off, and better than full data in the worst class

# %% tags=["hide-input"]
tell("C3")
list_lines("C3")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C3")

# %% [markdown]
# ## C4: DRoP's quotas also help a strategy

# %% tags=["hide-input"]
tell("C4")
list_lines("C4")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C4")

# %% [markdown]
# ## C5: class ratios matter, cherry-picking does not

# %% tags=["hide-input"]
tell("C5")
list_lines("C5")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C5")

# %% [markdown]
# ## C6: the Gaussian mixture

# %% tags=["hide-input"]
tell("C6")
list_lines("C6")

# %% [markdown]
# ## C7 and C8: no extra cost, other data

# %% tags=["hide-input"]
for name in [name for name in ledger if name not in ("C1", "C2", "C3", "C4", "C5", "C6")]:
    tell(name)

# %% [markdown]
# ## How much hangs on the margins?
#
# The margins were chosen before the measurement, but someone had to choose them. Here is the number of claims with each
# verdict when all of them are halved or doubled.

# %% tags=["hide-input"]
scaled = {f: {claim.source["id"]: claim for claim in claims.ledger(document, measured, f)} for f in factors}
counts = {f: Counter(claim.verdict for claim in scaled[f].values()) for f in factors}
figures.table([[f"x {f:g}", *(counts[f][v] for v in VERDICTS)] for f in factors], ["claims, margins", *VERDICTS])
print()
lines = {f: Counter(line.verdict for c in scaled[f].values() for p in c.parts for line in p.lines) for f in factors}
figures.table([[f"x {f:g}", *(lines[f][v] for v in VERDICTS)] for f in factors], ["lines, margins", *VERDICTS])

# %% tags=["hide-input"]
moved = [name for name in ledger if len({scaled[f][name].verdict for f in factors}) > 1]
figures.say(
    f"The verdict depends on the factor for {', '.join(moved)}." if moved else "No verdict on a claim depends on it."
)

# %% [markdown]
# ## What cannot change unnoticed
#
# A test compares `book/claims.yml` with every committed version of it. Claims may be added; a line, a margin, a
# benchmark or an estimand that once stood there may only change with a date and a reason in the file, which this page
# then prints. Another test changes a record and sees the verdict change.

# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # The claims ledger
#
# *Which claims of the paper do our measurements support?*
#
# What {cite:t}`vysogorets2025drop` claim was written down in `drop/chapters/claims.yml` before it was measured, each
# claim with the tests that decide it and the margins they must clear; parts that were added when values were known say
# so. This
# page applies the tests to the committed {term}`records <record>`. Expect fewer decisions than a table of averages
# would suggest: a verdict needs an interval that lies wholly on one side of its margin, and a {term}`worst class` is
# judged by a few hundred images.
#
# A line of a test is an inequality, such as "the worst class of A is better than that of B by more than a point":
#
# - **supported**: the whole interval of the difference lies above the margin;
# - **contradicted**: the whole interval lies below it, **by the margin only** where it does not lie below 0: the
#   difference is smaller than the margin asks, but may still have the claimed sign;
# - **undecided**: the margin lies inside the interval, or a part of the test has not been measured;
# - **not measured**: there is no record for it;
# - **does not apply**: a condition of the line is contradicted.
#
# The lines for one strategy at one density that a part of a claim needs together are a **case**, and cases are what is
# counted. A claim is supported when all its cases are, on every benchmark that has records, and contradicted as soon as
# one is. The first is cautious: no case profits from the number of cases. The second is not: a claim that is
# contradicted may still hold for the most part. So every verdict stands beside the number of its cases that say so, by
# data set and by part of the claim. What is not measured on a benchmark that has records leaves a claim undecided at
# best.

# %% tags=["parameters"]
folders = []  # of packed records; none: those that come with the package
factors = [0.5, 1.0, 2.0]  # by which all margins are multiplied at the end

# %% tags=["hide-input"]
import re
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import stdtrit

from drop.chapters import figures
from drop.chapters import ledger as claims
from drop.experiments import benchmarks, records

figures.style()
document = claims.load()
measured, times = records.load(*(folders or [records.committed()])), claims.query_times()
ledger = {claim.source["id"]: claim for claim in claims.ledger(document, measured, times=times)}
runs, table = claims.index(measured, times), {f"{entry.name}-{entry.scale}": entry for entry in benchmarks.TABLE}
SCALES = {name: table[name].scale for name, _, _ in sorted(runs)}  # of the benchmarks that have records
LOOKS = {"supported": ("#009068", "o"), "undecided": ("#7d8287", "s"), "contradicted": ("#d55e00", "X"),
         "does not apply": ("#b0b4b8", "D")}  # fmt: skip
VERDICTS = [*LOOKS, "not measured"]
UNITS = dict.fromkeys(["average", "worst_class", "gap", "smallest_class"], "points")
UNITS |= {"query_cost": "full trainings", "total_cost": "full trainings", "query_share": "final trainings"}
UNITS |= {"threshold": "on the axis of x", "closed": "of the way"}


def place(benchmark):
    """What results are put together under: the four mixtures are one place."""
    return "the mixtures" if benchmark.startswith("mixture ") else benchmark


def places(parts):
    """The parts by place, without places that have no records."""
    found = {}
    for part in parts:
        found.setdefault(place(part.benchmark), []).append(part)
    return {name: mine for name, mine in found.items() if name in SCALES or name == "the mixtures"}


def lines_of(parts):
    return [line for part in parts for line in part.lines]


def cases_of(parts):
    return [case for part in parts for case in part.cases]


def verdict_on(parts):
    return claims.combine([part.verdict for part in parts])


def at_scale(verdict, parts):
    """A verdict with the scales it speaks about, if it rests on records."""
    scales = sorted({SCALES[part.benchmark] for part in parts if part.benchmark in SCALES})
    return verdict + f" at {' and '.join(scales)} scale" * bool(scales and verdict != "not measured")


def tally(items, noun="case"):
    """Verdicts of cases or lines in words, such as "3 of 16 cases supported, 13 undecided"."""
    counts, mild = Counter(item.verdict for item in items), sum(item.margin_only for item in items)
    against = "contradicted" + f", {mild} of them by the margin only" * (mild > 0)
    said = [(against if verdict == "contradicted" else verdict, counts[verdict]) for verdict in VERDICTS]
    (first, n), *rest = [(verdict, n) for verdict, n in said if n]
    of = f"{n} of {len(items)}" if rest else f"all {n}" if n > 1 else "its one"
    return ", ".join([f"{of} {noun}{'s' * (len(items) > 1)} {first}", *(f"{n} {verdict}" for verdict, n in rest)])


# %% [markdown]
# ## What the verdicts speak about

# %% tags=["hide-input"]


def schedule(entry):
    """How long a benchmark trains on all the data, beside the paper's schedule."""
    paper = table.get(f"{entry.name}-paper")
    beside = f"where the paper's schedule has {paper.recipe.epochs}" if paper else "which is not in the paper"
    return f"{entry.recipe.epochs} on {entry.name}, {beside}"


small = [table[name] for name, scale in SCALES.items() if not scale.startswith("paper")]
if small:
    figures.say(
        f"These are results at **{' and '.join(sorted({entry.scale for entry in small}))} scale**: small networks, "
        f"trained for few epochs ({'; '.join(map(schedule, small))}). A verdict of *contradicted* speaks about that "
        "scale and these data only, not about the paper's networks and schedules, and so does *supported*. C6 alone "
        "has no scale: the mixtures are computed."
    )

# %% [markdown]
# ## In short

# %% tags=["hide-input"]


def where(cases):
    """How many cases are supported density by density, so that one sees where a claim holds."""
    by_density = {}
    for case in cases:
        for density in (value for value in case.values if re.fullmatch(r"[\d.]+", value)):
            by_density.setdefault(density, []).append(case.verdict)
    if len(by_density) < 2 or all(case.verdict != "supported" for case in cases):
        return ""
    words = [f"{by_density[d].count('supported')} of {len(by_density[d])} at {d}" for d in sorted(by_density)]
    return f" (supported: {', '.join(words)})"


def ids(parts):
    return ", ".join(dict.fromkeys(part.source["id"] for part in parts))


def told(name, mine):
    """The verdict on a claim at one place: what contradicts it, what is missing, and without the parts added later."""
    by = [part for part in mine if part.verdict == "contradicted"]
    missing = [part for part in mine if any(case.verdict == "not measured" for case in part.cases)]
    verdict, before = verdict_on(mine), verdict_on([part for part in mine if part.source.get("blind", True)])
    return (
        f"  - {name.removesuffix('-' + SCALES.get(name, ''))}: **{at_scale(verdict, mine)}**"
        + (f" by {ids(by)}" if by and len(by) < len(mine) else "")
        + f". {tally(cases_of(mine)).capitalize()}{where(cases_of(mine))}"
        + (f"; still to be measured, in whole or in part: {ids(missing)}" if missing else "")
        + (f"; {before} without what was added when values were known." if before != verdict else ".")
    )


def finding(claim):
    """A claim's verdict where it was measured, one line a place."""
    source, parts = claim.source, [part for part in claim.parts if not part.source.get("ours")]
    words = [told(name, mine) for name, mine in places(parts).items()]
    without = [part for part in parts if place(part.benchmark) not in places(parts)]
    if words and without:
        lacking = ", ".join(dict.fromkeys(part.benchmark for part in without))
        words.append(f"  - Not measured and not counted: {ids(without)}, because there are no records of {lacking}.")
    extra = {}
    for part in claim.parts:
        if part.source.get("ours") and part.verdict != "not measured":
            extra.setdefault(f"{part.source['id']} {part.verdict}", []).append(part.benchmark)
    if extra:
        said = ", ".join(f"{what} on {' and '.join(names)}" for what, names in extra.items())
        words.append(f"  - More than the paper claims: {said}.")
    return f"- **{source['id']}, {source['name']}**{'.' if words else ': not measured.'}\n" + "\n".join(words)


figures.say("\n".join(finding(claim) for claim in ledger.values()), name="findings")

# %% tags=["hide-input"]
standing = {}
for name, claim in ledger.items():
    for spot, mine in places([part for part in claim.parts if not part.source.get("ours")]).items():
        standing.setdefault(spot, {}).setdefault(verdict_on(mine), []).append(name)
figures.say(
    "Counting strictly, a claim being contradicted as soon as one of its cases is: "
    + "; ".join(
        f"on {spot} " + ", ".join(f"{', '.join(names)} {verdict}" for verdict, names in sorted(by_verdict.items()))
        for spot, by_verdict in standing.items()
    )
    + ".",
    name="standing",
)

# %% tags=["hide-input"]
rows = []
for name, claim in ledger.items():
    parts = [part for part in claim.parts if not part.source.get("ours")]
    whole = [("all", claim.verdict, parts)]
    apart = [(where, verdict_on(mine), mine) for where, mine in places(parts).items()]
    for where, verdict, mine in whole + apart * (len(apart) > 1):
        counts = Counter(case.verdict for case in cases_of(mine))
        mild = sum(case.margin_only for case in cases_of(mine))
        rows.append([name if where == "all" else "", where, verdict, *(counts[v] for v in VERDICTS), mild])
heads = ["claim", "cases on", "verdict", "for", "open", "against", "n/a", "missing", "against by the margin only"]
figures.table(rows, heads)

# %% tags=["hide-input"]
every = [part for claim in ledger.values() for part in claim.parts]
one = {(l.benchmark, l.metric, l.text): l for l in lines_of(every)
       if l.estimate and l.estimate.seeds > 1 and l.estimate.low < l.estimate.high}  # fmt: skip
decided = sum(line.verdict in ("supported", "contradicted") for line in one.values())
chance = (1 - document["level"]) / 2
figures.say(
    f"The ledger stands on {len(measured)} records ({', '.join(sorted(SCALES)) or 'none yet'})"
    f"{'' if times else ', without the times of query models, which this copy of the book lacks'}. In all, "
    f"{tally(cases_of(every))}. Intervals are at {document['level']:.0%} for each line and cover seeds and "
    f"the finite test set; they are not widened for the number of lines. Of {len(one)} different lines with an "
    f"interval {decided} are decided. Up to {chance:.1%} of the {len(one)}, about {chance * len(one):.0f}, are to be "
    "expected to be decided the wrong way by chance; lines that share a pruner err together."
)

# %% tags=["hide-input"]
found = {name: sorted({seed for cell, by_seed in runs.items() if cell[0] == name for seed in by_seed})
         for name in SCALES}  # fmt: skip
reach = {n: stdtrit(n - 1, (1 + document["level"]) / 2) for n in (2, 3, 5)}
figures.say(
    f"Few seeds make wide intervals. The seeds' part of an interval is t = {reach[2]:.1f} standard errors to each side "
    f"with two seeds, {reach[3]:.1f} with three and {reach[5]:.1f} with five, so **two seeds can hardly decide a line "
    f"about a worst class**. {document['stopping']} The records at hand have seeds "
    f"{'; '.join(', '.join(map(str, seeds)) + ' on ' + name for name, seeds in found.items()) or 'of nothing yet'}, "
    "not all of them in every cell."
)

# %% [markdown]
# The sections below give each claim in full, then a figure for each data set and each kind of line: a dot for every
# line, at its distance from its margin, with its interval. **Green dots** are supported, **orange crosses**
# contradicted, **grey squares** undecided, pale diamonds do not apply; an interval that meets the frame goes on behind
# it, and lines of a single seed, which has no interval, stand in the lists only. Where differences are points of
# accuracy, the axis is linear within 2 points and logarithmic beyond.


# %% tags=["hide-input"]
def tell(name):
    """A claim in words: what is claimed, where, the paper's value, each part's verdict, and where its figures are."""
    claim, source = ledger[name], ledger[name].source
    there = [stem for stem in source.get("chapters", []) if Path(f"{stem}.ipynb").exists()]
    links = ", ".join(f"[{title_of(stem)}]({stem}.html)" for stem in there)
    where = f"*Where:* {source['source']}. *Paper's value:* {source['paper']}."
    where += f" *Figures:* {links}." if links else ""
    parts = {}
    for part in claim.parts:
        parts.setdefault(part.source["id"], []).append(part)
    text = [f"**{at_scale(claim.verdict, claim.parts).capitalize()}.** {source['claim']}", where]
    text += [f"- **{key}**{' (ours)' * bool(mine[0].source.get('ours'))}. {mine[0].source['says']} "
             + "; ".join(f"*{w}*: {counted(ps)}" for w, ps in places(mine).items())
             + ("." if places(mine) else "Not measured.") for key, mine in parts.items()]  # fmt: skip
    text += [f"Not tested: {source['not_tested']}"] if "not_tested" in source else []
    text += [f"*Note:* {source['note']}"] if "note" in source else []
    text += [f"Changed on {entry['date']}: {entry['reason']}" for entry in source.get("changes", [])]
    figures.say("\n\n".join(text))


def counted(parts):
    """The verdict on parts, their cases and, where these have several, their lines."""
    verdict, cases, lines = verdict_on(parts), cases_of(parts), lines_of(parts)
    if verdict == "not measured":
        return verdict
    return f"{verdict}, {tally(cases)}" + (f" ({tally(lines, 'line')})" if len(lines) > len(cases) else "")


def title_of(stem):
    """The title of a page of the book."""
    return re.search(r'"# (.*?)(?:\\n)?"', Path(f"{stem}.ipynb").read_text(encoding="utf-8"))[1]


def list_lines(name):
    """The measured lines of a claim: left side minus right side, its interval, seeds and verdict."""
    for where, mine in places(ledger[name].parts).items():
        rows = []
        for part, line in ((p, line) for p in mine for line in p.lines if line.estimate):
            e = line.estimate
            test = "given " * line.given + f"{line.metric}: {line.text}"
            verdict = line.verdict + " (margin only)" * line.margin_only
            which = part.benchmark.removeprefix("mixture ") if where == "the mixtures" else part.source["id"]
            rows.append([test, which, verdict, e.value, e.low, e.high, e.seeds or "exact"])
        if rows:
            print(where)
            figures.table(rows, ["left > right + margin", "", "verdict", "difference", "low", "high", "n"])
            print()


# %% tags=["hide-input"]
def kinds(parts):
    """The measured lines of one place by kind: all that differ only in the values that a part is repeated with."""
    found = {}
    for part in parts:
        for line in part.lines:
            if line.estimate and line.estimate.seeds != 1:  # one seed has no interval
                template = line.template if line.values else ""
                found.setdefault((part.source["id"], line.metric, template), []).append(line)
    return found


def label(line):
    """What tells a line from the others of its kind."""
    words = [value if re.fullmatch(r"[\d.]+", value) else figures.method(value).label for value in line.values]
    if line.benchmark.startswith("mixture "):
        words.insert(0, line.benchmark.removeprefix("mixture ").replace("-", "−"))
    return ", ".join(words) or line.text.replace("random+drop @ ", "DRoP ")


def beyond(line):
    """Lower end, value and upper end of a line's interval, as distances from its margin in the figure's unit."""
    factor = 100 if UNITS[line.metric] == "points" else 1
    return [factor * (getattr(line.estimate, end) - line.margin) for end in ("low", "value", "high")]


def span(lines):
    """Limits of the axis that hold all values, and the intervals as far as they do not dwarf the values."""
    bounds = np.array([beyond(line) for line in lines])
    reach = 2.5 * np.abs(bounds[:, 1]).max() or 1
    inside = np.append(np.clip(bounds, -reach, reach), 0)
    room = 0.06 * np.ptp(inside)
    return inside.min() - room, inside.max() + room


def panel(title, template, lines, limits):
    """A dot with its interval for every line."""
    fig, ax = plt.subplots(figsize=(4.6, 1.2 + 0.25 * len(lines)))
    for row, line in enumerate(lines):
        colour, marker = LOOKS[line.verdict]
        low, value, high = beyond(line)
        ax.plot([low, high], [row, row], color=colour, linewidth=1.5)
        ax.plot(value, row, marker, color=colour)
    if UNITS[lines[0].metric] == "points":
        ax.set_xscale("symlog", linthresh=2)
        ax.set_xticks([-50, -10, -2, 0, 2, 10, 50], ["−50", "−10", "−2", "0", "2", "10", "50"])
        ax.set_xticks([], minor=True)
    ax.axvline(0, color=figures.INK, linewidth=1)
    ax.set(xlim=limits, ylim=(len(lines) - 0.4, -0.6))
    ax.set_yticks(range(len(lines)), [label(line) for line in lines])
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(f"{UNITS[lines[0].metric]}, beyond the margin")
    ax.set_title(f"{title}\n{re.sub('[{}]', '', template)}".strip(), fontsize=10)
    return fig


def draw(name):
    """For each place, a panel for every kind of line."""
    for where, mine in places(ledger[name].parts).items():
        panels, shown = [], kinds(mine)
        every = [line for lines in shown.values() for line in lines]
        for (part, metric, template), lines in shown.items():
            n = sorted({line.estimate.seeds for line in lines})
            n = "exact" if n == [0] else f"n = {n[0]}" if n[0] == n[-1] else f"n = {n[0]}–{n[-1]}"
            limits = span([line for line in every if UNITS[line.metric] == UNITS[metric]])
            kind = f"{part}{', given' * lines[0].given}, {metric.replace('_', ' ')}, {n}"
            panels.append(panel(kind, template, lines, limits))
        if panels:
            figures.say(f"*{where}*")
            alt = f"Claim {name} on {where}: distance from the margin, with {document['level']:.0%} intervals, of "
            figures.show(panels, alt + f"{len(every)} lines in {len(panels)} panels; {tally(every, 'line')}.")


# %% [markdown]
# ## C1: pruning by score is biased

# %% tags=["hide-input"]
tell("C1")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C1")

# %% tags=["hide-input", "hide-output"]
list_lines("C1")

# %% [markdown]
# ## C2: baselines are best at high density, DRoP keeps reducing the bias

# %% tags=["hide-input"]
tell("C2")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C2")

# %% tags=["hide-input", "hide-output"]
list_lines("C2")

# %% [markdown]
# ## C3: the best trade-off, and better than full data in the worst class

# %% tags=["hide-input"]
tell("C3")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C3")

# %% tags=["hide-input", "hide-output"]
list_lines("C3")

# %% [markdown]
# ## C4: DRoP's quotas also help a strategy

# %% tags=["hide-input"]
tell("C4")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C4")

# %% tags=["hide-input", "hide-output"]
list_lines("C4")

# %% [markdown]
# ## C5: class ratios matter, cherry-picking does not

# %% tags=["hide-input"]
tell("C5")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C5")

# %% tags=["hide-input", "hide-output"]
list_lines("C5")

# %% [markdown]
# ## C6: the Gaussian mixture
#
# A mixture bears the means and the standard deviations of its two classes. Its lines are computed, not measured, so
# they have no intervals.

# %% tags=["hide-input"]
tell("C6")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C6")

# %% tags=["hide-input", "hide-output"]
list_lines("C6")

# %% [markdown]
# ## C7: no extra cost

# %% tags=["hide-input"]
tell("C7")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C7")

# %% tags=["hide-input", "hide-output"]
list_lines("C7")

# %% [markdown]
# The claim compares DRoP with strategies that rank samples: they need query models too. Random pruning needs none. What
# the query models cost beside it, and beside training on everything, the schedules alone tell, because query and
# final models are one network at one image size: a pass over the training set takes either as long.

# %% tags=["hide-input"]
rows, dearer = [], []
for entry in benchmarks.TABLE:
    if entry.scale != "smoke":
        r, shares = entry.recipe, {d: entry.recipe_at(d).epochs * d / entry.recipe.epochs for d in (0.1, 0.3, 0.8)}
        short, full = r.short_queries * r.short_epochs / r.epochs, r.full_epochs / r.epochs
        total = [short + share for share in shares.values()]
        rows.append([f"{entry.name}-{entry.scale}", short, full, short / shares[0.1], short / shares[0.3], *total])
        dearer.append(min(total) > 1)
heads = ["short", "full", "per final 0.1", "0.3", "total 0.1", "0.3", "0.8"]
figures.table(rows, ["by the schedule", *heads], digits=2)
figures.say(
    "*Passes over the training set, counted: all short query models (those of DRoP, EL2N and GraNd) and the full one "
    "(of the other strategies), in full trainings; the short ones in final trainings at densities 0.1 and 0.3; short "
    "queries and one final model together at densities 0.1, 0.3 and 0.8, in full trainings.*"
)

# %% tags=["hide-input"]
cheapest = all(row[1] <= row[2] for row in rows)
both = [f"{-case.lines[0].estimate.value:.1f} on {part.benchmark}" for part in ledger["C7"].parts
        if part.source["id"] == "C7d" for case in part.cases
        if case.values == ("forgetting",) and case.lines[0].estimate]  # fmt: skip
figures.say(
    f"So by the schedule Random+DRoP's query models cost {'no' if cheapest else 'something'} more than those of a "
    "strategy; EL2N's and GraNd's are the very same. A strategy inside DRoP's quotas costs more than the strategy "
    "alone where that needs the full query: our Forgetting+DRoP trains both kinds"
    + (f", in measured time so many full trainings more than Forgetting: {', '.join(both)}" if both else "")
    + f". Beside random pruning DRoP's query models cost {min(row[3] for row in rows):.1f} to "
    f"{max(row[3] for row in rows):.1f} final trainings at density 0.1. "
    f"Pruning with DRoP and training once takes longer than training on everything, at each of these densities, in "
    f"{sum(dearer)} of {len(dearer)} benchmarks: on a tenth of the data the schedule still takes a little over half "
    "of the steps. Query models pay when many final models share them, or with fewer of them; the released code "
    "trains one for DRoP unless asked for more."
)

# %% tags=["hide-input"]
rows = []
for where in dict.fromkeys(name for name, _ in times):
    entry = next(entry for entry in benchmarks.TABLE if f"{entry.name}-{entry.scale}" == where)
    recipe = entry.recipe
    for kind, passes in (("short", recipe.short_queries * recipe.short_epochs), ("full", recipe.full_epochs)):
        found = [seconds[kind] for (there, _), seconds in times.items() if there == where]
        rows.append([f"{where}, {kind} queries", len(found), np.mean(found), np.mean(found) / passes])
    for pruner, d in (("full", 1.0), ("random+drop", 0.3), ("random+drop", 0.1)):
        found = [run["seconds"] for run in runs.get((where, pruner, d), {}).values()]
        if found:
            each = np.mean(found)
            rows.append([f"{where}, final at {d:g}", len(found), each, each / (entry.recipe_at(d).epochs * d)])
figures.table(rows, ["as measured", "seeds", "seconds", "per pass"], digits=1)
if rows:
    figures.say(
        "*Mean seconds of all query models of a seed and of one final model, and by pass over the training set. A pass "
        "should take the same time everywhere; a short query also evaluates after its only epochs and reads EL2N, and "
        "networks had to share the machine with others. So the schedule is the better guide, and the verdicts above, "
        "which rest on these seconds, hold for this machine.*"
    )
else:
    figures.say("The times of the query models are missing: `python -m drop.chapters.query_times`.")

# %% [markdown]
# ## C8: other data

# %% tags=["hide-input"]
tell("C8")

# %% tags=["hide-input", "nbval-ignore-output"]
draw("C8")

# %% tags=["hide-input", "hide-output"]
list_lines("C8")

# %% tags=["hide-input"]
for name in [name for name in ledger if name not in ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8")]:
    tell(name)

# %% [markdown]
# ## How much hangs on the margins?
#
# The margins were chosen before the measurement, but someone had to choose them. Here is the number of claims with each
# verdict when all of them are halved or doubled. The thresholds of C6, 0.999 and 0.5 ("more than half of the way"), are
# no margins: they stay as they are.

# %% tags=["hide-input"]
scaled = {f: {c.source["id"]: c for c in claims.ledger(document, measured, f, times)} for f in factors}
counts = {f: Counter(claim.verdict for claim in scaled[f].values()) for f in factors}
figures.table([[f"x {f:g}", *(counts[f][v] for v in VERDICTS)] for f in factors], ["claims, margins", *VERDICTS])
print()
cases = {f: Counter(case.verdict for c in scaled[f].values() for case in cases_of(c.parts)) for f in factors}
figures.table([[f"x {f:g}", *(cases[f][v] for v in VERDICTS)] for f in factors], ["cases, margins", *VERDICTS])

# %% tags=["hide-input"]
moved = [name for name in ledger if len({scaled[f][name].verdict for f in factors}) > 1]
figures.say(
    f"The verdict depends on the factor for {', '.join(moved)}." if moved else "No verdict on a claim depends on it."
)

# %% [markdown]
# ## What cannot change unnoticed
#
# A test compares `drop/chapters/claims.yml` with every committed version of it. Claims may be added; a line, a margin,
# a benchmark or an estimand that once stood there may only change with a date and a reason in the file, which this page
# then prints. Another test changes a record and sees the verdict change.

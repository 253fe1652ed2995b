"""Lines are judged by records, and verdicts follow from lines by the registered rule alone."""

import base64
import json

import numpy as np
import pytest

from drop.chapters import claims, judging, ledger, mixtures
from drop.chapters.judging import Cells, Judged
from drop.chapters.ledger import Family, Member
from drop.experiments import benchmarks, datasets, records
from drop.experiments.intervals import Estimate

SEEDS = range(5)
FASHION = "fashion-mnist-laptop"


def record(pruner, density, worst, seed, best=0.95, **recipe):
    """A record of fashion-mnist at the laptop scale with two classes, 1000 test images each; seeds differ a little."""
    run = benchmarks.Run(benchmarks.benchmark("fashion-mnist", "laptop"), pruner, density, seed).config()
    run["recipe"] = records.plain({**run["recipe"], **recipe})
    counts = {"correct": [round(1000 * worst) + seed, round(1000 * best) - seed], "total": [1000, 1000]}
    right = np.concatenate([np.random.default_rng(seed).permutation(1000) < n for n in counts["correct"]])
    hits, key = base64.b64encode(np.packbits(right)).decode(), records.key(run, datasets.digest("fashion-mnist"))
    return {"key": key, "run": run, "test": counts, "test_hits": hits, "validation": counts, "kept": [500, 900],
            "class_sizes": [1000, 1000]}  # fmt: skip


def recorded(table):
    """Records of all seeds from {(pruner, density): worst-class recall}."""
    return [record(*cell, worst, seed) for cell, worst in table.items() for seed in SEEDS]


def judged(metric, text, measured, times=None) -> Judged:
    return judging.judge(claims.line_of(FASHION, metric, text, {}), Cells(measured, times))


TABLE = {("full", 1.0): 0.80, ("random", 0.3): 0.70, ("random+drop", 0.3): 0.85, ("el2n", 0.3): 0.72}


@pytest.mark.parametrize(
    "metric, text, verdict",
    [
        ("worst_class", "random+drop @ 0.3 > random @ 0.3 + 0.01", "above"),
        ("worst_class", "random @ 0.3 > random+drop @ 0.3 + 0.01", "below"),
        ("worst_class", "random+drop @ 0.3 > random @ 0.3 + 0.5", "below"),
        ("worst_class", "el2n @ 0.3 > random @ 0.3 + 0.02", "open"),
        ("worst_class", "el2n @ 0.3 > random @ 0.3 - 0.1", "above"),
        ("worst_class", "full > random @ 0.3", "above"),
        ("worst_class", "random @ 0.8 > random @ 0.3 + 0.01", "not measured"),
        ("worst_class", "0.9 > random @ 0.3", "above"),
        ("worst_class", "random @ 0.3 > 0.9", "below"),
        ("gap", "random @ 0.3 > random+drop @ 0.3 + 0.01", "above"),
        ("average", "random @ 0.3 > full - 0.1", "above"),
        ("average", "random @ 0.3 > full - 0.05", "open"),
        ("smallest_class", "0.6 > random @ 0.3", "above"),
        ("smallest_class", "random @ 0.3 > 0.6", "below"),
    ],
)
def test_verdict_of_a_line(metric, text, verdict):
    assert judged(metric, text, recorded(TABLE)).verdict == verdict


def test_one_seed_decides_nothing_and_seeds_need_not_be_shared():
    text = "random+drop @ 0.3 > random @ 0.3 + 0.01"
    one = [record("random+drop", 0.3, 0.9, 0), record("random", 0.3, 0.5, 0), record("random", 0.3, 0.5, 1)]
    line = judged("worst_class", text, one)
    assert (line.verdict, line.estimate.seeds) == ("open", 1)
    assert judged("worst_class", text, one[1:]).verdict == "not measured"
    several = [record("random+drop", 0.3, 0.9, seed) for seed in (5, 6, 7)] + one[1:]
    line = judged("worst_class", text, several)
    assert (line.verdict, line.estimate.seeds) == ("above", 2)


def test_runs_of_another_recipe_or_other_data_do_not_count():
    measured = [record(p, 0.3, w, s, epochs=1) for p, w in (("random", 0.5), ("random+drop", 0.9)) for s in SEEDS]
    assert judged("worst_class", "random+drop @ 0.3 > random @ 0.3", measured).verdict == "not measured"
    other = [{**r, "key": records.key(r["run"], "other data")} for r in recorded(TABLE)]
    assert judged("worst_class", "random+drop @ 0.3 > random @ 0.3", other).verdict == "not measured"


def test_records_and_times_of_somebody_elses_benchmark_are_left_out(tmp_path):
    measured = recorded(TABLE)
    names = ({"benchmark": "mine"}, {"scale": "s"})
    theirs = [{**measured[0], "run": {**measured[0]["run"], **name}} for name in names]
    assert Cells([*theirs, *measured]).runs == Cells(measured).runs
    entry = {"recipe": theirs[0]["run"]["recipe"], "short": {"seconds": [1]}, "full": {"seconds": 9}}
    (tmp_path / "times.json").write_text(json.dumps({"mine-laptop-seed0": entry, "fashion-mnist-s-seed0": entry}))
    assert judging.query_times(tmp_path / "times.json") == {}


def test_what_the_mixture_says():
    """paper.md's second mixture: DRoP goes (.0648 - .0598)/(.0648 - .0478) of the way, the ideal ratio all of it."""
    name = "mixture -1 1 0.3 0.9"
    assert mixtures.mixture_value(name, "threshold", "full", 1.0) == pytest.approx(-0.3640, abs=1e-4)
    assert mixtures.mixture_value(name, "closed", "random+ideal", 0.3) == pytest.approx(1)
    assert mixtures.mixture_value(name, "closed", "random+drop", 0.3) == pytest.approx(0.0050 / 0.0170, abs=0.01)


TIMES = {(FASHION, seed): {"short": 5.0, "full": 30.0} for seed in SEEDS}


def timed(pruner, density, seconds):
    return [{**record(pruner, density, 0.8, seed), "seconds": seconds} for seed in SEEDS]


@pytest.mark.parametrize(
    "metric, text, value, verdict",
    [
        ("query_cost", "el2n @ 0.1 > random+drop @ 0.1 - 0.05", 0, "above"),
        ("query_cost", "random+forgettingq @ 0.1 > random+drop @ 0.1 - 0.05", 2.5, "above"),
        ("query_cost", "random @ 0.1 > random+drop @ 0.1 - 0.05", -0.5, "below"),
        ("query_cost", "random+gamma0.7 @ 0.1 > random+drop @ 0.1 - 0.05", 0, "above"),
        ("query_cost", "random+nucs @ 0.1 > random+drop @ 0.1 - 0.05", 0, "above"),
        ("query_cost", "random+balanced @ 0.1 > random+drop @ 0.1 - 0.05", -0.5, "below"),
        ("query_share", "0 > random+drop @ 0.1 - 0.05", -1, "below"),
        ("total_cost", "full > random+drop @ 0.1 + 0.05", 0, "below"),
        ("total_cost", "full > random @ 0.1 + 0.05", 0.5, "above"),
    ],
)
def test_what_query_models_cost(metric, text, value, verdict):
    """Short queries 5 s together, the full one 30 s, final models 10 s on all data and 5 s on a tenth."""
    pruners = "random random+drop el2n random+forgettingq random+gamma0.7 random+nucs random+balanced".split()
    measured = timed("full", 1.0, 10.0) + [run for pruner in pruners for run in timed(pruner, 0.1, 5.0)]
    line = judged(metric, text, measured, TIMES)
    assert (line.verdict, line.estimate.seeds) == (verdict, len(SEEDS))
    assert line.estimate.value == pytest.approx(value)
    assert line.estimate.low <= line.estimate.value + 1e-9 and line.estimate.value <= line.estimate.high + 1e-9
    assert judged(metric, text, measured).verdict == "not measured"
    one = {(FASHION, 0): TIMES[FASHION, 0]}
    assert judged(metric, text, measured, one).estimate.seeds == 1


def test_times_are_read_from_what_was_written_down_of_query_models(tmp_path):
    recipe = records.plain(benchmarks.benchmark("fashion-mnist", "laptop").recipe.settings())
    entry = {"recipe": recipe, "short": {"seconds": [1.0, 1.5]}, "full": {"seconds": 9.0}}
    other, stale = {**entry, "full": {"seconds": 8.0}}, {**entry, "recipe": {**recipe, "epochs": 1}}
    first, second = tmp_path / "times.json", tmp_path / "manifest.json"
    assert judging.query_times(first, second) == {}
    first.write_text(json.dumps({f"{FASHION}-seed3": entry, f"{FASHION}-seed4": stale}))
    second.write_text(json.dumps({f"{FASHION}-seed{seed}.npz": other for seed in (3, 5)}))
    times = judging.query_times(first, second)
    assert times == {(FASHION, 3): {"short": 2.5, "full": 9.0}, (FASHION, 5): {"short": 2.5, "full": 8.0}}


def test_a_p_value_goes_with_the_interval():
    """Half of 1 - level at which the interval ends at the margin, so 0.025 is where a verdict falls."""
    for margin in (0.125, 0.14, 0.15, 0.16, 0.175):
        line = judged("worst_class", f"random+drop @ 0.3 > random @ 0.3 + {margin}", recorded(TABLE))
        assert (line.above <= 0.025, line.below <= 0.025) == (line.verdict == "above", line.verdict == "below")
    assert judged("worst_class", "0.9 > random @ 0.3", recorded(TABLE)).above < 1e-3


def test_what_would_decide_a_line_is_seeds_or_images():
    """Seeds that differ by 4 points leave 2 points open; 1000 images leave 0.2 of a point open for good."""
    wide = [record("random", 0.3, 0.7 + 0.02 * s, s) for s in range(3)]
    wide += [record("random+drop", 0.3, 0.75 + 0.02 * s, s) for s in range(3)]
    some = judged("average", "random+drop @ 0.3 > random @ 0.3 + 0.01", wide)
    assert some.verdict == "open" and 4 <= some.needed < 50
    none = judged("worst_class", "random+drop @ 0.3 > random @ 0.3 + 0.148", recorded(TABLE))
    assert none.verdict == "open" and none.needed == np.inf


def test_correlation_and_spread_are_measured():
    """Class densities .5 and .9 where accuracies are .8 and .95: they agree perfectly, for any pruner."""
    same = judged("density_correlation", "random @ 0.3 > random+drop @ 0.3 + 0.1", recorded(TABLE))
    assert (same.estimate.value, same.verdict) == (pytest.approx(0), "below")
    assert judged("density_correlation", "random @ 0.3 > 0.9", recorded(TABLE)).estimate.value == pytest.approx(0.1)
    assert judged("density_correlation", "random @ 0.3 > 0.9", recorded(TABLE)[5:]).verdict == "not measured"
    spread = judged("spread", "random @ 0.3 > random+drop @ 0.3 + 0.01", recorded(TABLE))
    assert (spread.estimate.value, spread.verdict) == (pytest.approx(0.075, abs=1e-3), "above")


LINE = claims.line_of(FASHION, "average", "random @ 0.3 > full", {})
ABOVE, BELOW = (1e-6, 1.0), (1.0, 1e-6)  # p-values


def member(above, below, *conditions) -> Member:
    """A member of one line with these p-values, and its conditions."""
    low, high = (0.1, 0.2) if above <= 0.025 else (-0.2, -0.1) if below <= 0.025 else (-0.1, 0.1)
    test = Judged(LINE, 0.0, Estimate(0.0, 0.0, low, high, 3), above, below)
    return Member({"id": "X"}, [test], list(conditions))


MISSING = Member({"id": "X"}, [Judged(LINE, 0.0)], [])


@pytest.mark.parametrize(
    "p_values, rejected",
    [
        ([0.001, 0.02, 0.9], [True, False, False]),
        ([0.001, 0.012, 0.024], [True, True, True]),
        ([0.02, 0.001, 0.013], [False, True, False]),
        ([0.009, 0.009], [True, True]),
        ([], []),
    ],
)
def test_holm(p_values, rejected):
    """At 0.025: 0.001 <= 0.025/3, then 0.012 <= 0.025/2, then 0.024 <= 0.025; the first that fails ends it."""
    assert ledger.holm(p_values, 0.025).tolist() == rejected


@pytest.mark.parametrize(
    "members, verdict",
    [
        ([member(0.02, 1), member(0.024, 1)], "holds"),  # each, uncorrected
        ([member(0.02, 1), member(0.03, 1)], "open"),
        ([member(0.02, 1), MISSING], "open"),
        ([MISSING, MISSING], "not measured"),
        ([member(*BELOW), member(0.4, 1)], "fails"),
        ([member(1, 0.02), member(0.4, 1)], "open"),  # one of two below, but not after Holm
        ([member(1, 0.02)], "fails"),
        ([member(*BELOW), member(*ABOVE)], "mixed"),
        ([member(*BELOW), member(0.02, 1)], "fails"),  # above, but not after Holm
        ([], "not measured"),
    ],
)
def test_the_registered_rule(members, verdict):
    assert Family({"id": "X"}, FASHION, members).verdict == verdict


def test_under_any_correction_goes_the_other_way_round():
    """The case lies above with twice the smaller p-value, below with the greater."""
    tests = [Judged(LINE, 0.0, Estimate(0, 0, -1, 1, 3), *p) for p in ((0.01, 0.9), (0.6, 0.02))]
    both = Member({"id": "X"}, tests, [])
    assert (both.above, both.below) == (0.02, 0.9)
    assert both.state(0.025) == "above"


def test_a_case_lies_on_a_side_only_if_its_condition_is_met():
    def condition(above, below, low, high):
        return Judged(LINE, 0.0, Estimate(0, 0, low, high, 3), above, below)

    met, refuted = condition(*ABOVE, 0.1, 0.2), condition(*BELOW, -0.2, -0.1)
    unsure, missing = condition(0.2, 0.8, -0.1, 0.2), Judged(LINE, 0.0)
    found = [member(1e-6, 1, c).state(0.025) for c in (met, refuted, unsure, missing)]
    assert found == ["above", "does not apply", "open", "not measured"]
    assert Family({"id": "X"}, FASHION, [member(1, 1e-6, refuted)] * 2).verdict == "does not apply"
    assert Family({"id": "X"}, FASHION, [member(1, 1e-6, refuted), member(*ABOVE)]).verdict == "holds"
    assert Family({"id": "X"}, FASHION, [member(1, 1e-6, unsure)]).verdict == "open"


def family(measured, part, factor=1.0, **kind):
    part = {"id": "X1a", "benchmarks": [FASHION], **part, **kind}
    document = {"level": 0.95, "claims": [{"id": "X1", "parts": [part]}]}
    return ledger.ledger(document, Cells(measured), factor)


def test_parts_beyond_a_claim_are_families_of_their_own():
    lines = ["random+drop @ 0.3 > random @ 0.3", "random @ 0.3 > random+drop @ 0.3"]
    parts = [{"id": f"X1{i}", "benchmarks": [FASHION], "all": [{"worst_class": text}]} for i, text in enumerate(lines)]
    document = {"level": 0.95, "claims": [{"id": "X1", "parts": parts}]}
    assert {key: f.verdict for key, f in ledger.ledger(document, Cells(recorded(TABLE))).items()} == {
        ("X1", FASHION): "mixed"
    }
    parts[1]["ours"] = True
    verdicts = {name: f.verdict for (name, _), f in ledger.ledger(document, Cells(recorded(TABLE))).items()}
    assert verdicts == {"X1": "holds", "X11": "fails"}
    parts[0]["by_definition"] = True
    verdicts = {name: f.verdict for (name, _), f in ledger.ledger(document, Cells(recorded(TABLE))).items()}
    assert verdicts == {"X10": "true by definition", "X11": "fails"}


def test_comparisons_are_counted_once():
    lines = [{"average": "random @ 0.3 > full - 0.2"}, {"average": "full > random @ 0.3"}, {"gap": "full > 0.1"}]
    [found] = family(recorded(TABLE), {"all": lines}).values()
    assert (len(found.members), len(found.compared)) == (3, 2)


def test_a_factor_scales_the_margins():
    part = {"all": [{"worst_class": "random+drop @ 0.3 > random @ 0.3 + 0.07"}]}
    verdicts = [family(recorded(TABLE), part, factor)["X1", FASHION].verdict for factor in (0.5, 1.0, 2.0, 3.0)]
    assert verdicts == ["holds", "holds", "open", "fails"]


def test_without_records_only_the_mixture_is_judged():
    found = {place: family.verdict for (_, place), family in ledger.ledger(claims.load(), Cells([])).items()}
    assert found.pop("mixtures") != "not measured"
    assert set(found.values()) <= {"not measured", "true by definition"}


def test_changing_a_record_changes_the_verdict():
    """Claim C2 as registered, with C2b alone: the gap of Random+DRoP falls with density."""
    document = claims.load()
    document["claims"] = [claim for claim in document["claims"] if claim["id"] == "C2"]
    document["claims"][0]["parts"] = [part for part in document["claims"][0]["parts"] if part["id"] == "C2b"]
    table = {("full", 1.0): 0.6, ("random+drop", 0.8): 0.65, ("random+drop", 0.3): 0.8, ("random+drop", 0.1): 0.9}
    measured = recorded(table)
    assert ledger.ledger(document, Cells(measured))["C2", FASHION].verdict == "holds"
    changed = [record("random+drop", 0.1, 0.4, r["run"]["seed"]) if r["run"]["density"] == 0.1 else r for r in measured]
    assert ledger.ledger(document, Cells(changed))["C2", FASHION].verdict == "mixed"


def test_new_seeds_are_told_apart_and_compared_with_the_known():
    document = claims.load()
    days = ("2026-11-21T10:00", "2026-11-26T01:00")
    dated = [{"provenance": {"date": day}} for day in days]
    assert [ledger.is_known(r, document) for r in dated] == [True, False]
    part = {"all": [{"worst_class": "random+drop @ 0.3 > random @ 0.3"}, {"average": "full > random @ 0.3"}]}
    old, same = (family(recorded(TABLE), part)["X1", FASHION] for _ in range(2))
    assert ledger.replicated(old, same) == (2, 2, 2)
    other = family(recorded({**TABLE, ("random", 0.3): 0.95}), part)["X1", FASHION]
    assert ledger.replicated(old, other) == (2, 0, 0)

"""The claims are registered soundly, judged by their records, and never loosened silently."""

import base64
import copy
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml

from drop.chapters import ledger as claims
from drop.chapters.ledger import Line, combine
from drop.experiments import benchmarks, datasets, records

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


def judged(metric, text, measured):
    part = {"id": "X1a", "benchmarks": [FASHION], "all": [{metric: text}]}
    document = {"level": 0.95, "claims": [{"id": "X1", "parts": [part]}]}
    return claims.ledger(document, measured)[0].parts[0].lines[0]


TABLE = {("full", 1.0): 0.80, ("random", 0.3): 0.70, ("random+drop", 0.3): 0.85, ("el2n", 0.3): 0.72}


@pytest.mark.parametrize(
    "metric, text, verdict",
    [
        ("worst_class", "random+drop @ 0.3 > random @ 0.3 + 0.01", "supported"),
        ("worst_class", "random @ 0.3 > random+drop @ 0.3 + 0.01", "contradicted"),
        ("worst_class", "random+drop @ 0.3 > random @ 0.3 + 0.5", "contradicted"),
        ("worst_class", "el2n @ 0.3 > random @ 0.3 + 0.02", "undecided"),
        ("worst_class", "el2n @ 0.3 > random @ 0.3 - 0.1", "supported"),
        ("worst_class", "full > random @ 0.3", "supported"),
        ("worst_class", "random @ 0.8 > random @ 0.3 + 0.01", "not measured"),
        ("worst_class", "0.9 > random @ 0.3", "supported"),
        ("worst_class", "random @ 0.3 > 0.9", "contradicted"),
        ("gap", "random @ 0.3 > random+drop @ 0.3 + 0.01", "supported"),
        ("average", "random @ 0.3 > full - 0.1", "supported"),
        ("average", "random @ 0.3 > full - 0.05", "undecided"),
        ("smallest_class", "0.6 > random @ 0.3", "supported"),
        ("smallest_class", "random @ 0.3 > 0.6", "contradicted"),
    ],
)
def test_verdict_of_a_line(metric, text, verdict):
    assert judged(metric, text, recorded(TABLE)).verdict == verdict


def test_one_seed_decides_nothing_and_seeds_need_not_be_shared():
    text = "random+drop @ 0.3 > random @ 0.3 + 0.01"
    one = [record("random+drop", 0.3, 0.9, 0), record("random", 0.3, 0.5, 0), record("random", 0.3, 0.5, 1)]
    line = judged("worst_class", text, one)
    assert (line.verdict, line.estimate.seeds) == ("undecided", 1)
    assert judged("worst_class", text, one[1:]).verdict == "not measured"
    several = [record("random+drop", 0.3, 0.9, seed) for seed in (5, 6, 7)] + one[1:]
    line = judged("worst_class", text, several)
    assert (line.verdict, line.estimate.seeds) == ("supported", 2)


def test_runs_of_another_recipe_or_other_data_do_not_count():
    measured = [record(p, 0.3, w, s, epochs=1) for p, w in (("random", 0.5), ("random+drop", 0.9)) for s in SEEDS]
    assert judged("worst_class", "random+drop @ 0.3 > random @ 0.3", measured).verdict == "not measured"
    other = [{**r, "key": records.key(r["run"], "other data")} for r in recorded(TABLE)]
    assert judged("worst_class", "random+drop @ 0.3 > random @ 0.3", other).verdict == "not measured"


def test_records_and_times_of_somebody_elses_benchmark_are_left_out(tmp_path):
    measured = recorded(TABLE)
    names = ({"benchmark": "mine"}, {"scale": "s"})
    theirs = [{**measured[0], "run": {**measured[0]["run"], **name}} for name in names]
    assert claims.index([*theirs, *measured]) == claims.index(measured)
    entry = {"recipe": theirs[0]["run"]["recipe"], "short": {"seconds": [1]}, "full": {"seconds": 9}}
    (tmp_path / "times.json").write_text(json.dumps({"mine-laptop-seed0": entry, "fashion-mnist-s-seed0": entry}))
    assert claims.query_times(tmp_path / "times.json") == {}


@pytest.mark.parametrize(
    "how, verdicts, verdict",
    [
        ("all", [], "not measured"),
        ("all", ["not measured"] * 2, "not measured"),
        ("all", ["supported"] * 2, "supported"),
        ("all", ["supported", "not measured"], "undecided"),
        ("all", ["supported", "undecided"], "undecided"),
        ("all", ["supported", "undecided", "contradicted"], "contradicted"),
        ("any", ["supported", "undecided", "contradicted"], "supported"),
        ("any", ["contradicted"] * 2, "contradicted"),
        ("any", ["contradicted", "not measured"], "undecided"),
        ("all", ["supported", "does not apply"], "supported"),
        ("all", ["not measured", "does not apply"], "not measured"),
        ("all", ["does not apply"] * 2, "does not apply"),
    ],
)
def test_verdicts_combine(how, verdicts, verdict):
    assert combine(verdicts, how) == verdict


def part_judged(measured, **part):
    """A part with these lines on fashion-mnist, judged."""
    document = {"level": 0.95, "claims": [{"id": "X1", "parts": [{"id": "X1a", "benchmarks": [FASHION], **part}]}]}
    return claims.ledger(document, measured)[0].parts[0]


WORSE, BETTER = "random @ 0.3 > {P} @ 0.3 + 0.01", "{P} @ 0.3 > random @ 0.3 + 0.01"


def test_one_line_of_every_case_is_enough_under_any():
    lines = {"any": [{"worst_class": BETTER}, {"worst_class": WORSE}]}
    part = part_judged(recorded({**TABLE, ("el2n", 0.3): 0.70}), **{"for": {"P": ["random+drop", "el2n"]}, **lines})
    assert [line.verdict for line in part.lines] == ["supported", "contradicted", "contradicted", "contradicted"]
    assert [case.verdict for case in part.cases] == ["supported", "contradicted"]
    assert part.verdict == "contradicted"


@pytest.mark.parametrize(
    "condition, case, line",
    [
        (BETTER, "contradicted", "contradicted"),
        (WORSE, "does not apply", "does not apply"),
        ("el2n @ 0.3 > random @ 0.3 + 0.02", "undecided", "undecided"),
        ("grand @ 0.3 > random @ 0.3", "undecided", "undecided"),
    ],
)
def test_a_condition_says_whether_a_case_applies(condition, case, line):
    lines = {"given": [{"worst_class": condition}], "all": [{"worst_class": WORSE}]}
    part = part_judged(recorded(TABLE), **{"for": {"P": ["random+drop"]}, **lines})
    assert (part.cases[0].verdict, part.verdict, part.lines[1].verdict) == (case, case, line)
    assert [line.given for line in part.lines] == [True, False]


@pytest.mark.parametrize(
    "text, margin_only",
    [
        ("el2n @ 0.3 > random @ 0.3 + 0.2", True),
        ("random @ 0.8 > random @ 0.3 + 0.2", True),
        ("random @ 0.3 > el2n @ 0.3 + 0.2", False),
        ("random @ 0.8 > random @ 0.3", False),
    ],
)
def test_a_difference_that_only_misses_its_margin_is_told_apart(text, margin_only):
    """EL2N is better than random by half of the margin; random at 0.8 is as good as at 0.3."""
    measured = recorded({**TABLE, ("el2n", 0.3): 0.80, ("random", 0.8): 0.70})
    part = part_judged(measured, all=[{"worst_class": text}])
    assert (part.lines[0].margin_only, part.cases[0].margin_only) == (margin_only, margin_only)


def test_a_part_without_records_blocks_a_claim_where_the_benchmark_has_some():
    texts = {"X1a": "random+drop @ 0.3 > random @ 0.3", "X1b": "random+drop @ 0.1 > random @ 0.1"}
    parts = [{"id": i, "benchmarks": [FASHION], "all": [{"worst_class": text}]} for i, text in texts.items()]
    for benchmark, verdict in ((FASHION, "undecided"), ("cifar10-laptop", "supported")):
        parts[1]["benchmarks"] = [benchmark]
        [claim] = claims.ledger({"level": 0.95, "claims": [{"id": "X1", "parts": parts}]}, recorded(TABLE))
        assert claim.verdict == verdict


def test_values_are_put_into_every_line():
    part = {
        "id": "X",
        "for": {"S": ["el2n", "grand"], "d": [0.1, 0.3]},
        "all": [{"gap": "{S}+drop @ {d} > full - 0.02"}],
    }
    lines = claims.lines_of(part, FASHION)
    assert [line.left for line in lines] == [(f"{s}+drop", d) for s in ("el2n", "grand") for d in (0.1, 0.3)]
    assert (lines[0].values, lines[0].template) == (("el2n", "0.1"), "{S}+drop @ {d} > full - 0.02")
    assert lines[0] == Line(FASHION, "gap", "el2n+drop @ 0.1 > full - 0.02", ("el2n+drop", 0.1), ("full", 1.0), -0.02)


@pytest.mark.parametrize(
    "benchmark, line, message",
    [
        (FASHION, {"worst": "full > full"}, "unknown metric 'worst'"),
        (FASHION, {"gap": "__import__('os') @ 0.1 > full"}, "unknown pruner"),
        (FASHION, {"gap": "randon @ 0.3 > full"}, "nearest: random"),
        (FASHION, {"gap": "random @ 0.3 >= full"}, "is no test"),
        (FASHION, {"gap": "random > full"}, "needs a density"),
        ("fashion-mnist-desktop", {"gap": "full > full"}, "unknown"),
        ("mixture -1 1 0.5 1", {"gap": "full > full"}, "must be one of threshold, closed"),
        ("mixture -1 1 0.5 1", {"closed": "el2n @ 0.3 > full"}, "of a mixture"),
    ],
)
def test_a_line_that_cannot_be_judged_is_refused(benchmark, line, message):
    with pytest.raises(ValueError, match=message):
        claims.lines_of({"id": "X", "all": [line]}, benchmark)


def test_planned_names_are_registered_before_the_code_knows_them():
    part = {"id": "X", "all": [{"sharpness": "mystic @ 0.1 > random @ 0.1"}]}
    planned = {"benchmarks": ["cifar10-cellar"], "pruners": {"mystic": "to come"}, "metrics": ["sharpness"]}
    [line] = claims.lines_of(part, "cifar10-cellar", planned)
    assert claims.judge(line, {}) == line and line.verdict == "not measured"
    for kind, message in (("benchmarks", "unknown"), ("pruners", "unknown pruner"), ("metrics", "unknown metric")):
        with pytest.raises(ValueError, match=message):
            claims.lines_of(part, "cifar10-cellar", {**planned, kind: []})


def test_ids_are_unique_and_lines_stand_under_one_word(tmp_path):
    part = {"id": "C1", "benchmarks": [FASHION], "all": []}
    (tmp_path / "claims.yml").write_text(yaml.safe_dump({"claims": [{"id": "C1", "parts": [part]}]}))
    with pytest.raises(ValueError, match="'C1' is used 2 times"):
        claims.load(tmp_path / "claims.yml")
    with pytest.raises(ValueError, match="under `all` or under `any`"):
        claims.lines_of({"id": "X"}, FASHION)


def test_the_registered_claims():
    document = claims.load()
    assert [claim["id"] for claim in document["claims"]][:8] == [f"C{n}" for n in range(1, 9)]
    for claim in document["claims"]:
        assert {"name", "claim", "source", "paper", "registered"} <= set(claim)
        assert claim["parts"] or claim["not_tested"]
        metrics = {metric for part in claim["parts"] for how in ("given", "all", "any")
                   for line in part.get(how, []) for metric in line}  # fmt: skip
        assert metrics <= set(document["estimands"])
        for part in claim["parts"]:
            assert ("Not blind" in part["says"]) == (not part.get("blind", True))


def test_without_records_only_the_mixture_is_judged():
    verdicts = {claim.source["id"]: claim.verdict for claim in claims.ledger(claims.load(), [])}
    assert verdicts.pop("C6") != "not measured"
    assert set(verdicts.values()) == {"not measured"}


def test_what_the_mixture_says():
    """paper.md's second mixture: DRoP goes (.0648 - .0598)/(.0648 - .0478) of the way, the ideal ratio all of it."""
    name = "mixture -1 1 0.3 0.9"
    assert claims.mixture_value(name, "threshold", "full", 1.0) == pytest.approx(-0.3640, abs=1e-4)
    assert claims.mixture_value(name, "closed", "random+ideal", 0.3) == pytest.approx(1)
    assert claims.mixture_value(name, "closed", "random+drop", 0.3) == pytest.approx(0.0050 / 0.0170, abs=0.01)


def test_changing_a_record_changes_the_verdict():
    """Claim C2b as registered: the gap of Random+DRoP falls with density."""
    document = claims.load()
    document["claims"] = [claim for claim in document["claims"] if claim["id"] == "C2"]
    document["claims"][0]["parts"] = [part for part in document["claims"][0]["parts"] if part["id"] == "C2b"]
    table = {("full", 1.0): 0.6, ("random+drop", 0.8): 0.65, ("random+drop", 0.3): 0.8, ("random+drop", 0.1): 0.9}
    measured = recorded(table)
    assert claims.ledger(document, measured)[0].verdict == "supported"
    changed = [record("random+drop", 0.1, 0.4, r["run"]["seed"]) if r["run"]["density"] == 0.1 else r for r in measured]
    assert claims.ledger(document, changed)[0].verdict == "contradicted"


TIMES = {(FASHION, seed): {"short": 5.0, "full": 30.0} for seed in SEEDS}


def timed(pruner, density, seconds):
    return [{**record(pruner, density, 0.8, seed), "seconds": seconds} for seed in SEEDS]


@pytest.mark.parametrize(
    "metric, text, value, verdict",
    [
        ("query_cost", "el2n @ 0.1 > random+drop @ 0.1 - 0.05", 0, "supported"),
        ("query_cost", "random+forgettingq @ 0.1 > random+drop @ 0.1 - 0.05", 2.5, "supported"),
        ("query_cost", "random @ 0.1 > random+drop @ 0.1 - 0.05", -0.5, "contradicted"),
        ("query_cost", "random+gamma0.7 @ 0.1 > random+drop @ 0.1 - 0.05", 0, "supported"),
        ("query_cost", "random+nucs @ 0.1 > random+drop @ 0.1 - 0.05", 0, "supported"),
        ("query_cost", "random+balanced @ 0.1 > random+drop @ 0.1 - 0.05", -0.5, "contradicted"),
        ("query_share", "0 > random+drop @ 0.1 - 0.05", -1, "contradicted"),
        ("total_cost", "full > random+drop @ 0.1 + 0.05", 0, "contradicted"),
        ("total_cost", "full > random @ 0.1 + 0.05", 0.5, "supported"),
    ],
)
def test_what_query_models_cost(metric, text, value, verdict):
    """Short queries 5 s together, the full one 30 s, final models 10 s on all data and 5 s on a tenth."""
    pruners = "random random+drop el2n random+forgettingq random+gamma0.7 random+nucs random+balanced".split()
    measured = timed("full", 1.0, 10.0) + [run for pruner in pruners for run in timed(pruner, 0.1, 5.0)]
    part = {"id": "X1a", "benchmarks": [FASHION], "all": [{metric: text}]}
    document = {"level": 0.95, "claims": [{"id": "X1", "parts": [part]}]}
    line = claims.ledger(document, measured, times=TIMES)[0].parts[0].lines[0]
    assert (line.verdict, line.estimate.seeds) == (verdict, len(SEEDS))
    assert line.estimate.value == pytest.approx(value)
    assert line.estimate.low <= line.estimate.value + 1e-9 and line.estimate.value <= line.estimate.high + 1e-9
    assert claims.ledger(document, measured)[0].verdict == "not measured"
    one = {(FASHION, 0): TIMES[FASHION, 0]}
    assert claims.ledger(document, measured, times=one)[0].parts[0].lines[0].estimate.seeds == 1


def test_parts_beyond_a_claim_do_not_count_in_its_verdict():
    lines = ["random+drop @ 0.3 > random @ 0.3", "random @ 0.3 > random+drop @ 0.3"]
    parts = [{"id": f"X1{i}", "benchmarks": [FASHION], "all": [{"worst_class": text}]} for i, text in enumerate(lines)]
    for ours, verdict in ((False, "contradicted"), (True, "supported")):
        parts[1]["ours"] = ours
        [claim] = claims.ledger({"level": 0.95, "claims": [{"id": "X1", "parts": parts}]}, recorded(TABLE))
        assert claim.verdict == verdict


def test_times_are_read_from_what_was_written_down_of_query_models(tmp_path):
    recipe = records.plain(benchmarks.benchmark("fashion-mnist", "laptop").recipe.settings())
    entry = {"recipe": recipe, "short": {"seconds": [1.0, 1.5]}, "full": {"seconds": 9.0}}
    other, stale = {**entry, "full": {"seconds": 8.0}}, {**entry, "recipe": {**recipe, "epochs": 1}}
    first, second = tmp_path / "times.json", tmp_path / "manifest.json"
    assert claims.query_times(first, second) == {}
    first.write_text(json.dumps({f"{FASHION}-seed3": entry, f"{FASHION}-seed4": stale}))
    second.write_text(json.dumps({f"{FASHION}-seed{seed}.npz": other for seed in (3, 5)}))
    times = claims.query_times(first, second)
    assert times == {(FASHION, 3): {"short": 2.5, "full": 9.0}, (FASHION, 5): {"short": 2.5, "full": 8.0}}


def test_a_factor_scales_the_margins():
    part = {"id": "X1a", "benchmarks": [FASHION], "all": [{"worst_class": "random+drop @ 0.3 > random @ 0.3 + 0.07"}]}
    document = {"level": 0.95, "claims": [{"id": "X1", "parts": [part]}]}
    verdicts = [claims.ledger(document, recorded(TABLE), factor)[0].verdict for factor in (0.5, 1.0, 2.0, 3.0)]
    assert verdicts == ["supported", "supported", "undecided", "contradicted"]


def committed_versions(path: Path) -> list[dict] | None:
    """All committed versions of a file, newest first; None without commits, git or the whole history."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(path.parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    try:
        if git("rev-parse", "--is-shallow-repository").strip() == "true":
            return None
        commits = git("log", "--format=%H", "--diff-filter=AM", "--", path.name).split()
        return [yaml.safe_load(git("show", f"{commit}:./{path.name}")) for commit in commits] or None
    except (OSError, subprocess.CalledProcessError):
        return None


def test_no_committed_claim_was_loosened_silently():
    versions = committed_versions(claims.PATH)
    if versions is None:
        pytest.skip("no history to compare with: no git, or a shallow clone")
    assert claims.silent_changes(claims.load(), versions) == []


def test_a_repository_without_history_has_no_versions(tmp_path):
    (tmp_path / "claims.yml").write_text("claims: []\n")
    assert committed_versions(tmp_path / "claims.yml") is None


REASON = {"date": "2026-12-01", "reason": "the margin was below the noise"}


def edited(document, where, value):
    """A copy of the claims with the entry at a path of keys replaced, or removed where value is None."""
    new = copy.deepcopy(document)
    *path, last = where
    target = new
    for step in path:
        target = target[step]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return new


@pytest.mark.parametrize(
    "where, value, found",
    [
        (("claims", 0, "parts", 0, "all", 0), {"worst_class": "random @ {d} > {S} @ {d} + 0.01"}, ["C1a"]),
        (("claims", 0, "parts", 0, "for", "d"), [0.1], ["C1a"]),
        (("claims", 0, "parts", 0, "benchmarks"), [FASHION], ["C1a"]),
        (("claims", 0, "parts", 1), None, ["C1b"]),
        (("claims", 3), None, ["C4a", "C4b", "C4c"]),
        (("level",), 0.9, ["level or estimands"]),
        (("estimands", "gap"), "something else", ["level or estimands"]),
        (("claims", 6, "parts", 1, "ours"), None, ["C7b"]),
        (("claims", 0, "parts", 1, "given"), None, ["C1b"]),
        (("claims", 0, "paper"), "71.3 %, Table 2", []),
        (("estimands", "luck"), "a new one", []),
        (("interval", "images"), "none", ["interval"]),
        (("verdicts",), None, ["verdicts"]),
        (("replication", "rule"), "the better of the two", ["replication"]),
        (("planned",), {}, []),
    ],
)
def test_a_silent_change_is_found(where, value, found):
    old = claims.load()
    assert claims.silent_changes(edited(old, where, value), [old]) == found


def test_a_change_with_its_reason_is_allowed_and_a_reason_serves_once():
    old = claims.load()
    first = edited(edited(old, ("claims", 1, "parts", 0, "for", "d"), [0.1]), ("claims", 1, "changes"), [REASON])
    assert claims.silent_changes(first, [old]) == []
    second = edited(first, ("claims", 1, "parts", 0, "for", "d"), [0.3])
    assert claims.silent_changes(second, [first, old]) == ["C2a"]
    assert claims.silent_changes(edited(first, ("claims", 1, "changes"), [{"date": "2026-12-01"}]), [old]) == ["C2a"]
    third = edited(edited(old, ("verdicts", "holds"), "most do"), ("verdicts", "changes"), [REASON])
    assert claims.silent_changes(third, [old]) == []


def test_claims_and_parts_may_be_added():
    old = claims.load()
    new = copy.deepcopy(old)
    new["claims"].append({"id": "C9", "parts": []})
    new["claims"][0]["parts"].append({"id": "C1z", "benchmarks": [FASHION], "all": [{"gap": "full > 0.1"}]})
    assert claims.silent_changes(new, [old]) == []

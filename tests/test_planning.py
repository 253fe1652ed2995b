"""Own data: labels and recalls of any kind, plans that warn, and floors under what a class keeps."""

import datetime
import enum
import json
import tracemalloc
import types
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import drop
from drop import planning, quotas, rules, selection
from drop.names import coded
from drop.planning import Plan
from drop.rules import RULES, Evidence

NAN = float("nan")
LABELS = ["cat"] * 100 + ["dog"] * 60 + ["owl"] * 40
COUNTS = {"cat": (90, 100), "dog": (70, 100), "owl": (50, 100)}
BARE = {"cat": 0.9, "dog": 0.7, "owl": 0.5}
quick = settings(deadline=None, max_examples=60, derandomize=True, database=None)


def quiet(function, *arguments, **named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **named)


# the rule


def test_the_default_is_half_smoothed_drop_and_half_balanced():
    made = drop.plan(LABELS, COUNTS, 0.3)
    sizes, errors = np.array([100, 60, 40]), 1 - (np.array([90, 70, 50]) + 1) / 102
    mixed = (quotas.fill(sizes, errors, 0.3) + quotas.fill(sizes, 1 / sizes, 0.3)) / 2
    assert made.rule == rules.DEFAULT == "half-balanced"
    assert np.abs(np.array(list(made.counts.values())) - mixed * sizes).max() < 1
    assert sum(made.counts.values()) == 60


def test_the_papers_rule_is_bare_where_it_is_asked_for():
    labels = np.arange(1000) % 4
    recalls = [0.9, 0.8, 0.7, 0.4]
    kept = quiet(drop.prune, labels, recalls, 0.3, seed=5, rule="drop", at_least=0)
    counts = quotas.drop_counts([250] * 4, recalls, 0.3)
    assert np.bincount(labels[kept]).tolist() == counts.tolist() == [25, 50, 75, 150]
    assert (kept == selection.select(labels, counts, seed=5)).all()


@quick
@given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 100)), min_size=1, max_size=6), st.floats(0, 1))
def test_the_papers_rule_keeps_what_algorithm_1_does(classes, density):
    sizes, recalls = np.array([size for size, _ in classes]), np.array([right / 100 for _, right in classes])
    kept = rules.quotas("drop", Evidence(sizes, recalls), density)
    assert kept.tolist() == quiet(quotas.drop_counts, sizes, recalls, density).tolist()


def test_no_class_vanishes_unless_asked_and_then_a_sentence_names_it():
    labels, recalls = np.repeat([0, 1, 2], 200), ([98, 100, 95], [100] * 3)
    assert min(np.bincount(labels[drop.prune(labels, recalls, 0.3)])) >= 30
    with pytest.warns(UserWarning, match=r"^nothing is kept of class 1 \(its recall is 1\): at_least= keeps some$"):
        kept = drop.prune(labels, recalls, 0.3, rule="drop", at_least=0)
    assert np.bincount(labels[kept]).tolist() == [51, 0, 129]
    with pytest.warns(UserWarning, match=r"^few samples are kept of 1 \(1 of 200\): at_least= keeps more$"):
        kept = drop.prune(labels, recalls, 0.3, rule="drop")
    assert np.bincount(labels[kept]).tolist() == [51, 1, 128]


@st.composite
def problems(draw):
    K = draw(st.integers(1, 6))
    sizes = np.array(draw(st.lists(st.integers(1, 300), min_size=K, max_size=K)))
    total = np.array(draw(st.lists(st.integers(0, 40), min_size=K, max_size=K)))
    right = np.array([draw(st.integers(0, int(n))) for n in total])
    return Evidence(sizes, right / np.where(total, total, NAN), total), draw(st.floats(0, 1)), draw(st.integers(0, 30))


@quick
@given(problems(), st.sampled_from(sorted(RULES)), st.integers(0, 9))
def test_every_rule_meets_the_budget_and_the_floor(problem, rule, seed):
    known, density, floor = problem
    least, budget = np.minimum(known.sizes, floor), round(density * int(known.sizes.sum()))
    if least.sum() > budget:
        with pytest.raises(ValueError, match=f"but density {density:g} keeps {budget}"):
            rules.quotas(rule, known, density, floor, seed)
        return
    kept = rules.quotas(rule, known, density, floor, seed)
    assert kept.dtype == np.int64 and kept.sum() == budget
    assert ((kept >= least) & (kept <= known.sizes)).all()


def test_what_the_rules_are():
    known = Evidence(np.array([100, 50]), np.array([0.9, 0.6]), np.array([20, 20]))
    smooth = 1 - (np.array([18, 12]) + 1) / 22
    for name, weights in {
        "laplace": smooth, "root": smooth**0.5, "size": smooth / known.sizes, "drop": np.array([0.1, 0.4]),
        "balanced": 1 / known.sizes, "proportional": np.ones(2),
    }.items():  # fmt: skip
        assert RULES[name](known, 0.2) == pytest.approx(quotas.fill(known.sizes, weights, 0.2)), name
    for name, (one, other) in {
        "half": ("laplace", "proportional"), "half-size": ("size", "proportional"),
        "half-balanced": ("laplace", "balanced"), "half-bare": ("drop", "proportional"),
    }.items():  # fmt: skip
        assert RULES[name](known, 0.2) == pytest.approx((RULES[one](known, 0.2) + RULES[other](known, 0.2)) / 2), name


def test_equal_remainders_go_to_classes_drawn_by_the_seed():
    """With 3 samples a class the alphabetically last ones used to lose every time."""
    labels = [name for name in "abcdefghij" for _ in range(3)]
    counts = {name: (40, 50) for name in "abcdefghij"}
    lucky = np.zeros(10)
    for seed in range(40):
        lucky += np.array(list(drop.plan(labels, counts, 0.5, seed=seed).counts.values())) - 1
    assert lucky.sum() == 40 * 5 and lucky.min() > 8 and lucky.max() < 32


# recalls in every form, aligned by name

REPORT = {name: {"precision": 0.5, "recall": r, "f1-score": 0.5, "support": 100.0} for name, r in BARE.items()}
REPORT |= {"accuracy": 0.7, "macro avg": {"precision": 0.5, "recall": 0.7, "f1-score": 0.5, "support": 300.0}}
FRAME = pd.DataFrame({"class": list(COUNTS), "right": [90, 70, 50], "total": [100] * 3})
WITH_COUNTS = {
    "pairs": COUNTS, "right and total": {n: {"right": c, "total": t} for n, (c, t) in COUNTS.items()},
    "report": REPORT, "report as a table": pd.DataFrame(REPORT), "its transpose": pd.DataFrame(REPORT).T,
    "table": FRAME, "shuffled table": FRAME.iloc[[2, 0, 1]],
}  # fmt: skip
WITHOUT = {
    "dictionary": BARE, "another order": dict(reversed(BARE.items())), "Series": pd.Series(BARE),
    "sorted Series": pd.Series(BARE).sort_values(),
    "table": pd.DataFrame({"label": list(BARE), "recall": list(BARE.values())}),
}  # fmt: skip


@pytest.mark.parametrize("form", WITH_COUNTS)
def test_recalls_with_counts_by_name(form):
    made = drop.plan(LABELS, WITH_COUNTS[form], 0.3)
    assert made.counts == drop.plan(LABELS, COUNTS, 0.3).counts and made.notes == ()
    assert [(row.name, row.recall, row.total) for row in made.rows] == [(n, c / t, t) for n, (c, t) in COUNTS.items()]


@pytest.mark.parametrize("form", WITHOUT)
def test_bare_recalls_by_name_say_what_is_not_known(form):
    made = drop.plan(LABELS, WITHOUT[form], 0.3)
    assert made.counts == drop.plan(LABELS, BARE, 0.3).counts
    assert made.notes == (
        "recalls come without counts, so each is taken as if from 30 samples: pass (right, total) or "
        "validation=(labels, predictions)",
    )


def test_right_may_be_the_mean_of_several_models():
    assert drop.plan([0] * 9 + [1] * 9, ([124.5, 200], [250, 250]), 0.5).rows[0].recall == 124.5 / 250
    assert drop.plan([0] * 9 + [1] * 9, {0: (124.5, 250), 1: (200, 250)}, 0.5).rows[0].total == 250


def test_recalls_in_the_order_of_numbered_classes():
    labels = np.array([{"cat": 3, "dog": 7, "owl": 9}[name] for name in LABELS])
    expected = list(drop.plan(LABELS, COUNTS, 0.3).counts.values())
    confusion = np.diag([90, 70, 50]) + np.array([[0, 5, 5], [30, 0, 0], [20, 30, 0]])
    for given_ in (([90, 70, 50], [100] * 3), (np.array([90, 70, 50]), torch.full((3,), 100)), confusion):
        made = drop.plan(labels, given_, 0.3)
        assert made.counts == dict(zip([3, 7, 9], expected, strict=True))
    named = drop.plan(labels, {"9": (50, 100), "7": (70, 100), "3": (90, 100)}, 0.3)  # as a report names them
    assert list(named.counts.values()) == expected
    bare = drop.plan(labels, torch.tensor([0.9, 0.7, 0.5], dtype=torch.float64), 0.3)
    assert list(bare.counts.values()) == list(drop.plan(LABELS, BARE, 0.3).counts.values())


def test_validation_labels_and_predictions():
    true = np.repeat(["owl", "cat", "dog"], 100)
    predicted = np.concatenate(
        [np.repeat(["owl", "cat"], 50), np.repeat(["cat", "owl"], [90, 10]), np.repeat(["dog", "cat"], [70, 30])]
    )
    expected = drop.plan(LABELS, COUNTS, 0.3)
    for kind in (list, np.array, pd.Series, pd.Categorical):
        made = drop.plan(LABELS, validation=(kind(true), kind(predicted)), density=0.3)
        assert made.counts == expected.counts and made.notes == ()
    more = np.append(true, "yak"), np.append(predicted, "yak")
    made = drop.plan(LABELS, validation=more, density=0.3)
    assert made.notes == ("validation samples of 'yak' say nothing: no training sample has that label",)
    strays = np.where(predicted == true, predicted, np.char.add(predicted, " "))
    made = drop.plan(LABELS, validation=(true, strays), density=0.3)
    assert made.counts == expected.counts
    assert made.notes == ("90 predictions count as wrong, because no class is called 'cat ', 'owl '",)


def test_a_class_without_validation_samples_gets_the_mean_recall_of_none():
    made = drop.plan(LABELS, validation=(["cat"] * 40 + ["dog"] * 40, ["cat"] * 50 + ["dog"] * 30), density=0.3)
    owl = made.rows[2]
    assert (owl.recall, owl.total) == (None, 0) and owl.kept > 0
    assert made.notes == ("recalls of 'owl' rest on fewer than 30 samples (the fewest: 0)",)
    for rule in RULES:
        assert sum(quiet(drop.plan, LABELS, {**COUNTS, "owl": (0, 0)}, 0.3, rule=rule).counts.values()) == 60


# labels of every kind

CODES = [0] * 6 + [1] * 6
KINDS = {
    "list": CODES, "range": range(12), "floats": [float(y) for y in CODES], "from 1": [y + 1 for y in CODES],
    "negative": [-y for y in CODES], "bool": [bool(y) for y in CODES], "uint8": np.array(CODES, np.uint8),
    "object": np.array(CODES, object), "object floats": np.array([float(y) for y in CODES], object),
    "strings": ["ab"[y] for y in CODES], "numpy strings": np.array(["ab"[y] for y in CODES]),
    "Series": pd.Series(["ab"[y] for y in CODES], index=range(5, 17)), "far apart": [10**12 * y for y in CODES],
    "Categorical": pd.Categorical(["ab"[y] for y in CODES], categories=["b", "a"]),
    "Series of Categorical": pd.Series(["ab"[y] for y in CODES], dtype="category"),
    "nullable": pd.Series(CODES, dtype="Int64"), "tensor": torch.tensor(CODES), "float16": torch.tensor(CODES).half(),
    "Arrow": types.SimpleNamespace(to_pylist=lambda: CODES), "bytes": [b"ab"[y : y + 1] for y in CODES],
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_labels_of_any_kind(kind):
    found = coded(KINDS[kind])
    back = [found.names[code] for code in found.codes]
    given_ = KINDS[kind].to_pylist() if kind == "Arrow" else list(KINDS[kind])
    given_ = [value.item() if hasattr(value, "item") else value for value in given_]
    assert back == given_ and found.codes.dtype == np.int64
    assert len(found.names) == len(set(found.names))
    if kind != "range":
        counts = {name: (40, 50) for name in found.names}
        assert drop.plan(KINDS[kind], counts, 0.5).positions().shape == (6,)


def test_a_categorical_keeps_its_order_and_its_empty_classes():
    found = coded(pd.Categorical(["a", "b"], categories=["c", "b", "a"]))
    assert found.names == ["c", "b", "a"] and found.sizes().tolist() == [0, 1, 1]


def test_classes_name_labels_recalls_and_predictions_that_are_numbers():
    """As ClassLabel (Hugging Face) and ImageFolder (torchvision) have them."""
    names = ["dog", "cat", "owl"]
    codes = np.array([names.index(name) for name in LABELS])
    expected = drop.plan(LABELS, COUNTS, 0.3).counts
    assert drop.plan(codes, COUNTS, 0.3, classes=names).counts == expected
    assert drop.plan(codes, {names.index(n): v for n, v in COUNTS.items()}, 0.3, classes=names).counts == expected
    right, total = zip(*(COUNTS[name] for name in names), strict=True)
    assert drop.plan(codes, (right, total), 0.3, classes=names).counts == expected
    assert drop.plan(LABELS, (right, total), 0.3, classes=names).counts == expected
    with pytest.raises(ValueError, match="labels hold 2, but classes names those from 0 to 1"):
        drop.plan(codes, COUNTS, 0.3, classes=names[:2])

    true, predicted = np.repeat([0, 1, 2], 50), np.tile([0, 1, 2, 0, 1], 30)
    by_name = drop.plan(LABELS, density=0.3, validation=([names[k] for k in true], [names[k] for k in predicted]))
    assert drop.plan(codes, density=0.3, validation=(true, predicted), classes=names).counts == by_name.counts
    assert drop.plan(codes, density=0.3, validation=([names[k] for k in true], predicted), classes=names).counts == (
        by_name.counts)  # fmt: skip
    grouped = drop.plan([0] * 200, density=0.3, groups=codes, classes=names, validation=(true, predicted, true))
    assert grouped.counts == by_name.counts


@pytest.mark.parametrize("kind", [np.array, pd.Index, torch.tensor, lambda names: [np.int64(n) for n in names]])
def test_classes_may_be_an_array_of_numbers(kind):
    """As np.unique(y) and a classifier's classes_ are: names, not places."""
    labels, recalls = [1] * 10 + [2] * 20 + [3] * 30, [0.1, 0.5, 0.9]
    made = drop.plan(labels, recalls, 0.5, classes=kind([3, 2, 1]))
    assert made.counts == drop.plan(labels, recalls, 0.5, classes=[3, 2, 1]).counts
    assert [(row.name, row.size, row.recall) for row in made.rows] == [(3, 30, 0.1), (2, 20, 0.5), (1, 10, 0.9)]


def test_whole_numbers_beyond_int64_are_names_too():
    big = [2**63 + 1, 2**63 + 2]
    assert coded(np.array(big, np.uint64)).names == big
    assert coded(np.array([0, big[0]], np.uint64)).names == [0, big[0]]


def test_many_classes_take_little_time():
    labels = np.arange(60_000) % 3000  # as many pairs of names as samples squared, were they compared by pair
    tracemalloc.start()
    made = drop.plan(labels, density=0.5, validation=(labels[:6000], labels[:6000]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(made.rows) == 3000 and peak < 50e6


def test_rules_that_need_labels_only_take_them_alone():
    assert drop.plan(LABELS, density=0.3, rule="balanced").counts == {"cat": 20, "dog": 20, "owl": 20}
    made = drop.plan(LABELS, density=0.3, rule="proportional")
    assert made.counts == {"cat": 30, "dog": 18, "owl": 12} and made.notes == ()
    assert made.rows[0].recall is None and "cat" in str(made)


def test_a_report_of_whole_floats_is_read():
    """scikit-learn's report calls the class 1.0 "1.0", which is 1 among labels."""
    report = {"1.0": {"recall": 0.9, "support": 50}, "2.0": {"recall": 0.6, "support": 50}, "accuracy": 0.75}
    expected = drop.plan([1] * 60 + [2] * 60, {1: (45, 50), 2: (30, 50)}, 0.5).counts
    assert drop.plan([1.0] * 60 + [2.0] * 60, report, 0.5).counts == expected
    versions = {"1": (45, 50), "1.0": (30, 50)}
    assert drop.plan(["1"] * 60 + ["1.0"] * 60, versions, 0.5).counts != {"1": 30, "1.0": 30}


@pytest.mark.parametrize("kind", [list, np.array, lambda names: np.array(names, object)], ids=["list", "str", "object"])
def test_strings_take_no_more_memory_than_numbers(kind):
    """At most 48 bytes a sample beyond the labels: 10 million of them take half a GB at most."""
    labels = kind([f"class {k % 100:02d}" for k in range(400_000)])
    recalls = {f"class {k:02d}": (40 + k % 9, 50) for k in range(100)}
    drop.prune(labels[:1000], recalls, 0.3)
    tracemalloc.start()
    drop.prune(labels, recalls, 0.3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak / len(labels) < 48


def test_a_class_without_training_samples_keeps_none():
    note = "no training sample belongs to {}: nothing is kept of it"
    made = drop.plan(LABELS, {**COUNTS, "yak": (5, 100)}, 0.3)
    assert made.counts["yak"] == 0 and sum(made.counts.values()) == 60 and note.format("'yak'") in made.notes
    made = drop.plan([0, 0, 2, 2], ([40, 10, 40], [50, 50, 50]), 0.5)  # 1 is absent, so three recalls are meant
    assert made.counts == {0: 1, 1: 0, 2: 1} and note.format(1) in made.notes
    made = drop.plan([0, 0, 2, 2], ([10, 40, 40, 10], [50] * 4), 0.5, classes=[3, 2, 1, 0])
    assert made.counts == {3: 0, 2: 1, 1: 0, 0: 1}


def test_groups_share_the_budget_in_place_of_classes():
    labels = ["cat", "dog"] * 100
    places = ["land"] * 150 + ["sea"] * 50
    made = drop.plan(labels, {"land": (90, 100), "sea": (50, 100)}, 0.2, groups=places)
    assert list(made.counts) == ["land", "sea"] and made.counts["sea"] > made.counts["land"]
    validation = (
        ["cat"] * 100 + ["dog"] * 100,
        ["cat"] * 90 + ["dog"] * 60 + ["cat"] * 50,
        ["land"] * 100 + ["sea"] * 100,
    )
    assert drop.plan(labels, validation=validation, density=0.2, groups=places).counts == made.counts
    lost = drop.plan(
        ["cat"] * 50 + ["dog"] * 50, {"a": 1.0, "b": 0.5}, 0.2, groups=["a"] * 50 + ["b"] * 50, rule="drop", at_least=0
    )
    assert "no sample of class 'cat' is kept" in lost.notes


# the plan


def test_a_plan_is_a_table_with_sentences():
    text = str(drop.plan(LABELS, {"cat": (18, 20), "dog": (70, 100), "owl": (50, 100)}, 0.3))
    assert text == (
        "keep 60 of 200 samples (rule half-balanced, density 0.3)\n\n"
        "class      size  recall  95 %              kept  why\n"
        "cat         100    0.90  0.70 – 0.97         18  0.60 × random pruning\n"
        "dog          60    0.70  0.60 – 0.78         20  1.11 × random pruning\n"
        "owl          40    0.50  0.40 – 0.60         22  1.83 × random pruning\n\n"
        "! recalls of 'cat' rest on fewer than 30 samples (the fewest: 20)"
    )


def test_a_plan_goes_to_json_and_back():
    made = drop.plan(LABELS, COUNTS, 0.3, seed=4)
    back = Plan.from_json(made.to_json())
    assert back.to_json() == made.to_json() and str(back) == str(made)
    assert back.positions(LABELS).tolist() == made.positions().tolist()
    assert json.loads(made.to_json())["classes"][0]["name"] == "cat"
    with pytest.raises(ValueError, match="a plan from JSON knows no samples"):
        back.positions()
    with pytest.raises(ValueError, match="class 'cat' has 99 samples, but the plan was made for 100"):
        back.positions(LABELS[1:])
    for text in ("{}", "[1", '{"classes": [{"nam": 1}]}'):
        with pytest.raises(ValueError, match="this is no plan in JSON"):
            Plan.from_json(text)


def test_what_json_cannot_say_is_one_sentence_and_all_else_comes_back():
    made = drop.plan(LABELS, COUNTS, 0.3, seed=np.int64(4), classes=np.array(["cat", "dog", "owl"]))
    assert Plan.from_json(made.to_json()).seed == 4
    pairs = [(name, "land") for name in LABELS]
    grouped = drop.plan(LABELS, density=0.3, rule="balanced", groups=pairs)
    assert Plan.from_json(grouped.to_json()).positions(pairs).tolist() == grouped.positions().tolist()
    days = drop.plan([datetime.date(2026, 1, day) for day in (1, 2)], density=0.5, rule="balanced")
    with pytest.raises(ValueError, match=r"JSON has no name such as datetime.date\(2026, 1, 1\): make the plan with"):
        days.to_json()


def test_prune_is_the_plans_positions():
    scores = np.random.default_rng(0).random(200)
    made = drop.plan(LABELS, COUNTS, 0.3)
    assert drop.prune(LABELS, COUNTS, 0.3).tolist() == made.positions().tolist()
    assert drop.prune(LABELS, COUNTS, 0.3, scores).tolist() == made.positions(scores=scores).tolist()
    first, second = (drop.prune(LABELS, COUNTS, 0.3, seed=seed) for seed in (0, 1))
    assert first.tolist() != second.tolist() and len(first) == len(second) == 60


@pytest.mark.parametrize("density", [0, 1, np.float32(0.5), np.array(0.5), torch.tensor(0.5)])
def test_any_density(density):
    assert len(drop.plan(LABELS, COUNTS, density).positions()) == 200 * float(density)


def test_notes_name_what_is_noise_and_what_needs_no_rebalancing():
    made = drop.plan(LABELS, dict.fromkeys(BARE, (9, 10)), 0.3)
    assert made.notes == (
        "recalls of 'cat', 'dog', 'owl' rest on fewer than 30 samples (the fewest: 10)",
        "recalls do not differ by more than chance: there is nothing to rebalance",
    )
    assert drop.plan(LABELS, COUNTS, 0.3).notes == drop.plan(LABELS, COUNTS, 1.0).notes == ()
    tiny = drop.plan(LABELS, COUNTS, 0.01)
    assert tiny.notes == ("nothing is kept of class 'owl' (the budget is small): at_least= keeps some",) or any(
        "nothing is kept of class" in note for note in tiny.notes
    )


def test_a_floor_is_a_number_of_samples_or_the_class():
    assert drop.plan(LABELS, COUNTS, 0.3, at_least=15, rule="drop").counts == {"cat": 15, "dog": 21, "owl": 24}
    assert drop.plan(LABELS, COUNTS, 0.7, at_least=45, rule="drop").counts["owl"] == 40


# every wrong input is one sentence

PARTS = types.SimpleNamespace(column_names={"train": ["text", "label", "id"], "test": ["text"]})  # as a DatasetDict
DATASET = types.SimpleNamespace(targets=[0, 1])


class Colour(enum.Enum):
    RED, BLUE = 1, 2


class ImageSet:
    def __getitem__(self, i):
        return [0], 1

    def __len__(self):
        return 3


BAD = [
    (lambda: drop.prune([0, 1], [0.5, 0.5]), "say what fraction to keep, such as density=0.3"),
    (lambda: drop.prune([0, 1], density=0.3), "pass either recalls or validation="),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 0.3, validation=([0], [0])), "pass either recalls or validation="),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 30), "density is 30, but the fraction to keep must lie in"),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 0.5, scores=[1.0]), "there are 2 samples, but scores have shape"),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 0.5, rule="best"),
     "there is no rule 'best'; there are drop, proportional, "),
    (lambda: drop.prune(LABELS, COUNTS, 0.3, at_least=30), "at_least=30 needs 90 samples, but density 0.3 keeps 60"),
    (lambda: drop.prune(LABELS, COUNTS, 0.3, at_least=-1), "at_least is -1, but must be a whole number of samples"),
    (lambda: drop.prune(range(10), [0.5] * 13, 0.5),
     "there are 13 recalls, but labels name 10 classes, 0, 1, 2, 3, 4 and 5"),
    (lambda: drop.prune([0, 1, 2], [0.5, 0.5], 0.5),
     "there are 2 recalls, but labels name 3 classes, 0, 1, 2: recalls="),
    (lambda: drop.prune([0, 1], [0.5, 1.5], 0.5),
     r"the recall of class 1 is 1.5, but recalls must lie in \[0, 1\]: divide"),
    (lambda: drop.prune([0, 1], [0.5, 93.0], 0.5), "divide percentages by 100"),
    (lambda: drop.prune([0, 1], [0.5, -0.1], 0.5), r"the recall of class 1 is -0.1, but recalls must lie in \[0, 1\]$"),
    (lambda: drop.prune([0, 1], [0.5, NAN], 0.5), "the recall of class 1 is nan"),
    (lambda: drop.prune(LABELS, [0.9, 0.7, 0.5], 0.3),
     "classes have names, 'cat', 'dog', 'owl', so recalls need them too: .* give their order, classes="),
    (lambda: drop.prune(LABELS, {"Cat": 0.9, "dog": 0.7}, 0.3),
     "there is no recall for 'cat', 'owl', and recalls name 'Cat', which no label does"),
    (lambda: drop.prune(LABELS, pd.Series([0.9, 0.7, 0.5]), 0.3),
     "no recall for 'cat', 'dog', 'owl', and recalls name 0, 1, 2"),
    (lambda: drop.prune([0, 1], {0: 0.5, 1: 0.5, "1": 0.7}, 0.5), "two recalls have names that read alike"),
    (lambda: drop.prune([0, 1], {0: 0.5, 1: "high"}, 0.5), "the recall of 1 is 'high', but recalls are numbers"),
    (lambda: drop.prune([0, 1], {0: (5, 4), 1: (1, 2)}, 0.5), r"of class 0 5 of 4 are right: pass \(right, total\)"),
    (lambda: drop.prune([0, 1], ([5, 1], [4, 2]), 0.5), r"of class 0 5 of 4 are right: pass \(right, total\)"),
    (lambda: drop.prune([0, 1], ([5, 1], [4]), 0.5), r"\(right, total\) have 2 and 1 entries"),
    (lambda: drop.prune([0, 1], [[5, 5], [40, 900]], 0.5),
     r"recalls \[\[5, 5\], \[40, 900\]\] may be \(right, total\) or a confusion matrix: pass"),
    (lambda: drop.prune([0, 1], np.array([[0.9, 0.1], [0.2, 0.8]]), 0.5),
     "of class 0 0.9 of 1.0 are right, which are no counts: pass counts, not shares"),
    (lambda: drop.prune([0, 1], ([9, 1], [10.5, 2]), 0.5), "of class 0 9.0 of 10.5 are right, which are no counts"),
    (lambda: drop.prune([0, 1], {0: (0.8, 0.9), 1: (1, 2)}, 0.5), "of class 0 0.8 of 0.9 are right, which are no"),
    (lambda: drop.prune([0, 1], {0: {"recall": None, "support": 3}, 1: (1, 2)}, 0.5), "the recall of 0 is None, but"),
    (lambda: drop.prune([0, 1], {0: {"recall": 0.9, "support": NAN}, 1: (1, 2)}, 0.5),
     "behind the recall of 0 stand nan samples: give a whole number"),
    (lambda: drop.prune([0, 1], {0: "90%", 1: 0.5}, 0.5), "the recall of 0 is '90%', .*: divide percentages by 100"),
    (lambda: drop.prune([0, 1], ["high", "low"], 0.5), "the recall of 0 is 'high', but recalls are numbers"),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 0.5, classes="ab"), "classes is 'ab', but must list the name of every"),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 0.5, rule="drop", seed=-1), "seed is -1, but seeds are whole numbers"),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 0.5, at_least="1"), "at_least is '1', but must be a whole number"),
    (lambda: drop.prune(np.array([1.0, np.inf]), [0.5, 0.5], 0.5), "labels must name classes, but sample 1 has inf"),
    (lambda: drop.prune(np.array([1e20, 2e20]), [0.5, 0.5], 0.5), r"sample 0 has 1e\+20"),
    (lambda: drop.prune(np.ma.array([0, 1], mask=[0, 1]), [0.5, 0.5], 0.5), "labels lack 1 values, the first that of"),
    (lambda: drop.prune([Colour.RED, Colour.BLUE], [0.5, 0.5], 0.5), "labels are Colours, which have no order: give"),
    (lambda: drop.prune([0, 1], {0: {"f1": 1}, 1: {"f1": 1}}, 0.5), "the entry of 0 has 'f1', but needs recall"),
    (lambda: drop.prune([0, 1], "precision recall", 0.5), "recalls cannot be text .*output_dict=True"),
    (lambda: drop.prune([0, 1], 0.9, 0.5), r"recalls have shape \(\), but must be one a class"),
    (lambda: drop.prune([0, 1], np.ones((2, 3)), 0.5), r"recalls have shape \(2, 3\)"),
    (lambda: drop.prune([0, 1], object(), 0.5), "recalls cannot be object"),
    (lambda: drop.prune(np.eye(3), [0.5] * 3, 0.5),
     r"labels has shape \(3, 3\): of one-hot rows or probabilities pass the argmax"),
    (lambda: drop.prune(np.ones((3, 1)), [0.5], 0.5),
     r"labels has shape \(3, 1\): pass the column, ravel\(\) makes it flat"),
    (lambda: drop.prune(np.array(3), [0.5], 0.5), r"labels has shape \(\): pass one label a sample"),
    (lambda: drop.prune([0, 0.5], [0.5, 0.5], 0.5),
     "labels must name classes, but sample 1 has 0.5: cut what is continuous"),
    (lambda: drop.prune([0, NAN], [0.5, 0.5], 0.5),
     "labels lack 1 values, the first that of sample 1: drop these samples"),
    (lambda: drop.prune(["a", None], [0.5, 0.5], 0.5), "labels lack 1 values, the first that of sample 1"),
    (lambda: drop.prune(pd.Series(["a", None], dtype="string"), [0.5], 0.5), "labels lack 1 values, the first that of"),
    (lambda: drop.prune(["a", ["b"]], [0.5], 0.5), r"labels hold values such as \['b'\]: pass one label a sample"),
    (lambda: drop.prune((name for name in "ab"), [0.5], 0.5), r"labels is a generator: pass list\(…\) of it"),
    (lambda: drop.prune({"a": 5, "b": 7}, [0.5], 0.5), "labels is a dict: pass one label a sample"),
    (lambda: drop.prune(PARTS, [0.5], 0.5),
     r"labels is a whole SimpleNamespace: pass one column, such as data\['train'\]\['label'\]"),
    (lambda: drop.prune([0, 1], {"cat": 0.5, "dog": 0.4}, 0.5),
     r"no recall for 0, 1, and recalls name 'cat', 'dog', which no label does: classes=\[…\] names the classes"),
    (lambda: drop.prune(pd.Categorical(["a", None]), [0.5], 0.5), "labels lack 1 values, the first that of sample 1"),
    (lambda: drop.prune(["a", 1], [0.5, 0.5], 0.5), "labels mix int and str: give every class a name that is"),
    (lambda: drop.prune([[0], [1, 2]], [0.5], 0.5), "labels has rows of different lengths"),
    (lambda: drop.prune(DATASET, [0.5], 0.5), "labels is a SimpleNamespace: pass its labels, dataset.targets"),
    (lambda: drop.prune(ImageSet(), [0.5], 0.5),
     r"labels is a ImageSet: pass one label a sample, such as \[label for _, label"),
    (lambda: drop.prune(FRAME, [0.5], 0.5), r"labels is a whole DataFrame: pass one column, such as data\['class'\]"),
    (lambda: drop.prune("cats", [0.5], 0.5), "labels is a str: pass one label a sample"),
    (lambda: drop.prune(np.array([1j]), [0.5], 0.5), "labels cannot be complex128: they name classes"),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 0.5, classes=[0]),
     "classes lacks 1: it must name every class of the labels once"),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 0.5, classes=[0, 0, 1]), "classes names a class twice"),
    (lambda: drop.prune([0, 1], [0.5, 0.5], 0.5, groups=[0]), "there are 2 labels, but 1 groups"),
    (lambda: drop.prune([0, 1], validation=[0, 1, 2], density=0.5),
     r"validation must be \(labels, predictions\) of the"),
    (lambda: drop.prune([0, 1], validation=([0, 1], [0]), density=0.5), "validation has 2 labels, 1 predictions"),
    (lambda: drop.prune([0, 1], validation=([], []), density=0.5), "validation has no samples"),
    (lambda: drop.prune([0, 1], validation=([0, 1], np.eye(2)), density=0.5),
     "predictions has shape .*pass the argmax over axis 1"),
    (lambda: drop.prune(LABELS, validation=(["cat"], [3]), density=0.5),
     "no prediction is the name of a class: validation has labels such as 'cat', predictions such as 3"),
    (lambda: drop.prune(LABELS, validation=([0], [0]), density=0.5),
     "validation names 0, but the training labels name 'cat', 'dog'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_input_is_one_clear_sentence(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_nothing_at_all():
    assert drop.plan([], {}, 0.5).positions().tolist() == []
    assert planning.FEW < planning.SHAKY

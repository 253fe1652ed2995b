"""Samplers: imbalanced-learn's protocol and its own checks, and fresh draws of the same size for torch."""

import numpy as np
import pandas as pd
import pytest
import torch

import drop
from drop.sampler import EpochSampler, Sampler

NAMES = np.array(["a"] * 60 + ["b"] * 40)
COUNTS = {"a": (45, 50), "b": (30, 50)}
PLAN = drop.plan(NAMES, COUNTS, 0.3)


def test_fit_resample_keeps_what_prune_keeps():
    X = np.arange(200).reshape(100, 2)
    sampler = Sampler(0.3, recalls=COUNTS)
    kept_X, kept_y = sampler.fit_resample(X, NAMES)
    expected = drop.prune(NAMES, COUNTS, 0.3)
    assert sampler.sample_indices_.tolist() == expected.tolist() and sampler.sampling_strategy_ == PLAN.counts
    assert kept_X.tolist() == X[expected].tolist() and kept_y.tolist() == NAMES[expected].tolist()
    frame, series = sampler.fit_resample(pd.DataFrame(X, index=range(5, 105)), pd.Series(NAMES))
    assert frame.index.tolist() == (expected + 5).tolist() and isinstance(series, pd.Series)
    rows, labels = sampler.fit_resample(X.tolist(), NAMES.tolist())
    assert rows == X[expected].tolist() and labels == NAMES[expected].tolist()


def test_parameters_are_read_and_set():
    sampler = Sampler(0.3, rule="drop")
    assert sampler.get_params()["rule"] == "drop" and "density=0.3" in repr(sampler)
    assert sampler.set_params(density=0.2).density == 0.2
    with pytest.raises(ValueError, match="Sampler has no parameter 'size'; it has density, recalls"):
        sampler.set_params(size=3)
    with pytest.raises(ValueError, match="there is only one class"):
        Sampler().fit(np.zeros((4, 1)), [1, 1, 1, 1])


def test_recalls_come_from_cross_validation_of_a_given_estimator():
    pytest.importorskip("sklearn")
    from sklearn.neighbors import KNeighborsClassifier

    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 60)
    X = rng.standard_normal((180, 2)) + np.array([[9, 0], [0, 0], [0.5, 0.5]])[y]  # 0 is easy
    for estimator in (None, KNeighborsClassifier(5)):
        sampler = Sampler(0.3, estimator=estimator, random_state=np.random.RandomState(0)).fit(X, y)
        rows = sampler.plan_.rows
        assert [row.total for row in rows] == [60, 60, 60] and rows[0].recall > 0.95 > rows[1].recall
        assert rows[0].kept < min(rows[1].kept, rows[2].kept)
    assert sampler.set_params(estimator__n_neighbors=3).estimator.n_neighbors == 3
    with pytest.raises(ValueError, match="two samples of each class: pass recalls="):
        Sampler().fit(X[:4], [0, 0, 0, 1])


@pytest.mark.parametrize("settings, message", [
    ({"density": 30}, "density is 30"), ({"rule": "drp"}, "there is no rule 'drp'"),
    ({"at_least": 1000}, "at_least=1000 needs 100 samples"), ({"random_state": -1}, "seed is -1"),
    ({"random_state": 1.5}, "random_state is 1.5, but must be a whole number, a RandomState, or None"),
])  # fmt: skip
def test_wrong_settings_say_so_before_anything_is_fitted(settings, message):
    with pytest.raises(ValueError, match=message):
        Sampler(estimator="never fitted", **settings).fit(np.zeros((100, 1)), NAMES)


def test_a_rule_that_needs_labels_only_fits_nothing():
    sampler = Sampler(0.3, rule="balanced", estimator="never fitted").fit(np.zeros((100, 1)), NAMES)
    assert sampler.sampling_strategy_ == {"a": 15, "b": 15}


def test_imbalanced_learns_own_checks_pass():
    checks = pytest.importorskip("imblearn.utils.estimator_checks")
    found = [check for _, check in checks.estimator_checks_generator(Sampler())]
    for _, check in checks.estimator_checks_generator(Sampler()):
        check(Sampler())
    assert len(found) > 10


def test_it_is_a_step_of_a_pipeline():
    pytest.importorskip("imblearn")
    from imblearn.pipeline import make_pipeline
    from sklearn.base import clone
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    X, y = load_digits(return_X_y=True)
    steps = make_pipeline(Sampler(0.3), LogisticRegression(max_iter=500))
    assert clone(steps).fit(X / 16, y).score(X / 16, y) > 0.9


def test_an_epoch_sampler_draws_anew_under_the_same_quotas():
    sampler = EpochSampler(PLAN, seed=3)
    epochs = [list(sampler) for _ in range(4)]
    assert len(sampler) == 30 and all(np.unique(NAMES[e], return_counts=True)[1].tolist() == [12, 18] for e in epochs)
    assert len({tuple(sorted(e)) for e in epochs}) == 4 and epochs[0] != sorted(epochs[0])
    assert sorted(epochs[0]) == PLAN.positions(seed=3).tolist()
    sampler.set_epoch(2)
    assert list(sampler) == epochs[2] and list(sampler) == epochs[3]
    with pytest.raises(ValueError, match="epoch is -1"):
        sampler.set_epoch(-1)
    rising = EpochSampler(PLAN, shuffle=False, scores=np.arange(100))
    with pytest.raises(ValueError, match="there are 100 samples, but scores have shape"):
        EpochSampler(PLAN, scores=[1, 2])
    numpys = EpochSampler(PLAN, seed=np.int64(3))
    assert [list(numpys) for _ in range(4)] == epochs
    assert list(rising) == list(rising) == [*range(48, 60), *range(82, 100)]


def test_torchs_loader_takes_it():
    data = torch.utils.data.TensorDataset(torch.arange(100))
    loader = torch.utils.data.DataLoader(data, batch_size=8, sampler=EpochSampler(PLAN))
    first, second = (torch.cat([batch for (batch,) in loader]) for _ in range(2))
    assert len(loader) == 4 and len(first) == len(second) == 30 and sorted(first.tolist()) != sorted(second.tolist())


def test_a_plan_from_json_needs_the_labels():
    with pytest.raises(ValueError, match="a plan from JSON knows no samples"):
        EpochSampler(drop.Plan.from_json(PLAN.to_json()))
    again = EpochSampler(drop.Plan.from_json(PLAN.to_json()), labels=NAMES, shuffle=False)
    assert list(again) == PLAN.positions().tolist()


def test_positions_fit_datasets_of_hugging_face():
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"text": [str(i) for i in range(100)], "label": NAMES.tolist()})
    kept = drop.prune(data["label"], COUNTS, 0.3)
    assert kept.tolist() == PLAN.positions().tolist()
    assert data.select(kept)["text"][:] == [str(i) for i in kept]
    with pytest.raises(ValueError, match=r"labels is a whole Dataset: pass one column, such as data\['label'\]"):
        drop.prune(data, COUNTS, 0.3)

    names = ["b", "a"]  # as the page does it with ClassLabel
    train = data.cast_column("label", datasets.ClassLabel(names=names))
    answers = [names[k] for k in train["label"][::3]]
    plan = drop.plan(train["label"], validation=(train["label"][::3], answers), density=0.3,
                     classes=train.features["label"].names)  # fmt: skip
    assert set(plan.counts) <= set(names) and len(train.select(plan.positions())) == 30
    with pytest.raises(ValueError, match=r"a whole DatasetDict: pass one column, such as data\['train'\]\['label'\]"):
        drop.prune(datasets.DatasetDict(train=train), COUNTS, 0.3)
    with pytest.raises(ValueError, match=r"pass list\(…\) of it"):
        drop.prune(data.to_iterable_dataset()["label"], COUNTS, 0.3)

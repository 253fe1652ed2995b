"""Facts about what is released: it is whole, small, and enough to make every kept set again, without torch or data."""

import dataclasses
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from drop import quotas, released, selection
from drop.chapters import keeping, pictures, release
from drop.experiments.benchmarks import SMOKE, Benchmark, Run
from drop.experiments.records import Store
from drop.experiments.runs import keep

QUICK = dataclasses.replace(
    SMOKE, model="small-4-8-8", epochs=1, batch=1000, evaluations=1, full_epochs=3, window=2, short_queries=1
)
MICRO = Benchmark("micro", "smoke", "fashion-mnist-mini", QUICK)
MANIFEST = json.loads((released.FOLDER / "manifest.json").read_bytes())
STEMS = [re.fullmatch(r"(.+)-([a-z]+)-seed(\d+)\.npz", name).groups() for name in MANIFEST]
by_file = pytest.mark.parametrize("name, scale, seed", STEMS, ids=MANIFEST)


# What the repository holds


@by_file
def test_released_scores_and_recalls_give_exactly_the_released_sets(name, scale, seed):
    given = released.load(name, scale, int(seed))
    labels = given.arrays["labels"].astype(int)
    sizes, zeros = np.bincount(labels), np.zeros(len(labels))
    for pruner in ("random", *given.scores):
        for density in release.DENSITIES:
            ranking, size = given.scores.get(pruner, zeros), round(density * len(labels))
            expected = selection.top(ranking, size, int(seed))
            np.testing.assert_array_equal(given.kept(pruner, density), expected)
            if pruner in ("random", "el2n", "grand", "forgetting", "dynamic-uncertainty"):
                counts = quotas.drop_counts(sizes, given.recalls, density)
                expected = selection.select(labels, counts, ranking, int(seed))
                np.testing.assert_array_equal(given.kept(f"{pruner}+drop", density), expected)


@by_file
def test_a_released_file_says_what_it_is(name, scale, seed):
    given = released.load(name, scale, int(seed))
    K, N = len(given.arrays["classes"]), len(given.arrays["labels"])
    assert given.recalls.shape == (K,) and list(given.scores) == list(release.RANKINGS)
    assert all(len(scores) == N and np.isfinite(scores).all() for scores in given.scores.values())
    assert given.arrays["predicted"].shape == given.arrays["epochs_right"].shape == (N,)
    assert set(given.about["ties"]) == set(given.scores)
    assert len(given.about["short"]["seconds"]) == len(given.about["short"]["keys"]) and given.about["full"]["seconds"]
    assert given.about["provenance"]["torch"] and len(given.about["data"]) == 64


@by_file
def test_the_pictures_are_those_of_the_highest_and_lowest_scores(name, scale, seed):
    shown, given = MANIFEST[f"{name}-{scale}-seed{seed}.npz"]["pictures"], released.load(name, scale, int(seed))
    content = (released.FOLDER / shown["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == shown["sha256"] and len(content) <= pictures.LIMIT
    tiles = pictures.decode(content, shown["each"], len(given.arrays["classes"]))
    assert tiles.shape[:3] == (len(given.scores), len(given.arrays["classes"]), 2 * shown["each"])


def test_all_files_are_listed_and_small():
    pictured = {entry["pictures"]["file"] for entry in MANIFEST.values()}
    files = {path.name: path.stat().st_size for path in released.FOLDER.iterdir()}
    assert {name for name in files if not name.endswith(".json")} == pictured | set(MANIFEST)
    assert sum(size for name, size in files.items() if name.endswith(".npz")) <= 6_000_000


def test_reading_needs_no_torch():
    code = f"import sys; from drop import released; released.load(*{STEMS[0][:2]}); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_the_readme_s_example_runs():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for block in re.findall(r"```python\n(.*?)```", readme, flags=re.S):
        if "released" in block:
            exec(block, {})


# Refusals, and the way from query models to files


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A release of a micro benchmark, made twice, with the store it comes from."""
    root = tmp_path_factory.mktemp("release")
    store, folder = Store(root / "records", also=[]), root / "released"
    data, arena = release.train_missing(MICRO, [0], store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release, "FOLDER", folder)
        release.release(MICRO, 0, store)
        first = {path.name: path.read_bytes() for path in folder.iterdir()}
        release.release(MICRO, 0, store)
    return store, folder, first, data, arena


def test_releasing_again_changes_no_byte(made):
    _, folder, first, _, _ = made
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert set(first) == {"manifest.json", "micro-smoke-seed0.npz", "micro-smoke-seed0-pictures.webp"}


def test_a_released_set_is_what_a_run_keeps(made):
    store, folder, _, data, _ = made
    given, labels = released.load("micro", "smoke", folder=folder), data.train.labels.numpy()
    np.testing.assert_array_equal(given.arrays["labels"], labels)
    for pruner in release.PRUNERS:
        kept, _ = keep(Run(MICRO, pruner, 0.3, 0), labels, 10, store)
        np.testing.assert_array_equal(given.kept(pruner, 0.3), kept)
        assert given.kept(pruner, 0.3).dtype == np.int64


def test_an_altered_file_is_refused_before_it_is_read(made, tmp_path):
    _, folder, first, _, _ = made
    for name, content in first.items():
        (tmp_path / name).write_bytes(content)
    path = tmp_path / "micro-smoke-seed0.npz"
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="micro-smoke-seed0.npz is altered: its sha256 is not [0-9a-f]{64}"):
        released.load("micro", "smoke", folder=tmp_path)


def test_what_was_not_released_is_refused_with_what_was(made):
    _, folder, _, _, _ = made
    with pytest.raises(ValueError, match="mikro-smoke-seed0.npz was not released; there are micro-smoke-seed0.npz"):
        released.load("mikro", "smoke", folder=folder)
    given = released.load("micro", "smoke", folder=folder)
    with pytest.raises(ValueError, match="kept/el2n/0.2 was not released; there are kept/el2n/0.1, kept/el2n/0.3"):
        given.kept("el2n", 0.2)


def test_sets_that_the_scores_do_not_give_are_not_released(made, monkeypatch):
    store, _, _, data, arena = made
    monkeypatch.setattr(release, "keep", lambda run, labels, *_: (np.arange(round(run.density * len(labels))), None))
    with pytest.raises(RuntimeError, match="released scores do not give the set of el2n at density 0.1"):
        release.gather(MICRO, 0, store, data, arena)


def test_what_is_released_names_the_device_it_was_computed_on(made, monkeypatch):
    store, folder, _, data, arena = made
    assert released.load("micro", "smoke", folder=folder).about["provenance"]["device"].startswith("cpu (")
    monkeypatch.setattr(release.torch.cuda, "get_device_name", lambda *_: "a GPU")
    elsewhere = SimpleNamespace(device=release.torch.device("cuda"))
    about = release._about(MICRO, 0, release.Shelf(store.root), data, elsewhere, {})
    assert about["provenance"]["device"] == "a GPU"


def test_without_its_query_models_nothing_is_released(made, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(release, "FOLDER", tmp_path / "released")
    monkeypatch.setenv("DROP_RECORDS", str(tmp_path))
    assert release.main(["fashion-mnist", "smoke"]) == 1
    assert "was not trained yet" in capsys.readouterr().err and not (tmp_path / "released").exists()


def test_pictures_show_the_ends_of_each_class_and_survive_the_file(made):
    _, folder, _, data, _ = made
    given, images = released.load("micro", "smoke", folder=folder), data.train.images.numpy()
    chosen = pictures.choose(given, seed=0)
    labels = given.arrays["labels"]
    for name, of in chosen.items():
        assert (labels[of] == np.arange(10)[:, None]).all()
        scores = given.scores[name][of]
        assert (np.diff(scores, axis=1) >= 0).all()
        assert (scores[:, 0] == [given.scores[name][labels == k].min() for k in range(10)]).all()
        assert (scores[:, -1] == [given.scores[name][labels == k].max() for k in range(10)]).all()
    content, each = pictures.encode(images, chosen)
    tiles = pictures.decode(content, each, 10)
    np.testing.assert_array_equal(tiles[1, :, :, :, :, 0], images[chosen["grand"], 0])


def test_fewer_pictures_are_kept_where_they_would_not_fit(made, monkeypatch):
    _, folder, _, data, _ = made
    chosen = pictures.choose(released.load("micro", "smoke", folder=folder), seed=0)
    whole, each = pictures.encode(data.train.images.numpy(), chosen)
    monkeypatch.setattr(pictures, "LIMIT", len(whole) - 1)
    content, fewer = pictures.encode(data.train.images.numpy(), chosen)
    assert (each, fewer) == (3, 2) and len(content) < len(whole)
    tiles, all_tiles = (pictures.decode(c, n, 10) for c, n in ((content, fewer), (whole, each)))
    np.testing.assert_array_equal(tiles, all_tiles[:, :, [0, 1, 4, 5]])


# How far kept sets agree

LABELS = np.repeat([0, 1], [60, 40])


def test_overlaps_are_shares_of_the_kept_set():
    a, b = np.arange(0, 20), np.arange(15, 35)
    assert keeping.overlap(a, a) == 1 and keeping.overlap(a, b) == 0.25 and keeping.overlap(a, b + 60) == 0
    assert keeping.overlap_by_ratios(a, b, LABELS) == pytest.approx(20 / 60)  # both draw from class 0 only
    assert keeping.overlap_by_ratios(a, b + 60, LABELS) == 0


def test_agreement_expected_of_random_sets_is_what_random_sets_show():
    rng = np.random.default_rng(0)
    sizes = [(30, 4), (12, 20), (6, 30)]  # kept of each class
    shown = np.zeros(4)
    for _ in range(300):
        sets = {
            str(i): np.concatenate([rng.choice(60, n, replace=False), 60 + rng.choice(40, m, replace=False)])
            for i, (n, m) in enumerate(sizes)
        }
        counted, expected = keeping.agreement(sets, LABELS)
        assert counted.sum() == 100 and (counted * np.arange(4)).sum() == sum(n + m for n, m in sizes)
        shown += counted / 300
    np.testing.assert_allclose(shown, expected, atol=0.5)
    assert expected.sum() == pytest.approx(100)


def test_a_kept_set_knows_what_it_shares_and_how_its_figure_shows_it():
    from drop.chapters.keeping import Kept

    kept = Kept(released.load("cifar10", "laptop"), 0.1)
    a, b = kept.sets["el2n"], kept.sets["grand"]
    assert kept.shared["el2n", "grand"] == kept.shared["grand", "el2n"] == len(np.intersect1d(a, b)) / len(a)
    assert kept.shared[kept.pairs[0]] == max(kept.shared[pair] for pair in kept.pairs) and len(kept.pairs) == 15
    assert kept.factor == pytest.approx(kept.mean / np.mean([kept.by_ratios[pair] for pair in kept.pairs]))
    assert kept.learnt(np.arange(len(kept.labels)))[0] == 50_000
    fig = kept.figure("CIFAR-10")
    texts = [text.get_text() for text in fig.axes[0].texts]
    assert texts[0] == f"{100 * kept.shared['el2n', 'grand']:.0f}" and len(texts) == 8 * 7

"""The record store: nothing is lost, nothing half-written is read, and the bytes do not depend on order or machine."""

import base64
import copy
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from drop.experiments import records
from drop.experiments.records import Store, code_hash, key, load, pack, plain, status, validate

HITS = base64.b64encode(np.packbits([1] * 9 + [0] + [1] * 8 + [0] * 2)).decode()


def make(seed=0, pruner="random+drop", density=0.3, loss=1.0, protocol=records.PROTOCOL, code=None):
    """A valid record of two classes."""
    run = {"benchmark": "tiny", "scale": "laptop", "pruner": pruner, "density": density, "seed": seed}
    run["recipe"] = {"epochs": 2, "rate": 0.1}
    kept = [round(density * 100), 0]
    return {
        "key": key(run, "d", protocol), "protocol": protocol, "run": run, "data": "d", "classes": ["cat", "dog"],
        "class_sizes": [60, 40], "kept": [min(kept[0], 60), max(0, kept[0] - 60)], "quota_recalls": [0.9, 1.0],
        "validation": [[9, 1], [2, 8]], "test": {"correct": [9, 8], "total": [10, 10]}, "test_hits": HITS,
        "curve": {"epoch": [1], "loss": [loss], "validation_average": [0.85], "validation_worst": [0.8]},
        "seconds": 1.5,
        "provenance": dict.fromkeys(records.PROVENANCE_FIELDS, "x") | {"code": code or code_hash()},
    }  # fmt: skip


def store(tmp_path):
    return Store(tmp_path / "records", also=())


def strays(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".json", ".jsonl")]


# the key


def test_the_key_never_changes():
    assert make()["key"] == "e344e5460ecb9009"


def test_equal_configurations_have_equal_keys():
    run = make()["run"]
    same = {**run, "density": np.float64(0.3), "seed": np.int64(0), "recipe": {"rate": 0.1, "epochs": 2.0}}
    assert key(same, "d") == key(run, "d")
    assert key({**run, "recipe": {"steps": (1, 2)}}, "d") == key({**run, "recipe": {"steps": [1, 2]}}, "d")


@pytest.mark.parametrize("change", [{"density": 0.30000000000000004}, {"seed": 1}, {"recipe": {}}, {"extra": None}])
def test_any_change_of_the_configuration_changes_the_key(change):
    run = make()["run"]
    assert key({**run, **change}, "d") != key(run, "d")


def test_data_and_protocol_are_part_of_the_key():
    run = make()["run"]
    assert len({key(run, "d"), key(run, "e"), key(run, "d", 2)}) == 3


def test_a_run_without_seed_is_an_error():
    run = make()["run"]
    del run["seed"]
    with pytest.raises(ValueError, match="a run has .* seed"):
        key(run, "d")


def test_plain_turns_arrays_into_lists_and_what_json_lacks_into_null():
    assert plain({"a": np.arange(2), "b": (np.float32(0.5), float("nan"), True)}) == {
        "a": [0, 1],
        "b": [0.5, None, True],
    }


# status


def test_status_lists_other_code_and_other_protocols():
    found = status([make(), make(1, code="0123"), make(2, protocol=99)])
    assert [(record["run"]["seed"], reason) for record, reason in found] == [
        (1, "other code"),
        (2, f"protocol 99, now {records.PROTOCOL}"),
    ]


# validation

DAMAGE = [
    (lambda r: r.pop("curve"), "lacks"),
    (lambda r: r.update(key="0" * 16), "its key is"),
    (lambda r: r["run"].update(seed=7), "its key is"),
    (lambda r: r["run"].update(seed="0"), "seed 0 is wrong"),
    (lambda r: r.update(class_sizes=[60]), "1 class sizes"),
    (lambda r: r.update(kept=[61, -31]), "61 of 60"),
    (lambda r: r.update(kept=[30.0, 0]), "30.0 of 60"),
    (lambda r: r.update(kept=[29, 0]), "29 samples are kept, but density 0.3 means 30"),
    (lambda r: r.update(quota_recalls=[0.5]), "quota recalls"),
    (lambda r: r.update(quota_recalls=[0.5, 1.5]), "quota recalls"),
    (lambda r: r.update(quota_recalls=[0.5, float("nan")]), "wrong type"),
    (lambda r: r.update(run=None), "wrong type"),
    (lambda r: r["curve"].pop("loss"), "lacks a name .*loss"),
    (lambda r: r.update(validation=[[9, 1]]), "validation counts"),
    (lambda r: r.update(validation=[[1], [1]]), "wrong type"),
    (lambda r: r.update(test_hits=HITS[::-1]), "class 0 right"),
    (lambda r: r.update(test_hits=HITS[:-4]), "digits"),
    (lambda r: r.update(test_hits="?"), "padding|base64"),
    (lambda r: r.update(validation=[[9, 1], [0, 0]]), "validation counts"),
    (lambda r: r["test"].update(correct=[11, 8]), "test counts"),
    (lambda r: r["curve"]["loss"].append(1.0), "epochs"),
    (lambda r: r.update(seconds=-1), "seconds is -1"),
    (lambda r: r["provenance"].pop("commit"), "provenance lacks"),
    (lambda r: r.update(kept_digest="short"), "not 16 hex digits"),
    (lambda r: r.update(query_keys=["0" * 16, "g" * 16]), "not 16 hex digits"),
    (lambda r: r.update(cut=None), "wrong type"),
    (lambda r: r["provenance"].update(arithmetic="tf32"), "arithmetic is 'tf32'"),
    (lambda r: r["provenance"].update(clean="yes"), "clean is 'yes'"),
    (lambda r: r["provenance"].update(threads=0), "threads and processes are"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE)
def test_an_invalid_record_is_refused_with_the_reason(tmp_path, damage, message):
    record = make()
    damage(record)
    with pytest.raises(ValueError, match=message):
        store(tmp_path).put(record)
    assert not (tmp_path / "records").exists()


def test_what_an_older_record_lacks_is_unknown():
    from drop.experiments.record import circumstances

    assert circumstances(make()) == "unknown arithmetic, unknown instruction set, unknown threads, unknown tree"
    later = make()
    later["provenance"] |= {"arithmetic": "fp32", "instructions": "AVX2", "threads": 1, "processes": 2, "clean": True}
    validate(later | {"kept_digest": "0" * 16, "cut": "a" * 16, "query_keys": []})
    assert circumstances(later) == "fp32, AVX2, 2 processes x 1 threads, clean tree"
    later["provenance"] |= {"instructions": None, "device": "A GPU", "threads": None, "clean": False}
    assert circumstances(later) == "fp32, A GPU, 2 processes, changed tree"


def test_a_valid_record_may_carry_more():
    validate(make() | {"note": "mine", "quota_recalls": None})


# put and get


def test_what_is_put_is_got(tmp_path):
    path = store(tmp_path).put(make())
    assert path == tmp_path / "records" / "tiny-laptop" / "random+drop" / f"{make()['key']}.json"
    assert store(tmp_path).get(make()["key"]) == make()
    assert store(tmp_path).get("0" * 16) is None
    assert not strays(tmp_path)


def test_a_diverged_run_can_be_recorded(tmp_path):
    store(tmp_path).put(make(loss=float("nan")))
    assert store(tmp_path).all()[0]["curve"]["loss"] == [None]


def test_the_same_record_twice_is_one(tmp_path):
    assert store(tmp_path).put(make()) == store(tmp_path).put(make())
    assert len(store(tmp_path).all(replicates=True)) == 1


def test_the_first_stays_canonical_and_others_are_replicates(tmp_path):
    for loss in (1.0, 0.5, 2.0, 0.5):
        store(tmp_path).put(make(loss=loss))
    assert [r["curve"]["loss"] for r in store(tmp_path).all()] == [[1.0]]
    assert store(tmp_path).get(make()["key"]) == make()
    losses = [r["curve"]["loss"][0] for r in store(tmp_path).all(replicates=True)]
    assert losses[0] == 1.0
    assert sorted(losses) == [0.5, 1.0, 2.0]


def test_missing_keeps_the_order_and_counts_what_is_committed(tmp_path):
    a, b, c = (make(seed) for seed in range(3))
    store(tmp_path).put(b)
    pack(Store(tmp_path / "other", also=()), tmp_path / "book")
    Store(tmp_path / "other", also=()).put(a)
    pack(Store(tmp_path / "other", also=()), tmp_path / "book")
    keys = [r["key"] for r in (c, b, a)]
    assert store(tmp_path).missing(keys) == [c["key"], a["key"]]
    assert Store(tmp_path / "records", also=[tmp_path / "book"]).missing(keys) == [c["key"]]


def test_all_is_sorted_and_of_one_protocol(tmp_path):
    for record in (make(1), make(0, density=0.5), make(0), make(0, pruner="el2n"), make(0, protocol=99)):
        store(tmp_path).put(record)
    runs = [(r["run"]["pruner"], r["run"]["density"], r["run"]["seed"]) for r in store(tmp_path).all()]
    assert runs == [("el2n", 0.3, 0), ("random+drop", 0.3, 0), ("random+drop", 0.3, 1), ("random+drop", 0.5, 0)]
    assert len(store(tmp_path).all(protocol=None)) == 5


def test_odd_names_stay_inside_the_root(tmp_path):
    record = make(pruner="../../x y")
    assert store(tmp_path).put(record).parent == tmp_path / "records" / "tiny-laptop" / ".._.._x_y"
    assert store(tmp_path).get(record["key"]) == record


def test_the_default_root_is_the_environments(monkeypatch, tmp_path):
    monkeypatch.setenv("DROP_RECORDS", str(tmp_path))
    assert Store().root == tmp_path
    assert Store().also == [records.committed()]


# damage


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"key": 1}', b"7"])
def test_a_damaged_record_is_set_aside_reported_and_measured_again(tmp_path, content):
    path = store(tmp_path).put(make())
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="set aside"):
        assert store(tmp_path).missing([make()["key"]]) == [make()["key"]]
    (moved,) = (tmp_path / "records" / "damaged").glob("*.json")
    assert moved.read_bytes() == content
    assert str(path.relative_to(tmp_path / "records")) in moved.with_suffix(".txt").read_text()
    store(tmp_path).put(make())
    assert store(tmp_path).all() == [make()]


@pytest.mark.filterwarnings("ignore:.*set aside")
def test_every_truncation_and_a_changed_digit_are_noticed(tmp_path):
    path = store(tmp_path).put(make())
    content = path.read_bytes()
    for cut in (*range(0, len(content), 37), len(content) - 1):
        path.write_bytes(content[:cut])
        assert store(tmp_path).all() == []
    path.write_bytes(content.replace(b'"seed":0', b'"seed":1'))
    assert store(tmp_path).get(make()["key"]) is None


def test_putting_over_a_damaged_record_saves_both(tmp_path):
    path = store(tmp_path).put(make())
    path.write_bytes(b"{")
    with pytest.warns(UserWarning, match="set aside"):
        assert store(tmp_path).put(make()) == path
    assert store(tmp_path).all() == [make()]
    assert len(list((tmp_path / "records" / "damaged").glob("*.json"))) == 1


def test_load_skips_a_damaged_line_with_a_warning_and_changes_nothing(tmp_path):
    store(tmp_path).put(make())
    (path,) = pack(store(tmp_path), tmp_path / "book")
    path.write_text("<<<<<<< HEAD\n" + path.read_text())
    with pytest.warns(UserWarning, match="line 1 is no valid record"):
        assert load(tmp_path / "book") == [make()]
    with pytest.raises(ValueError, match="line 1 is no valid record"):
        pack(store(tmp_path), tmp_path / "book")


def test_pack_leaves_rehearsals_where_they_are(tmp_path):
    here, rehearsal = store(tmp_path), make()
    rehearsal["run"]["scale"] = "smoke"
    here.put({**rehearsal, "key": key(rehearsal["run"], "d")})
    assert len(here.all()) == 1 and pack(here, tmp_path / "book") == []


# folders that cannot be written, disks that are full


def test_an_unwritable_folder_is_noticed_before_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot be written to .*file/records"):
        Store(tmp_path / "file" / "records", also=()).check()
    if os.geteuid():
        (tmp_path / "locked").mkdir(mode=0o555)
        with pytest.raises(OSError, match="cannot be written to .*locked"):
            Store(tmp_path / "locked", also=()).check()


def test_check_leaves_nothing_behind(tmp_path):
    assert store(tmp_path).check().all() == []
    assert not strays(tmp_path)


FULL = """
import json, resource, sys
from drop.experiments.records import Store
store, kept, fresh, replicate = Store(sys.argv[1], also=()), *map(json.loads, sys.argv[2:])
store.put(kept)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
for act in (store.check, lambda: store.put(fresh), lambda: store.put(replicate)):
    try:
        act()
    except OSError as error:
        print(error)
"""


def test_a_full_disk_costs_no_finished_record_and_leaves_no_stray_file(tmp_path):
    made = [json.dumps(record) for record in (make(0), make(1), make(0, loss=9.0))]
    done = subprocess.run([sys.executable, "-c", FULL, tmp_path, *made], capture_output=True, text=True, check=True)
    assert done.stdout.count("cannot be written") == 3
    assert done.stdout.count("File too large") == 3
    assert Store(tmp_path, also=()).all(replicates=True) == [make(0)]
    assert not strays(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_disk_that_really_fills_up(tmp_path):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "none", tmp_path], capture_output=True).returncode:
        pytest.skip("this container may not mount")
    try:
        small, put = Store(tmp_path, also=()), []
        with pytest.raises(OSError, match="No space left"):
            for seed in range(100):
                small.put(make(seed))
                put.append(seed)
        with pytest.raises(OSError, match="No space left"):
            small.check()
        assert [r["run"]["seed"] for r in small.all()] == put
        assert len(put) > 0
        assert not strays(tmp_path)
    finally:
        subprocess.run(["umount", tmp_path], check=True)


# kills and concurrency

WRITER = """
import json, sys
from drop.experiments.records import Store, key
root, template, first, last = sys.argv[1:]
record, store = json.loads(template), Store(root, also=())
for seed in range(int(first), int(last)):
    record["run"]["seed"] = seed
    store.put(record | {"key": key(record["run"], record["data"])})
    print(seed, flush=True)
"""


def writer(root, record, first, last):
    command = [sys.executable, "-c", WRITER, root, json.dumps(record), str(first), str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_sigkill_at_random_moments_loses_no_finished_record_and_leaves_none_half_written(tmp_path):
    finished, rng = set(), random.Random(0)
    for attempt in range(20):
        child = writer(tmp_path, make(), attempt * 10**4, 10**6)
        finished.add(int(child.stdout.readline()))
        time.sleep(rng.uniform(0, 0.03))
        child.send_signal(signal.SIGKILL)
        finished.update(int(line) for line in child.communicate()[0].split("\n")[:-1])
    found = {record["run"]["seed"] for record in Store(tmp_path, also=()).all()}
    assert finished <= found
    assert len(found) <= len(finished) + 20  # at most the one in flight each time
    assert not (tmp_path / "damaged").exists()


def test_many_processes_may_put_the_same_keys(tmp_path):
    workers = [writer(tmp_path, make(loss=float(worker)), 0, 40) for worker in range(4)]
    assert [(worker.communicate(), worker.returncode)[1] for worker in workers] == [0] * 4
    assert len(Store(tmp_path, also=()).all()) == 40
    assert len(Store(tmp_path, also=()).all(replicates=True)) == 160
    assert not strays(tmp_path)


def test_a_file_system_without_hard_links_works_too(tmp_path, monkeypatch):
    def link(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    for loss in (1.0, 2.0, 1.0):
        store(tmp_path).put(make(loss=loss))
    assert store(tmp_path).all() == [make()]
    assert len(store(tmp_path).all(replicates=True)) == 2


# pack and merge


def test_pack_is_sorted_idempotent_and_does_not_depend_on_order(tmp_path):
    made = [make(seed, density=density) for seed in range(3) for density in (0.5, 0.3)] + [make(pruner="el2n")]
    contents = []
    for order in range(3):
        here = Store(tmp_path / f"r{order}", also=())
        for record in random.Random(order).sample(made, len(made)):
            here.put(record)
        changed = pack(here, tmp_path / f"b{order}")
        assert [path.relative_to(tmp_path / f"b{order}").as_posix() for path in changed] == [
            "tiny-laptop/el2n.jsonl",
            "tiny-laptop/random+drop.jsonl",
        ]
        assert pack(here, tmp_path / f"b{order}") == []
        contents.append([path.read_bytes() for path in changed])
    assert contents[0] == contents[1] == contents[2]
    lines = contents[0][1].decode().splitlines()
    runs = [json.loads(line)["run"] for line in lines]
    assert [(run["density"], run["seed"]) for run in runs] == [(d, s) for d in (0.3, 0.5) for s in range(3)]
    assert not strays(tmp_path)


def test_packed_records_read_back_equal_and_stay_canonical(tmp_path):
    store(tmp_path).put(make())
    pack(store(tmp_path), tmp_path / "book")
    later = Store(tmp_path / "later", also=())
    later.put(make(loss=0.1))
    pack(later, tmp_path / "book")
    pack(store(tmp_path), tmp_path / "book")
    assert load(tmp_path / "book") == [make()]
    assert load(tmp_path / "book", replicates=True) == [make(), make(loss=0.1)]
    assert load(tmp_path / "later", tmp_path / "book") == [make(loss=0.1)]


def test_merging_another_machines_store_overwrites_nothing(tmp_path):
    store(tmp_path).put(make(0))
    other = Store(tmp_path / "other", also=())
    for record in (make(0, loss=2.0), make(1), make(2, protocol=99)):
        other.put(record)
    for _ in range(2):
        assert store(tmp_path).merge(tmp_path / "other") == 3
        assert store(tmp_path).all() == [make(0), make(1)]
        assert len(store(tmp_path).all(replicates=True, protocol=None)) == 4


def test_a_union_merge_in_git_loses_nothing_and_pack_tidies_it(tmp_path):
    repository, book = tmp_path / "git", tmp_path / "git" / "drop" / "measured" / "records"

    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *identity, "-C", repository, *arguments], check=True, capture_output=True)

    def measure(name, *made):
        here = Store(tmp_path / name, also=())
        for record in made:
            here.put(record)
        pack(here, book)
        git("add", "-A")
        git("commit", "-q", "-m", name)

    repository.mkdir()
    git("init", "-q")
    attributes = (Path(__file__).parents[2] / ".gitattributes").read_text()
    (repository / ".gitattributes").write_text(attributes)
    measure("base", make(1), make(5))
    git("checkout", "-q", "-b", "theirs")
    measure("theirs", make(0), make(3), make(4, loss=0.1), make(9))
    git("checkout", "-q", "main")
    measure("ours", make(2), make(3), make(4, loss=0.2), make(8))
    git("merge", "-q", "theirs", "-m", "merge")
    merged = load(book, replicates=True)
    assert [r["run"]["seed"] for r in merged] == [0, 1, 2, 3, 4, 4, 5, 8, 9]
    pack(Store(tmp_path / "none", also=()), book)
    assert load(book, replicates=True) == merged
    lines = (book / "tiny-laptop" / "random+drop.jsonl").read_text().splitlines()
    assert [json.loads(line)["run"]["seed"] for line in lines] == [0, 1, 2, 3, 4, 4, 5, 8, 9]
    assert json.loads(lines[4])["curve"]["loss"] == [0.2]


def test_reading_does_not_change_what_was_read(tmp_path):
    record = make()
    before = copy.deepcopy(record)
    store(tmp_path).put(record)
    assert record == before


def test_an_absent_folder_holds_no_records(tmp_path):
    assert load(tmp_path / "nowhere") == []


# hits


def test_hits_stand_class_after_class():
    assert records.hits_of(make()) == "1111111110" + "1111111100"


# the records of the repository


def packed(tmp_path, monkeypatch):
    """A folder of packed records in the place of the repository's."""
    folder = tmp_path / "packed"
    monkeypatch.setattr(records, "committed", lambda: folder)
    store(tmp_path).put(make())
    [path] = pack(store(tmp_path), folder)
    return path


def test_the_repository_s_records_are_read_whole_or_not_at_all(tmp_path, monkeypatch):
    path = packed(tmp_path, monkeypatch)
    assert load(records.committed()) == [make()]
    path.write_text(path.read_text() + path.read_text()[:200] + "\n")
    with pytest.raises(ValueError, match="line 2 is no valid record"):
        load(records.committed())
    path.unlink()
    with pytest.raises(ValueError, match="holds no records"):
        load(records.committed())

"""Data sets: what ships, what is verified, how validation is carved, and what a reader is told when data is missing."""

import functools
import gzip
import hashlib
import http.server
import io
import lzma
import pickle
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drop.experiments import datasets
from rerun import make_mini

NOWHERE = "http://127.0.0.1:9/"  # the discard port: nothing listens
DIGESTS = {
    "fashion-mnist-mini": "62cf2ff2569f412fb29541e393e9a39b961aa979a17126051ea521ce68ebadfc",
    "fashion-mnist": "8f01b3d8784c165b71c26e54e1ee0dbfe8c8d5058689bbad8188fc182c09d5cd",
    "cifar10": "248dcc6cbac2ec4895c7bd8ce525faca72471c73aaf8f700992cbcbd90f1c190",
    "cifar100": "71220b7431401603e85d66a44420c4cad659357b2aea0c34d5231bf7e5e1d5c6",
    "tiny-imagenet": "7b387a936846708892a58797eb19cefa7eec5b78519eba517c0f1b7a5d70d3cf",
    "garments-on-scenes": "47ab4579027f844d2a642f77eed41c335c4d51035d49bd003e318b410dffe6ae",
    "garments-on-scenes-mini": "26471940f3aba4cd10f1805e4007c95c09b39ea16cf5eeab1cad21d2bc98e956",
}


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def pixels(n: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8)


def publish(monkeypatch, name: str, files: dict[str, bytes], archives: dict[str, bytes] | None = None, base=NOWHERE):
    """Let a data set consist of these small files, as if their md5 sums and their archives' had been published."""
    known = datasets.SOURCES[name]
    sums = {path: md5(content) for path, content in files.items()}
    links = {base + file: md5(content) for file, content in (archives or {"archive.zip": b""}).items()}
    monkeypatch.setitem(datasets.SOURCES, name, replace(known, files=sums, archives=links))


def write(root: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


# What ships


def test_the_mini_set_ships_and_has_250_images_a_class_in_each_half():
    data = datasets.load("fashion-mnist-mini")
    assert data.classes[6] == "Shirt" and data.digest == DIGESTS["fashion-mnist-mini"]
    for split, size in ((data.train, 500), (data.validation, 250), (data.test, 250)):
        assert split.images.shape == (10 * size, 1, 28, 28) and split.images.is_contiguous()
        assert split.images.dtype == torch.uint8 and split.labels.dtype == torch.int64
        assert torch.bincount(split.labels).tolist() == [size] * 10
    images = torch.cat([data.train.images, data.validation.images, data.test.images])
    assert len({image.tobytes() for image in images.numpy()}) == 10_000  # no image is in two splits


def test_the_mini_set_is_small_licensed_and_byte_reproducible():
    file = datasets.PACKAGED / "fashion-mnist-mini.npz.xz"
    assert file.stat().st_size <= 6e6
    assert "Zalando SE" in (datasets.PACKAGED / "LICENSE").read_text()
    assert make_mini.subset(datasets.original("fashion-mnist-mini")) == lzma.decompress(file.read_bytes())


def test_importing_data_sets_does_not_import_torch():
    code = "import sys, drop.experiments.datasets as d; d.digest('cifar100'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# Identity


def test_digests_are_constants_known_without_the_data():
    cut = {f"{name}-long-tail": DIGESTS[name] for name in ("fashion-mnist-mini", "fashion-mnist")}
    tails = ("tail10-hard-rare", "tail10-hard-frequent", "tail100-hard-rare", "tail100-hard-frequent")
    of = ("fashion-mnist-mini", "fashion-mnist", "cifar10")
    cut |= {f"{name}-{tail}": DIGESTS[name] for name in of for tail in tails}
    assert {name: datasets.digest(name) for name in datasets.NAMES} == DIGESTS | cut


def test_the_data_root_follows_the_environment(monkeypatch):
    monkeypatch.setenv("DROP_DATA", "~/elsewhere")
    assert datasets.data_root() == Path.home() / "elsewhere"
    monkeypatch.setenv("DROP_DATA", "")
    assert datasets.data_root() == Path.home() / ".cache" / "drop"


@pytest.mark.parametrize(
    "name, nearest",
    [
        ("cifar", "did you mean cifar10 or cifar100"),
        ("", "It must be one of"),
        ("fashion_mnist", "did you mean fashion-mnist"),
        ("?", "or folder:PATH"),
        ("tinyimagenet", "did you mean tiny-imagenet"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(name, nearest):
    for ask in (datasets.load, datasets.digest, datasets.original):
        with pytest.raises(ValueError, match=f"unknown data set {re.escape(repr(name))}: .*{nearest}"):
            ask(name)


def test_an_unknown_way_of_carving_is_refused():
    with pytest.raises(ValueError, match="validation is 'val': it must be one of 'test', 'swapped', 'train'"):
        datasets.load("fashion-mnist-mini", validation="val")


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-1], lambda content: content[:99] + b"?" + content[100:], lambda content: b""]
)
def test_a_truncated_or_altered_file_is_named_with_both_sums(monkeypatch, tmp_path, damage):
    file = shutil.copy(datasets.PACKAGED / "fashion-mnist-mini.npz.xz", tmp_path)
    content = damage(Path(file).read_bytes())
    Path(file).write_bytes(content)
    monkeypatch.setattr(datasets, "PACKAGED", tmp_path)
    with pytest.raises(ValueError, match=f"{file} is truncated.*expected md5 34aefc9a.*found {md5(content)}"):
        datasets.load("fashion-mnist-mini")


# Validation and test


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(2, 10))
def test_carving_takes_the_first_of_each_class_and_keeps_file_order(labels, parts):
    labels = np.array(labels + [0, 1, 2, 3] * parts)
    images = np.arange(len(labels))
    (first, _), (rest, _) = datasets._carve((images, labels), parts, "test", 1, tuple("abcd"))
    for k in range(4):
        members = np.flatnonzero(labels == k)
        size = len(members) // parts
        assert first[labels[first] == k].tolist() == members[:size].tolist()
        assert rest[labels[rest] == k].tolist() == members[size:].tolist()
    assert (np.diff(first) > 0).all() and (np.diff(rest) > 0).all()


def test_the_halves_of_the_test_set_change_places():
    usual, swapped = (datasets.load("fashion-mnist-mini", validation=how) for how in ("test", "swapped"))
    assert torch.equal(usual.validation.images, swapped.test.images)
    assert torch.equal(usual.test.labels, swapped.validation.labels) and usual.digest == swapped.digest


def test_validation_from_train_leaves_the_whole_test_set():
    data = datasets.load("fashion-mnist-mini", validation="train")
    published = datasets.original("fashion-mnist-mini")
    assert [len(split.labels) for split in (data.train, data.validation, data.test)] == [4500, 500, 5000]
    assert (data.test.images.numpy() == published.test[0]).all()
    assert data.digest == DIGESTS["fashion-mnist-mini"]


# The published layouts, on small data


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


def fashion_files() -> dict[str, bytes]:
    files = {}
    for split, n in (("train", 40), ("t10k", 20)):
        files[f"FashionMNIST/raw/{split}-images-idx3-ubyte"] = idx(pixels(n, 28, 28, seed=n))
        files[f"FashionMNIST/raw/{split}-labels-idx1-ubyte"] = idx(np.arange(n, dtype=np.uint8) % 10)
    return files


def cifar_files(name: str) -> dict[str, bytes]:
    def batch(seed):
        labels = [(3 * i) % 5 for i in range(10)]
        keys = {"labels": labels} if name == "cifar10" else {"fine_labels": labels, "coarse_labels": [0] * 10}
        return pickle.dumps({"data": pixels(10, 3072, seed=seed), **keys}, protocol=2)

    if name == "cifar10":
        parts = {f"cifar-10-batches-py/data_batch_{i}": batch(i) for i in range(1, 6)}
        return {
            **parts,
            "cifar-10-batches-py/test_batch": batch(0),
            "cifar-10-batches-py/batches.meta": pickle.dumps({"label_names": list("abcde")}, protocol=2),
        }
    meta = {"fine_label_names": list("abcde"), "coarse_label_names": ["z"]}
    return {
        "cifar-100-python/train": batch(1),
        "cifar-100-python/test": batch(0),
        "cifar-100-python/meta": pickle.dumps(meta, protocol=2),
    }


def test_a_long_tail_keeps_the_first_images_of_each_class_fewer_and_fewer() -> None:
    whole, tail = datasets.load("fashion-mnist-mini"), datasets.load("fashion-mnist-mini-long-tail")
    sizes = np.bincount(tail.train.labels)
    assert sizes.tolist() == [round(500 * 10 ** (-k / 9)) for k in range(10)] and (sizes[0], sizes[9]) == (500, 50)
    for k, n in enumerate(sizes):
        images, published = (data.train.images[data.train.labels == k] for data in (tail, whole))
        assert torch.equal(images, published[:n])
    assert torch.equal(tail.test.images, whole.test.images) and torch.equal(tail.test.labels, whole.test.labels)
    assert tail.digest == whole.digest and tail.name != whole.name


def test_fashion_mnist_is_read_from_its_idx_files(monkeypatch, tmp_path):
    files = fashion_files()
    publish(monkeypatch, "fashion-mnist", files)
    write(tmp_path, files)
    data = datasets.load("fashion-mnist", tmp_path)
    assert (data.train.images.numpy()[:, 0] == pixels(40, 28, 28, seed=40)).all()
    assert (data.test.images.numpy()[:, 0] == pixels(20, 28, 28, seed=20)[10:]).all()
    assert data.validation.labels.tolist() == list(range(10)) and data.classes[-1] == "Ankle boot"


@pytest.mark.parametrize("name, batches", [("cifar10", 5), ("cifar100", 1)])
def test_cifar_is_read_from_its_batches_with_fine_labels(monkeypatch, tmp_path, name, batches):
    files = cifar_files(name)
    publish(monkeypatch, name, files)
    write(tmp_path, files)
    monkeypatch.setenv("DROP_DATA", str(tmp_path))
    data = datasets.load(name)
    expected = np.concatenate([pixels(10, 3, 32, 32, seed=i + 1) for i in range(batches)])
    assert (data.train.images.numpy() == expected).all() and data.classes == tuple("abcde")
    assert data.train.labels.tolist() == [0, 3, 1, 4, 2, 0, 3, 1, 4, 2] * batches
    assert data.test.labels.tolist() == [0, 3, 1, 4, 2]
    broken = tmp_path / list(files)[0]
    broken.write_bytes(broken.read_bytes()[:-5])
    with pytest.raises(ValueError, match=f"{name}: {broken} is truncated or altered"):
        datasets.load(name)


# Downloads


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder and its address on a web server of this machine."""
    monkeypatch.setenv("no_proxy", "*")
    (tmp_path / "served").mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        web.handle_error = lambda *args: None  # torchvision asks for redirects first, and hangs up on the answer
        thread = threading.Thread(target=web.serve_forever, args=(0.01,))
        thread.start()
        yield tmp_path / "served", f"http://127.0.0.1:{web.server_port}/"
        web.shutdown()
        thread.join()


def tarred(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize("name", ["fashion-mnist", "cifar10", "cifar100"])
def test_missing_data_is_downloaded_once_with_a_progress_bar(monkeypatch, tmp_path, server, capsys, name):
    files = fashion_files() if name == "fashion-mnist" else cifar_files(name)
    gz = {f"{Path(path).name}.gz": gzip.compress(content) for path, content in files.items()}
    archives = gz if name == "fashion-mnist" else {"batches.tar.gz": tarred(files)}
    publish(monkeypatch, name, files, archives, base=server[1])
    write(server[0], archives)
    downloaded = datasets.load(name, tmp_path / "root")
    assert "100" in capsys.readouterr().err  # percent; with decimals where tqdm is missing
    for file in server[0].iterdir():
        file.unlink()
    again = datasets.load(name, tmp_path / "root")
    assert (downloaded.test.images == again.test.images).all()


def test_without_a_network_the_error_says_which_files_to_put_where(monkeypatch, tmp_path):
    monkeypatch.setenv("no_proxy", "*")
    files = cifar_files("cifar100")
    archive = tarred(files)  # once: it bears the time
    publish(monkeypatch, "cifar100", files, {"batches.tar.gz": archive})
    write(tmp_path, dict(list(files.items())[:1]))
    with pytest.raises(FileNotFoundError) as error:
        datasets.load("cifar100", tmp_path)
    lines = str(error.value).splitlines()
    assert lines[0].startswith(f"cifar100 is not complete under {tmp_path}, and downloading it failed (")
    assert "Set DROP_DATA to the folder that holds these files, or put them there:" in lines[0]
    assert lines[1:3] == [f"  {path}  (md5 {md5(files[path])})" for path in list(files)[1:]]
    assert lines[4].startswith("  batches.tar.gz  (md5 ") and f"{NOWHERE}batches.tar.gz" in lines[4]
    (tmp_path / "batches.tar.gz").write_bytes(archive)  # put there by hand: unpacked by the next load
    assert len(datasets.load("cifar100", tmp_path).train.labels) == 10


def test_a_wrong_download_is_refused(monkeypatch, tmp_path, server):
    files = cifar_files("cifar10")
    publish(monkeypatch, "cifar10", files, {"batches.tar.gz": tarred(files)}, base=server[1])
    write(server[0], {"batches.tar.gz": tarred(files)[:-9]})
    with pytest.raises(FileNotFoundError, match="downloading it failed .*damaged"):
        datasets.load("cifar10", tmp_path / "root")


# Class folders


def png(seed: int, width: int = 6, mode: str = "RGB") -> bytes:
    packed = io.BytesIO()
    Image.fromarray(pixels(1, 4, width, 3, seed=seed)[0]).convert(mode).save(packed, "png")
    return packed.getvalue()


def class_folders(**counts: int) -> dict[str, bytes]:
    """PNG files of classes "cat" and "dog" in each part; the seed is the place in this listing."""
    paths = [f"{part}/{name}/{i}.png" for part, n in counts.items() for name in ("cat", "dog") for i in range(n)]
    return {path: png(seed) for seed, path in enumerate(paths)}


def test_class_folders_load_as_rgb_in_file_order_and_an_odd_image_reports(tmp_path):
    write(tmp_path, class_folders(train=4, test=3))
    data = datasets.load(f"folder:{tmp_path}")
    assert data.classes == ("cat", "dog") and data.train.labels.tolist() == [0] * 4 + [1] * 4
    assert (
        data.train.images.numpy() == np.stack([pixels(1, 4, 6, 3, seed=i)[0].transpose(2, 0, 1) for i in range(8)])
    ).all()
    assert data.validation.labels.tolist() == [0, 1] and data.test.labels.tolist() == [0, 0, 1, 1]
    assert (data.validation.images[1].numpy() == pixels(1, 4, 6, 3, seed=11)[0].transpose(2, 0, 1)).all()


@pytest.mark.parametrize(
    "counts, sizes", [({"train": 2, "val": 6}, (4, 6, 6)), ({"train": 2, "val": 3, "test": 5}, (4, 6, 10))]
)
def test_a_val_folder_is_the_test_set_alone_and_the_validation_set_beside_one(tmp_path, counts, sizes):
    write(tmp_path, class_folders(**counts))
    data = datasets.load(f"folder:{tmp_path}")
    assert tuple(len(split.labels) for split in (data.train, data.validation, data.test)) == sizes


def test_the_digest_of_class_folders_follows_their_content_not_their_place(tmp_path):
    for place in ("here", "there"):
        write(tmp_path / place, class_folders(train=2, test=2))
    here, there = (f"folder:{tmp_path / place}" for place in ("here", "there"))
    start = datasets.digest(here)
    assert start == datasets.digest(there) == datasets.load(here).digest
    for change in ({"train/cat/more/0.png": png(50)}, {"train/cat/more/0.png": png(51)}, {"test/dog/0.png": png(52)}):
        before = datasets.digest(there)
        write(tmp_path / "there", change)
        assert datasets.digest(there) != before
    (tmp_path / "here/train/cat/0.png").rename(tmp_path / "here/train/dog/9.png")
    assert datasets.digest(here) != start


@pytest.mark.parametrize(
    "extra, error, words",
    [
        ({"train/cow/0.png": png(0)}, ValueError, "same classes.*has cow"),
        ({"test/cow/0.png": png(0)}, ValueError, "same classes.*has cow"),
        ({"train/cat/9.png": png(0, width=5)}, ValueError, "cat/9.png is 5 x 4 pixels, but .*0.png is 6 x 4"),
        ({"test/cat/9.png": png(0)[:-30]}, ValueError, "cat/9.png is not a readable image"),
        ({"test/cat/9.png": b""}, ValueError, "cat/9.png is not a readable image"),
        ({"train/cow/a.txt": b"", "test/cow/0.png": png(0)}, FileNotFoundError, "no valid file for the classes cow"),
        (
            {"train/cow/0.png": png(0), "test/cow/0.png": png(0)},
            ValueError,
            "'cow' has 1 test images: it takes at least 2",
        ),
    ],
)
def test_class_folders_that_do_not_fit_are_refused(tmp_path, extra, error, words):
    write(tmp_path, {**class_folders(train=2, test=2), **extra})
    with pytest.raises(error, match=words):
        datasets.load(f"folder:{tmp_path}")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    for name in (f"folder:{tmp_path}/nowhere", "folder:"):
        with pytest.raises(FileNotFoundError, match="must hold train/<class>/<images>"):
            datasets.digest(name)


# Tiny-ImageNet: class folders, annotations, and the archive as the witness


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Tiny-ImageNet's archive on a small scale, put by hand under a data root."""
    files = {f"train/{wnid}/images/{wnid}_{i}.JPEG": png(i) for wnid in ("n02", "n01") for i in range(3)}
    files |= {f"val/images/val_{i}.JPEG": png(10 + i, mode="L" if i else "RGB") for i in range(4)}
    boxes = "".join(f"val_{i}.JPEG\tn0{1 + i % 2}\t0\t0\t5\t5\n" for i in (3, 0, 1, 2))
    files |= {
        "val/val_annotations.txt": boxes.encode(),
        "test/images/test_0.JPEG": png(99),
        "words.txt": b"n01\tgoldfish, Carassius auratus\nn02\tcrane\nn03\tdog\n",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in files.items():
            archive.writestr(f"tiny-imagenet-200/{path}", content)
    content = {"tiny-imagenet-200.zip": packed.getvalue()}
    publish(monkeypatch, "tiny-imagenet", content, content)
    write(tmp_path, content)
    return tmp_path


def test_tiny_imagenet_is_unpacked_and_read_with_its_annotations(tiny):
    data = datasets.load("tiny-imagenet", tiny)
    assert data.classes == ("goldfish", "crane") and data.train.labels.tolist() == [0] * 3 + [1] * 3
    assert data.validation.labels.tolist() == data.test.labels.tolist() == [0, 1]
    assert (data.validation.images[0].numpy() == pixels(1, 4, 6, 3, seed=10)[0].transpose(2, 0, 1)).all()
    grey = data.test.images[0]  # val_2.JPEG
    assert (grey[0] == grey[1]).all() and (grey[0] == grey[2]).all()
    assert sorted(path.name for path in tiny.iterdir()) == ["tiny-imagenet-200", "tiny-imagenet-200.zip"]


def test_tiny_imagenet_may_also_be_read_as_a_folder(tiny):
    named = datasets.load("tiny-imagenet", tiny)
    folder = datasets.load(f"folder:{tiny / 'tiny-imagenet-200'}")
    assert (folder.test.images == named.test.images).all() and folder.classes == ("n01", "n02")


@pytest.mark.parametrize(
    "path, content",
    [
        ("train/n01/images/n01_0.JPEG", png(5)),
        ("val/images/val_3.JPEG", None),
        ("val/val_annotations.txt", b"val_0.JPEG\tn02\n"),
        ("train/n02/images/more.JPEG", png(5)),
    ],
)
def test_an_unpacked_tiny_imagenet_that_differs_from_its_archive_is_refused(tiny, path, content):
    datasets.load("tiny-imagenet", tiny)
    file = tiny / "tiny-imagenet-200" / path
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(ValueError, match=f"{file} is not as in tiny-imagenet-200.zip; delete"):
        datasets.load("tiny-imagenet", tiny)

"""Data in the layout of Waterbirds: what is read, and what is said where something is missing."""

import dataclasses
import urllib.error

import numpy as np
import pytest
from PIL import Image

from drop.experiments import datasets, models
from drop.experiments.benchmarks import SMOKE, Benchmark, plan
from drop.experiments.records import Store
from drop.experiments.runs import measure

HEAD = "img_id,img_filename,y,split,place,place_filename"
SIZES = {0: (6, 2, 2, 4), 1: (2, 2, 2, 2), 2: (3, 3, 3, 3)}  # images a group by split


def make(root, head=HEAD, change=lambda line: line):
    """A small Waterbirds: images of several sizes, whose brightness is the class and whose redness is the place."""
    lines, number = [head], 0
    for split, sizes in SIZES.items():
        for group, size in enumerate(sizes):
            for _ in range(size):
                y, place = divmod(group, 2)
                pixels = np.full((40 + number % 3, 50, 3), 60 + 120 * y, np.uint8)
                pixels[..., 0] += np.uint8(40 * place)
                file = root / "birds" / f"{number}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(file)
                lines.append(change(f"{number},birds/{number}.png,{y},{split},{place},/p/{number // 2}.jpg"))
                number += 1
    (root / "metadata.csv").write_text("\n".join(line for line in lines if line) + "\n")
    return f"metadata:{root}?side=32"


def test_the_published_layout_is_read(tmp_path):
    data = datasets.load(make(tmp_path) + "&cluster=place_filename")
    assert data.classes == ("y=0", "y=1") and data.groups[1] == "y=0 place=1"
    for split, sizes in zip((data.train, data.validation, data.test), SIZES.values(), strict=True):
        assert np.bincount(split.groups).tolist() == list(sizes) and split.images.shape[1:] == (3, 32, 32)
        brightness = split.images[:, 2].float().mean((1, 2))
        assert (brightness == 60 + 120 * split.labels).all()
    assert len(set(data.test.clusters.tolist())) == 6  # two images on each place


def test_other_columns_and_names_are_given_by_option(tmp_path):
    make(tmp_path, head="id,filename,target,part,a,x", change=lambda line: line.replace("birds/", ""))
    options = "image=filename&folder=birds&label=target&split=part&attribute=a&side=32"
    data = datasets.load(f"metadata:{tmp_path}?{options}&classes=cat,dog&values=inside,outside")
    assert data.groups == ("cat inside", "cat outside", "dog inside", "dog outside")


def test_waterbirds_are_looked_for_under_the_data_root(tmp_path, monkeypatch):
    monkeypatch.setenv("DROP_DATA", str(tmp_path))
    missing = (
        "waterbird_complete95_forest2water2/metadata.csv is missing: unpack https://nlp.stanford.edu/.*tar.gz there"
    )
    for ask in (datasets.load, datasets.digest):
        with pytest.raises(FileNotFoundError, match=missing):
            ask("waterbirds")
    make(tmp_path / "waterbird_complete95_forest2water2")
    data = datasets.load("waterbirds")
    assert data.groups[2] == "waterbird on land" and data.train.images.shape[2:] == (224, 224)


def test_the_identity_covers_the_table_and_every_image(tmp_path):
    name = make(tmp_path)
    seen = {datasets.digest(name)}
    table = (tmp_path / "metadata.csv").read_text()
    (tmp_path / "metadata.csv").write_text(table.replace("0,birds/0.png,0,0,0", "0,birds/0.png,0,0,1"))
    seen.add(datasets.digest(name))
    Image.new("RGB", (40, 40)).save(tmp_path / "birds" / "3.png")
    seen.add(datasets.digest(name))
    assert len(seen) == 3


@pytest.mark.parametrize("head, change, options, said", [
    (HEAD.replace("place,", "scene,"), lambda line: line, "", "no column 'place', only .*scene.*: name it by att"),
    (HEAD, lambda line: line.replace(",0,0,1,", ",0,0,,"), "", "line 8: 'place' is empty"),
    (HEAD, lambda line: line.replace(",0,0,1,", ",0,7,1,"), "", "line 8: split is '7', but must be one of 0, 1, 2"),
    (HEAD, lambda line: line.replace("birds/7", "birds/x"), "", "1 of 34 images are missing, such as .*birds/x.png"),
    (HEAD, lambda line: "" if ",0,2,1," in line else line, "", "no test image of the group 'y=0 place=1"),
    (HEAD, lambda line: "" if ",1,1,0," in line else line, "", "no validation image of the group 'y=1 place=0"),
    (HEAD, lambda line: "" if line.split(",")[3] == "2" else line, "", "has no row of the split 'test'"),
    (HEAD, lambda line: line, "&attribute=x", "no column 'x'"),
    (HEAD, lambda line: line, "&atribute=x", "unknown option 'atribute'; it must be one of attribute, classes"),
    (HEAD, lambda line: line, "&side=big", "side is 'big', but must be a number of pixels"),
    (HEAD, lambda line: line, "&classes=a,b,c", "column 'y' has the values 0, 1, but classes names 3"),
    (HEAD, lambda line: line.replace(",0,/", ",1,/"), "", "the attribute has one value, 'place=1'"),
])  # fmt: skip
def test_what_does_not_fit_is_said_before_an_image_is_read(tmp_path, monkeypatch, head, change, options, said):
    name = make(tmp_path, head, change).removesuffix("?side=32") + "?side=32" + options
    monkeypatch.setattr("drop.experiments.folders._rgb", pytest.fail)
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        datasets.load(name.replace("?side=32&side", "?side"))


def test_a_file_that_is_no_image_is_named(tmp_path):
    name = make(tmp_path)
    (tmp_path / "birds" / "5.png").write_text("no image")
    with pytest.raises(ValueError, match="birds/5.png is not a readable image"):
        datasets.load(name)


def test_resnet50_is_trained_and_pruned_by_group_on_such_data(tmp_path):
    recipe = dataclasses.replace(SMOKE, model="resnet50", epochs=1, batch=8, short_queries=1)
    tiny = Benchmark("birds", "smoke", make(tmp_path / "data"), recipe)
    store = Store(tmp_path / "records", also=[])
    [run] = measure(plan(tiny, ["random+drop"], [0.5]), store, workers=1, device="cpu")
    record = store.get(run.key)
    assert record["class_sizes"] == [6, 2, 2, 4] and sum(record["kept"]) == 7 and len(record["quota_recalls"]) == 4


def test_without_its_weights_a_pretrained_network_says_what_to_put_where(monkeypatch):
    def fail(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", fail)
    with pytest.raises(OSError, match="resnet50 could not be downloaded.*put resnet50-.*pth.*or train from scratch"):
        models.build("resnet50-imagenet", 2, size=32)


def test_pretrained_weights_fill_the_body_and_leave_the_head(monkeypatch):
    state = models.build("resnet50", 1000, size=32, seed=3).body.state_dict()
    monkeypatch.setattr(models, "imagenet_weights", lambda name: state)
    network = models.build("resnet50-imagenet", 2, size=32, seed=1)
    assert all((value == state[name]).all() for name, value in network.body.state_dict().items())
    assert network.head.weight.shape == (2, 2048)

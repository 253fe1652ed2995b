"""Photos of any kind become small square images, as one sees them; what is none is named."""

import numpy as np
import pytest
from PIL import Image

from drop.experiments import convergence, photos


def save(path, pixels, mode="RGB", **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path, **how)


GREY = np.full((40, 60, 3), 128, np.uint8)
HALVES = np.zeros((40, 60, 3), np.uint8)  # left red, right blue
HALVES[:, :30, 0], HALVES[:, 30:, 2] = 255, 255


def test_every_format_looks_as_it_looks(tmp_path):
    for name, mode in {
        "a.png": "RGB", "b.jpg": "RGB", "c.gif": "P", "d.bmp": "RGB", "e.webp": "RGB", "f.tiff": "RGB",
        "g.jpeg": "CMYK", "h.PNG": "L", "i.png": "LA", "j.png": "P", "k.ppm": "RGB", "l.png": "RGBA",
    }.items():  # fmt: skip
        save(tmp_path / name, GREY, mode)
        found = photos.decode(tmp_path / name, 16)
        assert found.shape == (3, 16, 16) and found.dtype == np.uint8, name
        assert np.abs(found.astype(int) - 128).max() <= 12, name  # palettes are dithered


def test_16_bits_and_floats_keep_their_greys(tmp_path):
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64)
    Image.fromarray(ramp.astype(np.uint16)).save(tmp_path / "a.png")
    Image.fromarray((ramp / 65535).astype(np.float32)).save(tmp_path / "b.tiff")
    Image.fromarray(ramp.astype(np.int32)).save(tmp_path / "c.tiff")
    expected = (ramp / 257).reshape(16, 4, 16, 4).mean((1, 3))
    for name in ("a.png", "b.tiff", "c.tiff"):
        assert np.abs(photos.decode(tmp_path / name, 16)[0] - expected).max() <= 1.5, name


def test_exif_turns_a_photo(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored on its side: to be turned clockwise
    for name in ("a.jpg", "b.png", "c.webp"):
        Image.fromarray(HALVES).save(tmp_path / name, exif=exif)
        found = photos.decode(tmp_path / name, 16)
        assert (found[0, :6] > 200).all() and (found[2, 10:] > 200).all(), name  # red above, blue below


def test_transparent_pixels_are_white(tmp_path):
    clear = np.zeros((20, 20, 4), np.uint8)
    Image.fromarray(clear).save(tmp_path / "a.png")
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([0, 0, 0] * 256)
    palette.save(tmp_path / "b.png", transparency=0)
    for name in ("a.png", "b.png"):
        assert (photos.decode(tmp_path / name, 16) == 255).all(), name


def test_a_folder_is_found_whatever_else_lies_in_it(tmp_path):
    for name in (
        "ant/1.png",
        "ant/deep/2.JPG",
        "bee/1.png",
        ".hidden/1.png",
        "ant/.ipynb_checkpoints/1.png",
        "__MACOSX/1.png",
    ):
        save(tmp_path / name, GREY)
    for name in ("fly/notes.txt", "ant/movie.mp4", "README.md", "ant/.DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "bee" / "elsewhere").symlink_to(tmp_path / "ant", target_is_directory=True)
    found = photos.find(tmp_path)
    assert found.classes == ("ant", "bee") and found.labels.tolist() == [0, 0, 1] and found.empty == ("fly",)
    assert [str(path.relative_to(tmp_path)) for path in found.files] == ["ant/1.png", "ant/deep/2.JPG", "bee/1.png"]
    assert [path.name for path in found.skipped] == ["movie.mp4", "elsewhere", "notes.txt", "README.md"]
    assert found.held_out is None


def test_val_or_test_beside_train_is_held_out(tmp_path):
    for name in ("train/ant/1.png", "train/bee/1.png", "test/bee/2.png", "test/cow/1.png", "val/ant/3.png"):
        save(tmp_path / name, GREY)
    found = photos.find(tmp_path)
    assert found.classes == ("ant", "bee") and [path.name for path in found.held_out[0]] == ["3.png"]


def test_wrong_folders_are_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder .*none"):
        photos.find(tmp_path / "none")
    save(tmp_path / "ant" / "1.png", GREY)
    with pytest.raises(ValueError, match="holds 1 folders with images, but needs one folder for each class"):
        photos.find(tmp_path)
    save(tmp_path / "deep" / "train" / "ant" / "1.png", GREY)
    save(tmp_path / "deep" / "train" / "bee" / "1.png", GREY)
    (tmp_path / "deep" / "test").mkdir()
    with pytest.raises(ValueError, match="test holds no images of the classes"):
        photos.find(tmp_path / "deep")


def test_broken_files_are_named_and_others_read(tmp_path):
    save(tmp_path / "a.png", GREY)
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    (tmp_path / "c.jpg").write_text("no image")
    done = []
    images, broken = photos.read([tmp_path / name for name in ("c.jpg", "a.png", "b.png")], 16, done.append)
    assert broken == [0, 2] and len(done) == 3
    assert images.shape == (3, 3, 16, 16) and (images[1] == 128).all() and not images[[0, 2]].any()


def test_a_share_of_each_class_is_held_out_but_never_all():
    labels = np.repeat([0, 1, 2, 3], [10, 3, 2, 1])
    held = photos.cut(labels, 0.2, seed=0)
    assert np.bincount(labels[held], minlength=4).tolist() == [2, 1, 1, 0]
    assert np.bincount(labels[photos.cut(labels, 0.9, seed=0)], minlength=4).tolist() == [9, 2, 1, 0]
    assert (photos.cut(labels, 0.2, seed=0) == held).all() and (photos.cut(labels, 0.2, seed=3) != held).any()


def test_the_length_of_a_query_does_not_depend_on_what_was_given():
    assert convergence.lengths(640, 64) == [20, 40, 80, 160, 320, 640]
    assert convergence.lengths(10**6, 256) == [1, 2, 4, 8, 16, 32]
    assert convergence.lengths(640, 64, epochs=7) == [7]
    with pytest.raises(ValueError, match="epochs is 0, but training takes at least one"):
        convergence.lengths(640, 64, epochs=0)


def test_training_stops_when_recalls_stay():
    def counts(right):
        return np.array([[right, 100 - right], [0, 100]])

    assert not convergence.settled(None, counts(80)) and not convergence.settled(counts(50), counts(80))
    assert convergence.settled(counts(80), counts(82)) and convergence.settled(counts(80), counts(60))

    class Teacher:
        size, recipe = 640, convergence.recipe_for(640, 64, "cpu")

        def confusion(self, epochs):
            return counts({20: 20, 40: 60, 80: 90, 160: 91}[epochs])

    trained = list(convergence.longer_and_longer(Teacher(), None, {20: counts(20)}))
    assert [length for length, _ in trained] == [20, 40, 80, 160]

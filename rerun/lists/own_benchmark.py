"""A benchmark of one's own: images in class folders, a small network, its training. A list names it by `register:`."""

from drop.experiments.benchmarks import Benchmark, Recipe, register

RECIPE = Recipe(
    model="small-16-32-32",  # channels of its three stages; or vgg16, vgg19, resnet18
    epochs=10,
    batch=128,
    rate=0.15,
    weight_decay=1e-3,
    shift=2,  # augmentation: mirrored and moved by up to two pixels
    precision="fp32",
)
DATA = "fashion-mnist-mini"  # or "folder:/data/birds", with train/<class>/*.png and test/<class>/*.png in it
register(Benchmark("my-birds", "laptop", DATA, RECIPE))

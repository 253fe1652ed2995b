"""Long tails: their sizes, their orders, and where the orders come from."""

import numpy as np
import pytest

from drop.experiments import datasets, longtails, records
from drop.experiments.originals import Original
from drop.metrics import recalls_of


def published(a_class: int) -> Original:
    labels = np.tile(np.arange(4), a_class)
    return Original(tuple("abcd"), (np.arange(len(labels)), labels), (np.arange(8), np.tile(np.arange(4), 2)))


def test_sizes_fall_exponentially_along_the_order_and_the_first_images_stay():
    found = longtails.cut(published(1000), 1000, order=(2, 0, 3, 1))
    images, labels = found.train
    assert np.bincount(labels).tolist() == [100, 1, 1000, 10]
    assert images[labels == 3].tolist() == [4 * i + 3 for i in range(10)]
    assert (found.test[0] == published(1000).test[0]).all()


@pytest.mark.parametrize(
    "order, first, last", [("hard-frequent", "Shirt", "Trouser"), ("hard-rare", "Trouser", "Shirt")]
)
def test_the_two_orders_put_the_hardest_class_at_either_end(order, first, last):
    data = datasets.load(f"fashion-mnist-mini-tail100-{order}")
    sizes = np.bincount(data.train.labels)
    assert (sizes.max(), sizes.min()) == (500, 5)
    assert (data.classes[sizes.argmax()], data.classes[sizes.argmin()]) == (first, last)
    assert np.bincount(data.test.labels).tolist() == [250] * 10  # balanced, as the validation set


@pytest.mark.parametrize("name", ["fashion-mnist", "cifar10"])
def test_hardness_is_the_validation_recall_of_full_training_in_committed_records(name):
    found = [
        record for record in records.load(records.committed())
        if (record["run"]["benchmark"], record["run"]["scale"]) == (name, "laptop")
        and record["run"]["pruner"] == "full" and record["run"]["seed"] < 3
    ]  # fmt: skip
    recalls = np.mean([recalls_of(record["validation"]) for record in found], axis=0)
    assert len(found) == 3 and np.argsort(recalls).tolist() == list(longtails.HARDEST[name])

"""Facts about training: lanes are held to a plain loop, the data order to its definition, schedules to the paper's."""

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from drop.experiments import datasets
from drop.experiments.arena import Arena
from drop.experiments.benchmarks import SMOKE, benchmark
from drop.experiments.lanes import Job, Lane, rates, seed_of
from drop.experiments.models import build
from drop.experiments.training import train

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"))]
RECIPE = dataclasses.replace(SMOKE, epochs=2, batch=64, evaluations=2, shift=2)


@pytest.fixture(scope="module")
def data():
    return datasets.load("fashion-mnist-mini")


@pytest.fixture(scope="module", params=DEVICES)
def arena(request, data):
    return Arena(data, RECIPE, request.param)


def job(seed=0, n=500, **changes):
    recipe = dataclasses.replace(RECIPE, **{k: v for k, v in changes.items() if k in ("epochs", "evaluations")})
    others = {k: v for k, v in changes.items() if k not in ("epochs", "evaluations")}
    return Job(("test", seed), recipe, np.arange(0, 2 * n, 2), **others)


def plain_loop(arena, job, steps, factor=1.0):
    """The reference: one network, one batch after another, straight from the definitions, in double precision."""
    recipe, n = job.recipe, len(job.kept)
    network = build(recipe.model, 10, 1, 28, seed_of("weights", *job.name) % 2**32)
    network = network.to(arena.device, torch.float64).train()
    total = -(-recipe.epochs * n // recipe.batch)
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.0, momentum=recipe.momentum, weight_decay=recipe.weight_decay, nesterov=True
    )
    generator = torch.Generator().manual_seed(seed_of("order", *job.name))
    order = torch.cat([torch.randperm(n, generator=generator) for _ in range(recipe.epochs + 1)])
    losses = []
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = factor * float(rates(recipe, total, n)[step])
        kept = torch.from_numpy(job.kept)[order[step * recipe.batch : (step + 1) * recipe.batch]].to(arena.device)
        images = arena.batches(kept, None).permute(0, 3, 1, 2).double()
        loss = F.cross_entropy(network(images), arena.labels[kept])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return network, np.array(losses)


@pytest.mark.parametrize("lanes", [1, 3])
def test_the_lanes_take_the_same_20_steps_as_a_plain_loop(arena, data, lanes):
    """In double precision: in single, a ReLU that rounds to the other side is one percent of a gradient."""
    arena = Arena(data, dataclasses.replace(RECIPE, precision="fp64"), arena.device)
    one = job(n=640, augment=False, epochs=2, evaluations=1)  # 20 steps of 64
    others = [job(seed, n=640, augment=False, evaluations=1) for seed in (1, 2)]
    states = {}

    def read(network, _):
        return {name: value.cpu().numpy().copy() for name, value in network.state_dict().items()}

    jobs = [dataclasses.replace(each, after=read) for each in (one, *others)]
    for each, result in train(arena, jobs, lanes):
        states[each.name] = result
    network, losses = plain_loop(arena, one, 20)
    mine = states[one.name]
    np.testing.assert_allclose(mine.losses, losses.mean(), rtol=1e-6)
    for name, value in network.state_dict().items():
        np.testing.assert_allclose(mine.outputs[name], value.cpu().numpy(), rtol=1e-6, atol=1e-8, err_msg=name)


def test_a_rate_that_is_wrong_by_a_thousandth_would_show(arena, data):
    arena = Arena(data, dataclasses.replace(RECIPE, precision="fp64"), arena.device)
    one = job(n=640, augment=False, epochs=2, evaluations=1)
    [(_, result)] = train(arena, [one])
    assert abs(result.losses[0] / plain_loop(arena, one, 20, 1.001)[1].mean() - 1) > 1e-4


def test_neither_the_other_lanes_nor_the_order_of_jobs_change_a_result(arena):
    jobs = [job(0, 500), job(1, 130), job(2, 300, epochs=3)]
    alone = {each.name: result for each in jobs for _, result in train(arena, [each])}
    together = {each.name: result for each, result in train(arena, jobs[::-1], lanes=2)}
    for each in jobs:
        a, b = alone[each.name], together[each.name]
        np.testing.assert_allclose(a.losses, b.losses, rtol=1e-3)
        assert abs(a.test - b.test).sum() <= (0 if arena.device.type == "cpu" else 100)


def test_every_sample_is_seen_once_an_epoch_and_its_dynamics_stand_in_its_place(arena):
    one = job(n=100, epochs=5, evaluations=1, record_dynamics=True)  # 100 samples in batches of 64
    [(_, result)] = train(arena, [one])
    probability, correct = result.outputs["probability"], result.outputs["correct"]
    assert probability.shape == correct.shape == (5, 100)
    assert probability.dtype.itemsize + correct.dtype.itemsize <= 4  # bytes per sample and epoch
    assert (probability > 0).all()  # each entry was written
    assert (probability[correct] > 0.1).all()  # an arg-max of ten classes


def test_fewer_samples_than_a_batch_train_too(arena):
    [(_, result)] = train(arena, [job(n=10, epochs=30, evaluations=1, record_dynamics=True)])
    assert result.outputs["probability"].shape == (30, 10)
    assert result.outputs["probability"][-1].mean() > result.outputs["probability"][0].mean()


def test_evaluations_count_every_held_out_image_at_the_epochs_that_were_asked_for(arena, data):
    [(_, result)] = train(arena, [job(n=320, epochs=4, evaluations=4)])
    assert result.validation.shape == result.test.shape == (4, 10, 10)
    assert (result.test.sum(2) == np.bincount(data.test.labels)).all()
    np.testing.assert_allclose(result.epochs, [1, 2, 3, 4])


def test_the_learning_set_grows_easier(arena):
    [(_, result)] = train(arena, [job(n=2000, epochs=4, evaluations=4)])
    assert result.losses[-1] < result.losses[0] / 1.5
    assert result.test[-1].trace() / result.test[-1].sum() > 0.6  # chance is 0.1


def test_cost_sensitive_training_weighs_classes_by_their_errors(arena):
    lane = Lane(arena, ("cdb-w", ()))
    lane.load(job(n=320, epochs=2, evaluations=2, loss=("cdb-w", ())))
    lane.fill(5)
    for _ in range(5):
        lane.step()
    lane.collect(5)
    counts = lane.progress.evaluated[0][0].cpu().numpy()
    np.testing.assert_allclose(lane.loss.class_weights.cpu(), 1 - counts.diagonal() / counts.sum(1), atol=1e-6)


def test_augmentation_mirrors_and_moves_and_does_nothing_else(data):
    arena = Arena(data, RECIPE)
    plain = arena.batches(torch.arange(20), None)
    moved = arena.batches(torch.arange(20), torch.Generator().manual_seed(0))
    black = arena.normalise(torch.zeros(1, dtype=torch.uint8))
    for before, after in zip(plain, moved, strict=True):
        padded = torch.full((32, 32, 1), black.item())
        padded[2:30, 2:30] = before
        views = [padded[y : y + 28, x : x + 28] for y in range(5) for x in range(5)]
        assert any(torch.equal(after, view) or torch.equal(after, view.flip(1)) for view in views)
    assert not torch.equal(plain, moved)


def test_images_are_normalised_over_the_training_set(data):
    arena = Arena(data, SMOKE)
    images = arena.batches(torch.arange(len(data.train.labels)), None)
    np.testing.assert_allclose(images.mean(), 0, atol=1e-4)
    np.testing.assert_allclose(images.std(), 1, atol=1e-4)
    raw = arena.normalise(arena.train_images()).unflatten(1, (28, 28))
    assert torch.equal(images, raw)


@pytest.mark.parametrize("density, epochs", [(1.0, 160), (0.8, 180), (0.5, 240), (0.3, 346), (0.1, 880)])
def test_the_paper_trains_longer_on_less(density, epochs):
    recipe = benchmark("cifar10", "paper").recipe_at(density)
    assert recipe.epochs == epochs
    assert recipe.drops == (epochs // 2, epochs * 3 // 4)


def test_the_paper_s_rate_falls_to_a_fifth_twice():
    recipe = benchmark("cifar10", "paper").recipe
    steps = 160 * 50_000 // 128
    values = rates(recipe, steps, 50_000)
    np.testing.assert_allclose(values.unique(), [0.004, 0.02, 0.1], rtol=1e-6)
    assert int((values == values[0]).sum()) == -(-80 * 50_000 // 128)


def test_the_triangle_rises_falls_and_ends_near_zero():
    values = rates(SMOKE, 100, 1000)
    assert values.argmax() == 19 or values.argmax() == 20
    assert values.max() <= SMOKE.rate and 0 < values[-1] < 0.01 * SMOKE.rate and 0 < values[0] < 0.05 * SMOKE.rate


def test_seeds_differ_by_every_part_of_a_name():
    names = [("a", 0), ("a", 1), ("b", 0), ("a", 0, 0), ("a0",)]
    assert len({seed_of(*name) for name in names}) == len(names)
    assert seed_of("order", "final", 0) == 8416461633090532830  # the same on every machine


def test_a_precision_of_bf16_learns_as_well(data):
    recipe = dataclasses.replace(RECIPE, precision="bf16", epochs=4, evaluations=1)
    arena = Arena(data, recipe)
    [(_, result)] = train(arena, [Job(("test", 0), recipe, np.arange(0, 4000, 2))])
    assert result.test[-1].trace() / result.test[-1].sum() > 0.6


def test_images_that_are_not_square_are_refused(data, arena):
    wide = dataclasses.replace(data, train=datasets.Split(data.train.images[:, :, :20], data.train.labels))
    with pytest.raises(ValueError, match="28 x 20 pixels, but must be square"):
        Arena(wide, arena.recipe)


def test_no_jobs_no_results(arena):
    assert list(train(arena, [])) == []

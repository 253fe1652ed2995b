"""What the chapters on the theory compute and draw: the checks bite, the figures show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from drop.chapters import mixture_pruners, theory_checks
from drop.chapters import theory_figures as draw
from drop.chapters import theory_maps as maps
from drop.mixture import GaussianMixture

PAPER = GaussianMixture((-1, 1), (0.5, 1))


def test_no_check_of_a_theorem_finds_a_counterexample():
    many = theory_checks.random_mixtures(400, 3)
    found = theory_checks.thresholds(many)
    assert found["grid better than the theorem"] == found["grid worse by more than 0.001"] == 0
    assert found["local but not global minimum"] > 5 and found["without stationary point"] > 5
    steps = theory_checks.overshooting(many)
    minima = 400 - found["without stationary point"]
    assert steps["with a local minimum"] == [minima, minima] and steps["crossed the wanted ratio"][0] == minima
    for name in ("ended further from it", "worst class worse off", "a class given up"):
        plain, damped = steps[name]
        assert 0 <= damped < plain / 2, name


def test_one_step_harms_little_overlap_too_where_widths_differ_much():
    many = GaussianMixture([(-1, 1), (-1, 1), (0, 1)], [(0.1, 1), (0.5, 1), (0.5, 1)])
    steps = theory_checks.overshooting(many)
    assert steps["worst class worse off"] == [2, 0]  # the second is the paper's, where the step helps
    [row] = theory_checks.one_step([((-1, 1), (0.1, 1))])
    assert (row[3], row[4], row[7]) == pytest.approx((0.0423, 0.0345, 0.0516), abs=6e-5)
    overlaps, ratios = np.array([0.045, 0.3, 0.05, 0.2]), np.array([6.0, 1.2, 1.5, 1.2])
    share, _ = theory_checks.step_share(overlaps, ratios, np.array([0.5, 0.5]), damped=False)
    assert (share < 0).tolist() == [True, True, False, False]


def test_rows_hold_the_published_values():
    [row] = theory_checks.one_step([((-1, 1), (0.5, 1))])
    assert row[0] == "−1, 1; 0.5, 1"
    assert row[1:] == pytest.approx([-0.17, 0.0485, 0.1210, 0.0912, 0.5, 0.4006, 0.1112, 0.0823], abs=6e-5)
    [[_, fair, narrow, least, tried]] = theory_checks.reachable([((0, 1), (0.5, 2))])
    assert (fair, narrow) == pytest.approx((0.345, 0.2), abs=1e-3) and least < tried < least + 1e-3


def test_the_map_agrees_with_one_mixture():
    overlap, ratio, share, lost = theory_checks.step_map(np.array([0.5, 0.5]), damped=False, points=40)
    i, j = np.unravel_index(np.argmin(abs(overlap - 0.0912) + abs(ratio - 2)), overlap.shape)
    assert share[i, j] == pytest.approx((0.1210 - 0.1112) / (0.1210 - 0.0912), abs=0.1) and not lost[i, j]
    damped = theory_checks.step_map(np.array([0.5, 0.5]), damped=True, points=40)[2]
    assert (damped < 0).mean() < (share < 0).mean() / 2


def test_draws_scatter_around_the_exact_thresholds():
    exact = mixture_pruners.exact(PAPER)
    assert list(exact) == list(mixture_pruners.LABELS)
    drawn = [mixture_pruners.drawn(PAPER, [0.5], 20_000, seed) for seed in range(0, 6, 2)]
    for name in ("random", "random+drop", "minimax", "prototype"):
        places = np.mean([draw_[name][0] for draw_ in drawn])
        assert places == pytest.approx(float(exact[name](np.array(0.5))), abs=0.08), name


def test_the_hills_show_where_the_learner_draws_the_line():
    fig = draw.hills(PAPER, PAPER.drop_densities(0.1), "DRoP", draw.DROP)
    upright = [line.get_xdata()[0] for line in fig.axes[0].get_lines() if len(set(line.get_xdata())) == 1]
    learnt = PAPER.prune_randomly(PAPER.drop_densities(0.1)).average_optimal_threshold()
    assert upright == pytest.approx([float(PAPER.worst_class_threshold()), float(learnt)])
    plt.close(fig)


def test_pairs_are_placed_on_the_map_and_changes_on_the_diagonal():
    images = (np.array([0.1, 0.2]), np.array([1.0, 1.5]), "o", "#ffffff", 6)
    fig = maps.mixture_map(*theory_checks.step_map(np.array([0.5, 0.5]), False, 20), "One step", {"images": images})
    marks = fig.axes[0].get_lines()[-1]
    assert marks.get_xdata().tolist() == [10, 20] and marks.get_ydata().tolist() == [1.03, 1.5]
    plt.close(fig)
    fig = maps.foretold({"random+drop": (np.array([0.1, -0.1]), np.array([0.1, -0.2]))}, "images")
    assert fig.axes[0].get_lines()[0].get_ydata().tolist() == [10, -20]
    plt.close(fig)

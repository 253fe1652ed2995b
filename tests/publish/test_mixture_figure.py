"""The movable figure computes what drop.mixture computes, and obeys the keyboard."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from drop.mixture import GaussianMixture

DATA = Path(__file__).parents[2] / "drop" / "data"
SCRIPT = """
const { solve } = require(process.argv[1]);
const rows = JSON.parse(require("fs").readFileSync(0, "utf8"));
const plain = (key, value) => (value === Infinity ? "inf" : value === -Infinity ? "-inf" : value);
const mixtures = rows.map(([m0, m1, s0, s1, p, d]) => [{ means: [m0, m1], stds: [s0, s1], priors: [p, 1 - p] }, d]);
console.log(JSON.stringify(mixtures.map((given) => solve(...given)), plain));
"""


def parameters(size: int) -> np.ndarray:
    """μ0, μ1, σ0, σ1, φ0, d (size, 6) all over the sliders' range."""
    rng = np.random.default_rng(0)
    gap, log_ratio = rng.uniform(0.2, 4, size), rng.uniform(-2, 2, size) * np.log(2)
    stds = np.stack([np.minimum(1, np.exp(-log_ratio)), np.minimum(1, np.exp(log_ratio))], axis=-1)
    return np.column_stack([-gap / 2, gap / 2, stds, rng.uniform(0.05, 0.95, size), rng.uniform(0.05, 1, size)])


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_figure_computes_the_numbers_of_drop_mixture():
    rows = parameters(1000)
    done = subprocess.run(
        ["node", "-e", SCRIPT, str(DATA / "mixture.js")],
        input=json.dumps(rows.tolist()),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    mixture = GaussianMixture(rows[:, :2], rows[:, 2:4], np.stack([rows[:, 4], 1 - rows[:, 4]], axis=-1))
    density = rows[:, 5]
    theirs = json.loads(done.stdout)
    densities = {
        "random": np.stack([density, density], axis=-1),
        "drop": mixture.drop_densities(density),
        "best": mixture.optimal_densities(density),
    }
    for rule, expected in densities.items():
        trained = mixture.prune_randomly(expected).average_optimal_threshold()
        np.testing.assert_allclose([r[rule]["densities"] for r in theirs], expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose([float(r[rule]["threshold"]) for r in theirs], trained, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(
            [r[rule]["risks"] for r in theirs], mixture.class_risks(trained), rtol=1e-8, atol=1e-12
        )
    hat = mixture.worst_class_threshold()
    np.testing.assert_allclose([r["worstClassThreshold"] for r in theirs], hat, atol=1e-12)
    np.testing.assert_allclose([r["minimaxRisk"] for r in theirs], mixture.worst_class_risk(hat), rtol=1e-10)
    np.testing.assert_allclose([r["feasibleDensity"] for r in theirs], mixture.feasible_density(), rtol=1e-12)


def test_the_figure_follows_the_arrow_keys(browser):
    style, script = ((DATA / name).read_text() for name in ("mixture.css", "mixture.js"))
    page_text = f'<!doctype html><style>{style}</style><div class="mixture-lab"></div><script>{script}</script>'
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.set_default_timeout(600_000)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.set_content(page_text)
    cells = [page.locator("tbody tr").nth(1).inner_text().split()]
    page.get_by_label("Distance of the means").focus()
    page.keyboard.press("ArrowRight")
    cells.append(page.locator("tbody tr").nth(1).inner_text().split())
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    page.close()
    assert not problems and not wide
    for gap, shown in zip((2.0, 2.05), cells, strict=True):
        m = GaussianMixture((-gap / 2, gap / 2), (0.5, 1))
        densities = m.drop_densities(0.3)
        t = m.prune_randomly(densities).average_optimal_threshold()
        expected = [*densities, float(t), *m.class_risks(t)]
        assert [float(text.replace("−", "-")) for text in shown[-5:]] == pytest.approx(expected, abs=5.1e-4)

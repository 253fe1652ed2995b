"""A benchmark that trains in a blink."""

from drop.experiments.benchmarks import Benchmark, Recipe, register

RECIPE = Recipe(
    "small-2-2-2", 1, 512, 0.1, 1e-3, precision="fp32", budget=0.0, short_queries=1, full_epochs=2, evaluations=1
)
register(Benchmark("tiny", "smoke", "fashion-mnist-mini", RECIPE))

# %% [markdown]
# # The smallest notebook that measures

# %% tags=["parameters"]
benchmark = "tiny"
scale = "smoke"
pruners = ["random"]
densities = [0.1]
seeds = [0]
train = "never"
divisor = 1

# %%
from drop.experiments import benchmarks  # noqa: E402
from drop.experiments.collect import collect  # noqa: E402

plan = benchmarks.plan(benchmarks.benchmark(benchmark, scale), pruners, densities, seeds)
found = collect(plan, train)

# %%
len(found) / divisor

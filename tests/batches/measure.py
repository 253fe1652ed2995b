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
from drop import benchmarks  # noqa: E402

plan = benchmarks.plan(benchmarks.benchmark(benchmark, scale), pruners, densities, seeds)
found = benchmarks.collect(plan, train)

# %%
len(found) / divisor

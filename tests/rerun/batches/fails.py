# %% tags=["parameters"]
divisor = 0

# %%
1 / divisor

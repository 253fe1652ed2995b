"""Benchmarks of cost, run by hand on a quiet machine, side by side with the paper's released code where it can run."""

"""Notebooks → executed pages → HTML."""

"""The Gaussian-mixture theory: two classes on a line, pruning by distance, and what lies beyond two classes."""

from drop.mixture.gaussian import (
    HARDEST,
    Floats,
    GaussianMixture,
    damped_exponent,
    empirical_threshold,
    two_classes,
)

__all__ = ["HARDEST", "Floats", "GaussianMixture", "damped_exponent", "empirical_threshold", "two_classes"]

"""The Gaussian-mixture theory: two classes on a line, pruning by distance, and what lies beyond two classes."""

from drop.mixture.gaussian import (
    Floats,
    GaussianMixture,
    damped_exponent,
    empirical_threshold,
    two_classes,
)

__all__ = ["Floats", "GaussianMixture", "damped_exponent", "empirical_threshold", "two_classes"]

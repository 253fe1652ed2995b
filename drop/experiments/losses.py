"""Cross-entropy with class weights, and the weights of cost-sensitive training (CDB-W)."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def cross_entropy(
    logits: torch.Tensor, labels: torch.Tensor, class_weights: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """Weighted mean of the samples' cross-entropies, a scalar.

    logits: float (N, K); labels: int64 (N,); class_weights: float (K,); smoothing: the share of the target
    that is spread evenly over all classes (Szegedy et al. 2016). The mean divides by the sum of the batch's
    weights, as torch does; a batch of weight zero has loss zero, not NaN. Nothing waits for the device, so a CUDA graph
    may capture it, with weights that are refreshed in place.
    """
    losses = F.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)  # (N,)
    weights = class_weights.to(losses.dtype)[labels]
    return (weights * losses).sum() / weights.sum().clamp_min(torch.finfo(losses.dtype).tiny)


def cdb_weights(recalls) -> torch.Tensor:
    """CDB-W's class weights 1 - r_k from the last epoch's validation recalls; float32 (K,).

    Train the first epoch with ones, then refresh after each epoch. When every recall is 1 all weights are 1.
    Source: Sinha et al. (2022), with the paper's exponent tau = 1. ValueError for recalls outside [0, 1].
    """
    recalls = torch.as_tensor(recalls, dtype=torch.float32)
    if recalls.ndim != 1 or not bool(((recalls >= 0) & (recalls <= 1)).all()):
        raise ValueError(f"recalls must be one number in [0, 1] per class, got {recalls.tolist()}")
    weights = 1 - recalls
    return weights if bool((weights > 0).any()) else torch.ones_like(weights)

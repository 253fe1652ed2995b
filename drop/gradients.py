"""Per-sample gradient norms, exact, from one backward pass per batch.

The gradient of one sample's loss with respect to a layer's parameters is a product of what went into the layer and of
the gradient that came back to its output. Its norm follows from those two: no per-sample gradient is ever stored.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

PATCHES = 2**18  # floats of image patches laid out at a time: 1 MB, so that they stay in the cache


def grand(model, images, labels, scope: str = "full", batch: int = 100) -> np.ndarray:
    """GraNd: the norm of the gradient of each sample's cross-entropy; float64 (N,), high = keep.

    model: torch module of linear, convolution and batch-norm layers, each used once a pass; its weights stay
    images: float (N, C, H, W), prepared as in training; labels: int (N,); torch tensors or NumPy arrays, on any device
    scope: "full" takes all parameters (the paper's), "last" the last linear layer with its bias only (DeepCore's)
    batch: samples in one backward pass; changes speed and memory only

    Batch norm is taken in evaluation mode, which makes samples independent of their batch. Average the scores of
    several query models. Ties are rare; the selection breaks them by a seeded shuffle.
    Source: Paul et al. (2021), with the paper's five models after 10 % of the epochs. ValueError for an unknown scope,
    unequal lengths, a layer of another kind, and a gradient that is not finite.
    """
    import torch

    layers = _layers(model, scope)
    images, labels = torch.as_tensor(images), torch.as_tensor(labels, dtype=torch.int64)
    if len(images) != len(labels):
        raise ValueError(f"images and labels must be equally many, got {len(images)} and {len(labels)}")
    device = next(model.parameters()).device
    training, trainable = model.training, [p.requires_grad for p in model.parameters()]
    try:
        model.eval().requires_grad_(False)
        squares = [
            _squared_norms(model, layers, images[i : i + batch].to(device), labels[i : i + batch].to(device))
            for i in range(0, len(labels), batch)
        ]
    finally:
        model.train(training)
        for parameter, flag in zip(model.parameters(), trainable, strict=True):
            parameter.requires_grad_(flag)
    norms = torch.cat(squares).sqrt().cpu().numpy() if squares else np.zeros(0)
    if not np.isfinite(norms).all():
        i = int(np.argmin(np.isfinite(norms)))
        raise ValueError(f"the gradient of sample {i} is not finite: did the query model diverge?")
    return norms


def _layers(model, scope: str) -> list:
    """The layers whose parameters count; ValueError if one of them is of a kind that has no rule."""
    from torch import nn

    if scope not in ("full", "last"):
        raise ValueError(f"scope must be 'full' or 'last', got {scope!r}")
    layers = [module for module in model.modules() if next(module.parameters(recurse=False), None) is not None]
    if scope == "last":
        layers = [layer for layer in layers if isinstance(layer, nn.Linear)][-1:]
    for layer in layers:
        _rule(layer)
    return layers


def _rule(layer) -> Callable:
    from torch import nn

    if isinstance(layer, nn.Linear):
        return _linear
    if isinstance(layer, nn.Conv2d) and _is_plain(layer):
        return _convolution
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) and layer.track_running_stats:
        return _batch_norm
    known = "linear layers, 2-d convolutions without groups or dilation, and batch norm with running statistics"
    raise ValueError(f"there is no gradient norm for {layer}, only for {known}")


def _is_plain(layer) -> bool:
    padded = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return padded and layer.groups == 1 and layer.dilation == (1, 1)


def _squared_norms(model, layers: list, images, labels):
    """Squared gradient norms of one batch, float64 (B,): each layer adds its share while the gradient passes it."""
    import torch

    total = torch.zeros(len(labels), dtype=torch.float64, device=labels.device)
    seen = set()

    def add(layer, entered, gradient) -> None:
        total.add_(_rule(layer)(layer, entered, gradient))

    def watch(layer, inputs, output) -> None:
        if layer in seen:
            raise ValueError(f"{layer} is used twice in one pass; its gradient norm is not the sum of the two")
        seen.add(layer)
        if not output.requires_grad:  # nothing before this layer is watched, so the backward pass ends here
            output.requires_grad_()
        output.register_hook(partial(add, layer, inputs[0].detach()))

    handles = [layer.register_forward_hook(watch) for layer in layers]
    try:
        with torch.enable_grad():
            torch.nn.functional.cross_entropy(model(images), labels, reduction="sum").backward()
    finally:
        for handle in handles:
            handle.remove()
    return total


def _linear(layer, entered, gradient):
    """|g aᵀ|² = |g|² |a|², and |g|² for the bias; entered a (B, I), gradient g (B, O)."""
    size = entered.square().sum(1) + (layer.bias is not None)
    return gradient.square().sum(1) * size


def _batch_norm(layer, entered, gradient):
    """Over pixels, the bias gets Σ g, the weight Σ g (x - mean)/std; entered x, gradient g (B, C) or (B, C, H, W)."""
    scale = (layer.running_var + layer.eps).rsqrt()
    x, g = entered.flatten(2) if entered.ndim > 2 else entered[:, :, None], gradient.reshape(*gradient.shape[:2], -1)
    bias = g.sum(2)
    weight = ((g * x).sum(2) - bias * layer.running_mean) * scale
    return bias.square().sum(1) + weight.square().sum(1)


def _convolution(layer, entered, gradient):
    """|Σ_p g_p u_pᵀ|² over output pixels p with patches u_p, by whichever of two orders is cheaper.

    entered (B, I, H, W); gradient g (B, P pixels, O); patches u (B, P, k·k·I). Either the product gᵀu itself, or the
    Gram form Σ_pq (g_p·g_q)(u_p·u_q), which wins where pixels are few and channels many.
    """
    import torch

    g = gradient.permute(0, 2, 3, 1).flatten(1, 2)
    pixels, outputs = g.shape[1:]
    inputs = layer.weight[0].numel()
    gram = pixels * (outputs + inputs) < outputs * inputs
    step = max(1, PATCHES // (inputs * pixels))
    squares = []
    for a, part in zip(entered.split(step), g.split(step), strict=True):
        u = _patches(layer, a)
        product = (part @ part.mT) * (u @ u.mT) if gram else (part.mT @ u).square()
        squares.append(product.sum((1, 2)))
    bias = 0 if layer.bias is None else g.sum(1).square().sum(1)
    return torch.cat(squares) + bias


def _patches(layer, a):
    """What each output pixel sees: (B, I, H, W) -> (B, P, k·k·I), in the memory order that is copied in longer rows."""
    from torch.nn.functional import pad

    (high, wide), (down, right) = layer.kernel_size, layer.stride
    a = pad(a, (layer.padding[1], layer.padding[1], layer.padding[0], layer.padding[0]))
    windows = a.unfold(2, high, down).unfold(3, wide, right)  # (B, I, rows, columns, k, k), a view
    if a.shape[1] < 4:  # grey or colour images: rows of pixels
        return windows.permute(0, 1, 4, 5, 2, 3).flatten(4).flatten(1, 3).mT
    return windows.permute(0, 2, 3, 4, 5, 1).flatten(3).flatten(1, 2)

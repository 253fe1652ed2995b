"""Fast formulas for the squared gradient norm of one layer's parameters, sample by sample, from one backward pass.

Each rule takes what entered a layer and the gradient that came back to its output, both with samples first, and returns
float (B,). It holds for a layer that is used once a pass, with one row an input sample, and whose parameters are used
nowhere else; `drop.gradients` checks that on the first samples.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

PATCHES = 2**18  # floats of image patches laid out at a time: 1 MB, so that they stay in the cache
Rule = Callable[[Any, Any, Any, bool, bool], Any]  # (layer, entered, gradient, weight counts, bias counts) -> (B,)


class Irregular(Exception):
    """A layer is used in a way that the formulas do not cover."""


def unknown(model: Any, chosen: dict[str, Any]) -> str | None:
    """Why there is no formula for some of the chosen parameters, or None where there is one for each."""
    import torch

    names = [name for name, p in model.named_parameters(remove_duplicate=False) if any(p is c for c in chosen.values())]
    if len(names) > len(chosen):
        return f"{next(name for name in names if name not in chosen)} is shared"
    for name, parameter in chosen.items():
        owner, _, own = name.rpartition(".")
        layer = model.get_submodule(owner)
        if own not in ("weight", "bias") or _rule(layer) is None:
            return f"there is no fast formula for {type(layer).__name__}.{own}"
        if parameter.dtype not in (torch.float32, torch.float64):
            return f"{name} is {parameter.dtype}"
    return None


def squared_norms(model: Any, chosen: dict[str, Any], loss: Callable[[], Any], size: int) -> Any:
    """Squared gradient norms of one batch, float64 (B,): each layer adds its share while the gradient passes it."""
    import torch

    own = {id(parameter) for parameter in chosen.values()}
    watched = {
        layer: tuple(part is not None and id(part) in own for part in (layer.weight, layer.bias))
        for layer in {model.get_submodule(name.rpartition(".")[0]): None for name in chosen}
    }
    total = torch.zeros(size, dtype=torch.float64, device=next(iter(chosen.values())).device)
    seen = set()

    def add(layer: Any, entered: Any, version: int, gradient: Any) -> None:
        if entered._version != version:
            raise Irregular(f"what enters {type(layer).__name__} is changed afterwards")
        rule = _rule(layer)
        assert rule is not None  # `unknown` has seen to that
        total.add_(rule(layer, entered, gradient, *watched[layer]))

    def watch(layer: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        if layer in seen:
            raise Irregular(f"{type(layer).__name__} is used twice in one pass")
        seen.add(layer)
        if not inputs or len(inputs[0]) != size or len(output) != size:
            raise Irregular(f"{type(layer).__name__} does not get one row a sample")
        if not output.requires_grad:  # nothing before this layer is watched, so the backward pass ends here
            output = output.detach().requires_grad_().clone()
        entered = inputs[0].detach()
        output.register_hook(partial(add, layer, entered, entered._version))
        return output

    trainable = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    handles = [layer.register_forward_hook(watch) for layer in watched]
    try:
        model.requires_grad_(False)
        loss().backward()
    finally:
        for handle in handles:
            handle.remove()
        for parameter, flag in trainable:
            parameter.requires_grad_(flag)
    return total


def _rule(layer: Any) -> Rule | None:
    from torch import nn

    if isinstance(layer, nn.Linear):
        return _linear
    if isinstance(layer, nn.Conv2d):
        return _convolution if _is_plain(layer) else _grouped
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
        return _batch_norm
    if isinstance(layer, nn.LayerNorm | nn.GroupNorm | nn.InstanceNorm1d | nn.InstanceNorm2d | nn.InstanceNorm3d):
        return _norm
    return None


def _is_plain(layer: Any) -> bool:
    padded = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return padded and layer.groups == 1 and layer.dilation == (1, 1)


def _linear(layer: Any, entered: Any, gradient: Any, weight: bool, bias: bool) -> Any:
    """|g aᵀ|² = |g|² |a|², and |g|² for the bias; entered a (B, …, I), gradient g (B, …, O), summed over what is …."""
    if entered.ndim == 2:
        return gradient.square().sum(1) * (entered.square().sum(1) * weight + bias)
    a, g = entered.flatten(1, -2), gradient.flatten(1, -2)  # (B, T tokens, I), (B, T, O)
    return _product(g, a) * weight + g.sum(1).square().sum(1) * bias


def _product(g: Any, u: Any) -> Any:
    """|Σ_p g_p u_pᵀ|² of g (…, P, O) and u (…, P, I): the product itself, or its Gram form where P is small."""
    (pixels, outputs), inputs = g.shape[-2:], u.shape[-1]
    if pixels * (outputs + inputs) < outputs * inputs:
        return ((g @ g.mT) * (u @ u.mT)).sum((-2, -1))
    return (g.mT @ u).square().sum((-2, -1))


def _batch_norm(layer: Any, entered: Any, gradient: Any, weight: bool, bias: bool) -> Any:
    """Over pixels, the bias gets Σ g, the weight Σ g (x - mean)/std; entered x, gradient g (B, C) or (B, C, H, W)."""
    scale = (layer.running_var + layer.eps).rsqrt()
    x, g = entered.flatten(2) if entered.ndim > 2 else entered[:, :, None], gradient.reshape(*gradient.shape[:2], -1)
    shift = g.sum(2)
    stretch = ((g * x).sum(2) - shift * layer.running_mean) * scale
    return shift.square().sum(1) * bias + stretch.square().sum(1) * weight


def _norm(layer: Any, entered: Any, gradient: Any, weight: bool, bias: bool) -> Any:
    """Σ g for the bias, Σ g x̂ for the weight, over all places that share them; x̂ is the normalised input."""
    from torch.nn import GroupNorm, LayerNorm
    from torch.nn import functional as F

    if isinstance(layer, LayerNorm):
        normal = F.layer_norm(entered, layer.normalized_shape, eps=layer.eps)
        keep = entered.ndim - len(layer.normalized_shape)
        g, x = (part.reshape(len(entered), -1, *entered.shape[keep:]).flatten(2) for part in (gradient, normal))
        shift, stretch = g.sum(1), (g * x).sum(1)
    else:
        if isinstance(layer, GroupNorm):
            normal = F.group_norm(entered, layer.num_groups, eps=layer.eps)
        else:
            normal = F.instance_norm(
                entered, layer.running_mean, layer.running_var, use_input_stats=layer.running_mean is None,
                eps=layer.eps)  # fmt: skip
        g, x = gradient.reshape(*entered.shape[:2], -1), normal.reshape(*entered.shape[:2], -1)
        shift, stretch = g.sum(2), (g * x).sum(2)
    return shift.square().sum(1) * bias + stretch.square().sum(1) * weight


def _convolution(layer: Any, entered: Any, gradient: Any, weight: bool, bias: bool) -> Any:
    """|Σ_p g_p u_pᵀ|² over output pixels p with patches u_p, by whichever of two orders is cheaper.

    entered (B, I, H, W); gradient g (B, P pixels, O); patches u (B, P, k·k·I). Either the product gᵀu itself, or the
    Gram form Σ_pq (g_p·g_q)(u_p·u_q), which wins where pixels are few and channels many.
    """
    import torch

    g = gradient.permute(0, 2, 3, 1).flatten(1, 2)
    step = max(1, PATCHES // (layer.weight[0].numel() * g.shape[1]))
    squares = [
        _product(part, _patches(layer, a)) * weight for a, part in zip(entered.split(step), g.split(step), strict=True)
    ]
    return torch.cat(squares) + (g.sum(1).square().sum(1) if bias else 0)


def _patches(layer: Any, a: Any) -> Any:
    """What each output pixel sees: (B, I, H, W) -> (B, P, k·k·I), in the memory order that is copied in longer rows."""
    from torch.nn.functional import pad

    (high, wide), (down, right) = layer.kernel_size, layer.stride
    a = pad(a, (layer.padding[1], layer.padding[1], layer.padding[0], layer.padding[0]))
    windows = a.unfold(2, high, down).unfold(3, wide, right)  # (B, I, rows, columns, k, k), a view
    if a.shape[1] < 4:  # grey or colour images: rows of pixels
        return windows.permute(0, 1, 4, 5, 2, 3).flatten(4).flatten(1, 3).mT
    return windows.permute(0, 2, 3, 4, 5, 1).flatten(3).flatten(1, 2)


def _grouped(layer: Any, entered: Any, gradient: Any, weight: bool, bias: bool) -> Any:
    """As `_convolution`, in G groups, for any dilation and padding; g (B, G, P, O/G), u (B, G, P, k·k·I/G)."""
    import torch
    from torch.nn.functional import pad, unfold

    G, mode = layer.groups, layer.padding_mode
    g = gradient.flatten(2).unflatten(1, (G, -1)).mT
    step = max(1, PATCHES // (layer.weight[0].numel() * G * g.shape[2]))
    squares = []
    for a, part in zip(entered.split(step), g.split(step), strict=True):
        a = pad(a, layer._reversed_padding_repeated_twice, mode="constant" if mode == "zeros" else mode)
        u = unfold(a, layer.kernel_size, layer.dilation, stride=layer.stride).unflatten(1, (G, -1)).mT
        squares.append(_product(part, u).sum(1) * weight)
    return torch.cat(squares) + (gradient.flatten(2).sum(2).square().sum(1) if bias else 0)

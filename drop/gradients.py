"""Per-sample gradient norms: fast where a formula is known and found right, exact where not, refused where undefined.

The gradient of one sample's loss with respect to a layer's parameters is a product of what went into the layer and of
the gradient that came back to its output. Its norm follows from those two: one backward pass a batch, and no per-sample
gradient is ever stored. `drop.layers` has the formulas. The definition, autograd on one sample at a time, checks every
other way on the first samples.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drop import layers
from drop.quotas import as_array, check_labels

PROBE = 3  # samples on which a way is held to the definition
STORED = 2**26  # floats of per-sample gradients held at a time: 256 MB
LOOP = "how='loop' takes one sample at a time, slowly"


def grand(
    model: Any, images: Any, labels: ArrayLike, scope: str = "full", batch: int = 100, how: str = "auto"
) -> NDArray[np.float64]:
    """GraNd: the norm of the gradient of each sample's cross-entropy; float64 (N,), high = keep.

    model: torch module, or one that returns an object or a dictionary with `logits`; trainable parameters count
    (requires_grad), frozen ones do not. Nothing of the model changes.
    images: what the model takes, (N, …), prepared as in training: a tensor, an array, or a dictionary of them that
    becomes keyword arguments, such as input_ids and attention_mask; labels: whole numbers (N,)
    scope: "full" takes all trainable parameters (the paper's), "last" those of the last linear layer (DeepCore's)
    batch: samples in one pass; changes speed and memory only
    how: "auto" takes the fast formulas for linear layers, Conv2d and norms, else torch.func for each sample, with one
    warning that says so; "loop" takes the definition, one sample at a time, whatever the model does

    Batch norm is taken in evaluation mode, which makes samples independent of their batch. Average the scores of
    several query models. Ties are rare; the selection breaks them by a seeded shuffle.
    Source: Paul et al. (2021), with the paper's five models after 10 % of the epochs. ValueError for an unknown scope
    or way, labels and samples that misfit, no trainable parameter, samples that influence one another (batch
    statistics), control flow that depends on the data unless how="loop", and a gradient that is not finite.

    >>> import torch
    >>> model = torch.nn.Linear(2, 2, bias=False)
    >>> _ = torch.nn.init.zeros_(model.weight)
    >>> grand(model, torch.tensor([[3.0, 4.0], [0.0, 2.0]]), [0, 1]).round(3).tolist()  # |(p - y) xᵀ|
    [3.536, 1.414]
    """
    import torch

    if scope not in ("full", "last"):
        raise ValueError(f"scope must be 'full' or 'last', got {scope!r}")
    if how not in ("auto", "loop"):
        raise ValueError(f"how must be 'auto' or 'loop', got {how!r}")
    y = as_array(labels)
    y = check_labels(y, int(y.max(initial=0)) + 1 if y.dtype.kind in "biuf" else 1)
    inputs = _tensors(images)
    counts = {len(part) for part in inputs.values()} if isinstance(inputs, dict) else {len(inputs)}
    if counts != {len(y)}:
        many = " and ".join(map(str, sorted(counts)))
        raise ValueError(f"images and labels must be equally many, got {many} and {len(y)}")
    chosen = _chosen(model, scope)
    device = next(iter(chosen.values())).device
    if shaky := [m for m in model.modules() if getattr(m, "track_running_stats", True) is False and _batch_norm(m)]:
        raise ValueError(f"{shaky[0]} normalises by the batch, so that no sample has a gradient of its own")
    training = [module for module in model.modules() if module.training]
    norms = np.zeros(0)
    try:
        model.eval()
        with torch.enable_grad():
            way = partial(WAYS[_settled(model, chosen, how, inputs, y, device)], model, chosen)
            parts = [way(x, target) for x, target in _batches(inputs, y, batch, device)]
        norms = torch.cat(parts).sqrt().cpu().numpy() if parts else norms
    finally:
        for module in training:
            module.training = True
    if not np.isfinite(norms).all():
        i = int(np.argmin(np.isfinite(norms)))
        raise ValueError(f"the gradient of sample {i} is not finite: did the query model diverge?")
    return norms


def _tensors(images: Any) -> Any:
    import torch

    if isinstance(images, Mapping) or hasattr(images, "data") and isinstance(images.data, dict):  # a BatchEncoding
        return {name: torch.as_tensor(part) for name, part in images.items()}
    return torch.as_tensor(images)


def _batches(inputs: Any, labels: NDArray[np.int64], size: int, device: Any) -> Iterator[tuple[Any, Any]]:
    import torch

    targets = torch.from_numpy(labels)
    for i in range(0, len(labels), size):
        yield _mapped(inputs, lambda part, i=i: part[i : i + size].to(device)), targets[i : i + size].to(device)


def _mapped(inputs: Any, function: Any) -> Any:
    if isinstance(inputs, dict):
        return {name: function(part) for name, part in inputs.items()}
    return function(inputs)


def _chosen(model: Any, scope: str) -> dict[str, Any]:
    """The trainable parameters that count, by name, shared ones once."""
    from torch import nn

    names = None
    if scope == "last":
        last = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1:]
        if not last:
            raise ValueError("scope='last' needs a linear layer, but the model has none")
        names = {f"{last[0]}.{part}".lstrip(".") for part in ("weight", "bias")}
    chosen = {n: p for n, p in model.named_parameters() if p.requires_grad and (names is None or n in names)}
    if not chosen:
        raise ValueError("no parameter of the model is trainable: set requires_grad of those that should count")
    return chosen


def _batch_norm(module: Any) -> bool:
    from torch.nn.modules.batchnorm import _BatchNorm

    return isinstance(module, _BatchNorm)


def _logits(model: Any, inputs: Any) -> Any:
    """What a model says of some inputs, (B, K); ValueError where it returns no logits."""
    import torch

    given = output = model(**inputs) if isinstance(inputs, dict) else model(inputs)
    if isinstance(output, Mapping):
        output = output.get("logits")
    elif not isinstance(output, torch.Tensor):
        output = getattr(output, "logits", output[0] if isinstance(output, tuple) else None)
    if not isinstance(output, torch.Tensor) or output.ndim != 2:
        found = f"shape {tuple(output.shape)}" if isinstance(output, torch.Tensor) else type(given).__name__
        raise ValueError(f"the model must return logits (samples, classes), or an object with them, not {found}")
    return output


def _loss(logits: Any, labels: Any) -> Any:
    import torch

    return torch.nn.functional.cross_entropy(logits, labels, reduction="sum")


def _settled(model: Any, chosen: dict[str, Any], how: str, inputs: Any, y: NDArray[np.int64], device: Any) -> str:
    """The fastest way that agrees with the definition on the first samples; ValueError where there is none."""
    if not len(y):
        return "loop"
    x, labels = next(_batches(inputs, y, PROBE, device))
    _check_samples(model, x, len(labels), int(y.max()))
    if how == "loop":
        return how
    expected = _by_loop(model, chosen, x, labels)
    try:
        exact = _by_func(model, chosen, x, labels)
    except Exception as error:  # of torch.func, which has no kind of its own
        raise ValueError(f"torch.func cannot follow this model (control flow on the data?); {LOOP}") from error
    half = any(p.dtype.itemsize < 4 for p in chosen.values())
    if not _agree(exact, expected, 0.2 if half else 5e-3):
        raise ValueError(f"torch.func and autograd disagree about the gradients of this model; {LOOP}")
    reason = layers.unknown(model, chosen)
    if reason is None:
        try:
            if _agree(_by_formula(model, chosen, x, labels), expected):
                return "formula"
            reason = "parameters are used outside of their layers"
        except layers.Irregular as irregular:
            reason = str(irregular)
    warnings.warn(f"GraNd goes sample by sample through torch.func, exact but slower: {reason}", stacklevel=3)
    return "func"


def _check_samples(model: Any, x: Any, size: int, highest: int) -> None:
    """ValueError where samples influence one another, and where the model has no class `highest`."""
    import torch

    with torch.no_grad():
        try:
            together = _logits(model, x)
            alone = torch.cat([_logits(model, _mapped(x, lambda part, i=i: part[i : i + 1])) for i in range(size)])
        except RuntimeError as error:
            raise ValueError(f"the model cannot take these images: {str(error)[:200]}") from error
    if highest >= together.shape[1]:
        raise ValueError(f"there is a label {highest}, but the model knows {together.shape[1]} classes")
    close = 1e-3 if together.dtype in (torch.float32, torch.float64) else 0.1
    finite = together.isfinite().all() and alone.isfinite().all()
    if finite and (together - alone).abs().max() > close * (1 + together.abs().max()):
        raise ValueError("samples influence one another (batch statistics?), so that none has a gradient of its own")


def _by_formula(model: Any, chosen: dict[str, Any], inputs: Any, labels: Any) -> Any:
    return layers.squared_norms(model, chosen, lambda: _loss(_logits(model, inputs), labels), len(labels))


def _by_loop(model: Any, chosen: dict[str, Any], inputs: Any, labels: Any) -> Any:
    """The definition: autograd on one sample at a time; squared norms, float64 (B,)."""
    import torch

    squares = []
    for i in range(len(labels)):
        one = _mapped(inputs, lambda part, i=i: part[i : i + 1])
        loss = _loss(_logits(model, one), labels[i : i + 1])
        squares.append(_square(torch.autograd.grad(loss, list(chosen.values()), allow_unused=True)))
    return torch.stack(squares)


def _by_func(model: Any, chosen: dict[str, Any], inputs: Any, labels: Any) -> Any:
    """The gradients of several samples side by side, as many as memory allows; squared norms, float64 (B,)."""
    from torch.func import functional_call, grad, vmap

    weights = {name: p.detach() for name, p in chosen.items()}
    places = {  # every place of a shared parameter, but a shared module once
        f"{where}.{own}".lstrip("."): name
        for where, module in model.named_modules()
        for own, p in module.named_parameters(recurse=False)
        for name in chosen
        if p is chosen[name]
    }

    def called(w: dict[str, Any], *given: Any, **named: Any) -> Any:
        return functional_call(
            model, {place: w[name] for place, name in places.items()}, given, named, tie_weights=False
        )

    def square(x: Any, label: Any) -> Any:
        one = _mapped(x, lambda part: part[None])
        gradients = grad(lambda w: _loss(_logits(partial(called, w), one), label[None]))(weights)
        return _square(tuple(gradients.values()))

    size = max(1, STORED // sum(p.numel() for p in weights.values()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of operations that torch.func batches slowly
        return vmap(square, chunk_size=size)(inputs, labels)


def _square(gradients: tuple[Any, ...]) -> Any:
    return sum(g.double().square().sum() for g in gradients if g is not None)


def _agree(found: Any, expected: Any, tolerance: float = 5e-3) -> bool:
    """Whether squared norms are equal but for rounding; not finite ones are left to the final check."""
    if not bool(expected.isfinite().all()):
        return True
    return bool(((found - expected).abs() <= tolerance * expected + 1e-9 * expected.max()).all())


WAYS = {"formula": _by_formula, "func": _by_func, "loop": _by_loop}

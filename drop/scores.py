"""Per-sample scores: pure functions of training dynamics, probabilities, gradients or embeddings.

High score = keep, for all of them; none of them sorts or selects. Equal scores stay equal, and the selection breaks
such ties by a seeded shuffle (or by index, as the released code does). Epochs are the first axis of dynamics, samples
the first axis elsewhere. Where sources define a score differently, the definition is a parameter; its default is the
paper's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from drop.coreset import k_center, k_center_order, prototype_distance, scores_of_order
from drop.gradients import grand
from drop.quotas import as_array, check_labels

__all__ = ["dynamic_uncertainty", "el2n", "forgetting", "grand", "k_center", "k_center_order",
           "prototype_distance", "scores_of_order", "share_of_ties"]  # fmt: skip


def el2n(probabilities: ArrayLike | None = None, labels: ArrayLike | None = None, squared: bool = False,
         *, logits: ArrayLike | None = None) -> np.ndarray:  # fmt: skip
    """EL2N: the length of the error vector (probabilities - one-hot label), averaged over query models; float64 (N,).

    probabilities: softmax outputs (R, N, K) of R query models, or (N, K) of one; labels: int (N,)
    logits: what softmax is still to be taken of, in place of probabilities; of the same shapes
    squared: average the squared lengths instead (what some reimplementations call EL2N)

    Ties appear only where the softmax saturates. Source: Paul et al. (2021), with the paper's five models after 10 % of
    the epochs, without augmentation. ValueError for rows that are no probabilities and lengths or labels that misfit.

    >>> el2n([[0.5, 0.5], [0.0, 1.0]], [0, 1]).round(3).tolist()
    [0.707, 0.0]
    >>> el2n(logits=[[0.0, 0.0], [-50.0, 50.0]], labels=[0, 1]).round(3).tolist()
    [0.707, 0.0]
    """
    if (probabilities is None) == (logits is None) or labels is None:
        raise ValueError("EL2N needs labels and either probabilities or logits=")
    p = as_array(probabilities if logits is None else logits)
    p = p[None] if p.ndim == 2 else p
    if p.ndim != 3:
        raise ValueError(f"probabilities must have shape ([models,] samples, classes), not {p.shape}")
    if (many := len(as_array(labels))) != p.shape[1]:
        hint = "; transpose what is (classes, samples)" if many == p.shape[2] else ""
        raise ValueError(f"there are model outputs of {p.shape[1]} samples but {many} labels{hint}")
    y = check_labels(labels, p.shape[2])
    total = np.zeros(len(y))
    for one in p:
        errors = one.astype(np.float64)
        if logits is not None and len(y) and errors.shape[1] > 1 and _are_probabilities(errors).all():
            raise ValueError("these logits are probabilities, rows in [0, 1] that sum to 1: pass them as such")
        errors = errors if logits is None else _softmax(errors)
        valid = _are_probabilities(errors)
        if not valid.all():
            i = int(np.argmin(valid))
            hint = "" if logits is not None else "; pass logits= what softmax is still to be taken of"
            raise ValueError(f"sample {i} has no softmax output, its probabilities sum to {errors[i].sum():.3g}{hint}")
        errors[np.arange(len(y)), y] -= 1
        squares = np.einsum("nk,nk->n", errors, errors)
        total += squares if squared else np.sqrt(squares)
    return total / len(p)


def _are_probabilities(rows: np.ndarray) -> np.ndarray:
    return np.asarray((np.abs(rows.sum(axis=1) - 1) < 0.02) & (rows >= 0).all(axis=1))  # bfloat16 rounds by 0.004


def _softmax(logits: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # NaN and infinite logits give NaN, which is no probability
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def forgetting(correct: ArrayLike, never_learned: str = "zero", samples: int | None = None) -> np.ndarray:
    """Forgetting: how often a sample went from correct to wrong between one epoch and the next; float64 (N,).

    correct: bool (E, N), was the sample classified correctly when it was seen in epoch e; at least two epochs
    never_learned: the score of samples that were never correct: "zero" (the released code: no transition), "infinity"
    (Paul et al. 2021), or "maximum", the number of epochs (Toneva et al. 2019)
    samples: how many there are, to be checked; without it, more epochs than samples (and than 100) are an error

    Whole numbers, so most samples are tied. Source: Toneva et al. (2019), counted over training batches.
    ValueError for other values, fewer than two epochs, (samples, epochs), and an unknown rule.

    >>> forgetting([[True, True], [False, True], [True, True], [False, True]]).tolist()  # forgotten twice, and never
    [2.0, 0.0]
    """
    c = as_array(correct)
    if c.dtype != bool:
        if not np.isin(c, (0, 1)).all():
            raise ValueError("correct must hold true and false (or 1 and 0) only")
        c = c.astype(bool)
    _check_epochs(c, 2, samples)
    rules = {"zero": 0.0, "infinity": np.inf, "maximum": float(len(c))}
    if never_learned not in rules:
        raise ValueError(f"never_learned is {never_learned!r}, but it must be one of {', '.join(rules)}")
    events = np.zeros(c.shape[1])
    for before, after in zip(c[:-1], c[1:], strict=True):
        events += before & ~after
    return np.where(c.any(axis=0), events, rules[never_learned])


def dynamic_uncertainty(
    true_class_probability: ArrayLike, window: int = 10, variant: str = "paper", samples: int | None = None
) -> np.ndarray:
    """Dynamic Uncertainty: the standard deviation of the true class's probability, averaged over windows.

    Returns float64 (N,). true_class_probability: (E, N), any float type; window: J epochs; unbiased deviations
    variant: "paper" averages the E - J + 1 windows of J epochs; "released" does as the released code: windows of J - 1
    epochs, the last epoch left out, their sum divided by E - J
    samples: as for `forgetting`

    Ties appear where the probability stays at 0 or 1 throughout. Source: He et al. (2023), with the paper's J = 10.
    ValueError for fewer epochs than the window ("released" needs one more), no probabilities, (samples, epochs), an
    unknown variant.

    >>> dynamic_uncertainty([[0.2, 0.5], [0.4, 0.5], [0.6, 0.5]], window=3).round(3).tolist()
    [0.2, 0.0]
    """
    p = as_array(true_class_probability)
    if variant not in ("paper", "released"):
        raise ValueError(f"variant is {variant!r}, but it must be 'paper' or 'released'")
    released = variant == "released"
    if window < 2 + released:
        raise ValueError(f"window is {window}, but a standard deviation needs at least {2 + released} epochs")
    _check_epochs(p, window + released, samples)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("true_class_probability must lie in [0, 1], without NaN")
    epochs, length = (len(p) - 1, window - 1) if released else (len(p), window)
    total = np.zeros(p.shape[1])
    for part in (slice(i, i + 2048) for i in range(0, len(total), 2048)):  # 2048 samples fit the cache
        probabilities = p[:, part].astype(np.float64)
        for begin in range(epochs - length + 1):
            total[part] += probabilities[begin : begin + length].std(axis=0, ddof=1)
    return total / (len(p) - window if released else epochs - length + 1)


def share_of_ties(scores: ArrayLike) -> float:
    """The share of samples whose score another sample has too, in [0, 1]: how much of a ranking ties leave open.

    scores (N,): real numbers; ValueError for NaN.

    >>> share_of_ties([1, 1, 2, 3])
    0.5
    """
    values = as_array(scores)
    if values.ndim != 1 or np.isnan(values).any():
        raise ValueError(f"scores must be one number per sample, without NaN, not an array of shape {values.shape}")
    _, counts = np.unique(values, return_counts=True)
    return float(counts[counts > 1].sum() / max(1, len(values)))


def _check_epochs(dynamics: np.ndarray, least: int, samples: int | None) -> None:
    if dynamics.ndim != 2:
        raise ValueError(f"training dynamics must have shape (epochs, samples), not {dynamics.shape}")
    epochs, found = dynamics.shape
    if samples is None and epochs > max(found, 100):
        raise ValueError(
            f"{epochs} epochs of {found} samples look transposed: epochs come first (or say samples={found})"
        )
    if samples is not None and found != samples:
        hint = ": epochs come first, so transpose it" if epochs == samples else ""
        raise ValueError(f"training dynamics have shape {dynamics.shape}, but there are {samples} samples{hint}")
    if epochs < least:
        raise ValueError(f"there are dynamics of {epochs} epochs, but this score needs at least {least}")

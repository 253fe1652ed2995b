"""What a step minimises: cross-entropy with class weights, and the losses of the methods that train on all the data.

A `Loss` lives as long as the network whose steps it serves and keeps its state in static tensors, so that a CUDA graph
may capture it: nothing waits for the device, weights are renewed in place, between steps.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

DEFERRED = 0.8  # of the training, after which LDAM re-weights the classes (Cao et al. 2019: epoch 160 of 200)
BETA = 0.9999  # of the weights that LDAM then takes (likewise)


def cross_entropy(
    logits: torch.Tensor, labels: torch.Tensor, class_weights: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """Weighted mean of the samples' cross-entropies, a scalar.

    logits: float (N, K); labels: int64 (N,); class_weights: float (K,); smoothing: the share of the target
    that is spread evenly over all classes (Szegedy et al. 2016). The mean divides by the sum of the batch's
    weights, as torch does; a batch of weight zero has loss zero, not NaN.
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


def effective_weights(sizes: torch.Tensor, beta: float) -> torch.Tensor:
    """Class weights (1 - β) / (1 - β^N_k), float32 (K,) of mean 1 (Cui et al. 2019); a class without samples has 0.

    β = 0 weighs all classes alike, β → 1 by 1 / N_k.
    """
    sizes = sizes.double()
    weights = torch.where(sizes > 0, (1 - beta) / (1 - beta ** sizes.clamp_min(1)), 0)
    return (weights / weights.mean()).float()


def margins(sizes: torch.Tensor, largest: float) -> torch.Tensor:
    """LDAM's margins C / N_k^(1/4), float32 (K,), C such that the rarest class has the largest (Cao et al. 2019)."""
    fourth = sizes.double().clamp_min(1) ** -0.25
    return (largest * fourth / fourth.max()).float()


def members(labels: torch.Tensor, number: int) -> torch.Tensor:
    """Float32 (B, number), 1 where the label is: torch's one_hot, which waits for the device to check the labels."""
    return (labels[:, None] == torch.arange(number, device=labels.device)).float()


class Loss:
    """Cross-entropy, with class weights that are 1 until a method changes them."""

    cosine = False  # whether the network's head is to give cosines
    by_group = False  # whether it looks at the groups of a batch

    def __init__(self, classes: int, groups: int, device, smoothing: float = 0.0):
        self.class_weights = torch.ones(classes, device=device)
        self.smoothing = smoothing

    def begin(self, class_sizes: torch.Tensor, group_sizes: torch.Tensor) -> None:
        """Start a job on so many samples of each class (K,) and group (G,)."""
        self.class_weights.fill_(1)

    def __call__(self, logits: torch.Tensor, labels: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        """The scalar to minimise on a batch: logits float (B, K), labels and groups int64 (B,)."""
        return cross_entropy(logits, labels, self.class_weights, self.smoothing)

    def state(self) -> dict[str, torch.Tensor]:
        """The tensors that it lives by, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, torch.Tensor)}

    def evaluated(self, class_recalls: torch.Tensor, done: float) -> None:
        """After an evaluation, with the validation recalls (K,) and the fraction of all steps that is done."""


class CdbW(Loss):
    """Class weights 1 - r_k, renewed by every evaluation (Sinha et al. 2022)."""

    def evaluated(self, class_recalls: torch.Tensor, done: float) -> None:
        self.class_weights.copy_(cdb_weights(class_recalls))


class ClassBalanced(Loss):
    """Class weights by the effective number of samples (Cui et al. 2019)."""

    def __init__(self, *size, beta: float, **options):
        super().__init__(*size, **options)
        self.beta = beta

    def begin(self, class_sizes: torch.Tensor, group_sizes: torch.Tensor) -> None:
        self.class_weights.copy_(effective_weights(class_sizes, self.beta))


class LdamDrw(Loss):
    """Label-distribution-aware margins on scaled cosines, with deferred re-weighting (Cao et al. 2019)."""

    cosine = True

    def __init__(self, *size, margin: float, scale: float, **options):
        super().__init__(*size, **options)
        self.margin, self.scale = margin, scale
        self.margins, self.later = torch.zeros_like(self.class_weights), torch.ones_like(self.class_weights)

    def begin(self, class_sizes: torch.Tensor, group_sizes: torch.Tensor) -> None:
        super().begin(class_sizes, group_sizes)
        self.margins.copy_(margins(class_sizes, self.margin))
        self.later.copy_(effective_weights(class_sizes, BETA))

    def __call__(self, logits: torch.Tensor, labels: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        margins = members(labels, len(self.margins)) * self.margins
        return super().__call__(self.scale * (logits - margins), labels, groups)

    def evaluated(self, class_recalls: torch.Tensor, done: float) -> None:
        if done >= DEFERRED:
            self.class_weights.copy_(self.later)


class GroupDro(Loss):
    """The online algorithm of Sagawa et al. (2020): weights q of the groups climb with their losses, step by step."""

    by_group = True

    def __init__(self, classes: int, groups: int, *, step: float, adjustment: float, device, **options):
        super().__init__(classes, groups, device=device, **options)
        self.step, self.adjustment = step, adjustment
        self.q, self.added = torch.ones(2, groups, device=device)

    def begin(self, class_sizes: torch.Tensor, group_sizes: torch.Tensor) -> None:
        super().begin(class_sizes, group_sizes)
        self.q.fill_(1 / len(self.q))
        self.added.copy_(self.adjustment / group_sizes.clamp_min(1).sqrt())  # C / √n_g: small groups overfit

    def __call__(self, logits: torch.Tensor, labels: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        losses = F.cross_entropy(logits, labels, reduction="none", label_smoothing=self.smoothing)
        inside = members(groups, len(self.q))  # (B, G)
        means = losses @ inside / inside.sum(0).clamp_min(1) + self.added  # a group that is absent has loss 0
        with torch.no_grad():
            climbed = self.q * torch.exp(self.step * means)
            self.q.copy_(climbed / climbed.sum())
        return self.q @ means


LOSSES = {"cdb-w": CdbW, "class-balanced": ClassBalanced, "ldam-drw": LdamDrw, "group-dro": GroupDro}


def loss_of(name: str, settings, classes: int, groups: int, device, smoothing: float) -> Loss:
    """The loss of that name, with settings as (name, value); plain cross-entropy for ""."""
    kind = LOSSES[name] if name else Loss
    return kind(classes, groups, device=device, smoothing=smoothing, **dict(settings))


def retrain_head(
    head: torch.nn.Linear, embeddings: torch.Tensor, labels: torch.Tensor, steps: int, batch: int, rate: float,
    generator: torch.Generator,
) -> None:  # fmt: skip
    """Train a linear head anew, from zeros, on embeddings float (n, D) that stay, as often of every class.

    Classifier re-training (cRT, Kang et al. 2020): SGD with momentum 0.9 and a rate that falls linearly to 0, on
    batches whose samples are drawn with replacement, a class first; labels int64 (n,).
    """
    chances = (1 / torch.bincount(labels).double()[labels]).cpu()  # drawn on the CPU, so the same on every device
    order = torch.multinomial(chances, steps * batch, replacement=True, generator=generator).view(steps, batch)
    order = order.to(embeddings.device)
    with torch.enable_grad():
        for parameter in head.parameters():
            torch.nn.init.zeros_(parameter)
        optimizer = torch.optim.SGD(head.parameters(), lr=rate, momentum=0.9, nesterov=True)
        for step, at in enumerate(order):
            optimizer.param_groups[0]["lr"] = rate * (1 - step / steps)
            optimizer.zero_grad()
            F.cross_entropy(head(embeddings[at]), labels[at]).backward()
            optimizer.step()

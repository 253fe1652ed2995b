"""Linear rules argmax μk·x + bk for isotropic classes in the plane: their exact risks, the best offsets b.

The directions are those of the nearest-mean rule, each class has one free offset, and a constant added to all changes
nothing. Coordinates orthogonal to all differences of means do not enter, so three classes always live in a plane.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from scipy.optimize import root as find_root
from scipy.special import ndtr, ndtri, owens_t

from drop.mixture.gaussian import Floats, GaussianMixture


def offset_risks(means: Floats, stds: Floats, offsets: Floats) -> tuple[Floats, Floats]:
    """Class risks (..., K) at `offsets` (..., K) for classes N(μk, σk² I), and their Jacobian in them (..., K, K).

    A class's region is a convex polygon, its mass a sum of Owen's T over the edges; means (K, 2), no two equal.
    """
    size = len(means)
    others = np.array([np.delete(np.arange(size), k) for k in range(size)])  # (K, K − 1)
    to = means[others] - means[:, None]
    length = np.linalg.norm(to, axis=-1)
    middle = -(to * means[:, None]).sum(axis=-1)
    edge = (offsets[..., :, None] - offsets[..., others] + middle) / (stds[:, None] * length)  # distance from the mean
    mass, slope = _polygon(edge, to / length[..., None])
    jacobian = np.zeros((*mass.shape, size))
    np.put_along_axis(jacobian, np.broadcast_to(others, slope.shape), slope / (stds[:, None] * length), axis=-1)
    return 1 - mass, jacobian - jacobian.sum(axis=-1)[..., None] * np.eye(size)


def _polygon(edge: Floats, normal: Floats) -> tuple[Floats, Floats]:
    """The standard normal mass of {u: u·nl ≤ el for all l}, (...), and its slopes in e (..., L); normal (..., L, 2)."""
    along = np.stack([-normal[..., 1], normal[..., 0]], axis=-1)
    cos, sin = (vectors @ np.swapaxes(normal, -1, -2) for vectors in (normal, along))  # (..., L, L)
    slack, parallel = edge[..., None, :] - edge[..., None] * cos, np.abs(sin) < 1e-12
    meets = np.where(parallel, np.where(slack < 0, -np.inf, np.inf), slack / np.where(parallel, 1.0, sin))
    own = np.eye(edge.shape[-1], dtype=bool)
    high = np.where(own | ((sin < 0) & ~parallel), np.inf, meets).min(axis=-1).clip(-40.0, 40.0)
    low = np.where(own | (sin > 0) | parallel, -np.inf, meets).max(axis=-1).clip(-40.0, high)  # where the edge begins
    far = np.where(edge == 0, 1e-300, edge)
    mass = (edge >= 0).all(axis=-1) - (owens_t(far, high / far) - owens_t(far, low / far)).sum(axis=-1)
    return mass, np.exp(-edge * edge / 2) / np.sqrt(2 * np.pi) * (ndtr(high) - ndtr(low))


def minimax_offsets(means: Floats, stds: Floats) -> Floats:
    """The offsets (K,), up to a constant, at which all K risks are equal: the least worst-class risk of these rules."""

    def excess(offsets: Floats, spreads: Floats) -> Floats:
        z = ndtri(np.clip(offset_risks(means, spreads, offsets)[0], 1e-300, 1 - 1e-16))
        return np.append(z[1:] - z[0], offsets[0])

    offsets, even = ((means[0] ** 2).sum() - (means**2).sum(axis=-1)) / 2, np.sqrt((stds**2).mean())
    for share in (0.25, 0.5, 0.75, 1.0):  # from equal spreads, where the nearest mean is a good start, to these
        offsets = find_root(excess, offsets, args=(stds**share * even ** (1 - share),), tol=1e-13).x
    return offsets


def stationary_priors(rates: Floats) -> Floats:
    """The priors (K,) at which offsets with Jacobian `rates` are stationary: a Markov chain's, without subtractions.

    Grassmann, Taksar & Heyman (1985).
    """
    a, shares = rates.copy(), np.ones(len(rates))
    for n in range(len(a) - 1, 0, -1):
        a[:n, n] /= a[n, :n].sum()
        a[:n, :n] += np.outer(a[:n, n], a[n, :n])
    for n in range(1, len(a)):
        shares[n] = shares[:n] @ a[:n, n]
    return shares / shares.sum()


class OffsetLearner:
    """The offsets of least average risk for three classes, whatever the priors; means (3, 2), stds (3,).

    Three classes have two free offsets. The class risks on a table of them serve all priors: every local minimum of the
    table is followed to its end, and the rules that give one or two classes up are added, which are exact.
    """

    def __init__(self, means: Floats, stds: Floats, points: int = 61):
        self.means, self.stds = means, stds
        length = np.linalg.norm(means[1:] - means[0], axis=-1)
        middle = (means[0] ** 2).sum() - (means[1:] ** 2).sum(axis=-1)
        reach = length / 2 + 8 * stds.max()
        ends = [(m / 2 - w * r, m / 2 + w * r) for m, w, r in zip(middle, length, reach, strict=True)]
        self._axes = [np.linspace(*pair, points) for pair in ends]
        grid = np.stack(np.meshgrid(*self._axes, indexing="ij"), axis=-1)
        self._table = offset_risks(means, stds, np.concatenate([np.zeros((*grid.shape[:-1], 1)), grid], axis=-1))[0]

    def risks(self, priors: Floats) -> Floats:
        """The class risks (3,) at the offsets of least average risk at `priors` (3,)."""
        ends = [self._descend(start, priors) for start in self._starts(priors)]
        inner = [self._settle(min(ends, key=lambda end: end.fun).x, priors)] if ends else []
        outer = [self._without(k, priors) for k in range(3)] + list(1 - np.eye(3))
        return min(inner + outer, key=lambda risks: priors @ risks)

    def _at(self, free: Floats) -> tuple[Floats, Floats]:
        return offset_risks(self.means, self.stds, np.append(0.0, free))

    def _starts(self, priors: Floats) -> list[Floats]:
        """The local minima of the table, of the rules that predict every class."""
        values = np.where(self._table.max(axis=-1) < 1 - 1e-9, self._table @ priors, np.inf)
        wide = np.pad(values, 1, constant_values=np.inf)
        around = [np.roll(wide, (i, j), (0, 1))[1:-1, 1:-1] for i in (-1, 0, 1) for j in (-1, 0, 1)]
        lowest = np.argwhere((values == np.min(around, axis=0)) & np.isfinite(values))
        return [np.array([axis[i] for axis, i in zip(self._axes, place, strict=True)]) for place in lowest]

    def _descend(self, start: Floats, priors: Floats) -> OptimizeResult:
        def average(free: Floats) -> tuple[float, Floats]:
            risks, jacobian = self._at(free)
            return float(priors @ risks), (priors @ jacobian)[1:]

        return minimize(average, start, jac=True, method="BFGS", options={"gtol": 1e-9})

    def _settle(self, free: Floats, priors: Floats) -> Floats:
        """The class risks at the stationary point beside the end of a descent, exact also for a class of tiny prior."""

        def imbalance(free: Floats) -> Floats:
            flows = priors[:, None] * self._at(free)[1]  # what a class gains and the others lose, as its offset rises
            own = np.diag(flows)
            return np.log(np.maximum(flows.sum(axis=0) - own, 1e-300) / np.maximum(-own, 1e-300))[1:]

        closer = find_root(imbalance, free, tol=1e-12)
        before, after = (self._at(place)[0] for place in (free, closer.x))
        return after if closer.success and priors @ after <= priors @ before + 1e-12 else before

    def _without(self, k: int, priors: Floats) -> Floats:
        """The class risks of the best rule that never predicts class k: two classes, a line."""
        pair, risks = np.delete(np.arange(3), k), np.ones(3)
        gap = float(np.linalg.norm(self.means[pair[1]] - self.means[pair[0]]))
        line = GaussianMixture((0.0, gap), self.stds[pair], priors[pair] / priors[pair].sum())
        risks[pair] = line.class_risks(line.average_optimal_threshold())
        return risks

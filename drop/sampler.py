"""DRoP where other libraries expect a sampler: imbalanced-learn's protocol, and torch's for a fresh draw every epoch.

Neither library is needed: both classes are what those look for, no more.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drop.names import Name, coded
from drop.planning import Plan, plan
from drop.rules import DEFAULT, LABELS_ONLY
from drop.selection import check_seed, random_keys


class Sampler:
    """Keeps a fraction of the samples by class, after imbalanced-learn's protocol: `fit_resample(X, y)`.

    density, rule, at_least: as for `drop.plan`; random_state: a whole number, a RandomState, or None for 0
    recalls: as for `drop.plan`; None: by cross-validation of `estimator`
    estimator: a classifier after scikit-learn's protocol; None: its logistic regression on scaled columns without gaps
    cv: how many parts, or a splitter of scikit-learn

    After a fit: `sample_indices_` int64 positions, `plan_`, `sampling_strategy_` {class: samples}, `n_features_in_`.

    >>> X, y = np.arange(20).reshape(10, 2), ["a"] * 6 + ["b"] * 4
    >>> sampler = Sampler(density=0.5, recalls={"a": (45, 50), "b": (30, 50)})
    >>> X_kept, y_kept = sampler.fit_resample(X, y)
    >>> sampler.sampling_strategy_, X_kept.shape
    ({'a': 2, 'b': 3}, (5, 2))
    """

    _estimator_type = "sampler"
    _sampling_type = "clean-sampling"  # neither only above nor only below: every class keeps its own number

    def __init__(
        self, density: float = 0.5, *, recalls: Any = None, estimator: Any = None, cv: Any = 5, rule: str = DEFAULT,
        at_least: int | None = None, random_state: Any = None) -> None:  # fmt: skip
        self.density = density
        self.recalls = recalls
        self.estimator = estimator
        self.cv = cv
        self.rule = rule
        self.at_least = at_least
        self.random_state = random_state

    def fit(self, X: Any, y: Any, **parameters: Any) -> Sampler:
        """Make the plan, and draw."""
        self._plan(*self._checked(X, y)[:2])
        return self

    def fit_resample(self, X: Any, y: Any, **parameters: Any) -> tuple[Any, Any]:
        """The samples to keep and their labels, in the containers they came in."""
        checked, labels, given = self._checked(X, y)
        self._plan(checked, labels)
        kept = self.sample_indices_
        return _taken(given, kept), _taken(y, kept)

    def _plan(self, X: Any, y: Any) -> None:
        if len(coded(y).names) < 2:
            raise ValueError("there is only one class, so there is nothing to share out: drop.prune takes it")
        settings: dict[str, Any] = {"density": self.density, "rule": self.rule, "at_least": self.at_least,
                                    "seed": _seed(self.random_state)}  # fmt: skip
        named: dict[str, Any] = {"recalls": self.recalls}
        if self.recalls is None and self.rule not in LABELS_ONLY:
            plan(y, dict.fromkeys(coded(y).names, 0.5), **settings)  # what is wrong says so before anything is fitted
            named = {"validation": (y, self._predicted(X, y))}
        self.plan_: Plan = plan(y, **named, **settings)
        self.sampling_strategy_: dict[Name, int] = self.plan_.counts
        self.sample_indices_: NDArray[np.int64] = self.plan_.positions()

    def _predicted(self, X: Any, y: Any) -> Any:
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        estimator, cv = self.estimator, self.cv
        if estimator is None:
            estimator = make_pipeline(
                SimpleImputer(), StandardScaler(with_mean=False), LogisticRegression(max_iter=2000)
            )
        if isinstance(cv, int):
            fewest = int(np.unique(np.asarray(y), return_counts=True)[1].min())
            if fewest < 2:
                raise ValueError("cross-validation needs two samples of each class: pass recalls=")
            cv = StratifiedKFold(min(cv, fewest))
        return cross_val_predict(estimator, X, y, cv=cv)

    def _checked(self, X: Any, y: Any) -> tuple[Any, Any, Any]:
        """X and y as arrays, checked as scikit-learn does where it is installed, and X as it came."""
        try:
            from sklearn.utils.multiclass import check_classification_targets
            from sklearn.utils.validation import column_or_1d, validate_data
        except ImportError:
            self.n_features_in_ = np.shape(X)[1]
            return X, y, X
        checked = validate_data(self, X, accept_sparse=["csr", "csc"], dtype=None, ensure_all_finite=False)
        if np.ndim(y) == 2 and np.shape(y)[1] > 1:
            rows = np.asarray(y)
            if not (np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all()):
                raise ValueError("Multilabel and multioutput targets are not supported: give one class a sample")
            labels = rows.argmax(axis=1)
        else:
            labels = column_or_1d(y)
        check_classification_targets(labels)
        return checked, labels, X

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor; with `deep` also those of the estimator."""
        found = {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}
        if deep and hasattr(self.estimator, "get_params"):
            found |= {f"estimator__{name}": value for name, value in self.estimator.get_params().items()}
        return found

    def set_params(self, **values: Any) -> Sampler:
        """Set parameters; ValueError for an unknown one."""
        for name, value in values.items():
            own, _, inner = name.partition("__")
            if own not in inspect.signature(type(self)).parameters:
                raise ValueError(f"Sampler has no parameter {own!r}; it has {', '.join(self.get_params(deep=False))}")
            self.estimator.set_params(**{inner: value}) if inner else setattr(self, own, value)
        return self

    def __repr__(self) -> str:
        return f"Sampler({', '.join(f'{name}={value!r}' for name, value in self.get_params(deep=False).items())})"

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The columns' names, which stay; ValueError for another number of them."""
        from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

        check_is_fitted(self)
        return _check_feature_names_in(self, input_features)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "sample_indices_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        class Inputs(InputTags):  # type: ignore[misc]  # with what imbalanced-learn asks for besides
            dataframe = True

        class All(Tags):  # type: ignore[misc]
            sampler_tags = SimpleNamespace(sample_indices=True)

        inputs = Inputs(sparse=True, allow_nan=True)
        return All(estimator_type="sampler", target_tags=TargetTags(required=True), input_tags=inputs)


def _seed(state: Any) -> int:
    if state is None:
        return 0
    if isinstance(state, int | np.integer):
        return int(state)
    if hasattr(state, "randint"):
        return int(state.randint(2**31))
    raise ValueError(f"random_state is {state!r}, but must be a whole number, a RandomState, or None")


def _taken(values: Any, kept: NDArray[np.int64]) -> Any:
    if hasattr(values, "iloc"):
        return values.iloc[kept]
    if isinstance(values, list | tuple):
        return type(values)(values[i] for i in kept)
    return values[kept] if hasattr(values, "__getitem__") else np.asarray(values)[kept]


class EpochSampler:
    """A torch sampler that draws anew in every epoch, with the same number of samples of each class.

    plan: of `drop.plan`, made from the labels of the data set; shuffle: the order too is drawn, else positions rise
    scores (N,): keep the highest of each class in every epoch, instead of random ones
    labels (N,): needed by a plan that was read from JSON only, those that it was made for

    Pass it as `DataLoader(data, sampler=EpochSampler(plan))`. An epoch counts from the start of an iteration, also of
    one that is broken off; `set_epoch(e)` says which draw comes next, as with torch's DistributedSampler. Epoch e of
    seed s is the same everywhere. ValueError, before the first epoch, for scores or labels that do not fit the plan.

    >>> made = plan(["a"] * 6 + ["b"] * 4, {"a": (45, 50), "b": (30, 50)}, density=0.5)
    >>> sampler = EpochSampler(made, shuffle=False)
    >>> len(sampler), list(sampler) == made.positions().tolist(), list(sampler) == made.positions().tolist()
    (5, True, False)
    """

    def __init__(
        self, plan: Plan, seed: int = 0, shuffle: bool = True, scores: ArrayLike | None = None,
        labels: Sequence[Name] | None = None) -> None:  # fmt: skip
        self.plan, self.seed, self.shuffle, self.scores, self.labels = plan, check_seed(seed), shuffle, scores, labels
        plan.positions(labels=labels, scores=scores, seed=self.seed)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Which draw the next iteration gives; ValueError for a negative one."""
        if epoch < 0:
            raise ValueError(f"epoch is {epoch}, but epochs count from 0")
        self.epoch = int(epoch)

    def __len__(self) -> int:
        return sum(row.kept for row in self.plan.rows)

    def __iter__(self) -> Iterator[int]:
        drawn = (self.seed + self.epoch * 0x9E3779B97F4A7C15) % 2**64  # epoch 0 is the plan's own draw for this seed
        self.epoch += 1
        kept = self.plan.positions(labels=self.labels, scores=self.scores, seed=drawn)
        if self.shuffle:
            kept = kept[np.argsort(random_keys(len(kept), drawn ^ 0x5555555555555555))]
        return iter(kept.tolist())

"""Splits of the data for cross-validation, and scores over them, for users without scikit-learn."""

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from mmlcore._errors import integer, message
from mmlcore._random import as_generator
from mmlcore.estimators.base import clone
from mmlcore.estimators.mixins import Classifier

__all__ = ["KFold", "StratifiedKFold", "cross_val_score", "splits_of"]


class _Folds:
    def __init__(self, n_splits: int = 5, *, shuffle: bool = False, random_state: Any = None) -> None:
        self.n_splits = integer(type(self).__name__, "n_splits", n_splits)
        if n_splits < 2:
            raise ValueError(message(type(self).__name__, "n_splits", "at least 2", repr(n_splits)))
        if random_state is not None and not shuffle:
            raise ValueError(
                "Setting a random_state has no effect since shuffle is False. You should leave random_state to its "
                "default (None), or set shuffle=True."
            )
        self.shuffle, self.random_state = shuffle, random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """The number of folds."""
        return self.n_splits

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}(n_splits={self.n_splits}, random_state={self.random_state!r}, shuffle={self.shuffle})"

    def _fold_of_each(self, X: Any, y: Any) -> np.ndarray:
        raise NotImplementedError

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (train, test), the indices of the rows, for each fold.

        Raises
        ------
        ValueError
            If there are fewer rows than folds.
        """
        n = X.shape[0] if hasattr(X, "shape") else len(X)
        if self.n_splits > n:
            raise ValueError(
                f"Cannot have number of splits n_splits={self.n_splits} greater than the number of samples: "
                f"n_samples={n}."
            )
        fold = self._fold_of_each(np.arange(n), y)
        for number in range(self.n_splits):
            yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


class KFold(_Folds):
    """Consecutive folds whose sizes differ by at most one, as `sklearn.model_selection.KFold`.

    Parameters
    ----------
    n_splits : int
    shuffle : bool
    random_state : int, Generator or None

    Raises
    ------
    ValueError
        If there are fewer than 2 folds.

    Examples
    --------
    >>> [test.tolist() for _, test in KFold(3).split(np.zeros((7, 1)))]
    [[0, 1, 2], [3, 4], [5, 6]]
    """

    def _fold_of_each(self, X: Any, y: Any) -> np.ndarray:
        n, k = len(X), self.n_splits
        fold = np.repeat(np.arange(k), [n // k + (number < n % k) for number in range(k)])
        if not self.shuffle:
            return fold
        mixed = np.empty(n, int)
        mixed[_permutation(self.random_state, n)] = fold
        return mixed


class StratifiedKFold(_Folds):
    """Folds with the same share of every class, as `sklearn.model_selection.StratifiedKFold`.

    Parameters
    ----------
    n_splits : int
    shuffle : bool
    random_state : int, Generator or None

    Examples
    --------
    >>> y = [0, 0, 0, 0, 1, 1]
    >>> [test.tolist() for _, test in StratifiedKFold(2).split(np.zeros((6, 1)), y)]
    [[0, 1, 4], [2, 3, 5]]
    """

    def _fold_of_each(self, X: Any, y: Any) -> np.ndarray:
        y = np.asarray(y).reshape(-1)
        if y.dtype.kind == "f" and (y != np.floor(y)).any():
            raise ValueError("Supported target types are: ('binary', 'multiclass'). Got 'continuous' instead.")
        _, first, codes, counts = np.unique(y, return_index=True, return_inverse=True, return_counts=True)
        codes = np.argsort(np.argsort(first))[codes]  # classes in the order in which they appear
        counts = np.bincount(codes)
        if self.n_splits > counts.max():
            raise ValueError(f"n_splits={self.n_splits} cannot be greater than the number of members in each class.")
        if self.n_splits > counts.min():
            warnings.warn(
                f"The least populated class in y has only {counts.min()} members, which is less than "
                f"n_splits={self.n_splits}.",
                UserWarning,
                stacklevel=3,
            )
        in_order = np.sort(codes)
        share = np.asarray(
            [np.bincount(in_order[i :: self.n_splits], minlength=len(counts)) for i in range(self.n_splits)]
        )
        fold = np.empty(len(y), int)
        generator = as_generator(self.random_state, "StratifiedKFold") if self.shuffle else None
        for number in range(len(counts)):
            folds = np.arange(self.n_splits).repeat(share[:, number])
            fold[codes == number] = folds if generator is None else generator.permutation(folds)
        return fold


def _permutation(random_state: Any, n: int) -> np.ndarray:
    if isinstance(random_state, np.random.RandomState | int | np.integer):  # scikit-learn's folds for the same seed
        state = random_state if isinstance(random_state, np.random.RandomState) else np.random.RandomState(random_state)
        order = np.arange(n)
        state.shuffle(order)
        return order
    return as_generator(random_state, "KFold").permutation(n)


def splits_of(cv: Any, X: Any, y: Any, classifier: bool) -> Iterable[tuple[Any, Any]]:
    """The (train, test) pairs that `cv` stands for: a number of folds, an object with `split`, or the pairs."""
    if cv is None or isinstance(cv, int | np.integer):
        folds = int(cv or 5)
        return (StratifiedKFold(folds) if classifier else KFold(folds)).split(X, y)
    return cv.split(X, y) if hasattr(cv, "split") else cv


def cross_val_score(
    estimator: Any, X: Any, y: Any = None, *, cv: Any = None, scoring: Any = None, params: dict[str, Any] | None = None
) -> np.ndarray:
    """The score on every fold of an estimator that was fitted to the others.

    Parameters
    ----------
    estimator : estimator
        Copied for every fold; never fitted itself.
    X : array_like, shape (n, d)
    y : array_like, shape (n,), optional
    cv : int, object with `split`, or iterable of (train, test), optional
        Default 5 folds, stratified for classifiers.
    scoring : callable(estimator, X, y), optional
        Default the estimator's `score`.
    params : dict, optional
        Further arguments of `fit`; arrays with n rows are split like `X`.

    Returns
    -------
    ndarray, shape (number of folds,)

    Examples
    --------
    >>> from mmlcore.estimators import LinearRegression
    >>> X = np.arange(10.0)[:, None]
    >>> cross_val_score(LinearRegression(), X, 2 * X[:, 0] + 1, cv=2).round(12)
    array([1., 1.])
    """
    X = X if hasattr(X, "shape") else np.asarray(X)
    n = X.shape[0]
    targets = None if y is None else np.asarray(y)
    scores = []
    for train, test in splits_of(cv, X, targets, _classifies(estimator)):
        extra = {name: value[train] if len(np.shape(value)) and len(value) == n else value
                 for name, value in (params or {}).items()}  # fmt: skip
        data = [_rows(X, train)] if targets is None else [_rows(X, train), targets[train]]
        fitted = clone(estimator).fit(*data, **extra)
        held = [_rows(X, test)] if targets is None else [_rows(X, test), targets[test]]
        scores.append(fitted.score(*held) if scoring is None else scoring(fitted, *held))
    return np.asarray(scores)


def _rows(X: Any, index: Any) -> Any:
    return X.iloc[index] if hasattr(X, "iloc") else X[index]


def _classifies(estimator: Any) -> bool:
    return isinstance(estimator, Classifier) or hasattr(estimator, "predict_proba")

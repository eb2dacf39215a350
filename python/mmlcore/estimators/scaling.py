"""Features brought to a common scale."""

from functools import reduce
from typing import Any, ClassVar, Self

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted, clone
from mmlcore.estimators.mixins import SameFeatures, Transformer
from mmlcore.estimators.parameters import BOOLEAN, Constraint, Instance
from mmlcore.estimators.sparse_rows import slices
from mmlcore.estimators.streams import fit_stream, is_stream, take_over
from mmlcore.estimators.validation import as_matrix, check_features, remember_features, validate_fit

__all__ = ["MinMaxScaler", "StandardScaler"]


def _refuse_infinity(x: FloatArray) -> None:
    if any(np.isinf(x[rows]).any() for rows in slices(x)):
        raise ValueError(f"Input X contains infinity or a value too large for {x.dtype!r}.")


def _validated(estimator: Any, X: Any) -> FloatArray:
    """The data of `transform`: NaN stays NaN."""
    check_is_fitted(estimator)
    x = as_matrix(estimator, X, finite=False, sparse_rows=True)
    check_features(estimator, X, x)
    if type(x) is np.ndarray:
        _refuse_infinity(x)
    return x


class _Scaler(SameFeatures, Transformer, Estimator):
    """What both scalers share: NaN is left out of the statistics and stays NaN."""

    _allows_nan = True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class StandardScaler(_Scaler):
    """z = (x - m) / s, column by column, with mean m and standard deviation s = √(Σ w (x - m)² / Σ w).

    Parameters
    ----------
    copy : bool
        Taken for the sake of scikit-learn's code: inputs are never written to.
    with_mean, with_std : bool
        Whether to subtract m, and to divide by s. A sparse matrix is not centred: ``with_mean=False``.

    Attributes
    ----------
    mean_, var_, scale_ : ndarray, shape (d,), or None
        `scale_` is s, and 1 for a column that is constant to working precision.
    n_samples_seen_ : int or ndarray
        Σ w of each column where some miss values or weights were given.
    n_features_in_, feature_names_in_

    Raises
    ------
    ValueError
        For data that are infinite, or sparse and to be centred.

    Notes
    -----
    `partial_fit` merges means and sums of squares exactly (Chan, Golub, LeVeque, 1979).

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.estimators import StandardScaler
    >>> StandardScaler().fit_transform([[0.0, 5.0], [2.0, 5.0]])
    array([[-1.,  0.],
           [ 1.,  0.]])
    """

    mean_: Any
    _total: FloatArray
    _mean: FloatArray
    _squares: FloatArray
    _takes_sparse = True
    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "copy": [BOOLEAN],
        "with_mean": [BOOLEAN],
        "with_std": [BOOLEAN],
    }

    def __init__(self, *, copy: bool = True, with_mean: bool = True, with_std: bool = True) -> None:
        self.copy = copy
        self.with_mean = with_mean
        self.with_std = with_std

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find means and deviations of the columns of `X`, or of an iterator of blocks of rows; `y` is ignored."""
        if is_stream(X):
            return fit_stream(self, X, None, sample_weight)
        return take_over(self, clone(self).partial_fit(X, y, sample_weight))

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Take in further rows; `y` is ignored."""
        self._check_parameters()
        self._refuse_centred_sparse(X)
        first = not hasattr(self, "n_samples_seen_")
        x, _, weights = validate_fit(
            self, X, None, sample_weight, reset=first, finite=False, remember=False, sparse_rows=True
        )
        parts = [_moments(x[rows], None if weights is None else weights[rows]) for rows in slices(x)]
        if not first:
            parts.insert(0, (self._total, self._mean, self._squares))
        total, mean, squares = reduce(_merged, parts)
        if first:
            remember_features(self, X, x)
        self._total, self._mean, self._squares = total, mean, squares
        seen = total if weights is not None or (total != total[0]).any() else int(total[0])
        self.n_samples_seen_ = seen
        self.mean_ = mean.copy() if self.with_mean or self.with_std else None
        self.var_, self.scale_ = None, None
        if self.with_std:
            with np.errstate(invalid="ignore", divide="ignore"):
                self.var_ = squares / total
            self.scale_ = _scale_of(self.var_, mean, total)
        return self

    def _refuse_centred_sparse(self, X: Any) -> None:
        if hasattr(X, "toarray") and self.with_mean:
            raise ValueError(
                "Cannot center sparse matrices: pass `with_mean=False` instead. See docstring for motivation and "
                "alternatives."
            )

    def transform(self, X: Any, copy: Any = None) -> Any:
        """(x - m) / s."""
        self._refuse_centred_sparse(X)
        x = _validated(self, X)
        if hasattr(X, "toarray"):
            return X if self.scale_ is None else X.multiply(1 / self.scale_).tocsr().astype(x.dtype)
        result = x - self.mean_.astype(x.dtype) if self.with_mean else x.copy()
        if self.scale_ is not None:
            result /= self.scale_.astype(x.dtype)
        return result

    def inverse_transform(self, X: Any, copy: Any = None) -> Any:
        """z s + m."""
        self._refuse_centred_sparse(X)
        check_is_fitted(self)
        x = as_matrix(self, X, finite=False, sparse_rows=True)
        if hasattr(X, "toarray"):
            return X if self.scale_ is None else X.multiply(self.scale_).tocsr().astype(x.dtype)
        result = x.copy() if self.scale_ is None else x * self.scale_.astype(x.dtype)
        if self.with_mean:
            result += self.mean_.astype(x.dtype)
        return result

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not self.with_mean
        return tags


Moments = tuple[FloatArray, FloatArray, FloatArray]


def _moments(x: FloatArray, weights: Any) -> Moments:
    """Σ w, the means and Σ w (x - m)² of the columns, without NaN, in double precision."""
    n, d = x.shape
    _refuse_infinity(x)
    missing = np.isnan(x)
    if weights is not None and not weights.any():
        return np.zeros(d), np.zeros(d), np.zeros(d)
    if not missing.any():
        mean = np.average(x.astype(np.float64, copy=False), axis=0, weights=weights)
        centred = x - mean
        squares = np.square(centred).sum(axis=0) if weights is None else weights.astype(np.float64) @ centred**2
        total = float(n) if weights is None else float(weights.sum(dtype=np.float64))
        return np.full(d, total), mean, squares
    w = np.where(missing, 0.0, (np.ones(n) if weights is None else weights.astype(np.float64))[:, None])
    total = w.sum(axis=0)
    filled = np.where(missing, 0.0, x)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (w * filled).sum(axis=0) / total
        squares = (w * np.square(filled - mean)).sum(axis=0)
    return total, mean, squares


def _merged(one: Moments, other: Moments) -> Moments:
    total = one[0] + other[0]
    known, more = one[0] > 0, other[0] > 0
    step = np.where(known & more, other[1] - one[1], 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, one[1] + np.where(more, step * (other[0] / total), 0.0), other[1])
        between = np.where(known & more, step**2 * one[0] * other[0] / total, 0.0)
    squares = np.where(known, one[2], 0.0) + np.where(more, other[2], 0.0) + between
    return total, mean, squares


def _scale_of(var: FloatArray, mean: FloatArray, total: FloatArray) -> FloatArray:
    """√var, and 1 where the column is constant: its variance is what rounding leaves."""
    eps = np.finfo(np.float64).eps
    with np.errstate(invalid="ignore"):
        constant = var <= total * eps * var + (total * mean * eps) ** 2
    scale: FloatArray = np.sqrt(var)
    scale[constant] = 1.0
    return scale


class MinMaxScaler(_Scaler):
    """Columns brought from [smallest, largest] to a range: z = x · scale_ + min_.

    Parameters
    ----------
    feature_range : pair of numbers
    copy : bool
        Taken for the sake of scikit-learn's code: inputs are never written to.
    clip : bool
        Bring rows from outside to the ends of the range.

    Attributes
    ----------
    data_min_, data_max_, data_range_, scale_, min_ : ndarray, shape (d,)
    n_samples_seen_ : int
    n_features_in_, feature_names_in_

    Raises
    ------
    ValueError
        For a range that is empty, or data that are infinite.

    Examples
    --------
    >>> from mmlcore.estimators import MinMaxScaler
    >>> MinMaxScaler().fit_transform([[0.0, 5.0], [2.0, 5.0], [1.0, 5.0]])
    array([[0. , 0. ],
           [1. , 0. ],
           [0.5, 0. ]])
    """

    data_min_: FloatArray
    data_max_: FloatArray
    n_samples_seen_: int
    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "feature_range": [Instance(tuple, "an instance of 'tuple'")],
        "copy": [BOOLEAN],
        "clip": [BOOLEAN],
    }

    def __init__(self, feature_range: Any = (0, 1), *, copy: bool = True, clip: bool = False) -> None:
        self.feature_range = feature_range
        self.copy = copy
        self.clip = clip

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the smallest and the largest entry of each column of `X`, or of an iterator of blocks of rows; `y` is
        ignored.
        """
        if is_stream(X):
            return fit_stream(self, X, None, None)
        return take_over(self, clone(self).partial_fit(X, y))

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Take in further rows; `y` is ignored."""
        self._check_parameters()
        low, high = self.feature_range
        if low >= high:
            raise ValueError(
                f"Minimum of desired feature range must be smaller than maximum. Got {self.feature_range}."
            )
        first = not hasattr(self, "n_samples_seen_")
        x, _, _ = validate_fit(self, X, reset=first, finite=False, remember=False)
        _refuse_infinity(x)
        if first:
            remember_features(self, X, x)
        smallest, largest = np.fmin.reduce(x, axis=0), np.fmax.reduce(x, axis=0)
        seen = len(x)
        if not first:
            smallest, largest = np.fmin(self.data_min_, smallest), np.fmax(self.data_max_, largest)
            seen += self.n_samples_seen_
        extent = largest - smallest
        wide = np.where(extent < 10 * np.finfo(x.dtype).eps, 1, extent)
        self.data_min_, self.data_max_, self.data_range_ = smallest, largest, extent
        self.scale_ = ((high - low) / wide).astype(x.dtype)
        self.min_ = (low - smallest * self.scale_).astype(x.dtype)
        self.n_samples_seen_ = seen
        return self

    def transform(self, X: Any) -> FloatArray:
        """x · scale_ + min_."""
        x = _validated(self, X)
        result: FloatArray = x * self.scale_.astype(x.dtype) + self.min_.astype(x.dtype)
        return np.clip(result, *self.feature_range).astype(x.dtype, copy=False) if self.clip else result

    def inverse_transform(self, X: Any) -> FloatArray:
        """(z - min_) / scale_."""
        check_is_fitted(self)
        x = as_matrix(self, X, finite=False)
        return (x - self.min_.astype(x.dtype)) / self.scale_.astype(x.dtype)

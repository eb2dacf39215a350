"""Products of the features up to a degree."""

from itertools import chain, combinations, combinations_with_replacement
from typing import Any, ClassVar, Self

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted, unchanged_on_failure
from mmlcore.estimators.mixins import Transformer
from mmlcore.estimators.output import names_in
from mmlcore.estimators.parameters import BOOLEAN, Constraint, Instance, Interval, OneOf
from mmlcore.estimators.validation import validate_fit, validate_predict

__all__ = ["PolynomialFeatures"]

_CACHED = 1 << 17  # elements of the result that stay in the cache while a degree is made of the one below


class PolynomialFeatures(Transformer, Estimator):
    """φ(x) = [1, x₁, …, x_d, x₁², x₁x₂, …]: all products of the features up to a degree.

    Parameters
    ----------
    degree : int or (int, int)
        The highest, or the lowest and the highest.
    interaction_only : bool
        No feature twice in a product.
    include_bias : bool
        The constant 1 too.
    order : {"C", "F"}
        Of the result in memory.

    Attributes
    ----------
    powers_ : ndarray, shape (n_output_features_, d)
        The exponent of every feature in every product.
    n_output_features_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    Notes, section 5.4.

    Examples
    --------
    >>> from mmlcore.estimators import PolynomialFeatures
    >>> PolynomialFeatures(2).fit_transform([[2.0, 3.0]])
    array([[1., 2., 3., 4., 6., 9.]])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "degree": [Interval(int, 0, None), Instance((tuple, list), "an array-like")],
        "interaction_only": [BOOLEAN],
        "include_bias": [BOOLEAN],
        "order": [OneOf("C", "F")],
    }
    _takes_sparse = True

    def __init__(
        self, degree: Any = 2, *, interaction_only: bool = False, include_bias: bool = True, order: str = "C"
    ) -> None:
        self.degree = degree
        self.interaction_only = interaction_only
        self.include_bias = include_bias
        self.order = order

    def _degrees(self) -> tuple[int, int]:
        if isinstance(self.degree, int | np.integer):
            low, high = 0, int(self.degree)
            if high == 0 and not self.include_bias:
                raise ValueError(
                    "Setting degree to zero and include_bias to False would result in an empty output array."
                )
            return low, high
        low, high = (*self.degree, None, None)[:2]
        right = isinstance(low, int | np.integer) and isinstance(high, int | np.integer)
        if len(self.degree) != 2 or not right or not 0 <= low <= high:
            raise ValueError(
                "degree=(min_degree, max_degree) must be non-negative integers that fulfil "
                f"min_degree <= max_degree, got {self.degree}."
            )
        return int(low), int(high)

    def _combinations(self, d: int) -> list[tuple[int, ...]]:
        low, high = self._degrees()
        choose = combinations if self.interaction_only else combinations_with_replacement
        found = chain.from_iterable(choose(range(d), degree) for degree in range(max(1, low), high + 1))
        return ([()] if self.include_bias else []) + list(found)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Count the products for `X` (n, d)."""
        self._check_parameters()
        self._degrees()
        with unchanged_on_failure(self):
            X, _, _ = validate_fit(self, X)
            chosen = self._combinations(X.shape[1])
            self.powers_ = np.zeros((len(chosen), X.shape[1]), int)
            for row, items in zip(self.powers_, chosen, strict=True):
                np.add.at(row, list(items), 1)
            self.n_output_features_ = len(chosen)
            return self

    def transform(self, X: Any) -> FloatArray:
        """The products for every row: shape (n, n_output_features_)."""
        check_is_fitted(self)
        X = validate_predict(self, X)
        _, high = self._degrees()
        blocks = self._blocks(X.shape[1], high)
        width = blocks[-1][2] if blocks else 1 + X.shape[1] * (high > 0)
        out = np.empty((len(X), width), X.dtype, order=self.order)  # type: ignore[call-overload]
        out[:, 0] = 1
        out[:, 1 : 1 + X.shape[1] * (high > 0)] = X if high > 0 else X[:, :0]
        step = max(_CACHED // width, 16)
        for rows in (slice(first, first + step) for first in range(0, len(X), step)):
            part, features = out[rows], X[rows]
            for j, start, stop, tail in blocks:
                np.multiply(part[:, tail : tail + stop - start], features[:, j, None], out=part[:, start:stop])
        first = width - self.n_output_features_ + bool(self.include_bias)
        if first == 1 and self.include_bias:
            return out
        kept = np.hstack([out[:, : int(self.include_bias)], out[:, first:]])
        return np.asarray(kept, order=self.order)  # type: ignore[call-overload]

    def _blocks(self, d: int, high: int) -> list[tuple[int, int, int, int]]:
        """(j, start, stop, tail): columns start … stop are x_j times the columns from `tail` on.

        The products of one degree that begin with x_j are x_j times those of the degree below that begin with x_j or
        later (later, without repetition), which lie together.
        """
        begins, end = list(range(1, d + 2)), d + 1
        found = []
        for _ in range(2, high + 1):
            at, new = end, []
            for j in range(d):
                tail = begins[j + 1] if self.interaction_only else begins[j]
                new.append(at)
                if end > tail:
                    found.append((j, at, at + end - tail, tail))
                    at += end - tail
            begins, end = [*new, at], at
        return found

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Names like "1", "x0", "x0^2", "x0 x1", an array of str objects."""
        check_is_fitted(self)
        names = names_in(self, input_features)
        texts = []
        for row in self.powers_:
            parts = [names[j] if row[j] == 1 else f"{names[j]}^{row[j]}" for j in np.flatnonzero(row)]
            texts.append(" ".join(parts) or "1")
        return np.asarray(texts, dtype=object)

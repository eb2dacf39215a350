"""Bumps around centres as features."""

from typing import Any, ClassVar, Self

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore._random import as_generator
from mmlcore.estimators.base import Estimator, check_is_fitted, unchanged_on_failure
from mmlcore.estimators.kernels import rbf
from mmlcore.estimators.mixins import NumberedFeatures, Transformer
from mmlcore.estimators.parameters import ARRAY, BOOLEAN, NONE, RANDOM_STATE, Constraint, Interval, OneOf
from mmlcore.estimators.validation import as_matrix, validate_fit, validate_predict

__all__ = ["RBFFeatures"]


class RBFFeatures(NumberedFeatures, Transformer, Estimator):
    """φ(x) = [exp(-γ ‖x - μ₁‖²), …, exp(-γ ‖x - μ_m‖²)]: radial basis functions around m centres.

    Parameters
    ----------
    n_centers : int
        m, where the centres are not given.
    gamma : float, optional
        γ = 1 / λ. Default: m^(2/d) over twice the sum of the features' variances, so that neighbours overlap.
    centers : "random", "grid" or array_like of shape (m, d)
        Rows of the data drawn without repetition; equally spaced between the extremes of one feature; or given.
    include_bias : bool
        The constant 1 as the first feature.
    random_state : int, RandomState, Generator or None

    Attributes
    ----------
    centers_ : ndarray, shape (m, d)
    gamma_ : float
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    Notes, section 5.5.

    Examples
    --------
    >>> from mmlcore.estimators import RBFFeatures
    >>> RBFFeatures(centers=[[0.0], [1.0]], gamma=1.0).fit_transform([[0.0]]).round(3)
    array([[1.   , 0.368]])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "n_centers": [Interval(int, 1, None)],
        "gamma": [Interval(float, 0, None, "neither"), NONE],
        "centers": [OneOf("random", "grid"), ARRAY],
        "include_bias": [BOOLEAN],
        "random_state": [RANDOM_STATE],
    }

    def __init__(
        self,
        n_centers: int = 10,
        *,
        gamma: float | None = None,
        centers: Any = "random",
        include_bias: bool = False,
        random_state: Any = None,
    ) -> None:
        self.n_centers = n_centers
        self.gamma = gamma
        self.centers = centers
        self.include_bias = include_bias
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Choose the centres from `X` (n, d).

        Raises
        ------
        ValueError
            If a parameter or the data are not what they must be; "grid" needs one feature.
        """
        self._check_parameters()
        if isinstance(self.centers, str) and self.centers == "grid" and as_matrix(self, X).shape[1] != 1:
            raise ValueError(f"RBFFeatures: X must be of one feature for centers='grid', got shape {np.shape(X)}")
        with unchanged_on_failure(self):
            X, _, _ = validate_fit(self, X)
            centers = self._chosen(X)
            spread = 2 * float(X.var(axis=0, dtype=np.float64).sum())
            wide = len(centers) ** (2 / X.shape[1]) / spread if spread > 0 else 1.0
            self.centers_, self.gamma_ = centers, wide if self.gamma is None else float(self.gamma)
            return self

    def _chosen(self, X: FloatArray) -> FloatArray:
        if not isinstance(self.centers, str):
            centers = np.array(self.centers, X.dtype)
            if centers.ndim != 2 or centers.shape[1] != X.shape[1]:
                raise ValueError(
                    f"RBFFeatures: centers must be of {X.shape[1]} columns as X, got shape {centers.shape}"
                )
            return centers
        if self.centers == "grid":
            return np.linspace(X.min(), X.max(), self.n_centers, dtype=X.dtype)[:, None]
        number = min(self.n_centers, len(X))
        if isinstance(self.random_state, np.random.RandomState):
            return X[self.random_state.permutation(len(X))[:number]]
        return X[as_generator(self.random_state, "RBFFeatures").permutation(len(X))[:number]]

    @property
    def _n_features_out(self) -> int:
        return len(self.centers_) + bool(self.include_bias)

    def transform(self, X: Any) -> FloatArray:
        """The bumps at every row: shape (n, m), or (n, m + 1) with the constant."""
        check_is_fitted(self)
        X = validate_predict(self, X)
        bumps = rbf(X, self.centers_.astype(X.dtype, copy=False), self.gamma_)
        return np.hstack([np.ones((len(X), 1), X.dtype), bumps]) if self.include_bias else bumps

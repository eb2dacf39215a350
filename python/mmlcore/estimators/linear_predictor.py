"""What all linear models share: ŷ = X β + β₀."""

from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import check_is_fitted
from mmlcore.estimators.sparse_rows import SparseRows
from mmlcore.estimators.validation import validate_predict

__all__ = ["LinearPredictor", "affine"]


def affine(X: FloatArray, coef: Any, intercept: Any) -> FloatArray:
    """X coefᵀ + intercept in the dtype of X: (n,) for coef (d,), (n, k) for coef (k, d).

    >>> affine(np.array([[1.0, 2.0]]), np.array([3.0, 4.0]), 0.5)
    array([11.5])
    """
    weights = np.atleast_2d(np.asarray(coef)).astype(X.dtype, copy=False)
    bias = np.broadcast_to(np.asarray(intercept, X.dtype).reshape(-1), (len(weights),))
    if isinstance(X, SparseRows):
        scores = X.times(weights.T) + bias
        return scores[:, 0] if np.ndim(coef) == 1 else scores
    out = _kernels.empty((len(X), len(weights)), X.dtype)
    _kernels.gemm(out, X, weights.T, bias=np.ascontiguousarray(bias))
    return out[:, 0] if np.ndim(coef) == 1 else out


class LinearPredictor:
    """Regressors with `coef_` (d,) or (k, d) and `intercept_`."""

    coef_: FloatArray
    intercept_: Any

    def predict(self, X: Any) -> FloatArray:
        """X β + β₀.

        Parameters
        ----------
        X : array_like, shape (n, d)

        Returns
        -------
        ndarray, shape (n,) or (n, k)
        """
        check_is_fitted(self)
        return affine(validate_predict(self, X, sparse_rows=True), self.coef_, self.intercept_)

    def _store(self, coef: FloatArray, intercept: FloatArray, like: FloatArray, targets: FloatArray) -> None:
        """Keep coef (k, d) and intercept (k,) in the dtype of the data, without the axis that one target lacks."""
        fitted = bool(getattr(self, "fit_intercept", True))
        if targets.ndim == 1:
            self.coef_ = coef[0].astype(like.dtype)
            self.intercept_ = like.dtype.type(intercept[0]) if fitted else 0.0
        else:
            self.coef_ = coef.astype(like.dtype)
            self.intercept_ = intercept.astype(like.dtype) if fitted else 0.0

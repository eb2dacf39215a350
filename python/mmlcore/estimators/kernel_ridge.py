"""Ridge regression in the space of a kernel."""

from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted, unchanged_on_failure
from mmlcore.estimators.kernels import KERNELS, kernel_matrix
from mmlcore.estimators.mixins import Regressor
from mmlcore.estimators.parameters import ARRAY, CALLABLE, DICT, NONE, Constraint, Interval, OneOf
from mmlcore.estimators.refinement import solve_positive_definite
from mmlcore.estimators.validation import validate_fit, validate_predict

__all__ = ["KernelRidge"]


class KernelRidge(Regressor, Estimator):
    """Ridge regression on features that only a kernel knows: ŷ = Σ_i a_i k(x_i, x), (K + α) a = y.

    Without intercept. K + α by Cholesky; by singular values where it has no Cholesky factor.

    Parameters
    ----------
    alpha : float or array_like of shape (k,)
    kernel : str or callable
        "linear", "rbf" (exp(-γ ‖x - y‖²)), "poly" ((γ xᵀy + c)^degree), "sigmoid", "laplacian", "cosine",
        "precomputed", or a function of two rows.
    gamma : float, optional
        Default 1 / d.
    degree, coef0 : float
    kernel_params : dict, optional
        For a callable kernel.

    Attributes
    ----------
    dual_coef_ : ndarray, shape (n,) or (n, k)
    X_fit_ : ndarray, shape (n, d)
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    Notes, section 5.5. Murphy, Machine Learning: A Probabilistic Perspective, 14.4.3.

    Examples
    --------
    >>> from mmlcore.estimators import KernelRidge
    >>> model = KernelRidge(alpha=1e-3, kernel="rbf", gamma=1.0).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0])
    >>> model.predict([[1.0]]).round(2)
    array([1.])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "alpha": [Interval(float, 0, None), ARRAY],
        "kernel": [OneOf(*KERNELS, "precomputed"), CALLABLE],
        "gamma": [Interval(float, 0, None), NONE],
        "degree": [Interval(float, 0, None)],
        "coef0": [Interval(float, None, None, "neither")],
        "kernel_params": [DICT, NONE],
    }
    _takes_sparse = True
    _multi_output = True

    def __init__(
        self,
        alpha: Any = 1,
        *,
        kernel: Any = "linear",
        gamma: float | None = None,
        degree: float = 3,
        coef0: float = 1,
        kernel_params: dict[str, Any] | None = None,
    ) -> None:
        self.alpha = alpha
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.kernel == "precomputed"
        return tags

    def _kernel(self, X: FloatArray, Y: FloatArray) -> FloatArray:
        if isinstance(self.kernel, str) and self.kernel == "precomputed":
            return X
        return kernel_matrix(X, Y, self.kernel, self.gamma, self.degree, self.coef0, self.kernel_params or {})

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to `X` (n, d), or K (n, n) with "precomputed", and `y` (n,) or (n, k), with weights (n,) of the rows.

        Raises
        ------
        ValueError
            If a parameter or the data are not what they must be; see `mmlcore.estimators`.
        """
        self._check_parameters()
        with unchanged_on_failure(self):
            X, y, weights = validate_fit(self, X, y, sample_weight, targets="multi")
            if isinstance(self.kernel, str) and self.kernel == "precomputed" and X.shape[0] != X.shape[1]:
                raise ValueError(
                    f"Precomputed kernel must be a square matrix. Input is a {X.shape[0]}x{X.shape[1]} matrix."
                )
            alphas = np.asarray(self.alpha, np.float64).reshape(-1)
            Y = y.reshape(len(X), -1)
            if alphas.size not in (1, Y.shape[1]):
                raise ValueError(
                    f"Number of targets and number of penalties do not correspond: {alphas.size} != {Y.shape[1]}"
                )
            K = self._kernel(X, X)
            dual = _dual_coefficients(K.copy() if K is X else K, Y, weights, np.broadcast_to(alphas, (Y.shape[1],)))
            self.dual_coef_, self.X_fit_ = (dual[:, 0] if y.ndim == 1 else dual), X.copy()
            return self

    def predict(self, X: Any) -> FloatArray:
        """Σ_i a_i k(x_i, x).

        Parameters
        ----------
        X : array_like, shape (m, d), or (m, n) with "precomputed"

        Returns
        -------
        ndarray, shape (m,) or (m, k)
        """
        check_is_fitted(self)
        X = validate_predict(self, X)
        similar = self._kernel(X, self.X_fit_.astype(X.dtype, copy=False))
        return linalg.matmul(similar, self.dual_coef_.astype(X.dtype, copy=False))


def _dual_coefficients(K: FloatArray, Y: FloatArray, weights: FloatArray | None, alphas: FloatArray) -> FloatArray:
    """√w (√w K √w + α)⁻¹ √w Y: the weights are those of Σ w_i (y_i - ŷ_i)². K is overwritten."""
    roots = None if weights is None else np.sqrt(weights)[:, None]
    if roots is not None:
        K, Y = K * roots * roots[:, 0], Y * roots
    dual = np.empty_like(Y)
    for alpha in np.unique(alphas):
        columns = alphas == alpha
        diagonal = K.diagonal().copy()
        np.fill_diagonal(K, diagonal + K.dtype.type(alpha))
        try:
            dual[:, columns] = solve_positive_definite(K, Y[:, columns])
        except linalg.LinAlgError:
            dual[:, columns] = linalg.lstsq(K, Y[:, columns])[0]
        np.fill_diagonal(K, diagonal)
    return dual if roots is None else dual * roots

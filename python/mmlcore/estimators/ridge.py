"""Least squares with a quadratic penalty, and its choice by cross-validation."""

from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator
from mmlcore.estimators.linear_predictor import LinearPredictor
from mmlcore.estimators.mixins import Regressor
from mmlcore.estimators.nonnegative import nonnegative_least_squares
from mmlcore.estimators.parameters import ARRAY, BOOLEAN, NONE, RANDOM_STATE, Constraint, Interval, OneOf
from mmlcore.estimators.statistics import Factor, Gram, Solution
from mmlcore.estimators.streams import fit_stream, is_stream
from mmlcore.estimators.validation import remember_features, require_finite, validate_fit

__all__ = ["Ridge", "centred_rows", "penalised_least_squares"]


def penalised_least_squares(
    X: FloatArray,
    Y: FloatArray,
    sample_weight: FloatArray | None,
    alpha: FloatArray,
    intercept: bool,
    owner: str = "penalised_least_squares",
) -> Solution:
    """The β and β₀ that make Σ w_i ‖y_i - x_i β - β₀‖² + Σ_t α_t ‖β_t‖² smallest.

    By products where they carry the digits: XᵀX + α, or X Xᵀ + α where there are fewer rows than columns. Otherwise by
    QR.

    Examples
    --------
    >>> penalised_least_squares(np.array([[1.0], [3.0]]), np.array([[1.0], [3.0]]), None, np.array([2.0]), True).coef
    array([[0.5]])
    """
    n, d = X.shape
    if n < d and (alpha > 0).all():
        require_finite(X, "X", owner)
        return _dual(X, Y, sample_weight, alpha, intercept)
    gram = Gram(d, Y.shape[1]).update(X, Y, sample_weight)
    gram.require_finite(X, owner)
    solution = gram.solve(alpha, intercept)
    if solution is not None:
        return solution
    return Factor(d, Y.shape[1], intercept).update(X, Y, sample_weight).solve(alpha)


def _dual(
    X: FloatArray, Y: FloatArray, sample_weight: FloatArray | None, alpha: FloatArray, intercept: bool
) -> Solution:
    """β = Xᵀ (X Xᵀ + α)⁻¹ Y of centred, weighted rows."""
    left, right, x_mean, y_mean = centred_rows(X, Y, sample_weight, intercept)
    gram, coef = linalg.matmul(left, left.T), np.empty((Y.shape[1], X.shape[1]))
    for value in np.unique(alpha):
        columns = alpha == value
        weights = linalg.cho_solve(linalg.cho_factor(gram + value * np.eye(len(gram))), right[:, columns])
        coef[columns] = linalg.matmul(left.T, weights).T
    return Solution(coef, y_mean - coef @ x_mean, min(X.shape), "cholesky")


def centred_rows(
    X: FloatArray, Y: FloatArray, sample_weight: FloatArray | None, intercept: bool
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """√w (X - x̄), √w (Y - ȳ) and the means in float64 (zeros without `intercept`).

    >>> centred_rows(np.array([[1.0], [3.0]]), np.array([[2.0], [2.0]]), None, True)[0].tolist()
    [[-1.0], [1.0]]
    """
    left, right = X.astype(np.float64), Y.astype(np.float64)
    x_mean, y_mean = np.zeros(X.shape[1]), np.zeros(Y.shape[1])
    if intercept:
        x_mean, y_mean = (np.average(a, axis=0, weights=sample_weight) for a in (left, right))
        left, right = left - x_mean, right - y_mean
    if sample_weight is not None:
        roots = np.sqrt(sample_weight.astype(np.float64))[:, None]
        left, right = left * roots, right * roots
    return left, right, x_mean, y_mean


class Ridge(LinearPredictor, Regressor, Estimator):
    """Least squares with a penalty: the β, β₀ that make Σ w_i ‖y_i - x_i β - β₀‖² + α ‖β‖² smallest.

    The Bayesian reading: with y | x ~ N(x β, σ²) and β ~ N(0, τ²) the most probable β is that of α = σ² / τ². Solved
    directly, as `LinearRegression` is; every name of scikit-learn's solvers is accepted and gives the same numbers.

    Parameters
    ----------
    alpha : float or array_like of shape (k,)
        ≥ 0; one for all targets or one for each.
    fit_intercept : bool
    copy_X : bool
        Kept for compatibility: X is never written to.
    max_iter, tol, random_state
        Kept for compatibility: the solution is direct.
    solver : str
        scikit-learn's names.
    positive : bool
        Only coefficients ≥ 0.

    Attributes
    ----------
    coef_ : ndarray, shape (d,) or (k, d)
    intercept_ : float, or ndarray of shape (k,)
    n_iter_ : int
        1: the solution is direct.
    solver_ : {"cholesky", "qr", "svd", "active set"}
        How it was solved.
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    Notes, sections 5.2 and 5.3. CS582, section 5.

    Examples
    --------
    >>> from mmlcore.estimators import Ridge
    >>> Ridge(alpha=2.0).fit([[1.0], [3.0]], [1.0, 3.0]).coef_
    array([0.5])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "alpha": [Interval(float, 0, None), ARRAY],
        "fit_intercept": [BOOLEAN],
        "copy_X": [BOOLEAN],
        "max_iter": [Interval(int, 1, None), NONE],
        "tol": [Interval(float, 0, None)],
        "solver": [OneOf("auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs")],
        "positive": [BOOLEAN],
        "random_state": [RANDOM_STATE],
    }
    _takes_sparse = True
    _multi_output = True

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.positive = positive
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit to `X` (n, d) and `y` (n,) or (n, k), with weights (n,) of the rows; or to an iterator of blocks of rows.

        Blocks are tuples (X, y) or (X, y, sample_weight), of which only the triangular factor is kept, as by
        `partial_fit`: the data may be larger than the memory.

        Raises
        ------
        ValueError
            If a parameter or the data are not what they must be; see `mmlcore.estimators`.
        """
        if is_stream(X):
            return fit_stream(self, X, y, sample_weight)
        self._check_parameters()
        given, name = X, type(self).__name__
        X, y, weights = validate_fit(
            self, X, y, sample_weight, targets="multi", finite=False, remember=False, sparse_rows=True
        )
        Y = y.reshape(len(X), -1)
        alpha = self._penalties(Y.shape[1])
        if self.positive:
            gram = Gram(X.shape[1], Y.shape[1]).update(X, Y, weights)
            gram.require_finite(X, name)
            solution = nonnegative_least_squares(gram, self.fit_intercept, alpha)
        else:
            solution = penalised_least_squares(X, Y, weights, alpha, bool(self.fit_intercept), name)
        self.__dict__.pop("_factor", None)
        remember_features(self, given, X)
        self._keep(solution, X, y)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Take in more rows: afterwards the model is that of all rows seen since the first `partial_fit`."""
        return self._conclude(*self._absorb(X, y, sample_weight))

    def _absorb(self, X: Any, y: Any, sample_weight: Any = None) -> tuple[FloatArray, FloatArray]:
        self._check_parameters()
        if self.positive:
            raise ValueError(f"{type(self).__name__}: positive must be False where rows come in pieces, got True")
        known: Factor | None = self.__dict__.get("_factor")
        X, y, weights = validate_fit(self, X, y, sample_weight, targets="multi", reset=known is None)
        Y = y.reshape(len(X), -1)
        self._penalties(Y.shape[1])
        if known is None:
            known = Factor(X.shape[1], Y.shape[1], bool(self.fit_intercept))
        elif Y.shape[1] != known.targets:
            raise ValueError(f"partial_fit: y must be of {known.targets} columns, got shape {y.shape}")
        self._factor = known.update(X, Y, weights)
        return X[:0].copy(), y[:0].copy()

    def _conclude(self, X: FloatArray, y: FloatArray) -> Self:
        self._keep(self._factor.solve(self._penalties(self._factor.targets)), X, y)
        return self

    def _penalties(self, targets: int) -> FloatArray:
        alpha = np.asarray(self.alpha, np.float64).reshape(-1)
        if alpha.size not in (1, targets):
            raise ValueError(f"Number of targets and number of penalties do not correspond: {alpha.size} != {targets}")
        if not np.isfinite(alpha).all() or (alpha < 0).any():
            raise ValueError(f"Ridge: alpha must be finite and not negative, got {self.alpha!r}")
        return np.broadcast_to(alpha, (targets,))

    def _keep(self, solution: Solution, X: FloatArray, y: FloatArray) -> None:
        self._store(solution.coef, solution.intercept, X, y)
        self.n_iter_, self.solver_ = 1, solution.solver

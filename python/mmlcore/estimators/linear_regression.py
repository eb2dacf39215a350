"""Least squares, in one go or from data in pieces."""

from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator
from mmlcore.estimators.linear_predictor import LinearPredictor
from mmlcore.estimators.mixins import Regressor
from mmlcore.estimators.nonnegative import nonnegative_least_squares
from mmlcore.estimators.parameters import BOOLEAN, Constraint
from mmlcore.estimators.refinement import refined_least_squares
from mmlcore.estimators.sparse_rows import SparseRows
from mmlcore.estimators.statistics import Factor, Gram, Solution, constant_columns
from mmlcore.estimators.streams import fit_stream, is_stream
from mmlcore.estimators.validation import remember_features, require_finite, validate_fit

__all__ = ["LinearRegression", "least_squares"]


def least_squares(
    X: FloatArray, Y: FloatArray, sample_weight: FloatArray | None, intercept: bool, owner: str = "least_squares"
) -> Solution:
    """The β and β₀ that make Σ w_i ‖y_i - x_i β - β₀‖² smallest; of several the β of least length.

    By products (one pass over X) where they carry the digits; otherwise by QR, refined in twice the precision; by
    singular values where columns depend on each other.

    Parameters
    ----------
    X : ndarray or SparseRows, shape (n, d)
    Y : ndarray, shape (n, k)
    sample_weight : ndarray, shape (n,), or None
    intercept : bool
    owner : str
        For the message when X holds NaN or infinity.

    Raises
    ------
    ValueError
        If it does.

    Examples
    --------
    >>> least_squares(np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]]), None, True).solver
    'cholesky'
    """
    n, d = X.shape
    if n > d:
        gram = Gram(d, Y.shape[1]).update(X, Y, sample_weight)
        gram.require_finite(X, owner)
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.diagonal(gram.scatter) + gram.weight * np.square(gram.mean)
    else:
        require_finite(X, "X", owner)
        largest = np.concatenate([np.abs(X).max(axis=0), np.abs(Y).max(axis=0)])
        with np.errstate(over="ignore"):
            squares = np.square(largest, dtype=np.float64)
    if isinstance(X, SparseRows):  # more rows than columns
        return gram.solve(0.0, intercept) or Factor(d, Y.shape[1], intercept).update(X, Y, sample_weight).solve()
    if _out_of_range(squares[:d], X.dtype) or _out_of_range(squares[d:], X.dtype):
        x_unit, y_unit = _unit(X), _unit(Y)
        if x_unit != 1 or y_unit != 1:
            scaled = least_squares(X * x_unit, Y * y_unit, sample_weight, intercept, owner)
            return scaled._replace(coef=scaled.coef * (x_unit / y_unit), intercept=scaled.intercept / y_unit)
    solution = gram.solve(0.0, intercept) if n > d else None
    if solution is not None:
        return solution
    statistics = Factor(d, Y.shape[1], intercept)
    rows = statistics.rows(X, Y, sample_weight)
    first = int(intercept)
    if n >= d + first:
        beta, rank = refined_least_squares(rows[:, : first + d], rows[:, first + d :])
        if rank == d + first:
            return Solution(beta[first:].T, beta[0] if intercept else np.zeros(Y.shape[1]), d, "qr")
    return _shortest(X, Y, sample_weight, intercept)


def _out_of_range(squares: FloatArray, dtype: Any) -> bool:
    """Whether products of columns with such sums of squares over- or underflow."""
    low, high = (1e-26, 1e32) if dtype == np.float32 else (1e-200, 1e200)
    return not low < squares.max(initial=0) < high


def _unit(A: FloatArray) -> float:
    """The power of two that brings the largest entry to about one; 1 where that is in range."""
    largest = float(np.abs(A).max(initial=0))
    far, most = (1e12, 126) if A.dtype == np.float32 else (1e90, 1022)
    if largest == 0 or 1 / far < largest < far:
        return 1.0
    return float(2.0 ** min(-round(np.log2(largest)), most))


def _shortest(X: FloatArray, Y: FloatArray, sample_weight: FloatArray | None, intercept: bool) -> Solution:
    x_mean = np.average(X, axis=0, weights=sample_weight).astype(np.float64) if intercept else np.zeros(X.shape[1])
    y_mean = np.average(Y, axis=0, weights=sample_weight).astype(np.float64) if intercept else np.zeros(Y.shape[1])
    left, right = X - x_mean, Y - y_mean
    left[:, constant_columns(np.sqrt(np.square(left).mean(axis=0)), np.abs(x_mean))] = 0
    if sample_weight is not None:
        roots = np.sqrt(sample_weight.astype(np.float64))[:, None]
        left, right = left * roots, right * roots
    beta, _, rank, _ = linalg.lstsq(left, right)
    coef = beta.T
    return Solution(coef, y_mean - coef @ x_mean, int(rank), "svd")


class LinearRegression(LinearPredictor, Regressor, Estimator):
    """Ordinary least squares: the β and β₀ that make Σ w_i ‖y_i - x_i β - β₀‖² smallest.

    The products XᵀX are formed in one pass over the data and solved by Cholesky where they carry the digits;
    ill-conditioned designs are solved by QR with refinement, dependent columns by singular values (the shortest β).
    `solver_` says which it was. `partial_fit` keeps the triangular factor of everything it has seen and is exact.

    Parameters
    ----------
    fit_intercept : bool
    copy_X : bool
        Kept for compatibility: X is never written to.
    tol : float
        Kept for compatibility: the solution is direct.
    n_jobs : None or int
        Kept for compatibility: see `mmlcore.set_num_threads`.
    positive : bool
        Only coefficients ≥ 0.

    Attributes
    ----------
    coef_ : ndarray, shape (d,) or (k, d)
    intercept_ : float, or ndarray of shape (k,)
    rank_ : int
        Rank of the (centred) design.
    solver_ : {"cholesky", "qr", "svd", "active set"}
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    Notes, chapter 3. DRP, "Normal equations". Björck, Numerical Methods for Least Squares Problems, 1996.

    Examples
    --------
    >>> from mmlcore.estimators import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> model.coef_.round(12), float(round(model.intercept_, 12))
    (array([2.]), 1.0)
    >>> model.predict([[3.0]]).round(12)
    array([7.])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "fit_intercept": [BOOLEAN],
        "copy_X": [BOOLEAN],
        "positive": [BOOLEAN],
    }
    _takes_sparse = True
    _multi_output = True

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        positive: bool = False,
    ) -> None:
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.tol = tol
        self.n_jobs = n_jobs
        self.positive = positive

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit to `X` (n, d) and `y` (n,) or (n, k), with weights (n,) of the rows; or to an iterator of blocks of rows.

        Blocks are tuples (X, y) or (X, y, sample_weight), of which only the triangular factor is kept, as by
        `partial_fit`: the data may be larger than the memory.

        Raises
        ------
        ValueError
            If the data are not what the contract says; see `mmlcore.estimators`.
        """
        if is_stream(X):
            return fit_stream(self, X, y, sample_weight)
        self._check_parameters()
        given, name = X, type(self).__name__
        X, y, weights = validate_fit(
            self, X, y, sample_weight, targets="multi", finite=False, remember=False, sparse_rows=True
        )
        Y = y.reshape(len(X), -1)
        if self.positive:
            gram = Gram(X.shape[1], Y.shape[1]).update(X, Y, weights)
            gram.require_finite(X, name)
            solution = nonnegative_least_squares(gram, self.fit_intercept)
        else:
            solution = least_squares(X, Y, weights, bool(self.fit_intercept), name)
        self.__dict__.pop("_factor", None)
        remember_features(self, given, X)
        self._keep(solution, X, y)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Take in more rows: afterwards the model is that of all rows seen since the first `partial_fit`.

        Raises
        ------
        ValueError
            As `fit`; also if `positive` is set, which needs all rows at once.
        """
        return self._conclude(*self._absorb(X, y, sample_weight))

    def _absorb(self, X: Any, y: Any, sample_weight: Any = None) -> tuple[FloatArray, FloatArray]:
        self._check_parameters()
        if self.positive:
            raise ValueError(f"{type(self).__name__}: positive must be False where rows come in pieces, got True")
        known: Factor | None = self.__dict__.get("_factor")
        X, y, weights = validate_fit(self, X, y, sample_weight, targets="multi", reset=known is None)
        Y = y.reshape(len(X), -1)
        if known is None:
            known = Factor(X.shape[1], Y.shape[1], bool(self.fit_intercept))
        elif Y.shape[1] != known.targets:
            raise ValueError(f"partial_fit: y must be of {known.targets} columns, got shape {y.shape}")
        self._factor = known.update(X, Y, weights)
        return X[:0].copy(), y[:0].copy()

    def _conclude(self, X: FloatArray, y: FloatArray) -> Self:
        self._keep(self._factor.solve(), X, y)
        return self

    def _keep(self, solution: Solution, X: FloatArray, y: FloatArray) -> None:
        self._store(solution.coef, solution.intercept, X, y)
        self.rank_, self.solver_ = solution.rank, solution.solver

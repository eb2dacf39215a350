"""Least squares with the penalties of the lasso and the elastic net, and their paths."""

import warnings
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray
from mmlcore._random import as_generator
from mmlcore.estimators.base import Estimator, clone
from mmlcore.estimators.exceptions import ConvergenceWarning, shared
from mmlcore.estimators.linear_predictor import LinearPredictor
from mmlcore.estimators.linear_regression import least_squares
from mmlcore.estimators.mixins import Regressor
from mmlcore.estimators.parameters import ARRAY, BOOLEAN, RANDOM_STATE, Constraint, Interval, OneOf
from mmlcore.estimators.statistics import Gram
from mmlcore.estimators.streams import blocks_of, is_stream, take_over
from mmlcore.estimators.validation import as_matrix, as_targets, remember_features, require_finite, validate_fit

__all__ = ["ElasticNet", "Lasso", "enet_path", "lasso_path", "seed_of"]


class _Descent(NamedTuple):
    """How coordinates are visited."""

    tol: float
    max_iter: int
    positive: bool
    seed: int


class _Products:
    """½ ‖y - X β‖² by the products of the columns: for more rows than columns."""

    def __init__(self, gram: Gram, target: int, intercept: bool) -> None:
        self.G, products = gram.centred(intercept)
        self.q = np.ascontiguousarray(products[:, target])
        self.G = np.ascontiguousarray(self.G)
        index = gram.features + target
        mean = 0.0 if intercept else gram.mean[index]
        self.yy = float(gram.scatter[index, index] + gram.weight * mean**2)
        self.weight = gram.weight
        self.x_mean, self.y_mean = gram.mean[: gram.features], gram.mean[index]
        self._of: FloatArray | None = None  # the β whose gradient is known: on a path it is the next one's start
        self._gradient = self.q

    def correlations(self) -> FloatArray:
        return self.q

    def descend(self, beta: FloatArray, l1: float, l2: float, how: _Descent) -> tuple[int, float, bool]:
        if beta is not self._of:
            self._of, self._gradient = beta, self.q - self.G @ beta
        return _kernels.elastic_net_of_products(
            beta, self._gradient, self.G, self.yy, self.q, l1, l2, how.tol, how.max_iter, how.positive, how.seed
        )


class _Columns:
    """½ ‖y - X β‖² by the columns themselves: for more columns than rows."""

    def __init__(self, X: FloatArray, y: FloatArray, sample_weight: FloatArray | None, intercept: bool) -> None:
        weights = None if sample_weight is None else sample_weight.astype(np.float64)
        self.weight = float(len(X) if weights is None else weights.sum())
        self.x_mean, self.y_mean = np.average(X, axis=0, weights=weights).astype(np.float64), np.average(y, 0, weights)
        columns, self.y = np.array(X.T, np.float64, order="C"), y.astype(np.float64)
        if intercept:
            columns -= self.x_mean[:, None]
            self.y = self.y - self.y_mean
        if weights is not None:
            columns *= np.sqrt(weights)
            self.y = self.y * np.sqrt(weights)
        self.columns, self.yy = columns, float(self.y @ self.y)

    def correlations(self) -> FloatArray:
        return self.columns @ self.y

    def descend(self, beta: FloatArray, l1: float, l2: float, how: _Descent) -> tuple[int, float, bool]:
        residual = self.y - beta @ self.columns
        return _kernels.elastic_net_of_columns(
            beta, residual, self.columns, self.yy, l1, l2, how.tol, how.max_iter, how.positive, how.seed
        )


def _problems(X: FloatArray, Y: FloatArray, sample_weight: FloatArray | None, intercept: bool, owner: str) -> list[Any]:
    if len(X) > X.shape[1]:
        gram = Gram(X.shape[1], Y.shape[1]).update(X, Y, sample_weight)
        gram.require_finite(X, owner)
        return _of_gram(gram, intercept)
    require_finite(X, "X", owner)
    return [_Columns(X, column, sample_weight, intercept) for column in Y.T]


def _of_gram(gram: Gram, intercept: bool) -> list[Any]:
    if not gram.finite:
        raise ValueError("Input X contains a value too large: the products of its columns overflow.")
    return [_Products(gram, target, intercept) for target in range(gram.targets)]


def _warn(owner: str, gap: float, tolerance: float) -> None:
    warnings.warn(
        f"{owner}: Objective did not converge. You might want to increase the number of iterations, check the scale "
        f"of the features or consider increasing regularisation. Duality gap: {gap:.3e}, tolerance: {tolerance:.3e}",
        shared(ConvergenceWarning),
        stacklevel=4,
    )


class ElasticNet(LinearPredictor, Regressor, Estimator):
    """Least squares with both penalties: Σ w_i (y_i - x_i β - β₀)² / (2 Σ w_i) + α (ρ ‖β‖₁ + (1 - ρ) ‖β‖² / 2).

    Coordinate descent: on the products of the columns where there are more rows than columns, so that a coordinate that
    rests costs nothing and the data are read once; otherwise on the columns, over those that are not zero until they
    rest. The duality gap decides when to stop.

    Parameters
    ----------
    alpha : float
        α ≥ 0.
    l1_ratio : float
        ρ in [0, 1].
    fit_intercept : bool
    precompute : bool or array_like
        Kept for compatibility: products are used where they are faster.
    max_iter : int
        Sweeps at most.
    copy_X : bool
        Kept for compatibility: X is never written to.
    tol : float
        The iteration ends when the duality gap is at most tol · ‖y‖².
    warm_start : bool
        Start from `coef_`.
    positive : bool
        Only coefficients ≥ 0.
    random_state : int, RandomState, Generator or None
        For `selection="random"`.
    selection : {"cyclic", "random"}

    Attributes
    ----------
    coef_ : ndarray, shape (d,) or (k, d)
    intercept_ : float, or ndarray of shape (k,)
    n_iter_ : int or list of int
    dual_gap_ : float or ndarray of shape (k,)
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    Zou, Hastie, "Regularization and variable selection via the elastic net", 2005. Friedman, Hastie, Tibshirani,
    "Regularization paths for generalized linear models via coordinate descent", 2010.

    Examples
    --------
    >>> from mmlcore.estimators import ElasticNet
    >>> X = [[0.0, 0.0], [1.0, 0.1], [2.0, -0.1]]
    >>> ElasticNet(alpha=0.5).fit(X, [0.0, 2.0, 4.0]).coef_.round(4)
    array([1.1818, 0.    ])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "alpha": [Interval(float, 0, None)],
        "l1_ratio": [Interval(float, 0, 1, "both")],
        "fit_intercept": [BOOLEAN],
        "precompute": [BOOLEAN, ARRAY],
        "max_iter": [Interval(int, 1, None)],
        "copy_X": [BOOLEAN],
        "tol": [Interval(float, 0, None)],
        "warm_start": [BOOLEAN],
        "positive": [BOOLEAN],
        "random_state": [RANDOM_STATE],
        "selection": [OneOf("cyclic", "random")],
    }
    _takes_sparse = True
    _multi_output = True

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        precompute: Any = False,
        max_iter: int = 1000,
        copy_X: bool = True,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit to `X` (n, d) and `y` (n,) or (n, k), with weights (n,) of the rows; or to an iterator of blocks of rows.

        Blocks are tuples (X, y) or (X, y, sample_weight), of which only the products of columns are kept.

        Raises
        ------
        ValueError
            If a parameter or the data are not what they must be; see `mmlcore.estimators`. Also for an iterator where
            alpha is 0: that is `LinearRegression`.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` sweeps leave a duality gap above the tolerance.
        """
        if is_stream(X):
            return self._fit_stream(X, y, sample_weight)
        self._check_parameters()
        before = np.atleast_2d(self.coef_) if self.warm_start and hasattr(self, "coef_") else None
        given, name = X, type(self).__name__
        X, y, weights = validate_fit(
            self, X, y, sample_weight, targets="multi", finite=False, remember=False, sparse_rows=True
        )
        Y = y.reshape(len(X), -1)
        if self.alpha == 0 and not self.positive:
            exact = least_squares(X, Y, weights, bool(self.fit_intercept), name)
            remember_features(self, given, X)
            self._store(exact.coef, exact.intercept, X, y)
            self._note([1] * Y.shape[1], [0.0] * Y.shape[1], y)
            return self
        problems = _problems(X, Y, weights, bool(self.fit_intercept), name)
        remember_features(self, given, X)
        return self._solve(problems, before, X, y)

    def _fit_stream(self, stream: Any, y: Any, sample_weight: Any) -> Self:
        learner, name = clone(self), type(self).__name__
        gram: Any = None
        learner._check_parameters()
        if self.alpha == 0:
            raise ValueError(f"{name}.fit: alpha must be above 0 where X is an iterator of blocks, got 0")
        for block in blocks_of(name, stream, y, sample_weight):
            X, targets, weights = validate_fit(learner, *block, targets="multi", reset=gram is None)
            Y = targets.reshape(len(X), -1)
            if gram is None:
                gram, like = Gram(X.shape[1], Y.shape[1]), (X[:0].copy(), targets[:0].copy())
            elif Y.shape[1] != gram.targets:
                raise ValueError(f"{name}.fit: y must be of {gram.targets} columns in every block, got {Y.shape[1]}")
            gram.update(X, Y, weights)
        before = np.atleast_2d(self.coef_) if self.warm_start and hasattr(self, "coef_") else None
        return take_over(self, learner._solve(_of_gram(gram, bool(self.fit_intercept)), before, *like))

    def _solve(self, problems: list[Any], before: FloatArray | None, X: FloatArray, y: FloatArray) -> Self:
        """Coordinate descent for every target, from `before` if it has the shape; X and y say shapes and dtypes."""
        k = len(problems)
        coef, offsets, sweeps, gaps = np.zeros((k, X.shape[1])), np.zeros(k), [], []
        if before is not None and before.shape == coef.shape:
            coef[:] = before
        how = self._descent()
        for target, problem in enumerate(problems):
            l1 = self.alpha * self.l1_ratio * problem.weight
            l2 = self.alpha * (1 - self.l1_ratio) * problem.weight
            done, gap, converged = problem.descend(coef[target], l1, l2, how)
            if not converged:
                _warn(type(self).__name__, gap, how.tol * problem.yy)
            offsets[target] = problem.y_mean - coef[target] @ problem.x_mean
            sweeps.append(done)
            gaps.append(gap / problem.weight)
        self._store(coef, offsets, X, y)
        self._note(sweeps, gaps, y)
        return self

    def _descent(self) -> _Descent:
        random = self.selection == "random"
        return _Descent(float(self.tol), int(self.max_iter), bool(self.positive), seed_of(self.random_state, random))

    def _note(self, sweeps: list[int], gaps: list[float], y: FloatArray) -> None:
        one = y.ndim == 1
        self.n_iter_: Any = sweeps[0] if one else sweeps
        self.dual_gap_: Any = gaps[0] if one else np.asarray(gaps)

    @property
    def sparse_coef_(self) -> Any:
        """`coef_` as a SciPy sparse matrix."""
        from scipy import sparse

        return sparse.csr_matrix(self.coef_)


def seed_of(random_state: Any, wanted: bool) -> int:
    """A seed for a kernel; -1 where none is wanted.

    >>> seed_of(0, False)
    -1
    """
    if not wanted:
        return -1
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**31 - 1))
    return int(as_generator(random_state, "fit").integers(2**62))


class Lasso(ElasticNet):
    """Least squares with an absolute penalty: Σ w_i (y_i - x_i β - β₀)² / (2 Σ w_i) + α ‖β‖₁, exact zeros among the β.

    `ElasticNet` with ρ = 1.

    Parameters
    ----------
    alpha, fit_intercept, precompute, copy_X, max_iter, tol, warm_start, positive, random_state, selection
        As `ElasticNet`.

    References
    ----------
    Tibshirani, "Regression shrinkage and selection via the lasso", 1996. Notes, section 5.3. CS582, section 5.

    Examples
    --------
    >>> from mmlcore.estimators import Lasso
    >>> Lasso(alpha=0.5).fit([[0.0], [1.0], [2.0]], [0.0, 2.0, 4.0]).coef_
    array([1.25])
    """

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        precompute: Any = False,
        copy_X: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
    ) -> None:
        super().__init__(
            alpha=alpha,
            l1_ratio=1.0,
            fit_intercept=fit_intercept,
            precompute=precompute,
            max_iter=max_iter,
            copy_X=copy_X,
            tol=tol,
            warm_start=warm_start,
            positive=positive,
            random_state=random_state,
            selection=selection,
        )


class _Owner(Estimator):
    """Whom the messages of the paths name."""

    _takes_sparse = True


def enet_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 0.5,
    eps: float = 1e-3,
    n_alphas: int = 100,
    alphas: Any = None,
    precompute: Any = "auto",
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: bool = False,
    positive: bool = False,
    return_n_iter: bool = False,
    tol: float = 1e-4,
    max_iter: int = 1000,
) -> tuple[Any, ...]:
    """The elastic net for a row of penalties, each solution the start of the next; no intercept.

    Parameters
    ----------
    X : array_like, shape (n, d)
    y : array_like, shape (n,) or (n, k)
    l1_ratio : float
        ρ in (0, 1].
    eps : float
        Smallest over largest α.
    n_alphas : int
        From the α at which every coefficient is zero downwards, equal ratios.
    alphas : int or array_like, optional
        Their number, or themselves (any order; descending in the result).
    precompute, copy_X, verbose
        Kept for compatibility: products are used where they are faster, X is never written to, nothing prints.
    coef_init : array_like, shape (d,) or (k, d), optional
    positive, tol, max_iter
        As `ElasticNet`.
    return_n_iter : bool

    Returns
    -------
    alphas : ndarray, shape (a,)
    coefs : ndarray, shape (d, a) or (k, d, a)
    dual_gaps : ndarray, shape (a,) or (k, a)
    n_iters : list of int
        With `return_n_iter`.

    Raises
    ------
    ValueError
        If the data or penalties are not what they must be.

    Examples
    --------
    >>> alphas, coefs, _ = enet_path([[1.0], [-1.0]], [2.0, -2.0], l1_ratio=1.0, n_alphas=2, eps=0.5)
    >>> alphas, coefs
    (array([2., 1.]), array([[0., 1.]]))
    """
    matrix = as_matrix(_Owner(), X, finite=False, sparse_rows=True)  # `_problems` looks
    targets = as_targets(_Owner(), y, matrix, multi_output=True)
    if not 0 < l1_ratio <= 1 and alphas is None:
        raise ValueError(f"enet_path: l1_ratio must be in (0, 1] where alphas are not given, got {l1_ratio}")
    problems = _problems(matrix, targets.reshape(len(matrix), -1), None, False, "enet_path")
    if alphas is None or isinstance(alphas, int | np.integer):
        number = int(n_alphas if alphas is None else alphas)
        largest = max(np.abs(p.correlations()).max() for p in problems) / (len(matrix) * l1_ratio)
        grid = np.geomspace(largest, largest * eps, num=number) if largest > 0 else np.full(number, np.finfo(float).eps)
    else:
        grid = np.sort(np.asarray(alphas, np.float64).reshape(-1))[::-1]
        if not (grid >= 0).all():
            raise ValueError(f"enet_path: alphas must be not negative, got {alphas!r}")
    coefs = np.zeros((len(problems), matrix.shape[1], len(grid)))
    gaps, sweeps = np.zeros((len(problems), len(grid))), []
    how = _Descent(tol, max_iter, positive, -1)
    start = [np.zeros(matrix.shape[1]) for _ in problems]
    if coef_init is not None:
        start = [np.array(beta, np.float64) for beta in np.broadcast_to(coef_init, (len(problems), matrix.shape[1]))]
    for i, alpha in enumerate(grid):
        steps = []
        for k, problem in enumerate(problems):
            l1, l2 = alpha * l1_ratio * problem.weight, alpha * (1 - l1_ratio) * problem.weight
            done, gap, converged = problem.descend(start[k], l1, l2, how)
            if not converged:
                _warn("enet_path", gap, tol * problem.yy)
            coefs[k, :, i], gaps[k, i] = start[k], gap / problem.weight
            steps.append(done)
        sweeps.append(max(steps))
    one = targets.ndim == 1
    answer = (grid, coefs[0] if one else coefs, gaps[0] if one else gaps)
    return (*answer, sweeps) if return_n_iter else answer


def lasso_path(X: Any, y: Any, *, eps: float = 1e-3, n_alphas: int = 100, alphas: Any = None, **options: Any) -> Any:
    """The lasso for a row of penalties: `enet_path` with ρ = 1.

    Parameters
    ----------
    X, y, eps, n_alphas, alphas, options
        As `enet_path`.

    Returns
    -------
    tuple
        As `enet_path`.

    References
    ----------
    Notes, section 5.3.

    Examples
    --------
    >>> alphas, coefs, gaps = lasso_path([[1.0], [-1.0]], [2.0, -2.0], alphas=[1.5])
    >>> coefs
    array([[0.5]])
    """
    return enet_path(X, y, l1_ratio=1.0, eps=eps, n_alphas=n_alphas, alphas=alphas, **options)

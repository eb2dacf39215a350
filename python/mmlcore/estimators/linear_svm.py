"""Linear support vector machines."""

import warnings
from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted, unchanged_on_failure
from mmlcore.estimators.class_weights import weights_of_rows
from mmlcore.estimators.elastic_net import seed_of
from mmlcore.estimators.exceptions import ConvergenceWarning, shared
from mmlcore.estimators.linear_predictor import LinearPredictor, affine
from mmlcore.estimators.margin_newton import squared_margin_newton
from mmlcore.estimators.margin_polish import polished
from mmlcore.estimators.mixins import Classifier, Regressor
from mmlcore.estimators.parameters import (
    BOOLEAN,
    DICT,
    NONE,
    RANDOM_STATE,
    VERBOSE,
    Constraint,
    Interval,
    OneOf,
)
from mmlcore.estimators.sparse_rows import SparseRows
from mmlcore.estimators.validation import remember_features, validate_fit, validate_predict

__all__ = ["LinearSVC", "LinearSVR"]

_ROUNDS = 4  # of coordinate descent, each to a hundredth of the tolerance before
_MOST_COLUMNS = 2000  # for Newton's method, whose systems are as large

_SHARED: dict[str, list[Constraint]] = {
    "tol": [Interval(float, 0, None, "neither")],
    "C": [Interval(float, 0, None, "neither")],
    "fit_intercept": [BOOLEAN],
    "dual": [BOOLEAN, OneOf("auto")],
    "verbose": [VERBOSE],
    "random_state": [RANDOM_STATE],
    "max_iter": [Interval(int, 0, None)],
}


class _Margins:
    """Rows with the constant that stands for the intercept, and the solvers."""

    fit_intercept: bool
    intercept_scaling: float
    tol: float
    max_iter: int
    dual: Any
    loss: str
    random_state: Any

    def _rows(self, X: Any) -> Any:
        if isinstance(X, SparseRows):
            if self._by_newton((len(X), X.shape[1] + 1)):
                return X.with_column(self.intercept_scaling) if self.fit_intercept else X.with_column(None)
            X = X[:]
        rows = np.empty((len(X), X.shape[1] + bool(self.fit_intercept)))
        rows[:, : X.shape[1]] = X
        if self.fit_intercept:
            rows[:, -1] = self.intercept_scaling
        return rows

    def _by_newton(self, shape: tuple[int, int]) -> bool:
        return self.loss.startswith("squared") and self.dual is not True and min(shape) <= _MOST_COLUMNS

    def _solve(self, rows: Any, y: FloatArray, c: FloatArray, epsilon: float | None) -> tuple[Any, int]:
        squared = self.loss.startswith("squared")
        if isinstance(rows, SparseRows) or self._by_newton(rows.shape):
            w, sweeps, converged = squared_margin_newton(rows, y, c, epsilon, min(self.tol, 1e-10), self.max_iter)
        else:
            w, sweeps, converged = self._by_coordinates(rows, y, c, epsilon, squared)
        if not converged:
            warnings.warn(
                f"{type(self).__name__}: stopped after {self.max_iter} iterations short of tol {self.tol:g}; increase "
                "the number of iterations, or scale the data",
                shared(ConvergenceWarning),
                stacklevel=3,
            )
        return w, sweeps

    def _by_coordinates(
        self, rows: FloatArray, y: FloatArray, c: FloatArray, epsilon: float | None, squared: bool
    ) -> tuple[Any, int, bool]:
        """Dual coordinate descent; without squares, on until the rows on the margin are known, which give w exactly."""
        w, a, seed = np.zeros(rows.shape[1]), np.zeros(len(rows)), seed_of(self.random_state, True)
        used, tol, converged = 0, float(self.tol), False
        insensitive = -1.0 if epsilon is None else float(epsilon)
        for _ in range(_ROUNDS):
            more, good = _kernels.support_vectors(
                w, a, rows, y, c, insensitive, squared, tol, int(self.max_iter) - used, seed + used
            )
            used, converged = used + more, converged or good
            exact = None if squared or not good else polished(w, a, rows, y, c, epsilon)
            if exact is not None:
                return exact, used, True
            if squared or not good or used >= self.max_iter:
                break
            tol *= 0.01
        return w, used, converged

    def _split(self, w: FloatArray) -> tuple[FloatArray, Any]:
        if not self.fit_intercept:
            return w, 0.0
        return w[..., :-1], self.intercept_scaling * w[..., -1]


class LinearSVC(_Margins, Classifier, Estimator):
    """Classes by the side of a hyperplane with a wide margin.

    Minimises ½ ‖w‖² + C Σ w_i max(0, 1 - y_i x_i w) (hinge) or its squares (squared_hinge), y_i = ±1, w including the
    intercept as the weight of a constant feature; of more than two classes each against the others. The squared hinge
    by Newton's method, the hinge by coordinate descent in the dual.

    Parameters
    ----------
    penalty : {"l2"}
    loss : {"squared_hinge", "hinge"}
    dual : bool or "auto"
        True: coordinate descent for the squared hinge too.
    tol : float
    C : float
    multi_class : {"ovr"}
    fit_intercept : bool
    intercept_scaling : float
        The constant feature; the larger, the less penalty the intercept bears.
    class_weight : dict, "balanced" or None
    verbose : int
        Kept for compatibility: nothing prints.
    random_state : int, RandomState, Generator or None
        For the order of coordinate descent.
    max_iter : int

    Attributes
    ----------
    classes_ : ndarray, shape (k,)
    coef_ : ndarray, shape (1, d) or (k, d)
    intercept_ : ndarray, shape (1,) or (k,)
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    CS582, section 7. Fan et al., "LIBLINEAR: a library for large linear classification", 2008.

    Examples
    --------
    >>> from mmlcore.estimators import LinearSVC
    >>> LinearSVC().fit([[-2.0], [-1.0], [1.0], [2.0]], [0, 0, 1, 1]).predict([[-1.5], [0.5]])
    array([0, 1])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        **_SHARED,
        "penalty": [OneOf("l2")],
        "loss": [OneOf("hinge", "squared_hinge")],
        "multi_class": [OneOf("ovr")],
        "intercept_scaling": [Interval(float, 0, None, "neither")],
        "class_weight": [NONE, DICT, OneOf("balanced")],
    }
    _takes_sparse = True

    def __init__(
        self,
        penalty: str = "l2",
        loss: str = "squared_hinge",
        *,
        dual: Any = "auto",
        tol: float = 1e-4,
        C: float = 1.0,
        multi_class: str = "ovr",
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: Any = None,
        verbose: int = 0,
        random_state: Any = None,
        max_iter: int = 1000,
    ) -> None:
        self.penalty = penalty
        self.loss = loss
        self.dual = dual
        self.tol = tol
        self.C = C
        self.multi_class = multi_class
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.verbose = verbose
        self.random_state = random_state
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to `X` (n, d) and labels `y` (n,), with weights (n,) of the rows.

        Raises
        ------
        ValueError
            If a parameter or the data are not what they must be, or there is only one class.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` iterations are not enough.
        """
        self._check_parameters()
        given = X
        X, (classes, codes), weights = validate_fit(
            self, X, y, sample_weight, targets="labels", remember=False, sparse_rows=True
        )
        if len(classes) < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data contains only one class: "
                f"{classes[0]!r}"
            )
        own = np.full(len(X), float(self.C)) if weights is None else self.C * weights.astype(np.float64)
        weights = weights_of_rows(self.class_weight, classes, codes, weights, np.float64)
        c = own if weights is None else self.C * weights.astype(np.float64)
        rows, several = self._rows(X), len(classes) > 2
        # of several classes the weight counts where the class stands against the rest, not in the rest (liblinear)
        found = [
            self._solve(rows, np.where(codes == k, 1.0, -1.0), np.where(codes == k, c, own) if several else c, None)
            for k in (range(len(classes)) if several else [1])
        ]
        coef, intercept = self._split(np.stack([w for w, _ in found]))
        remember_features(self, given, X)
        self.classes_, self.coef_ = classes, coef.astype(X.dtype)
        self.intercept_ = np.asarray(intercept).astype(X.dtype) if self.fit_intercept else 0.0
        self.n_iter_ = max(sweeps for _, sweeps in found)
        return self

    def decision_function(self, X: Any) -> FloatArray:
        """Distances to the hyperplanes times ‖w‖: shape (n,) for two classes, (n, k) for more."""
        check_is_fitted(self)
        scores = affine(validate_predict(self, X, sparse_rows=True), self.coef_, self.intercept_)
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> Any:
        """The label of every row."""
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)]


class LinearSVR(_Margins, LinearPredictor, Regressor, Estimator):
    """Regression that forgives errors up to ε.

    Minimises ½ ‖w‖² + C Σ w_i max(0, |y_i - x_i w| - ε), or its squares, w including the intercept as the weight of a
    constant feature. The squares by Newton's method, otherwise coordinate descent in the dual.

    Parameters
    ----------
    epsilon : float
        ε ≥ 0.
    tol : float
    C : float
    loss : {"epsilon_insensitive", "squared_epsilon_insensitive"}
    fit_intercept : bool
    intercept_scaling : float
    dual : bool or "auto"
        True: coordinate descent for the squares too.
    verbose : int
        Kept for compatibility: nothing prints.
    random_state : int, RandomState, Generator or None
        For the order of coordinate descent.
    max_iter : int

    Attributes
    ----------
    coef_ : ndarray, shape (d,)
    intercept_ : ndarray, shape (1,)
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    Ho, Lin, "Large-scale linear support vector regression", 2012.

    Examples
    --------
    >>> from mmlcore.estimators import LinearSVR
    >>> LinearSVR(C=100.0, random_state=0).fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]).predict([[3.0]]).round(2)
    array([7.])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        **_SHARED,
        "epsilon": [Interval(float, 0, None)],
        "loss": [OneOf("epsilon_insensitive", "squared_epsilon_insensitive")],
        "intercept_scaling": [Interval(float, 0, None, "neither")],
    }
    _takes_sparse = True

    def __init__(
        self,
        *,
        epsilon: float = 0.0,
        tol: float = 1e-4,
        C: float = 1.0,
        loss: str = "epsilon_insensitive",
        fit_intercept: bool = True,
        intercept_scaling: float = 1.0,
        dual: Any = "auto",
        verbose: int = 0,
        random_state: Any = None,
        max_iter: int = 1000,
    ) -> None:
        self.epsilon = epsilon
        self.tol = tol
        self.C = C
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.dual = dual
        self.verbose = verbose
        self.random_state = random_state
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to `X` (n, d) and `y` (n,), with weights (n,) of the rows.

        Raises
        ------
        ValueError
            If a parameter or the data are not what they must be; see `mmlcore.estimators`.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` iterations are not enough.
        """
        self._check_parameters()
        with unchanged_on_failure(self):
            X, y, weights = validate_fit(self, X, y, sample_weight, targets="real", sparse_rows=True)
            c = np.full(len(X), float(self.C)) if weights is None else self.C * weights.astype(np.float64)
            w, self.n_iter_ = self._solve(self._rows(X), y.astype(np.float64), c, float(self.epsilon))
            coef, intercept = self._split(w)
            self.coef_ = coef.astype(X.dtype)
            self.intercept_ = np.atleast_1d(np.asarray(intercept, X.dtype)) if self.fit_intercept else 0.0
            return self

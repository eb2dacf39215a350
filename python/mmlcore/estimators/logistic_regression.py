"""Logistic and softmax regression."""

import warnings
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted, clone
from mmlcore.estimators.class_weights import weights_of_rows
from mmlcore.estimators.exceptions import ConvergenceWarning, shared
from mmlcore.estimators.linear_predictor import affine
from mmlcore.estimators.logistic_loss import BinaryLoss, Prior, SoftmaxLoss
from mmlcore.estimators.logistic_solvers import SOLVERS, irls
from mmlcore.estimators.logistic_stream import LabelledBlocks, StreamedLoss
from mmlcore.estimators.mixins import Classifier
from mmlcore.estimators.parameters import BOOLEAN, DICT, NONE, RANDOM_STATE, VERBOSE, Constraint, Interval, OneOf
from mmlcore.estimators.streams import is_stream, require_several_passes, take_over
from mmlcore.estimators.validation import (
    as_labels,
    as_matrix,
    as_weights,
    check_names,
    check_number,
    remember_features,
    require_same_length,
    validate_fit,
    validate_predict,
)

__all__ = ["LogisticRegression"]


class LogisticRegression(Classifier, Estimator):
    """Classes by the probabilities softmax(X βᵀ + β₀); two classes by σ(X β + β₀).

    Minimises C Σ w_i (-log p(y_i | x_i)) + ½ ‖β‖². The intercept bears no penalty.

    Parameters
    ----------
    penalty : {"l2", None}
        None is C = ∞.
    C : float
        One over the strength of the penalty.
    tol : float
        The iteration ends when no component of the gradient of the mean loss exceeds it.
    fit_intercept : bool
    class_weight : dict, "balanced" or None
        Weights of the classes, times those of the rows; "balanced": n / (k n_c).
    solver : {"lbfgs", "irls", "newton-cholesky", "newton-cg", "gradient_descent"}
        "irls" and "newton-cholesky" are Newton's method.
    max_iter : int
    warm_start : bool
        Start from `coef_` and `intercept_`.
    random_state, verbose, n_jobs
        Kept for compatibility: nothing is random, nothing prints; see `mmlcore.set_num_threads`.

    Attributes
    ----------
    classes_ : ndarray, shape (k,)
    coef_ : ndarray, shape (1, d) for two classes, (k, d) for more
    intercept_ : ndarray, shape (1,) or (k,)
    n_iter_ : ndarray of int, shape (1,)
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    Notes, chapter 7: gradients (7.4) and (7.10) to (7.12).

    Examples
    --------
    >>> from mmlcore.estimators import LogisticRegression
    >>> model = LogisticRegression().fit([[-2.0], [-1.0], [1.0], [2.0]], ["no", "no", "yes", "yes"])
    >>> model.predict([[-3.0], [3.0]]).tolist()
    ['no', 'yes']
    >>> model.predict_proba([[0.0]]).round(6)
    array([[0.5, 0.5]])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "penalty": [OneOf("l2"), NONE],
        "C": [Interval(float, 0, None, "right")],
        "tol": [Interval(float, 0, None, "neither")],
        "fit_intercept": [BOOLEAN],
        "class_weight": [DICT, OneOf("balanced"), NONE],
        "random_state": [RANDOM_STATE],
        "solver": [OneOf(*SOLVERS)],
        "max_iter": [Interval(int, 0, None)],
        "verbose": [VERBOSE],
        "warm_start": [BOOLEAN],
        "n_jobs": [NONE, Interval(int, None, None, "neither")],
    }
    _takes_sparse = True
    _precision_seen: FloatArray
    _mean_seen: FloatArray

    def __init__(
        self,
        penalty: str | None = "l2",
        *,
        C: float = 1.0,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        class_weight: Any = None,
        random_state: Any = None,
        solver: str = "lbfgs",
        max_iter: int = 100,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit to `X` (n, d) and labels `y` (n,), with weights (n,) of the rows; or to blocks of rows.

        X may be an object that gives blocks (X, y) or (X, y, sample_weight) every time it is iterated over: a pass for
        every evaluation of the loss, one block in memory.

        Raises
        ------
        ValueError
            If a parameter or the data are not what they must be, or there is only one class.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` iterations are not enough; and where the classes can be separated without error and there is
            no penalty, so that no finite coefficients are best.
        """
        self._check_parameters()
        if is_stream(X):
            return self._fit_stream(X, y, sample_weight)
        before = self._theta() if self.warm_start and hasattr(self, "coef_") else None
        given = X
        X, (classes, codes), weights = validate_fit(
            self, X, y, sample_weight, targets="labels", remember=False, sparse_rows=True
        )
        _require_two(classes)
        remember_features(self, given, X)
        weights = weights_of_rows(self.class_weight, classes, codes, weights, X.dtype)
        rows = 1 if len(classes) == 2 else len(classes)
        size = rows * (X.shape[1] + 1)
        start = before if before is not None and before.size == size else np.zeros(size)
        loss = self._loss(X, codes, len(classes), weights, Prior(self._precision(rows, X.shape[1]), np.zeros(size)))
        found = SOLVERS[self.solver](loss, start, self.tol, self.max_iter)
        self.classes_ = classes
        self._keep(found.theta, rows, X.dtype)
        self.n_iter_ = np.asarray([found.iterations], np.int32)
        self._warn(found, [(X, codes)])
        for name in ("_precision_seen", "_mean_seen"):
            self.__dict__.pop(name, None)
        return self

    def _fit_stream(self, stream: Any, y: Any, sample_weight: Any) -> Self:
        require_several_passes(type(self).__name__, stream)
        learner = clone(self)
        blocks = LabelledBlocks(learner, stream, y, sample_weight)
        _require_two(blocks.classes)
        rows, kind = (1, BinaryLoss) if len(blocks.classes) == 2 else (len(blocks.classes), SoftmaxLoss)
        size = rows * (blocks.features + 1)
        start = self._theta() if self.warm_start and hasattr(self, "coef_") else np.zeros(size)
        prior = Prior(self._precision(rows, blocks.features), np.zeros(size))
        loss = StreamedLoss(kind, blocks, prior, bool(self.fit_intercept))
        found = SOLVERS[self.solver](loss, start if start.size == size else np.zeros(size), self.tol, self.max_iter)
        learner.classes_ = blocks.classes
        learner._keep(found.theta, rows, blocks.dtype)
        learner.n_iter_ = np.asarray([found.iterations], np.int32)
        learner._warn(found, ((X, codes) for X, codes, _ in blocks))
        for name in ("_precision_seen", "_mean_seen"):
            self.__dict__.pop(name, None)
        return take_over(self, learner)

    def _loss(self, X: FloatArray, codes: Any, classes: int, weights: Any, prior: Prior) -> Any:
        kind = BinaryLoss if classes == 2 else SoftmaxLoss
        return kind(X, codes, classes, weights, prior, bool(self.fit_intercept))

    def _precision(self, rows: int, d: int) -> FloatArray:
        strength = 0.0 if self.penalty is None else 1 / self.C
        return np.tile(np.append(np.full(d, strength), 0.0), rows)

    def _warn(self, found: Any, data: Iterable[tuple[Any, Any]]) -> None:
        free = self.penalty is None or np.isinf(self.C)
        if free and all(_separates(affine(X, self.coef_, self.intercept_), codes) for X, codes in data):
            warnings.warn(
                "LogisticRegression: the classes are perfectly separable and there is no penalty: the coefficients "
                f"grow without limit and were stopped at max |gradient| = {found.largest:.1e}",
                shared(ConvergenceWarning),
                stacklevel=3,
            )
        elif not found.converged:
            warnings.warn(
                f"LogisticRegression: {self.solver} stopped after {found.iterations} iterations at max |gradient| = "
                f"{found.largest:.1e} (tol {self.tol:g}); increase max_iter or scale the data",
                shared(ConvergenceWarning),
                stacklevel=3,
            )

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Take in more rows, keeping of those before their second-order expansion at the estimate they led to.

        The first call equals `fit`; later ones minimise the loss of the new rows plus
        ½ (θ - θ₀)ᵀ H (θ - θ₀), H the sum of the Hessians so far (Laplace's approximation as a prior).

        Parameters
        ----------
        X : array_like, shape (n, d)
        y : array_like, shape (n,)
        classes : array_like, shape (k,)
            All labels that will come, in the first call; default those that come with it.
        sample_weight : array_like, shape (n,), optional

        Raises
        ------
        ValueError
            As `fit`; if labels come that `classes` lacked.
        """
        self._check_parameters()
        first = "_precision_seen" not in self.__dict__
        if not first:
            check_names(self, X)
        original, X = X, as_matrix(self, X)
        if not first:
            check_number(self, X)
        labels, codes = as_labels(self, y, X)
        known = (labels if classes is None else np.unique(classes)) if first else self.classes_
        if unknown := set(labels.tolist()) - set(known.tolist()):
            raise ValueError(f"partial_fit: y must be labels of classes, got {sorted(unknown)}")
        require_same_length(X, codes)
        codes = np.searchsorted(known, labels)[codes].astype(np.int64)
        _require_two(known)
        weights = weights_of_rows(self.class_weight, known, codes, as_weights(sample_weight, X), X.dtype)
        rows = 1 if len(known) == 2 else len(known)
        if first:
            remember_features(self, original, X)
            precision = np.diag(self._precision(rows, X.shape[1]))
            prior = Prior(precision, np.zeros(len(precision)))
        else:
            prior = Prior(self._precision_seen, self._mean_seen)
        loss = self._loss(X, codes, len(known), weights, prior)
        found = irls(loss, prior.mean.copy(), self.tol, max(self.max_iter, 1))
        self._precision_seen, self._mean_seen = loss.hessian(found.theta) / loss.scale, found.theta
        self.classes_ = known
        self._keep(found.theta, rows, X.dtype)
        self.n_iter_ = np.asarray([found.iterations], np.int32)
        return self

    def _keep(self, theta: FloatArray, rows: int, dtype: Any) -> None:
        blocks = theta.reshape(rows, -1)
        coef, intercept = blocks[:, :-1], blocks[:, -1]
        if rows > 1:  # the same number added to all intercepts changes nothing
            intercept = intercept - intercept.mean()
        self.coef_, self.intercept_ = coef.astype(dtype), intercept.astype(dtype)

    def _theta(self) -> FloatArray:
        return np.hstack([self.coef_, self.intercept_[:, None]]).astype(np.float64).reshape(-1)

    def decision_function(self, X: Any) -> FloatArray:
        """X βᵀ + β₀: shape (n,) for two classes, (n, k) for more."""
        check_is_fitted(self)
        scores = affine(validate_predict(self, X, sparse_rows=True), self.coef_, self.intercept_)
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> Any:
        """The most probable label of every row."""
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)]

    def predict_proba(self, X: Any) -> FloatArray:
        """Probabilities, shape (n, k), columns in the order of `classes_`."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            out = np.empty((len(scores), 2), scores.dtype)
            _kernels.sigmoid(column := np.ascontiguousarray(scores), column)
            out[:, 1], out[:, 0] = column, 1 - column
            return out
        out = np.empty_like(scores)
        _kernels.softmax(out, scores)
        return out

    def predict_log_proba(self, X: Any) -> FloatArray:
        """Logarithms of `predict_proba`, which keep their digits where it is 0."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return -np.stack([np.logaddexp(0, scores), np.logaddexp(0, -scores)], axis=1)
        top = scores.max(axis=1, keepdims=True)
        return scores - top - np.log(np.exp(scores - top).sum(axis=1, keepdims=True))


def _require_two(classes: Any) -> None:
    if len(classes) < 2:
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but the data contains only one class: "
            f"{classes[0]!r}"
        )


def _separates(scores: FloatArray, codes: Any) -> bool:
    if scores.shape[1] == 1:
        return bool((np.where(codes == 1, scores[:, 0], -scores[:, 0]) > 0).all())
    return bool((scores.argmax(axis=1) == codes).all())

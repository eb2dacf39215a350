"""The penalty of ridge regression by cross-validation, without fitting again."""

from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, unchanged_on_failure
from mmlcore.estimators.linear_predictor import LinearPredictor, affine
from mmlcore.estimators.mixins import Regressor, r2
from mmlcore.estimators.model_selection import splits_of
from mmlcore.estimators.parameters import ARRAY, BOOLEAN, CALLABLE, CROSS_VALIDATION, NONE, Constraint, OneOf
from mmlcore.estimators.ridge import centred_rows, penalised_least_squares
from mmlcore.estimators.statistics import Gram
from mmlcore.estimators.validation import validate_fit

__all__ = ["RidgeCV", "fold_coefficients", "leave_one_out_errors"]


def leave_one_out_errors(
    X: FloatArray, Y: FloatArray, sample_weight: FloatArray | None, alphas: FloatArray, intercept: bool
) -> FloatArray:
    """The errors of predicting every row from a ridge regression on the others: (y_i - ŷ_i) / (1 - h_i).

    h is the diagonal of the matrix that turns y into ŷ, from one singular value decomposition for all penalties. A row
    of weight w > 1 stands for w copies, of which one is left out: h_i / w.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    Y : ndarray, shape (n, k)
    sample_weight : ndarray, shape (n,), or None
    alphas : ndarray, shape (a,)
    intercept : bool

    Returns
    -------
    ndarray, shape (n, k, a)

    References
    ----------
    Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 7.10.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> leave_one_out_errors(X, X, None, np.array([1e-9]), True)[:, 0, 0].round(6) + 0.0
    array([0., 0., 0.])
    """
    rows, right, _, _ = centred_rows(X, Y, sample_weight, intercept)
    U, s, _ = linalg.svd(rows, full_matrices=False)
    keep = s > s.max(initial=0) * max(X.shape) * np.finfo(np.float64).eps
    U, squares = U[:, keep], np.square(s[keep])
    shrink = squares[:, None] / (squares[:, None] + alphas)  # (r, a)
    hat = linalg.matmul(np.square(U), shrink)  # (n, a)
    weights = np.ones(len(X)) if sample_weight is None else sample_weight.astype(np.float64)
    if intercept:
        hat += (weights / weights.sum())[:, None]
    projected = linalg.matmul(U.T, right)  # (r, k)
    fitted = np.stack([linalg.matmul(U, shrink[:, a, None] * projected) for a in range(len(alphas))], axis=-1)
    roots = np.where(weights > 0, np.sqrt(weights), 1)[:, None, None]
    left = 1 - (hat / np.maximum(weights, 1)[:, None])[:, None, :]
    tiny = np.finfo(np.float64).eps * 10
    return np.where(left > tiny, (right[..., None] - fitted) / np.where(left > tiny, left, 1), 0) / roots


def fold_coefficients(train: Gram, alphas: FloatArray, intercept: bool) -> tuple[FloatArray, FloatArray]:
    """Ridge coefficients (a, k, d) and intercepts (a, k) for all penalties from one eigendecomposition.

    >>> gram = Gram(1, 1).update(np.array([[1.0], [3.0]]), np.array([1.0, 3.0]))
    >>> fold_coefficients(gram, np.array([2.0]), True)[0]
    array([[[0.5]]])
    """
    xx, xy = train.centred(intercept)
    values, V = linalg.eigh(xx)
    floor = values.max(initial=0) * len(values) * np.finfo(np.float64).eps
    along = linalg.matmul(V.T, xy)
    shrunk = np.maximum(values, 0)[:, None] + alphas
    inverse = np.where(shrunk > floor, 1 / np.where(shrunk > floor, shrunk, 1), 0)  # (d, a)
    coef = np.stack([linalg.matmul(V, inverse[:, a, None] * along).T for a in range(len(alphas))])
    offsets = train.mean[train.features :] - coef @ train.mean[: train.features]
    return coef, offsets if intercept else np.zeros_like(offsets)


class RidgeCV(LinearPredictor, Regressor, Estimator):
    """Ridge regression whose α is the best of several by cross-validation.

    Leaving one out: every error from one singular value decomposition for all α, by (y_i - ŷ_i) / (1 - h_i). Folds: the
    products of the columns are summed for every fold; those of the other folds together give, by one
    eigendecomposition, the coefficients for all α. No model is fitted again but the last. A row of weight w > 1 counts
    as w copies, of which one is left out; scikit-learn leaves out all of them.

    Parameters
    ----------
    alphas : array_like, shape (a,)
        > 0 for leaving one out.
    fit_intercept : bool
    scoring : callable(y, predictions) or None
        To be large; default the negative mean squared error for leaving one out, R² for folds.
    cv : int, object with `split`, iterable of (train, test), or None
        None leaves one out.
    gcv_mode : str
        Kept for compatibility.
    store_cv_results : bool
        Keep the squared errors of leaving one out in `cv_results_`.
    alpha_per_target : bool
        One α for every target, leaving one out.

    Attributes
    ----------
    alpha_ : float, or ndarray of shape (k,)
    best_score_ : float, or ndarray of shape (k,)
    cv_results_ : ndarray, shape (n, a) or (n, k, a)
    cv_scores_ : ndarray, shape (a,) or (folds, a)
        What `alpha_` was chosen by.
    coef_ : ndarray, shape (d,) or (k, d)
    intercept_ : float, or ndarray of shape (k,)
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    Golub, Heath, Wahba, "Generalized cross-validation as a method for choosing a good ridge parameter", 1979. Notes,
    section 5.6.

    Examples
    --------
    >>> from mmlcore.estimators import RidgeCV
    >>> RidgeCV(alphas=[0.01, 10.0]).fit([[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]).alpha_
    0.01
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "alphas": [ARRAY],
        "fit_intercept": [BOOLEAN],
        "scoring": [CALLABLE, OneOf("neg_mean_squared_error", "r2"), NONE],
        "cv": [CROSS_VALIDATION],
        "gcv_mode": [OneOf("auto", "svd", "eigen"), NONE],
        "store_cv_results": [BOOLEAN],
        "alpha_per_target": [BOOLEAN],
    }
    _takes_sparse = True
    _multi_output = True

    def __init__(
        self,
        alphas: Any = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        gcv_mode: str | None = None,
        store_cv_results: bool = False,
        alpha_per_target: bool = False,
    ) -> None:
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.gcv_mode = gcv_mode
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to `X` (n, d) and `y` (n,) or (n, k), with weights (n,) of the rows.

        Raises
        ------
        ValueError
            If a parameter or the data are not what they must be; see `mmlcore.estimators`.
        """
        self._check_parameters()
        alphas = self._grid()
        if self.cv is not None and (self.store_cv_results or self.alpha_per_target):
            name = "store_cv_results" if self.store_cv_results else "alpha_per_target"
            raise ValueError(f"cv!=None and {name}=True are incompatible")
        with unchanged_on_failure(self):
            X, y, weights = validate_fit(self, X, y, sample_weight, targets="multi")
            Y = y.reshape(len(X), -1)
            best = (
                self._leave_one_out(X, y, Y, weights, alphas) if self.cv is None else self._folds(X, Y, weights, alphas)
            )
            penalties = np.broadcast_to(np.asarray(best, np.float64), (Y.shape[1],))
            solution = penalised_least_squares(X, Y, weights, penalties, bool(self.fit_intercept))
            self._store(solution.coef, solution.intercept, X, y)
            self.alpha_ = best
            return self

    def _grid(self) -> FloatArray:
        alphas = np.asarray(self.alphas, np.float64).reshape(-1)
        for i, alpha in enumerate(alphas):
            if not (alpha > 0 or (alpha == 0 and self.cv is not None)) or not np.isfinite(alpha):
                bound = "> 0.0" if self.cv is None else ">= 0.0"
                raise ValueError(f"alphas[{i}] == {alpha:g}, must be {bound}.")
        return alphas

    def _leave_one_out(
        self, X: FloatArray, y: FloatArray, Y: FloatArray, weights: FloatArray | None, alphas: FloatArray
    ) -> Any:
        errors = leave_one_out_errors(X, Y, weights, alphas, bool(self.fit_intercept))
        if self.store_cv_results:
            self.cv_results_ = np.square(errors[:, 0, :] if y.ndim == 1 else errors)
        scores = np.asarray(  # (k, a)
            [
                [self._score(Y[:, t], Y[:, t] - errors[:, t, a], weights, "mse") for a in range(len(alphas))]
                for t in range(Y.shape[1])
            ]
        )
        if self.alpha_per_target and y.ndim == 2:
            chosen = scores.argmax(axis=1)
            self.cv_scores_, self.best_score_ = scores.T, scores.max(axis=1)
            return alphas[chosen]
        self.cv_scores_ = scores.mean(axis=0)
        self.best_score_ = float(self.cv_scores_.max())
        return float(alphas[self.cv_scores_.argmax()])

    def _folds(self, X: FloatArray, Y: FloatArray, weights: FloatArray | None, alphas: FloatArray) -> float:
        scores = []
        for train, test in splits_of(self.cv, X, Y, False):
            part = None if weights is None else weights[train]
            gram = Gram(X.shape[1], Y.shape[1]).update(X[train], Y[train], part)
            coef, offsets = fold_coefficients(gram, alphas, bool(self.fit_intercept))
            held = None if weights is None else weights[test]
            predictions = [affine(X[test], coef[a], offsets[a]) for a in range(len(alphas))]
            scores.append([self._score(Y[test], p, held, "r2") for p in predictions])
        self.cv_scores_ = np.asarray(scores)
        means = self.cv_scores_.mean(axis=0)
        self.best_score_ = float(means.max())
        return float(alphas[means.argmax()])

    def _score(self, y: FloatArray, p: FloatArray, weights: FloatArray | None, default: str) -> float:
        if callable(self.scoring):
            return float(self.scoring(y, p))
        if self.scoring == "r2" or (self.scoring is None and default == "r2"):
            return r2(y, p, weights)
        return -float(np.average(np.square(y - p).reshape(len(y), -1).mean(axis=1), weights=weights))

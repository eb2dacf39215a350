"""Ridge regression that finds its own penalty: the evidence of the data decides."""

import warnings
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted, unchanged_on_failure
from mmlcore.estimators.exceptions import ConvergenceWarning, shared
from mmlcore.estimators.linear_predictor import LinearPredictor, affine
from mmlcore.estimators.mixins import Regressor
from mmlcore.estimators.parameters import BOOLEAN, NONE, VERBOSE, Constraint, Interval
from mmlcore.estimators.ridge import centred_rows
from mmlcore.estimators.statistics import Gram
from mmlcore.estimators.validation import validate_fit, validate_predict

__all__ = ["BayesianRidge"]


class _Spectrum(NamedTuple):
    """XᵀX = V diag(e) Vᵀ of centred rows, b = VᵀXᵀy, ‖y‖², and the means."""

    values: FloatArray
    V: FloatArray
    b: FloatArray
    yy: float
    weight: float
    x_mean: FloatArray
    y_mean: float


def _spectrum(X: FloatArray, y: FloatArray, sample_weight: FloatArray | None, intercept: bool) -> _Spectrum:
    n, d = X.shape
    weight = float(n if sample_weight is None else sample_weight.sum(dtype=np.float64))
    if n > d:
        gram = Gram(d, 1).update(X, y, sample_weight)
        xx, xy = gram.centred(intercept)
        values, V = linalg.eigh(xx)
        if values[0] > 1e-10 * values[-1]:  # otherwise the products have lost digits that the rows hold
            mean = gram.mean[d]
            yy = gram.scatter[d, d] + (0 if intercept else weight * mean**2)
            return _Spectrum(values, V, V.T @ xy[:, 0], float(yy), weight, gram.mean[:d], float(mean))
    rows, right, x_mean, y_mean = centred_rows(X, y[:, None], sample_weight, intercept)
    U, s, Vt = linalg.svd(rows, full_matrices=False)
    b = s * (U.T @ right[:, 0])
    return _Spectrum(np.square(s), Vt.T, b, float(right[:, 0] @ right[:, 0]), weight, x_mean, float(y_mean[0]))


class BayesianRidge(LinearPredictor, Regressor, Estimator):
    """Ridge regression whose noise precision a and weight precision l maximise the evidence.

    y ~ N(X β, 1/a), β ~ N(0, 1/l), and Gamma priors on a and l. In turn β = a (a XᵀX + l)⁻¹Xᵀy and, with
    γ = Σ a e_i / (l + a e_i) over the eigenvalues e of XᵀX, l = (γ + 2 λ₁) / (‖β‖² + 2 λ₂),
    a = (n - γ + 2 α₁) / (‖y - X β‖² + 2 α₂). All in the eigenbasis of XᵀX: the data are read once, unless
    it is so ill-conditioned that their singular values are needed.

    Parameters
    ----------
    max_iter : int
    tol : float
        The iteration ends when Σ |Δβ| < tol.
    alpha_1, alpha_2, lambda_1, lambda_2 : float
        Shapes and rates of the Gamma priors of a and l.
    alpha_init, lambda_init : float, optional
        Where a and l start: 1 / var(y) and 1.
    compute_score : bool
        Keep the log evidence of every iteration in `scores_`.
    fit_intercept, copy_X, verbose
        The last two are kept for compatibility.

    Attributes
    ----------
    coef_ : ndarray, shape (d,)
    intercept_ : float
    alpha_, lambda_ : float
        a and l.
    sigma_ : ndarray, shape (d, d)
        Covariance of β.
    scores_ : ndarray, shape (n_iter_ + 1,)
        With `compute_score`.
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of str, where X had names

    References
    ----------
    MacKay, "Bayesian interpolation", 1992. Tipping, "Sparse Bayesian learning and the relevance vector machine", 2001.
    Notes, section 5.3.

    Examples
    --------
    >>> from mmlcore.estimators import BayesianRidge
    >>> model = BayesianRidge().fit([[0.0], [1.0], [2.0], [3.0]], [0.0, 2.1, 3.9, 6.0])
    >>> model.coef_.round(2)
    array([1.98])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "max_iter": [Interval(int, 1, None)],
        "tol": [Interval(float, 0, None, "neither")],
        "alpha_1": [Interval(float, 0, None)],
        "alpha_2": [Interval(float, 0, None)],
        "lambda_1": [Interval(float, 0, None)],
        "lambda_2": [Interval(float, 0, None)],
        "alpha_init": [NONE, Interval(float, 0, None)],
        "lambda_init": [NONE, Interval(float, 0, None)],
        "compute_score": [BOOLEAN],
        "fit_intercept": [BOOLEAN],
        "copy_X": [BOOLEAN],
        "verbose": [VERBOSE],
    }

    def __init__(
        self,
        *,
        max_iter: int = 300,
        tol: float = 1e-3,
        alpha_1: float = 1e-6,
        alpha_2: float = 1e-6,
        lambda_1: float = 1e-6,
        lambda_2: float = 1e-6,
        alpha_init: float | None = None,
        lambda_init: float | None = None,
        compute_score: bool = False,
        fit_intercept: bool = True,
        copy_X: bool = True,
        verbose: bool = False,
    ) -> None:
        self.max_iter = max_iter
        self.tol = tol
        self.alpha_1 = alpha_1
        self.alpha_2 = alpha_2
        self.lambda_1 = lambda_1
        self.lambda_2 = lambda_2
        self.alpha_init = alpha_init
        self.lambda_init = lambda_init
        self.compute_score = compute_score
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.verbose = verbose

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
            X, y, weights = validate_fit(self, X, y, sample_weight, targets="real")
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                data = _spectrum(X, y, weights, bool(self.fit_intercept))
                noise, spread, scores, converged = self._climb(data, X.shape[1])
            if not np.isfinite(noise + spread) or spread == 0:
                raise ValueError("Input X contains a value too large: the products of its columns overflow.")
            if not converged:
                warnings.warn(
                    f"BayesianRidge: did not converge in {self.max_iter} iterations; increase max_iter",
                    shared(ConvergenceWarning),
                    stacklevel=2,
                )
            coordinates, left = _most_probable(data, noise, spread)
            if self.compute_score:
                scores.append(self._evidence(data, noise, spread, coordinates, left, X.shape[1]))
                self.scores_ = np.asarray(scores)
            self._finish(data, coordinates, noise, spread, X, y)
            return self

    def _climb(self, data: _Spectrum, d: int) -> tuple[float, float, list[float], bool]:
        """Noise precision, weight precision, the evidence on the way, and whether β has come to rest."""
        noise, spread = self._start(data, d)
        scores, before, converged = [], None, False
        self.n_iter_ = 0
        while self.n_iter_ < self.max_iter and not converged:
            self.n_iter_ += 1
            at, left = _most_probable(data, noise, spread)
            if self.compute_score:
                scores.append(self._evidence(data, noise, spread, at, left, d))
            gamma = float((noise * data.values / (spread + noise * data.values)).sum())
            spread = (gamma + 2 * self.lambda_1) / (float(at @ at) + 2 * self.lambda_2)
            noise = (data.weight - gamma + 2 * self.alpha_1) / (left + 2 * self.alpha_2)
            beta = data.V @ at
            converged = before is not None and float(np.abs(before - beta).sum()) < self.tol
            before = beta
        return noise, spread, scores, converged

    def _start(self, data: _Spectrum, d: int) -> tuple[float, float]:
        variance = max(data.yy - (0 if self.fit_intercept else data.weight * data.y_mean**2), 0) / data.weight
        noise = 1 / (variance + np.finfo(np.float64).eps) if self.alpha_init is None else float(self.alpha_init)
        return noise, 1.0 if self.lambda_init is None else float(self.lambda_init)

    def _finish(
        self, data: _Spectrum, at: FloatArray, noise: float, spread: float, X: FloatArray, y: FloatArray
    ) -> None:
        coef = data.V @ at
        offset = data.y_mean - coef @ data.x_mean
        self._store(coef[None], np.asarray([offset]), X, y)
        self.alpha_, self.lambda_ = float(noise), float(spread)
        along = 1 / (spread + noise * data.values)
        sigma = (data.V * (along - 1 / spread)) @ data.V.T  # directions without data keep their prior
        np.fill_diagonal(sigma, np.diagonal(sigma) + 1 / spread)
        self.sigma_ = sigma.astype(X.dtype)
        self._x_mean = data.x_mean if self.fit_intercept else np.zeros(X.shape[1])

    def _evidence(self, data: _Spectrum, noise: float, spread: float, at: FloatArray, left: float, d: int) -> float:
        e = np.zeros(d)
        e[: len(data.values)] = data.values
        priors = self.lambda_1 * np.log(spread) - self.lambda_2 * spread
        priors += self.alpha_1 * np.log(noise) - self.alpha_2 * noise
        fits = d * np.log(spread) + data.weight * np.log(noise) - noise * left - spread * (at @ at)
        return float(priors + 0.5 * (fits - np.log(spread + noise * e).sum() - data.weight * np.log(2 * np.pi)))

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The mean of the predictive distribution, and with `return_std` its standard deviation.

        Parameters
        ----------
        X : array_like, shape (n, d)
        return_std : bool

        Returns
        -------
        ndarray, shape (n,), or a pair of them
        """
        check_is_fitted(self)
        X = validate_predict(self, X)
        mean = affine(X, self.coef_, self.intercept_)
        if not return_std:
            return mean
        centred = X - self._x_mean.astype(X.dtype)
        variance = np.einsum("ij,ij->i", linalg.matmul(centred, self.sigma_), centred) + 1 / self.alpha_
        return mean, np.sqrt(variance).astype(X.dtype)


def _most_probable(data: _Spectrum, noise: float, spread: float) -> tuple[FloatArray, float]:
    """β in the eigenbasis and ‖y - X β‖²."""
    at = noise * data.b / (spread + noise * data.values)
    left = data.yy - 2 * float(at @ data.b) + float(at @ (data.values * at))
    return at, max(left, 0.0)

"""Learning from data in closed form: conjugate normal pairs, maximum likelihood of linear regression."""

from typing import Any

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import message
from mmlcore.stats.multivariate_normal import MultivariateNormal
from mmlcore.stats.normal import Normal

__all__ = ["LinearFit", "bayes_update", "fit_linear"]


def bayes_update(prior: Any, x: Any, noise: Any) -> Any:
    """The posterior of a normal mean with a normal prior, after observations with normal noise of known size.

    Of one variable 1/s² = 1/σ₀² + n/σ², mean s² (μ₀/σ₀² + Σx/σ²); of several Λ = Σ₀⁻¹ + n Σ⁻¹, Λ⁻¹ (Σ₀⁻¹μ₀ + Σ⁻¹ Σx).

    Parameters
    ----------
    prior : Normal or MultivariateNormal
        Without a batch.
    x : array of shape (n,) or (n, d)
        The observations.
    noise : float, or array of shape (d, d)
        σ, the standard deviation of one observation, or the covariance Σ of its noise.

    Returns
    -------
    Normal or MultivariateNormal

    Raises
    ------
    TypeError
        For another prior.
    ValueError
        If the shapes do not fit, or the noise is not positive.

    References
    ----------
    Notes 5.2.

    Examples
    --------
    >>> from mmlcore import stats
    >>> posterior = stats.bayes_update(stats.Normal(0.0, 1.0), [2.0], 1.0)
    >>> float(posterior.loc), float(posterior.scale.round(6))
    (1.0, 0.707107)
    """
    x = as_float(x, "bayes_update", "x")
    if isinstance(prior, Normal) and not prior.batch_shape:
        if x.ndim != 1 or not float(noise) > 0:
            raise ValueError(message("bayes_update", "x, noise", "of shape (n,), positive", (x.shape, noise)))
        precision = prior.scale**-2 + x.size / float(noise) ** 2
        loc = (prior.loc * prior.scale**-2 + x.sum() / float(noise) ** 2) / precision
        return Normal(loc, precision**-0.5)
    if isinstance(prior, MultivariateNormal) and not prior.batch_shape:
        d, sigma = prior.event_shape[0], as_float(noise, "bayes_update", "noise")
        if x.ndim != 2 or x.shape[1] != d or sigma.shape != (d, d):
            got = f"shapes {x.shape} and {sigma.shape}"
            raise ValueError(message("bayes_update", "x, noise", f"of shapes (n, {d}) and ({d}, {d})", got))
        before, each = linalg.inv(prior.cov()), linalg.inv(sigma)
        precision = before + len(x) * each
        loc = linalg.solve(precision, before @ prior.loc + each @ x.sum(0))
        return MultivariateNormal(loc, precision=0.5 * (precision + precision.T))
    raise TypeError(message("bayes_update", "prior", "a Normal or MultivariateNormal without a batch", repr(prior)))


class LinearFit:
    """What `fit_linear` returns.

    Attributes
    ----------
    theta : ndarray of shape (d,)
        The maximum-likelihood estimate (4.14), which is that of least squares.
    sigma2 : float
        σ² = ‖y - Xθ‖² / n (4.15).
    cov : ndarray of shape (d, d)
        σ² (XᵀX)⁻¹, the covariance of θ.
    log_likelihood : float
        At the maximum: -n/2 (log 2πσ² + 1), minus (4.13).
    """

    def __init__(self, theta: FloatArray, sigma2: float, cov: FloatArray, n: int) -> None:
        self.theta, self.sigma2, self.cov, self.n = theta, sigma2, cov, n
        with np.errstate(divide="ignore"):
            self.log_likelihood = float(-0.5 * n * (np.log(2 * np.pi * sigma2) + 1))

    def predict(self, X: Any) -> FloatArray:
        """X θ, for X of shape (m, d)."""
        return as_float(X, "LinearFit.predict", "X") @ self.theta

    def distribution(self, X: Any, of_theta: bool = False) -> Normal:
        """N(x_*ᵀθ, σ²) for every row of X; with `of_theta` its variance is σ² + x_*ᵀ Cov(θ) x_*."""
        X = as_float(X, "LinearFit.distribution", "X")
        variance = np.full(len(X), self.sigma2, X.dtype)
        if of_theta:
            variance = variance + np.sum((X @ self.cov) * X, -1)
        return Normal(self.predict(X), np.sqrt(variance))

    def band(self, X: Any, level: float = 0.95, of_theta: bool = False) -> tuple[FloatArray, FloatArray]:
        """The ends of the interval in which a new y lies with probability `level`, for every row of X."""
        if not 0 < level < 1:
            raise ValueError(message("LinearFit.band", "level", "between 0 and 1", level))
        new = self.distribution(X, of_theta)
        return new.ppf(np.float64(0.5 - level / 2)), new.ppf(np.float64(0.5 + level / 2))


def fit_linear(X: Any, y: Any) -> LinearFit:
    """Maximum likelihood of y ~ N(Xθ, σ²): θ by least squares (4.14), σ² by (4.15).

    Parameters
    ----------
    X : array of shape (n, d)
        Of full column rank; add a column of ones for an intercept.
    y : array of shape (n,)

    Returns
    -------
    LinearFit

    Raises
    ------
    ValueError
        If the shapes do not fit, or a number is not finite.
    LinAlgError
        If the columns of X are dependent: θ is not determined.

    References
    ----------
    Notes, 4.7.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import stats
    >>> fit = stats.fit_linear([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [0.0, 1.0, 3.0])
    >>> fit.theta.round(6), round(fit.sigma2, 6)
    (array([-0.166667,  1.5     ]), 0.055556)
    """
    X, y = as_float(X, "fit_linear", "X"), as_float(y, "fit_linear", "y")
    if X.ndim != 2 or y.shape != X.shape[:1]:
        got = f"shapes {X.shape} and {y.shape}"
        raise ValueError(message("fit_linear", "X, y", "of shapes (n, d) and (n,)", got))
    for name, values in (("X", X), ("y", y)):
        if not np.isfinite(values).all():
            raise ValueError(message("fit_linear", name, "finite", values[~np.isfinite(values)].flat[0]))
    Q, R = linalg.qr(X)
    diagonal = np.abs(np.diagonal(R))
    if len(X) < X.shape[1] or not diagonal.min(initial=np.inf) > 1e-13 * diagonal.max(initial=0):
        raise linalg.LinAlgError(message("fit_linear", "X", "of full column rank", "dependent columns"))
    theta = linalg.solve_triangular(R, Q.T @ y)
    residuals = y - X @ theta
    sigma2 = float(residuals @ residuals) / len(y)
    inverse = linalg.solve_triangular(R, np.eye(len(R), dtype=R.dtype))
    return LinearFit(theta, sigma2, sigma2 * (inverse @ inverse.T), len(y))

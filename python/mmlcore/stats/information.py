"""Entropy, cross-entropy and divergences: closed forms, or Monte Carlo with its standard error."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mmlcore import ops
from mmlcore._arrays import as_float
from mmlcore._errors import integer, message
from mmlcore._random import Seed
from mmlcore.autodiff import plain
from mmlcore.stats.continuous import Exponential, Laplace, Uniform
from mmlcore.stats.dirichlet import Dirichlet
from mmlcore.stats.discrete import Bernoulli, Binomial, Categorical
from mmlcore.stats.distribution import Distribution
from mmlcore.stats.multivariate_normal import MultivariateNormal
from mmlcore.stats.normal import Normal
from mmlcore.stats.shaped import Beta, Gamma

__all__ = ["Estimate", "cross_entropy", "entropy", "kl_divergence", "mutual_information"]


class Estimate(NamedTuple):
    """A number with its standard error: 0 where it is exact."""

    value: Any
    standard_error: Any


def _normal(p: Normal, q: Normal) -> Any:
    ratio, shift = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return 0.5 * (ratio * ratio + shift * shift - 1) - ops.log(ratio)


def _multivariate(p: MultivariateNormal, q: MultivariateNormal) -> Any:
    """½ (tr Σ_q⁻¹ Σ_p + δᵀ Σ_q⁻¹ δ - d) + ½ log |Σ_q| / |Σ_p|, through L_q⁻¹ [L_p, δ]."""
    M = ops.solve_triangular(q.factor, p.factor, lower=True)
    z = ops.solve_triangular(q.factor, ops.expand_dims(p.loc - q.loc, -1), lower=True)
    squares = ops.sum(M * M, (-1, -2)) + ops.sum(z * z, (-1, -2))
    return 0.5 * (squares - p.event_shape[0]) + q._half_log_det() - p._half_log_det()


def _categorical(p: Any, q: Any) -> Any:
    """Σ p log(p/q), 0 log 0 = 0, infinite where q = 0 < p."""
    used = np.asarray(plain(p)) > 0
    top, bottom = ops.where(used, p, 1.0), ops.where(used, q, 1.0)
    return ops.sum(ops.where(used, top * (ops.log(top) - ops.log(bottom)), 0.0), -1)


def _bernoulli(p: Bernoulli, q: Bernoulli) -> Any:
    return _categorical(ops.stack([p.p, 1 - p.p], -1), ops.stack([q.p, 1 - q.p], -1))


def _binomial(p: Binomial, q: Binomial) -> Any:
    if not np.array_equal(p.n, q.n):
        raise ValueError(message("kl_divergence", "p and q", "binomials of one n", f"{p.n} and {q.n}"))
    return p.n * _bernoulli(Bernoulli(p.p), Bernoulli(q.p))


def _exponential(p: Exponential, q: Exponential) -> Any:
    ratio = p.scale / q.scale
    return ratio - 1 - ops.log(ratio)


def _laplace(p: Laplace, q: Laplace) -> Any:
    distance = ops.absolute(p.loc - q.loc)
    return (p.scale * ops.exp(-distance / p.scale) + distance) / q.scale + ops.log(q.scale / p.scale) - 1


def _uniform(p: Uniform, q: Uniform) -> Any:
    inside = (np.asarray(plain(p.low)) >= plain(q.low)) & (np.asarray(plain(p.high)) <= plain(q.high))
    return ops.where(inside, ops.log((q.high - q.low) / (p.high - p.low)), np.inf)


def _gamma(p: Gamma, q: Gamma) -> Any:
    ratio = p.scale / q.scale
    shapes = (p.a - q.a) * ops.digamma(p.a) - ops.gammaln(p.a) + ops.gammaln(q.a)
    return shapes - q.a * ops.log(ratio) + p.a * (ratio - 1)


def _dirichlet(a: Any, b: Any) -> Any:
    total = ops.sum(a, -1)
    norms = ops.gammaln(total) - ops.sum(ops.gammaln(a), -1) - ops.gammaln(ops.sum(b, -1)) + ops.sum(ops.gammaln(b), -1)
    return norms + ops.sum((a - b) * (ops.digamma(a) - ops.expand_dims(ops.digamma(total), -1)), -1)


CLOSED: dict[type[Distribution], Callable[[Any, Any], Any]] = {
    Normal: _normal,
    MultivariateNormal: _multivariate,
    Bernoulli: _bernoulli,
    Binomial: _binomial,
    Categorical: lambda p, q: _categorical(p.p, q.p),
    Exponential: _exponential,
    Laplace: _laplace,
    Uniform: _uniform,
    Gamma: _gamma,
    Beta: lambda p, q: _dirichlet(ops.stack([p.a, p.b], -1), ops.stack([q.a, q.b], -1)),
    Dirichlet: lambda p, q: _dirichlet(p.alpha, q.alpha),
}


def _average(values: Any, n: int) -> Estimate:
    return Estimate(ops.mean(values, 0), np.std(np.asarray(plain(values)), axis=0, ddof=1) / np.sqrt(n))


def _draws(function: str, p: Distribution, q: Distribution, n: int, random_state: Seed) -> Any:
    """Draws from p, through which derivatives in its parameters go, for every pair of the batches."""
    shape = np.broadcast_shapes(p.batch_shape, q.batch_shape)
    return p.rvs((integer(function, "n_samples", n), *shape), random_state)


def kl_divergence(p: Distribution, q: Distribution, n_samples: int = 100_000, random_state: Seed = 0) -> Estimate:
    r"""KL(p ‖ q) = E_p[log p(X) - log q(X)], in nats.

    Parameters
    ----------
    p, q : Distribution
        Of one kind (but StudentT and Mixture): in closed form, differentiable; for normals
        ½ (tr Σ_q⁻¹Σ_p + (μ_p-μ_q)ᵀΣ_q⁻¹(μ_p-μ_q) - d + log |Σ_q|/|Σ_p|). Otherwise the mean over draws from p,
        differentiable in q and in those parameters of p in which draws are (not in shapes and probabilities).
    n_samples : int
    random_state : int, SeedSequence, Generator or None

    Returns
    -------
    Estimate
        (value, standard_error); the error of a closed form is 0.

    Raises
    ------
    ValueError
        For binomials of different n.
    TypeError
        If a parameter in which the draws from p have no derivative is a Tensor.

    References
    ----------
    Notes, 4.10, (11.2).

    Examples
    --------
    >>> from mmlcore import stats
    >>> value, error = stats.kl_divergence(stats.Normal(1.0, 1.0), stats.Normal(0.0, 1.0))
    >>> float(value), error
    (0.5, 0.0)
    """
    if type(p) is type(q) and type(p) in CLOSED:
        return Estimate(CLOSED[type(p)](p, q), 0.0)
    x = _draws("kl_divergence", p, q, n_samples, random_state)
    return _average(p.logpdf(x) - q.logpdf(x), n_samples)


def cross_entropy(p: Distribution, q: Distribution, n_samples: int = 100_000, random_state: Seed = 0) -> Estimate:
    """H(p, q) = -E_p[log q(X)] = H(p) + KL(p ‖ q), in nats.

    Parameters
    ----------
    p, q, n_samples, random_state
        As for `kl_divergence`.

    Returns
    -------
    Estimate
        (value, standard_error).

    References
    ----------
    Notes, 4.10.

    Examples
    --------
    >>> from mmlcore import stats
    >>> float(stats.cross_entropy(stats.Bernoulli(0.5), stats.Bernoulli(0.25)).value.round(6))
    0.836988
    """
    if type(p) is type(q) and type(p) in CLOSED:
        return Estimate(p.entropy() + CLOSED[type(p)](p, q), 0.0)
    x = _draws("cross_entropy", p, q, n_samples, random_state)
    return _average(-q.logpdf(x), n_samples)


def entropy(p: Any, n_samples: int = 100_000, random_state: Seed = 0) -> Estimate:
    """H(p) = -E_p[log p(X)], in nats; divide by log 2 for bits.

    Parameters
    ----------
    p : Distribution, or array of probabilities
        In closed form where there is one, otherwise (mixtures) the mean over draws.
    n_samples, random_state
        As for `kl_divergence`.

    Returns
    -------
    Estimate
        (value, standard_error).

    References
    ----------
    Notes, 4.8, (4.16).

    Examples
    --------
    >>> from mmlcore import stats
    >>> float(stats.entropy([0.5, 0.5]).value.round(6))
    0.693147
    """
    distribution = p if isinstance(p, Distribution) else Categorical(p)
    try:
        return Estimate(distribution.entropy(), 0.0)
    except NotImplementedError:
        x = _draws("entropy", distribution, distribution, n_samples, random_state)
        return _average(-distribution.logpdf(x), n_samples)


def mutual_information(joint: Any) -> Any:
    """I(X; Y) = Σ p(x, y) log(p(x, y) / (p(x) p(y))), or of the coordinates of a normal: ½ (Σ log Σ_ii - log |Σ|).

    Parameters
    ----------
    joint : array of shape (K, M), or MultivariateNormal
        Probabilities, or counts, of the pairs (x, y). Of a normal in more than two dimensions it is the total
        correlation.

    Returns
    -------
    float
        In nats; 0 for independent variables.

    Raises
    ------
    ValueError
        Unless the table is two-dimensional, not negative, with a positive sum.

    Examples
    --------
    >>> from mmlcore import stats
    >>> float(stats.mutual_information([[1, 0], [0, 1]]).round(6))
    0.693147
    """
    if isinstance(joint, MultivariateNormal):
        return 0.5 * ops.sum(ops.log(joint.var()), -1) - joint._half_log_det()
    table = as_float(joint, "mutual_information", "joint")
    if table.ndim != 2 or not np.all(table >= 0) or not 0 < table.sum() < np.inf:
        raise ValueError(message("mutual_information", "joint", "a table of non-negative numbers", f"{table}"))
    table = table / table.sum()
    apart = np.outer(table.sum(1), table.sum(0))
    return _categorical(table.ravel(), apart.ravel())

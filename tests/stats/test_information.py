"""Divergences: closed forms against Monte Carlo, their properties."""

import numpy as np
import pytest
from scipy import stats as sp

from mmlcore import check_grads, grad, stats

COV = np.array([[2.0, 0.6], [0.6, 1.0]])
PAIRS = [
    (stats.Normal(0.5, 1.0), stats.Normal(0.0, 2.0)),
    (stats.MultivariateNormal([0.5, 0.0], COV), stats.MultivariateNormal([0.0, 1.0], np.eye(2))),
    (stats.Bernoulli(0.3), stats.Bernoulli(0.6)),
    (stats.Binomial(7, 0.3), stats.Binomial(7, 0.6)),
    (stats.Categorical([0.2, 0.3, 0.5]), stats.Categorical([0.4, 0.4, 0.2])),
    (stats.Exponential(1.0), stats.Exponential(2.0)),
    (stats.Laplace(0.0, 1.0), stats.Laplace(1.0, 2.0)),
    (stats.Uniform(0.0, 1.0), stats.Uniform(-1.0, 3.0)),
    (stats.Gamma(2.0, 1.0), stats.Gamma(3.0, 0.7)),
    (stats.Beta(2.0, 3.0), stats.Beta(1.5, 1.0)),
    (stats.Dirichlet([1.0, 2.0, 3.0]), stats.Dirichlet([2.0, 2.0, 2.0])),
]


@pytest.mark.parametrize(("p", "q"), PAIRS, ids=[type(p).__name__ for p, _ in PAIRS])
def test_d3_closed_forms_lie_within_three_standard_errors_of_monte_carlo(p, q):
    exact, error = stats.kl_divergence(p, q)
    assert error == 0
    assert exact > 0
    assert stats.kl_divergence(p, p).value == pytest.approx(0, abs=1e-12)
    x = p.rvs(20_000, random_state=1)
    difference = p.logpdf(x) - q.logpdf(x)
    assert abs(difference.mean() - exact) <= 3 * difference.std() / 20_000**0.5 + 1e-12
    surprise = -p.logpdf(x)
    assert abs(surprise.mean() - p.entropy()) <= 3 * surprise.std() / 20_000**0.5 + 1e-12
    assert stats.cross_entropy(p, q).value == pytest.approx(exact + p.entropy(), rel=1e-12)


def test_kl_of_normals_is_differentiable_and_monte_carlo_fills_in():
    check_grads(lambda m, s: stats.kl_divergence(stats.Normal(m, s), stats.Normal()).value, (0.3, 0.8))
    closed = stats.kl_divergence(stats.Normal(0.3, 0.8), stats.Normal()).value
    assert closed == pytest.approx(0.5 * (0.8**2 + 0.3**2 - 1 - np.log(0.8**2)))  # (11.2)
    p, q = stats.StudentT(5.0), stats.Normal(0.0, 1.2)
    value, error = stats.kl_divergence(p, q, n_samples=20_000)
    grid = np.linspace(-60, 60, 200_001)
    exact = np.sum(p.pdf(grid) * (p.logpdf(grid) - q.logpdf(grid))) * (grid[1] - grid[0])
    assert 0 < error < 0.02
    assert abs(value - exact) < 3 * error
    mixture = stats.Mixture([0.5, 0.5], [stats.Normal(-9.0, 1.0), stats.Normal(9.0, 1.0)])
    value, error = stats.entropy(mixture, n_samples=20_000)
    assert abs(value - (sp.norm.entropy() + np.log(2))) < 3 * error
    assert np.isinf(stats.kl_divergence(stats.Bernoulli(0.5), stats.Bernoulli(0.0)).value)
    with pytest.raises(ValueError, match="kl_divergence: p and q must be binomials of one n"):
        stats.kl_divergence(stats.Binomial(3, 0.5), stats.Binomial(4, 0.5))


def test_mutual_information():
    table = np.array([[3, 1], [2, 4]])
    p = table / 10
    joint, apart = stats.Categorical(p.ravel()), stats.Categorical(np.outer(p.sum(1), p.sum(0)).ravel())
    assert stats.mutual_information(table) == pytest.approx(float(stats.kl_divergence(joint, apart).value))
    assert stats.mutual_information(np.outer([1, 2], [3, 4])) == pytest.approx(0, abs=1e-15)
    rho = 0.6 / 2**0.5
    assert stats.mutual_information(stats.MultivariateNormal(cov=COV)) == pytest.approx(-0.5 * np.log(1 - rho**2))
    with pytest.raises(ValueError, match="mutual_information: joint must be a table"):
        stats.mutual_information([1.0, 2.0])


def test_monte_carlo_has_the_derivatives_of_its_expectation():
    slope = grad(lambda a: stats.kl_divergence(stats.Normal(a), stats.Laplace()).value)(1.0)
    assert slope == pytest.approx(2 * sp.norm.cdf(1) - 1, abs=0.01)
    slope = grad(lambda s: stats.cross_entropy(stats.Exponential(s), stats.Gamma(2.0, 1.0)).value)(1.5)
    assert slope == pytest.approx(1 - 1 / 1.5, abs=0.01)  # -E log q = -log s + s + const
    with pytest.raises(TypeError, match=r"Gamma.rvs: a must be without Tensors"):
        grad(lambda a: stats.kl_divergence(stats.Gamma(a), stats.Exponential()).value)(1.0)


def test_monte_carlo_of_batches():
    q = stats.Normal(np.array([0.0, 1.0, 2.0]))
    value, error = stats.kl_divergence(stats.Laplace(), q, n_samples=1000)
    assert value.shape == error.shape == (3,)
    assert stats.cross_entropy(stats.Laplace(np.zeros((2, 1))), q, n_samples=10).value.shape == (2, 3)

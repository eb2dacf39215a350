"""Posterior of a normal mean; maximum likelihood of linear regression."""

import numpy as np
import pytest

from mmlcore import grad, linalg, stats


def test_the_posterior_is_prior_times_likelihood_and_comes_in_pieces():
    prior, x = stats.Normal(1.0, 2.0), np.array([0.5, 3.0, 2.0])
    posterior = stats.bayes_update(prior, x, 0.7)
    grid = np.array([-1.0, 0.0, 1.5, 4.0])
    product = prior.logpdf(grid) + sum(stats.Normal(grid, 0.7).logpdf(xi) for xi in x)
    np.testing.assert_allclose(np.diff(posterior.logpdf(grid)), np.diff(product), rtol=1e-10)
    twice = stats.bayes_update(stats.bayes_update(prior, x[:1], 0.7), x[1:], 0.7)
    np.testing.assert_allclose([twice.loc, twice.scale], [posterior.loc, posterior.scale], rtol=1e-12)


def test_several_dimensions_agree_with_one():
    prior = stats.MultivariateNormal([1.0, 0.0], np.diag([4.0, 1.0]))
    x = np.array([[0.5, 1.0], [3.0, 2.0]])
    posterior = stats.bayes_update(prior, x, np.diag([0.49, 0.25]))
    for i, (loc, scale, noise) in enumerate([(1.0, 2.0, 0.7), (0.0, 1.0, 0.5)]):
        one = stats.bayes_update(stats.Normal(loc, scale), x[:, i], noise)
        assert posterior.mean()[i] == pytest.approx(one.loc)
        assert posterior.var()[i] == pytest.approx(one.scale**2)
    with pytest.raises(TypeError, match="bayes_update: prior must be"):
        stats.bayes_update(stats.Laplace(), x[:, 0], 1.0)
    with pytest.raises(ValueError, match="bayes_update: x, noise must be"):
        stats.bayes_update(prior, x[:, 0], np.eye(2))


def test_d2_maximum_likelihood_of_linear_regression():
    rng = np.random.default_rng(0)
    X = np.stack([np.ones(30), np.linspace(0, 3, 30)], -1)
    y = X @ [1.0, 2.0] + 0.5 * rng.standard_normal(30)
    fit = stats.fit_linear(X, y)
    np.testing.assert_allclose(fit.theta, np.linalg.lstsq(X, y)[0], rtol=1e-12)
    assert fit.sigma2 == pytest.approx(np.mean((y - X @ fit.theta) ** 2), rel=1e-12)  # (4.15)

    def likelihood(theta, sigma):
        return stats.Normal(X @ theta, sigma).log_likelihood(y)

    assert fit.log_likelihood == pytest.approx(float(likelihood(fit.theta, fit.sigma2**0.5)), rel=1e-12)
    to_theta, to_sigma = grad(likelihood, (0, 1))(fit.theta, fit.sigma2**0.5)
    np.testing.assert_allclose([*to_theta, to_sigma], 0, atol=1e-9)
    np.testing.assert_allclose(fit.cov, fit.sigma2 * np.linalg.inv(X.T @ X), rtol=1e-10)


def test_the_band_holds_its_share_and_widens_with_theta():
    rng = np.random.default_rng(1)
    X = np.stack([np.ones(4000), rng.standard_normal(4000)], -1)
    y = X @ [1.0, -1.0] + rng.standard_normal(4000)
    fit = stats.fit_linear(X, y)
    low, high = fit.band(X, 0.9)
    assert abs(np.mean((low < y) & (y < high)) - 0.9) < 0.015
    wide = fit.band(np.array([[1.0, 100.0]]), 0.9, of_theta=True)
    narrow = fit.band(np.array([[1.0, 100.0]]), 0.9)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_errors():
    with pytest.raises(linalg.LinAlgError, match="fit_linear: X must be of full column rank"):
        stats.fit_linear([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="fit_linear: X, y must be"):
        stats.fit_linear(np.ones((3, 1)), np.ones(2))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_data_that_are_not_finite_are_refused(wrong):
    X, y = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 3.0]]), np.array([1.0, 2.0, wrong])
    with pytest.raises(ValueError, match="fit_linear: y must be finite"):
        stats.fit_linear(X, y)
    X[1, 1] = wrong
    with pytest.raises(ValueError, match="fit_linear: X must be finite"):
        stats.fit_linear(X, np.ones(3))

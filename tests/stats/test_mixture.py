"""Mixtures: sums of their parts; EM never lowers the likelihood."""

import numpy as np
import pytest

from mmlcore import check_grads
from mmlcore._errors import ConvergenceWarning
from mmlcore.stats import Binomial, Categorical, Mixture, MultivariateNormal, Normal, StudentT, Uniform

PARTS = [Normal(-1.0, 1.0), Normal(4.0, 0.5)]
P = Mixture([0.3, 0.7], PARTS)


def test_sums_of_the_parts():
    x = np.linspace(-9, 9, 61)
    np.testing.assert_allclose(P.pdf(x), 0.3 * PARTS[0].pdf(x) + 0.7 * PARTS[1].pdf(x), rtol=1e-12)
    q = np.array([1e-30, 0.01, 0.3, 0.5, 0.999])
    np.testing.assert_allclose(P.cdf(P.ppf(q)), q, rtol=1e-12)
    np.testing.assert_allclose(P.responsibilities(x).sum(-1), 1, rtol=1e-14)
    draws = P.rvs(50_000, random_state=0)
    assert abs(draws.mean() - P.mean()) < 4 * P.std() / 50_000**0.5
    assert draws.var() == pytest.approx(P.var(), rel=0.03)
    check_grads(lambda m: Mixture([0.3, 0.7], [Normal(m, 1.0), PARTS[1]]).logpdf(x[::9]), (-1.0,))


def test_fit_raises_the_likelihood_step_by_step():
    x = P.rvs(500, random_state=1)
    start = Mixture([0.5, 0.5], [Normal(-2.0, 1.0), Normal(2.0, 1.0)])
    values = []
    for n in range(1, 8):
        with pytest.warns(ConvergenceWarning, match=f"Mixture.fit: {n} iterations do not reach the tolerance"):
            values.append(Mixture.fit(x, start, n_iter=n).log_likelihood(x))
    assert np.all(np.diff(values) >= -1e-9)
    found = Mixture.fit(x, start)
    np.testing.assert_allclose(found.weights, [0.3, 0.7], atol=0.06)
    plane = Mixture([0.5, 0.5], [MultivariateNormal([i, i], np.eye(2)) for i in (0.0, 9.0)])
    assert Mixture.fit(plane.rvs(60, random_state=0), plane).components[1].mean() == pytest.approx([9, 9], abs=1)


def test_errors():
    with pytest.raises(ValueError, match="Mixture: weights must be 2 positive numbers of sum 1"):
        Mixture([0.5, 0.6], PARTS)
    with pytest.raises(ValueError, match="Mixture: components must be of one event shape"):
        Mixture([0.5, 0.5], [PARTS[0], MultivariateNormal(cov=np.eye(2))])


def test_logarithms_of_tails_that_underflow():
    assert P.logcdf(-50.0) == pytest.approx(np.log(0.3) + PARTS[0].logcdf(-50.0), rel=1e-14)
    assert P.logsf(60.0) == pytest.approx(np.log(0.3) + PARTS[0].logsf(60.0), rel=1e-14)
    x = np.linspace(-5, 6, 12)
    np.testing.assert_allclose(P.logcdf(x), np.log(P.cdf(x)), rtol=1e-12, atol=1e-15)
    assert Mixture([0.5, 0.5], [Uniform(), Uniform(0.0, 2.0)]).logcdf(-1.0) == -np.inf


def test_parameters_that_fit_does_not_estimate_are_kept():
    x = np.concatenate([StudentT(4.0).rvs(150, 0), StudentT(9.0, 12.0).rvs(50, 1)])
    found = Mixture.fit(x, Mixture([0.5, 0.5], [StudentT(4.0, -1.0), StudentT(9.0, 8.0)]))
    assert [part.df for part in found.components] == [4, 9]
    np.testing.assert_allclose([part.loc for part in found.components], [0, 12], atol=0.5)
    k = np.concatenate([Binomial(10, 0.2).rvs(150, 0), Binomial(12, 0.9).rvs(50, 1)])
    coins = Mixture.fit(k, Mixture([0.5, 0.5], [Binomial(12, 0.3), Binomial(12, 0.6)]))
    assert [part.n for part in coins.components] == [12, 12]
    np.testing.assert_allclose(coins.weights, [0.75, 0.25], atol=0.03)
    dice = Mixture([0.5, 0.5], [Categorical([0.5, 0.3, 0.2]), Categorical([0.2, 0.3, 0.5])])
    assert Mixture.fit([0, 1, 1, 0], dice).components[0].p.shape == (3,)

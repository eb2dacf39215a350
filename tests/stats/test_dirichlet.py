"""Dirichlet against SciPy."""

import numpy as np
import pytest
from scipy import stats as sp

from mmlcore import check_grads
from mmlcore._errors import ConvergenceWarning
from mmlcore.stats import Beta, Dirichlet, dirichlet

ALPHA = np.array([0.7, 2.0, 5.0])


def test_against_scipy_and_beta():
    p, theirs = Dirichlet(ALPHA), sp.dirichlet(ALPHA)
    x = p.rvs(7, random_state=0)
    np.testing.assert_allclose(x.sum(-1), 1, rtol=1e-12)
    np.testing.assert_allclose(p.logpdf(x), theirs.logpdf(x.T), rtol=1e-11)
    for method in ("mean", "var", "entropy"):
        np.testing.assert_allclose(getattr(p, method)(), getattr(theirs, method)(), rtol=1e-11)
    assert p.logpdf([0.5, 0.5, 0.5]) == -np.inf
    np.testing.assert_allclose(Dirichlet([2.0, 3.0]).logpdf([0.3, 0.7]), Beta(2.0, 3.0).logpdf(0.3), rtol=1e-12)
    check_grads(lambda a: Dirichlet(a).logpdf(x) + Dirichlet(a).entropy(), (ALPHA,))
    with pytest.raises(ValueError, match=r"Dirichlet.logpdf: x must be of shape \(..., 3\)"):
        p.logpdf([0.5, 0.5])


def test_fit_meets_the_likelihood_equations():
    x = Dirichlet(ALPHA).rvs(500, random_state=1)
    fit = Dirichlet.fit(x)
    np.testing.assert_allclose(fit.alpha, ALPHA, rtol=0.2)
    for factor in np.eye(3) * 0.01 + 1:
        assert Dirichlet(fit.alpha * factor).log_likelihood(x) < fit.log_likelihood(x)


def test_ends_of_the_support():
    assert Dirichlet([1.0, 1.0]).logpdf([0.0, 1.0]) == 0
    assert Dirichlet([2.0, 1.0]).pdf([0.0, 1.0]) == 0
    assert np.isnan(Dirichlet([1.0, 1.0]).logpdf([np.nan, 0.5]))
    assert Dirichlet([1.0, 1.0]).logpdf([-0.5, 1.5]) == -np.inf


def test_a_fit_that_does_not_converge_warns(monkeypatch):
    monkeypatch.setattr(dirichlet, "MOST_STEPS", 1)
    with pytest.warns(ConvergenceWarning, match="Dirichlet.fit: 1 iterations do not reach the tolerance"):
        Dirichlet.fit([[0.2, 0.8], [0.5, 0.5], [0.8, 0.2]])


def test_fit_starts_from_the_spread_of_all_columns():
    rows = np.array([[0.2, 0.3, 0.5], [0.2, 0.4, 0.4], [0.2, 0.5, 0.3]])
    for x in (rows, rows[:, ::-1], rows[:, [1, 0, 2]]):
        fit = Dirichlet.fit(x)
        for factor in np.eye(3) * 0.01 + 1:
            assert Dirichlet(fit.alpha * factor).log_likelihood(x) < fit.log_likelihood(x)
    with pytest.raises(ValueError, match=r"Dirichlet.fit: x must be not all equal up to rounding"):
        Dirichlet.fit(np.array([[0.3, 0.7], [np.nextafter(0.3, 1), 0.7]]))


@pytest.mark.parametrize("alpha", [1e-5, 1e-3, 0.1, 30.0])
def test_draws_of_any_alpha_are_probabilities(alpha):
    x = Dirichlet([alpha, 2 * alpha, alpha]).rvs(4000, random_state=0)
    np.testing.assert_allclose(x.sum(-1), 1, rtol=1e-12)
    np.testing.assert_allclose(x.mean(0), [0.25, 0.5, 0.25], atol=0.03)
    np.testing.assert_allclose(x.var(0), Dirichlet([alpha, 2 * alpha, alpha]).var(), rtol=0.15)

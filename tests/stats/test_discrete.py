"""The tables in test_distribution.py hold these families to SciPy; here is what is particular to them."""

import numpy as np
import pytest
from scipy import stats as sp

from mmlcore import grad, stats
from mmlcore._errors import ConvergenceWarning
from mmlcore.ops import incomplete


def test_certainty_has_no_entropy():
    np.testing.assert_array_equal(stats.Bernoulli([0.0, 1.0]).entropy(), 0)
    assert stats.Categorical([1.0, 0.0]).entropy() == 0
    assert stats.Binomial(3, 0.0).pmf(0) == 1
    assert stats.Binomial(np.array([2, 3]), 0.5).rvs(random_state=0).shape == (2,)


def test_quantiles_at_the_ends_and_of_large_numbers():
    p = np.array([0.0, 0.5, 1.0])
    for ours, theirs in ((stats.Binomial(10, 0.3), sp.binom(10, 0.3)), (stats.Bernoulli(0.3), sp.bernoulli(0.3))):
        np.testing.assert_array_equal(ours.ppf(p), theirs.ppf(p))
        assert ours.ppf(0.0) == -1
    assert stats.Binomial(10**17, 1.0).ppf(0.5) == 1e17


def test_a_quantile_whose_distribution_function_does_not_converge_is_nan(monkeypatch):
    monkeypatch.setattr(incomplete, "MOST_TERMS", 20)
    with pytest.warns(ConvergenceWarning, match="20 terms do not reach"):
        assert np.isnan(stats.Binomial(10**8, 0.5).ppf(0.3))


def test_logarithms_of_tails_that_underflow():
    p = stats.Binomial(5000, 1e-3)
    assert p.logsf(4999) == pytest.approx(5000 * np.log(1e-3), rel=1e-13)
    assert stats.Binomial(5000, 0.9).logcdf(0) == pytest.approx(5000 * np.log(0.1), rel=1e-13)
    assert (p.logcdf(-1), p.logcdf(5000), p.logsf(-1), p.logsf(5000)) == (-np.inf, 0, 0, -np.inf)
    assert np.isnan(p.logcdf(np.nan))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_ends_are_probabilities_in_either_precision(dtype):
    ends = np.array([0, 1], dtype)
    np.testing.assert_array_equal(stats.Bernoulli(ends).mean(), ends)
    np.testing.assert_array_equal(stats.Binomial(3, ends).pmf(3), ends)
    certain = stats.Categorical(np.array([0, 0.5, 0.5], dtype))
    assert certain.entropy() == pytest.approx(np.log(2), rel=1e-6)
    assert certain.entropy().dtype == dtype


def test_what_rounding_puts_outside_is_put_back():
    above = 1 + 2 * np.finfo(float).eps
    assert stats.Bernoulli(above).logpdf(0) == -np.inf
    assert stats.Binomial(3, above).pmf(1) == 0
    assert stats.Bernoulli(np.nextafter(np.float32(1), np.float32(2))).mean() == 1
    assert stats.Binomial(3, -1e-17).pmf(0) == 1
    p = np.array([0.25, 0.75])
    assert grad(lambda p: stats.Bernoulli(p).logpdf(1).sum())(p) == pytest.approx(1 / p)
    for wrong in (1.5, -0.1, np.nan, np.float32(1.001)):
        for refused in (stats.Bernoulli, lambda p: stats.Binomial(2, p), lambda p: stats.Categorical([p, 1 - p])):
            with pytest.raises(ValueError, match=r": p must be in \[0, 1\], got "):
                refused(wrong)


@pytest.mark.parametrize("n", [0, -1, 1.5, np.nan, np.inf])
def test_binomial_fit_needs_draws(n):
    with pytest.raises(ValueError, match=r"Binomial.fit: n must be a positive whole number, got"):
        stats.Binomial.fit([0, 0], n)

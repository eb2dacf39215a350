"""The tables in test_distribution.py hold these families to SciPy; here is what is particular to them."""

import numpy as np
import pytest
from scipy import stats as sp

from mmlcore import stats
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

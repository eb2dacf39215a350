"""The normal distribution to 1e-12 (D1)."""

import numpy as np
from scipy import stats as sp

from mmlcore.stats import Normal


def test_d1_to_twelve_digits_and_sampling_by_the_inverse():
    x = np.linspace(-9, 9, 1001)
    for method in ("pdf", "logpdf", "cdf", "sf", "logcdf", "logsf"):
        np.testing.assert_allclose(
            getattr(Normal(0.3, 1.7), method)(x), getattr(sp.norm(0.3, 1.7), method)(x), rtol=1e-12
        )
    draws = Normal(0.3, 1.7).rvs(100_000, random_state=0)
    assert abs(draws.mean() - 0.3) < 3 * 1.7 / 100_000**0.5
    assert sp.kstest(draws[:5000], sp.norm(0.3, 1.7).cdf).pvalue > 1e-3
    assert repr(Normal(np.zeros(2), 1.0)).startswith("Normal(loc=array([0., 0.])")

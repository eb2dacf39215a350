"""The tables in test_distribution.py hold these families to SciPy; here is what is particular to them."""

import numpy as np

from mmlcore import stats


def test_ends_of_the_support():
    assert stats.Uniform(0.0, 2.0).logpdf(2.5) == -np.inf
    assert stats.Exponential(2.0).pdf(-1.0) == 0
    np.testing.assert_allclose(stats.Uniform(0.0, 2.0).cdf([-1.0, 0.5, 3.0]), [0, 0.25, 1])
    np.testing.assert_allclose(stats.Laplace().sf(800.0), 0.5 * np.exp(-700) * np.exp(-100), rtol=1e-12, atol=0)

"""The tables in test_distribution.py hold these families to SciPy; here is what is particular to them."""

import numpy as np

from mmlcore import stats


def test_relations_between_the_families():
    x = np.array([0.1, 0.4, 0.9])
    np.testing.assert_allclose(stats.Gamma(1.0, 2.0).cdf(x), stats.Exponential(2.0).cdf(x), rtol=1e-13)
    np.testing.assert_allclose(stats.Beta(1.0, 1.0).cdf(x), x, rtol=1e-13)
    np.testing.assert_allclose(stats.StudentT(1e8).logpdf(x), stats.Normal().logpdf(x), rtol=1e-6)
    assert stats.StudentT(1.0).var() != stats.StudentT(3.0).var() == 3

"""The tables in test_distribution.py hold these families to SciPy; here is what is particular to them."""

import numpy as np

from mmlcore import stats


def test_certainty_has_no_entropy():
    np.testing.assert_array_equal(stats.Bernoulli([0.0, 1.0]).entropy(), 0)
    assert stats.Categorical([1.0, 0.0]).entropy() == 0
    assert stats.Binomial(3, 0.0).pmf(0) == 1
    assert stats.Binomial(np.array([2, 3]), 0.5).rvs(random_state=0).shape == (2,)

"""Principal axes on arrays."""

import numpy as np
import pytest

from mmlcore.estimators.principal import flip_signs, from_covariance, from_svd, likely_dimension
from mmlcore.estimators.statistics import Gram


def test_both_ways_agree():
    x = np.random.default_rng(0).standard_normal((50, 4)) * [1, 2, 3, 4]
    one = from_covariance(Gram(4).update(x))
    _, s, vh = np.linalg.svd(x - x.mean(0), full_matrices=False)
    other = from_svd(s, vh, x.mean(0), 50.0, float(np.sum(s**2)))
    np.testing.assert_allclose(one.variances, other.variances, rtol=1e-12)
    np.testing.assert_allclose(flip_signs(one.directions), flip_signs(other.directions), atol=1e-12)
    assert one.total == pytest.approx(x.var(0, ddof=1).sum())


def test_signs():
    flipped = flip_signs(np.array([[-1.0, 0.5], [0.2, 0.3]]))
    np.testing.assert_array_equal(flipped, [[1.0, -0.5], [0.2, 0.3]])


def test_the_likely_dimension_is_that_of_the_signal():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((400, 3)) @ rng.standard_normal((3, 8)) * 3 + 0.1 * rng.standard_normal((400, 8))
    assert likely_dimension(from_covariance(Gram(8).update(x)).variances, 400.0) == 3

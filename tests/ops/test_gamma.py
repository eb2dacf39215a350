"""log Γ and its derivatives against SciPy."""

import numpy as np
import pytest
from scipy import special

from mmlcore import check_grads, ops

X = np.concatenate([np.logspace(-300, 300, 601), np.linspace(0.01, 30, 3001)])


def test_gammaln():
    near = np.array([0.5, 1 - 1e-3, 1 + 1e-3, 2 - 1e-3, 2 + 1e-3, 2.5, 10.0])
    np.testing.assert_allclose(ops.gammaln(near), special.gammaln(near), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(ops.gammaln(X), special.gammaln(X), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(ops.gammaln(1 + 1e-10), -0.5772156649015329 * (1e-10 + 8.274e-18), rtol=1e-8)
    np.testing.assert_array_equal(ops.gammaln([1.0, 2.0, 0.0, np.inf, -1.0]), [0, 0, np.inf, np.inf, np.nan])
    assert ops.gammaln(np.float32(3)).dtype == np.float32


@pytest.mark.parametrize("n", range(5))
def test_polygamma(n):
    x = X[(X > 1e-40) & (X < 1e40)]
    expected = special.polygamma(n, x)
    np.testing.assert_allclose(ops.polygamma(n, x), expected, rtol=1e-13, atol=1e-15)


def test_derivatives_and_beta():
    x = np.array([0.3, 1.2, 9.9])
    check_grads(ops.gammaln, (x,), order=3)
    check_grads(ops.betaln, (x, 2.0))
    np.testing.assert_allclose(ops.betaln(x, 2.5), special.betaln(x, 2.5), rtol=1e-13)
    np.testing.assert_allclose(ops.digamma(x), special.digamma(x), rtol=1e-13)
    with pytest.raises(ValueError, match="polygamma: n must be a non-negative integer"):
        ops.polygamma(-1, 1.0)

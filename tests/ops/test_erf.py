"""The error function and its relatives against SciPy, into the tails."""

from math import erfc

import numpy as np
import pytest
from scipy import special

from mmlcore import ops

RANDOM = np.random.default_rng(8)
TABLE = {"erf": (-2, 2), "erfc": (-2, 4), "erfinv": (-0.95, 0.95)}


@pytest.mark.parametrize("shape", [(7,), (), (3, 5), (0, 2), (3, 33)])
@pytest.mark.parametrize("name", TABLE)
def test_against_scipy(name, shape, agrees):
    agrees(getattr(ops, name), getattr(special, name), RANDOM.uniform(*TABLE[name], shape), order=3)


def test_far_tails_against_scipy():
    x = np.concatenate([np.linspace(-27, 27, 2001), 10.0 ** np.arange(-300, 2, 3.0)])
    np.testing.assert_allclose(ops.erf(x), special.erf(x), rtol=1e-15)
    exact = [erfc(value) for value in x]  # the C library's, into the denormal numbers
    np.testing.assert_allclose(ops.erfc(x), exact, rtol=4e-15, atol=1e-322)
    near = np.abs(x) < 26.5
    np.testing.assert_allclose(ops.erfc(x[near]), special.erfc(x[near]), rtol=2e-13)
    y = np.concatenate([np.linspace(-0.999, 0.999, 1001), 1 - 10.0 ** -np.arange(4, 17.0), 10.0 ** -np.arange(300.0)])
    np.testing.assert_allclose(ops.erfinv(y), special.erfinv(y), rtol=3e-15)


def test_the_inverse_is_the_inverse_and_the_parts_are_one():
    x = np.linspace(-4, 4, 101)
    np.testing.assert_allclose(ops.erfinv(ops.erf(x)), x, rtol=1e-8)
    np.testing.assert_allclose(ops.erf(x) + ops.erfc(x), 1, rtol=1e-15)
    np.testing.assert_allclose(ops.erfc(x) / 2, ops.normal_cdf(-np.sqrt(2) * x), rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_limits(dtype):
    ends = np.array([-np.inf, np.inf, np.nan, 1e30], dtype)
    np.testing.assert_array_equal(ops.erf(ends), [-1, 1, np.nan, 1])
    np.testing.assert_array_equal(ops.erfc(ends), [2, 0, np.nan, 0])
    np.testing.assert_array_equal(
        ops.erfinv(np.array([-1, 1, 1.5, -2, np.nan, np.inf], dtype)), [-np.inf, np.inf, *[np.nan] * 4]
    )
    assert np.signbit(ops.erf(dtype(-0.0)))

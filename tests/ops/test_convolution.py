"""Convolution and correlation of sequences."""

import numpy as np
import pytest

from mmlcore import check_grads, jacobian, ops

RANDOM = np.random.default_rng(14)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("m", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("name", ["convolve", "correlate"])
def test_against_numpy(name, n, m, mode):
    a, v = RANDOM.normal(size=n), RANDOM.normal(size=m)
    expected = getattr(np, name)(a, v, mode)
    np.testing.assert_allclose(getattr(ops, name)(a, v, mode), expected, rtol=1e-12, atol=1e-14)
    check_grads(lambda a, v: getattr(np, name)(a, v, mode), (a, v), order=2)


def test_the_jacobian_is_a_toeplitz_matrix():
    v = np.array([1.0, 2.0, 3.0])
    J = jacobian(lambda a: np.convolve(a, v))(np.ones(4))
    expected = sum(k * np.eye(6, 4, -i) for i, k in enumerate(v))
    assert np.array_equal(J, expected)


def test_convolution_is_multiplication_of_polynomials():
    a, v = RANDOM.normal(size=4), RANDOM.normal(size=3)
    product = np.polyval(ops.convolve(a, v), 0.7)
    assert product == pytest.approx(np.polyval(a, 0.7) * np.polyval(v, 0.7), rel=1e-13)


@pytest.mark.parametrize("a", [np.ones((2, 2)), np.ones(0)])
def test_sequences_only(a):
    with pytest.raises(ValueError, match=r"^convolve: a must be one-dimensional and not empty, got shape"):
        ops.convolve(a, np.ones(2))
    with pytest.raises(ValueError, match=r"^convolve: mode must be one of"):
        ops.convolve(np.ones(2), np.ones(2), "circular")

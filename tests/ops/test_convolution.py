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


@pytest.mark.parametrize("a", [np.float64(1), np.ones(0)])
def test_no_empty_sequences(a):
    with pytest.raises(ValueError, match=r"^convolve: a must be one-dimensional and not empty, got shape"):
        ops.convolve(a, np.ones(2))
    with pytest.raises(ValueError, match=r"^convolve: mode must be one of"):
        ops.convolve(np.ones(2), np.ones(2), "circular")


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("size", "kernel"), [((6, 7), (3, 2)), ((5, 4, 6), (2, 3, 2)), ((6, 6), (2, 4))])
def test_pictures_and_volumes(size, kernel, mode):
    signal = pytest.importorskip("scipy.signal")
    rng = np.random.default_rng(1)
    a, v = rng.normal(size=size), rng.normal(size=kernel)
    np.testing.assert_allclose(ops.convolve(a, v, mode), signal.convolve(a, v, mode, "direct"), atol=1e-13)
    full = signal.correlate(a, v, mode, "direct") if mode != "same" else None
    if full is not None:
        np.testing.assert_allclose(ops.correlate(a, v, mode), full, atol=1e-13)
    backwards = v[(slice(None, None, -1),) * v.ndim]
    np.testing.assert_allclose(ops.correlate(a, backwards, mode), ops.convolve(a, v, mode), atol=1e-13)
    check_grads(lambda a, v: ops.convolve(a, v, mode), (a, v), order=1)


def test_a_picture_needs_a_picture():
    with pytest.raises(ValueError, match="convolve: v must be of 2 dimensions"):
        ops.convolve(np.ones((3, 3)), np.ones(3))
    with pytest.raises(ValueError, match="correlate: v must be within shape"):
        ops.correlate(np.ones((3, 3)), np.ones((4, 1)))

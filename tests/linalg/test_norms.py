"""norm and trace against NumPy, for every order, axis and keepdims."""

import numpy as np
import pytest

from mmlcore import linalg


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", [None, 2, 1, 0, np.inf, -np.inf, 3, 2.5, -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_vector_norms(order, keepdims, dtype):
    x = np.random.default_rng(0).standard_normal((4, 5)).astype(dtype)
    for array, axis in ((x[0], None), (x, 0), (x, -1)):
        value = linalg.norm(array, order, axis, keepdims)
        expected = np.linalg.norm(array, order, axis, keepdims)
        assert value.shape == expected.shape
        assert value.dtype == dtype
        np.testing.assert_allclose(value, expected, rtol=10 * np.finfo(dtype).eps)


@pytest.mark.parametrize("order", [None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf])
@pytest.mark.parametrize("keepdims", [False, True])
def test_matrix_norms(order, keepdims):
    x = np.random.default_rng(1).standard_normal((3, 4, 5))
    for array, axis in ((x[0], None), (x, (0, 2)), (x, (2, 1))):
        value = linalg.norm(array, order, axis, keepdims)
        expected = np.linalg.norm(array, order, axis, keepdims)
        assert value.shape == expected.shape
        np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_default_is_the_norm_of_everything():
    x = np.random.default_rng(2).standard_normal((2, 3, 4))
    np.testing.assert_allclose(linalg.norm(x), np.sqrt((x**2).sum()))
    assert linalg.norm([]) == 0
    assert linalg.norm([3, 4]) == 5
    assert np.isnan(linalg.norm([np.nan, 1]))


@pytest.mark.parametrize("scale", [1e-300, 1e300])
@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 10, np.inf])
def test_norms_neither_over_nor_underflow(p, scale):
    x = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]])
    expected = np.linalg.norm(x, p, axis=1)
    np.testing.assert_allclose(linalg.norm(x * scale, p, axis=1) / scale, expected, rtol=1e-14)
    np.testing.assert_allclose(linalg.distance(x * scale, 0, p) / scale, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([1, 2], "fro"), "norm: ord must be a number for vectors, got 'fro'"),
        ((np.eye(2), 3), "norm: ord must be one of 'fro', 'f', 'nuc', 2, -2"),
        ((np.eye(2), "max"), "norm: ord must be one of"),
        ((np.ones((2, 2, 2)), 1), "norm: axis must be one axis"),
        ((np.ones((2, 2)), None, 5), "axis 5 is out of bounds"),
    ],
)
def test_bad_arguments(arguments, text):
    with pytest.raises(ValueError, match=text):
        linalg.norm(*arguments)


def test_trace():
    x = np.random.default_rng(3).standard_normal((4, 3, 5))
    for offset in (-1, 0, 2, 9):
        np.testing.assert_allclose(linalg.trace(x, offset=offset), np.linalg.trace(x, offset=offset))
    assert linalg.trace([[1, 2], [3, 4]]) == 5
    with pytest.raises(ValueError, match="trace: x must be at least two-dimensional"):
        linalg.trace([1, 2])


@pytest.mark.parametrize("scale", [1.0, 1e200])
def test_the_axis_of_a_vector_can_be_kept(scale):
    x = scale * np.arange(5.0)
    assert linalg.norm(x, axis=0, keepdims=True).shape == (1,)
    np.testing.assert_allclose(linalg.norm(x, axis=0, keepdims=True), [scale * 30**0.5])

"""Kernels of functions of two numbers, against the formulas that they replace, and at the ends of their range."""

import numpy as np
import pytest

from mmlcore import _kernels, check_grads, grad, hessian

INF, NAN = np.inf, np.nan


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# function -> its two partial derivatives at positive x and y
SLOPES = {
    "maximum": lambda x, y: (1.0 * (x > y), 1.0 * (x < y)),
    "minimum": lambda x, y: (1.0 * (x < y), 1.0 * (x > y)),
    "fmax": lambda x, y: (1.0 * (x > y), 1.0 * (x < y)),
    "fmin": lambda x, y: (1.0 * (x < y), 1.0 * (x > y)),
    "hypot": lambda x, y: (x / np.hypot(x, y), y / np.hypot(x, y)),
    "arctan2": lambda x, y: (y / (x**2 + y**2), -x / (x**2 + y**2)),
    "logaddexp": lambda x, y: (sigmoid(x - y), sigmoid(y - x)),
    "logaddexp2": lambda x, y: (sigmoid((x - y) * np.log(2)), sigmoid((y - x) * np.log(2))),
    "power": lambda x, y: (y * x ** (y - 1), x**y * np.log(x)),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", SLOPES)
def test_slopes(name, dtype):
    random, f, kernel = np.random.default_rng(3), getattr(np, name), getattr(_kernels, f"{name}_grad")
    for n in (0, 1, 3, 4, 17, 1500):
        g, x, y = random.uniform(0.3, 2.0, (3, n)).astype(dtype)
        expected = SLOPES[name](x.astype(np.float64), y.astype(np.float64))
        both = kernel(g, f(x, y), x, y, 2)
        for which, (part, slope) in enumerate(zip(both, expected, strict=True)):
            assert part.dtype == dtype
            np.testing.assert_allclose(part, g * slope, rtol=40 * np.finfo(dtype).eps)
            np.testing.assert_array_equal(kernel(g, f(x, y), x, y, which), part)
    z = f(x, dtype(0.7))  # a number as the second operand, and one gradient for all elements
    slope = SLOPES[name](x.astype(np.float64), np.float64(dtype(0.7)))[0]
    part = kernel(np.broadcast_to(dtype(2.0), x.shape), z, x, float(dtype(0.7)), 0)
    np.testing.assert_allclose(part, 2 * slope, rtol=40 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", SLOPES)
def test_what_the_kernels_do_not_take_is_left_to_the_formulas(name):
    kernel, f, x = getattr(_kernels, f"{name}_grad"), getattr(np, name), np.array([0.5, 1.5, 0.7])
    refused = [
        (x, x, x, x[:2], 0),
        (x, x, x, x.astype(np.float32), 0),
        (x, x, x, np.arange(3), 0),
        (x, x, np.arange(6.0)[::2], x, 0),
        (x, x, "x", x, 0),
        (x, x, x, x, 3),
        (x, x, x, x.astype(">f8"), 0),
    ]
    for arguments in refused:
        assert kernel(*arguments) is NotImplemented
    other = np.array([[0.4], [1.1]])
    for a, b in ((x, other), (other, x), (1.01 * x[::-1], x), (np.float64(0.6), x), (x, np.float64(0.6))):
        check_grads(f, (a, b), order=2)


def test_at_the_ends_of_the_range():
    total = lambda f: grad(lambda x, y: np.sum(f(x, y)), (0, 1))  # noqa: E731
    x, y = np.array([INF, -INF, -INF, 800.0, INF]), np.array([1.0, 1.0, -INF, -800.0, INF])
    np.testing.assert_array_equal(total(np.logaddexp)(x, y), [[1, 0, 0.5, 1, 0.5], [0, 1, 0.5, 0, 0.5]])
    zero = np.zeros(2)
    np.testing.assert_array_equal(total(np.hypot)(zero, zero), [zero, zero])
    np.testing.assert_array_equal(total(np.maximum)(zero, zero), [[0.5, 0.5], [0.5, 0.5]])
    nans = np.array([NAN, 1.0]), np.array([1.0, NAN])
    np.testing.assert_array_equal(total(np.maximum)(*nans), [zero, zero])
    np.testing.assert_array_equal(total(np.fmax)(*nans), [[0, 1], [1, 0]])
    np.testing.assert_array_equal(total(np.fmin)(*nans), [[0, 1], [1, 0]])
    by_x, by_y = total(np.power)(np.array([0.0, 0.0, -2.0]), np.array([2.0, 1.0, 3.0]))
    np.testing.assert_array_equal(by_x, [0, 1, 12])
    np.testing.assert_array_equal(by_y, [0, 0, NAN])
    np.testing.assert_array_equal(grad(lambda x: np.sum(x ** np.zeros(2)))(np.array([0.0, 5.0])), zero)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_logaddexp_of_zero_takes_the_slope_from_the_same_exponential(dtype):
    eps = np.finfo(dtype).eps
    x = np.linspace(-40, 40, 2001).astype(dtype)
    value, slope = np.empty_like(x), np.empty_like(x)
    _kernels.softplus_and_slope(value, slope, x)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(value, np.logaddexp(0, exact), rtol=8 * eps)
    np.testing.assert_allclose(slope, sigmoid(exact), rtol=8 * eps)
    loss = lambda x: np.sum(np.logaddexp(0, x) * x)  # noqa: E731
    expected = np.logaddexp(0, exact) + exact * sigmoid(exact)
    np.testing.assert_allclose(grad(loss)(x), expected, rtol=40 * eps, atol=40 * eps)
    with pytest.raises(ValueError, match="softplus_and_slope: slope must be as large as y"):
        _kernels.softplus_and_slope(value, slope[1:].copy(), x)
    with pytest.raises(ValueError, match="slope must be apart"):
        _kernels.softplus_and_slope(value, value, x)


def test_second_derivatives_of_logaddexp_on_large_arrays():
    x = np.linspace(-3, 3, 1100)
    curvature = hessian(lambda a: np.sum(np.logaddexp(x * a, 0)))(0.4)
    s = sigmoid(0.4 * x)
    assert curvature == pytest.approx(np.sum(x**2 * s * (1 - s)), rel=1e-12)
    check_grads(lambda a: np.logaddexp(0, x * a), (0.4,), order=2)

"""SGD and Adam against the formulas of their sources, element by element in extended precision."""

import numpy as np
import pytest

from mmlcore import _kernels

DTYPES = [np.float32, np.float64]
SIZES = [0, 1, 3, 8, 15, 16, 17, 1021, 5000]
B1, B2, EPSILON = 0.9, 0.999, 1e-7


def vectors(dtype, n, count):
    rng = np.random.default_rng(n)
    return [rng.standard_normal(n).astype(dtype) for _ in range(count)]


def close(got, exact):
    eps = np.finfo(got.dtype).eps
    np.testing.assert_allclose(got, exact.astype(got.dtype), rtol=16 * eps, atol=16 * eps)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_plain_descent(dtype, n):
    theta, g = vectors(dtype, n, 2)
    exact = theta.astype(np.longdouble) - 0.1 * g.astype(np.longdouble)
    _kernels.sgd(theta, None, g, np.array([0.1]), 0.0, False)
    close(theta, exact)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("n", SIZES)
def test_momentum(dtype, nesterov, n):
    theta, velocity, *gradients = vectors(dtype, n, 5)
    exact, v = theta.astype(np.longdouble), velocity.astype(np.longdouble)
    lr = np.array([0.1])
    for g in gradients:
        _kernels.sgd(theta, velocity, g, lr, 0.9, nesterov)
        v = 0.9 * v - lr[0] * g
        exact = exact + (0.9 * v - lr[0] * g if nesterov else v)
        lr[0] /= 2  # the rate is read when the step is made
    close(theta, exact)
    close(velocity, v)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
def test_adam(dtype, n):
    theta, *gradients = vectors(dtype, n, 6)
    m, v, step = np.zeros_like(theta), np.zeros_like(theta), np.zeros(1, np.int64)
    exact, em, ev = theta.astype(np.longdouble), np.zeros(n, np.longdouble), np.zeros(n, np.longdouble)
    lr = np.array([0.01])
    for t, g in enumerate(gradients, start=1):
        _kernels.adam(theta, m, v, step, g, lr, B1, B2, EPSILON)
        em, ev = B1 * em + (1 - B1) * g, B2 * ev + (1 - B2) * g.astype(np.longdouble) ** 2
        rate = lr[0] * np.sqrt(1 - B2**t) / (1 - B1**t)
        exact = exact - rate * em / (np.sqrt(ev) + EPSILON)
        lr[0] *= 0.7
        assert step[0] == t
    close(theta, exact)
    close(m, em)
    close(v, ev)


def test_the_first_step_of_adam_is_the_rate_times_the_sign():
    """Bias correction: m/√v is ±1 after one step whatever the gradient (Kingma and Ba, section 2.1)."""
    g = np.array([1e-3, -2.0, 5e4])
    theta, m, v = np.zeros(3), np.zeros(3), np.zeros(3)
    _kernels.adam(theta, m, v, np.zeros(1, np.int64), g, np.array([0.01]), B1, B2, 1e-12)
    np.testing.assert_allclose(theta, -0.01 * np.sign(g), rtol=1e-6)


def test_gradient_of_any_strides():
    g = np.random.default_rng(0).standard_normal(40)
    one, two = np.zeros(20), np.zeros(20)
    _kernels.sgd(one, None, g[::-2], np.array([1.0]), 0.0, False)
    _kernels.sgd(two, None, g[::-2].copy(), np.array([1.0]), 0.0, False)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, -g[::-2])


def test_threads_do_not_change_a_bit():
    results = []
    for threads in (1, 2):
        _kernels.set_num_threads(threads)
        theta, m, v, g = vectors(np.float32, 200_003, 4)
        v = np.abs(v)
        _kernels.adam(theta, m, v, np.zeros(1, np.int64), g, np.array([0.01]), B1, B2, EPSILON)
        _kernels.sgd(theta, m, g, np.array([0.01]), 0.9, True)
        results.append((theta, m, v))
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


def test_errors_name_function_argument_and_value():
    theta, lr, step = np.zeros(4), np.array([0.1]), np.zeros(1, np.int64)
    readonly = np.zeros(4)
    readonly.flags.writeable = False
    with pytest.raises(ValueError, match=r"sgd: grad must be of 4 elements \(as theta\), got \(3,\)"):
        _kernels.sgd(theta, None, np.zeros(3), lr, 0.0, False)
    with pytest.raises(TypeError, match=r"sgd: velocity must be float64 .*, got float32"):
        _kernels.sgd(theta, np.zeros(4, np.float32), theta, lr, 0.9, False)
    with pytest.raises(TypeError, match=r"sgd: lr must be float64, got float32"):
        _kernels.sgd(theta, None, theta, lr.astype(np.float32), 0.0, False)
    with pytest.raises(ValueError, match=r"sgd: lr must be of shape \(1,\), got \(2,\)"):
        _kernels.sgd(theta, None, theta, np.zeros(2), 0.0, False)
    with pytest.raises(ValueError, match=r"sgd: theta must be writeable, got a read-only array"):
        _kernels.sgd(readonly, None, theta, lr, 0.0, False)
    with pytest.raises(TypeError, match=r"adam: step must be int64, got float64"):
        _kernels.adam(theta, theta, theta, np.zeros(1), theta, lr, B1, B2, EPSILON)
    with pytest.raises(ValueError, match=r"adam: v must be writeable, got a read-only array"):
        _kernels.adam(theta, theta, readonly, step, theta, lr, B1, B2, EPSILON)
    assert step[0] == 0, "a refused step must not count"

"""The fused logistic loss is the formula."""

import numpy as np
import pytest

from mmlcore import check_grads, hessian, ops, set_num_threads, value_and_grad


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (3, 5), (63, 4), (65, 9), (1000, 33)])
def test_value_and_gradient(n, d, dtype):
    rng = np.random.default_rng(n)
    X, w = rng.standard_normal((n, d)).astype(dtype), rng.standard_normal(d).astype(dtype)
    y = np.where(rng.random(n) < 0.5, -1, 1).astype(dtype)
    value, gradient = value_and_grad(lambda w: ops.logistic_loss(X, y, w))(w)
    expected, slope = value_and_grad(lambda w: np.mean(np.logaddexp(0, -y * (X @ w))))(w)
    tolerance = 100 * np.finfo(dtype).eps
    np.testing.assert_allclose(value, expected, rtol=tolerance)
    np.testing.assert_allclose(gradient, slope, rtol=tolerance, atol=tolerance)
    assert gradient.dtype == dtype


def test_derivatives_of_second_order_and_in_the_data():
    rng = np.random.default_rng(0)
    X, y, w = rng.standard_normal((7, 3)), np.array([1.0, -1, 1, 1, -1, 1, -1]), rng.standard_normal(3)
    check_grads(lambda w: ops.logistic_loss(X, y, w), (w,))
    check_grads(ops.logistic_loss, (X, y, w), order=1)
    p = 1 / (1 + np.exp(-X @ w))
    np.testing.assert_allclose(hessian(lambda w: ops.logistic_loss(X, y, w))(w), X.T @ (X * (p * (1 - p))[:, None]) / 7)


def test_extremes_threads_and_errors():
    X, y = np.array([[1e6], [-1e6]]), np.array([1.0, 1.0])
    value, gradient = value_and_grad(lambda w: ops.logistic_loss(X, y, w))(np.array([1.0]))
    assert value == 5e5
    assert gradient == 5e5
    rng = np.random.default_rng(0)
    X, y, w = rng.standard_normal((5000, 40)), np.ones(5000), rng.standard_normal(40)
    set_num_threads(1)
    one = value_and_grad(lambda w: ops.logistic_loss(X, y, w))(w)
    set_num_threads(2)
    two = value_and_grad(lambda w: ops.logistic_loss(X, y, w))(w)
    assert one[0] == two[0]
    np.testing.assert_array_equal(one[1], two[1])
    with pytest.raises(ValueError, match="logistic_loss: X, y, w must be of shapes"):
        ops.logistic_loss(X, y[:-1], w)
    with pytest.raises(ValueError, match="logistic_loss: X must be at least one row"):
        ops.logistic_loss(np.ones((0, 2)), np.ones(0), np.ones(2))

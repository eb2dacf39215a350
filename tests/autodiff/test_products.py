"""Jacobian times vector, vector times Jacobian, Hessian times vector."""

import numpy as np
import pytest

from mmlcore import Tensor, checkpoint, defjvp, grad, hessian, hvp, jacobian, jvp, linearize, ops, primitive, vjp

RANDOM = np.random.default_rng(8)
A = RANDOM.normal(size=(4, 3))
X, V, U = RANDOM.normal(size=3), RANDOM.normal(size=3), RANDOM.normal(size=4)


def f(x):
    return np.tanh(A @ x) * x[0]


JACOBIAN = (1 - np.tanh(A @ X) ** 2)[:, None] * A * X[0] + np.outer(np.tanh(A @ X), np.eye(3)[0])


def test_jvp():
    value, tangent = jvp(f, (X,), (V,))
    np.testing.assert_allclose(value, f(X), rtol=1e-15)
    np.testing.assert_allclose(tangent, JACOBIAN @ V, rtol=1e-12)


def test_vjp_any_number_of_times():
    value, pullback = vjp(f, X)
    np.testing.assert_allclose(value, f(X), rtol=1e-15)
    for u in (U, 2 * U, np.eye(4)[1]):
        np.testing.assert_allclose(pullback(u)[0], u @ JACOBIAN, rtol=1e-12)


def test_linearize_runs_the_function_once():
    runs = []
    value, pushforward = linearize(lambda x: runs.append(1) or f(x), X)
    np.testing.assert_allclose(value, f(X), rtol=1e-15)
    for v in (V, -3 * V, np.eye(3)[2]):
        np.testing.assert_allclose(pushforward(v), JACOBIAN @ v, rtol=1e-12)
    assert len(runs) == 1


def test_the_two_products_are_transposes():
    _, tangent = jvp(f, (X,), (V,))
    _, pullback = vjp(f, X)
    assert U @ tangent == pytest.approx(pullback(U)[0] @ V, rel=1e-13)


def test_several_arguments_and_a_constant_result():
    g = lambda x, y: (x * y, np.float64(7.0), 3)  # noqa: E731
    value, tangent = jvp(g, (2.0, 5.0), (1.0, 10.0))
    assert (value, tangent) == ((10.0, 7.0, 3), (25.0, 0.0, 0.0))
    value, pullback = vjp(g, 2.0, 5.0)
    assert pullback((1.0, 100.0, 100.0)) == (5.0, 2.0)
    assert linearize(g, 2.0, 5.0)[1](1.0, 10.0) == (25.0, 0.0, 0.0)


def test_aux_is_passed_on():
    value, tangent, aux = jvp(lambda x: (x * x, {"seen": x}), (3.0,), (1.0,), has_aux=True)
    assert (value, tangent, aux) == (9.0, 6.0, {"seen": 3.0})
    value, pullback, aux = vjp(lambda x: (x * x, "note"), 3.0, has_aux=True)
    assert (value, pullback(1.0), aux) == (9.0, (6.0,), "note")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes(dtype):
    value, tangent = jvp(np.exp, (X.astype(dtype),), (V,))
    assert (value.dtype, tangent.dtype) == (dtype, dtype)
    assert vjp(np.exp, X.astype(dtype))[1](V)[0].dtype == dtype


def test_hessian_vector_product():
    h = lambda x, y: np.sum(np.exp(x) * y**2) + x[0] * x[1]  # noqa: E731
    y = RANDOM.normal(size=3)
    np.testing.assert_allclose(hvp(h)(X, y, V), hessian(h)(X, y) @ V, rtol=1e-12)
    np.testing.assert_allclose(hvp(h, 1)(X, y, V), 2 * np.exp(X) * V, rtol=1e-12)
    both = hvp(h, (0, 1))(X, y, (V, -V))
    H = hessian(h, (0, 1))(X, y)
    for row, product in zip(H, both, strict=True):
        np.testing.assert_allclose(product, row[0] @ V - row[1] @ V, rtol=1e-11)


def test_they_can_be_differentiated():
    third = grad(lambda x: jvp(lambda x: np.sum(x**3), (x,), (V,))[1])(X)
    np.testing.assert_allclose(third, 6 * X * V, rtol=1e-13)
    by_direction = grad(lambda v: np.sum(U * jvp(f, (X,), (v,))[1]))(V)
    np.testing.assert_allclose(by_direction, U @ JACOBIAN, rtol=1e-12)
    by_cotangent = jacobian(lambda u: vjp(f, X)[1](u)[0])(U)
    np.testing.assert_allclose(by_cotangent, JACOBIAN.T, rtol=1e-12)
    of_linear = jacobian(lambda v: linearize(f, X)[1](v))(V)
    np.testing.assert_allclose(of_linear, JACOBIAN, rtol=1e-12)
    of_hvp = grad(lambda x: np.sum(hvp(lambda x: np.sum(x**4))(x, V)))(X)
    np.testing.assert_allclose(of_hvp, 24 * X * V, rtol=1e-12)


def test_fused_steps_are_pushed_forward_by_transposing_their_rule():
    W, b = RANDOM.normal(size=(3, 2)), RANDOM.normal(size=2)
    x = RANDOM.normal(size=(5, 3))
    t = RANDOM.normal(size=(5, 3))
    plain = jvp(lambda x: np.tanh(x @ W + b), (x,), (t,))[1]
    fused = jvp(lambda x: ops.dense(x, W, b, "tanh"), (x,), (t,))[1]
    np.testing.assert_allclose(fused, plain, rtol=1e-12, atol=1e-14)
    labels = np.array([0, 1, 1, 0, 1])
    entropy = jvp(lambda W: np.sum(ops.softmax_cross_entropy(x @ W, labels)), (W,), (W,))[1]
    by_hand = np.sum(grad(lambda W: np.sum(ops.softmax_cross_entropy(x @ W, labels)))(W) * W)
    assert entropy == pytest.approx(by_hand, rel=1e-12)


def test_a_primitive_with_a_forward_rule_only_works_backward():
    @primitive
    def product(x, y):
        return x * y

    defjvp(product, lambda t, ans, x, y: t * y, lambda t, ans, x, y: x * t)
    assert grad(product, (0, 1))(3.0, 5.0) == (5.0, 3.0)
    assert grad(grad(lambda x: product(x, x * x)))(2.0) == 12.0
    np.testing.assert_allclose(jacobian(lambda x: product(x, X), mode="reverse")(V), np.diag(X))


def test_hvp_needs_a_vector():
    with pytest.raises(TypeError, match=r"^hvp: the arguments must be those of f and then a vector, got one argument$"):
        hvp(np.sum)(X)


def test_refusals():
    with pytest.raises(TypeError, match=r"^vjp: argument 0 must be a real array or number, got str$"):
        vjp(np.sin, "text")
    with pytest.raises(TypeError, match=r"^jvp: f's result must be a pair"):
        jvp(np.sin, (1.0,), (1.0,), has_aux=True)
    with pytest.raises(ValueError, match=r"^vjp: the pullback's argument must be of shape \(4,\), got shape \(3,\)$"):
        vjp(f, X)[1](X)


def test_nothing_is_recorded_after_the_transform():
    kept = []
    vjp(lambda x: kept.append(x) or f(x), X)
    assert type(kept[0]) is Tensor
    assert not kept[0].tape.open
    assert checkpoint(np.sin)(1.0) == np.sin(1.0)


def test_hvp_names_itself():
    with pytest.raises(ValueError, match=r"^hvp: the vector\[0\] must be of shape \(3,\), got shape \(2,\)$"):
        hvp(lambda x: np.sum(x**3))(X, np.ones(2))

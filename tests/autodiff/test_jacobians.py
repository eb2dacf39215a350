"""Matrices of derivatives against their definition, row by row and column by column."""

from itertools import product

import numpy as np
import pytest

from mmlcore import grad, hessian, jacobian, jvp, ops, vjp
from mmlcore.autodiff import jacobians

RANDOM = np.random.default_rng(9)
A, B = RANDOM.normal(size=(4, 3)), RANDOM.normal(size=(3, 5))
X = RANDOM.normal(size=3)


@pytest.mark.parametrize("mode", ["forward", "reverse", None])
def test_of_a_vector_by_a_vector(mode):
    J = jacobian(lambda x: np.sin(A @ x), mode=mode)(X)
    np.testing.assert_allclose(J, np.cos(A @ X)[:, None] * A, rtol=1e-13)


@pytest.mark.parametrize("mode", ["forward", "reverse", None])
def test_of_a_matrix_by_a_matrix(mode):
    """∂(A B)_ij / ∂A_kl = δ_ik B_lj, in the shape Y.shape + X.shape."""
    J = jacobian(lambda A: A @ B, mode=mode)(A)
    assert J.shape == (4, 5, 4, 3)
    np.testing.assert_allclose(J, np.einsum("ik,lj->ijkl", np.eye(4), B), rtol=1e-14)


@pytest.mark.parametrize("mode", ["forward", "reverse", None])
@pytest.mark.parametrize("shapes", [((), ()), ((), (2,)), ((2,), ()), ((2, 3), (2,)), ((0,), (2,)), ((2,), (0,))])
def test_any_shapes(mode, shapes):
    inputs, outputs = shapes
    M = RANDOM.normal(size=(*outputs, *inputs))
    x = RANDOM.normal(size=inputs)
    J = jacobian(lambda x: np.tensordot(M, x, axes=len(inputs)), mode=mode)(x if inputs else float(x))
    assert J.shape == outputs + inputs
    np.testing.assert_allclose(J, M, rtol=1e-14)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_several_arguments_and_results(mode):
    J = jacobian(lambda x, y: {"p": x * y, "q": np.sum(x)}, (0, 1), mode=mode)(X, 2.0)
    np.testing.assert_allclose(J["p"][0], 2 * np.eye(3))
    np.testing.assert_allclose(J["p"][1], X)
    np.testing.assert_allclose(J["q"][0], np.ones(3))
    assert J["q"][1] == 0.0


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_constant_has_the_jacobian_zero(mode):
    J = jacobian(lambda x: np.array([1.0, 2.0]), mode=mode)(X)
    assert np.array_equal(J, np.zeros((2, 3)))


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_aux(mode):
    J, aux = jacobian(lambda x: (A @ x, x[0]), mode=mode, has_aux=True)(X)
    np.testing.assert_allclose(J, A, rtol=1e-15)
    assert aux == X[0]


def test_the_mode_follows_the_shape():
    """Forward mode runs the function with tangents, one more time than reverse mode."""
    runs = []

    def f(x, M):
        runs.append(1)
        return M @ x

    jacobian(f)(X, A)  # 4 rows, 3 columns
    assert len(runs) == 2
    jacobian(f)(X, A[:2])
    assert len(runs) == 3


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_large_ones_are_made_in_portions(mode, monkeypatch):
    whole = jacobian(lambda x: np.sin(A @ x) * x[0], mode=mode)(X)
    monkeypatch.setattr(jacobians, "_ELEMENTS_AT_ONCE", 8)
    np.testing.assert_allclose(jacobian(lambda x: np.sin(A @ x) * x[0], mode=mode)(X), whole, rtol=1e-15)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_float32(mode):
    J = jacobian(lambda x: np.tanh(x) * x[0], mode=mode)(X.astype(np.float32))
    assert J.dtype == np.float32
    np.testing.assert_allclose(J, jacobian(lambda x: np.tanh(x) * x[0])(X), rtol=1e-5, atol=1e-6)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_hessian_of_rosenbrock():
    x = RANDOM.normal(size=6)
    H = np.zeros((6, 6))
    for i in range(5):
        H[i, i] += 1200 * x[i] ** 2 - 400 * x[i + 1] + 2
        H[i + 1, i + 1] += 200
        H[i, i + 1] = H[i + 1, i] = -400 * x[i]
    np.testing.assert_allclose(hessian(rosenbrock)(x), H, rtol=1e-12, atol=1e-11)


def test_the_hessian_is_the_jacobian_of_the_gradient_in_every_mode():
    f = lambda x: np.sum(ops.softmax(A @ x) * np.cumsum(np.exp(A @ x)))  # noqa: E731
    H = hessian(f)(X)
    np.testing.assert_allclose(H, H.T, rtol=1e-11, atol=1e-13)
    for outer in ("forward", "reverse"):
        for inner in ("forward", "reverse"):
            np.testing.assert_allclose(jacobian(jacobian(f, mode=inner), mode=outer)(X), H, rtol=1e-10, atol=1e-12)


def test_blocks_of_a_hessian():
    H = hessian(lambda x, y: np.sum(x) ** 2 * y**3, (0, 1))(X, 2.0)
    s = X.sum()
    np.testing.assert_allclose(H[0][0], np.full((3, 3), 16.0))
    np.testing.assert_allclose(H[0][1], np.full(3, 24 * s))
    np.testing.assert_allclose(H[1][0], np.full(3, 24 * s))
    assert H[1][1] == pytest.approx(12 * s**2)


def test_third_derivatives():
    T = jacobian(hessian(lambda x: x[0] ** 2 * x[1] * x[2]))(X)
    expected = np.zeros((3, 3, 3))
    for i, j, k, value in [(0, 0, 1, 2 * X[2]), (0, 0, 2, 2 * X[1]), (0, 1, 2, 2 * X[0])]:
        for place in {(i, j, k), (i, k, j), (j, i, k), (j, k, i), (k, i, j), (k, j, i)}:
            expected[place] = value
    np.testing.assert_allclose(T, expected, rtol=1e-13, atol=1e-15)


def test_rows_and_columns_are_single_products():
    f = lambda x: np.sort(np.exp(A @ x))[::2]  # noqa: E731
    J = jacobian(f)(X)
    np.testing.assert_allclose(J[:, 1], jvp(f, (X,), (np.eye(3)[1],))[1], rtol=1e-13)
    np.testing.assert_allclose(J[1], vjp(f, X)[1](np.eye(2)[1])[0], rtol=1e-13)


def test_refusals():
    with pytest.raises(ValueError, match=r"^jacobian: mode must be one of 'forward', 'reverse', got 'fwd'$"):
        jacobian(np.sin, mode="fwd")
    with pytest.raises(TypeError, match=r"^grad: the value of f must be a real scalar, got shape \(3,\)"):
        hessian(np.sin)(X)
    assert grad(np.sum)(X).shape == (3,)


def everything(x):
    """Most kinds of rules in one function: joint ones, fused kernels, index arrays, scans, contractions."""
    s = np.sort(np.tanh(A[:3] @ x))
    e = np.einsum("i,ij,j->", s, A[:3], np.cumsum(x)) + np.prod(x + 2) + np.logaddexp(x[0], x[1])
    c = np.sum(np.convolve(x, s)[1:4] * np.pad(x, 1, mode="reflect")[[0, 3, 4]]) + np.max(x) * np.linalg.norm(x)
    fused = ops.softmax_cross_entropy(np.stack([x, s]), [0, 2])[1] + np.sum(ops.dense(x[None], A[:3], x, "tanh"))
    return e + c + fused


def test_all_mixtures_of_modes_give_the_same_third_derivatives():
    found = []
    for modes in product(("forward", "reverse"), repeat=3):
        f = everything
        for mode in modes:
            f = jacobian(f, mode=mode)
        found.append(f(X))
    for T in found:
        np.testing.assert_allclose(T, found[0], rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(T, T.transpose(2, 0, 1), rtol=1e-9, atol=1e-10)
    step = 1e-5 * np.eye(3)
    H = hessian(everything)
    columns = np.stack([(H(X + h) - H(X - h)) / 2e-5 for h in step], axis=-1)
    np.testing.assert_allclose(found[0], columns, rtol=1e-6, atol=1e-7)


def test_an_inner_jacobian_takes_the_outer_variable():
    f = lambda x: jacobian(lambda y: np.outer(x, y) * y)(x)  # noqa: E731
    # ∂(x_i y_j²)/∂y_k at y = x: 2 x_i x_j δ_jk
    expected = 2 * np.einsum("il,j,jk->ijkl", np.eye(3), X, np.eye(3))
    expected += 2 * np.einsum("i,jl,jk->ijkl", X, np.eye(3), np.eye(3))
    np.testing.assert_allclose(jacobian(f)(X), expected, rtol=1e-13, atol=1e-15)

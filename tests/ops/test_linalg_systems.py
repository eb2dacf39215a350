"""Systems, inverses and determinants: finite differences to second order, and autograd's own identities."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, linalg, ops

RANDOM = np.random.default_rng(3)


def matrix(*shape):
    return RANDOM.normal(size=shape) + 3 * np.eye(*shape[-2:])


def definite(x):
    return ops.matmul(x, np.swapaxes(x, -1, -2)) + 2 * np.eye(x.shape[-1])


A, S, B, V = matrix(4, 4), matrix(2, 3, 3), RANDOM.normal(size=(4, 2)), RANDOM.normal(size=4)
T = np.tril(A) + 3 * np.eye(4)

CASES = {
    "inv": (ops.inv, (A,)),
    "inv of a stack": (np.linalg.inv, (S,)),
    "det": (ops.det, (A,)),
    "det of a stack": (np.linalg.det, (S,)),
    "logabsdet": (lambda a: np.linalg.slogdet(a).logabsdet, (S,)),
    "solve": (ops.solve, (A, B)),
    "solve, vector": (np.linalg.solve, (A, V)),
    "solve, stack": (ops.solve, (S, RANDOM.normal(size=(3, 2)))),
    "solve, stack and vector": (ops.solve, (S, V[:3])),
    "lower": (lambda a, b: ops.solve_triangular(a, b, lower=True), (T, B)),
    "upper, vector": (ops.solve_triangular, (T.T, V)),
    "lower transposed": (lambda a, b: ops.solve_triangular(a, b, lower=True, trans="T"), (T, V)),
    "unit": (lambda a, b: ops.solve_triangular(a, b, lower=True, unit_diagonal=True), (T, B)),
    "cholesky": (lambda x: np.linalg.cholesky(definite(x)), (A,)),
    "upper cholesky of a stack": (lambda x: ops.cholesky(definite(x), upper=True), (S,)),
    "pinv, tall": (np.linalg.pinv, (RANDOM.normal(size=(5, 3)),)),
    "pinv, wide stack": (ops.pinv, (RANDOM.normal(size=(2, 2, 4)),)),
    "pinv, rank one": (lambda u, v: ops.pinv(np.outer(u, v), rtol=1e-8), (V, V[:3])),
    "lstsq": (ops.lstsq, (RANDOM.normal(size=(6, 3)), RANDOM.normal(size=6))),
    "lstsq, wide": (ops.lstsq, (RANDOM.normal(size=(2, 4)), RANDOM.normal(size=(2, 3)))),
    "multi_dot": (lambda a, b: np.linalg.multi_dot([a, b, b.T]), (A, B)),
    "third power": (lambda a: np.linalg.matrix_power(a, 3), (S,)),
    "inverse square": (lambda a: np.linalg.matrix_power(a, -2), (A,)),
}


@pytest.mark.parametrize("name", CASES)
def test_gradients_to_second_order(name):
    f, args = CASES[name]
    check_grads(f, args, order=2, rtol=1e-5, atol=1e-5)


def test_values_are_linalgs():
    np.testing.assert_array_equal(ops.inv(A), linalg.inv(A))
    np.testing.assert_array_equal(ops.cholesky(definite(A), upper=True), linalg.cholesky(definite(A), upper=True))
    assert ops.slogdet(A) == linalg.slogdet(A)
    assert ops.inv(A.astype(np.float32)).dtype == np.float32


def test_gaussian_likelihood_has_its_known_gradient():
    """∂/∂Σ of log|Σ| + xᵀΣ⁻¹x is Σ⁻¹ - Σ⁻¹x xᵀΣ⁻¹."""
    sigma = definite(A)
    gradient = grad(lambda s: np.linalg.slogdet(s).logabsdet + V @ np.linalg.solve(s, V))(sigma)
    inverse = np.linalg.inv(sigma)
    np.testing.assert_allclose(gradient, inverse - np.outer(inverse @ V, inverse @ V), atol=1e-12)


def test_same_likelihood_through_the_cholesky_factor():
    sigma = definite(A)

    def likelihood(s):
        lower = np.linalg.cholesky(s)
        z = ops.solve_triangular(lower, V, lower=True)
        return 2 * np.sum(np.log(np.diagonal(lower))) + z @ z

    inverse = np.linalg.inv(sigma)
    np.testing.assert_allclose(grad(likelihood)(sigma), inverse - np.outer(inverse @ V, inverse @ V), atol=1e-12)


def test_zeroth_power_and_sign_are_constant():
    np.testing.assert_array_equal(grad(lambda a: np.sum(np.linalg.matrix_power(a, 0)) + np.sum(0 * a))(A), 0 * A)
    np.testing.assert_array_equal(grad(lambda a: ops.slogdet(a).sign + np.sum(a))(A), np.ones_like(A))


def test_the_determinants_derivative_at_singular_matrices_is_the_matrix_of_cofactors():
    a = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])  # rank 2
    minors = [[np.delete(np.delete(a, i, 0), j, 1) for j in range(3)] for i in range(3)]
    signs = (-1.0) ** np.add.outer(range(3), range(3))
    cofactors = signs * [[m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0] for m in row] for row in minors]
    np.testing.assert_allclose(grad(np.linalg.det)(a), cofactors, atol=1e-14)
    rank_1 = grad(ops.det)(np.outer([1.0, 2.0, 4.0], [1.0, 2.0, 1.0]))
    np.testing.assert_allclose(rank_1, np.zeros((3, 3)), atol=1e-13)
    stack = grad(lambda x: np.sum(np.linalg.det(x)))(np.stack([a, np.eye(3)]))
    np.testing.assert_allclose(stack, [cofactors, np.eye(3)], atol=1e-14)

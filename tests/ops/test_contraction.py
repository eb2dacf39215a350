"""Sums of products against NumPy, and their refusals."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops

RANDOM = np.random.default_rng(13)
A, B = RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(4, 5))


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("i->", [(3,)]),
        ("ii->", [(3, 3)]),
        ("iii->i", [(3, 3, 3)]),
        ("iijj->ij", [(2, 2, 3, 3)]),
        ("i,i->i", [(3,), (3,)]),
        ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]),
        ("ijk,ijk->k", [(2, 3, 4), (2, 3, 4)]),
        ("ij,kl->ijkl", [(2, 3), (1, 2)]),
        ("...,...->...", [(2, 3), (3,)]),
        ("...ij->...ji", [(2, 3, 4)]),
        ("a...b,b...->a...", [(2, 3, 4), (4, 3)]),
        ("ij,ij,ij->j", [(2, 3), (2, 3), (2, 3)]),
        (",i->i", [(), (3,)]),
        ("ij,i", [(3, 2), (3,)]),
        ("ij , jk -> ik", [(2, 0), (0, 3)]),
    ],
)
def test_einsum_against_numpy(subscripts, shapes, agrees):
    xs = [RANDOM.normal(size=shape) for shape in shapes]
    agrees(lambda *xs: ops.einsum(subscripts, *xs), lambda *xs: np.einsum(subscripts, *xs), *xs, rtol=100)


def test_lists_of_axes_are_the_same():
    f = lambda a, b: np.einsum(a, [0, 1], b, [1, Ellipsis], [0, Ellipsis])  # noqa: E731
    np.testing.assert_allclose(grad(lambda a: np.sum(f(a, B)))(A), np.tile(B.sum(axis=1), (3, 1)), rtol=1e-13)
    np.testing.assert_allclose(ops.einsum(A, [0, 1], B, [1, 2]), A @ B, rtol=1e-13)


@pytest.mark.parametrize(
    ("operands", "text"),
    [
        ((), "subscripts must be given"),
        (("ij,jk", A), "subscripts must be 2 terms|subscripts must be 1 terms"),
        (("ijk->i", A), r"subscripts must be one letter for each axis of operand 0"),
    ],
)
def test_subscripts_must_fit(operands, text):
    with pytest.raises(ValueError, match=rf"^einsum: ({text})"):
        ops.einsum(*operands)


def test_tensordot_against_numpy(agrees):
    a, b = RANDOM.normal(size=(2, 3, 4)), RANDOM.normal(size=(4, 3, 2))
    for axes in (0, 1, ([2], [0]), ([1, 2], [1, 0]), (-1, 0)):
        agrees(lambda a, b, x=axes: ops.tensordot(a, b, x), lambda a, b, x=axes: np.tensordot(a, b, x), a, b,
               order=1, rtol=100)  # fmt: skip
    with pytest.raises(ValueError, match=r"^tensordot: axes must be of equal lengths in a and b"):
        ops.tensordot(a, b, 2)


def test_kronecker_is_bilinear_and_mixes():
    C, D = RANDOM.normal(size=(2, 2)), RANDOM.normal(size=(2, 2))
    f = lambda C, D: np.sum(np.kron(C, D) @ np.kron(C, D))  # noqa: E731
    g = lambda C, D: np.sum(np.kron(C @ C, D @ D))  # noqa: E731
    for a, b in zip(grad(f, (0, 1))(C, D), grad(g, (0, 1))(C, D), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def test_the_vector_product_is_perpendicular():
    a, b = RANDOM.normal(size=(2, 3))
    np.testing.assert_allclose(grad(lambda a: np.cross(a, b) @ a)(a), np.zeros(3), atol=1e-14)
    columns = RANDOM.normal(size=(3, 4))
    check_grads(lambda x: np.cross(x, columns, axis=0), (columns[::-1],), order=1)
    with pytest.raises(ValueError, match=r"^cross: a and b must be vectors of three numbers, got shapes \(2,\) and"):
        grad(lambda a: np.sum(np.cross(a, a)))(np.ones(2))


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_powers_of_a_matrix(n):
    M = RANDOM.normal(size=(3, 3))
    by_products = lambda M: np.linalg.multi_dot([M] * n) if n > 1 else M if n else np.eye(3) + 0 * M  # noqa: E731
    a, b = (grad(lambda M, f=f: np.sum(np.sin(f(M))))(M) for f in (by_products, lambda M: np.linalg.matrix_power(M, n)))
    np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_products_of_stacks():
    x, y = RANDOM.normal(size=(2, 5, 3))
    np.testing.assert_allclose(grad(lambda x: np.sum(np.vecdot(x, y)))(x), y, rtol=1e-15)
    np.testing.assert_allclose(grad(lambda x: np.vdot(x, y))(x), y, rtol=1e-15)
    np.testing.assert_allclose(grad(lambda x: np.sum(np.inner(x, y)))(x), np.tile(y.sum(0), (5, 1)), rtol=1e-13)
    M = RANDOM.normal(size=(5, 4, 3))
    if hasattr(np, "matvec"):
        check_grads(np.matvec, (M, x), order=2)
        check_grads(np.vecmat, (RANDOM.normal(size=(5, 4)), M), order=2)
    assert np.array_equal(
        grad(lambda M: np.linalg.matrix_transpose(M)[0, 1, 2])(M)[0], np.eye(4, 3, -1) * np.eye(4)[2][:, None]
    )

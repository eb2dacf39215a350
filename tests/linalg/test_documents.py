"""The worked examples on linear algebra of CS582 (1 to 4, "Additional concepts" 1 and 2), Notes (chapter 2), SIT744.

MISSION A5 to A7.
"""

import numpy as np
import pytest

from mmlcore import linalg

M = np.array([[1, 2], [3, 4]])
rng = np.random.default_rng(0)


def positive_definite(n):
    x = rng.standard_normal((n + 3, n))
    return x.T @ x


def test_cs582_1_objects():
    assert np.ndim(5) == 0
    assert linalg.matrix_rank(np.array([[1], [3], [5]])) == 1
    assert np.zeros((2, 2, 2)).ndim == 3
    assert linalg.norm(np.zeros((2, 2, 2))) == 0


def test_cs582_2_operations():
    np.testing.assert_array_equal(np.add([1, 2], [3, 4]), [4, 6])
    np.testing.assert_array_equal(np.add(M, [[5, 6], [7, 8]]), [[6, 8], [10, 12]])
    np.testing.assert_array_equal(3 * M, [[3, 6], [9, 12]])
    np.testing.assert_array_equal(linalg.matmul(M, [5, 6]), [17, 39])
    assert linalg.vecdot([1, 2], [3, 4]) == linalg.matmul([1, 2], [3, 4]) == 11
    np.testing.assert_array_equal(linalg.outer([1, 2], [3, 4]), [[3, 4], [6, 8]])


def test_cs582_3_properties():
    np.testing.assert_array_equal(linalg.matrix_transpose(M), [[1, 3], [2, 4]])
    np.testing.assert_allclose(linalg.inv([[4, 7], [2, 6]]), np.array([[6, -7], [-2, 4]]) / 10, rtol=1e-14)
    assert linalg.trace(M) == 5
    assert linalg.det(M) == pytest.approx(-2, rel=1e-15)
    assert linalg.norm([3, 4]) == 5
    assert linalg.norm([-1, 2], 1) == 3
    assert linalg.norm(M) == pytest.approx(30**0.5)
    assert linalg.norm(M) == pytest.approx(5.477, abs=5e-4)


def test_cs582_4_eigenvalues():
    a = np.array([[2, 1], [1, 2]])
    np.testing.assert_array_equal(linalg.matmul(a, [1, 1]), 3 * np.array([1, 1]))
    values, v = linalg.eigh(a)
    assert values[1] == pytest.approx(3)
    np.testing.assert_allclose(np.abs(v[:, 1]), [0.5**0.5] * 2)

    a = np.array([[4, 1], [2, 3]])
    values, v = linalg.eig(a)
    np.testing.assert_allclose(np.sort(values), [2, 5])
    np.testing.assert_allclose(v * values @ linalg.inv(v), a, atol=1e-14)


def test_cs582_additional_1_svd_of_the_identity():
    u, s, vh = linalg.svd(np.eye(2))
    np.testing.assert_array_equal(s, [1, 1])
    np.testing.assert_allclose(u * s @ vh, np.eye(2), atol=1e-15)


def test_cs582_additional_2_principal_components_from_both_sides():
    """From the singular values of the centred data and from the eigenvectors of their covariance."""
    x = rng.standard_normal((200, 6)) @ rng.standard_normal((6, 6))
    centred = x - x.mean(axis=0)
    _, s, vh = linalg.svd(centred, full_matrices=False)
    values, v = linalg.eigh(np.cov(x.T))
    np.testing.assert_allclose(s**2 / (len(x) - 1), values[::-1], rtol=1e-12)
    np.testing.assert_allclose(np.abs(vh @ v[:, ::-1]), np.eye(6), atol=1e-10)
    np.testing.assert_allclose((s**2).sum() / (len(x) - 1), x.var(axis=0, ddof=1).sum(), rtol=1e-12)
    scores = centred @ vh[:2].T  # two components keep as much variance as two columns can
    np.testing.assert_allclose(scores.var(axis=0, ddof=1), values[::-1][:2], rtol=1e-12)


def test_notes_2_1_trace_and_inverse():
    a, b = rng.standard_normal((4, 6)), rng.standard_normal((6, 4))
    c, d = rng.standard_normal((2, 4, 4))
    assert linalg.trace(c + d) == pytest.approx(linalg.trace(c) + linalg.trace(d))
    assert linalg.trace(linalg.matmul(a, b)) == pytest.approx(linalg.trace(linalg.matmul(b, a)))
    np.testing.assert_allclose(linalg.inv(c) @ c, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(c @ linalg.inv(c), np.eye(4), atol=1e-12)


def test_notes_2_1_partitioned_matrices():
    """The inverse by blocks, with Schur's complement."""
    a = positive_definite(5)
    p, q, r = a[:2, :2], a[:2, 2:], a[2:, 2:]
    schur = linalg.inv(r - q.T @ linalg.solve(p, q))
    np.testing.assert_allclose(linalg.inv(a)[2:, 2:], schur, rtol=1e-10)
    assert linalg.det(a) == pytest.approx(linalg.det(p) / linalg.det(schur))


def test_notes_2_2_rank_and_independence():
    x = rng.standard_normal((8, 3))
    dependent = np.column_stack([x, x @ [1, 2, 3]])
    assert linalg.matrix_rank(x) == linalg.matrix_rank(x.T) == 3
    assert linalg.matrix_rank(dependent) == 3
    v = linalg.svd(dependent).Vh[-1]  # Xv = 0 with v ≠ 0
    np.testing.assert_allclose(dependent @ v, 0, atol=1e-12)
    assert linalg.norm(v) == pytest.approx(1)
    y = rng.standard_normal((3, 2))
    assert linalg.matrix_rank(x @ y) == min(linalg.matrix_rank(x), linalg.matrix_rank(y))


def test_notes_2_2_determinant_is_the_product_of_the_eigenvalues():
    a = rng.standard_normal((5, 5))
    values = linalg.eigvals(a)
    assert np.prod(values).real == pytest.approx(linalg.det(a))
    for value in values[values.imag == 0].real:
        assert abs(linalg.det(a - value * np.eye(5))) < 1e-9


def test_notes_2_2_spectral_decomposition():
    a = rng.standard_normal((6, 6))
    a = a + a.T
    values, c = linalg.eigh(a)
    np.testing.assert_allclose(c @ np.diag(values) @ c.T, a, atol=1e-12)
    np.testing.assert_allclose(c @ c.T, np.eye(6), atol=1e-13)
    np.testing.assert_allclose(c.T @ c, np.eye(6), atol=1e-13)
    b = positive_definite(6)
    values, c = linalg.eigh(b)
    assert (values > 0).all()
    assert c[:, 2] @ b @ c[:, 2] == pytest.approx(values[2])  # the third eigenvector
    np.testing.assert_allclose(c / values @ c.T, linalg.inv(b), rtol=1e-8)


def test_notes_2_2_definiteness():
    x = rng.standard_normal((10, 4))
    assert linalg.is_positive_definite(x.T @ x)
    assert linalg.definiteness(np.outer(x[0], x[0])) == "positive semi-definite"
    for y in rng.standard_normal((50, 4)):
        assert y @ (x.T @ x) @ y == pytest.approx(linalg.norm(x @ y) ** 2)


def test_notes_2_2_square_roots():
    """The square root of the inverse is the inverse of the square root."""
    a = positive_definite(5)
    root, inverse_root = linalg.sqrtm(a), linalg.inv_sqrtm(a)
    np.testing.assert_allclose(root @ root, a, rtol=1e-10)
    np.testing.assert_allclose(inverse_root @ inverse_root, linalg.inv(a), rtol=1e-8)
    np.testing.assert_allclose(linalg.sqrtm(linalg.inv(a)), inverse_root, rtol=1e-8)
    np.testing.assert_allclose(root @ inverse_root, np.eye(5), atol=1e-10)
    np.testing.assert_allclose(inverse_root @ root, np.eye(5), atol=1e-10)


def test_sit744_norms_distances_and_angles():
    x, y = np.array([1.0, 2, 2]), np.array([-2.0, 1, 2])
    assert linalg.norm(x, np.inf) == 2
    assert linalg.norm(x, 3) == pytest.approx(17 ** (1 / 3))
    assert linalg.distance(x, y, 1) == 4
    assert linalg.distance(x, y) == pytest.approx(10**0.5)
    assert linalg.distance(x, y, np.inf) == 3
    assert np.cos(linalg.angle(x, y)) == pytest.approx(x @ y / 9)
    assert linalg.angle([1, 0], [0, 5]) == pytest.approx(np.pi / 2)
    assert linalg.angle(x, x) == 0
    assert linalg.angle(x, -x) == pytest.approx(np.pi)
    assert linalg.angle([1, 0], [1, 1e-9]) == pytest.approx(1e-9, rel=1e-12)  # arccos would give 0


def test_sit744_extrema_on_the_unit_sphere():
    a = np.array([[3.0, 1], [1, 3]])
    extrema = linalg.quadratic_extrema(a)
    assert (extrema.max, extrema.min) == (pytest.approx(4), pytest.approx(2))
    np.testing.assert_allclose(np.abs(extrema.argmax), [0.5**0.5] * 2)
    assert extrema.argmin @ a @ extrema.argmin == pytest.approx(2)

"""L Lᵀ = A, L lower with a positive diagonal; triangular systems against their definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlcore import linalg

SIZES = [0, 1, 2, 3, 15, 31, 32, 33, 63, 64, 65, 100, 129, 300, 550]


def positive_definite(rng, n, dtype=np.float64, stack=()):
    x = rng.standard_normal((*stack, n, n))
    return (x @ np.swapaxes(x, -1, -2) + n * np.eye(n)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", SIZES)
def test_factor_reproduces_the_matrix(n, dtype):
    a = positive_definite(np.random.default_rng(n), n, dtype)
    factor = linalg.cholesky(a)
    assert factor.dtype == dtype
    assert (np.diagonal(factor) > 0).all()
    np.testing.assert_array_equal(factor, np.tril(factor))
    # Higham, theorem 10.3: |A - L Lᵀ| ≤ γ_{n+1} |L| |Lᵀ|
    bound = 2 * (n + 2) * np.finfo(dtype).eps * (np.abs(factor) @ np.abs(factor.T)) + 1e-30
    assert (np.abs(factor.astype(float) @ factor.T.astype(float) - a) <= bound).all()


def test_document_example():
    """DRP: the normal matrix of y = ax² + bx + c for the ten points, and its printed factor (MISSION A1)."""
    x = np.array([4.1702, 7.2032, 0.0011, 3.0233, 1.4676, 0.9234, 1.8626, 3.4556, 3.9677, 5.3882])
    design = np.stack([x**2, x, np.ones_like(x)], axis=1)
    printed = [
        [65.79411909533059, 0, 0],
        [11.315179081105018, 3.6845670997450135, 0],
        [2.1523095726051, 1.9294347356270625, 1.2825151479137313],
    ]
    np.testing.assert_allclose(linalg.cholesky(design.T @ design), printed, rtol=0, atol=1e-12)


def test_only_the_stated_triangle_is_read():
    rng = np.random.default_rng(0)
    a = positive_definite(rng, 70)
    noise = rng.standard_normal((70, 70))
    np.testing.assert_array_equal(linalg.cholesky(np.tril(a) + np.triu(noise, 1)), linalg.cholesky(a))
    upper = linalg.cholesky(np.triu(a) + np.tril(noise, -1), upper=True)
    np.testing.assert_allclose(upper.T @ upper, a, rtol=1e-12)


def test_ill_conditioned_matrix_keeps_its_backward_error():
    n = 100
    q, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((n, n)))
    a = (q * np.logspace(0, -12, n)) @ q.T
    a = (a + a.T) / 2
    factor = linalg.cholesky(a)
    assert np.abs(factor @ factor.T - a).max() <= 4 * np.finfo(float).eps * n * np.abs(a).max()


def test_stacks_any_strides_and_integers():
    rng = np.random.default_rng(2)
    a = positive_definite(rng, 5, stack=(2, 3))
    np.testing.assert_allclose(linalg.cholesky(a), np.linalg.cholesky(a), rtol=1e-12)
    np.testing.assert_array_equal(linalg.cholesky(a[::-1, ::2]), linalg.cholesky(a)[::-1, ::2])
    np.testing.assert_array_equal(linalg.cholesky(np.asfortranarray(a[0, 0])), linalg.cholesky(a[0, 0]))
    np.testing.assert_array_equal(linalg.cholesky([[4, 0], [0, 9]]), [[2, 0], [0, 3]])


@pytest.mark.parametrize("n", [2, 40, 100])
def test_the_failing_pivot_is_named_and_the_input_untouched(n):
    a = np.eye(n)
    a[n - 1, n - 1] = -0.25
    before = a.copy()
    with pytest.raises(linalg.LinAlgError, match=f"positive definite, got pivot {n - 1} = -0.25$"):
        linalg.cholesky(a)
    np.testing.assert_array_equal(a, before)
    with pytest.raises(linalg.LinAlgError, match=r"pivot 0 = -inf \(matrix 1 of the stack\)"):
        linalg.cholesky(np.stack([np.eye(n), np.full((n, n), -np.inf)]))


@pytest.mark.parametrize("shape", [(2, 3), (3,), ()])
def test_not_square(shape):
    with pytest.raises(linalg.LinAlgError, match="cholesky: a must be a square matrix"):
        linalg.cholesky(np.ones(shape))


@given(
    n=st.sampled_from([1, 2, 5, 6, 7, 31, 33, 70, 256, 260]),
    m=st.sampled_from([0, 1, 3, 4, 5, 8, 9, 17, 40]),
    lower=st.booleans(),
    trans=st.sampled_from([0, 1, "N", "T"]),
    unit=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_triangular_system(n, m, lower, trans, unit, dtype):
    rng = np.random.default_rng(n + 100 * m)
    whole = (rng.standard_normal((n, n)) / n + 2 * np.eye(n)).astype(dtype)
    triangle = np.tril(whole) if lower else np.triu(whole)
    if unit:
        np.fill_diagonal(triangle, 1)
    b = rng.standard_normal((n, m)).astype(dtype)
    x = linalg.solve_triangular(whole, b, trans=trans, lower=lower, unit_diagonal=unit)
    system = triangle.T if trans in (1, "T") else triangle
    assert x.dtype == dtype
    np.testing.assert_allclose(system @ x, b, atol=1e3 * np.finfo(dtype).eps)


def test_triangular_right_sides_of_every_shape():
    a = np.array([[2.0, 0.0], [1.0, 4.0]])
    np.testing.assert_array_equal(linalg.solve_triangular(a, [2, 9], lower=True), [1, 2])
    stack = linalg.solve_triangular(np.stack([a, 2 * a]), np.ones((2, 2, 3)), lower=True)
    np.testing.assert_allclose(stack[1], np.linalg.solve(2 * a, np.ones((2, 3))))


def test_a_diagonal_whose_reciprocal_overflows_divides():
    tiny = 1e-310 * np.tri(40)
    np.testing.assert_allclose(linalg.solve_triangular(tiny, tiny @ np.ones((40, 3)), lower=True), 1, rtol=1e-10)


def test_triangular_errors():
    a = np.array([[1.0, 0.0], [3.0, 0.0]])
    with pytest.raises(linalg.LinAlgError, match=r"solve_triangular: a must be non-singular, got a zero .* row 1"):
        linalg.solve_triangular(a, [1, 1], lower=True)
    with pytest.raises(ValueError, match="solve_triangular: b must be of 2 rows"):
        linalg.solve_triangular(a, [1, 1, 1])
    with pytest.raises(ValueError, match="solve_triangular: trans must be"):
        linalg.solve_triangular(a, [1, 1], trans="X")

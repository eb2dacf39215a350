"""Definite matrices: factors, roots and tests, by the identities that define them."""

import numpy as np
import pytest
import scipy.linalg

from mmlcore import linalg

rng = np.random.default_rng(0)


def definite(n, seed=0):
    b = np.random.default_rng(seed).standard_normal((n, n))
    return b @ b.T + n * np.eye(n)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("n", [1, 4, 50])
def test_factor_and_solve_as_scipy(n, lower):
    a, b = definite(n), rng.standard_normal((n, 3))
    factor = linalg.cho_factor(a, lower)
    assert factor[1] is lower
    np.testing.assert_allclose(linalg.cho_solve(factor, b), scipy.linalg.cho_solve(factor, b), rtol=1e-10)
    np.testing.assert_allclose(a @ linalg.cho_solve(factor, b[:, 0]), b[:, 0], atol=1e-10)


@pytest.mark.parametrize("n", [1, 2, 9, 60])
def test_rank_one_update_and_downdate(n):
    a, x = definite(n), rng.standard_normal(n)
    lower = linalg.cholesky(a)
    up = linalg.cholesky_update(lower, x)
    np.testing.assert_allclose(up, np.linalg.cholesky(a + np.outer(x, x)), atol=1e-11)
    np.testing.assert_allclose(linalg.cholesky_update(up, x, downdate=True), lower, atol=1e-11)
    with pytest.raises(linalg.LinAlgError, match="cholesky_update: the result must be positive definite"):
        linalg.cholesky_update(lower, 1e3 * np.ones(n), downdate=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["indefinite", "zero diagonal", "definite", "rank one", "zero"])
@pytest.mark.parametrize("n", [1, 2, 3, 10, 65])
def test_ldlt(n, kind, dtype):
    b = np.random.default_rng(n).standard_normal((n, n))
    a = {
        "indefinite": b + b.T,
        "zero diagonal": (b + b.T) * (1 - np.eye(n)),
        "definite": b @ b.T + np.eye(n),
        "rank one": np.outer(b[0], b[0]),
        "zero": np.zeros((n, n)),
    }[kind].astype(dtype)
    other = np.where(np.tri(n, dtype=bool), a, 7)  # the upper triangle is not read
    lower, d, order = linalg.ldlt(other)
    np.testing.assert_allclose(lower @ d @ lower.T, a[np.ix_(order, order)], atol=50 * n * np.finfo(dtype).eps)
    np.testing.assert_array_equal(lower, np.tril(lower))
    np.testing.assert_array_equal(np.diagonal(lower), 1)
    np.testing.assert_array_equal(d, np.triu(np.tril(d, 1), -1))
    assert np.abs(lower).max() < 3  # the bound of rook pivoting is 2.78
    if kind == "indefinite":  # Sylvester's law of inertia
        assert (np.linalg.eigvalsh(d) > 0).sum() == (np.linalg.eigvalsh(a) > 0).sum()


def test_square_roots():
    a = np.stack([definite(6, seed) for seed in range(3)])
    root, inverse = linalg.sqrtm(a), linalg.inv_sqrtm(a)
    np.testing.assert_allclose(root @ root, a, rtol=1e-10)
    np.testing.assert_allclose(inverse @ a @ inverse, np.broadcast_to(np.eye(6), a.shape), atol=1e-10)
    np.testing.assert_allclose(root[0], scipy.linalg.sqrtm(a[0]), rtol=1e-10)
    semi = np.outer([1.0, 2], [1, 2])
    np.testing.assert_allclose(linalg.sqrtm(semi) @ linalg.sqrtm(semi), semi, atol=1e-12)
    with pytest.raises(linalg.LinAlgError, match="inv_sqrtm: a must be positive definite"):
        linalg.inv_sqrtm(semi)
    with pytest.raises(linalg.LinAlgError, match="sqrtm: a must be positive semi-definite, got eigenvalue -1"):
        linalg.sqrtm([[0, 1], [1, 0]])


KINDS = [
    ([[2, -1], [-1, 2]], "positive definite"),
    ([[1, 1], [1, 1]], "positive semi-definite"),
    ([[-2, 1], [1, -2]], "negative definite"),
    ([[-1, 1], [1, -1]], "negative semi-definite"),
    ([[1, 2], [2, 1]], "indefinite"),
    ([[0, 0], [0, 0]], "positive semi-definite"),
]


@pytest.mark.parametrize(("a", "kind"), KINDS)
def test_definiteness(a, kind):
    assert linalg.definiteness(a) == kind
    assert linalg.is_positive_definite(a) == (kind == "positive definite")


def test_definite_needs_symmetry():
    assert not linalg.is_positive_definite([[1, 0.5], [0, 1]])
    assert not linalg.is_positive_definite([[np.nan]])
    with pytest.raises(linalg.LinAlgError, match="definiteness: a must be a symmetric matrix"):
        linalg.definiteness([[1, 2], [0, 1]])


def test_extrema_of_a_quadratic_form():
    a = rng.standard_normal((5, 5))  # not symmetric: only (a + aᵀ) / 2 counts
    extrema = linalg.quadratic_extrema(a)
    for value, x in ((extrema.max, extrema.argmax), (extrema.min, extrema.argmin)):
        assert np.linalg.norm(x) == pytest.approx(1)
        assert x @ a @ x == pytest.approx(value)
    sample = rng.standard_normal((2000, 5))
    sample /= np.linalg.norm(sample, axis=1, keepdims=True)
    forms = np.einsum("ni,ij,nj->n", sample, a, sample)
    assert extrema.min <= forms.min()
    assert forms.max() <= extrema.max
    assert forms.max() > extrema.max - 0.3


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: linalg.cho_factor([[1, 2], [2, 1]]), linalg.LinAlgError, "cholesky: a must be positive definite"),
        (lambda: linalg.cholesky_update(np.eye(2), [1]), ValueError, "cholesky_update: x must be of 2 elements"),
        (lambda: linalg.ldlt([[np.nan]]), linalg.LinAlgError, "ldlt: a must be finite"),
        (lambda: linalg.quadratic_extrema(np.ones((0, 0))), linalg.LinAlgError, "a must be a non-empty matrix"),
        (lambda: linalg.is_positive_definite(np.ones((2, 2, 2))), linalg.LinAlgError, "a must be a single matrix"),
    ],
)
def test_bad_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()

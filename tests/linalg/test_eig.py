"""Eigenvalues: the defining identities, matrices whose eigenvalues are known, and what is not allowed."""

import numpy as np
import pytest

from mmlcore import linalg

SIZES = [1, 2, 3, 5, 31, 32, 33, 64, 100, 257]


def symmetric(kind, n):
    rng = np.random.default_rng(n)
    if kind == "random":
        a = rng.standard_normal((n, n))
    elif kind == "low rank":
        a = rng.standard_normal((n, 2)) @ rng.standard_normal((2, n))
    elif kind == "clustered":
        a = np.eye(n) + 1e-10 * rng.standard_normal((n, n))
    elif kind == "ones":
        a = np.ones((n, n))
    elif kind == "zero":
        a = np.zeros((n, n))
    elif kind == "Wilkinson":
        a = np.diag(np.abs(np.arange(n) - n // 2.0)) + np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)
    else:
        scales = np.logspace(0, -250, n)
        a = scales[:, None] * rng.standard_normal((n, n)) * scales
    return (a + a.T) / 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["random", "low rank", "clustered", "ones", "zero", "Wilkinson", "graded"])
@pytest.mark.parametrize("n", SIZES)
def test_symmetric_identities(kind, n, dtype):
    a = symmetric(kind, n).astype(dtype)
    values, v = linalg.eigh(a)
    size = np.linalg.norm(a.astype(float), 2)
    bound = 20 * n * np.finfo(dtype).eps
    assert values.dtype == v.dtype == dtype
    assert (np.diff(values) >= 0).all()
    np.testing.assert_allclose(v.T @ v, np.eye(n), atol=bound)
    np.testing.assert_allclose(v * values @ v.T, a, atol=bound * size)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(a.astype(float)), atol=bound * size)
    np.testing.assert_allclose(linalg.eigvalsh(a), values, atol=bound * size)


def test_second_difference_matrix_has_its_known_eigenvalues():
    n = 200
    a = 2 * np.eye(n) - np.diag(np.ones(n - 1), 1) - np.diag(np.ones(n - 1), -1)
    known = 2 - 2 * np.cos(np.arange(1, n + 1) * np.pi / (n + 1))
    np.testing.assert_allclose(linalg.eigvalsh(a), known, atol=1e-14)


@pytest.mark.parametrize("uplo", ["L", "U", "l", "u"])
def test_only_the_stated_triangle_is_read(uplo):
    a = symmetric("random", 20)
    other = a.copy()
    other[np.triu_indices(20, 1) if uplo in "Ll" else np.tril_indices(20, -1)] = np.nan
    np.testing.assert_allclose(linalg.eigvalsh(other, uplo), np.linalg.eigvalsh(a), atol=1e-13)
    values, v = linalg.eigh(other, UPLO=uplo)
    np.testing.assert_allclose(a @ v, v * values, atol=1e-13)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_scale_does_not_matter(scale):
    a = symmetric("random", 50)
    np.testing.assert_allclose(linalg.eigvalsh(a * scale) / scale, linalg.eigvalsh(a), rtol=1e-11)
    np.testing.assert_allclose(
        np.sort_complex(linalg.eigvals(a * scale) / scale), np.sort_complex(linalg.eigvals(a)), rtol=1e-9
    )


def test_stacks_run_in_parallel_as_one_by_one():
    a = np.random.default_rng(0).standard_normal((200, 30, 30))
    values = linalg.eigvalsh(a)
    for i in range(0, 200, 40):
        np.testing.assert_array_equal(values[i], linalg.eigvalsh(a[i]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 3, 20, 60])
def test_general_identities(n, dtype):
    a = np.random.default_rng(n).standard_normal((n, n)).astype(dtype)
    values, v = linalg.eig(a)
    bound = 200 * n * np.finfo(dtype).eps * np.abs(a).sum()
    assert values.dtype in (dtype, np.result_type(dtype, np.complex64))
    np.testing.assert_allclose(a @ v, v * values, atol=bound)
    np.testing.assert_allclose(np.linalg.norm(v, axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(values.sum(), np.trace(a), atol=bound)
    theirs = np.linalg.eigvals(a)
    np.testing.assert_allclose(np.abs(values[:, None] - theirs).min(axis=1), 0, atol=bound)


def test_balancing_saves_the_small_eigenvalues():
    a = np.array([[1, 1e10, 0], [1e-10, 2, 1e-10], [0, 1e10, 3]])
    scales = np.array([1, 1e-10, 1])  # similar to this symmetric matrix
    known = np.linalg.eigvalsh(a * scales / scales[:, None])
    np.testing.assert_allclose(np.sort(linalg.eigvals(a)), known, rtol=1e-13)


def test_real_where_all_are_real_and_complex_where_one_is_not():
    rotation, triangle = np.array([[0.0, -1], [1, 0]]), np.array([[1.0, 5], [0, 2]])
    assert linalg.eigvals(triangle).dtype == np.float64
    assert linalg.eigvals(np.stack([rotation, triangle])).dtype == np.complex128
    assert linalg.eig(rotation.astype(np.float32)).eigenvectors.dtype == np.complex64


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: linalg.eigh(np.eye(2), "X"), ValueError, "eigh: UPLO must be 'L' or 'U', got 'X'"),
        (lambda: linalg.eigh([[np.nan, 0], [0, 1]]), linalg.LinAlgError, "eigh: a must be finite"),
        (lambda: linalg.eigvalsh([[1, 0], [np.inf, 1]]), linalg.LinAlgError, "eigvalsh: a must be finite"),
        (lambda: linalg.eigh(np.ones((2, 3))), linalg.LinAlgError, "eigh: a must be a square matrix"),
        (lambda: linalg.eig([[np.nan]]), linalg.LinAlgError, "eig: a must be finite"),
        (lambda: linalg.eigvals(np.ones(3)), linalg.LinAlgError, "eigvals: a must be a square matrix"),
        (lambda: linalg.eig([[1j]]), TypeError, "eig: a must be real numbers"),
    ],
)
def test_bad_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_a_matrix_subclass_stays_one():
    a = np.array([[2.0, 1], [1, 2]]).view(np.matrix)
    assert isinstance(linalg.eigh(a).eigenvectors, np.matrix)
    assert type(linalg.eigh(a).eigenvalues) is np.ndarray

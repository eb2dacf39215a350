"""QR: orthonormal columns, the product, every shape, and what is nearly nothing."""

import numpy as np
import pytest

from mmlcore import linalg

SHAPES = [(1, 1), (5, 3), (3, 5), (64, 64), (65, 64), (130, 70), (70, 130), (1000, 9), (200, 200), (0, 3), (3, 0)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", ["reduced", "complete"])
@pytest.mark.parametrize("shape", SHAPES)
def test_factors_are_orthonormal_and_multiply_to_a(shape, mode, dtype):
    a = np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)
    q, r = linalg.qr(a, mode)
    columns = shape[0] if mode == "complete" else min(shape)
    assert (q.shape, r.shape, q.dtype) == ((shape[0], columns), (columns, shape[1]), dtype)
    bound = 20 * max(*shape, 1) * np.finfo(dtype).eps
    np.testing.assert_allclose(q.T @ q, np.eye(columns), atol=bound)
    np.testing.assert_allclose(q @ r, a, atol=bound)
    np.testing.assert_array_equal(np.tril(r, -1), 0)
    np.testing.assert_allclose(linalg.qr(a, "r"), r[: min(shape)], atol=bound)


def test_raw_is_what_lapack_leaves():
    a = np.random.default_rng(0).standard_normal((7, 4))
    h, tau = linalg.qr(a, "raw")
    expected, expected_tau = np.linalg.qr(a, "raw")
    np.testing.assert_allclose(h, expected, atol=1e-14)
    np.testing.assert_allclose(tau, expected_tau, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_graded_and_subnormal_columns_stay_orthonormal(dtype):
    tiny = np.finfo(dtype).tiny
    for a in (np.ones((40, 40)), np.full((50, 20), tiny), np.logspace(0, -300, 60)[:, None] * np.ones(30)):
        q, r = linalg.qr(a.astype(dtype))
        np.testing.assert_allclose(q.T @ q, np.eye(q.shape[1]), atol=100 * np.finfo(dtype).eps)
        np.testing.assert_allclose(q @ r, a.astype(dtype), atol=100 * np.finfo(dtype).eps * a.max())


def test_columns_of_any_size_keep_their_digits():
    """Householder's method is stable column by column: scaling a column scales a column of R and nothing else."""
    rng = np.random.default_rng(1)
    a, scales = rng.standard_normal((50, 8)), 2.0 ** rng.integers(-300, 300, 8)
    plain, scaled = linalg.qr(a), linalg.qr(a * scales)
    np.testing.assert_allclose(scaled.R, plain.R * scales, rtol=1e-12)
    np.testing.assert_allclose(scaled.Q, plain.Q, atol=1e-14)


def test_stacks_strides_and_nan():
    a = np.random.default_rng(2).standard_normal((3, 2, 6, 4))[::-1, :, ::-1]
    before = a.copy()
    q, r = linalg.qr(a)
    np.testing.assert_allclose(q @ r, a, atol=1e-13)
    np.testing.assert_array_equal(a, before)
    assert np.isnan(linalg.qr([[np.nan, 1], [1, 2]]).R).any()


def test_gram_schmidt_is_the_formula():
    a = np.random.default_rng(3).standard_normal((6, 4))
    q = np.zeros((6, 4))
    for j in range(4):
        rest = a[:, j] - q[:, :j] @ (q[:, :j].T @ a[:, j])
        q[:, j] = rest / np.linalg.norm(rest)
    np.testing.assert_allclose(linalg.gram_schmidt(a), q, atol=1e-13)
    hilbert = 1 / (np.arange(10)[:, None] + np.arange(10) + 1.0)
    basis = linalg.gram_schmidt(hilbert)
    np.testing.assert_allclose(basis.T @ basis, np.eye(10), atol=1e-14)
    for scale in (1e-300, 1e300):
        np.testing.assert_allclose(linalg.gram_schmidt(a * scale), q, atol=1e-13)
    with pytest.raises(linalg.LinAlgError, match="gram_schmidt: a must be finite"):
        linalg.gram_schmidt([[np.nan, 1], [1, 1]])


def test_bad_arguments():
    with pytest.raises(ValueError, match="qr: mode must be one of 'reduced', 'complete', 'r', 'raw', got 'q'"):
        linalg.qr(np.eye(2), "q")
    with pytest.raises(linalg.LinAlgError, match="qr: a must be at least two-dimensional"):
        linalg.qr([1, 2])
    with pytest.warns(DeprecationWarning, match="qr: mode 'full' is deprecated"):
        linalg.qr(np.eye(2), "full")
    with pytest.raises(linalg.LinAlgError, match="gram_schmidt: a must be of independent columns, got column 1 depe"):
        linalg.gram_schmidt([[1, 2], [2, 4]])
    with pytest.raises(linalg.LinAlgError, match="gram_schmidt: a must be of independent columns, got column 2 depe"):
        linalg.gram_schmidt(np.array([[1.0, 2, 3], [2, 5, 4]]))
    with pytest.raises(TypeError, match="qr: a must be real numbers, got dtype complex128"):
        linalg.qr([[1j]])

"""U Σ Vᵀ = A with orthonormal factors; the power iterations against it, on the documents' examples."""

import numpy as np
import pytest

from mmlcore import linalg

MOVIES = np.array([[5, 4, 1], [5, 5, 0], [0, 0, 5], [1, 0, 4]])


def with_singular_values(rng, m, n, sigma):
    u, _ = np.linalg.qr(rng.standard_normal((m, len(sigma))))
    v, _ = np.linalg.qr(rng.standard_normal((n, len(sigma))))
    return (u * sigma) @ v.T


@pytest.mark.parametrize("shape", [(1, 1), (3, 4), (4, 3), (30, 7), (2, 3, 5, 4), (60, 60)])
@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_complete_decomposition(shape, full, dtype):
    a = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    u, s, vh = linalg.svd(a, full_matrices=full)
    r = s.shape[-1]
    tolerance = 50 * np.finfo(dtype).eps * max(shape[-2:])
    np.testing.assert_allclose((u[..., :r] * s[..., None, :]) @ vh[..., :r, :], a, atol=tolerance)
    for basis in (np.swapaxes(u, -1, -2) @ u, vh @ np.swapaxes(vh, -1, -2)):
        np.testing.assert_allclose(basis, np.broadcast_to(np.eye(basis.shape[-1]), basis.shape), atol=tolerance)
    assert (np.diff(s) <= 0).all()
    np.testing.assert_allclose(linalg.svd(a, compute_uv=False), s, atol=tolerance)
    assert (u.shape, vh.shape) == tuple(np.linalg.svd(a, full_matrices=full)[i].shape for i in (0, 2))


def rank_deficient(dtype):
    rng = np.random.default_rng(8)
    repeated = rng.standard_normal((40, 10))[:, rng.integers(0, 10, 30)]
    return [
        np.ones((128, 100), dtype),
        np.ones((70, 33), dtype),
        np.tile(np.arange(1.0, 34), (70, 1)).astype(dtype),
        repeated.astype(dtype),
        np.zeros((20, 20), dtype),
        np.diag(np.logspace(0, -30, 40)).astype(dtype),
        np.eye(50, dtype=dtype),
    ]


@pytest.mark.parametrize("which", range(7))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_low_rank_and_graded_matrices(which, dtype):
    a = rank_deficient(dtype)[which]
    u, s, vh = linalg.svd(a, full_matrices=False)
    tolerance = 50 * np.finfo(dtype).eps * max(a.shape)
    np.testing.assert_allclose(u.T @ u, np.eye(len(s)), atol=tolerance)
    np.testing.assert_allclose(vh @ vh.T, np.eye(len(s)), atol=tolerance)
    np.testing.assert_allclose(u * s @ vh, a, atol=tolerance * max(s[0], 1))
    np.testing.assert_allclose(linalg.svd(a, compute_uv=False), s, atol=tolerance * max(s[0], 1))
    np.testing.assert_allclose(s, np.linalg.svd(a, compute_uv=False), atol=tolerance * max(s[0], 1))


SCALES = [(np.float64, 1e-170), (np.float64, 1e170), (np.float32, 1e-25), (np.float32, 1e25)]


@pytest.mark.parametrize(("dtype", "scale"), SCALES)
@pytest.mark.parametrize("options", [{}, {"k": 3}, {"k": 3, "method": "power"}])
def test_scale_does_not_matter(dtype, scale, options):
    a = with_singular_values(np.random.default_rng(9), 60, 50, 0.6 ** np.arange(50)).astype(dtype)
    small, plain = linalg.svd(a * dtype(scale), **options), linalg.svd(a, **options)
    np.testing.assert_allclose(small.S[:3] / dtype(scale), plain.S[:3], rtol=1e3 * np.finfo(dtype).eps)
    result = linalg.power_iteration(a * dtype(scale))
    np.testing.assert_allclose(result.sigma / scale, plain.S[0], rtol=1e3 * np.finfo(dtype).eps)


def test_movie_ratings_as_printed():
    """DRP, "Example: Movie Rating" (MISSION A3), up to the sign of each pair of vectors."""
    u, s, vh = linalg.svd(MOVIES)
    printed_u = [
        [-0.6710, 0.0236, 0.4647],
        [-0.7197, 0.2054, -0.4759],
        [-0.0939, -0.7705, -0.5268],
        [-0.1515, -0.6030, 0.5293],
    ]
    printed_vh = [[-0.7367, -0.6515, -0.1811], [0.0852, 0.1762, -0.9807], [0.6708, -0.7379, -0.0743]]
    np.testing.assert_allclose(s, [9.6438, 6.3639, 0.7056], atol=5e-5)
    signs = np.sign(u[0, :3] / np.array(printed_u)[0])
    np.testing.assert_allclose(u[:, :3] * signs, printed_u, atol=5.1e-5)
    np.testing.assert_allclose(vh * signs[:, None], printed_vh, atol=5.1e-5)


def test_empty_matrices_as_numpy():
    u, s, vh = linalg.svd(np.ones((3, 0)))
    np.testing.assert_array_equal(u, np.eye(3))
    assert s.shape == (0,)
    assert vh.shape == (0, 0)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: linalg.svd([[np.nan, 1], [1, 1]]), linalg.LinAlgError, "svd: a must be finite"),
        (lambda: linalg.svd([1, 2]), linalg.LinAlgError, "svd: a must be at least two-dimensional"),
        (lambda: linalg.svd(np.eye(3), k=4), ValueError, "svd: k must be an integer from 1 to 3, got 4"),
        (lambda: linalg.svd(np.eye(3), k=1.5), ValueError, "svd: k must be an integer"),
        (
            lambda: linalg.svd(np.eye(3), k=1, method="magic"),
            ValueError,
            "one of 'auto', 'block_power', 'power', 'randomized'",
        ),
        (lambda: linalg.svd(np.eye(3), k=1, n_iter=0), ValueError, "svd: n_iter must be an integer of at least 1"),
        (lambda: linalg.svd(np.ones((2, 3, 3)), k=1), ValueError, "svd: a must be a single matrix"),
        (lambda: linalg.svd(np.eye(2) * 1j), TypeError, "svd: a must be real numbers"),
        (lambda: linalg.power_iteration(np.ones((0, 2))), linalg.LinAlgError, "a must be a non-empty matrix"),
        (lambda: linalg.power_iteration(np.eye(2), v0=[0, 0]), ValueError, "v0 must be a non-zero vector"),
        (lambda: linalg.power_iteration(np.eye(2), v0=[1]), ValueError, "v0 must be a non-zero vector of length 2"),
        (lambda: linalg.power_iteration(np.eye(2), 0), ValueError, "n_iter must be an integer of at least 1"),
        (lambda: linalg.power_iteration([[np.inf]]), linalg.LinAlgError, "power_iteration: a must be finite"),
    ],
)
def test_bad_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()

"""Leading triplets: the residual that was promised, every way, dense and sparse."""

import numpy as np
import pytest

from mmlcore import linalg
from mmlcore._errors import ConvergenceWarning


def with_singular_values(rng, m, n, sigma):
    u, _ = np.linalg.qr(rng.standard_normal((m, len(sigma))))
    v, _ = np.linalg.qr(rng.standard_normal((n, len(sigma))))
    return (u * sigma) @ v.T


@pytest.mark.parametrize("method", ["auto", "block_power", "power"])
@pytest.mark.parametrize("shape", [(80, 50), (50, 80)])
def test_leading_triplets(method, shape):
    rng = np.random.default_rng(1)
    sigma = 0.7 ** np.arange(40) * 10
    a = with_singular_values(rng, *shape, sigma)
    u, s, vh = linalg.svd(a, k=5, method=method)
    np.testing.assert_allclose(s, sigma[:5], rtol=1e-10)
    np.testing.assert_allclose(u.T @ u, np.eye(5), atol=1e-6)
    np.testing.assert_allclose(a @ vh.T, u * s, atol=1e-6)
    np.testing.assert_allclose(a.T @ u, vh.T * s, atol=1e-6)


def test_block_residual_meets_its_tolerance():
    a = with_singular_values(np.random.default_rng(2), 100, 90, 0.8 ** np.arange(60))
    u, s, vh = linalg.svd(a, k=8, tol=1e-9)
    assert np.linalg.norm(a.T @ u - vh.T * s, axis=0).max() <= 1.1e-9 * s[0]


@pytest.mark.parametrize("method", ["block_power", "power"])
def test_rank_deficient_matrix_has_orthonormal_vectors(method):
    a = np.outer(np.arange(1.0, 31), np.arange(1.0, 41))
    u, s, vh = linalg.svd(a, k=3, method=method)
    np.testing.assert_allclose(s, [np.linalg.norm(a), 0, 0], atol=1e-9)
    np.testing.assert_allclose(u.T @ u, np.eye(3), atol=1e-8)
    np.testing.assert_allclose(vh @ vh.T, np.eye(3), atol=1e-8)


def test_truncation_is_reproducible_and_does_not_write_to_its_input():
    a = np.random.default_rng(3).standard_normal((60, 60))
    a = a @ a.T
    before = a.copy()
    first, second = (linalg.svd(a, k=4, seed=7) for _ in range(2))
    for x, y in zip(first, second, strict=True):
        np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(a, before)


def test_stopping_short_warns_with_the_residual():
    a = np.random.default_rng(4).standard_normal((100, 100))
    with pytest.warns(ConvergenceWarning, match=r"svd: residual [\d.e-]+ after 2 iterations, above .* 1e-10"):
        linalg.svd(a, k=5, n_iter=2)
    with pytest.warns(ConvergenceWarning, match=r"svd: residual [\d.e-]+ after \d+ iterations, above .* 1e-06"):
        linalg.svd(np.diag(1 - 1e-7 * np.arange(30)), k=5, n_iter=1, method="power")


def noisy(rng, m, n, rank):
    """Like ratings: some structure, and noise whose singular values lie close together."""
    return rng.standard_normal((m, rank)) @ rng.standard_normal((rank, n)) + 2 * rng.standard_normal((m, n))


@pytest.mark.parametrize("shape", [(300, 200), (200, 300)])
def test_auto_reaches_its_tolerance_on_a_flat_spectrum(shape):
    a = noisy(np.random.default_rng(5), *shape, 8)
    u, s, vh = linalg.svd(a, k=12)
    np.testing.assert_allclose(s, np.linalg.svd(a, compute_uv=False)[:12], rtol=1e-12)
    assert np.linalg.norm(a.T @ u - vh.T * s, axis=0).max() <= 1.1e-10 * s[0]
    np.testing.assert_allclose(u.T @ u, np.eye(12), atol=1e-12)
    np.testing.assert_allclose(vh @ vh.T, np.eye(12), atol=1e-12)


def test_randomized_is_near_the_best_approximation():
    a = noisy(np.random.default_rng(6), 400, 300, 8)
    sigma = np.linalg.svd(a, compute_uv=False)
    u, s, vh = linalg.svd(a, k=10, method="randomized")
    best = np.sqrt(np.square(sigma[10:]).sum())
    assert np.linalg.norm(a - u * s @ vh) <= 1.005 * best
    more = linalg.svd(a, k=10, method="randomized", n_iter=6)
    np.testing.assert_allclose(more.S, sigma[:10], rtol=1e-3)


@pytest.mark.parametrize("shape", [(15, 30), (100, 50), (40, 3)])
def test_randomized_is_exact_where_its_basis_would_span_the_matrix(shape):
    a = np.random.default_rng(3).random(shape)
    np.testing.assert_allclose(linalg.svd(a, k=2, method="randomized").S, np.linalg.svd(a)[1][:2], rtol=1e-12)


def test_randomized_warns_of_a_residual_above_the_tolerance_that_was_asked_for():
    a = np.random.default_rng(8).standard_normal((400, 300))
    with pytest.warns(
        ConvergenceWarning, match=r"svd: residual 0\.\d+ after 1 iterations, above the tolerance 1e-06"
    ) as seen:
        found = linalg.svd(a, k=5, method="randomized", n_iter=1, tol=1e-6)
    assert seen[0].filename == __file__
    residual = np.linalg.norm(a.T @ found.U - found.S * found.Vh.T, axis=0).max() / found.S[0]
    np.testing.assert_allclose(float(str(seen[0].message).split()[2]), residual, rtol=1e-2)
    for tol in (None, 1.1 * residual):  # none asked for, or met: no warning
        linalg.svd(a, k=5, method="randomized", n_iter=1, tol=tol)


@pytest.mark.parametrize("method", ["auto", "block_power", "power", "randomized"])
def test_sparse_as_dense(method):
    import scipy.sparse

    rng = np.random.default_rng(7)
    a = scipy.sparse.random_array((200, 150), density=0.05, rng=rng).tocsr() @ scipy.sparse.diags_array(
        0.9 ** np.arange(150)
    )
    options = {"n_iter": 10} if method == "randomized" else {}
    sparse, dense = (linalg.svd(x, k=3, method=method, **options) for x in (a, a.toarray()))
    np.testing.assert_allclose(sparse.S, dense.S, rtol=1e-6)
    np.testing.assert_allclose(sparse.S, np.linalg.svd(a.toarray(), compute_uv=False)[:3], rtol=1e-6)


def test_subspace_iteration_is_the_method_by_name():
    a = with_singular_values(np.random.default_rng(8), 60, 50, 0.5 ** np.arange(30))
    for x, y in zip(linalg.subspace_iteration(a, 2), linalg.svd(a, k=2, method="block_power"), strict=True):
        np.testing.assert_array_equal(x, y)

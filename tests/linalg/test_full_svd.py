"""The complete decomposition on matrices that break algorithms, and the symmetric short cut."""

import numpy as np
import pytest

from mmlcore import linalg
from mmlcore.linalg.full_svd import full_svd, symmetric_svd


def bad_matrix(kind, n):
    rng = np.random.default_rng(n)
    jordan = np.eye(n) + np.diag(np.ones(n - 1), 1)
    return {
        "graded rows": np.logspace(0, -20, n)[:, None] * rng.standard_normal((n, n)),
        "graded to nothing": np.logspace(0, -300, n)[:, None] * jordan,
        "clustered": np.eye(n) + 1e-10 * rng.standard_normal((n, n)),
        "Jordan block": jordan,
        "Kahan": np.triu(-0.3 * np.ones((n, n)), 1) + np.eye(n),
        "bits": rng.integers(0, 2, (n, n)).astype(float),
        "rank two": rng.standard_normal((n, 2)) @ rng.standard_normal((2, n)),
        "one column": np.outer(rng.standard_normal(n), np.arange(n) == 0),
    }[kind]


KINDS = ["graded rows", "graded to nothing", "clustered", "Jordan block", "Kahan", "bits", "rank two", "one column"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [2, 3, 17, 64, 130, 300])
def test_identities(kind, n, dtype):
    a = bad_matrix(kind, n).astype(dtype)
    u, s, vh = full_svd(a, True, True)
    bound = 10 * n * np.finfo(dtype).eps
    np.testing.assert_allclose(u.T @ u, np.eye(n), atol=bound)
    np.testing.assert_allclose(vh @ vh.T, np.eye(n), atol=bound)
    np.testing.assert_allclose(u * s @ vh, a, atol=bound * s[0])
    np.testing.assert_allclose(s, np.linalg.svd(a.astype(float), compute_uv=False), atol=bound * s[0])
    np.testing.assert_allclose(full_svd(a, True, False), s, atol=bound * s[0])
    assert (s >= 0).all()
    assert (np.diff(s) <= 0).all()


@pytest.mark.parametrize("shape", [(40, 40), (300, 41), (41, 300)])
def test_known_singular_values(shape):
    rng = np.random.default_rng(0)
    r = min(shape)
    u, v = (linalg.qr(rng.standard_normal((m, r))).Q for m in shape)
    sigma = np.sort(rng.uniform(0.1, 1, r))[::-1] * np.logspace(0, -8, r)
    np.testing.assert_allclose(full_svd(u * sigma @ v.T, False, False), sigma, atol=1e-15 * r)


def test_symmetric_short_cut_is_a_singular_value_decomposition():
    a = np.random.default_rng(1).standard_normal((2, 9, 9))
    a = a + np.swapaxes(a, -1, -2)
    u, s, vh = symmetric_svd(a, True)
    np.testing.assert_allclose(u * s[..., None, :] @ vh, a, atol=1e-13)
    np.testing.assert_allclose(s, full_svd(a, False, False), atol=1e-13)
    np.testing.assert_allclose(symmetric_svd(a, False), s, atol=1e-13)
    np.testing.assert_allclose(linalg.svd(a, hermitian=True).S, s)
    np.testing.assert_allclose(np.swapaxes(u, -1, -2) @ u, np.broadcast_to(np.eye(9), (2, 9, 9)), atol=1e-13)


def test_same_bits_whatever_the_neighbours_in_a_stack():
    a = np.random.default_rng(2).standard_normal((50, 12, 12))
    together = full_svd(a, True, True)
    for i in (0, 20, 49):
        for x, y in zip(together, full_svd(a[i], True, True), strict=True):
            np.testing.assert_array_equal(x[i], y)

"""Products with triangles: the rank-k update syrk, and the triangular product, against their definitions."""

import numpy as np
import pytest

from mmlcore import _kernels

DTYPES = (np.float32, np.float64)


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "k"), [(1, 1), (5, 3), (14, 14), (33, 70), (150, 40), (301, 600), (64, 0), (0, 5)])
def test_syrk_updates_one_triangle_and_leaves_the_other(n, k, dtype, upper):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((k, n)).astype(dtype).T
    for alpha, beta in ((1.0, 0.0), (-0.5, 2.0), (0.0, 3.0)):
        before = rng.standard_normal((n, n)).astype(dtype)
        c = before.copy()
        inside = np.triu(np.ones((n, n), bool)) if upper else np.tril(np.ones((n, n), bool))
        if beta == 0:
            c[inside] = np.nan
        _kernels.syrk(c, a, upper, alpha, beta)
        np.testing.assert_array_equal(c[~inside], before[~inside])
        expected = alpha * (a.astype(float) @ a.T.astype(float)) + beta * before
        np.testing.assert_allclose(c[inside], expected[inside], atol=20 * np.finfo(dtype).eps * (k + 1), rtol=0)


@pytest.mark.parametrize("unit_diagonal", [True, False])
@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 5), (32, 7), (33, 70), (65, 1), (200, 129), (0, 3), (3, 0)])
def test_triangular_product_reads_one_triangle(n, m, dtype, upper, unit_diagonal):
    rng = np.random.default_rng(1)
    full = rng.standard_normal((n, n)).astype(dtype)
    triangle = np.triu(full) if upper else np.tril(full)
    outside = np.tril(np.ones((n, n), bool), -1) if upper else np.triu(np.ones((n, n), bool), 1)
    hidden = np.where(outside, np.nan, full)
    if unit_diagonal:
        np.fill_diagonal(triangle, 1)
        np.fill_diagonal(hidden, np.nan)
    x0 = rng.standard_normal((n, m)).astype(dtype)
    for view in (hidden, np.asfortranarray(hidden)):
        x = x0.copy()
        _kernels.triangular_product(x, view, upper, unit_diagonal)
        expected = triangle.astype(float) @ x0
        np.testing.assert_allclose(x, expected, atol=20 * np.finfo(dtype).eps * (n + 1), rtol=0)


@pytest.mark.parametrize("upper", [True, False])
def test_syrk_wider_than_one_block_of_columns(upper):
    a = np.random.default_rng(2).standard_normal((3100, 7)).astype(np.float32)
    c = np.zeros((3100, 3100), np.float32)
    _kernels.syrk(c, a, upper)
    expected = np.triu(a @ a.T) if upper else np.tril(a @ a.T)
    np.testing.assert_allclose(c, expected, rtol=0, atol=1e-4)


def test_what_overlaps_is_refused():
    a = np.eye(4)
    with pytest.raises(ValueError, match="syrk: c must be apart from the inputs in memory, got an overlap"):
        _kernels.syrk(a, a, True)
    with pytest.raises(ValueError, match="triangular_product: x must be apart from the inputs"):
        _kernels.triangular_product(a, a, True, False)
    np.testing.assert_array_equal(a, np.eye(4))


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"syrk: c must be of shape \(2, 2\), got \(3, 3\)"):
        _kernels.syrk(np.eye(3), np.ones((2, 4)), True)
    with pytest.raises(ValueError, match=r"triangular_product: a must be of shape \(3, 3\), got \(2, 2\)"):
        _kernels.triangular_product(np.ones((3, 1)), np.eye(2), True, False)

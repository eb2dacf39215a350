"""Least squares: the normal equations hold, digits survive where they lose all, NumPy's four results."""

import numpy as np
import pytest

from mmlcore import linalg


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 2), (2, 5), (4, 4), (3000, 20), (20, 300), (600, 1)])
@pytest.mark.parametrize("columns", [None, 1, 3])
def test_the_four_results_are_numpys(shape, columns, dtype):
    rng = np.random.default_rng(sum(shape))
    a = rng.standard_normal(shape).astype(dtype)
    b = rng.standard_normal(shape[:1] if columns is None else (shape[0], columns)).astype(dtype)
    ours, theirs = linalg.lstsq(a, b), np.linalg.lstsq(a, b)
    for x, y in zip(ours, theirs, strict=True):
        assert np.shape(x) == np.shape(y)
        np.testing.assert_allclose(x, y, atol=2e3 * np.finfo(dtype).eps, rtol=2e3 * np.finfo(dtype).eps)
    assert ours[0].dtype == dtype
    assert type(ours[2]) is type(theirs[2])


def test_rank_deficient_gives_the_shortest_solution():
    rng = np.random.default_rng(1)
    a = rng.standard_normal((50, 3)) @ rng.standard_normal((3, 8))
    b = rng.standard_normal(50)
    x, residuals, rank, s = linalg.lstsq(a, b)
    assert (rank, residuals.shape, s.shape) == (3, (0,), (8,))
    np.testing.assert_allclose(x, np.linalg.pinv(a, rtol=1e-12) @ b, atol=1e-12)


@pytest.mark.parametrize(("low", "high"), [(-36, -12), (12, 36), (4, 32)])
def test_high_degree_polynomials_keep_seven_digits(low, high):
    """Degree 10 far from zero, as NIST's Filip: with columns of one length the condition number is about 1e10 and the
    normal equations lose every digit. Multiples of ¼ make a and b exact."""
    x = np.arange(low, high + 1) / 4
    a = np.vander(x, 11)
    truth = np.array([1.0, -1, 1, 1, -1, 1, -1, -1, 1, -1, 1])
    b = a @ truth
    assert 5e7 < np.linalg.cond(a / np.linalg.norm(a, axis=0)) < 1e13
    found, _, rank, _ = linalg.lstsq(a, b)
    assert rank == 11
    assert np.abs(found - truth).max() < 1e-7
    normal = np.linalg.solve(a.T @ a, a.T @ b)
    assert np.abs(normal - truth).max() > 1e-3


def test_column_scales_do_not_cost_digits():
    """Substitution in R is as exact as with equal columns; singular values alone would lose the small ones."""
    rng = np.random.default_rng(2)
    a, truth = rng.standard_normal((40, 5)), rng.standard_normal(5)
    scales = 10.0 ** np.array([0, -3, -6, -9, -12])
    found = linalg.lstsq(a * scales, a @ truth)[0]
    np.testing.assert_allclose(found * scales, truth, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_extreme_scales(scale):
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((30, 4)), rng.standard_normal(30)
    plain = linalg.lstsq(a, b)
    both = linalg.lstsq(a * scale, b * scale)
    np.testing.assert_allclose(both[0], plain[0], rtol=1e-12)
    np.testing.assert_allclose(both[3] / scale, plain[3], rtol=1e-12)


def test_empty_and_bad_arguments():
    x, residuals, rank, s = linalg.lstsq(np.ones((0, 3)), np.ones(0))
    assert (x.shape, residuals.shape, rank, s.shape) == ((3,), (0,), 0, (0,))
    with pytest.raises(linalg.LinAlgError, match=r"lstsq: b must be of 3 rows, got shape \(2,\)"):
        linalg.lstsq(np.ones((3, 2)), np.ones(2))
    with pytest.raises(linalg.LinAlgError, match="lstsq: a must be a matrix"):
        linalg.lstsq(np.ones(3), np.ones(3))
    for bad in (np.nan, np.inf):  # in b: test_not_finite.py
        with pytest.raises(linalg.LinAlgError, match="lstsq: a and b must be finite"):
            linalg.lstsq([[bad], [1]], [1, 1])
    with pytest.raises(TypeError, match="lstsq: a must be real numbers"):
        linalg.lstsq([[1j]], [1])


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (2, 3, 6, 4), (0, 3)])
def test_pseudo_inverse_satisfies_penroses_equations(shape):
    a = np.random.default_rng(4).standard_normal(shape)
    p = linalg.pinv(a)
    turned = np.swapaxes(a @ p, -1, -2), np.swapaxes(p @ a, -1, -2)
    for left, right in ((a @ p @ a, a), (p @ a @ p, p), (turned[0], a @ p), (turned[1], p @ a)):
        np.testing.assert_allclose(left, right, atol=1e-12)


def test_pseudo_inverse_thresholds():
    a = np.diag([1.0, 1e-8])
    assert linalg.pinv(a)[1, 1] == pytest.approx(1e8)
    assert linalg.pinv(a, 1e-6)[1, 1] == linalg.pinv(a, rtol=1e-6)[1, 1] == 0
    np.testing.assert_allclose(linalg.pinv(a, hermitian=True), linalg.pinv(a), rtol=1e-10)
    with pytest.raises(ValueError, match="can't be both set"):
        linalg.pinv(a, 0.1, rtol=0.1)

"""Condition numbers and rank, against their definitions."""

import numpy as np
import pytest

from mmlcore import linalg


@pytest.mark.parametrize("p", [None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc"])
def test_condition_numbers_are_numpys(p):
    a = np.random.default_rng(0).standard_normal((3, 2, 5, 5))
    np.testing.assert_allclose(linalg.cond(a, p), np.linalg.cond(a, p), rtol=1e-10)


def test_known_condition_numbers():
    hilbert = 1 / (np.arange(5)[:, None] + np.arange(5) + 1.0)
    assert linalg.cond(hilbert, 1) == pytest.approx(943656, rel=1e-9)  # Golub, Van Loan, 3.5
    assert linalg.cond(np.zeros((2, 2))) == np.inf
    assert linalg.cond(np.stack([np.eye(2), np.ones((2, 2))]), 1).tolist() == [1, np.inf]
    assert np.isnan(linalg.cond(np.array([[np.nan, 1], [1, 1]]), 1))
    np.testing.assert_array_equal(linalg.cond(np.array([[[np.inf, 1], [1, 1]], np.eye(2)])), [np.inf, 1])


def test_rank():
    rng = np.random.default_rng(1)
    for rank in (1, 3, 7):
        a = rng.standard_normal((20, rank)) @ rng.standard_normal((rank, 15))
        assert linalg.matrix_rank(a) == rank
        assert linalg.matrix_rank(a @ a.T, hermitian=True) == rank
    assert linalg.matrix_rank(np.diag([1, 1e-5]), tol=1e-4) == 1
    assert linalg.matrix_rank(np.diag([1, 1e-5]), rtol=1e-6) == 2
    assert linalg.matrix_rank([0, 0]) == 0
    assert linalg.matrix_rank(np.stack([np.eye(3), np.zeros((3, 3))])).tolist() == [3, 0]


def test_bad_arguments():
    with pytest.raises(linalg.LinAlgError, match="cond: x must be non-empty"):
        linalg.cond(np.ones((0, 2)))
    with pytest.raises(linalg.LinAlgError, match="cond: x must be a square matrix"):
        linalg.cond(np.ones((3, 2)), 1)
    with pytest.raises(ValueError, match="can't be both set"):
        linalg.matrix_rank(np.eye(2), 0.1, rtol=0.1)


@pytest.mark.parametrize("n", [2, 3, 4, 6, 9, 17])
@pytest.mark.parametrize("lost", [1, 2])
def test_exactly_singular_matrices_of_small_numbers(n, lost):
    """What should be zero is rounding, not the tolerance of an algorithm: below n · eps of the largest."""
    for seed in range(30):
        whole = np.random.default_rng(seed).integers(-3, 4, (n, n - 1 if lost == 1 else max(n - 2, 1)))
        mixed = whole @ np.random.default_rng(seed + 100).integers(-2, 3, (whole.shape[1], n))
        assert linalg.matrix_rank(mixed) == np.linalg.matrix_rank(mixed)


def test_a_vector_has_no_condition_number():
    with pytest.raises(np.linalg.LinAlgError, match="cond: x must be at least two-dimensional"):
        linalg.cond([1.0, 2.0])

"""The last digits, where the residual is large and the columns are nearly dependent."""

from fractions import Fraction

import numpy as np
import pytest

from mmlcore import linalg
from mmlcore.estimators import refinement
from mmlcore.estimators.refinement import refined_least_squares, solve_positive_definite


def exact(A, b):
    """The normal equations in rational numbers."""
    rows = [[Fraction(float(v)) for v in row] for row in A]
    right, d = [Fraction(float(v)) for v in b], A.shape[1]
    G = [[sum(r[i] * r[j] for r in rows) for j in range(d)] for i in range(d)]
    h = [sum(r[i] * v for r, v in zip(rows, right, strict=True)) for i in range(d)]
    for i in range(d):
        for k in range(i + 1, d):
            factor = G[k][i] / G[i][i]
            G[k] = [x - factor * y for x, y in zip(G[k], G[i], strict=True)]
            h[k] -= factor * h[i]
    x = [Fraction(0)] * d
    for i in reversed(range(d)):
        x[i] = (h[i] - sum(G[i][j] * x[j] for j in range(i + 1, d))) / G[i][i]
    return np.asarray([float(v) for v in x])


def test_large_residuals_of_a_hilbert_matrix():
    rng = np.random.default_rng(0)
    A = 1 / (1 + np.arange(12)[:, None] + np.arange(6))
    b = rng.normal(size=12) * 1e3
    found, rank = refined_least_squares(A, b[:, None])
    assert rank == 6
    np.testing.assert_allclose(found[:, 0], exact(A, b), rtol=1e-9)


def test_dependent_columns_are_left_to_the_shortest_solution():
    A = np.ones((4, 2))
    found, rank = refined_least_squares(A, np.full((4, 1), 2.0))
    assert rank == 1
    np.testing.assert_allclose(found, 1.0)


def definite(n, condition, scale=1.0):
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    K = scale * (Q * np.geomspace(1, 1 / condition, n)) @ Q.T
    return (K + K.T) / 2, rng.normal(size=(n, 2))


@pytest.mark.parametrize("condition", [1, 1e3, 1e6, 1e9, 1e13])
@pytest.mark.parametrize("scale", [1.0, 1e-60, 1e60])
def test_as_good_as_a_factor_in_float64(condition, scale):
    K, Y = definite(600, condition, scale)
    Y[:, 1] = K @ np.ones(600)
    X = solve_positive_definite(K, Y)
    assert np.abs(X[:, 1] - 1).max() < 1e-14 * condition + 1e-13
    backward = np.abs(Y - K @ X).max() / (np.abs(K).sum(axis=1).max() * np.abs(X).max())
    assert backward < 1e-14


def test_the_short_way_is_taken_where_it_leads_to_the_end(monkeypatch):
    K, Y = definite(600, 1e4)
    whole = linalg.cho_solve(linalg.cho_factor(K, lower=True), Y)
    dtypes = []
    factor = linalg.cho_factor
    monkeypatch.setattr(
        refinement.linalg, "cho_factor", lambda K, lower: dtypes.append(K.dtype.name) or factor(K, lower=lower)
    )
    np.testing.assert_allclose(solve_positive_definite(K, Y), whole, rtol=0, atol=1e-11 * np.abs(whole).max())
    assert dtypes == ["float32"]
    solve_positive_definite(definite(600, 1e11)[0], Y)
    assert dtypes == ["float32", "float32", "float64"]


def test_definite_systems_that_are_none():
    K = np.eye(600)
    np.testing.assert_array_equal(solve_positive_definite(K, np.zeros((600, 1))), 0)
    assert np.isnan(solve_positive_definite(K, np.full((600, 1), np.nan))).all()
    K[300, 300] = -1
    with pytest.raises(np.linalg.LinAlgError):
        solve_positive_definite(K, np.ones((600, 1)))


def test_columns_of_any_size_are_solved_alike():
    K, Y = definite(600, 1e3)
    expected = solve_positive_definite(K, Y)
    for size in (1e-200, 1e-60, 1e60):
        found = solve_positive_definite(K, Y * [1, size])
        np.testing.assert_allclose(found / [1, size], expected, rtol=0, atol=1e-12 * np.abs(expected).max())

"""The last digits, where the residual is large and the columns are nearly dependent."""

from fractions import Fraction

import numpy as np

from mmlcore.estimators.refinement import refined_least_squares


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

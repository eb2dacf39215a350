"""Sums that merge: any pieces in any order say the same of the data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlcore.estimators.statistics import Factor, Gram

rng = np.random.default_rng(0)
X, Y, W = rng.normal(size=(60, 4)) + 5, rng.normal(size=(60, 2)), rng.random(60)


@given(st.lists(st.integers(0, 60), max_size=5).map(sorted))
def test_pieces_are_the_whole(cuts):
    whole, whole_factor = Gram(4, 2).update(X, Y, W), Factor(4, 2).update(X, Y, W)
    gram, factor = Gram(4, 2), Factor(4, 2)
    for part in np.split(np.arange(60), cuts):
        gram.merge(Gram(4, 2).update(X[part], Y[part], W[part]))
        if len(part):
            factor.merge(Factor(4, 2).update(X[part], Y[part], W[part]))
    np.testing.assert_allclose(gram.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(gram.scatter, whole.scatter, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(factor.solve().coef, whole_factor.solve().coef, rtol=1e-10)
    assert gram.weight == pytest.approx(W.sum())


def test_moments_are_numpys():
    gram = Gram(4, 2).update(X, Y)
    np.testing.assert_allclose(gram.mean, np.hstack([X, Y]).mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(gram.scatter / 59, np.cov(np.hstack([X, Y]).T), rtol=1e-12)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_both_ways_solve_the_normal_equations(intercept, alpha):
    for found in (
        Gram(4, 2).update(X, Y, W).solve(alpha, intercept),
        Factor(4, 2, intercept).update(X, Y, W).solve(alpha),
    ):
        left = Y - X @ found.coef.T - found.intercept
        np.testing.assert_allclose(X.T @ (W[:, None] * left), alpha * found.coef.T, atol=1e-9)
        if intercept:
            np.testing.assert_allclose(W @ left, 0, atol=1e-10)


def test_products_refuse_what_they_do_not_carry():
    near = np.column_stack([X[:, 0], X[:, 0] + 1e-7 * X[:, 1]])
    assert Gram(2, 2).update(near, Y).solve() is None
    assert Factor(2, 2).update(near, Y).solve().solver == "qr"
    assert Gram(1, 2).update(np.ones((60, 1)), Y).solve() is None


def test_a_far_mean_costs_no_digits():
    far = X + 1e9  # X itself loses digits here: compare with what is left of it
    np.testing.assert_allclose(Gram(4).update(far).scatter, np.cov((far - 1e9).T) * 59, rtol=1e-9)


def test_nan_is_noticed():
    broken = X.copy()
    broken[3, 2] = np.nan
    assert not Gram(4).update(broken).finite
    assert Gram(4).update(X).finite


def test_float32_data_give_float64_sums():
    gram = Gram(4).update(X.astype(np.float32))
    assert gram.scatter.dtype == np.float64
    np.testing.assert_allclose(gram.scatter, Gram(4).update(X).scatter, rtol=1e-4, atol=1e-3)

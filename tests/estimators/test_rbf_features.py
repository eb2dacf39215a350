"""Bumps around centres."""

import numpy as np
import pytest

from mmlcore.estimators import RBFFeatures

rng = np.random.default_rng(0)


def test_the_formula_of_the_notes():
    """k(x, μ, λ) = exp(-‖x - μ‖² / λ), Notes 5.5: φ(x) = [1, k(x, 1), k(x, 2), k(x, 4)]."""
    x, lam = np.linspace(0, 5, 7)[:, None], 0.7
    phi = RBFFeatures(centers=[[1.0], [2.0], [4.0]], gamma=1 / lam, include_bias=True).fit_transform(x)
    np.testing.assert_allclose(phi, np.hstack([np.ones((7, 1)), np.exp(-np.square(x - [1, 2, 4]) / lam)]), rtol=1e-12)


def test_centres():
    X = rng.normal(size=(20, 2))
    drawn = RBFFeatures(5, random_state=0).fit(X)
    assert all((centre == X).all(axis=1).any() for centre in drawn.centers_)
    np.testing.assert_array_equal(drawn.centers_, RBFFeatures(5, random_state=0).fit(X).centers_)
    grid = RBFFeatures(3, centers="grid").fit(X[:, :1])
    np.testing.assert_allclose(grid.centers_[[0, -1], 0], [X[:, 0].min(), X[:, 0].max()])
    assert RBFFeatures(50, random_state=np.random.RandomState(0)).fit(X).centers_.shape == (20, 2)
    assert RBFFeatures(2, random_state=0).fit(np.ones((4, 1))).gamma_ == 1.0


def test_bad_centres():
    with pytest.raises(ValueError, match="centers must be of 2 columns as X"):
        RBFFeatures(centers=[[1.0]]).fit(np.ones((3, 2)))
    with pytest.raises(ValueError, match="X must be of one feature"):
        RBFFeatures(centers="grid").fit(np.ones((3, 2)))

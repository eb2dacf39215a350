"""Moments against NumPy; pieces and weights change nothing."""

import numpy as np
import pytest
from scipy import stats as sp

from mmlcore import stats
from mmlcore.stats import Moments

X = np.random.default_rng(0).standard_normal((50, 3)) @ [[1, 2, 0], [0, 1, 0], [0, 0, 3]] + 1e4


def test_against_numpy():
    np.testing.assert_allclose(stats.cov(X), np.cov(X.T), rtol=1e-10)
    np.testing.assert_allclose(stats.corr(X), np.corrcoef(X.T), rtol=1e-10)
    np.testing.assert_allclose(stats.moments(X, 2), [X.mean(0), X.var(0)], rtol=1e-10)
    np.testing.assert_allclose(stats.moments(X[:, 0])[1:], [sp.moment(X[:, 0], k) for k in (2, 3, 4)], rtol=1e-8)


def test_pieces_merging_and_weights():
    weights = np.random.default_rng(1).integers(0, 4, 50)
    whole = Moments().update(np.repeat(X, weights, 0))
    pieces = Moments().update(X[:20], weights[:20]).merge(Moments().update(X[20:], weights[20:])).merge(Moments())
    np.testing.assert_allclose(pieces.mean(), whole.mean(), rtol=1e-14)
    np.testing.assert_allclose(pieces.cov(), whole.cov(), rtol=1e-10)
    np.testing.assert_allclose(pieces.var(0), whole.var(0), rtol=1e-10)
    np.testing.assert_allclose(stats.cov(X, weights), whole.cov(), rtol=1e-10)
    np.testing.assert_allclose(Moments().merge(whole).corr(), whole.corr())


def test_errors():
    with pytest.raises(ValueError, match=r"Moments.update: x must be of shape \(n, 3\)"):
        Moments().update(X).update(X[:, :2])
    with pytest.raises(ValueError, match=r"Moments.cov: ddof must be below"):
        stats.cov(X[:1])
    with pytest.raises(ValueError, match=r"Moments: update must be called"):
        Moments().mean()
    with pytest.raises(ValueError, match=r"Moments.merge: other must be of 3 columns"):
        Moments().update(X).merge(Moments().update(X[:, 0]))
    with pytest.raises(ValueError, match=r"Moments.update: weights must be 50 non-negative"):
        stats.cov(X, -np.ones(50))
    assert np.isnan(stats.corr([[1.0, 1.0], [1.0, 2.0]])[0, 0])

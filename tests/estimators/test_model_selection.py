"""Folds are scikit-learn's."""

import numpy as np
import pytest

from mmlcore.estimators import KFold, LinearRegression, LogisticRegression, StratifiedKFold, cross_val_score
from mmlcore.estimators.model_selection import splits_of

rng = np.random.default_rng(0)


@pytest.mark.parametrize("n", [5, 12, 17])
@pytest.mark.parametrize("options", [{}, {"shuffle": True, "random_state": 3}])
def test_folds(n, options):
    selection = pytest.importorskip("sklearn.model_selection")
    X = np.zeros((n, 1))
    ours, theirs = KFold(4, **options).split(X), selection.KFold(4, **options).split(X)
    for (train, test), (their_train, their_test) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(train, their_train)
        np.testing.assert_array_equal(test, their_test)


def test_stratified_folds():
    selection = pytest.importorskip("sklearn.model_selection")
    y = rng.integers(0, 3, 41)
    ours, theirs = StratifiedKFold(4).split(y, y), selection.StratifiedKFold(4).split(y, y)
    for (_, test), (_, their_test) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(test, their_test)
    shuffled = [test for _, test in StratifiedKFold(4, shuffle=True, random_state=0).split(y, y)]
    assert sorted(np.concatenate(shuffled)) == list(range(41))
    counts = np.array([np.bincount(y[test], minlength=3) for test in shuffled])
    assert (np.ptp(counts, axis=0) <= 2).all()


def test_scores():
    selection = pytest.importorskip("sklearn.model_selection")
    X = rng.normal(size=(60, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.normal(size=60)
    labels = (y > 0).astype(int)
    np.testing.assert_allclose(
        cross_val_score(LinearRegression(), X, y, cv=4), selection.cross_val_score(LinearRegression(), X, y, cv=4)
    )
    np.testing.assert_allclose(
        cross_val_score(LogisticRegression(), X, labels),
        selection.cross_val_score(LogisticRegression(), X, labels),
    )
    w = rng.random(60)
    scores = cross_val_score(
        LinearRegression(), X, y, cv=KFold(3), params={"sample_weight": w}, scoring=lambda m, X, y: m.coef_[0]
    )
    train = np.arange(20, 60)
    assert scores[0] == LinearRegression().fit(X[train], y[train], w[train]).coef_[0]


def test_refusals():
    with pytest.raises(ValueError, match="n_splits must be at least 2"):
        KFold(1)
    with pytest.raises(ValueError, match="n_splits must be a positive integer"):
        KFold(2.5)
    with pytest.raises(ValueError, match="Setting a random_state has no effect"):
        KFold(2, random_state=0)
    with pytest.raises(ValueError, match="greater than the number of samples"):
        next(KFold(5).split(np.zeros(3)))
    with pytest.raises(ValueError, match="cannot be greater than the number of members in each class"):
        next(StratifiedKFold(3).split(np.zeros(4), [0, 0, 1, 1]))
    with pytest.raises(ValueError, match="Got 'continuous' instead"):
        next(StratifiedKFold(3).split(np.zeros(4), [0.5, 0, 1, 1]))
    with pytest.warns(UserWarning, match="least populated class"):
        next(StratifiedKFold(3).split(np.zeros(6), [0, 0, 0, 0, 1, 1]))


def test_given_splits_are_taken():
    pairs = [([0, 1], [2])]
    assert splits_of(pairs, None, None, True) is pairs
    assert repr(KFold(3)) == "KFold(n_splits=3, random_state=None, shuffle=False)"
    assert KFold(3).get_n_splits() == 3

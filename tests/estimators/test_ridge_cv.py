"""Closed forms against refits: leaving one out, and folds."""

import numpy as np
import pytest

from mmlcore.estimators import KFold, Ridge, RidgeCV
from mmlcore.estimators.mixins import r2
from mmlcore.estimators.ridge_cv import fold_coefficients, leave_one_out_errors
from mmlcore.estimators.statistics import Gram

rng = np.random.default_rng(0)
ALPHAS = np.array([0.01, 1.0, 30.0])


@pytest.mark.parametrize("shape", [(15, 4), (8, 12)])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_leaving_one_out_is_refitting(shape, intercept, weighted):
    X, Y = rng.normal(size=shape) + 2, rng.normal(size=(shape[0], 2))
    w = rng.random(shape[0]) if weighted else None
    errors = leave_one_out_errors(X, Y, w, ALPHAS, intercept)
    for i in range(shape[0]):
        rest = np.arange(shape[0]) != i
        for a, alpha in enumerate(ALPHAS):
            model = Ridge(alpha, fit_intercept=intercept).fit(X[rest], Y[rest], None if w is None else w[rest])
            np.testing.assert_allclose(errors[i, :, a], (Y[i] - model.predict(X[i : i + 1]))[0], rtol=1e-7, atol=1e-9)


def test_folds_are_refits():
    X, y = rng.normal(size=(40, 5)), rng.normal(size=40)
    model = RidgeCV(ALPHAS, cv=4).fit(X, y)
    for k, (train, test) in enumerate(KFold(4).split(X)):
        for a, alpha in enumerate(ALPHAS):
            refit = Ridge(alpha).fit(X[train], y[train])
            assert model.cv_scores_[k, a] == pytest.approx(r2(y[test], refit.predict(X[test])), rel=1e-9)
    np.testing.assert_allclose(model.coef_, Ridge(model.alpha_).fit(X, y).coef_, rtol=1e-12)


def test_fold_coefficients_are_ridge():
    X, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    coef, offsets = fold_coefficients(Gram(3, 1).update(X, y), ALPHAS, True)
    for a, alpha in enumerate(ALPHAS):
        refit = Ridge(alpha).fit(X, y)
        np.testing.assert_allclose(coef[a, 0], refit.coef_, rtol=1e-10)
        assert offsets[a, 0] == pytest.approx(refit.intercept_)


@pytest.mark.parametrize("cv", [None, 5])
def test_agrees_with_scikit_learn(cv):
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn import linear_model

    X, y = datasets.load_diabetes(return_X_y=True)
    alphas = np.geomspace(1e-4, 10, 12)
    ours, theirs = RidgeCV(alphas, cv=cv).fit(X, y), linear_model.RidgeCV(alphas, cv=cv).fit(X, y)
    assert ours.alpha_ == theirs.alpha_
    assert ours.best_score_ == pytest.approx(theirs.best_score_, rel=1e-8)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8)


def test_results_and_penalties_per_target():
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    y[:, 0] += X[:, 0] * 5
    options = {"store_cv_results": True, "alpha_per_target": True}
    ours, theirs = RidgeCV(ALPHAS, **options).fit(X, y), linear_model.RidgeCV(ALPHAS, **options).fit(X, y)
    np.testing.assert_array_equal(ours.alpha_, theirs.alpha_)
    np.testing.assert_allclose(ours.cv_results_, theirs.cv_results_, rtol=1e-7)
    with pytest.raises(ValueError, match="are incompatible"):
        RidgeCV(ALPHAS, cv=3, alpha_per_target=True).fit(X, y)


def test_bad_penalties_and_scores_of_ones_own():
    X, y = rng.normal(size=(12, 2)), rng.normal(size=12)
    with pytest.raises(ValueError, match=r"alphas\[0\] == -1, must be > 0.0."):
        RidgeCV([-1.0]).fit(X, y)
    worst = RidgeCV(ALPHAS, scoring=lambda y, p: float(np.square(y - p).sum())).fit(X, y)
    best = RidgeCV(ALPHAS).fit(X, y)
    assert worst.alpha_ != best.alpha_

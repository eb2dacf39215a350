"""The evidence decides as it does in scikit-learn."""

import numpy as np
import pytest

from mmlcore.estimators import BayesianRidge, ConvergenceWarning, Ridge

rng = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(50, 6), (10, 20)])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_agrees_with_scikit_learn(shape, intercept, weighted):
    linear_model = pytest.importorskip("sklearn.linear_model")
    X = rng.normal(size=shape) + 1
    y = X[:, 0] + 0.3 * rng.normal(size=shape[0])
    w = rng.random(shape[0]) + 0.5 if weighted else None
    options = {"fit_intercept": intercept, "compute_score": True, "tol": 1e-7, "max_iter": 3000}
    ours, theirs = BayesianRidge(**options).fit(X, y, w), linear_model.BayesianRidge(**options).fit(X, y, w)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-5, atol=1e-8)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-5)
    assert ours.lambda_ == pytest.approx(theirs.lambda_, rel=1e-5)
    np.testing.assert_allclose(ours.sigma_, theirs.sigma_, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(ours.scores_[-1], theirs.scores_[-1], rtol=1e-5)


def test_the_fixed_point_is_ridge_with_the_penalty_found():
    X, y = rng.normal(size=(40, 4)), rng.normal(size=40)
    model = BayesianRidge(tol=1e-10, max_iter=10000).fit(X, y)
    np.testing.assert_allclose(model.coef_, Ridge(model.lambda_ / model.alpha_).fit(X, y).coef_, rtol=1e-8)


def test_the_evidence_never_falls():
    X, y = rng.normal(size=(60, 5)), rng.normal(size=60)
    scores = BayesianRidge(compute_score=True, tol=1e-8).fit(X, y).scores_
    assert (np.diff(scores) >= -1e-6 * np.abs(scores[:-1])).all()


def test_predictive_deviation():
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    ours, theirs = BayesianRidge(tol=1e-9).fit(X, y), linear_model.BayesianRidge(tol=1e-9).fit(X, y)
    for found, wanted in zip(ours.predict(X, return_std=True), theirs.predict(X, return_std=True), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_too_few_iterations_warn():
    with pytest.warns(ConvergenceWarning, match="did not converge in 1 iterations"):
        BayesianRidge(max_iter=1).fit(rng.normal(size=(20, 2)), rng.normal(size=20))


@pytest.mark.parametrize("exponent", [5, 7, 8])
def test_units_of_the_columns(exponent):
    peer = pytest.importorskip("sklearn.linear_model")
    random = np.random.default_rng(0)
    X = random.standard_normal((60, 3))
    y, units = X @ [-1.95, 0.75, -0.28], np.array([10.0**-exponent, 1, 10.0**exponent])
    ours, theirs = BayesianRidge().fit(X * units, y), peer.BayesianRidge().fit(X * units, y)
    np.testing.assert_allclose(ours.predict(X * units), theirs.predict(X * units), rtol=0, atol=1e-6)

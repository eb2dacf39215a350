"""Ridge regression: scikit-learn's numbers, Bayes's reading, streams and weights."""

import numpy as np
import pytest

from mmlcore import linalg
from mmlcore.estimators import LinearRegression, Ridge
from mmlcore.estimators.ridge import centred_rows, penalised_least_squares

rng = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(60, 5), (5, 60), (30, 30)])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("alpha", [1e-3, 1.0, [0.5, 20.0]])
def test_agrees_with_scikit_learn(shape, intercept, alpha):
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y, w = rng.normal(size=shape) + 1, rng.normal(size=(shape[0], 2)), rng.random(shape[0])
    ours = Ridge(alpha, fit_intercept=intercept).fit(X, y, w)
    theirs = linear_model.Ridge(alpha, fit_intercept=intercept, solver="svd").fit(X, y, w)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-8, atol=1e-11)


def test_diabetes():
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn import linear_model

    X, y = datasets.load_diabetes(return_X_y=True)
    for alpha in (1e-6, 0.1, 10.0):
        ours, theirs = Ridge(alpha).fit(X, y), linear_model.Ridge(alpha, solver="svd").fit(X, y)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-9)


def test_ridge_is_the_most_probable_weight():
    """δ² = σ² / τ²: the gradient of the log posterior N(y; Xβ, σ²) N(β; 0, τ²) vanishes (Notes 5.3)."""
    X, y, sigma2, tau2 = rng.normal(size=(40, 3)), rng.normal(size=40), 0.5, 0.1
    beta = Ridge(sigma2 / tau2, fit_intercept=False).fit(X, y).coef_
    np.testing.assert_allclose(X.T @ (y - X @ beta) / sigma2 - beta / tau2, 0, atol=1e-10)


def test_ridge_is_least_squares_on_more_rows():
    X, y, alpha = rng.normal(size=(20, 4)), rng.normal(size=20), 2.5
    rows, targets = np.vstack([X, np.sqrt(alpha) * np.eye(4)]), np.append(y, np.zeros(4))
    longer = LinearRegression(fit_intercept=False).fit(rows, targets)
    np.testing.assert_allclose(Ridge(alpha, fit_intercept=False).fit(X, y).coef_, longer.coef_, rtol=1e-10)


def test_no_penalty_is_least_squares_and_much_is_the_mean():
    X, y = rng.normal(size=(20, 4)), rng.normal(size=20)
    np.testing.assert_allclose(Ridge(0).fit(X, y).coef_, LinearRegression().fit(X, y).coef_, rtol=1e-10)
    far = Ridge(1e15).fit(X, y)
    np.testing.assert_allclose(far.predict(X), y.mean(), atol=1e-10)


def test_partial_fit_is_fit():
    X, y = rng.normal(size=(90, 4)), rng.normal(size=90)
    pieces = Ridge(2.0)
    for part in np.split(np.arange(90), 3):
        pieces.partial_fit(X[part], y[part])
    np.testing.assert_allclose(pieces.coef_, Ridge(2.0).fit(X, y).coef_, rtol=1e-10)
    with pytest.raises(ValueError, match="y must be of 1 columns"):
        pieces.partial_fit(X, rng.normal(size=(90, 2)))


@pytest.mark.parametrize("shape", [(20, 3), (6, 30)])
def test_weights_count_copies(shape):
    X, y, k = rng.normal(size=shape), rng.normal(size=shape[0]), rng.integers(0, 4, shape[0])
    weighted, copied = Ridge().fit(X, y, k), Ridge().fit(X.repeat(k, axis=0), y.repeat(k))
    np.testing.assert_allclose(weighted.coef_, copied.coef_, rtol=1e-9, atol=1e-12)


def test_positive_and_collinear():
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = rng.normal(size=(40, 5)), rng.normal(size=40)
    theirs = linear_model.Ridge(1.0, positive=True, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(Ridge(1.0, positive=True).fit(X, y).coef_, theirs.coef_, atol=1e-6)
    X[:, 1] = X[:, 0]
    twins = Ridge(1e-9).fit(X, y).coef_
    assert twins[0] == pytest.approx(twins[1], rel=1e-4)


def test_bad_penalties():
    X, y = rng.normal(size=(10, 2)), rng.normal(size=(10, 3))
    with pytest.raises(ValueError, match="Number of targets and number of penalties do not correspond: 2 != 3"):
        Ridge([1.0, 2.0]).fit(X, y)
    with pytest.raises(ValueError, match="alpha must be finite and not negative"):
        Ridge([1.0, -1.0, 2.0]).fit(X, y)


def test_dual_and_primal_agree():
    X, Y = rng.normal(size=(8, 9)), rng.normal(size=(8, 1))
    dual = penalised_least_squares(X, Y, None, np.array([0.3]), True).coef
    rows, right, *_ = centred_rows(X, Y, None, True)
    np.testing.assert_allclose(dual.T, linalg.solve(rows.T @ rows + 0.3 * np.eye(9), rows.T @ right), rtol=1e-9)


def test_sparse_rows():
    sparse = pytest.importorskip("scipy.sparse")
    X, y = rng.normal(size=(30, 4)) * (rng.random((30, 4)) < 0.5), rng.normal(size=30)
    np.testing.assert_array_equal(Ridge().fit(sparse.csr_array(X), y).coef_, Ridge().fit(X, y).coef_)

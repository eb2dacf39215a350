"""The optimality conditions of the lasso, scikit-learn's numbers, paths, and both ways of descending."""

import numpy as np
import pytest

from mmlcore.estimators import ConvergenceWarning, ElasticNet, Lasso, LinearRegression, enet_path, lasso_path
from mmlcore.estimators.elastic_net import seed_of

rng = np.random.default_rng(0)
TIGHT = {"tol": 1e-12, "max_iter": 100000}


def data(n, d, seed=0):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, d)) + 2
    beta = np.where(np.arange(d) < 3, 3.0, 0.0)
    return X, X @ beta + generator.normal(size=n)


@pytest.mark.parametrize("shape", [(80, 10), (20, 50)])
@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("positive", [True, False])
def test_optimality(shape, ratio, positive):
    """Xᵀ(y - Xβ - β₀) / n - α(1-ρ)β is αρ sign(β) where β is not zero, and within ±αρ elsewhere."""
    X, y = data(*shape)
    model = ElasticNet(alpha=0.3, l1_ratio=ratio, positive=positive, **TIGHT).fit(X, y)
    gradient = X.T @ (y - model.predict(X)) / len(y) - 0.3 * (1 - ratio) * model.coef_
    used = model.coef_ != 0
    np.testing.assert_allclose(gradient[used], 0.3 * ratio * np.sign(model.coef_[used]), atol=1e-6)
    assert (gradient[~used] if positive else np.abs(gradient[~used])).max(initial=-1) <= 0.3 * ratio + 1e-6
    assert not positive or (model.coef_ >= 0).all()
    assert ratio < 1 or (~used).sum() >= shape[1] - 25  # exact zeros


@pytest.mark.parametrize("shape", [(60, 8), (15, 40)])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
def test_agrees_with_scikit_learn(shape, weighted, intercept):
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = data(*shape)
    w = rng.random(shape[0]) if weighted else None
    for name, extra in (("Lasso", {}), ("ElasticNet", {"l1_ratio": 0.3})):
        options = {"alpha": 0.2, "fit_intercept": intercept, **extra, **TIGHT}
        ours = (Lasso if name == "Lasso" else ElasticNet)(**options).fit(X, y, w)
        theirs = getattr(linear_model, name)(**options).fit(X, y, w)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-7)
        assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-6)


def test_diabetes_path():
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn import linear_model

    X, y = datasets.load_diabetes(return_X_y=True)
    alphas, coefs, gaps = lasso_path(X, y, eps=1e-2, n_alphas=20, **TIGHT)
    theirs_alphas, theirs, _ = linear_model.lasso_path(X, y, alphas=alphas, **TIGHT)
    np.testing.assert_allclose(alphas, theirs_alphas)
    np.testing.assert_allclose(coefs, theirs, atol=1e-5)
    assert not coefs[:, 0].any()
    assert (gaps >= -1e-9).all()
    np.testing.assert_allclose(coefs[:, -1], Lasso(alphas[-1], fit_intercept=False, **TIGHT).fit(X, y).coef_, atol=1e-6)


def test_paths_of_several_targets_and_given_alphas():
    X, y = data(40, 6)
    Y = np.column_stack([y, -y])
    alphas, coefs, gaps, sweeps = enet_path(X, Y, alphas=[0.1, 1.0], return_n_iter=True, **TIGHT)
    assert alphas.tolist() == [1.0, 0.1]
    assert coefs.shape == (2, 6, 2)
    assert gaps.shape == (2, 2)
    assert len(sweeps) == 2
    np.testing.assert_allclose(coefs[0], -coefs[1], atol=1e-9)
    assert lasso_path(X, y, alphas=7)[1].shape == (6, 7)
    assert not lasso_path(X, np.zeros(40), n_alphas=3)[1].any()
    with pytest.raises(ValueError, match="alphas must be not negative"):
        enet_path(X, y, alphas=[-1.0])
    with pytest.raises(ValueError, match="l1_ratio must be in"):
        enet_path(X, y, l1_ratio=0)


@pytest.mark.parametrize("shape", [(30, 5), (8, 30)])
def test_weights_count_copies(shape):
    X, y = data(*shape)
    k = rng.integers(0, 3, shape[0])
    weighted = Lasso(0.1, **TIGHT).fit(X, y, k)
    copied = Lasso(0.1, **TIGHT).fit(X.repeat(k, axis=0), y.repeat(k))
    np.testing.assert_allclose(weighted.coef_, copied.coef_, atol=1e-7)


def test_random_order_and_warm_start_lead_to_the_same_place():
    X, y = data(50, 8)
    cyclic = Lasso(0.1, **TIGHT).fit(X, y)
    shuffled = Lasso(0.1, selection="random", random_state=3, **TIGHT).fit(X, y)
    np.testing.assert_allclose(shuffled.coef_, cyclic.coef_, atol=1e-8)
    warm = Lasso(0.1, warm_start=True, **TIGHT).fit(X, y)
    assert warm.fit(X, y).n_iter_ <= 2
    np.testing.assert_allclose(warm.coef_, cyclic.coef_, atol=1e-8)


def test_hard_cases():
    X, y = data(30, 4)
    X[:, 3] = 7.0  # constant
    X[:, 2] = X[:, 1]  # twins
    model = Lasso(0.1, **TIGHT).fit(X, y)
    assert model.coef_[3] == 0
    assert np.isfinite(model.coef_).all()
    np.testing.assert_allclose(Lasso(1e9).fit(X, y).coef_, 0)
    np.testing.assert_allclose(ElasticNet(0.0).fit(X, y).coef_, LinearRegression().fit(X, y).coef_)
    assert Lasso().fit([[1.0, 2.0]], [3.0]).predict([[0.0, 0.0]]) == pytest.approx([3.0])


def test_too_few_sweeps_warn():
    X, y = data(40, 20)
    X += 5 * rng.normal(size=(40, 1))
    with pytest.warns(ConvergenceWarning, match="Objective did not converge"):
        ElasticNet(1e-3, max_iter=1, tol=1e-10).fit(X, y)


def test_several_targets_and_sparse_coefficients():
    X, y = data(30, 6)
    model = Lasso(0.1, **TIGHT).fit(X, np.column_stack([y, 2 * y]))
    assert model.coef_.shape == (2, 6)
    assert model.intercept_.shape == (2,)
    assert len(model.n_iter_) == 2
    pytest.importorskip("scipy")
    np.testing.assert_array_equal(model.sparse_coef_.toarray(), model.coef_)


def test_products_that_overflow_are_refused():
    with pytest.raises(ValueError, match="too large"):
        Lasso().fit(np.array([[1e200], [-1e200], [3e200]]), [1.0, 2.0, 3.0])


def test_seeds():
    assert seed_of(5, True) == seed_of(5, True)
    assert seed_of(np.random.RandomState(0), True) >= 0
    assert seed_of(None, False) == -1

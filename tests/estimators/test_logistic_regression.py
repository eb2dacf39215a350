"""scikit-learn's numbers on its bundled data; separable data; streams; weights."""

import numpy as np
import pytest

from mmlcore.estimators import ConvergenceWarning, LogisticRegression
from mmlcore.estimators.logistic_solvers import SOLVERS

rng = np.random.default_rng(0)
EXACT = {"tol": 1e-10, "max_iter": 2000}


@pytest.mark.parametrize(
    ("name", "C"), [("breast_cancer", 0.1), ("breast_cancer", 1.0), ("iris", 1.0), ("wine", 1.0), ("digits", 0.01)]
)
def test_agrees_with_scikit_learn(name, C):
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn.linear_model import LogisticRegression as Theirs
    from threadpoolctl import threadpool_limits

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    X = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)
    ours = LogisticRegression(C=C, tol=1e-9, max_iter=500).fit(X, y)
    solver = "lbfgs" if name == "digits" else "newton-cholesky"
    with threadpool_limits(1):  # its threads spend more on waiting than on digits
        theirs = Theirs(C=C, tol=1e-10, max_iter=5000, solver=solver).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-6)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-7)


def data(classes=2):
    X = rng.normal(size=(100, 3)) * [1, 10, 0.1]
    z = X @ rng.normal(size=(3, classes)) + rng.normal(size=(100, classes))
    return X, np.array(["a", "b", "c"])[z.argmax(axis=1)]


@pytest.mark.parametrize("solver", [name for name in SOLVERS if name != "gradient_descent"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
def test_solvers_agree(solver, classes, intercept):
    X, y = data(classes)
    best = LogisticRegression(solver="irls", fit_intercept=intercept, **EXACT).fit(X, y)
    found = LogisticRegression(solver=solver, fit_intercept=intercept, **EXACT).fit(X, y)
    np.testing.assert_allclose(found.coef_, best.coef_, atol=1e-6)
    np.testing.assert_allclose(found.intercept_, best.intercept_, atol=1e-6)
    assert intercept or not found.intercept_.any()


def test_probabilities():
    for classes in (2, 3):
        X, y = data(classes)
        model = LogisticRegression().fit(X, y)
        p = model.predict_proba(X)
        np.testing.assert_allclose(p.sum(axis=1), 1)
        seen = p > 1e-12
        np.testing.assert_allclose(model.predict_log_proba(X)[seen], np.log(p[seen]), rtol=1e-4, atol=1e-12)
        assert (model.classes_[p.argmax(axis=1)] == model.predict(X)).all()


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("class_weight", [None, "balanced", {"a": 3.0}])
def test_weights_count_copies(classes, class_weight):
    X, y = data(classes)
    k = rng.integers(0, 4, 100)
    options = {"class_weight": class_weight, **EXACT}
    weighted = LogisticRegression(**options).fit(X, y, k)
    copied = LogisticRegression(**options).fit(X.repeat(k, axis=0), y.repeat(k))
    np.testing.assert_allclose(weighted.coef_, copied.coef_, atol=1e-8)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("labels", [[0, 0, 1, 1], [0, 1, 2, 2]])
def test_separable_classes_without_penalty_are_finite_and_warn(solver, labels):
    X = [[-2.0], [-1.0], [1.0], [2.0]]
    with pytest.warns(ConvergenceWarning, match="perfectly separable"):
        model = LogisticRegression(C=np.inf, solver=solver, max_iter=20000).fit(X, labels)
    assert np.isfinite(model.coef_).all()
    assert (model.predict(X) == labels).all()
    with pytest.warns(ConvergenceWarning, match="perfectly separable"):
        LogisticRegression(penalty=None, solver=solver, max_iter=20000).fit(X, labels)
    assert np.isfinite(LogisticRegression(solver=solver, max_iter=20000).fit(X, labels).coef_).all()


def test_too_few_iterations_warn():
    X, y = data()
    with pytest.warns(ConvergenceWarning, match="stopped after 1 iterations"):
        LogisticRegression(max_iter=1, tol=1e-12).fit(X, y)


@pytest.mark.parametrize("classes", [2, 3])
def test_partial_fit(classes):
    X, y = data(classes)
    whole = LogisticRegression(**EXACT).fit(X, y)
    once = LogisticRegression(**EXACT).partial_fit(X, y)
    np.testing.assert_allclose(once.coef_, whole.coef_, atol=1e-7)
    pieces = LogisticRegression(**EXACT)
    for start in range(0, 100, 50):
        pieces.partial_fit(X[start : start + 50], y[start : start + 50], classes=np.unique(y))
    assert np.abs(pieces.predict_proba(X) - whole.predict_proba(X)).max() < 0.1
    with pytest.raises(ValueError, match="y must be labels of classes"):
        pieces.partial_fit(X, np.full(100, "unknown"))


def test_warm_start():
    X, y = data()
    model = LogisticRegression(warm_start=True, **EXACT).fit(X, y)
    assert model.fit(X, y).n_iter_[0] == 1


def test_scales_do_not_slow_it():
    X, y = data()
    far = LogisticRegression(C=1e10, tol=1e-8).fit(X * 1e3 + 1e3, y)
    near = LogisticRegression(C=1e10, tol=1e-8).fit(X, y)
    np.testing.assert_allclose(far.predict_proba(X * 1e3 + 1e3), near.predict_proba(X), atol=1e-4)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="at least 2 classes in the data, but the data contains only one class"):
        LogisticRegression().fit([[1.0], [2.0]], [1, 1])


def test_float32():
    X, y = data(3)
    model = LogisticRegression().fit(X.astype(np.float32), y)
    assert model.coef_.dtype == np.float32
    assert model.predict_proba(X.astype(np.float32)).dtype == np.float32

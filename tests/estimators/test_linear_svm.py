"""liblinear's problems: its numbers, the optimality conditions, weights."""

import warnings

import numpy as np
import pytest

from mmlcore.estimators import ConvergenceWarning, LinearSVC, LinearSVR

rng = np.random.default_rng(0)


def standardised(name):
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9), y


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "wine"])
@pytest.mark.parametrize("loss", ["squared_hinge", "hinge"])
def test_classifier_agrees_with_scikit_learn(name, loss):
    from sklearn.svm import LinearSVC as Theirs

    X, y = standardised(name)
    options = {"loss": loss, "C": 0.1, "max_iter": 200000, "random_state": 0}
    ours = LinearSVC(tol=1e-6, **options).fit(X, y)
    theirs = Theirs(tol=1e-9, dual=True, **options).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=2e-6)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("loss", ["epsilon_insensitive", "squared_epsilon_insensitive"])
@pytest.mark.parametrize("epsilon", [0.0, 0.3])
def test_regressor_agrees_with_scikit_learn(loss, epsilon):
    from sklearn.svm import LinearSVR as Theirs

    X, y = standardised("diabetes")
    options = {"loss": loss, "epsilon": epsilon, "C": 0.5, "max_iter": 200000, "random_state": 0}
    y = (y - y.mean()) / y.std()
    ours = LinearSVR(tol=1e-7, **options).fit(X, y)
    theirs = Theirs(tol=1e-10, dual=True, **options).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-5)


@pytest.mark.parametrize("dual", [True, False])
def test_the_two_ways_of_the_squared_hinge_agree(dual):
    X, y = rng.normal(size=(60, 4)), rng.integers(0, 2, 60)
    found = LinearSVC(dual=dual, tol=1e-10, max_iter=100000, random_state=0).fit(X, y)
    auto = LinearSVC().fit(X, y)
    np.testing.assert_allclose(found.coef_, auto.coef_, atol=1e-7)


@pytest.mark.parametrize("loss", ["squared_hinge", "hinge"])
@pytest.mark.parametrize("shape", [(40, 3), (12, 30)])
def test_weights_count_copies(loss, shape):
    X, y, k = rng.normal(size=shape), np.arange(shape[0]) % 3, rng.integers(0, 3, shape[0])
    options = {"loss": loss, "random_state": 0, "max_iter": 100000, "class_weight": "balanced"}
    weighted, copied = LinearSVC(**options).fit(X, y, k), LinearSVC(**options).fit(X.repeat(k, axis=0), y.repeat(k))
    np.testing.assert_allclose(weighted.coef_, copied.coef_, atol=1e-8)


def test_weights_count_copies_in_regression():
    X, y, k = rng.normal(size=(30, 3)), rng.normal(size=30), rng.integers(0, 3, 30)
    for loss in ("epsilon_insensitive", "squared_epsilon_insensitive"):
        options = {"loss": loss, "random_state": 0, "epsilon": 0.1, "max_iter": 100000}
        weighted = LinearSVR(**options).fit(X, y, k)
        copied = LinearSVR(**options).fit(X.repeat(k, axis=0), y.repeat(k))
        np.testing.assert_allclose(weighted.coef_, copied.coef_, atol=1e-8)


def test_the_hinge_of_cs582():
    """Σ max(0, 1 - y x w): rows beyond the margin do not matter."""
    X, y = np.array([[-3.0], [-1.0], [1.0], [3.0]]), [0, 0, 1, 1]
    model = LinearSVC(loss="hinge", C=10.0, fit_intercept=False, random_state=0).fit(X, y)
    np.testing.assert_allclose(model.coef_, [[1.0]], atol=1e-9)
    assert model.intercept_ == 0.0
    without = LinearSVC(loss="hinge", C=10.0, fit_intercept=False, random_state=0).fit(X[1:3], y[1:3])
    np.testing.assert_allclose(without.coef_, model.coef_, atol=1e-9)


def test_too_few_iterations_warn():
    X, y = rng.normal(size=(200, 10)), rng.integers(0, 2, 200)
    with pytest.warns(ConvergenceWarning, match="LinearSVC: stopped after 2 iterations"):
        LinearSVC(loss="hinge", C=100.0, tol=1e-10, max_iter=2, random_state=0).fit(X, y)
    with warnings.catch_warnings(), pytest.warns(ConvergenceWarning, match="LinearSVR: stopped"):
        LinearSVR(C=100.0, tol=1e-10, max_iter=2, random_state=0).fit(X, y)


def test_one_class_is_refused_and_float32_kept():
    with pytest.raises(ValueError, match="only one class"):
        LinearSVC().fit([[1.0], [2.0]], [1, 1])
    X = rng.normal(size=(20, 2)).astype(np.float32)
    assert LinearSVC().fit(X, np.arange(20) % 2).coef_.dtype == np.float32
    assert LinearSVR(random_state=0, max_iter=10000).fit(X, X[:, 0]).coef_.dtype == np.float32


@pytest.mark.parametrize("class_weight", [{0: 1, 1: 5, 2: 1}, "balanced"])
def test_weights_of_several_classes_are_scikit_learns(class_weight):
    peer = pytest.importorskip("sklearn.svm")
    X = np.random.default_rng(0).standard_normal((60, 4))
    y = np.argmax(X[:, :3] + 0.5 * np.random.default_rng(1).standard_normal((60, 3)), axis=1)
    options = {"class_weight": class_weight, "tol": 1e-10, "max_iter": 100_000}
    ours, theirs = LinearSVC(**options).fit(X, y), peer.LinearSVC(**options).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=1e-6)


def test_rows_of_zeros_hold_nothing_up():
    X = np.random.default_rng(0).standard_normal((60, 4))
    y, X[:5] = X[:, 0] > 0, 0.0
    assert LinearSVC(loss="hinge", fit_intercept=False).fit(X, y).n_iter_ < 1000

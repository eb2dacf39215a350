"""Constant, collinear and repeated data, few rows, huge and tiny scales: finite answers, or a clear refusal."""

import warnings

import numpy as np
import pytest

from mmlcore import estimators as e

REGRESSORS = [
    e.LinearRegression(),
    e.LinearRegression(positive=True),
    e.Ridge(),
    e.Ridge(0),
    e.RidgeCV(),
    e.Lasso(0.1),
    e.ElasticNet(0.1),
    e.BayesianRidge(),
    e.KernelRidge(),
    e.KernelRidge(kernel="rbf"),
    e.LinearSVR(random_state=0),
    e.LinearSVR(loss="squared_epsilon_insensitive"),
]
CLASSIFIERS = [
    *(e.LogisticRegression(solver=s) for s in ("lbfgs", "irls", "newton-cg", "gradient_descent")),
    e.LinearSVC(),
    e.LinearSVC(loss="hinge", random_state=0),
]


def data(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6, 40) if kind == "wide" else (30, 5))
    if kind == "constant":
        X[:, 0] = 0.1  # whose mean is rounded
    elif kind == "collinear":
        X[:, 1] = 2 * X[:, 0]
    elif kind == "repeated":
        X = np.repeat(X[:3], 10, axis=0)
    elif kind in ("huge", "tiny"):
        X *= 1e150 if kind == "huge" else 1e-150
    elif kind == "mixed scales":
        X *= [1e-100, 1, 1e100, 1e8, 1e-8]
    elif kind == "zeros":
        X[:] = 0
    rows = {"one row": 1, "two rows": 2}.get(kind, len(X))
    return X[:rows], rng.normal(size=len(X))[:rows]


KINDS = ["constant", "collinear", "repeated", "huge", "tiny", "mixed scales", "wide", "one row", "two rows", "zeros"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", REGRESSORS, ids=repr)
def test_regressors(kind, model):
    X, y = data(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", e.ConvergenceWarning)
        model.fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    if kind in ("constant", "zeros", "one row") and hasattr(model, "coef_"):
        assert np.abs(model.coef_[0] if kind == "constant" else model.coef_).max() < 1e-6 or "SVR" in repr(model)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", CLASSIFIERS, ids=repr)
def test_classifiers(kind, model):
    X, _ = data(kind)
    labels = np.arange(len(X)) % 2
    if kind == "one row":
        with pytest.raises(ValueError, match="only one class"):
            model.fit(X, labels)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", e.ConvergenceWarning)
        model.fit(X, labels)
    assert np.isfinite(model.decision_function(X)).all()
    assert set(model.predict(X)) <= {0, 1}


@pytest.mark.parametrize("constant", [0.1, 1e8 + 0.3, -1e-9])
def test_a_constant_column_changes_nothing(constant):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    more = np.column_stack([X[:, :2], np.full(50, constant), X[:, 2]])
    for model in (e.LinearRegression(), e.Ridge(0.0), e.Ridge(1.0)):
        wanted = type(model)(**model.get_params()).fit(X, y).coef_
        for found in (model.fit(more, y).coef_, type(model)(**model.get_params()).partial_fit(more, y).coef_):
            np.testing.assert_allclose(found[[0, 1, 3]], wanted, rtol=1e-9)
            assert abs(found[2] * constant) < 1e-9

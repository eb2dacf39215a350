"""Parameters in, parameters out; printing; copies."""

import pickle

import numpy as np
import pytest

from mmlcore import estimators
from mmlcore.estimators import Estimator, Ridge, check_is_fitted, clone


class Outer(Estimator):
    def __init__(self, inner=None, *, scale=1.0):
        self.inner = inner
        self.scale = scale


def test_parameters_reach_into_parts():
    outer = Outer(Ridge(alpha=2.0))
    assert outer.get_params()["inner__alpha"] == 2.0
    assert outer.set_params(inner__alpha=3.0, scale=2.0).inner.alpha == 3.0
    assert "inner__alpha" not in outer.get_params(deep=False)


def test_an_unknown_parameter_changes_nothing():
    ridge = Ridge()
    with pytest.raises(ValueError, match="Invalid parameter 'x' for estimator Ridge"):
        ridge.set_params(alpha=5.0, x=1)
    assert ridge.alpha == 1.0


def test_repr_shows_what_is_not_default():
    assert repr(Ridge()) == "Ridge()"
    assert repr(Ridge(alpha=2, fit_intercept=False)) == "Ridge(alpha=2, fit_intercept=False)"
    assert repr(Outer(Ridge(alpha=2.0))) == "Outer(inner=Ridge(alpha=2.0))"


def test_html_escapes_and_tells_the_state():
    page = Ridge(solver="<b>")._repr_html_()
    assert "&lt;b&gt;" in page
    assert "not fitted" in page
    assert "(fitted)" in Ridge().fit([[1.0], [2.0]], [1.0, 2.0])._repr_html_()
    assert set(Ridge()._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_clone_copies_parameters_and_nothing_learnt():
    fitted = Ridge(alpha=np.array([2.0])).fit([[1.0], [2.0]], [1.0, 2.0])
    copy = clone(fitted)
    assert not hasattr(copy, "coef_")
    np.testing.assert_array_equal(copy.alpha, fitted.alpha)
    assert copy.alpha is not fitted.alpha
    with pytest.raises(TypeError, match="clone: estimator must be"):
        clone(3)


def test_check_is_fitted():
    with pytest.raises(estimators.NotFittedError, match="This Ridge instance is not fitted yet"):
        check_is_fitted(Ridge())
    check_is_fitted(Ridge().fit([[1.0], [2.0]], [1.0, 2.0]))


def test_pickle_keeps_what_was_learnt():
    fitted = Ridge().fit([[1.0], [2.0]], [1.0, 3.0])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).coef_, fitted.coef_)


def test_scikit_learn_is_neither_needed_nor_imported(run_python):
    code = """
import sys
sys.modules.update(sklearn=None, scipy=None, pandas=None)
import numpy as np
from mmlcore import estimators as e
X = np.random.default_rng(0).normal(size=(30, 3)); y = X @ [1, 2, 3]; labels = (y > 0).astype(int)
for m in (e.LinearRegression(), e.Ridge(), e.Lasso(alpha=0.1), e.RidgeCV(cv=3), e.BayesianRidge(), e.KernelRidge(),
          e.LinearSVR(max_iter=10000)):
    assert m.fit(X, y).score(X, y) > 0.5
for m in (e.LogisticRegression(), e.LinearSVC()):
    assert m.fit(X, labels).score(X, labels) > 0.9
print(e.cross_val_score(e.LogisticRegression(), X, labels, cv=3).shape, e.PolynomialFeatures().fit_transform(X).shape)
"""
    assert run_python(code) == "(3,) (30, 10)"


def test_import_loads_no_scikit_learn(run_python):
    code = "import sys, mmlcore.estimators; print([m for m in ('sklearn', 'scipy', 'pandas') if m in sys.modules])"
    assert run_python(code) == "[]"


def test_pipelines_searches_and_joblib():
    pytest.importorskip("sklearn")
    from sklearn.base import clone as their_clone
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = X[:, 0] ** 2 + X[:, 1]
    pipeline = make_pipeline(estimators.PolynomialFeatures(), estimators.Ridge())
    search = GridSearchCV(pipeline, {"ridge__alpha": [1e-6, 10.0]}, cv=3).fit(X, y)
    assert search.best_params_ == {"ridge__alpha": 1e-6}
    assert "polynomialfeatures" in pipeline._repr_html_()
    assert their_clone(estimators.Ridge(alpha=3.0)).alpha == 3.0

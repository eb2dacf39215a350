"""Metadata requests reach scikit-learn's meta-estimators."""

import numpy as np
import pytest

from mmlcore.estimators import LogisticRegression, Ridge

sklearn = pytest.importorskip("sklearn")


def test_requests_need_routing():
    with pytest.raises(RuntimeError, match="only available when metadata routing is enabled"):
        Ridge().set_fit_request(sample_weight=True)


def test_weights_are_routed():
    from sklearn.linear_model import Ridge as Theirs
    from sklearn.model_selection import GridSearchCV

    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(40, 3)), rng.random(40)
    y = X @ [1.0, -2.0, 0.5] + rng.normal(size=40)
    with sklearn.config_context(enable_metadata_routing=True):
        coefficients = []
        for cls in (Ridge, Theirs):
            model = cls().set_fit_request(sample_weight=True).set_score_request(sample_weight="sample_weight")
            search = GridSearchCV(model, {"alpha": [0.1, 1.0]}, cv=3).fit(X, y, sample_weight=w)
            coefficients.append(search.best_estimator_.coef_)
        np.testing.assert_allclose(*coefficients, rtol=1e-10)
        with pytest.raises(TypeError, match="Unexpected args"):
            Ridge().set_fit_request(nothing=True)


def test_requests_survive_clone():
    from sklearn.base import clone

    with sklearn.config_context(enable_metadata_routing=True):
        model = clone(LogisticRegression().set_fit_request(sample_weight=True))
        assert model.get_metadata_routing().fit.requests == {"sample_weight": True}
        assert model.get_metadata_routing().score.requests == {"sample_weight": None}

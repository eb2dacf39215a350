"""Scores against scikit-learn's."""

import numpy as np
import pytest

from mmlcore import estimators
from mmlcore.estimators.mixins import accuracy, r2

rng = np.random.default_rng(0)


def test_r2_is_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    y, p, w = rng.normal(size=(20, 2)), rng.normal(size=(20, 2)), rng.random(20)
    assert r2(y, p, w) == pytest.approx(metrics.r2_score(y, p, sample_weight=w), rel=1e-12)
    assert r2(np.ones(4), np.ones(4)) == 1.0
    assert r2(np.ones(4), np.zeros(4)) == 0.0


def test_r2_of_one_sample_has_no_value():
    with pytest.warns(estimators.UndefinedMetricWarning, match="less than two samples"):
        assert np.isnan(r2([1.0], [1.0]))


def test_accuracy_counts_weights():
    assert accuracy([0, 1, 1], [0, 1, 0], [1, 1, 2]) == 0.5
    assert accuracy([[0], [1]], [0, 1]) == 1.0
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        accuracy([0, 1], [0])


def test_tags_say_what_an_estimator_is():
    utils = pytest.importorskip("sklearn.utils")
    assert utils.get_tags(estimators.Ridge()).estimator_type == "regressor"
    assert utils.get_tags(estimators.LogisticRegression()).estimator_type == "classifier"
    assert utils.get_tags(estimators.PolynomialFeatures()).transformer_tags is not None
    assert utils.get_tags(estimators.Ridge()).input_tags.sparse

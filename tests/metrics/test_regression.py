"""Mean absolute and mean squared error against scikit-learn."""

import numpy as np
import pytest

from mmlcore.metrics import MeanAbsoluteError, MeanSquaredError, R2Score

T, P = np.random.default_rng(0).standard_normal((2, 40, 3))


@pytest.mark.parametrize(
    ("metric", "theirs"),
    [(MeanAbsoluteError(), "mean_absolute_error"), (MeanSquaredError(), "mean_squared_error")],
)
def test_against_scikit_learn(metric, theirs):
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    metric.update_state(T, P)
    assert metric.result() == pytest.approx(getattr(sklearn_metrics, theirs)(T, P), rel=1e-12)
    assert metric.name == theirs


@pytest.mark.parametrize("shape", [(40, 1), (40, 3), (40,)])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_r2_against_scikit_learn_in_batches(shape, offset):
    oracle = pytest.importorskip("sklearn.metrics")
    t = np.random.default_rng(0).standard_normal(shape) + offset
    p = t + 0.3 * np.random.default_rng(1).standard_normal(shape)
    r2 = R2Score()
    for start in range(0, 40, 7):
        r2.update_state(t[start : start + 7], p[start : start + 7])
    assert r2.result() == pytest.approx(oracle.r2_score(t, p), rel=1e-8)


def test_r2_of_targets_that_do_not_vary():
    r2 = R2Score()
    assert r2.result() == 0
    r2.update_state([[2.0], [2.0]], [[2.0], [2.0]])
    assert r2.result() == 1
    r2.update_state([[2.0]], [[3.0]])
    assert r2.result() == 0

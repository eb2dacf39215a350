"""Mean absolute and mean squared error against scikit-learn."""

import numpy as np
import pytest

from mmlcore.metrics import MeanAbsoluteError, MeanSquaredError

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

"""What ``compile(metrics=[...])`` accepts."""

import numpy as np
import pytest

from mmlcore import metrics


@pytest.mark.parametrize("name", metrics.METRICS)
def test_every_name_gives_its_metric_under_that_name(name):
    metric = metrics.get(name)
    assert type(metric) is metrics.METRICS[name]
    assert metric.name == name


def test_classes_objects_and_functions():
    metric = metrics.MeanAbsoluteError()
    assert metrics.get(metric) is metric
    assert metrics.get(metrics.MeanAbsoluteError).name == "mean_absolute_error"
    assert isinstance(metrics.get(np.maximum), metrics.FunctionMetric)


@pytest.mark.parametrize("metric", ["area", None, 3])
def test_unknown_names_list_the_known_ones(metric):
    with pytest.raises(ValueError, match=r"^compile: metrics must be one of 'accuracy', 'acc', .*, got"):
        metrics.get(metric)

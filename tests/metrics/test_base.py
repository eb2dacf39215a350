"""A metric is a mean over samples that may come in any pieces."""

import numpy as np
import pytest

from mmlcore.metrics import METRICS, FunctionMetric, Metric, get

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 50)
ONE_HOT = np.eye(4)[LABELS]
PREDICTIONS = RNG.dirichlet(np.ones(4), size=50)


@pytest.mark.parametrize("name", METRICS)
def test_pieces_give_what_the_whole_gives(name):
    targets = LABELS if name.startswith("sparse") else ONE_HOT
    whole, pieces = get(name), get(name)
    whole.update_state(targets, PREDICTIONS)
    for rows in (slice(0, 1), slice(1, 30), slice(30, 50)):
        pieces.update_state(targets[rows], PREDICTIONS[rows])
    assert pieces.result() == pytest.approx(whole.result(), rel=1e-12)

    whole.reset_state()
    assert whole.result() == 0
    whole.update_state(targets[:3], PREDICTIONS[:3])
    pieces.reset_state()
    pieces.update_state(targets[:3], PREDICTIONS[:3])
    assert whole.result() == pieces.result()


@pytest.mark.parametrize("name", METRICS)
def test_nothing_is_broadcast(name):
    metric = get(name)
    metric.update_state(np.ones(3), np.ones((3, 1)))
    metric.update_state(np.ones((3, 1)), np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"^\w+: y_true must be shape \(3,.*\), got shape \(2,\)$"):
        metric.update_state(np.ones(2), np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"^\w+: y_true must be shape \(3,.*\), got shape \(3, 2\)$"):
        metric.update_state(np.ones((3, 2)), np.ones((3, 4)))


def test_flat_numbers_and_columns_are_the_same_samples():
    metric = get("mae")
    metric.update_state(np.arange(3.0), np.arange(3.0)[:, None])
    metric.update_state(np.arange(3.0)[:, None], np.arange(3.0))
    assert metric.result() == 0


def test_float32_predictions_are_summed_in_float64():
    metric = FunctionMetric(lambda t, p: p)
    for _ in range(3):
        metric.update_state(0, np.full(10_000_000, 0.1, np.float32))
    assert metric.result() == pytest.approx(np.float32(0.1), rel=1e-12)


def test_names_and_a_metric_without_formula():
    assert FunctionMetric(np.hypot).name == "hypot"
    assert repr(FunctionMetric(np.hypot, name="h")) == "<FunctionMetric 'h'>"
    with pytest.raises(NotImplementedError, match=r"^Metric must define call\(y_true, y_pred\)$"):
        Metric().update_state([1], [1])

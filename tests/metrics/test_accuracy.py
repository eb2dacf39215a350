"""Accuracies count right answers; the plain one picks by shape."""

import numpy as np
import pytest

from mmlcore.metrics import Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy

PREDICTIONS = np.array([[0.1, 0.9], [0.8, 0.2], [0.4, 0.6], [0.7, 0.3]])
LABELS = np.array([1, 1, 1, 0])  # three of four right


def share(metric, targets, predictions):
    metric.update_state(targets, predictions)
    return metric.result()


def test_each_counts_what_its_name_says():
    assert share(SparseCategoricalAccuracy(), LABELS, PREDICTIONS) == 0.75
    assert share(SparseCategoricalAccuracy(), LABELS[:, None], PREDICTIONS) == 0.75
    assert share(CategoricalAccuracy(), np.eye(2)[LABELS], PREDICTIONS) == 0.75
    assert share(BinaryAccuracy(), LABELS[:, None], PREDICTIONS[:, 1:]) == 0.75
    assert share(BinaryAccuracy(threshold=0.15), LABELS[:, None], PREDICTIONS[:, 1:]) == 0.75
    assert share(BinaryAccuracy(threshold=0.95), LABELS[:, None], PREDICTIONS[:, 1:]) == 0.25
    assert share(BinaryAccuracy(), [[0], [1]], [[0.5], [0.5]]) == 0.5  # the threshold itself is class 0
    assert share(BinaryAccuracy(), [[0]], [[0.5]]) == 1


@pytest.mark.parametrize(
    ("targets", "predictions"),
    [
        (LABELS, PREDICTIONS),
        (LABELS[:, None], PREDICTIONS),
        (np.eye(2)[LABELS], PREDICTIONS),
        (LABELS[:, None], PREDICTIONS[:, 1:]),
        (LABELS, PREDICTIONS[:, 1:]),
        (LABELS, PREDICTIONS[:, 1]),
    ],
    ids=["labels", "label column", "one-hot", "one output", "one output, flat targets", "flat"],
)
def test_the_plain_one_picks_by_shape(targets, predictions):
    assert share(Accuracy(), targets, predictions) == 0.75

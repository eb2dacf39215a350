"""Precision, recall, F1 and confusion against scikit-learn, in batches."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from mmlcore.metrics import ConfusionMatrix, F1Score, Precision, Recall

RNG = np.random.default_rng(0)
BITS, SCORES = RNG.integers(0, 2, (50, 1)), RNG.random((50, 1))
LABELS, ROWS = RNG.integers(0, 4, 60), RNG.random((60, 4))

CASES = pytest.mark.parametrize(
    ("cls", "score"),
    [(Precision, oracle.precision_score), (Recall, oracle.recall_score), (F1Score, oracle.f1_score)],
)


def stream(metric, y_true, y_pred):
    for start in range(0, len(y_true), 7):
        metric.update_state(y_true[start : start + 7], y_pred[start : start + 7])
    return metric.result()


@CASES
@pytest.mark.parametrize("threshold", [0.5, 0.8])
def test_two_classes(cls, score, threshold):
    expected = score(BITS, threshold < SCORES)
    assert stream(cls(threshold=threshold), BITS, SCORES) == pytest.approx(expected, rel=1e-12)
    assert stream(cls(threshold=threshold), BITS[:, 0], SCORES) == pytest.approx(expected, rel=1e-12)


@CASES
@pytest.mark.parametrize("average", ["macro", "micro"])
@pytest.mark.parametrize("targets", [LABELS, np.eye(4)[LABELS]], ids=["labels", "one-hot"])
def test_several_classes(cls, score, average, targets):
    expected = score(LABELS, ROWS.argmax(axis=1), average=average)
    assert stream(cls(average), targets, ROWS) == pytest.approx(expected, rel=1e-12)


@CASES
def test_nothing_is_zero_and_reset_forgets(cls, score):
    metric = cls()
    assert metric.result() == 0
    stream(metric, BITS, SCORES)
    metric.reset_state()
    metric.update_state([0, 0], [0.1, 0.2])
    assert metric.result() == 0


def test_confusion():
    matrix = ConfusionMatrix(4)
    share = stream(matrix, LABELS, ROWS)
    np.testing.assert_array_equal(matrix.matrix(), oracle.confusion_matrix(LABELS, ROWS.argmax(axis=1)))
    assert share == pytest.approx(oracle.accuracy_score(LABELS, ROWS.argmax(axis=1)))
    other = ConfusionMatrix(4)
    other.update_state(np.eye(4)[LABELS], ROWS.argmax(axis=1))
    np.testing.assert_array_equal(other.matrix(), matrix.matrix())


def test_errors():
    with pytest.raises(ValueError, match=r"^Precision: average must be one of 'binary', 'micro', 'macro', got 'mean'$"):
        Precision("mean")
    with pytest.raises(ValueError, match=r"^Recall: y_true must be shape \(3, 1\), got shape \(2,\)$"):
        Recall().update_state([0, 1], [[0.1], [0.2], [0.3]])
    with pytest.raises(ValueError, match=r"^ConfusionMatrix: y_true must be classes from 0 to 1, got 0 … 5$"):
        ConfusionMatrix(2).update_state([0, 5], [0, 1])
    with pytest.raises(ValueError, match=r"^ConfusionMatrix: y_true must be 2 classes, got 1$"):
        ConfusionMatrix(2).update_state([0], [0, 1])

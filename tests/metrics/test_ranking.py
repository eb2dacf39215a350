"""Top-k accuracy and the area under the curve against scikit-learn, in batches."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from mmlcore.metrics import AUC, SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy

RNG = np.random.default_rng(0)
LABELS, ROWS = RNG.integers(0, 6, 60), RNG.random((60, 6))


@pytest.mark.parametrize("k", [1, 3, 6])
def test_top_k(k):
    expected = oracle.top_k_accuracy_score(LABELS, ROWS, k=k) if k < 6 else 1.0
    sparse, dense = SparseTopKCategoricalAccuracy(k), TopKCategoricalAccuracy(k)
    for start in range(0, 60, 7):
        rows = slice(start, start + 7)
        sparse.update_state(LABELS[rows], ROWS[rows])
        dense.update_state(np.eye(6)[LABELS[rows]], ROWS[rows])
    assert sparse.result() == dense.result() == pytest.approx(expected)


@pytest.mark.parametrize("scores", [RNG.random(500), RNG.integers(0, 5, 500) / 5, np.full(500, 0.5)])
def test_area(scores):
    y = (RNG.random(500) < 0.3 + 0.4 * scores).astype(int)
    auc = AUC()
    for start in range(0, 500, 33):
        auc.update_state(y[start : start + 33], scores[start : start + 33])
    assert auc.result() == pytest.approx(oracle.roc_auc_score(y, scores), abs=2e-5)


def test_area_without_both_classes_and_beyond_the_scores():
    auc = AUC()
    assert auc.result() == 0
    auc.update_state([1, 1], [0.5, 1.0])
    assert auc.result() == 0
    auc.update_state([0], [0.0])
    assert auc.result() == 1
    with pytest.raises(ValueError, match=r"^AUC: y_pred must be scores between 0 and 1, got -1 … 2$"):
        auc.update_state([0, 1], [-1.0, 2.0])

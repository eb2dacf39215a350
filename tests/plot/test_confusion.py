"""The confusion matrix: counts, and what is drawn."""

import numpy as np
import pytest

from mmlcore.plot import ConfusionMatrixDisplay


def test_counts_and_labels():
    pytest.importorskip("matplotlib")
    display = ConfusionMatrixDisplay.from_predictions([0, 1, 1, 2, 2], [0, 1, 2, 2, 2]).plot()
    np.testing.assert_array_equal(display.confusion_matrix, [[1, 0, 0], [0, 1, 1], [0, 0, 2]])
    assert [text.get_text() for text in display.ax_.texts] == ["1", "1", "1", "2"]
    assert display.ax_.get_ylabel() == "true"


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="ConfusionMatrixDisplay: y_true must be shape"):
        ConfusionMatrixDisplay.from_predictions([0, 1], [0])
    with pytest.raises(ValueError, match="ConfusionMatrixDisplay: confusion_matrix must be square"):
        ConfusionMatrixDisplay(np.zeros((2, 3)))

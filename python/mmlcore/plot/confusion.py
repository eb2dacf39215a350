"""Which classes are taken for which."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import message
from mmlcore.plot.matplotlib_extra import new_axes

__all__ = ["ConfusionMatrixDisplay"]


class ConfusionMatrixDisplay:
    """Counts of true classes (rows) against predicted classes (columns).

    Attributes
    ----------
    confusion_matrix : ndarray of int, shape (classes, classes)
    ax_, figure_
        Where the last `plot` drew.

    Examples
    --------
    >>> ConfusionMatrixDisplay.from_predictions([0, 0, 1], [0, 1, 1]).confusion_matrix
    array([[1, 1],
           [0, 1]])
    """

    def __init__(self, confusion_matrix: ArrayLike) -> None:
        self.confusion_matrix = np.asarray(confusion_matrix)
        if self.confusion_matrix.ndim != 2 or len(set(self.confusion_matrix.shape)) != 1:
            got = f"shape {self.confusion_matrix.shape}"
            raise ValueError(message("ConfusionMatrixDisplay", "confusion_matrix", "square", got))

    @classmethod
    def from_predictions(cls, y_true: ArrayLike, y_pred: ArrayLike) -> "ConfusionMatrixDisplay":
        """The display of true and predicted classes 0, 1, ..., both of shape (n,)."""
        true, predicted = np.asarray(y_true), np.asarray(y_pred)
        if true.ndim != 1 or true.shape != predicted.shape or not len(true):
            got = f"shapes {true.shape}, {predicted.shape}"
            raise ValueError(message("ConfusionMatrixDisplay", "y_true", "shape (n,), with as many y_pred", got))
        counts = np.zeros((1 + int(max(true.max(), predicted.max())),) * 2, np.int64)
        np.add.at(counts, (true, predicted), 1)
        return cls(counts)

    def plot(self, ax: Any = None) -> "ConfusionMatrixDisplay":
        """Draw on `ax` or on new axes; the colours leave the diagonal out, which would drown the rest."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        wrong = self.confusion_matrix * (1 - np.eye(len(self.confusion_matrix), dtype=np.int64))
        self.ax_.imshow(wrong, cmap="Reds", vmin=0, vmax=max(1, 1.5 * wrong.max()))
        for (row, column), count in np.ndenumerate(self.confusion_matrix):
            if count:
                self.ax_.text(column, row, str(count), ha="center", va="center", fontsize="small")
        classes = range(len(self.confusion_matrix))
        self.ax_.set(xlabel="predicted", ylabel="true", xticks=classes, yticks=classes)
        return self

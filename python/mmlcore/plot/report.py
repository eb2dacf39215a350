"""One page about a trained classifier of images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore.callbacks import History
from mmlcore.plot.history import HistoryDisplay
from mmlcore.plot.images import ImagesDisplay
from mmlcore.plot.matplotlib_extra import require_matplotlib

__all__ = ["training_report"]

_ROWS, _COLUMNS = 4, 6


def training_report(history: History, images: NDArray[Any], y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
    """Learning curves on the left; on the right images with predictions, the wrong ones first.

    Parameters
    ----------
    history : History
        With "accuracy" among its metrics.
    images : ndarray of shape (n, rows, columns)
    y_true, y_pred : ndarray of int, shape (n,)

    Returns
    -------
    matplotlib.figure.Figure
        Belongs to no window and no back end: save it with ``savefig``.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(12, 5), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.2))
    display = HistoryDisplay.from_history(history)
    for name, ax in zip(("loss", "accuracy"), left.subplots(2, 1, sharex=True), strict=True):
        display.plot(name, ax=ax)
        ax.label_outer()
    right.suptitle(f"{np.sum(y_true != y_pred)} of {len(y_true)} wrong")
    shown = np.argsort(y_true == y_pred, kind="stable")[: _ROWS * _COLUMNS]
    ImagesDisplay.from_predictions(images[shown], y_true[shown], y_pred[shown]).plot(right, columns=_COLUMNS)
    return figure

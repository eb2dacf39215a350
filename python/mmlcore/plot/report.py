"""One page about a trained classifier of images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore.callbacks import History
from mmlcore.plot.channels import ChannelsDisplay
from mmlcore.plot.confusion import ConfusionMatrixDisplay
from mmlcore.plot.history import HistoryDisplay
from mmlcore.plot.images import ImagesDisplay
from mmlcore.plot.matplotlib_extra import require_matplotlib

__all__ = ["training_report"]

_ROWS, _COLUMNS = 4, 6


def training_report(
    history: History,
    images: NDArray[Any],
    y_true: NDArray[Any],
    y_pred: NDArray[Any],
    filters: NDArray[Any] | None = None,
    maps: NDArray[Any] | None = None,
) -> Any:
    """Learning curves, images with predictions (the wrong ones first), and which classes are taken for which.

    Parameters
    ----------
    history : History
        With "accuracy" among its metrics.
    images : ndarray of shape (n, rows, columns)
    y_true, y_pred : ndarray of int, shape (n,)
    filters : ndarray of shape (filters, rows, columns), optional
        Of a convolutional layer.
    maps : ndarray of shape (filters, rows, columns), optional
        What it makes of the first image that is drawn.

    Returns
    -------
    matplotlib.figure.Figure
        Belongs to no window and no back end: save it with ``savefig``.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    pictures = [(title, array) for title, array in (("filters", filters), ("feature maps", maps)) if array is not None]
    figure: Any = Figure(figsize=(15, 5 + 2.5 * bool(pictures)), layout="constrained")
    if pictures:
        top, bottom = figure.subfigures(2, 1, height_ratios=(2, 1))
        parts = np.ravel(bottom.subfigures(1, len(pictures), squeeze=False))
        for part, (title, array) in zip(parts, pictures, strict=True):
            part.suptitle(title)
            ChannelsDisplay(array).plot(part)
    else:
        top = figure
    left, middle, right = top.subfigures(1, 3, width_ratios=(1, 1.2, 1))
    display = HistoryDisplay.from_history(history)
    for name, ax in zip(("loss", "accuracy"), left.subplots(2, 1, sharex=True), strict=True):
        display.plot(name, ax=ax)
        ax.label_outer()
    middle.suptitle(f"{np.sum(y_true != y_pred)} of {len(y_true)} wrong")
    shown = np.argsort(y_true == y_pred, kind="stable")[: _ROWS * _COLUMNS]
    ImagesDisplay.from_predictions(images[shown], y_true[shown], y_pred[shown]).plot(middle, columns=_COLUMNS)
    ConfusionMatrixDisplay.from_predictions(y_true, y_pred).plot(right.subplots())
    return figure

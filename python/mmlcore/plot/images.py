"""Small images with what a model says about them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import message
from mmlcore.plot.matplotlib_extra import require_matplotlib

__all__ = ["ImagesDisplay"]


class ImagesDisplay:
    """A grid of images titled with their predicted classes; wrong ones in red with the right class.

    Attributes
    ----------
    axes_, figure_
        Where the last `plot` drew.

    Examples
    --------
    >>> display = ImagesDisplay.from_predictions(np.zeros((2, 8, 8)), [3, 5], [3, 6]).plot(columns=2)
    >>> [ax.get_title() for ax in display.axes_]
    ['3', '6, not 5']
    """

    def __init__(self, images: ArrayLike, y_true: ArrayLike, y_pred: ArrayLike) -> None:
        self.images, self.y_true, self.y_pred = np.asarray(images), np.asarray(y_true), np.asarray(y_pred)
        if self.images.ndim != 3 or not len(self.images) == len(self.y_true) == len(self.y_pred) > 0:
            shapes = f"shapes {self.images.shape}, {self.y_true.shape}, {self.y_pred.shape}"
            expectation = "shape (n, rows, columns), with as many y_true and y_pred"
            raise ValueError(message("ImagesDisplay", "images", expectation, shapes))

    @classmethod
    def from_predictions(cls, images: ArrayLike, y_true: ArrayLike, y_pred: ArrayLike) -> "ImagesDisplay":
        """The display of images (n, rows, columns), their classes and the predicted classes."""
        return cls(images, y_true, y_pred)

    def plot(self, figure: Any = None, columns: int = 8) -> "ImagesDisplay":
        """Draw on `figure` (a figure or a subfigure), or on a new figure of the user's back end."""
        require_matplotlib()
        rows = -(-len(self.images) // columns)
        if figure is None:
            import matplotlib.pyplot as plt

            figure = plt.figure(figsize=(columns, 1.25 * rows), layout="constrained")
        self.figure_ = figure
        grid = np.ravel(figure.subplots(rows, columns, squeeze=False))
        self.axes_ = grid[: len(self.images)]
        for ax in grid:
            ax.set_axis_off()
        for ax, image, true, predicted in zip(self.axes_, self.images, self.y_true, self.y_pred, strict=True):
            ax.imshow(image, cmap="gray_r")
            right = true == predicted
            ax.set_title(f"{predicted}" if right else f"{predicted}, not {true}", color="black" if right else "red")
        return self

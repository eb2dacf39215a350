"""What a convolutional layer has learned, and what it sees."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import message
from mmlcore.plot.matplotlib_extra import require_matplotlib

__all__ = ["ChannelsDisplay"]


class ChannelsDisplay:
    """A grid of pictures, one for each filter or channel; blue below zero, red above.

    Attributes
    ----------
    axes_, figure_
        Where the last `plot` drew.

    Examples
    --------
    >>> len(ChannelsDisplay(np.zeros((16, 3, 3))).plot().axes_)
    16
    """

    def __init__(self, pictures: ArrayLike) -> None:
        self.pictures = np.asarray(pictures)
        if self.pictures.ndim != 3 or not self.pictures.size:
            got = f"shape {self.pictures.shape}"
            raise ValueError(message("ChannelsDisplay", "pictures", "shape (n, rows, columns)", got))

    @classmethod
    def from_layer(cls, layer: Any, channel: int = 0) -> "ChannelsDisplay":
        """The filters of a `Conv2D`, as they look at one input channel."""
        return cls(np.moveaxis(layer.kernel[:, :, channel], -1, 0))

    @classmethod
    def from_maps(cls, maps: ArrayLike) -> "ChannelsDisplay":
        """The channels of one picture (rows, columns, channels)."""
        return cls(np.moveaxis(np.asarray(maps), -1, 0))

    def plot(self, figure: Any = None, columns: int = 8) -> "ChannelsDisplay":
        """Draw on `figure` (a figure or a subfigure), or on a new figure of the user's back end."""
        require_matplotlib()
        rows = -(-len(self.pictures) // columns)
        if figure is None:
            import matplotlib.pyplot as plt

            figure = plt.figure(figsize=(columns, 1.1 * rows), layout="constrained")
        self.figure_ = figure
        grid = np.ravel(figure.subplots(rows, columns, squeeze=False))
        self.axes_ = grid[: len(self.pictures)]
        most = float(np.abs(self.pictures).max()) or 1.0
        for ax in grid:
            ax.set_axis_off()
        for ax, picture in zip(self.axes_, self.pictures, strict=True):
            ax.imshow(picture, cmap="RdBu_r", vmin=-most, vmax=most)
        return self

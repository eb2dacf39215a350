"""The plane of an auto-encoder's codes: where the samples lie, and what its points stand for."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import integer, message
from mmlcore.plot.matplotlib_extra import new_axes
from mmlcore.plot.mosaic import as_images, mosaic

__all__ = ["DecodedGridDisplay", "LatentDisplay"]


class LatentDisplay:
    """Two-dimensional codes as points in the colours of their classes, with the classes' centroids.

    Attributes
    ----------
    ax_, figure_
        Where the last `plot` drew.

    Examples
    --------
    >>> display = LatentDisplay([[0.0, 1.0], [2.0, 1.0]], [0, 1], [[0.0, 1.0], [2.0, 1.0]]).plot()
    >>> [text.get_text() for text in display.ax_.texts]
    ['0', '1']
    """

    def __init__(self, codes: ArrayLike, labels: ArrayLike | None = None, centroids: ArrayLike | None = None) -> None:
        self.codes = np.asarray(codes)
        self.labels = np.full(len(self.codes), -1) if labels is None else np.asarray(labels)
        self.centroids = np.empty((0, 2)) if centroids is None else np.asarray(centroids)
        if self.codes.ndim != 2 or self.codes.shape[1] < 2 or self.labels.shape != (len(self.codes),):
            got = f"shapes {self.codes.shape}, {self.labels.shape}"
            raise ValueError(message("LatentDisplay", "codes", "shape (n, 2 or more), with n labels", got))

    @classmethod
    def from_model(cls, model: Any, x: ArrayLike, y: ArrayLike | None = None) -> "LatentDisplay":
        """The display of the codes of `x`, labels `y` (-1: none), and the centroids of an auto-encoder."""
        return cls(model.encode(x), y, model.centroids)

    def plot(self, ax: Any = None) -> "LatentDisplay":
        """Draw the first two dimensions on `ax` or on new axes; samples without a label in grey."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        known = self.labels >= 0
        if not known.all():
            self.ax_.scatter(*self.codes[~known, :2].T, s=4, color="0.8", zorder=1)
        if known.any():
            classes = {"c": self.labels[known] % 10, "cmap": "tab10", "vmin": 0, "vmax": 9}
            self.ax_.scatter(*self.codes[known, :2].T, s=4, zorder=2, **classes)
        for k, centroid in enumerate(self.centroids):
            if np.isfinite(centroid).all():
                self.ax_.text(*centroid[:2], str(k), ha="center", va="center", weight="bold", zorder=4)
                self.ax_.scatter(*centroid[:2], s=160, color="white", edgecolor="black", zorder=3)
        self.ax_.set(xlabel="$z_1$", ylabel="$z_2$")
        return self


class DecodedGridDisplay:
    """What the points of a grid over the plane of codes are decoded to, as one picture.

    Attributes
    ----------
    images : ndarray of shape (n, n, rows, columns)
        From the upper left corner of the plane to the lower right one.
    ax_, figure_
        Where the last `plot` drew.

    Examples
    --------
    >>> DecodedGridDisplay(np.zeros((3, 3, 8, 8)), (-1, 1, -1, 1)).plot().ax_.images[0].get_array().shape
    (26, 26)
    """

    def __init__(self, images: ArrayLike, extent: tuple[float, float, float, float]) -> None:
        self.images, self.extent = np.asarray(images), extent
        if self.images.ndim != 4 or not self.images.size:
            got = f"shape {self.images.shape}"
            raise ValueError(message("DecodedGridDisplay", "images", "shape (n, n, rows, columns)", got))

    @classmethod
    def from_model(
        cls,
        model: Any,
        extent: tuple[float, float, float, float] | None = None,
        n: int = 15,
        image_shape: tuple[int, int] | None = None,
    ) -> "DecodedGridDisplay":
        """The display of an auto-encoder with a code of two dimensions.

        Parameters
        ----------
        model : AutoEncoder
        extent : tuple of 4 floats, optional
            z₁ from, to, z₂ from, to. Otherwise what holds the centroids, or two standard deviations of the prior.
        n : int
            Points a side.
        image_shape : tuple of int, optional
            Of models of rows of pixels; otherwise they are square.

        Raises
        ------
        ValueError
            If the code has another dimension, or the outputs are no images.
        """
        n = integer("DecodedGridDisplay", "n", n)
        low, high = np.full(2, -2.0), np.full(2, 2.0)
        if extent is not None:
            low, high = np.array(extent[::2], float), np.array(extent[1::2], float)
        elif model.centroids is not None and np.shape(model.centroids)[1:] == (2,):
            low, high = np.nanmin(model.centroids, axis=0), np.nanmax(model.centroids, axis=0)
            low, high = low - 0.1 * (high - low), high + 0.1 * (high - low)
        z1, z2 = np.linspace(low[0], high[0], n), np.linspace(high[1], low[1], n)
        codes = np.stack(np.meshgrid(z1, z2), axis=2).reshape(-1, 2)
        images = as_images("DecodedGridDisplay", "model", model.decode(codes), image_shape)
        edges = (float(low[0]), float(high[0]), float(low[1]), float(high[1]))
        return cls(images.reshape(n, n, *images.shape[1:]), edges)

    def plot(self, ax: Any = None) -> "DecodedGridDisplay":
        """Draw on `ax` or on new axes, the axes those of the plane."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        tiles = self.images.reshape(-1, *self.images.shape[2:])
        self.ax_.imshow(mosaic(tiles, self.images.shape[1]), cmap="gray_r", extent=self.extent, aspect="auto")
        self.ax_.set(xlabel="$z_1$", ylabel="$z_2$")
        return self

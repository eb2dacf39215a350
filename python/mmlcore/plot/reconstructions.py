"""What an auto-encoder gives back, and what it draws by itself."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import integer, message
from mmlcore._random import Seed, as_generator
from mmlcore.plot.matplotlib_extra import new_axes
from mmlcore.plot.mosaic import as_images, mosaic

__all__ = ["ClassSamplesDisplay", "ReconstructionsDisplay"]


class ReconstructionsDisplay:
    """Images above their reconstructions; between them what was seen of them, where that was disturbed.

    Attributes
    ----------
    ax_, figure_
        Where the last `plot` drew.

    Examples
    --------
    >>> display = ReconstructionsDisplay(np.zeros((4, 64)), np.zeros((4, 64))).plot()
    >>> display.ax_.images[0].get_array().shape
    (17, 35)
    """

    def __init__(
        self, images: ArrayLike, reconstructions: ArrayLike, seen: ArrayLike | None = None, image_shape: Any = None
    ) -> None:
        rows = [images, reconstructions] if seen is None else [images, seen, reconstructions]
        self.rows = [as_images("ReconstructionsDisplay", "images", row, image_shape) for row in rows]
        if len({row.shape for row in self.rows}) != 1:
            got = ", ".join(f"{row.shape}" for row in self.rows)
            expectation = "of the shape of their reconstructions"
            raise ValueError(message("ReconstructionsDisplay", "images", expectation, f"shapes {got}"))

    @classmethod
    def from_model(cls, model: Any, x: ArrayLike, n: int = 12, image_shape: Any = None) -> "ReconstructionsDisplay":
        """The display of the first `n` of `x` and what an auto-encoder makes of them."""
        shown = np.asarray(x)[: integer("ReconstructionsDisplay", "n", n)]
        return cls(shown, model.reconstruct(shown), image_shape=image_shape)

    def plot(self, ax: Any = None) -> "ReconstructionsDisplay":
        """Draw on `ax` or on new axes."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        self.ax_.imshow(mosaic(np.concatenate(self.rows), len(self.rows[0])), cmap="gray_r")
        self.ax_.set_axis_off()
        return self


class ClassSamplesDisplay:
    """Images drawn by a model, a row for each class.

    Attributes
    ----------
    labels : list of int
    ax_, figure_
        Where the last `plot` drew.

    Examples
    --------
    >>> display = ClassSamplesDisplay(np.zeros((2, 3, 8, 8)), [0, 1]).plot()
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['0', '1']
    """

    def __init__(self, images: ArrayLike, labels: Any) -> None:
        self.images, self.labels = np.asarray(images), [int(label) for label in labels]
        if self.images.ndim != 4 or not self.images.size or len(self.images) != len(self.labels):
            got = f"shape {self.images.shape} and {len(self.labels)} labels"
            raise ValueError(message("ClassSamplesDisplay", "images", "shape (labels, n, rows, columns)", got))

    @classmethod
    def from_model(
        cls, model: Any, n: int = 10, scale: float = 1.0, image_shape: Any = None, seed: Seed = 0
    ) -> "ClassSamplesDisplay":
        """The display of `n` samples of each class that an auto-encoder knows; see `AutoEncoder.sample`.

        Raises
        ------
        ValueError
            If it knows none.
        """
        if model.centroids is None:
            got = "one without centroids"
            raise ValueError(message("ClassSamplesDisplay", "model", "one that knows classes", got))
        labels = np.flatnonzero(np.isfinite(model.centroids).all(axis=1))
        rng = as_generator(seed, "ClassSamplesDisplay")
        rows = [
            as_images("ClassSamplesDisplay", "model", model.sample(n, int(k), scale=scale, seed=rng), image_shape)
            for k in labels
        ]
        return cls(np.stack(rows), labels)

    def plot(self, ax: Any = None) -> "ClassSamplesDisplay":
        """Draw on `ax` or on new axes."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        rows, n, height, width = self.images.shape
        self.ax_.imshow(mosaic(self.images.reshape(-1, height, width), n), cmap="gray_r")
        middles = (height + 1) * np.arange(rows) + (height - 1) / 2
        self.ax_.set_yticks(middles, [str(label) for label in self.labels])
        self.ax_.set_xticks([])
        self.ax_.set_ylabel("class")
        return self

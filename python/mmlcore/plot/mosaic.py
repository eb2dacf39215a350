"""Many small images as one."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmlcore._errors import message

__all__ = ["as_images", "mosaic"]


def as_images(function: str, argument: str, x: ArrayLike, image_shape: Any = None) -> NDArray[Any]:
    """Samples as (n, rows, columns): images, images with one channel, or rows of pixels of `image_shape`.

    Rows of pixels without a shape are taken for square images.

    >>> as_images("plot", "x", np.zeros((5, 64))).shape
    (5, 8, 8)
    """
    array = np.asarray(x)
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 2:
        pixels = array.shape[1]
        side = round(pixels**0.5)
        rows, columns = (side, side) if image_shape is None else image_shape[:2]
        if rows * columns == pixels:
            array = array.reshape(-1, rows, columns)
    if array.ndim != 3 or not array.size:
        expectation = "images of shape (n, rows, columns), or rows of pixels of square ones"
        raise ValueError(message(function, argument, expectation, f"shape {np.shape(x)}"))
    return array


def mosaic(images: NDArray[Any], columns: int, gap: int = 1) -> NDArray[Any]:
    """Images (n, rows, columns) side by side, so many in a row, NaN between them and where there are none.

    >>> mosaic(np.array([[[1.0]], [[2.0]], [[3.0]]]), columns=2)
    array([[ 1., nan,  2.],
           [nan, nan, nan],
           [ 3., nan, nan]])
    """
    n, height, width = images.shape
    rows = -(-n // columns)
    tiles = np.full((rows, height + gap, columns, width + gap), np.nan)
    for i, image in enumerate(images):
        tiles[i // columns, :height, i % columns, :width] = image
    joined = tiles.reshape(rows * (height + gap), columns * (width + gap))
    return joined[: joined.shape[0] - gap, : joined.shape[1] - gap]

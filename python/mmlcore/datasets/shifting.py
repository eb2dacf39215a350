"""More images from those there are: the same ones, moved by a pixel or two."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmlcore._errors import integer, message

__all__ = ["shifted_copies"]


def shifted_copies(x: ArrayLike, y: ArrayLike, by: int = 1) -> tuple[NDArray[Any], NDArray[Any]]:
    """Square images in all places up to `by` pixels away, zeros moving in from the borders, with their labels.

    A network that shall not mind where in its frame a digit stands is trained on these in place of `x`.

    Parameters
    ----------
    x : array_like of shape (n, rows * rows), or (n, rows, columns)
    y : array_like of shape (n, ...)
    by : int
        At least 0.

    Returns
    -------
    x, y : ndarray, (2 by + 1)² n rows
        All images in one place after those in another; of the dtypes and row shapes given.

    Raises
    ------
    ValueError
        If `x` is none of square images, or `y` is not as long as `x`.

    Examples
    --------
    >>> x, y = shifted_copies([[1.0, 2.0, 3.0, 4.0]], [7], by=1)
    >>> x[0], x[4], y.shape
    (array([0., 0., 0., 1.]), array([1., 2., 3., 4.]), (9,))
    """
    images, labels = np.asarray(x), np.asarray(y)
    by = integer("shifted_copies", "by", by, low=0)
    n, shape = len(images), images.shape
    side = round(shape[1] ** 0.5) if images.ndim == 2 else 0
    if images.ndim == 2 and side * side == shape[1]:
        images = images.reshape(n, side, side)
    if images.ndim != 3 or labels.ndim == 0 or len(labels) != n:
        got = f"shapes {shape}, {labels.shape}"
        raise ValueError(message("shifted_copies", "x", "square images, with as many y", got))
    rows, columns = images.shape[1:]
    framed = np.pad(images, ((0, 0), (by, by), (by, by)))
    places = [(i, j) for i in range(2 * by + 1) for j in range(2 * by + 1)]
    moved = np.concatenate([framed[:, i : i + rows, j : j + columns] for i, j in places])
    return moved.reshape(-1, *shape[1:]), np.concatenate([labels] * len(places))

"""Norms of vectors and matrices, and what is measured with them: distances and angles."""

from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray, as_float, as_same_float
from mmlcore._errors import message
from mmlcore.linalg.svd import svd

__all__ = ["angle", "distance", "matrix_norm", "norm", "vector_norm"]


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> FloatArray:
    """The norm of a vector or a matrix, as `numpy.linalg.norm`.

    Parameters
    ----------
    x : array_like
    ord : {None, 'fro', 'nuc', inf, -inf, float}
        Vectors: the p-norm (Σ|x_i|^p)^(1/p); inf and -inf the largest and smallest |x_i|; 0 the number of
        non-zeros. Matrices: 'fro' √(Σ x_ij²), 'nuc' Σ σ_i, 2 and -2 the largest and smallest σ_i, 1 and -1 the
        largest and smallest column sum of |x|, inf and -inf the same of rows. None: √(Σ x²) of everything.
    axis : None, int or pair of ints
        One axis: vectors along it; two: matrices. None: the whole of a vector or matrix.
    keepdims : bool
        Keep the axes that are normed over, with length 1.

    Returns
    -------
    ndarray
        `x` without the axes that are normed over.

    Raises
    ------
    ValueError
        If `ord` is unknown for the number of axes, or `axis` has more than two.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> float(linalg.norm([3, 4]))
    5.0
    >>> float(linalg.norm([[1, 2], [3, 4]], 1))
    6.0
    """
    x = as_float(x, "norm", "x")
    if axis is None and (ord is None or (ord in ("f", "fro") and x.ndim == 2) or (ord == 2 and x.ndim == 1)):
        value = _euclidean(x.ravel(order="K"), 0, False)
        return value.reshape((1,) * x.ndim) if keepdims else value
    axes = _axes(x, axis)
    if len(axes) == 1:
        return _vector_norm(x, 2 if ord is None else ord, axes[0], keepdims)
    return _matrix_norm(x, "fro" if ord is None else ord, axes[0], axes[1], keepdims)


def _euclidean(x: FloatArray, axis: Any, keepdims: bool) -> FloatArray:
    """√(Σ x²), by way of x / max|x| where squares over- or underflow."""
    with np.errstate(over="ignore", under="ignore"):
        flat = x.ndim == 1 and not keepdims
        squares = np.asarray(x @ x if flat else np.square(x).sum(axis=axis, keepdims=keepdims))
    info = np.finfo(x.dtype)
    extreme = ~((squares > info.tiny / info.eps) & (squares <= info.max))
    length = np.sqrt(squares)
    if extreme.any() and x.size:
        largest = np.abs(x).max(axis=axis, keepdims=True)
        divisor = np.where(np.isfinite(largest) & (largest > 0), largest, 1)
        rescaled = np.sqrt(np.square(x / divisor).sum(axis=axis, keepdims=True)) * divisor
        length = np.where(extreme, rescaled if keepdims else rescaled.reshape(length.shape), length)
    return length if keepdims else length[()]


def _axes(x: FloatArray, axis: Any) -> tuple[int, ...]:
    axes = tuple(range(x.ndim)) if axis is None else tuple(np.lib.array_utils.normalize_axis_tuple(axis, x.ndim))
    if len(axes) not in (1, 2):
        got = f"{len(axes)} axes of an array of shape {x.shape}"
        raise ValueError(message("norm", "axis", "one axis (vectors) or two (matrices)", got))
    return axes


def _vector_norm(x: FloatArray, p: Any, axis: int, keepdims: bool) -> FloatArray:
    if isinstance(p, str) or np.ndim(p) != 0:
        raise ValueError(message("norm", "ord", "a number for vectors", repr(p)))
    magnitude = np.abs(x)
    if p == np.inf:
        return magnitude.max(axis=axis, keepdims=keepdims, initial=0)
    if p == -np.inf:
        return magnitude.min(axis=axis, keepdims=keepdims)
    if p == 0:
        return (x != 0).astype(x.dtype).sum(axis=axis, keepdims=keepdims)
    if p == 1:
        return magnitude.sum(axis=axis, keepdims=keepdims)
    if p == 2:
        return _euclidean(x, axis, keepdims)
    return _power_norm(magnitude, p, axis, keepdims)


def _power_norm(magnitude: FloatArray, p: Any, axis: int, keepdims: bool) -> FloatArray:
    """(Σ x^p)^(1/p) for x ≥ 0, by way of x / max x where powers over- or underflow."""
    with np.errstate(over="ignore", under="ignore"):
        powers = np.power(magnitude, p).sum(axis=axis, keepdims=True)
        info = np.finfo(magnitude.dtype)
        largest = magnitude.max(axis=axis, keepdims=True, initial=0)
        extreme = ~((powers > info.tiny / info.eps) & (powers <= info.max)) & np.isfinite(largest) & (largest > 0)
        length = np.power(powers, 1 / p)
        if p > 0 and extreme.any():
            rescaled = np.power(magnitude / np.where(extreme, largest, 1), p).sum(axis=axis, keepdims=True)
            length = np.where(extreme, np.power(rescaled, 1 / p) * largest, length)
    return (length if keepdims else length.squeeze(axis)).astype(magnitude.dtype)[()]


def _matrix_norm(x: FloatArray, p: Any, row: int, col: int, keepdims: bool) -> FloatArray:
    """`row` and `col` are the axes along which the matrix's rows and columns are counted."""
    matrices = np.moveaxis(x, (row, col), (-2, -1))
    ways = {
        "fro": lambda: _euclidean(matrices, (-2, -1), False),
        "f": lambda: _euclidean(matrices, (-2, -1), False),
        "nuc": lambda: svd(matrices, compute_uv=False).sum(axis=-1),
        2: lambda: svd(matrices, compute_uv=False).max(axis=-1, initial=0),
        -2: lambda: svd(matrices, compute_uv=False).min(axis=-1),
        1: lambda: np.abs(matrices).sum(axis=-2).max(axis=-1, initial=0),
        -1: lambda: np.abs(matrices).sum(axis=-2).min(axis=-1),
        np.inf: lambda: np.abs(matrices).sum(axis=-1).max(axis=-1, initial=0),
        -np.inf: lambda: np.abs(matrices).sum(axis=-1).min(axis=-1),
    }
    if np.ndim(p) != 0 or p not in ways:
        raise ValueError(message("norm", "ord", "one of " + ", ".join(map(repr, ways)) + " for matrices", repr(p)))
    value = ways[p]()
    return np.expand_dims(value, (row, col)) if keepdims else value


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> FloatArray:
    """The p-norm of vectors, as `numpy.linalg.vector_norm`: (Σ|x_i|^p)^(1/p).

    Parameters
    ----------
    x : array_like
    axis : None, int or tuple of ints
        The axes that together hold a vector; None: all of them.
    keepdims : bool
        Keep the axes that are normed over, with length 1.
    ord : {inf, -inf, float}
        p; 0 counts the non-zeros.

    Returns
    -------
    ndarray
        `x` without the axes that are normed over.

    Raises
    ------
    ValueError
        If `ord` is not a number.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> float(linalg.vector_norm([[3, 4], [0, 12]]))
    13.0
    """
    x = as_float(x, "vector_norm", "x")
    axes = tuple(range(x.ndim)) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, x.ndim)
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    shape = tuple(x.shape[i] for i in rest)
    flat = x.transpose(rest + tuple(axes)).reshape(*shape, int(np.prod([x.shape[i] for i in axes], dtype=int)))
    value = _vector_norm(flat, 2 if ord is None else ord, -1, False)
    return np.expand_dims(value, tuple(axes)) if keepdims else value


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> FloatArray:
    """The norm of matrices, as `numpy.linalg.matrix_norm`; `ord` as in `norm`.

    Parameters
    ----------
    x : array_like, shape (..., m, n)
    keepdims : bool
        Keep the last two axes, with length 1.
    ord : {'fro', 'nuc', inf, -inf, 1, -1, 2, -2}

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If `x` has fewer than two axes or `ord` is unknown.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> float(linalg.matrix_norm([[1, 2], [3, 4]], ord=1))
    6.0
    """
    return norm(x, ord, (-2, -1), keepdims)


def distance(x: Any, y: Any, p: float = 2, *, axis: int = -1) -> FloatArray:
    """The distance of two vectors in the p-norm, p ≥ 1: (Σ|x_i - y_i|^p)^(1/p).

    Parameters
    ----------
    x, y : array_like
        Shapes that broadcast.
    p : float
        At least 1; inf is the largest difference.
    axis : int
        Which axis holds the components.

    Returns
    -------
    ndarray
        The broadcast shape without `axis`.

    Raises
    ------
    ValueError
        If p < 1, where the triangle inequality fails, or the shapes do not fit.

    References
    ----------
    CS582, section 2 (norms); SIT744.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> float(linalg.distance([1, 2], [4, 6]))
    5.0
    """
    if isinstance(p, bool) or not isinstance(p, int | float | np.number) or not p >= 1:
        raise ValueError(message("distance", "p", "at least 1", repr(p)))
    x, y = as_same_float("distance", x=x, y=y)
    return _vector_norm(x - y, p, axis, False)


def angle(x: Any, y: Any, *, axis: int = -1) -> FloatArray:
    """The angle between two vectors in radians: cos θ = xᵀy / (‖x‖ ‖y‖).

    Computed as 2 atan2(‖x/‖x‖ - y/‖y‖‖, ‖x/‖x‖ + y/‖y‖‖), which is exact for small angles too (Kahan).

    Parameters
    ----------
    x, y : array_like
        Shapes that broadcast.
    axis : int
        Which axis holds the components.

    Returns
    -------
    ndarray
        The broadcast shape without `axis`; NaN where a vector is zero.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    CS582, section 2; SIT744. W. Kahan, "How futile are mindless assessments of roundoff", 2006.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> round(float(linalg.angle([1, 0], [1, 1])), 6)
    0.785398
    """
    x, y = as_same_float("angle", x=x, y=y)
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = x / _euclidean(x, axis, True), y / _euclidean(y, axis, True)
    return 2 * np.arctan2(_euclidean(x - y, axis, False), _euclidean(x + y, axis, False))

"""Norms and the trace."""

from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import message
from mmlcore.linalg.svd import svd

__all__ = ["norm", "trace"]


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> FloatArray:
    """The sum of the diagonal of the last two axes, as `numpy.linalg.trace`: Σ_i x_i,i+offset.

    Parameters
    ----------
    x : array_like, shape (..., m, n)
    offset : int
        Which diagonal: above (positive) or below (negative) the main one.
    dtype : dtype, optional
        Of the sum; by default that of `x`.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    ValueError
        If `x` has fewer than two axes.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> float(linalg.trace([[1, 2], [3, 4]]))
    5.0
    """
    x = as_float(x, "trace", "x")
    if x.ndim < 2:
        raise ValueError(message("trace", "x", "at least two-dimensional", f"shape {x.shape}"))
    return np.trace(x, offset=offset, axis1=-2, axis2=-1, dtype=dtype)


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
        flat = x.ravel(order="K")
        value = np.sqrt(flat @ flat)
        return value.reshape((1,) * x.ndim) if keepdims else value
    axes = _axes(x, axis)
    if len(axes) == 1:
        return _vector_norm(x, 2 if ord is None else ord, axes[0], keepdims)
    return _matrix_norm(x, "fro" if ord is None else ord, axes[0], axes[1], keepdims)


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
        return magnitude.max(axis=axis, keepdims=keepdims)
    if p == -np.inf:
        return magnitude.min(axis=axis, keepdims=keepdims)
    if p == 0:
        return (x != 0).astype(x.dtype).sum(axis=axis, keepdims=keepdims)
    if p == 1:
        return magnitude.sum(axis=axis, keepdims=keepdims)
    if p == 2:
        return np.sqrt(np.square(x).sum(axis=axis, keepdims=keepdims))
    return np.power(np.power(magnitude, p).sum(axis=axis, keepdims=keepdims), 1 / p).astype(x.dtype)


def _matrix_norm(x: FloatArray, p: Any, row: int, col: int, keepdims: bool) -> FloatArray:
    """`row` and `col` are the axes along which the matrix's rows and columns are counted."""
    matrices = np.moveaxis(x, (row, col), (-2, -1))
    ways = {
        "fro": lambda: np.sqrt(np.square(matrices).sum(axis=(-2, -1))),
        "f": lambda: np.sqrt(np.square(matrices).sum(axis=(-2, -1))),
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

"""Products and rearrangements of arrays; on integers the arithmetic is exact and the result an integer, as in NumPy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore._arrays import FloatArray
from mmlcore._errors import message
from mmlcore.linalg.matmul import matmul
from mmlcore.linalg.solve import inv, solve
from mmlcore.linalg.stacks import like, require_real, require_square

__all__ = [
    "cross",
    "diagonal",
    "matrix_power",
    "matrix_transpose",
    "multi_dot",
    "outer",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
]


def outer(x1: Any, x2: Any, /) -> Any:
    """The outer product of two vectors, as `numpy.linalg.outer`: c_ij = a_i b_j.

    Parameters
    ----------
    x1 : array_like, shape (m,)
    x2 : array_like, shape (n,)

    Returns
    -------
    ndarray, shape (m, n)

    Raises
    ------
    ValueError
        If either is not a vector.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.outer([1, 2], [3, 4])
    array([[3, 4],
           [6, 8]])
    """
    a, b = require_real("outer", "x1", x1), require_real("outer", "x2", x2)
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(message("outer", "Input arrays", "one-dimensional", f"shapes {a.shape} and {b.shape}"))
    return np.outer(a, b)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
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
    >>> int(linalg.trace([[1, 2], [3, 4]]))
    5
    """
    x = require_real("trace", "x", x)
    if x.ndim < 2:
        raise ValueError(message("trace", "x", "at least two-dimensional", f"shape {x.shape}"))
    return np.trace(x, offset=offset, axis1=-2, axis2=-1, dtype=dtype)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """The diagonals of the last two axes, as `numpy.linalg.diagonal`: a read-only view.

    Parameters
    ----------
    x : array_like, shape (..., m, n)
    offset : int
        Which diagonal: above (positive) or below (negative) the main one.

    Returns
    -------
    ndarray, shape (..., length of the diagonal)

    Raises
    ------
    ValueError
        If `x` has fewer than two axes.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.diagonal([[1, 2], [3, 4]])
    array([1, 4])
    """
    return np.diagonal(require_real("diagonal", "x", x), offset, axis1=-2, axis2=-1)


def matrix_transpose(x: Any, /) -> Any:
    """The last two axes exchanged, as `numpy.linalg.matrix_transpose`: a view.

    Parameters
    ----------
    x : array_like, shape (..., m, n)

    Returns
    -------
    ndarray, shape (..., n, m)

    Raises
    ------
    ValueError
        If `x` has fewer than two axes.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.matrix_transpose([[1, 2], [3, 4]])
    array([[1, 3],
           [2, 4]])
    """
    return np.matrix_transpose(require_real("matrix_transpose", "x", x))


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The cross product of vectors in space, as `numpy.linalg.cross`.

    Parameters
    ----------
    x1, x2 : array_like, shape (..., 3, ...)
    axis : int
        Where the three components lie.

    Returns
    -------
    ndarray, the broadcast shape

    Raises
    ------
    ValueError
        If the axis does not have three components.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.cross([1, 0, 0], [0, 1, 0])
    array([0, 0, 1])
    """
    a, b = require_real("cross", "x1", x1), require_real("cross", "x2", x2)
    if any(x.ndim == 0 or x.shape[axis] != 3 for x in (a, b)):
        got = f"shapes {a.shape} and {b.shape}"
        raise ValueError(message("cross", "input arrays", "(arrays of) 3-dimensional vectors", got))
    return np.cross(a, b, axis=axis)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """The scalar products of vectors, as `numpy.linalg.vecdot`: Σ_i a_i b_i along an axis.

    Parameters
    ----------
    x1, x2 : array_like
        Shapes that broadcast.
    axis : int

    Returns
    -------
    ndarray
        The broadcast shape without `axis`.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.vecdot([[1, 2], [3, 4]], [5, 6])
    array([17, 39])
    """
    a, b = require_real("vecdot", "x1", x1), require_real("vecdot", "x2", x2)
    return np.vecdot(np.moveaxis(a, axis, -1), np.moveaxis(b, axis, -1))


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """The sum over pairs of axes of two arrays, as `numpy.linalg.tensordot`.

    Parameters
    ----------
    x1, x2 : array_like
    axes : int or pair of sequences of int
        The last N axes of `x1` with the first N of `x2`; or which of `x1` with which of `x2`.

    Returns
    -------
    ndarray
        The axes of `x1` that are not summed over, then those of `x2`.

    Raises
    ------
    ValueError
        If the lengths of paired axes differ.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.tensordot([[1, 2], [3, 4]], [[1, 0], [0, 1]], axes=2)
    array(5)
    """
    a, b = require_real("tensordot", "x1", x1), require_real("tensordot", "x2", x2)
    if a.dtype.kind != "f" or a.dtype != b.dtype:
        return np.tensordot(a, b, axes=axes)
    if isinstance(axes, int | np.integer):
        of_a, of_b = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        of_a, of_b = ([int(i) for i in np.atleast_1d(one)] for one in axes)
    if len(of_a) != len(of_b) or any(a.shape[i] != b.shape[j] for i, j in zip(of_a, of_b, strict=True)):
        got = f"shapes {a.shape} and {b.shape} over {axes}"
        raise ValueError(message("tensordot", "axes", "pairs of the same length", got))
    of_a, of_b = [i % a.ndim for i in of_a], [j % b.ndim for j in of_b]
    left = [i for i in range(a.ndim) if i not in of_a]
    right = [j for j in range(b.ndim) if j not in of_b]
    summed = int(np.prod([a.shape[i] for i in of_a], dtype=int))
    shape = [a.shape[i] for i in left] + [b.shape[j] for j in right]
    rows = int(np.prod(shape[: len(left)], dtype=int))
    columns = int(np.prod(shape[len(left) :], dtype=int))
    one, other = a.transpose(left + of_a).reshape(rows, summed), b.transpose(of_b + right).reshape(summed, columns)
    return matmul(one, other).reshape(shape)


def matrix_power(a: Any, n: int) -> Any:
    """The n-th power of a square matrix, as `numpy.linalg.matrix_power`, by squaring; negative powers of the inverse.

    Parameters
    ----------
    a : array_like, shape (..., m, m)
    n : int

    Returns
    -------
    ndarray, shape (..., m, m)

    Raises
    ------
    LinAlgError
        If `a` is not square, or singular with negative `n`.
    TypeError
        If `n` is not an integer.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.matrix_power([[1, 1], [1, 0]], 10)
    array([[89, 55],
           [55, 34]])
    """
    a = require_real("matrix_power", "a", a)
    require_square("matrix_power", a)
    if not hasattr(n, "__index__"):
        raise TypeError(message("matrix_power", "n", "an integer", repr(n)))
    n = n.__index__()
    if n == 0:
        return like(a, np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy())
    power, rest = (inv(a), -n) if n < 0 else (a, n)
    if rest == 3:  # NumPy's order, in which infinities meet the same numbers
        return like(a, np.asarray(matmul(matmul(power, power), power)))
    result: Any = None
    while rest:
        if rest & 1:
            result = power if result is None else matmul(result, power)
        rest >>= 1
        if rest:
            power = matmul(power, power)
    return like(a, np.asarray(result))


def multi_dot(arrays: Sequence[Any], *, out: FloatArray | None = None) -> Any:
    """The product of two or more matrices in the cheapest order, as `numpy.linalg.multi_dot`.

    Parameters
    ----------
    arrays : sequence of array_like
        Matrices; the first and the last may be vectors.
    out : ndarray, optional
        Where the result goes: its exact shape and dtype.

    Returns
    -------
    ndarray
        A matrix; a vector or a scalar where the ends are vectors.

    Raises
    ------
    ValueError
        With fewer than two arrays, or shapes that do not fit.
    LinAlgError
        If one in the middle is not a matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import linalg
    >>> linalg.multi_dot([np.ones((10, 100)), np.ones((100, 5)), np.ones((5, 50))]).shape
    (10, 50)
    """
    factors = [require_real("multi_dot", "arrays", a) for a in arrays]
    if len(factors) < 2:
        raise ValueError(message("multi_dot", "arrays", "at least two arrays", len(factors)))
    ends = factors[0].ndim, factors[-1].ndim
    first, last = (factors[0][None, :] if ends[0] == 1 else factors[0]), factors[-1]
    matrices = [first, *factors[1:-1], last[:, None] if ends[1] == 1 else last]
    for matrix in matrices:
        if matrix.ndim != 2:
            raise LinAlgError(message("multi_dot", "arrays", "matrices", f"shape {matrix.shape}"))
    splits = _cheapest_order([matrix.shape[0] for matrix in matrices] + [matrices[-1].shape[1]])

    def product(i: int, j: int) -> Any:
        return matrices[i] if i == j else matmul(product(i, splits[i, j]), product(splits[i, j] + 1, j))

    result = product(0, len(matrices) - 1)
    shape = () if ends == (1, 1) else (-1,) if 1 in ends else result.shape
    result = like(factors[0], result.reshape(shape)) if shape else result.reshape(())[()]
    if out is None:
        return result
    if out.shape != np.shape(result) or out.dtype != result.dtype or not out.flags.c_contiguous:
        expected = f"C-contiguous, of shape {np.shape(result)} and dtype {result.dtype}"
        raise ValueError(message("multi_dot", "out", expected, f"shape {out.shape} and dtype {out.dtype}"))
    out[...] = result
    return out


def _cheapest_order(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split the product of matrices i … j of sizes[i] × sizes[i + 1] (Cormen et al., 15.2)."""
    count = len(sizes) - 1
    cost: dict[tuple[int, int], float] = {(i, i): 0 for i in range(count)}
    split = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            options = [(cost[i, s] + cost[s + 1, j] + sizes[i] * sizes[s + 1] * sizes[j + 1], s) for s in range(i, j)]
            cost[i, j], split[i, j] = min(options)
    return split


def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> FloatArray:
    """The x with tensordot(a, x, x.ndim) = b, as `numpy.linalg.tensorsolve`.

    Parameters
    ----------
    a : array_like, shape b.shape + q
        With as many elements in q as in b.
    b : array_like
    axes : sequence of int, optional
        Axes of `a` that are moved to the end first.

    Returns
    -------
    ndarray, shape q

    Raises
    ------
    LinAlgError
        If the sizes do not fit or the matrix is singular.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import linalg
    >>> linalg.tensorsolve(2 * np.eye(6).reshape(2, 3, 6), np.ones((2, 3)))
    array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    """
    original = b
    a, b = require_real("tensorsolve", "a", a), require_real("tensorsolve", "b", b)
    if axes is not None:
        a = a.transpose([i for i in range(a.ndim) if i not in axes] + list(axes))
    shape = a.shape[b.ndim - a.ndim :] if b.ndim < a.ndim else ()
    size = int(np.prod(shape, dtype=int))
    if a.size != size**2:
        got = f"shapes {a.shape} and {b.shape}"
        raise LinAlgError(message("tensorsolve", "a", "of as many elements in its last axes as b", got))
    return like(original, solve(np.asarray(a).reshape(size, size), np.asarray(b).ravel()).reshape(shape))


def tensorinv(a: Any, ind: int = 2) -> FloatArray:
    """The inverse for tensordot over `ind` axes, as `numpy.linalg.tensorinv`.

    Parameters
    ----------
    a : array_like, shape p + q
        p the first `ind` axes; as many elements in p as in q.
    ind : int

    Returns
    -------
    ndarray, shape q + p

    Raises
    ------
    LinAlgError
        If the sizes do not fit or the matrix is singular.
    ValueError
        If `ind` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import linalg
    >>> linalg.tensorinv(np.eye(6).reshape(2, 3, 6)).shape
    (6, 2, 3)
    """
    a = np.asarray(require_real("tensorinv", "a", a))
    if ind <= 0:
        raise ValueError(message("tensorinv", "ind", "positive", ind))
    shape = a.shape[ind:] + a.shape[:ind]
    size = int(np.prod(a.shape[ind:], dtype=int))
    return inv(a.reshape(size, -1)).reshape(shape)

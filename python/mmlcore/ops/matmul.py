"""Products of vectors, matrices and stacks of matrices, on `mmlcore.linalg.matmul`."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from mmlcore import _kernels, linalg
from mmlcore._arrays import as_float
from mmlcore.autodiff import defbatch, defjvp, defvjp, implements, method, primitive
from mmlcore.ops.arithmetic import multiply
from mmlcore.ops.broadcasting import unbroadcast
from mmlcore.ops.shape import as_rows, moveaxis, ravel, reshape, shape_of, swapaxes

__all__ = ["dot", "matmul", "outer"]

_product: Any = _kernels.matmul


@implements(np.matmul, np.linalg.matmul)
@method("__matmul__")
@primitive
def matmul(x: Any, y: Any) -> Any:
    """The matrix product x y, also of stacks; a vector is a row on the left, a column on the right.

    Parameters
    ----------
    x : array (..., m, k) or (k,), float32 or float64 (of integers alone the product is of integers)
    y : array (..., k, n) or (k,), float32 or float64
        Leading dimensions broadcast.

    Returns
    -------
    array (..., m, n), without m or n where x or y is a vector

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Notes
    -----
    With g = ∂E/∂(x y):  ∂E/∂x = g yᵀ,  ∂E/∂y = xᵀ g.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.matmul([[1.0, 2.0], [3.0, 4.0]], [5, 6])
    array([17., 39.])
    """
    ans = _product(x, y)  # two arrays of one dtype, without another call in between
    return linalg.matmul(x, y) if ans is NotImplemented else ans


# Nothing is looked at before the way back: what the rules do at once is part of the price of every recorded product.


def _matmul_x(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    shape = x.shape

    def pullback(g: Any) -> Any:
        other = y if hasattr(y, "ndim") else as_float(y, "matmul", "y")
        return _pull_to_x(g, other, shape)

    return pullback


def _pull_to_x(g: Any, y: Any, shape: tuple[int, ...]) -> Any:
    vector = len(shape) == 1
    if y.ndim == 1:
        return g * y if vector else unbroadcast(reshape(g, (*g.shape, 1)) * y, shape)
    if vector and y.ndim == 2:
        return matmul(y, g)
    if vector:
        return unbroadcast(reshape(matmul(y, reshape(g, (*g.shape, 1))), y.shape[:-1]), shape)
    return unbroadcast(matmul(g, swapaxes(y, -1, -2)), shape)


def _matmul_y(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    shape = y.shape

    def pullback(g: Any) -> Any:
        other = x if hasattr(x, "ndim") else as_float(x, "matmul", "x")
        return _pull_to_y(g, other, shape)

    return pullback


def _pull_to_y(g: Any, x: Any, shape: tuple[int, ...]) -> Any:
    vector = len(shape) == 1
    if x.ndim == 1:
        if vector:
            return g * x
        return unbroadcast(reshape(x, (-1, 1)) * reshape(g, (*g.shape[:-1], 1, g.shape[-1])), shape)
    if vector:
        return matmul(g if len(g.shape) == 1 else ravel(g), as_rows(x))
    if len(shape) == 2:  # one matrix for the whole stack: one product
        return matmul(swapaxes(as_rows(x), 0, 1), as_rows(g))
    return unbroadcast(matmul(swapaxes(x, -1, -2), g), shape)


def _matmul_stack(stacked: tuple[bool, ...], size: int, x: Any, y: Any) -> Any:
    """Stacks on one side, on their own dimensions those of one product."""
    m, n = len(shape_of(x)) - stacked[0], len(shape_of(y)) - stacked[1]
    if all(stacked) or (m > 2 and n < 2) or (n > 2 and m < 2):
        return NotImplemented
    if stacked[0]:
        return matmul(x if m >= n or m == 1 else reshape(x, (size, *(1,) * (n - m), *x.shape[1:])), y)
    if n == 1:
        return matmul(y, swapaxes(x, 0, 1)) if m == 2 else matmul(y, x)
    return matmul(x, y if n >= m or m == 1 else reshape(y, (size, *(1,) * (m - n), *y.shape[1:])))


defvjp(matmul, _matmul_x, _matmul_y)
defjvp(matmul, "linear", "linear")
defbatch(matmul, _matmul_stack)


@method("__rmatmul__")
def _rmatmul(y: Any, x: Any) -> Any:
    return matmul(x, y)


@implements(np.dot)
@method("dot")
def dot(x: Any, y: Any) -> Any:
    """The sum of products over the last axis of x and the last but one of y.

    Parameters
    ----------
    x, y : arrays or numbers, float32 or float64

    Returns
    -------
    array or NumPy scalar
        Of vectors the inner product, of matrices the matrix product, with a number the multiple.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.dot([1, 2], [3, 4]))
    11.0
    """
    shape_x, shape_y = shape_of(x), shape_of(y)
    if not shape_x or not shape_y:
        return multiply(x, y)
    if len(shape_y) <= 2:
        return matmul(x, y)
    stacked = moveaxis(y, -2, 0)  # all columns of all matrices side by side
    product = matmul(x, reshape(stacked, (stacked.shape[0], prod(stacked.shape[1:]))))
    return reshape(product, product.shape[:-1] + stacked.shape[1:])


@implements(np.outer, np.linalg.outer)
def outer(x: Any, y: Any) -> Any:
    """The outer product x yᵀ of two vectors; other arrays are flattened.

    Parameters
    ----------
    x : array of size m, float32 or float64
    y : array of size n, float32 or float64

    Returns
    -------
    array (m, n)

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.outer([1, 2], [3, 4])
    array([[3., 4.],
           [6., 8.]])
    """
    return multiply(reshape(ravel(x), (-1, 1)), ravel(y))

"""Indexing: x[index] with everything that NumPy allows, and its transpose, which scatters."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore.autodiff import Tensor, defbatch, defjvp, defvjp, implements, method, primitive
from mmlcore.ops.broadcasting import FLOATS
from mmlcore.ops.reductions import sum
from mmlcore.ops.shape import axes_of, moveaxis, ravel, shape_of

__all__ = ["diagonal", "getitem", "scatter", "take", "trace"]


@method("__getitem__")
@primitive
def getitem(x: Any, index: Any) -> Any:
    """The elements x[index]; an element taken twice gets the gradient of both.

    Parameters
    ----------
    x : array, float32 or float64
    index : int, slice, None, Ellipsis, array of integers or booleans, or a tuple of these

    Returns
    -------
    array or NumPy scalar
        A view if there are no arrays in the index.

    Raises
    ------
    IndexError
        If there are no such elements.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import grad, ops
    >>> ops.getitem([5, 6, 7], slice(1, None))
    array([6., 7.])
    >>> grad(lambda x: np.sum(x[[0, 0, 2]]))(np.array([5.0, 6.0, 7.0]))
    array([2., 0., 1.])
    """
    return (x if type(x) is np.ndarray and x.dtype in FLOATS else as_float(x, "getitem", "x"))[index]


@primitive
def scatter(g: Any, index: Any, shape: Any) -> Any:
    """An array of zeros to which g has been added at `index`: the transpose of `getitem`.

    Parameters
    ----------
    g : array, float32 or float64
    index : as for `getitem`
    shape : tuple of int
        Of the result.

    Returns
    -------
    ndarray

    Raises
    ------
    IndexError
        If there are no such elements.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.scatter(np.array([1.0, 2.0, 3.0]), np.array([0, 0, 2]), (4,))
    array([3., 0., 3., 0.])
    """
    return _scattered(g, index, shape)


def _scattered(g: Any, index: Any, shape: Any) -> Any:
    x = np.zeros(shape, g.dtype)
    if type(index) not in _SIMPLE and _repeats(index):
        np.add.at(x, index, g)
    else:
        x[index] = g
    return x


_SIMPLE = (int, slice)


def _repeats(index: Any) -> bool:
    """Whether an index may take an element twice: only one with arrays of integers can."""
    parts = index if isinstance(index, tuple) else (index,)
    basic = (int, np.integer, slice, type(None), type(Ellipsis))
    return any(not isinstance(part, basic) and np.asarray(part).dtype != bool for part in parts)


def _getitem_back(ans: Any, x: Any, index: Any) -> Callable[[Any], Any]:
    shape = x.shape
    return lambda g: scatter(g, index, shape) if type(g) is Tensor else _scattered(g, index, shape)


def _behind_stack(index: Any) -> Any:
    """The same index behind one more axis; None where NumPy would move axes to the front."""
    parts = index if isinstance(index, tuple) else (index,)
    basic = (slice, type(None), type(Ellipsis))
    advanced = [i for i, part in enumerate(parts) if not isinstance(part, basic)]
    arrays = any(not isinstance(parts[i], (int, np.integer)) for i in advanced)
    if arrays and advanced[-1] - advanced[0] + 1 > len(advanced):
        return None
    return (slice(None), *parts)


def _getitem_stack(stacked: Any, size: int, x: Any, index: Any) -> Any:
    behind = _behind_stack(index)
    return NotImplemented if behind is None else getitem(x, behind)


def _scatter_stack(stacked: Any, size: int, g: Any, index: Any, shape: Any) -> Any:
    behind = _behind_stack(index)
    return NotImplemented if behind is None else scatter(g, behind, (size, *shape))


defvjp(getitem, _getitem_back, None)
defvjp(scatter, lambda ans, g, index, shape: lambda h: getitem(h, index), None, None)
defjvp(getitem, "linear", None)
defjvp(scatter, "linear", None, None)
defbatch(getitem, _getitem_stack)
defbatch(scatter, _scatter_stack)


@implements(np.take)
@method("take")
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements at some positions along an axis.

    Parameters
    ----------
    x : array, float32 or float64
    indices : int or array of int
    axis : int, optional
        By default positions count through all elements, row by row.

    Returns
    -------
    array or NumPy scalar
        The axis is replaced by the axes of `indices`.

    Raises
    ------
    IndexError
        If there are no such elements.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.take([[1, 2, 3], [4, 5, 6]], [2, 0], axis=1)
    array([[3., 1.],
           [6., 4.]])
    """
    if axis is None:
        return getitem(ravel(x), indices)
    (place,) = axes_of("take", axis, len(shape_of(x)))
    return getitem(x, (slice(None),) * place + (np.asarray(indices),))


@implements(np.diagonal)
@method("diagonal")
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of the matrices that two axes span.

    Parameters
    ----------
    x : array of two dimensions or more, float32 or float64
    offset : int, default 0
        Above (positive) or below the main diagonal.
    axis1, axis2 : int
        Rows and columns.

    Returns
    -------
    array
        The two axes are replaced by one, the last.

    Raises
    ------
    ValueError
        If `x` has no such axes.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.diagonal([[1, 2], [3, 4]])
    array([1., 4.])
    """
    rows, columns = axes_of("diagonal", (axis1, axis2), len(shape_of(x)))
    matrices = moveaxis(x, (rows, columns), (-2, -1))
    m, n = shape_of(matrices)[-2:]
    i = np.arange(max(0, -offset), max(0, -offset, min(m, n - offset)))
    return getitem(matrices, (Ellipsis, i, i + offset))


@implements(np.trace)
@method("trace")
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of the diagonal of a matrix, or of the matrices that two axes span.

    Parameters
    ----------
    x : array of two dimensions or more, float32 or float64
    offset : int, default 0
        Above (positive) or below the main diagonal.
    axis1, axis2 : int
        Rows and columns.

    Returns
    -------
    array or NumPy scalar
        Without the two axes.

    Raises
    ------
    ValueError
        If `x` has no such axes.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.trace([[1, 2], [3, 4]]))
    5.0
    """
    return sum(diagonal(x, offset, axis1, axis2), axis=-1)


@implements(np.linalg.diagonal)
def _diagonal_of_last(x: Any, *, offset: int = 0) -> Any:
    return diagonal(x, offset, -2, -1)


@implements(np.linalg.trace)
def _trace_of_last(x: Any, *, offset: int = 0) -> Any:
    return trace(x, offset, -2, -1)

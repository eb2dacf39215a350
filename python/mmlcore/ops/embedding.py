"""Rows of a table by number, with a derivative for the table."""

from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float
from mmlcore.autodiff import defvjp, primitive

__all__ = ["embedding"]


@primitive
def embedding(table: Any, *, rows: Any) -> Any:
    """table[rows]: a vector for each of the numbers; the derivative adds up where a row is used twice.

    Parameters
    ----------
    table : array (n, width), float32 or float64
    rows : array (...) of whole numbers, of any dtype

    Returns
    -------
    array (..., width)
        NaN for a number that names no row.

    Raises
    ------
    ValueError
        If `table` is not a matrix.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.embedding([[1.0, 2.0], [3.0, 4.0]], rows=[1, 0, 1])
    array([[3., 4.],
           [1., 2.],
           [3., 4.]])
    """
    table = as_float(table, "embedding", "table")
    numbers = np.asarray(rows).astype(table.dtype, copy=False)
    y = np.empty((*numbers.shape, table.shape[-1]), table.dtype)
    _kernels.look_up(y, table, numbers)
    return y


@primitive
def _scatter(g: Any, *, rows: Any, size: int) -> Any:
    """The sums of the g_i that belong to each row."""
    numbers = np.asarray(rows).astype(g.dtype, copy=False)
    total = np.empty((size, g.shape[-1]), g.dtype)
    _kernels.look_up_grad(total, g, numbers)
    return total


defvjp(embedding, lambda ans, table, *, rows: lambda g: _scatter(g, rows=rows, size=table.shape[0]))
defvjp(_scatter, lambda ans, g, *, rows, size: lambda h: embedding(h, rows=rows))

"""What numpy.linalg has beyond factorisations and systems, composed of these."""

from math import prod
from typing import Any

import numpy as np

from mmlcore._errors import message
from mmlcore.autodiff import constant, implements
from mmlcore.ops.elementwise import square
from mmlcore.ops.linalg_spectral import svdvals
from mmlcore.ops.linalg_systems import inv, lstsq, solve
from mmlcore.ops.matmul import matmul
from mmlcore.ops.norms import norm
from mmlcore.ops.reductions import sum
from mmlcore.ops.shape import moveaxis, ravel, reshape, shape_of

__all__: list[str] = []

constant(np.linalg.matrix_rank)


@implements(np.linalg.lstsq)
def _lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, int, Any]:
    """Solution, sums of squares (for more rows than columns and full rank), rank, singular values."""
    if rcond is not None:
        raise TypeError(message("lstsq", "rcond", "None when an argument is a Tensor", repr(rcond)))
    x = lstsq(a, b)
    rows, columns = shape_of(a)
    rank = int(np.linalg.matrix_rank(a))
    if rank < columns or rows <= columns:
        return x, np.zeros(0, x.dtype), rank, svdvals(a)
    return x, reshape(sum(square(matmul(a, x) - b), axis=0), (-1,)), rank, svdvals(a)


@implements(np.linalg.cond)
def _cond(x: Any, p: Any = None) -> Any:
    """The condition number ‖x‖ ‖x⁻¹‖; of the spectral norm the ratio of the singular values."""
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return norm(x, p, (-2, -1)) * norm(inv(x), p, (-2, -1))


@implements(np.linalg.tensorinv)
def _tensorinv(a: Any, ind: int = 2) -> Any:
    """The inverse of the map from the last axes to the first `ind` ones."""
    shape = shape_of(a)
    matrix = reshape(a, (prod(shape[:ind]), prod(shape[ind:])))
    return reshape(inv(matrix), shape[ind:] + shape[:ind])


@implements(np.linalg.tensorsolve)
def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """The x with tensordot(a, x, x.ndim) = b; `axes` of a are brought to its end first."""
    if axes is not None:
        a = moveaxis(a, tuple(axes), tuple(range(-len(axes), 0)))
    unknown = shape_of(a)[len(shape_of(b)) :]
    return reshape(solve(reshape(a, (prod(shape_of(b)), prod(unknown))), ravel(b)), unknown)


@implements(np.polyfit)
def _polyfit(x: Any, y: Any, deg: int) -> Any:
    """The coefficients of the polynomial of least squares, the highest power first."""
    powers = np.vander(x, deg + 1)
    lengths = norm(powers, axis=0)
    coefficients = lstsq(powers / lengths, y)
    return coefficients / (lengths if len(shape_of(y)) == 1 else reshape(lengths, (-1, 1)))

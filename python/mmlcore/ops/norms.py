"""Lengths and spreads: norms, variance and standard deviation."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from mmlcore._errors import message
from mmlcore.autodiff import defvjp, implements, method, plain, primitive
from mmlcore.ops.arithmetic import subtract
from mmlcore.ops.broadcasting import FLOATS
from mmlcore.ops.elementwise import absolute, sqrt, square
from mmlcore.ops.kinked import where
from mmlcore.ops.linalg_spectral import svdvals
from mmlcore.ops.reductions import Axis, kept_shape, max, mean, min, sum
from mmlcore.ops.shape import axes_of, moveaxis, reshape, shape_of, squeeze

__all__ = ["norm", "std", "var"]

_FEW = 1024


@primitive
def _euclidean(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return sqrt(sum(square(x), axis=axis, keepdims=keepdims))


def _euclidean_back(ans: Any, x: Any, axis: Axis = None, *, keepdims: bool = False) -> Callable[[Any], Any]:
    kept = kept_shape(x.shape, axis)
    # The derivative is x / |x|; at the kink x = 0 the subgradient 0.
    length = reshape(where(ans == 0, 1.0, ans), kept)
    return lambda g: reshape(g, kept) * (x / length)


defvjp(_euclidean, _euclidean_back)


@primitive
def _length(x: Any) -> Any:
    """`_euclidean` of all elements together: of few in one step of NumPy's, whose sums of many lose digits."""
    if type(x) is not np.ndarray or x.dtype not in FLOATS or x.size > _FEW:
        return _euclidean(x)
    flat = x.ravel()
    return np.sqrt(flat.dot(flat))


def _length_back(ans: Any, x: Any) -> Callable[[Any], Any]:
    return lambda g: x * (g / where(ans == 0, 1.0, ans))


defvjp(_length, _length_back)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    r"""The norm of a vector, :math:`(\sum |x_i|^p)^{1/p}`, or the Frobenius norm of a matrix.

    Where it has no derivative, because elements are 0, their derivative is taken as 0.

    Parameters
    ----------
    x : array, float32 or float64
    ord : None, 'fro', 'nuc', ±1, ±2, ±inf or for vectors another number p, default None
        None is 2 for vectors and 'fro' for matrices. 0 counts the elements that are not 0.
    axis : int or tuple of int, optional
        One axis: norms of the vectors along it; two: of the matrices that they span.
        By default `x` is one vector, or one matrix, or with `ord=None` all its elements together.
    keepdims : bool, default False
        Leave the axes in the result with length 1.

    Returns
    -------
    array or NumPy scalar

    Raises
    ------
    ValueError
        For any other `ord`, or if `x` has no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import grad, ops
    >>> float(ops.norm([3.0, 4.0]))
    5.0
    >>> grad(ops.norm)(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    if ord is None and axis is None and not keepdims:
        return _length(x)
    ndim = len(shape_of(x))
    axes = tuple(range(ndim)) if axis is None else axes_of("norm", axis, ndim)
    if ord is None or (ord == "fro" and len(axes) == 2):
        ord = 2
    elif len(axes) == 2 and ord in _MATRIX_NORMS:
        value = _MATRIX_NORMS[ord](moveaxis(x, axes, (-2, -1)))
        return reshape(value, kept_shape(shape_of(x), axes)) if keepdims else value
    elif isinstance(ord, str) or len(axes) != 1:
        expectation = "None, 'fro', 'nuc', ±1, ±2 or ±inf for matrices, or a number for vectors"
        raise ValueError(message("norm", "ord", expectation, f"{ord!r} over {len(axes)} axes"))
    return _vector_norm(x, axis=axes, keepdims=keepdims, ord=ord)


_MATRIX_NORMS: dict[Any, Callable[[Any], Any]] = {
    "nuc": lambda x: sum(svdvals(x), axis=-1),
    2: lambda x: svdvals(x)[..., 0],
    -2: lambda x: svdvals(x)[..., -1],
    1: lambda x: max(sum(absolute(x), axis=-2), axis=-1),
    -1: lambda x: min(sum(absolute(x), axis=-2), axis=-1),
    np.inf: lambda x: max(sum(absolute(x), axis=-1), axis=-1),
    -np.inf: lambda x: min(sum(absolute(x), axis=-1), axis=-1),
}


@implements(np.linalg.vector_norm)
def _vector_norm(x: Any, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of the elements along the axes, however many, as one vector."""
    if ord == 2:
        return _euclidean(x, axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return max(absolute(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return min(absolute(x), axis=axis, keepdims=keepdims)
    if ord == 0:  # how many are not 0: a step
        return np.asarray(np.sum(plain(x) != 0, axis, keepdims=keepdims), plain(x).dtype)[()]
    if ord < 0:
        return sum(absolute(x) ** ord, axis=axis, keepdims=keepdims) ** (1 / ord)
    if ord == 1:
        return sum(absolute(x), axis=axis, keepdims=keepdims)
    return _flat_at_0(sum(_flat_at_0(absolute(x), ord), axis=axis, keepdims=keepdims), 1 / ord)


def _flat_at_0(x: Any, p: float) -> Any:
    """x^p for x ≥ 0, p > 0, with the derivative 0 at 0."""
    at_0 = x == 0
    return where(at_0, 0.0, where(at_0, 1.0, x) ** p)


@implements(np.var)
@method("var")
def var(x: Any, axis: Axis = None, *, ddof: int = 0, keepdims: bool = False, correction: int | None = None) -> Any:
    r"""The variance :math:`\frac{1}{n - ddof} \sum (x - \bar x)^2` over all elements or some axes.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int or tuple of int, optional
        The axes to average over; all by default.
    ddof : int, default 0
        1 for the unbiased estimate from a sample.
    keepdims : bool, default False
        Leave them in the result with length 1.
    correction : int, optional
        `ddof` by its name in the array API.

    Returns
    -------
    array or NumPy scalar

    Raises
    ------
    ValueError
        If `x` has no such axis, or not more than `ddof` elements along them.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.var([1, 2, 3, 4]))
    1.25
    """
    x, freedom = _centred("var", x, axis, ddof if correction is None else correction)
    return sum(square(x), axis=axis, keepdims=keepdims) / freedom


@implements(np.std)
@method("std")
def std(x: Any, axis: Axis = None, *, ddof: int = 0, keepdims: bool = False, correction: int | None = None) -> Any:
    """The standard deviation, the square root of `var`; where it is 0 its derivative is taken as 0.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int or tuple of int, optional
        The axes to average over; all by default.
    ddof : int, default 0
        1 divides by n - 1.
    keepdims : bool, default False
        Leave them in the result with length 1.
    correction : int, optional
        `ddof` by its name in the array API.

    Returns
    -------
    array or NumPy scalar

    Raises
    ------
    ValueError
        If `x` has no such axis, or not more than `ddof` elements along them.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.std([1, 3]))
    1.0
    """
    x, freedom = _centred("std", x, axis, ddof if correction is None else correction)
    return _euclidean(x, axis=axis, keepdims=keepdims) / freedom**0.5


def _centred(function: str, x: Any, axis: Axis, ddof: int) -> tuple[Any, int]:
    """x minus its mean, and by what to divide the sum of squares."""
    average = mean(x, axis=axis, keepdims=True)
    count = prod(shape_of(x)) // prod(shape_of(average))
    if count <= ddof:
        raise ValueError(message(function, "ddof", f"less than the number of elements ({count})", ddof))
    return subtract(x, average), count - ddof


@implements(np.linalg.matrix_norm)
def _matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return norm(x, ord, (-2, -1), keepdims)


@implements(np.cov)
def _cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Any:
    """The covariance matrix of the variables in rows (or columns), as `numpy.cov`."""
    rows = np.atleast_2d(m)
    rows = rows if rowvar or len(shape_of(m)) < 2 else rows.T
    if y is not None:
        other = np.atleast_2d(y)
        rows = np.concatenate([rows, other if rowvar or len(shape_of(y)) < 2 else other.T])
    centred = subtract(rows, mean(rows, axis=1, keepdims=True))
    lost = (0 if bias else 1) if ddof is None else ddof
    return squeeze(centred @ centred.T / float(shape_of(rows)[1] - lost))


@implements(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    covariance = _cov(x, y, rowvar)
    if not shape_of(covariance):
        return covariance / covariance
    spread = sqrt(np.diagonal(covariance))
    return covariance / reshape(spread, (-1, 1)) / spread

"""Element-wise functions: a kernel and a slope each.

The kernels accept any strides and raise no floating-point warnings: outside its domain a function gives NaN.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float
from mmlcore.autodiff import defbatch, defjvp, defvjp, implements, method, primitive

__all__ = ["absolute", "apply", "negative", "reciprocal", "sign", "slope", "sqrt", "square"]


def apply(values: Callable[[Any], Any], x: Any, function: str) -> Any:
    """The values of a unary kernel: of the shape and dtype of `x`, a NumPy scalar for a single number."""
    y = values(x)
    return _converted(x, function) if y is NotImplemented else y


def _converted(x: Any, function: str) -> Any:
    x = as_float(x, function, "x")
    y = np.empty(x.shape, x.dtype)
    getattr(_kernels, function)(y, x)
    return y if x.ndim else y[()]


def slope(
    prim: Callable[..., Any],
    of_x: Callable[[Any], Any] | None = None,
    of_y: Callable[[Any], Any] | None = None,
) -> None:
    """Give a unary kernel its rule: dx = dy f'(x), from f' as a function of x or of y = f(x).

    Only the one of x and y that f' depends on is kept. The gradient kernel does the work, unless a Tensor of
    an outer level takes part: then the formula itself is recorded.
    """
    gradient = getattr(_kernels, f"{prim.__name__}_back")
    kernel = getattr(_kernels, f"{prim.__name__}_grad")
    derivative: Any = of_x or of_y

    def otherwise(g: Any, kept: Any) -> Any:
        if type(g) is not np.ndarray or type(kept) is not np.ndarray:  # Tensors, and numbers of float32
            return g * derivative(kept)
        g = g.astype(kept.dtype, copy=False)
        dx = np.empty(g.shape, g.dtype)
        kernel(dx, g, kept, kept)
        return dx

    def rule(ans: Any, x: Any) -> Callable[[Any], Any]:
        kept = x if of_x else ans

        def pullback(g: Any) -> Any:
            dx = gradient(g, kept)
            return otherwise(g, kept) if dx is NotImplemented else dx

        return pullback

    defvjp(prim, rule)
    defjvp(prim, lambda t, ans, x: rule(ans, x)(t))


@implements(np.negative)
@method("__neg__")
@primitive
def negative(x: Any) -> Any:
    """The negative, -x.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.negative([1, -2])
    array([-1.,  2.])
    """
    return apply(_kernels.negative_of, x, "negative")


@implements(np.absolute, np.fabs)
@method("__abs__")
@primitive
def absolute(x: Any) -> Any:
    """The absolute value |x|.

    At 0 the derivative is taken as 0.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.absolute([1, -2])
    array([1., 2.])
    """
    return apply(_kernels.absolute_of, x, "absolute")


@implements(np.sign)
@primitive
def sign(x: Any) -> Any:
    """The sign of x: -1, 0 or 1.

    The derivative is 0 everywhere.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.sign([3, -2, 0])
    array([ 1., -1.,  0.])
    """
    return apply(_kernels.sign_of, x, "sign")


@implements(np.square)
@primitive
def square(x: Any) -> Any:
    """The square x²; the derivative is 2x.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.square([3, -2])
    array([9., 4.])
    """
    return apply(_kernels.square_of, x, "square")


@implements(np.sqrt)
@primitive
def sqrt(x: Any) -> Any:
    """The square root √x; the derivative is 1 / (2 √x).

    Negative numbers give NaN; at 0 the derivative is infinite.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.sqrt([9, 4])
    array([3., 2.])
    """
    return apply(_kernels.sqrt_of, x, "sqrt")


@implements(np.reciprocal)
@primitive
def reciprocal(x: Any) -> Any:
    """The reciprocal 1/x; the derivative is -1/x².

    At 0 it is infinite.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.reciprocal([2, -4])
    array([ 0.5 , -0.25])
    """
    return apply(_kernels.reciprocal_of, x, "reciprocal")


defvjp(negative, lambda ans, x: np.negative)
defjvp(negative, "linear")
defbatch(negative, lambda stacked, size, x: negative(x))
defvjp(sign, None)
defjvp(sign, None)
slope(absolute, of_x=sign)
slope(square, of_x=lambda x: 2 * x)
slope(sqrt, of_y=lambda y: 0.5 * reciprocal(y))
slope(reciprocal, of_y=lambda y: -(y * y))

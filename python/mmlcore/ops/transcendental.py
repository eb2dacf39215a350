"""Exponentials, logarithms and circular functions, element by element."""

from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore.autodiff import implements, primitive
from mmlcore.ops.elementwise import apply, reciprocal, slope

__all__ = ["cos", "exp", "expm1", "log", "log1p", "sin"]


@implements(np.exp)
@primitive
def exp(x: Any) -> Any:
    """The exponential e^x, its own derivative.

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
    >>> ops.exp([0, 1])
    array([1.        , 2.71828183])
    """
    return apply(_kernels.exp_of, x, "exp")


@implements(np.expm1)
@primitive
def expm1(x: Any) -> Any:
    """e^x - 1, exact to the last digits for small x; the derivative is e^x.

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
    >>> ops.expm1([0, 1])
    array([0.        , 1.71828183])
    """
    return apply(_kernels.expm1_of, x, "expm1")


@implements(np.log)
@primitive
def log(x: Any) -> Any:
    """The natural logarithm log x; the derivative is 1/x.

    Negative numbers give NaN, 0 gives -∞.

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
    >>> ops.log([1, 2])
    array([0.        , 0.69314718])
    """
    return apply(_kernels.log_of, x, "log")


@implements(np.log1p)
@primitive
def log1p(x: Any) -> Any:
    """log(1 + x), exact to the last digits for small x; the derivative is 1/(1 + x).

    Numbers below -1 give NaN, -1 gives -∞.

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
    >>> ops.log1p([0, 1])
    array([0.        , 0.69314718])
    """
    return apply(_kernels.log1p_of, x, "log1p")


@implements(np.sin)
@primitive
def sin(x: Any) -> Any:
    """The sine of x (radians); the derivative is cos x.

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
    >>> ops.sin([0, 1])
    array([0.        , 0.84147098])
    """
    return apply(_kernels.sin_of, x, "sin")


@implements(np.cos)
@primitive
def cos(x: Any) -> Any:
    """The cosine of x (radians); the derivative is -sin x.

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
    >>> ops.cos([0, 1])
    array([1.        , 0.54030231])
    """
    return apply(_kernels.cos_of, x, "cos")


slope(exp, of_y=lambda y: y)
slope(expm1, of_x=exp)
slope(log, of_x=reciprocal)
slope(log1p, of_x=lambda x: reciprocal(1 + x))
slope(sin, of_x=cos)
slope(cos, of_x=lambda x: -sin(x))

"""Arithmetic with broadcasting: NumPy computes, the rules are here.

Every function follows the dtype rule (float32 and float64 in, the same out; integers become float64) and
answers to NumPy's ufunc of the same name and to the operator of Tensor.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore.autodiff import Tensor, defjvp, defvjp, implements, method, primitive
from mmlcore.ops.broadcasting import FLOATS, binary_rules, elementwise, pair, unbroadcast, widened
from mmlcore.ops.transcendental import log

__all__ = ["add", "divide", "multiply", "positive", "power", "subtract"]

# Operators are tried before ufuncs: between two arrays they are quicker, between NumPy scalars ten times so.
# They do something else for lists, strings and integers; the dtype of the answer tells, and `pair` repairs.


@implements(np.add)
@method("__add__")
@primitive
def add(x: Any, y: Any) -> Any:
    """The sum x + y, element by element.

    Parameters
    ----------
    x, y : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    ValueError
        If they do not broadcast.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.add([1, 2], [[10], [20]])
    array([[11., 12.],
           [21., 22.]])
    """
    try:
        ans = x + y
        if ans.dtype in FLOATS:
            return ans
    except (AttributeError, TypeError, ValueError):
        pass
    return pair("add", np.add, x, y)


@implements(np.subtract)
@method("__sub__")
@primitive
def subtract(x: Any, y: Any) -> Any:
    """The difference x - y, element by element.

    Parameters
    ----------
    x, y : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    ValueError
        If they do not broadcast.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.subtract([3, 2], 1)
    array([2., 1.])
    """
    try:
        ans = x - y
        if ans.dtype in FLOATS:
            return ans
    except (AttributeError, TypeError, ValueError):
        pass
    return pair("subtract", np.subtract, x, y)


@implements(np.multiply)
@method("__mul__")
@primitive
def multiply(x: Any, y: Any) -> Any:
    """The product x y, element by element; ∂/∂x = y, ∂/∂y = x.

    Parameters
    ----------
    x, y : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    ValueError
        If they do not broadcast.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.multiply([3, 2], 1.5)
    array([4.5, 3. ])
    """
    try:
        ans = x * y
        if ans.dtype in FLOATS:
            return ans
    except (AttributeError, TypeError, ValueError):
        pass
    return pair("multiply", np.multiply, x, y)


@implements(np.divide)
@method("__truediv__")
@primitive
def divide(x: Any, y: Any) -> Any:
    """The quotient x / y, element by element; ∂/∂x = 1/y, ∂/∂y = -x/y².

    Parameters
    ----------
    x, y : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    ValueError
        If they do not broadcast.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.divide([3, 2], 2)
    array([1.5, 1. ])
    """
    try:
        ans = x / y
        if ans.dtype in FLOATS:
            return ans
    except (AttributeError, TypeError, ValueError, ZeroDivisionError):
        pass
    return pair("divide", np.divide, x, y)


@implements(np.power)
@method("__pow__")
@primitive
def power(x: Any, y: Any) -> Any:
    r"""The power x^y, element by element; ∂/∂x = y x^(y-1), ∂/∂y = x^y log x.

    At x = 0 the derivative with respect to y is 0 for y > 0, and x^0 has the derivative 0 with respect to x
    everywhere. For x < 0 the derivative with respect to y does not exist and is NaN.

    Parameters
    ----------
    x, y : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    ValueError
        If they do not broadcast.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.power([3, 2], -1)
    array([0.33333333, 0.5       ])
    """
    try:
        ans = x**y
        if ans.dtype in FLOATS:
            return ans
    except (AttributeError, TypeError, ValueError, ZeroDivisionError):
        pass
    return pair("power", np.power, x, y)


@implements(np.positive, np.copy)
@method("__pos__", "copy")
def positive(x: Any) -> Any:
    """The array itself, +x.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.positive([3, 2])
    array([3., 2.])
    """
    return x if isinstance(x, Tensor) else +as_float(x, "positive", "x")


def _same(g: Any) -> Any:
    return g


def _twice(g: Any) -> Any:
    return g, g


def _pass_to(shape: tuple[int, ...], ans: Any) -> Callable[[Any], Any]:
    """The pullback of a sum to a term of that shape: nothing of the operands is kept."""
    return _same if shape == ans.shape else lambda g: unbroadcast(g, shape)


def _add_both(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    shape_x, shape_y = x.shape, y.shape
    if shape_x == shape_y:
        return _twice
    return lambda g: (unbroadcast(g, shape_x), unbroadcast(g, shape_y))


def _subtract_y(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    shape = y.shape
    return lambda g: unbroadcast(-g, shape)


def _opposites(g: Any) -> Any:
    return g, -g


def _subtract_both(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    shape_x, shape_y = x.shape, y.shape
    if shape_x == shape_y:
        return _opposites
    return lambda g: (unbroadcast(g, shape_x), unbroadcast(-g, shape_y))


def _multiply_x(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    shape = x.shape
    return (lambda g: g * y) if shape == ans.shape else lambda g: unbroadcast(g * y, shape)


def _multiply_y(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    shape = y.shape
    return (lambda g: g * x) if shape == ans.shape else lambda g: unbroadcast(g * x, shape)


def _multiply_both(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    shape_x, shape_y = x.shape, y.shape
    if shape_x == shape_y:
        return lambda g: (g * y, g * x)
    return lambda g: (unbroadcast(g * y, shape_x), unbroadcast(g * x, shape_y))


def _power_x(g: Any, ans: Any, x: Any, y: Any) -> Any:
    if isinstance(y, (int, float)):  # numpy.float64 included
        return g * (2 * x) if y == 2 else g * 0.0 if y == 0 else g * (y * x ** (y - 1))
    y = y if hasattr(y, "dtype") else np.asarray(y)
    # 0 · 0^(-1) is 0: the exponent 1 is taken there.
    return g * (y * power(x, np.where((x == 0) & (y == 0), 1.0, y - 1)))


def _power_y(g: Any, ans: Any, x: Any, y: Any) -> Any:
    # 0^y log 0 is 0 for y > 0: the logarithm is taken of 1 there.
    return g * (ans * log(np.where((x == 0) & (y > 0), 1.0, x)))


# The rules of sums and products are written out, because they are most of what gets recorded.
defvjp(add, lambda ans, x, y: _pass_to(x.shape, ans), lambda ans, x, y: _pass_to(y.shape, ans), both=_add_both)
defvjp(subtract, lambda ans, x, y: _pass_to(x.shape, ans), _subtract_y, both=_subtract_both)
defvjp(multiply, _multiply_x, _multiply_y, both=_multiply_both)
defjvp(add, lambda t, ans, x, y: widened(t, ans), lambda t, ans, x, y: widened(t, ans))
defjvp(subtract, lambda t, ans, x, y: widened(t, ans), lambda t, ans, x, y: widened(-t, ans))
defjvp(multiply, "linear", "linear")
for _operation in (add, subtract, multiply):
    elementwise(_operation)
binary_rules(divide, lambda g, ans, x, y: g / y, lambda g, ans, x, y: -(g / y) * ans)
binary_rules(power, _power_x, _power_y)


@method("__radd__")
def _radd(y: Any, x: Any) -> Any:
    return add(x, y)


@method("__rsub__")
def _rsub(y: Any, x: Any) -> Any:
    return subtract(x, y)


@method("__rmul__")
def _rmul(y: Any, x: Any) -> Any:
    return multiply(x, y)


@method("__rtruediv__")
def _rtruediv(y: Any, x: Any) -> Any:
    return divide(x, y)


@method("__rpow__")
def _rpow(y: Any, x: Any) -> Any:
    return power(x, y)

"""Element-wise functions with kinks: where the derivative jumps, the choice made is stated."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore.autodiff import Tensor, defjvp, defvjp, implements, method, plain, primitive
from mmlcore.ops.broadcasting import FLOATS, binary_rules, elementwise, pair, unbroadcast, widened

__all__ = ["clip", "maximum", "minimum", "where"]

_PLAIN = (np.ndarray, np.float64, np.float32)


@implements(np.maximum)
@primitive
def maximum(x: Any, y: Any) -> Any:
    """The larger of x and y, element by element; where they are equal each gets half the gradient.

    Parameters
    ----------
    x, y : arrays or numbers that broadcast, float32 or float64
        A NaN in either gives NaN.

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    ValueError
        If they do not broadcast.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import grad, ops
    >>> ops.maximum([-1, 2], 0)
    array([0., 2.])
    >>> grad(lambda x: np.sum(ops.maximum(x, 0)))(np.array([-1.0, 0.0, 2.0]))
    array([0. , 0.5, 1. ])
    """
    try:
        ans = np.maximum(x, y)
        if ans.dtype in FLOATS and type(ans) in _PLAIN:
            return ans
    except (TypeError, ValueError):
        pass
    return pair("maximum", np.maximum, x, y)


@implements(np.minimum)
@primitive
def minimum(x: Any, y: Any) -> Any:
    """The smaller of x and y, element by element; where they are equal each gets half the gradient.

    Parameters
    ----------
    x, y : arrays or numbers that broadcast, float32 or float64
        A NaN in either gives NaN.

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
    >>> ops.minimum([-1, 2], 0)
    array([-1.,  0.])
    """
    try:
        ans = np.minimum(x, y)
        if ans.dtype in FLOATS and type(ans) in _PLAIN:
            return ans
    except (TypeError, ValueError):
        pass
    return pair("minimum", np.minimum, x, y)


def _quickly(function: str, ufunc: np.ufunc, x: Any, y: Any) -> Any:
    """NumPy's answer where the dtype rule gives the same, otherwise what `pair` says."""
    try:
        ans = ufunc(x, y)
        if ans.dtype in FLOATS and type(ans) in _PLAIN:
            return ans
    except (TypeError, ValueError):
        pass
    return pair(function, ufunc, x, y)


def _share(g: Any, leader: Any, other: Any) -> Any:
    """All of the gradient where the leader is ahead of the other, half where they are equal, in the dtype of g."""
    weight = np.asarray(leader >= other, g.dtype)
    equal = np.asarray(leader == other)
    if equal.any():
        weight[equal] = 0.5
    return g * weight


binary_rules(maximum, lambda g, ans, x, y: _share(g, x, y), lambda g, ans, x, y: _share(g, y, x))
binary_rules(minimum, lambda g, ans, x, y: _share(g, y, x), lambda g, ans, x, y: _share(g, x, y))


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where the condition holds, otherwise y; the gradient goes to the one that was taken.

    Parameters
    ----------
    condition : array of bool
        No derivative is taken with respect to it.
    x, y : arrays or numbers, float32 or float64
        The three broadcast. Without x and y: the indices where the condition holds, as `numpy.where`.

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    ValueError
        If only one of x and y is given.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.where(np.array([True, False]), [1, 2], 0)
    array([1., 0.])
    """
    if type(condition) is not np.ndarray:
        condition = plain(condition)
    if x is None and y is None:
        return np.where(condition)
    if x is None or y is None:
        raise ValueError("where: x and y must be given together, got only one of them")
    return _where(condition, x, y)


@implements(np.piecewise)
def _piecewise(x: Any, conditions: Any, functions: Any, *args: Any, **kwargs: Any) -> Any:
    """Another function, or constant, on each set; every function is evaluated everywhere."""
    listed = isinstance(conditions, (list, tuple)) and not isinstance(conditions[0], (bool, np.bool_))
    sets = [plain(c) for c in conditions] if listed else [plain(conditions)]
    otherwise = functions[len(sets)] if len(functions) > len(sets) else 0.0
    result: Any = otherwise(x, *args, **kwargs) if callable(otherwise) else otherwise
    for chosen, f in zip(sets, functions, strict=False):
        result = where(chosen, f(x, *args, **kwargs) if callable(f) else f, result)
    return result


@primitive
def _where(condition: Any, x: Any, y: Any) -> Any:
    ans = np.where(condition, x, y)
    if ans.dtype not in FLOATS:
        ans = as_float(ans, "where", "x or y")
    return ans if ans.ndim else ans[()]


def _where_x(ans: Any, condition: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    shape = x.shape
    if shape == ans.shape:
        return lambda g: _where(condition, g, 0.0)
    return lambda g: unbroadcast(_where(condition, g, 0.0), shape)


def _where_y(ans: Any, condition: Any, x: Any, y: Any) -> Callable[[Any], Any]:
    shape = y.shape
    if shape == ans.shape:
        return lambda g: _where(condition, 0.0, g)
    return lambda g: unbroadcast(_where(condition, 0.0, g), shape)


defvjp(_where, None, _where_x, _where_y)
defjvp(
    _where,
    None,
    lambda t, ans, condition, x, y: widened(_where(condition, t, 0.0), ans),
    lambda t, ans, condition, x, y: widened(_where(condition, 0.0, t), ans),
)
elementwise(_where)


@implements(np.clip)
@method("clip")
def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """x limited to the interval from a_min to a_max; inside and at the constant limits the derivative is 1.

    Limits that are themselves being differentiated share the gradient as in `maximum` and `minimum`.

    Parameters
    ----------
    x : array or number, float32 or float64
    a_min, a_max : arrays or numbers that broadcast with x, or None for no limit
    min, max : the same by NumPy's other names

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    ValueError
        If the three do not broadcast, or a limit is given under both names.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.clip([-1.0, 0.5, 3.0], 0, 1)
    array([0. , 0.5, 1. ])
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise ValueError("clip: each limit must be given once, got both a_min and min or both a_max and max")
    a_min = min if a_min is None else a_min
    a_max = max if a_max is None else a_max
    if isinstance(a_min, Tensor) or isinstance(a_max, Tensor):
        x = x if a_min is None else maximum(x, a_min)
        return x if a_max is None else minimum(x, a_max)
    return _clip(x, a_min, a_max)


@primitive
def _clip(x: Any, a_min: Any, a_max: Any) -> Any:
    if isinstance(x, float) and type(a_min) is type(a_max) is float and a_min <= x <= a_max:
        return np.float64(x)
    if a_min is not None and a_max is not None and type(x) is np.ndarray:
        try:
            ans = np.minimum(np.maximum(x, a_min), a_max)
            if ans.dtype in FLOATS and type(ans) in _PLAIN:
                return ans
        except (TypeError, ValueError):
            pass
    if a_min is not None:
        x = _quickly("clip", np.maximum, x, a_min)
    if a_max is not None:
        x = _quickly("clip", np.minimum, x, a_max)
    return as_float(x, "clip", "x")[()] if a_min is None and a_max is None else x


def _clip_x(ans: Any, x: Any, a_min: Any, a_max: Any) -> Callable[[Any], Any]:
    shape, inside = x.shape, ans == x
    if type(inside) is not np.ndarray or inside.shape == shape:
        return lambda g: g * inside
    return lambda g: unbroadcast(g * inside, shape)


defvjp(_clip, _clip_x, None, None)
defjvp(_clip, lambda t, ans, x, a_min, a_max: widened(t * np.equal(ans, x), ans), None, None)

"""Convolution and correlation of two sequences, as `numpy.convolve` and `numpy.correlate`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._arrays import as_same_float
from mmlcore._errors import choose, message
from mmlcore.autodiff import defjvp, defvjp, implements, primitive
from mmlcore.ops.indexing import getitem
from mmlcore.ops.shape import shape_of

__all__ = ["convolve", "correlate"]

_BACKWARDS = slice(None, None, -1)


@primitive
def _convolve(a: Any, v: Any) -> Any:
    a, v = as_same_float("convolve", a=a, v=v)
    return np.convolve(a, v)


def _back_to_a(ans: Any, a: Any, v: Any) -> Callable[[Any], Any]:
    n, m = shape_of(a)[0], shape_of(v)[0]
    return lambda g: getitem(_convolve(g, getitem(v, _BACKWARDS)), slice(m - 1, m - 1 + n))


defvjp(_convolve, _back_to_a, lambda ans, a, v: _back_to_a(ans, v, a))
defjvp(_convolve, "linear", "linear")


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    r"""The convolution of two sequences, :math:`c_k = \sum_i a_i v_{k-i}`.

    Parameters
    ----------
    a : array (n,), float32 or float64
    v : array (m,), float32 or float64
    mode : 'full', 'same' or 'valid'
        All n + m - 1 elements, the middle max(n, m), or those that need no padding.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If a or v is empty or not one-dimensional, or for another mode.

    References
    ----------
    Notes 9.3.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.convolve(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.5]))
    array([0. , 1. , 2.5, 4. , 1.5])
    """
    choose("convolve", "mode", mode, {"full": 0, "same": 0, "valid": 0})
    for name, x in (("a", a), ("v", v)):
        if len(shape_of(x)) != 1 or not shape_of(x)[0]:
            got = f"shape {shape_of(x)}"
            raise ValueError(message("convolve", name, "one-dimensional and not empty", got))
    long, short = sorted((shape_of(a)[0], shape_of(v)[0]), reverse=True)
    if mode == "full":
        return _convolve(a, v)
    part = slice((short - 1) // 2, (short - 1) // 2 + long) if mode == "same" else slice(short - 1, long)
    return getitem(_convolve(a, v), part)


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    r"""The correlation of two sequences, :math:`c_k = \sum_i a_{i+k} v_i`.

    Parameters
    ----------
    a : array (n,), float32 or float64
    v : array (m,), float32 or float64
    mode : 'full', 'same' or 'valid'
        As for `convolve`.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        As for `convolve`.

    References
    ----------
    Notes 9.3.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.correlate(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0]))
    array([2., 3.])
    """
    if mode == "same" and 0 < shape_of(a)[0] < shape_of(v)[0]:  # NumPy rounds the middle the other way
        return getitem(convolve(getitem(a, _BACKWARDS), v, mode), _BACKWARDS)
    return convolve(a, getitem(v, _BACKWARDS), mode)

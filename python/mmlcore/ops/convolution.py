"""Convolution and correlation of two sequences, as `numpy.convolve` and `numpy.correlate`, pictures or volumes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._arrays import as_same_float
from mmlcore._errors import choose, message
from mmlcore.autodiff import defjvp, defvjp, implements, primitive
from mmlcore.ops.conv import conv
from mmlcore.ops.indexing import getitem
from mmlcore.ops.shape import reshape, shape_of

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


def _moved(function: str, a: Any, v: Any, mode: str, flip: bool) -> Any:
    """v moved over a picture or a volume, as a convolution of one channel and one filter."""
    size, kernel = shape_of(a), shape_of(v)
    if len(size) != len(kernel) or len(size) > 3 or 0 in kernel:
        expectation = f"of {len(size)} dimensions (one to three), not empty"
        raise ValueError(message(function, "v", expectation, f"shape {kernel}"))
    if mode == "valid" and any(n < k for n, k in zip(size, kernel, strict=True)):
        raise ValueError(message(function, "v", f"within shape {size} of a where mode is 'valid'", f"shape {kernel}"))
    if flip:
        v = getitem(v, (_BACKWARDS,) * len(kernel))
    around = [(k - 1 if mode != "valid" else 0,) * 2 for k in kernel]
    full = conv(reshape(a, (1, *size, 1)), reshape(v, (*kernel, 1, 1)), padding=around)
    full = reshape(full, shape_of(full)[1:-1])
    if mode != "same":
        return full
    return getitem(full, tuple(slice((k - 1) // 2, (k - 1) // 2 + n) for n, k in zip(size, kernel, strict=True)))


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    r"""The convolution of two sequences, :math:`c_k = \sum_i a_i v_{k-i}`; likewise of pictures or volumes.

    Parameters
    ----------
    a : array of one to three dimensions, float32 or float64
    v : array of as many dimensions
    mode : 'full', 'same' or 'valid'
        All n + m - 1 elements of each axis, the middle ones, or those that need no padding. The middle are as many as
        `a` has; of sequences, as in NumPy, as many as the longer has.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If the dimensions differ or are more than three, v is empty, or for another mode.

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
    if len(shape_of(a)) > 1:
        return _moved("convolve", a, v, mode, flip=True)
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
    r"""The correlation of two sequences, :math:`c_k = \sum_i a_{i+k} v_i`; likewise of pictures or volumes.

    Parameters
    ----------
    a : array of one to three dimensions, float32 or float64
    v : array of as many dimensions
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
    if len(shape_of(a)) > 1:
        choose("correlate", "mode", mode, {"full": 0, "same": 0, "valid": 0})
        return _moved("correlate", a, v, mode, flip=False)
    if mode == "same" and 0 < shape_of(a)[0] < shape_of(v)[0]:  # NumPy rounds the middle the other way
        return getitem(convolve(getitem(a, _BACKWARDS), v, mode), _BACKWARDS)
    return convolve(a, getitem(v, _BACKWARDS), mode)

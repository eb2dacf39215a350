"""Broadcasting and its transpose, and the rules of binary element-wise operations, which need both."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import defbatch, defjvp, defvjp, implements, method, primitive

__all__ = ["astype", "binary_rules", "broadcast_to", "elementwise", "pair", "unbroadcast", "widened"]

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


@implements(np.broadcast_to)
@primitive
def broadcast_to(x: Any, shape: Any) -> Any:
    """An array repeated along new or unit axes, without copying.

    Parameters
    ----------
    x : array, float32 or float64
    shape : int or tuple of int

    Returns
    -------
    ndarray of that shape
        A view: not to be written to.

    Raises
    ------
    ValueError
        If the shape of `x` does not broadcast to `shape`.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import grad, ops
    >>> ops.broadcast_to(np.array([1.0, 2.0]), (2, 2))
    array([[1., 2.],
           [1., 2.]])
    >>> grad(lambda x: np.sum(ops.broadcast_to(x, (3, 2))))(np.array([1.0, 2.0]))
    array([3., 3.])
    """
    x = as_float(x, "broadcast_to", "x")
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if x.ndim == 0 and x.flags.writeable:  # numpy.broadcast_to takes ten times as long
        return np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
    try:
        return np.broadcast_to(x, shape)
    except ValueError:
        expectation = f"broadcastable from x of shape {x.shape}"
        raise ValueError(message("broadcast_to", "shape", expectation, shape)) from None


@primitive
def unbroadcast(g: Any, shape: Any) -> Any:
    """Sum over the axes along which an array of `shape` was repeated: the transpose of `broadcast_to`.

    Parameters
    ----------
    g : array
    shape : tuple of int
        Broadcasts to the shape of `g`.

    Returns
    -------
    array of that shape

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.broadcasting.unbroadcast(np.ones((4, 3)), (3,))
    array([4., 4., 4.])
    """
    if g.shape == shape:
        return g
    new = g.ndim - len(shape)
    if g.shape[new:] == shape:
        out = np.empty(shape, g.dtype)
        _kernels.sum(out, g, 0, new)
        return out if shape else out[()]
    repeated = tuple(i for i, n in enumerate(g.shape) if i < new or (shape[i - new] == 1 and n != 1))
    return np.add.reduce(g, repeated).reshape(shape)


def _broadcast_back(ans: Any, g: Any, shape: Any) -> Callable[[Any], Any]:
    full = g.shape
    return lambda h: broadcast_to(h, full)


def _sum_back(ans: Any, x: Any, shape: Any) -> Callable[[Any], Any]:
    narrow = x.shape
    return lambda g: unbroadcast(g, narrow)


def _unbroadcast_stack(stacked: Any, size: int, g: Any, shape: tuple[int, ...]) -> Any:
    filled = (1,) * (g.ndim - 1 - len(shape)) + shape
    return unbroadcast(g, (size, *filled)).reshape((size, *shape))


def _broadcast_stack(stacked: Any, size: int, x: Any, shape: Any) -> Any:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return broadcast_to(_aligned(x, len(shape)), (size, *shape))


defvjp(unbroadcast, _broadcast_back, None)
defvjp(broadcast_to, _sum_back, None)
defjvp(unbroadcast, "linear", None)
defjvp(broadcast_to, "linear", None)
defbatch(unbroadcast, _unbroadcast_stack)
defbatch(broadcast_to, _broadcast_stack)


def widened(t: Any, ans: Any) -> Any:
    """A tangent of an operand, repeated to the shape of the result."""
    return t if t.shape == ans.shape else broadcast_to(t, ans.shape)


def elementwise(prim: Callable[..., Any]) -> None:
    """Let stacks of arguments broadcast as the arguments do: axes of length 1 go behind the stacks' own."""

    def rule(stacked: tuple[bool, ...], size: int, *args: Any, **kwargs: Any) -> Any:
        ndim = max(len(np.shape(x)) - on for x, on in zip(args, stacked, strict=True))
        return prim(*[_aligned(x, ndim) if on else x for x, on in zip(args, stacked, strict=True)], **kwargs)

    defbatch(prim, rule)


def _aligned(x: Any, ndim: int) -> Any:
    """A stack of arrays as one of arrays of `ndim` dimensions."""
    missing = ndim - (x.ndim - 1)
    return x.reshape((x.shape[0], *(1,) * missing, *x.shape[1:])) if missing > 0 else x


@method("astype")
@primitive
def astype(x: Any, dtype: Any) -> Any:
    """The same numbers in another floating dtype; the gradient comes back in that of `x`.

    Parameters
    ----------
    x : array, float32 or float64
    dtype : float32 or float64

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError
        For any other dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.astype(np.array([0.5]), np.float32).dtype
    dtype('float32')
    """
    dtype = np.dtype(dtype)
    if dtype not in FLOATS:
        raise TypeError(message("astype", "dtype", "float32 or float64", dtype))
    return as_float(x, "astype", "x").astype(dtype, copy=False)


def _cast_back(ans: Any, x: Any, dtype: Any) -> Callable[[Any], Any]:
    origin = x.dtype
    return lambda g: astype(g, origin)


if hasattr(np, "astype"):  # NumPy 2.1

    @implements(np.astype)
    def _astype(x: Any, dtype: Any, *, copy: bool = True) -> Any:
        return astype(x, dtype)


defvjp(astype, _cast_back, None)
defjvp(astype, "linear", None)
defbatch(astype, lambda stacked, size, x, dtype: astype(x, dtype))


def pair(function: str, ufunc: np.ufunc, x: Any, y: Any) -> Any:
    """A binary ufunc under the dtype rule, whatever the arguments, or the error that says what is wrong."""
    arrays = []
    for argument, value in (("x", x), ("y", y)):
        weak = isinstance(value, (int, float)) and not isinstance(value, np.generic)
        arrays.append(value if weak else as_float(value, function, argument))
    if not any(hasattr(value, "dtype") for value in arrays):
        arrays[0] = np.float64(arrays[0])
    try:
        return ufunc(*arrays)
    except ValueError:
        expectation = f"broadcastable with x of shape {np.shape(x)}"
        raise ValueError(message(function, "y", expectation, f"shape {np.shape(y)}")) from None


def binary_rules(prim: Callable[..., Any], dx: Callable[..., Any], dy: Callable[..., Any]) -> None:
    """Give a binary element-wise primitive its rules, summing over broadcast axes.

    Where there is a kernel `<name>_grad` it does the work for plain arrays of one shape, and for single numbers.

    Parameters
    ----------
    prim : primitive
        ans = prim(x, y), of the shape to which x and y broadcast.
    dx, dy : callable
        `dx(g, ans, x, y)`: g times the partial derivative with respect to x; `dy` likewise.
    """
    kernel = getattr(_kernels, prim.__name__.lstrip("_") + "_grad", None)
    both = None
    if kernel is not None:
        dx, dy = _with_kernel(kernel, 0, dx), _with_kernel(kernel, 1, dy)
        both = _with_kernel(kernel, 2, lambda g, ans, x, y: (dx(g, ans, x, y), dy(g, ans, x, y)))

    def to_x(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
        shape = x.shape
        if shape == ans.shape:
            return lambda g: dx(g, ans, x, y)
        return lambda g: unbroadcast(dx(g, ans, x, y), shape)

    def to_y(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
        shape = y.shape
        if shape == ans.shape:
            return lambda g: dy(g, ans, x, y)
        return lambda g: unbroadcast(dy(g, ans, x, y), shape)

    def to_both(ans: Any, x: Any, y: Any) -> Callable[[Any], Any]:
        shape_x, shape_y = x.shape, y.shape
        if shape_x != shape_y:
            return lambda g: (unbroadcast(dx(g, ans, x, y), shape_x), unbroadcast(dy(g, ans, x, y), shape_y))
        if both is not None:
            return lambda g: both(g, ans, x, y)
        return lambda g: (dx(g, ans, x, y), dy(g, ans, x, y))

    defvjp(prim, to_x, to_y, both=to_both)
    defjvp(
        prim,
        lambda t, ans, x, y: widened(dx(t, ans, x, y), ans),
        lambda t, ans, x, y: widened(dy(t, ans, x, y), ans),
    )
    elementwise(prim)


def _with_kernel(kernel: Callable[..., Any], which: int, formula: Callable[..., Any]) -> Callable[..., Any]:
    """What a formula says, by the kernel where that takes the arguments."""

    def part(g: Any, ans: Any, x: Any, y: Any) -> Any:
        answer = kernel(g, ans, x, y, which)
        return formula(g, ans, x, y) if answer is NotImplemented else answer

    return part

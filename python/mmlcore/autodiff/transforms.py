"""Transforms: functions of functions that return derivatives, in reverse mode."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff.tape import Tape
from mmlcore.autodiff.tensor import Tensor, settled

__all__ = ["grad", "value_and_grad"]


def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a scalar-valued function, as a function of the same arguments.

    Parameters
    ----------
    f : callable
        Ordinary Python with NumPy calls; returns a real scalar.
    argnums : int or tuple of int, default 0
        The positional arguments to differentiate with respect to: arrays or numbers, float32 or float64
        (integers become float64). Negative numbers count from the end.
    has_aux : bool, default False
        `f` returns a pair (scalar, anything else); the anything else is passed on without derivative.

    Returns
    -------
    callable
        Gives ∂f/∂x, of x's shape and dtype; a tuple of these if `argnums` is a tuple; with `has_aux` a pair
        (gradient, anything else). It can be differentiated again.

    Raises
    ------
    TypeError
        When called: an argument to differentiate is complex or no array, or `f` does not return a real
        scalar, or calls a function without a derivative rule.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import grad
    >>> grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> float(grad(grad(np.sin))(0.5) + np.sin(0.5))
    0.0
    """
    evaluate = _Differentiated("grad", f, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        _, gradients, aux = evaluate(args, kwargs)
        return (gradients, aux) if has_aux else gradients

    return _named(gradient, "grad", f)


def value_and_grad(
    f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The value and the gradient of a scalar-valued function, in one evaluation.

    Parameters
    ----------
    f, argnums, has_aux
        As for `grad`.

    Returns
    -------
    callable
        Gives (value, gradient), with `has_aux` ((value, anything else), gradient).

    Raises
    ------
    TypeError
        As for `grad`.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import value_and_grad
    >>> value, gradient = value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """
    evaluate = _Differentiated("value_and_grad", f, argnums, has_aux)

    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        value, gradients, aux = evaluate(args, kwargs)
        return ((value, aux) if has_aux else value), gradients

    return _named(value_and_gradient, "value_and_grad", f)


_ONE = np.float64(1.0)
_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


class _Differentiated:
    """A function together with what to differentiate; calling it runs it forward and backward once."""

    __slots__ = ("argnums", "f", "has_aux", "name", "positions", "single")

    def __init__(self, name: str, f: Callable[..., Any], argnums: int | tuple[int, ...], has_aux: bool) -> None:
        if not callable(f):
            raise TypeError(message(name, "f", "callable", repr(f)))
        self.single = isinstance(argnums, int)
        listed = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
        self.argnums = tuple(listed)
        if not listed or not all(isinstance(i, int) for i in listed):
            raise TypeError(message(name, "argnums", "an int or a tuple of ints", repr(argnums)))
        self.name, self.f, self.has_aux = name, f, has_aux
        self.positions: dict[int, tuple[int, ...]] = {}  # number of arguments -> argnums counted from 0

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        positions = self.positions.get(len(args)) or self.locate(len(args))
        xs = [_argument(args[i], self.name, i) for i in positions]
        tape = Tape(len(xs))
        boxed = list(args)
        for node, i in enumerate(positions):
            boxed[i] = Tensor(xs[node], tape, node)
        try:
            out = self.f(*boxed, **kwargs)
            out, aux = self.split(out) if self.has_aux else (out, None)
            out = settled(out)
            depends = type(out) is Tensor and out.tape is tape
            value = settled(out.value) if depends else out
            seed = self.seed(value)
            gradients = tape.backward(out.node, seed, len(xs)) if depends else [None] * len(xs)
        finally:
            tape.close()
        return value, self.finish(gradients, xs), settled(aux)

    def locate(self, count: int) -> tuple[int, ...]:
        """`argnums` counted from 0, checked against the number of positional arguments."""
        positions = tuple(i + count if i < 0 else i for i in self.argnums)
        if not all(0 <= i < count for i in positions) or len(set(positions)) < len(positions):
            expectation = "different positions of positional arguments"
            got = f"{self.argnums[0] if self.single else self.argnums} with {count} arguments"
            raise TypeError(message(self.name, "argnums", expectation, got))
        self.positions[count] = positions
        return positions

    def split(self, out: Any) -> tuple[Any, Any]:
        if type(out) is tuple and len(out) == 2:
            return out
        raise TypeError(message(self.name, "f's result", "a pair (scalar, aux) when has_aux=True", f"{out!r}"))

    def seed(self, value: Any) -> Any:
        """The gradient of the value with respect to itself: 1, if the value is a real scalar."""
        if isinstance(value, float):  # numpy.float64 included
            return _ONE
        if not hasattr(value, "dtype"):
            value = np.asarray(value)
        if value.shape != () or value.dtype.kind not in "fiub":
            got = f"shape {value.shape} and dtype {value.dtype}"
            raise TypeError(message(self.name, "the value of f", "a real scalar", got))
        return value.dtype.type(1)

    def finish(self, gradients: list[Any], xs: list[Any]) -> Any:
        """The gradients as the caller gets them: in the arguments' dtypes, each an array of its own."""
        if self.single:
            return _finished(gradients[0], xs[0], self.name)
        finished: list[Any] = []
        for gradient, x in zip(gradients, xs, strict=True):
            ready = _finished(gradient, x, self.name)
            shared = type(ready) is np.ndarray and any(ready is other for other in finished)
            finished.append(ready.copy() if shared else ready)
        return tuple(finished)


def _finished(gradient: Any, x: Any, function: str) -> Any:
    """One gradient in its argument's dtype; copied if it is a view or read-only."""
    if gradient is None:
        return np.zeros(x.shape, x.dtype)[()] if isinstance(x, np.generic) else np.zeros(x.shape, x.dtype)
    if getattr(gradient, "shape", ()) != x.shape:
        got = f"a gradient of shape {np.shape(gradient)} for an argument of shape {x.shape}"
        raise ValueError(message(function, "every derivative rule", "one that keeps the shape", got))
    if type(gradient) is Tensor:
        gradient = settled(gradient)  # the value, if it holds no more than a Tensor that outlived its transform
    if type(gradient) is Tensor:
        return gradient if gradient.dtype == x.dtype else gradient.astype(x.dtype)
    if isinstance(x, np.generic):
        return x.dtype.type(gradient)
    is_array = type(gradient) is np.ndarray and gradient.dtype == x.dtype
    owned = is_array and gradient.base is None and gradient.flags.writeable
    return gradient if owned else np.array(gradient, x.dtype)


def _argument(x: Any, function: str, position: int) -> Any:
    """An argument as it goes into a Tensor: a float32 or float64 array or scalar, or an outer Tensor."""
    if type(x) is np.ndarray and x.dtype in _FLOATS:
        return x
    if isinstance(x, float):
        return np.float64(x)
    x = settled(x)
    if type(x) is Tensor:
        return x
    if not isinstance(x, (np.ndarray, np.generic, int, float)):
        raise TypeError(message(function, f"argument {position}", "a real array or number", type(x).__name__))
    array = as_float(x, function, f"argument {position}")
    return array if isinstance(x, np.ndarray) else array[()]


def _named(transformed: Callable[..., Any], transform: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """`transformed` with the signature of `f` and a name that says what it is."""
    update_wrapper(transformed, f, ("__module__", "__doc__"))
    transformed.__name__ = transformed.__qualname__ = f"{transform}({getattr(f, '__name__', 'f')})"
    return transformed

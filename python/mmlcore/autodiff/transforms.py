"""Transforms: functions of functions that return derivatives, in reverse mode."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._errors import message
from mmlcore.autodiff.inputs import Selection, named
from mmlcore.autodiff.recording import Recording

__all__ = ["elementwise_grad", "grad", "value_and_grad"]


def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a scalar-valued function, as a function of the same arguments.

    Parameters
    ----------
    f : callable
        Ordinary Python with NumPy calls; returns a real scalar.
    argnums : int or tuple of int, default 0
        The positional arguments to differentiate with respect to: arrays or numbers, float32 or float64
        (integers become float64), or lists, tuples, dicts, named tuples and dataclasses of these, nested at will.
        Negative numbers count from the end.
    has_aux : bool, default False
        `f` returns a pair (scalar, anything else); the anything else is passed on without derivative.

    Returns
    -------
    callable
        Gives ∂f/∂x, of x's structure, shape and dtype; a tuple of these if `argnums` is a tuple; with `has_aux` a pair
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
    evaluate = _evaluation("grad", f, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        _, gradients, aux = evaluate(args, kwargs)
        return (gradients, aux) if has_aux else gradients

    return named(gradient, "grad", f)


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
    evaluate = _evaluation("value_and_grad", f, argnums, has_aux)

    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        value, gradients, aux = evaluate(args, kwargs)
        return ((value, aux) if has_aux else value), gradients

    return named(value_and_gradient, "value_and_grad", f)


def elementwise_grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """The derivative of a function that NumPy applies element by element, at every element.

    Parameters
    ----------
    f : callable
        Ordinary Python with NumPy calls; element i of its result depends on element i of the arguments only. (In
        general what comes out is the gradient of the sum of the results.)
    argnums : int or tuple of int, default 0
        As for `grad`.

    Returns
    -------
    callable
        Gives df/dx at every element, of x's shape and dtype.

    Raises
    ------
    TypeError
        As for `grad`, except that `f` may return an array.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import elementwise_grad
    >>> elementwise_grad(np.square)(np.array([1.0, 2.0, 3.0]))
    array([2., 4., 6.])
    """
    if not callable(f):
        raise TypeError(message("elementwise_grad", "f", "callable", repr(f)))
    evaluate = _evaluation("elementwise_grad", lambda *args, **kwargs: np.sum(f(*args, **kwargs)), argnums, False)
    return named(lambda *args, **kwargs: evaluate(args, kwargs)[1], "elementwise_grad", f)


def _evaluation(
    name: str, f: Callable[..., Any], argnums: int | tuple[int, ...], has_aux: bool
) -> Callable[..., tuple[Any, Any, Any]]:
    """The function that runs `f` forward and backward once and gives value, gradients and anything else."""
    selection = Selection(name, f, argnums)

    def evaluate(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        inputs = selection.inputs(args)
        recording = Recording(f, inputs, kwargs, has_aux)
        if recording.rebuild is not next:
            kind = type(recording.rebuild(iter(recording.values))).__name__
            raise TypeError(message(name, "the value of f", "a real scalar", f"a {kind}"))
        (value,) = recording.values
        gradients = recording.walk([_seed(value, name)], keep=False)
        return value, inputs.gradients(gradients), recording.aux

    return evaluate


_ONE = np.float64(1.0)


def _seed(value: Any, name: str) -> Any:
    """The gradient of the value with respect to itself: 1, if the value is a real scalar."""
    if isinstance(value, float):  # numpy.float64 included
        return _ONE
    if not hasattr(value, "dtype"):
        value = np.asarray(value)
    if value.shape != () or value.dtype.kind not in "fiub":
        got = f"shape {value.shape} and dtype {value.dtype}"
        raise TypeError(message(name, "the value of f", "a real scalar", got))
    return value.dtype.type(1)

"""Derivatives as linear maps: Jacobian times vector, vector times Jacobian, Hessian times vector."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._errors import message
from mmlcore.autodiff.anomaly import open_forward
from mmlcore.autodiff.inputs import Inputs, Selection, finished, matching, named, split_aux
from mmlcore.autodiff.recording import Recording, leaves_of
from mmlcore.autodiff.tape import Tape, backward
from mmlcore.autodiff.tensor import Tensor, settled
from mmlcore.autodiff.transforms import grad

__all__ = ["hvp", "jvp", "linearize", "vjp"]


def jvp(f: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...], has_aux: bool = False) -> Any:
    r"""The value of a function and its derivative along a direction, :math:`J v`, in forward mode.

    Parameters
    ----------
    f : callable
        Ordinary Python with NumPy calls; returns an array, a number, or containers of these.
    primals : tuple
        The arguments: arrays, numbers, or containers of these, float32 or float64.
    tangents : tuple
        The direction, of the same structure and shapes.
    has_aux : bool, default False
        `f` returns a pair (value, anything else).

    Returns
    -------
    (value, tangent), with `has_aux` (value, tangent, anything else)
        `tangent` has the structure, shapes and dtypes of the value.

    Raises
    ------
    TypeError
        If an argument is complex or no array.
    ValueError
        If the tangents have not the structure and shapes of the primals.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import jvp
    >>> value, slope = jvp(np.sin, (0.0,), (2.0,))
    >>> float(value), float(slope)
    (0.0, 2.0)
    """
    _tuple("jvp", "primals", primals)
    _tuple("jvp", "tangents", tangents)
    inputs = Inputs("jvp", primals, range(len(primals)))
    return _pushed(f, inputs, inputs.tangents(tangents, "tangents"), has_aux)


def _pushed(f: Callable[..., Any], inputs: Inputs, directions: list[Any], has_aux: bool) -> Any:
    name, level = inputs.name, open_forward()
    try:
        out = f(*inputs.filled([Tensor(x, level, v) for x, v in zip(inputs.leaves, directions, strict=True)]))
        out, aux = split_aux(out, name) if has_aux else (out, None)
        outputs, rebuild = leaves_of(out)
        tangent = [x.node if type(x) is Tensor and x.tape is level else None for x in outputs]
    finally:
        level.close()
    values = [settled(x) for x in outputs]
    results = [finished(settled(t), _array(x), name) for t, x in zip(tangent, values, strict=True)]
    pair = rebuild(iter(values)), rebuild(iter(results))
    return (*pair, settled(aux)) if has_aux else pair


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    r"""The value of a function and its pullback :math:`u \mapsto u^T J`, in reverse mode.

    Parameters
    ----------
    f : callable
        As for `jvp`.
    *primals : arrays, numbers or containers of these, float32 or float64
        The arguments.
    has_aux : bool, default False
        `f` returns a pair (value, anything else).

    Returns
    -------
    (value, pullback), with `has_aux` (value, pullback, anything else)
        `pullback(u)` takes an array of the structure and shapes of the value to a tuple with one gradient for each
        argument. It may be called any number of times; it keeps what `f` recorded alive.

    Raises
    ------
    TypeError, ValueError
        As for `jvp`.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import vjp
    >>> value, pullback = vjp(np.multiply, np.array([1.0, 2.0]), 3.0)
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 3., 30.]), np.float64(21.0))
    """
    inputs = Inputs("vjp", primals, range(len(primals)))
    recording = Recording(f, inputs, {}, has_aux)
    values = [_array(x) for x in recording.values]
    value = recording.rebuild(iter(recording.values))

    def pullback(cotangent: Any) -> Any:
        gradients = matching(value, values, cotangent, "vjp", "the pullback's argument")
        return inputs.gradients(recording.walk(gradients))

    pair = value, pullback
    return (*pair, recording.aux) if has_aux else pair


def linearize(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    r"""The value of a function and its derivative as a linear function :math:`v \mapsto J v`.

    `f` runs once; the linear function may be called any number of times and runs only what depends on v.

    Parameters
    ----------
    f, *primals
        As for `vjp`.

    Returns
    -------
    (value, pushforward)
        `pushforward(*tangents)` takes one tangent for each argument to the tangent of the value.

    Raises
    ------
    TypeError, ValueError
        As for `jvp`.

    Notes
    -----
    The pullback is linear: recorded once more at a placeholder and transposed, it gives the pushforward.

    Examples
    --------
    >>> from mmlcore import linearize
    >>> value, pushforward = linearize(lambda x: x**3, 2.0)
    >>> float(value), float(pushforward(1.0)), float(pushforward(0.5))
    (8.0, 12.0, 6.0)
    """
    inputs = Inputs("linearize", primals, range(len(primals)))
    recording = Recording(f, inputs, {})
    values = [_array(x) for x in recording.values]
    tape = Tape(len(values))
    placeholders = [Tensor(np.zeros(x.shape, x.dtype)[()], tape, i) for i, x in enumerate(values)]
    gradients = recording.walk(placeholders)
    places = [g.node if type(g) is Tensor and g.tape is tape else None for g in gradients]
    nodes = tape.close()

    def pushforward(*tangents: Any) -> Any:
        directions = inputs.tangents(tangents, "tangents")
        seeds = [(i, v) for i, v in zip(places, directions, strict=True) if i is not None]
        results = backward(list(nodes), seeds, len(values))
        ready = [finished(settled(t), x, "linearize") for t, x in zip(results, values, strict=True)]
        return recording.rebuild(iter(ready))

    return recording.rebuild(iter(recording.values)), pushforward


def hvp(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    r"""The product of the Hessian of a scalar-valued function with a vector, :math:`\nabla^2 f(x)\, v`.

    It costs a few evaluations of f, whatever the size of x: forward mode over reverse mode, no matrix.

    Parameters
    ----------
    f, argnums
        As for `grad`.

    Returns
    -------
    callable
        `hvp(f)(*args, v)`: the arguments of f and, last, the vector, of the structure and shapes of what `grad(f)`
        returns; so is the result.

    Raises
    ------
    TypeError, ValueError
        As for `grad` and `jvp`.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import hvp
    >>> hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 0.5]))
    array([6., 6.])
    """
    gradient = grad(f, argnums)
    selection = Selection("hvp", f, argnums)

    def product(*args: Any, **kwargs: Any) -> Any:
        *point, v = args
        if not point:
            raise TypeError(message("hvp", "the arguments", "those of f and then a vector", "one argument"))
        positions = selection.positions.get(len(point)) or selection.locate(len(point))

        def at(*xs: Any) -> Any:
            full = list(point)
            for i, x in zip(positions, xs, strict=True):
                full[i] = x
            return gradient(*full, **kwargs)

        inputs = Inputs("hvp", tuple(point[i] for i in positions), range(len(positions)))
        directions = inputs.tangents((v,) if selection.single else tuple(v), "the vector")
        return _pushed(at, inputs, directions, False)[1]

    return named(product, "hvp", f)


def _tuple(name: str, argument: str, given: Any) -> None:
    if not isinstance(given, (tuple, list)):
        raise TypeError(message(name, argument, "a tuple, one for each argument", type(given).__name__))


def _array(x: Any) -> Any:
    """A value that a function returned, with a shape and a dtype."""
    return x if hasattr(x, "dtype") else np.float64(x) if isinstance(x, (int, float)) else np.asarray(x)

"""Where recording stops: constants, and stretches of code that are run again on the way back."""

from collections.abc import Callable
from typing import Any

from mmlcore._errors import message
from mmlcore.autodiff.inputs import Inputs, named
from mmlcore.autodiff.primitive import primitive
from mmlcore.autodiff.products import vjp
from mmlcore.autodiff.rules import defvjp_joint
from mmlcore.autodiff.tensor import Tensor, plain
from mmlcore.autodiff.trees import is_leaf

__all__ = ["checkpoint", "stop_gradient"]


def stop_gradient(x: Any) -> Any:
    """The value of an array, or of containers of arrays, as a constant: its derivative is zero, of every order.

    Parameters
    ----------
    x : array, Tensor, number or container of these

    Returns
    -------
    the same without Tensors

    Examples
    --------
    >>> from mmlcore import grad, stop_gradient
    >>> float(grad(lambda x: x * stop_gradient(x))(3.0))
    3.0
    """
    return plain(x)


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that keeps nothing but its arguments when it is recorded, and runs again on the way back.

    It trades time for memory: gradients of deep compositions then need the memory of one part.

    Parameters
    ----------
    f : callable
        Takes arrays, numbers or containers of these and returns one array. What it differentiates must come as a
        positional argument, not through a closure.

    Returns
    -------
    callable
        The same function.

    Raises
    ------
    TypeError
        When called, if `f` does not return one array, or uses a Tensor that is not among its arguments.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import checkpoint, grad
    >>> layer = checkpoint(lambda x: np.tanh(np.exp(x)))
    >>> bool(grad(lambda x: layer(layer(x)))(0.1) == grad(lambda x: np.tanh(np.exp(np.tanh(np.exp(x)))))(0.1))
    True
    """

    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        positions = [i for i, x in enumerate(args) if not is_leaf(x) or isinstance(x, Tensor)]
        inputs = Inputs("checkpoint", args, positions)
        levels = [level for x in inputs.leaves for level in _levels(x)]

        def run(*leaves: Any) -> Any:
            out = f(*inputs.filled(leaves), **kwargs)
            if not is_leaf(out):
                raise TypeError(message("checkpoint", "f's result", "one array", type(out).__name__))
            return out

        @primitive
        def step(*leaves: Any) -> Any:
            out = run(*leaves)
            if type(out) is Tensor and out.tape in levels:
                expectation = "passed to f as an argument"
                raise TypeError(message("checkpoint", "every Tensor", expectation, "one that f takes from outside"))
            return out

        def back(needed: tuple[int, ...], ans: Any, leaves: Any, _: Any) -> Callable[[Any], Any]:
            def pullback(g: Any) -> tuple[Any, ...]:
                def of_needed(*xs: Any) -> Any:
                    full = list(leaves)
                    for i, x in zip(needed, xs, strict=True):
                        full[i] = x
                    return run(*full)

                gradients: tuple[Any, ...] = vjp(of_needed, *[leaves[i] for i in needed])[1](g)
                return gradients

            return pullback

        defvjp_joint(step, back)
        return step(*inputs.leaves)

    return named(checkpointed, "checkpoint", f)


def _levels(x: Any) -> list[Any]:
    return [x.tape, *_levels(x.value)] if type(x) is Tensor else []

"""One run of a function in reverse mode: its values, and what is needed to walk back from them any number of times."""

from collections.abc import Callable
from typing import Any

from mmlcore.autodiff.anomaly import explained, open_tape
from mmlcore.autodiff.inputs import Inputs, split_aux
from mmlcore.autodiff.tape import backward
from mmlcore.autodiff.tensor import Tensor, settled
from mmlcore.autodiff.trees import flatten, is_leaf

__all__ = ["Recording", "leaves_of"]


def leaves_of(out: Any) -> tuple[list[Any], Callable[..., Any]]:
    """The leaves of what a function returned, without Tensors of finished transforms, and how to put others there."""
    if type(out) is Tensor:
        return [out if out.tape.open else settled(out)], next
    if is_leaf(out):
        return [out], next
    parts, rebuild = flatten(settled(out))
    return [settled(part) for _, part in parts], rebuild


class Recording:
    """A function's values at `inputs`, with the tape that leads back to the inputs' leaves.

    Attributes
    ----------
    values : list
        The leaves of what the function returned, plain or Tensors of outer levels.
    rebuild : callable
        Puts leaves into the structure that the function returned.
    aux : anything
        The second part of the result, if the function has one.
    """

    __slots__ = ("_again", "_leaves", "_nodes", "_places", "aux", "rebuild", "values")

    def __init__(self, f: Callable[..., Any], inputs: Inputs, kwargs: dict[str, Any], has_aux: bool = False) -> None:
        leaves = inputs.leaves
        self._leaves = len(leaves)
        tape = open_tape(self._leaves)
        try:
            out = f(*inputs.filled([Tensor(x, tape, i) for i, x in enumerate(leaves)]), **kwargs)
            out, aux = split_aux(out, inputs.name) if has_aux else (out, None)
            outputs, self.rebuild = leaves_of(out)
            self._places = [out.node if type(out) is Tensor and out.tape is tape else None for out in outputs]
        finally:
            self._nodes = tape.close()
        self.values = [settled(out) if type(out) is Tensor else out for out in outputs]
        self.aux = settled(aux) if has_aux else None
        self._again = f, inputs, kwargs, has_aux

    def walk(self, gradients: list[Any], keep: bool = True) -> list[Any]:
        """Gradients of the leaves from gradients of the values, None for zero; without `keep` only once."""
        pairs = zip(self._places, gradients)  # noqa: B905  # in every gradient: no check
        seeds = [(place, gradient) for place, gradient in pairs if place is not None and gradient is not None]
        try:
            return backward(list(self._nodes) if keep else self._nodes, seeds, self._leaves)
        except Exception as error:
            explained(error, lambda: Recording(*self._again).walk(gradients))
            raise

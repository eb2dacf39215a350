"""The levels that compute at once instead of recording: forward mode, and many directions side by side.

A primitive that meets a Tensor of such a level (its `nodes` is None) hands the call to the level's `process`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore.autodiff.rules import Rules
from mmlcore.autodiff.tape import next_number
from mmlcore.autodiff.tensor import Tensor

__all__ = ["Batch", "Forward", "Stack"]


class Forward:
    """One level of forward differentiation: the `node` of its Tensors is their tangent, of the value's shape."""

    __slots__ = ("number", "open")
    nodes = None

    def __init__(self) -> None:
        self.number = next_number()
        self.open = True

    def process(self, call: Callable[..., Any], rules: Rules, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The value of a primitive and, by its rule, the tangent of the value."""
        values, needed, tangents = list(args), [], []
        for i, x in enumerate(args):
            if type(x) is Tensor and x.tape is self:
                values[i] = x.value
                needed.append(i)
                tangents.append(x.node)
        ans = call(*values, **kwargs)
        tangent = rules.push(tuple(needed), tangents, ans, values, kwargs)
        return ans if tangent is None else Tensor(ans, self, tangent)

    def close(self) -> None:
        """Tensors of this level keep their values."""
        self.open = False


class Stack:
    """Several arrays of one shape along the first axis of `array`; looks like one of them."""

    __slots__ = ("array", "shape")

    def __init__(self, array: Any) -> None:
        self.array, self.shape = array, array.shape[1:]

    ndim = property(lambda self: len(self.shape))
    dtype = property(lambda self: self.array.dtype)
    size = property(lambda self: int(np.prod(self.shape)))

    def __len__(self) -> int:
        return int(self.shape[0])

    def __repr__(self) -> str:
        return f"Stack({self.array!r})"


class Batch:
    """Many directions through the same linear map at once: the `value` of its Tensors is a `Stack`.

    Only tangents and gradients are ever stacked, never a point at which a derivative is taken, so what a
    primitive meets here is linear in its stacked arguments. Without a rule for stacks it is called once for each.
    """

    __slots__ = ("number", "open", "size")
    nodes = None

    def __init__(self, size: int) -> None:
        self.number, self.size, self.open = next_number(), size, True

    def tensor(self, array: Any) -> Tensor:
        """The arrays along the first axis of `array` as one Tensor."""
        return Tensor(Stack(array), self, 0)

    def array(self, tensor: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        """The arrays that a result of this level stands for along a new first axis; None is zero."""
        if tensor is None:
            return np.zeros((self.size, *shape), dtype)
        if type(tensor) is Tensor and tensor.tape is self:
            return tensor.value.array
        return np.broadcast_to(tensor, (self.size, *shape))

    def process(self, call: Callable[..., Any], rules: Rules, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A primitive applied to every array of the stacks."""
        stacked = tuple(type(x) is Tensor and x.tape is self for x in args)
        values = [x.value.array if on else x for x, on in zip(args, stacked, strict=True)]
        ans = rules.batch(stacked, self.size, *values, **kwargs) if rules.batch else NotImplemented
        if ans is NotImplemented:
            each = [
                call(*[x[i] if on else x for x, on in zip(values, stacked, strict=True)], **kwargs)
                for i in range(self.size)
            ]
            ans = np.stack(each)
        return self.tensor(ans)

    def close(self) -> None:
        """Tensors of this level have been used up."""
        self.open = False

"""The tape: what one run of a reverse-mode transform has recorded, and the backward pass over it."""

from collections.abc import Iterable
from itertools import count
from typing import Any

__all__ = ["Tape", "backward", "next_number"]

Node = tuple[Any, ...]

# Levels are numbered in the order of their opening: an inner transform opens after the outer one, so the
# higher number is the inner level. A number never comes back, so a Tensor of a finished transform can
# never be mistaken for one of a later transform.
next_number = count().__next__


class _Forgetful(list[Any]):
    """The nodes of a closed tape: whatever is recorded there is forgotten."""

    def append(self, node: Any) -> None:
        pass


class Tape:
    """One level of reverse differentiation.

    Attributes
    ----------
    nodes : list of tuple
        One node per recorded Tensor, in order of creation: `()` for an argument of the transform, otherwise
        `(pullback, parent)` or `(pullback, parent, parent, ...)` with the parents' positions in this list.
        The pullback takes the gradient of the node's value to that of its parent, or to a tuple with one
        gradient (or None) per parent.
    number : int
        Rank among all levels; the highest is the innermost.
    open : bool
        False once the transform has returned.
    """

    __slots__ = ("nodes", "number", "open")

    def __init__(self, leaves: int) -> None:
        self.nodes: list[Node] = [()] * leaves
        self.number = next_number()
        self.open = True

    def close(self) -> list[Node]:
        """Stop recording and hand over what was recorded; Tensors of this level keep their values."""
        nodes, self.nodes = self.nodes, _Forgetful()
        self.open = False
        return nodes


def backward(nodes: list[Node], seeds: Iterable[tuple[int, Any]], leaves: int) -> list[Any]:
    """Gradients of the first `leaves` nodes, given pairs (node, gradient of that node); None for zero.

    Nodes come after their parents, so one walk from the end meets every node when its gradient is
    complete. The list is consumed: each node is released as soon as it has been used.
    """
    gradients: list[Any] = [None] * len(nodes)
    last = leaves - 1
    for node, seed in seeds:
        gradients[node] = seed if gradients[node] is None else gradients[node] + seed
        last = max(last, node)
    del nodes[last + 1 :], gradients[last + 1 :]
    next_node, next_gradient = nodes.pop, gradients.pop

    for _ in range(len(nodes) - leaves):
        entry = next_node()
        gradient = next_gradient()
        if gradient is None:
            continue
        if len(entry) == 2:
            pullback, parent = entry
            part = pullback(gradient)
            known = gradients[parent]
            gradients[parent] = part if known is None else known + part
        elif len(entry) == 3:
            pullback, parent, other = entry
            part, second = pullback(gradient)
            if part is not None:
                known = gradients[parent]
                gradients[parent] = part if known is None else known + part
            if second is not None:
                known = gradients[other]
                gradients[other] = second if known is None else known + second
        else:
            parts = iter(entry)
            for part in next(parts)(gradient):
                parent = next(parts)
                if part is not None:
                    known = gradients[parent]
                    gradients[parent] = part if known is None else known + part

    return gradients

"""What surrounds a layer's call: whether the model is training, what joins the loss, how new layers are built."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Context", "context", "now"]


@dataclass(frozen=True)
class Context:
    """The surroundings of a call.

    Attributes
    ----------
    training : bool
        Dropout drops, noise disturbs, batch normalisation uses the batch's own statistics.
    losses : list or None
        Collects what layers add to the loss (`Layer.add_loss`); None: nobody asks.
    dtype, rng
        Of layers that are built by being called; None: each decides for itself.
    room : int or None
        A weight of more numbers is refused; None: any size.
    """

    training: bool = False
    losses: list[Any] | None = None
    dtype: Any = None
    rng: Any = None
    room: int | None = None


_CONTEXT: ContextVar[Context] = ContextVar("mmlcore_layers_context", default=Context())  # noqa: B039  # frozen


def now() -> Context:
    """The present surroundings.

    >>> now().training
    False
    """
    return _CONTEXT.get()


@contextmanager
def context(**changes: Any) -> Iterator[Context]:
    """Change some of the surroundings for a block.

    >>> with context(training=True):
    ...     now().training
    True
    """
    inner = replace(_CONTEXT.get(), **changes)
    token = _CONTEXT.set(inner)
    try:
        yield inner
    finally:
        _CONTEXT.reset(token)

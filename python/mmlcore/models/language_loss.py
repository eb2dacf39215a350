"""What a language model has not learned of a text: its loss, given everything that stands before."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.layers import Dense
from mmlcore.layers.recurrent_base import Recurrent
from mmlcore.models.language_step import forward_chain

__all__ = ["mean_loss"]

_WINDOW = 100  # characters that are read at once; also those that a piece reads before its own
_SIDE_BY_SIDE = 50
_PIECE = 1000  # characters that are worth a place of their own side by side


def mean_loss(
    layers: Sequence[Recurrent], decoder: Dense, ids: NDArray[Any], spans: Sequence[tuple[int, int]], dtype: Any
) -> float:
    """Nats per character of ids[begin:end] of all spans, each character given those before it.

    Long spans are cut into pieces that are read side by side. A piece starts with the state that the 100 characters
    before it leave, or with zeros where there are fewer: what the state knows of still earlier ones was below 1e-4 nats
    for the models of docs/performance.md.
    """
    pieces = _pieces(spans)
    total = sum(
        _total_loss(layers, decoder, ids, np.array(pieces[i : i + _SIDE_BY_SIDE]), dtype)
        for i in range(0, len(pieces), _SIDE_BY_SIDE)
    )
    return total / sum(end - begin for begin, end in spans)


def _pieces(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans, cut where they are long and few.

    >>> _pieces([(1, 2001)])
    [(1, 1001), (1001, 2001)]
    """
    wanted = min(_SIDE_BY_SIDE, sum(end - begin for begin, end in spans) // _PIECE)
    each = max(1, wanted // len(spans))
    cuts = [[begin + (end - begin) * i // each for i in range(each + 1)] for begin, end in spans]
    return [pair for cut in cuts for pair in pairwise(cut)]


def _total_loss(
    layers: Sequence[Recurrent], decoder: Dense, ids: NDArray[Any], pieces: NDArray[np.int64], dtype: Any
) -> float:
    """The sum of the losses of pieces, which are read side by side."""
    begins, ends = pieces.T
    chain = forward_chain(layers, decoder, _WINDOW, len(pieces), dtype)
    each, p = np.empty(_WINDOW * len(pieces), dtype), np.empty_like(chain.logits)
    known = begins > _WINDOW  # so many characters stand before the piece, and one before them
    total = 0.0
    for start in range(-_WINDOW if known.any() else 0, int((ends - begins).max()), _WINDOW):
        if start == 0:
            for state in chain.states:
                state[~known] = 0
        at = begins + np.arange(start, start + _WINDOW)[:, None]
        counted = (begins <= at) & (at < ends)
        at = np.clip(at, 1, len(ids) - 1)
        chain.x[...] = ids[at - 1]
        chain.forward()
        _kernels.softmax_cross_entropy(each, p, chain.logits, ids[at].ravel().astype(np.int64))
        total += float(each.reshape(counted.shape)[counted].sum(dtype=np.float64))
    return total

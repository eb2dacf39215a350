"""Data in blocks: what `fit` learns from an iterator instead of arrays, however many rows there are.

A block is X, (X,), (X, y) or (X, y, sample_weight). One block is held at a time.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from mmlcore.estimators.base import clone

__all__ = ["Block", "blocks_of", "fit_stream", "is_stream", "require_several_passes", "take_over"]


class Block(NamedTuple):
    """Some rows of the data, as the user gave them."""

    X: Any
    y: Any = None
    sample_weight: Any = None


def is_stream(X: Any) -> bool:
    """Whether X is an iterator, or another object that only iterates: no sequence, no array, no table.

    >>> is_stream(iter([])), is_stream([[1.0]])
    (True, False)
    """
    sized = ("__len__", "__array__", "__dlpack__", "toarray")
    return hasattr(X, "__iter__") and not any(hasattr(X, name) for name in sized)


def blocks_of(owner: str, stream: Any, y: Any = None, sample_weight: Any = None) -> Iterator[Block]:
    """The blocks of a stream, but for those that weigh nothing.

    Raises
    ------
    ValueError
        If targets or weights were given beside the stream, a block is a tuple of another length, or there is none.

    Examples
    --------
    >>> [block.y for block in blocks_of("Ridge", iter([([[1.0]], [2.0]), ([[3.0]], [4.0])]))]
    [[2.0], [4.0]]
    """
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(f"{owner}.fit: {name} must be in the blocks where X is an iterator of blocks")
    found = False
    for item in stream:
        parts = item if isinstance(item, tuple) else (item,)
        if not 1 <= len(parts) <= 3:
            raise ValueError(
                f"{owner}.fit: a block must be X, (X, y) or (X, y, sample_weight), got a tuple of {len(parts)}"
            )
        block = Block(*parts)
        if block.sample_weight is None or np.any(np.asarray(block.sample_weight)):
            found = True
            yield block
    if not found:
        raise ValueError(f"{owner}.fit: X must have at least one block that weighs something, got none")


def require_several_passes(owner: str, stream: Any) -> None:
    """Refuse what can be iterated only once.

    >>> require_several_passes("GaussianMixture", iter([]))
    Traceback (most recent call last):
    ...
    ValueError: GaussianMixture.fit: X must be an object that can be iterated again, since several passes are needed, \
got a list_iterator
    """
    if hasattr(stream, "__next__"):
        raise ValueError(
            f"{owner}.fit: X must be an object that can be iterated again, since several passes are needed, "
            f"got a {type(stream).__name__}"
        )


def fit_stream(estimator: Any, stream: Any, y: Any, sample_weight: Any) -> Any:
    """`fit` in one pass: every block goes into the statistics of `partial_fit`, which are solved at the end.

    The estimator changes only when all blocks have been taken in.
    """
    learner = clone(estimator)
    seen: Any = None
    for X, targets, weights in blocks_of(type(estimator).__name__, stream, y, sample_weight):
        given = {} if weights is None else {"sample_weight": weights}
        if hasattr(learner, "_absorb"):
            seen = learner._absorb(X, targets, **given)
        else:
            learner.partial_fit(X, targets, **given)
    if seen is not None:
        if hasattr(learner, "_require_enough"):
            learner._require_enough(*seen)
        learner._conclude(*seen)
    return take_over(estimator, learner)


def take_over(estimator: Any, learner: Any) -> Any:
    """Give `estimator` what another one of the same parameters has learnt, and nothing of what it knew before."""
    kept = {*estimator.get_params(deep=False), "_metadata_request", "_sklearn_output_config"}
    for name in [name for name in vars(estimator) if name.endswith("_") and not name.startswith("_")]:
        delattr(estimator, name)
    vars(estimator).update({name: value for name, value in vars(learner).items() if name not in kept})
    return estimator

"""Logistic and softmax regression on rows that come in blocks, several times: exact, one block in memory."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore.estimators.class_weights import weights_of_rows
from mmlcore.estimators.logistic_loss import Prior
from mmlcore.estimators.streams import blocks_of
from mmlcore.estimators.validation import validate_fit

__all__ = ["LabelledBlocks", "StreamedLoss"]


class LabelledBlocks:
    """The blocks of a stream, checked, with the numbers of their classes, every time they are iterated over.

    Made in one pass, which learns the classes and what they weigh.

    Parameters
    ----------
    learner : estimator
        Whose features these are; its parameter `class_weight` is used.
    stream : object that can be iterated over again
        Of blocks (X, y) or (X, y, sample_weight).
    y, sample_weight
        Must be None: they come in the blocks.

    Attributes
    ----------
    classes : ndarray, shape (k,)
    features : int
    dtype : dtype
        Of the first block.
    weight : float
        Σ w.

    Raises
    ------
    ValueError
        If a block is not what the data of `fit` must be.
    """

    def __init__(self, learner: Any, stream: Any, y: Any = None, sample_weight: Any = None) -> None:
        self.learner, self.stream, self.given = learner, stream, (y, sample_weight)
        counts: dict[Any, float] = {}
        for first, (X, (classes, codes), weights) in enumerate(self._checked()):
            if first == 0:
                self.features, self.dtype = X.shape[1], X.dtype
            weighed = np.bincount(codes, weights=weights, minlength=len(classes))
            for label, weight in zip(classes, weighed, strict=True):
                counts[label] = counts.get(label, 0.0) + float(weight)
        self.classes = np.asarray(sorted(counts))
        self.class_weight = learner.class_weight
        if isinstance(self.class_weight, str):  # "balanced"
            total = sum(counts.values()) / len(counts)
            self.class_weight = {label: total / (count or 1.0) for label, count in counts.items()}
        self.weight = sum(float(len(X) if w is None else w.sum(dtype=np.float64)) for X, _, w in self)

    def _checked(self) -> Iterator[tuple[FloatArray, Any, Any]]:
        first = not hasattr(self, "features")
        for block in blocks_of(type(self.learner).__name__, self.stream, *self.given):
            yield validate_fit(self.learner, *block, targets="labels", reset=first)
            first = False

    def __iter__(self) -> Iterator[tuple[FloatArray, Any, Any]]:
        for X, (found, codes), weights in self._checked():
            places = np.searchsorted(self.classes, found)
            if (places == len(self.classes)).any() or (self.classes[places] != found).any():
                raise ValueError("LogisticRegression.fit: the blocks must be the same in every pass, got other labels")
            codes = places[codes]
            X = X.astype(self.dtype, copy=False)
            weights = None if weights is None else weights.astype(self.dtype, copy=False)
            weights = weights_of_rows(self.class_weight, self.classes, codes, weights, self.dtype)
            if weights is None or weights.any():
                yield X, codes, weights


class StreamedLoss:
    """The loss of all blocks, as the solvers see it: sums of what `BinaryLoss` or `SoftmaxLoss` gives for each.

    Parameters
    ----------
    kind : type
        `BinaryLoss` or `SoftmaxLoss`.
    blocks : LabelledBlocks
    prior : Prior
    intercept : bool
    """

    def __init__(self, kind: Any, blocks: LabelledBlocks, prior: Prior, intercept: bool) -> None:
        self.kind, self.blocks, self.prior, self.intercept = kind, blocks, prior, intercept
        self.scale, self.renews = 1 / blocks.weight, kind.renews

    def _part(self, X: FloatArray, codes: Any, weights: Any, prior: Prior) -> Any:
        return self.kind(X, codes, len(self.blocks.classes), weights, prior, self.intercept)

    def _sum(self, of: Callable[[Any], Any]) -> Any:
        """Σ w of(block), each block's being a mean, without penalty."""
        nothing = Prior(np.zeros_like(self.prior.precision), self.prior.mean)
        total: Any = 0
        for block in self.blocks:
            part = self._part(*block, nothing)
            total = total + of(part) / part.scale
        return total

    def __call__(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Value and gradient."""

        def joined(part: Any) -> FloatArray:
            value, gradient = part(theta)
            return np.append(gradient, value)

        total, slope = self._sum(joined), self.prior.slope(theta)
        value = float(total[-1]) + 0.5 * float(slope @ (theta - self.prior.mean))
        return value * self.scale, (total[:-1] + slope) * self.scale

    def hessian(self, theta: FloatArray) -> FloatArray:
        """The Hessian, in one pass."""
        total: FloatArray = self._sum(lambda part: part.hessian(theta)) + self.prior.matrix()
        return total * self.scale

    def times_hessian(self, theta: FloatArray) -> Any:
        """The function v ↦ H v, a pass each."""

        def product(v: FloatArray) -> Any:
            total = self._sum(lambda part: part.times_hessian(theta)(v))
            return (total + self.prior.matrix() @ v) * self.scale

        return product

    def part(self, seed: int) -> None:
        """None: rows drawn from all blocks would take a pass."""

    def rough_solver(self, theta: FloatArray) -> Any:
        """That of the first block, with its share of the penalty."""
        X, codes, weights = next(iter(self.blocks))
        own = float(len(X) if weights is None else weights.sum(dtype=np.float64))
        share = Prior(self.prior.precision * (own * self.scale), self.prior.mean)
        return self._part(X, codes, weights, share).rough_solver(theta)

    def bound(self) -> float:
        """A number that no eigenvalue of any Hessian exceeds."""
        nothing = Prior(np.zeros_like(self.prior.precision), self.prior.mean)
        largest = max(self._part(*block, nothing).bound() for block in self.blocks)
        return float(largest + np.abs(self.prior.precision).max() * self.scale)

"""The training step of auto-encoders: inputs that are their own targets, a code that has a loss of its own.

As with any chain of layers the step is a list of kernel calls where everything has a plan, otherwise the tape's. The
two agree to rounding: the divergence is one kernel in the first, several operations in the second.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore.layers import Layer
from mmlcore.layers.context import now
from mmlcore.layers.plan import Plan
from mmlcore.losses import Loss
from mmlcore.losses.base import LossPlan
from mmlcore.models.gradients import BatchGradient, TapeGradient, chain_plans, own_loss_plan
from mmlcore.models.parameters import Parameters
from mmlcore.models.steps import FOREIGN_PENALTY, TrainingStep
from mmlcore.optimizers import Optimizer

__all__ = ["AutoEncoderStep", "Divergence", "Parts", "centres_of", "code_divergence", "flat", "mean_divergence"]


@dataclass(frozen=True)
class Divergence:
    """What the codes of a variational auto-encoder are held to: unit normal distributions about centres.

    Attributes
    ----------
    layer : int
        The place among the layers of the one that draws codes.
    beta : ndarray of float64, shape (2,)
        Weights of the divergence beside the reconstruction, of samples held to the origin and of those with a centre;
        may be written to between steps.
    centres : ndarray of shape (classes, d)
        Those of the labels 0, 1, ...; all others are held to the origin. May be written to between steps.
    """

    layer: int
    beta: NDArray[np.float64]
    centres: NDArray[Any]


@dataclass(frozen=True)
class Parts:
    """The sums over samples of the two parts of the loss; kernels add to them."""

    reconstruction: NDArray[np.float64]
    divergence: NDArray[np.float64]

    @classmethod
    def zero(cls) -> "Parts":
        """None yet."""
        return cls(np.zeros(1), np.zeros(1))

    def take(self, samples: int) -> dict[str, float]:
        """Their means over so many samples; the sums begin anew."""
        found = {"reconstruction": float(self.reconstruction[0]) / samples, "kl": float(self.divergence[0]) / samples}
        self.reset()
        return found

    def reset(self) -> None:
        """Begin anew."""
        self.reconstruction[0] = self.divergence[0] = 0.0


def flat(x: Any) -> Any:
    """Every sample as one row.

    >>> import numpy as np
    >>> flat(np.zeros((2, 3, 4))).shape
    (2, 12)
    """
    return x if x.ndim == 2 else x.reshape(len(x), -1)


def code_divergence(code: Any, centres: Any) -> Any:
    """KL(N(μ, Σ), N(c, 1)) = ½ Σ_j (Σ_jj - 1 - log Σ_jj + (μ_j - c_j)²), of every row.

    Parameters
    ----------
    code : array (n, 2 d)
        Rows [μ | log Σ].
    centres : array (n, d) or (d,)

    Returns
    -------
    array (n,)

    Examples
    --------
    >>> import numpy as np
    >>> code_divergence(np.array([[3.0, 4.0, 0.0, 0.0]]), np.zeros(2))
    array([12.5])

    References
    ----------
    Notes (11.3), (11.4).
    """
    d = code.shape[1] // 2
    log_variance = code[:, d:]
    spread = ops.subtract(ops.expm1(log_variance), log_variance)
    return ops.multiply(ops.sum(ops.add(spread, ops.square(ops.subtract(code[:, :d], centres))), axis=1), 0.5)


def centres_of(labels: NDArray[np.int64], centres: NDArray[Any]) -> NDArray[Any]:
    """The row of `centres` for each label; zeros for labels that have none.

    >>> import numpy as np
    >>> centres_of(np.array([1, -1]), np.array([[1.0], [2.0]]))
    array([[2.],
           [0.]])
    """
    found = np.zeros((len(labels), centres.shape[1]), centres.dtype)
    known = (labels >= 0) & (labels < len(centres))
    found[known] = centres[labels[known]]
    return found


def mean_divergence(code: Any, labels: NDArray[np.int64], weights: Any, divergence: Divergence) -> tuple[Any, Any]:
    """The mean divergence of some codes, weighted by samples; and weighted by β, too."""
    centres, beta = divergence.centres, divergence.beta
    each = code_divergence(code, centres_of(labels, centres))
    if weights is not None:
        each = ops.multiply(each, weights)
    factors = np.where((labels >= 0) & (labels < len(centres)), beta[1], beta[0]).astype(centres.dtype)
    return ops.mean(each), ops.mean(ops.multiply(each, factors))


class _Planned:
    """The gradient as kernel calls."""

    def __init__(
        self, plans: Sequence[Plan], loss: LossPlan, count: Callable[[], Any], at: int, diverge: Callable[[], Any]
    ) -> None:
        self.value, self.outputs = loss.value, plans[-1].output
        back = [plan.backward for plan in reversed(plans)]
        behind = len(plans) - at  # the calls after which the gradient of the code has arrived
        forward = [plan.forward for plan in plans]
        self._calls = [*forward, loss.call, count, *back[:behind], diverge, *back[behind:]]

    def __call__(self) -> None:
        for call in self._calls:
            call()


class _Taped(TapeGradient):
    """The gradient by the tape, with the parts of the loss counted."""

    def __init__(self, *arguments: Any, parts: Parts, kept: dict[str, Any]) -> None:
        super().__init__(*arguments)
        self._parts, self._kept, self._rows = parts, kept, len(arguments[0])

    def __call__(self) -> None:
        super().__call__()
        for total, name in ((self._parts.reconstruction, "reconstruction"), (self._parts.divergence, "kl")):
            if name in self._kept:
                total[0] += float(np.asarray(self._kept[name])) * self._rows


class AutoEncoderStep(TrainingStep):
    """Makes the steps of an auto-encoder; y are labels.

    Parameters
    ----------
    divergence : Divergence or None
        None: the code is free.
    parts : Parts
    layers, logits, loss, parameters, optimizer
        See `TrainingStep`.
    """

    def __init__(
        self,
        divergence: Divergence | None,
        parts: Parts,
        layers: Sequence[Layer],
        logits: bool,
        loss: Loss,
        parameters: Parameters,
        optimizer: Optimizer,
    ) -> None:
        super().__init__(layers, logits, self._forward_of, loss, parameters, optimizer)
        self._divergence, self._parts = divergence, parts

    def _forward_of(self, x: Any) -> Any:
        raise NotImplementedError  # the tape needs labels, too: see _taped

    def _gradient(
        self, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None
    ) -> tuple[BatchGradient, str | None]:
        plans = chain_plans(x, self._layers, self._logits, self._parameters)
        if isinstance(plans, str):
            return self._taped(x, y, weights), plans
        if self._parameters.foreign_penalties():
            return self._taped(x, y, weights), FOREIGN_PENALTY
        last = plans[-1]
        loss = own_loss_plan(self._loss, flat(x), flat(last.output), flat(last.output_gradient), weights)
        if loss is None:
            return self._taped(x, y, weights), f"the loss {type(self._loss).__name__} has no plan"
        return self._planned(plans, loss, y, weights), None

    def _planned(
        self, plans: Sequence[Plan], loss: LossPlan, labels: NDArray[Any], weights: NDArray[Any] | None
    ) -> _Planned:
        count = partial(_kernels.accumulate, self._parts.reconstruction, loss.value, len(labels))
        if self._divergence is None:
            return _Planned(plans, loss, count, 0, lambda: None)
        at, code = self._divergence.layer, plans[self._divergence.layer - 1]
        kl = np.zeros_like(loss.value)
        centres, beta = self._divergence.centres, self._divergence.beta

        def diverge() -> None:
            _kernels.code_divergence(kl, loss.value, code.output_gradient, code.output, weights, labels, centres, beta)
            _kernels.accumulate(self._parts.divergence, kl, len(labels))

        return _Planned(plans, loss, count, at, diverge)

    def _taped(self, x: NDArray[Any], labels: NDArray[Any], weights: NDArray[Any] | None) -> BatchGradient:
        kept: dict[str, Any] = {}
        at = None if self._divergence is None else self._divergence.layer
        layers = self._layers

        def forward(values: Any) -> Any:
            for i, layer in enumerate(layers):
                if i == at:
                    self._join_divergence(values, labels, weights, kept)
                values = layer.preactivation(values) if self._logits and i == len(layers) - 1 else layer.run(values)
            outputs = flat(values)
            kept["reconstruction"] = self._loss(flat(x), outputs, *(() if weights is None else (weights,)))
            return outputs

        return _Taped(x, flat(x), weights, forward, self._loss, self._parameters, parts=self._parts, kept=kept)

    def _join_divergence(self, code: Any, labels: NDArray[Any], weights: Any, kept: dict[str, Any]) -> None:
        """Add β KL to the losses of the step."""
        assert self._divergence is not None
        kept["kl"], weighted = mean_divergence(code, labels, weights, self._divergence)
        if (losses := now().losses) is not None:
            losses.append(weighted)

"""One training step: the loss of a batch, its gradient in one vector, one update of θ.

Everything a step does is a kernel call on fixed memory, so that a recording of one step can be replayed for
all that follow (`mmlcore.models.training`), unless something in the model says otherwise.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.layers import Layer
from mmlcore.layers.constraints import MaxNorm, NonNeg
from mmlcore.losses import Loss
from mmlcore.models.gradients import BatchGradient, PlannedGradient, TapeGradient
from mmlcore.models.parameters import Parameters
from mmlcore.optimizers import Optimizer

__all__ = ["FOREIGN_PENALTY", "BatchStep", "TrainingStep", "penalty_of"]

FOREIGN_PENALTY = "a regularizer is not one of L1, L2, L1L2"

_BATCH_SIZES_KEPT = 4


class BatchStep:
    """A step on the batch that stands in its buffers.

    Attributes
    ----------
    x, y : ndarray
    weights : ndarray or None
        The samples' weights.
    outputs : ndarray
        What the loss was computed from; the next call overwrites it.
    value : ndarray of shape (1,)
        The loss before the update, penalties included.
    obstacle : str or None
        Why the step cannot be recorded.
    """

    def __init__(
        self,
        buffers: tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None],
        before: Sequence[Callable[[], Any]],
        gradient: BatchGradient,
        after: Sequence[Callable[[], Any]],
        obstacle: str | None,
    ) -> None:
        self.x, self.y, self.weights = buffers
        self.value, self.obstacle = gradient.value, obstacle
        self._gradient = gradient
        self._calls: list[Callable[[], Any]] = [*before, gradient, *after]

    @property
    def outputs(self) -> Any:
        """What the loss was computed from."""
        return self._gradient.outputs

    def __call__(self) -> None:
        for call in self._calls:
            call()


class TrainingStep:
    """Makes the steps of a model, one for each size of batches.

    When a step is interrupted, θ is that of the last complete one.

    Parameters
    ----------
    layers : list of Layer
        A chain, or empty if the model is none: then the tape differentiates `forward`.
    logits : bool
        The loss takes the last layer's preactivations.
    forward : callable
        The model as a function of a batch, for the tape.
    loss, parameters, optimizer
    raise_on_nan : bool
        Refuse a loss or gradient that is not finite, before θ moves, with a FloatingPointError.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        logits: bool,
        forward: Callable[[Any], Any],
        loss: Loss,
        parameters: Parameters,
        optimizer: Optimizer,
        raise_on_nan: bool = False,
    ) -> None:
        self._layers, self._logits, self._forward, self._loss = layers, logits, forward, loss
        self._parameters, self.optimizer = parameters, optimizer
        self.raise_on_nan = raise_on_nan
        self._steps: dict[Any, BatchStep] = {}
        self._last: BatchStep | None = None

    @property
    def size(self) -> int:
        """The number of parameters."""
        return self._parameters.theta.size

    def batch(self, rows: int, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None = None) -> BatchStep:
        """The step for batches of so many rows like those of `x`, `y` and `weights`."""
        key = (rows, y.dtype, y.shape[1:], None if weights is None else weights.shape[1:], self.raise_on_nan)
        if (step := self._steps.get(key)) is None:
            if len(self._steps) == _BATCH_SIZES_KEPT:
                self._steps.clear()
            step = self._steps[key] = self._new(rows, x, y, weights)
        self._last = step
        return step

    def __call__(self, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None = None) -> tuple[float, Any]:
        """One step on a batch: the loss before the update, and the outputs that it was computed from."""
        step = self.batch(len(x), x, y, weights)
        np.copyto(step.x, x)
        np.copyto(step.y, y)
        if step.weights is not None and weights is not None:
            np.copyto(step.weights, weights)
        self.optimizer.follow_schedule()
        step()
        return float(step.value[0]), step.outputs

    def _new(self, rows: int, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None) -> BatchStep:
        """Buffers for batches of so many rows, and what is done with them."""
        w_buffer = None
        if weights is not None:
            w_buffer = np.empty((rows, *weights.shape[1:]), self._parameters.theta.dtype)
        return self.on(np.empty((rows, *x.shape[1:]), x.dtype), np.empty((rows, *y.shape[1:]), y.dtype), w_buffer)

    def on(self, x_buffer: NDArray[Any], y_buffer: NDArray[Any], w_buffer: NDArray[Any] | None) -> BatchStep:
        """The step on batches that will stand in these arrays."""
        gradient, obstacle = self._gradient(x_buffer, y_buffer, w_buffer)
        if obstacle is None:
            obstacle = self._obstacle()
        buffers = (x_buffer, y_buffer, w_buffer)
        return BatchStep(buffers, self._before(), gradient, self._after(gradient.value), obstacle)

    def _gradient(
        self, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None
    ) -> tuple[BatchGradient, str | None]:
        """The gradient of a batch in these arrays, and why it is not made of kernel calls, if it is not."""
        loss, parameters = self._loss, self._parameters
        planned = PlannedGradient.of(x, y, weights, self._layers, self._logits, loss, parameters)
        if not isinstance(planned, str) and parameters.foreign_penalties():
            planned = FOREIGN_PENALTY
        if isinstance(planned, str):
            return TapeGradient(x, y, weights, self._forward, loss, parameters), planned
        return planned, None

    def _before(self) -> list[Callable[[], Any]]:
        """Keep what a step with numbers that are none would spoil: moving averages."""
        if not self.raise_on_nan:
            return []
        return [partial(_kernels.affine, kept, state, 1.0, 0.0) for kept, state in self._parameters.safe_states()]

    def last_inputs(self) -> NDArray[Any]:
        """The inputs of the last step."""
        assert self._last is not None
        return self._last.x

    def last_value(self) -> float:
        """The loss of the last step."""
        assert self._last is not None
        return float(self._last.value[0])

    def restore(self) -> None:
        """Take back what the step that failed has done beside θ."""
        for kept, state in self._parameters.safe_states():
            state[...] = kept

    def _obstacle(self) -> str | None:
        """What of the update is not made of kernel calls."""
        cls = type(self.optimizer)
        if not all(getattr(cls, name) is getattr(Optimizer, name) for name in ("update", "apply", "move")):
            return f"the optimizer {cls.__name__} has a step of its own"
        if any(type(bound) not in (MaxNorm, NonNeg) for bound, _ in self._parameters.constrained()):
            return "a constraint is not one of MaxNorm, NonNeg"
        return None

    def _after(self, value: NDArray[Any]) -> list[Callable[[], Any]]:
        """What follows the gradient: penalties, checks, the update, constraints."""
        parameters, optimizer = self._parameters, self.optimizer
        theta, gradient = parameters.theta, parameters.gradient
        calls: list[Callable[[], Any]] = [
            partial(_kernels.penalize, value, slope, weight, penalty.l1, penalty.l2)
            for penalty, weight, slope in parameters.penalized()
        ]
        if self.raise_on_nan:
            calls.append(partial(_kernels.require_finite, value, "fit: the loss"))
            calls.append(partial(_kernels.require_finite, gradient, "fit: the gradient"))
        move = optimizer.apply if type(optimizer).update is Optimizer.update else optimizer.update
        calls.append(partial(move, theta, gradient))
        calls += [partial(bound, weight) for bound, weight in parameters.constrained()]
        return calls


def penalty_of(parameters: Parameters) -> float:
    """What the regularisers add to the loss at the present weights."""
    total = np.zeros(1, parameters.theta.dtype)
    for penalty, weight, _ in parameters.penalized():
        _kernels.penalize(total, None, weight, penalty.l1, penalty.l2)
    return float(total[0]) + sum(float(penalty(weight)) for penalty, weight in parameters.foreign_penalties())

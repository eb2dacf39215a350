"""One training step: the loss of a batch, its gradient in one vector, one update of θ.

Two ways lead to the same numbers, bit for bit. Where every layer and the loss have a plan, a step is a short
list of kernel calls on fixed buffers, one list for each batch size. Otherwise the tape differentiates.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.autodiff import value_and_grad
from mmlcore.layers import Layer
from mmlcore.layers.plan import Plan
from mmlcore.losses import Loss
from mmlcore.models.parameters import Parameters
from mmlcore.optimizers import Optimizer

__all__ = ["PlannedGradient", "TapeGradient", "TrainingStep", "one_class"]

_BATCH_SIZES_KEPT = 4


class _Gradient(Protocol):
    """Of one batch, in the buffers x and y: the loss and the outputs, and the gradient in `Parameters`."""

    x: NDArray[Any]
    y: NDArray[Any]

    def __call__(self) -> tuple[Any, NDArray[Any]]: ...


def one_class(part: Any, *methods: str) -> bool:
    """Whether the class of `part` that defines one of the methods defines all: then they go together.

    >>> one_class(Layer(), "call", "preactivation", "activate", "plan")
    True
    """
    return len({next(cls for cls in type(part).__mro__ if name in vars(cls)) for name in methods}) == 1


class PlannedGradient:
    """The gradient of a chain of layers, as kernel calls on fixed buffers."""

    def __init__(self, x: NDArray[Any], y: NDArray[Any], plans: Sequence[Plan], loss: Callable[[], Any]) -> None:
        self.x, self.y, self._outputs = x, y, plans[-1].output
        self._forward = [plan.forward for plan in plans]
        self._loss = loss
        self._backward = [plan.backward for plan in reversed(plans)]

    @classmethod
    def of(
        cls,
        x: NDArray[Any],
        y: NDArray[Any],
        layers: Sequence[Layer],
        logits: bool,
        loss: Loss,
        parameters: Parameters,
    ) -> "PlannedGradient | None":
        """The plan for batches in the buffers `x` and `y`, or None if a layer or the loss has none."""
        together = (one_class(layer, "call", "preactivation", "activate", "plan") for layer in layers)
        if not (all(together) and one_class(loss, "call", "plan") and type(loss).__call__ is Loss.__call__):
            return None
        plans: list[Plan] = []
        inputs, inputs_gradient = x, None
        gradients = iter(parameters.gradient_views)
        for layer in layers:
            own = [next(gradients) for _ in layer.weight_names]
            plan = layer.plan(inputs, inputs_gradient, own, not (logits and layer is layers[-1]))
            if plan is None:
                return None
            plans.append(plan)
            inputs, inputs_gradient = plan.output, plan.output_gradient
        loss_plan = loss.plan(y, plans[-1].output, plans[-1].output_gradient)
        return None if loss_plan is None else cls(x, y, plans, loss_plan)

    def __call__(self) -> tuple[Any, NDArray[Any]]:
        for call in self._forward:
            call()
        loss = self._loss()
        for call in self._backward:
            call()
        return loss, self._outputs


class TapeGradient:
    """The gradient of any model, recorded and differentiated by `mmlcore.autodiff`."""

    def __init__(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        forward: Callable[[Any], Any],
        loss: Loss,
        parameters: Parameters,
    ) -> None:
        def objective(*weights: Any) -> tuple[Any, Any]:
            parameters.bind(weights)
            outputs = forward(x)
            return loss(y, outputs), outputs

        self.x, self.y, self._parameters = x, y, parameters
        positions = tuple(range(len(parameters.views)))
        self._differentiate = value_and_grad(objective, argnums=positions, has_aux=True)

    def __call__(self) -> tuple[Any, NDArray[Any]]:
        parameters = self._parameters
        try:
            (loss, outputs), gradients = self._differentiate(*parameters.views)
        finally:
            parameters.bind(parameters.views)
        parameters.collect(gradients)
        return loss, outputs


class TrainingStep:
    """Gathers a batch, differentiates its loss, updates θ.

    When it is interrupted, θ is that of the last complete step.

    Parameters
    ----------
    layers : list of Layer
        A chain, or empty if the model is none: then the tape differentiates `forward`.
    logits : bool
        The loss takes the last layer's preactivations.
    forward : callable
        The model as a function of a batch, for the tape.
    loss, parameters, optimizer
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        logits: bool,
        forward: Callable[[Any], Any],
        loss: Loss,
        parameters: Parameters,
        optimizer: Optimizer,
    ) -> None:
        self._layers, self._logits, self._forward, self._loss = layers, logits, forward, loss
        self._parameters, self._optimizer = parameters, optimizer
        self._gradients: dict[Any, _Gradient] = {}

    def __call__(self, x: NDArray[Any], y: NDArray[Any], rows: NDArray[np.int64]) -> tuple[float, NDArray[Any]]:
        """One step on some rows of the data.

        Returns the loss before the update, and the outputs that it was computed from, in a buffer that the
        next step overwrites.
        """
        gradient = self._gradients.get((len(rows), y.dtype, y.shape[1:])) or self._new(len(rows), x, y)
        _kernels.gather_rows(gradient.x, x, rows)
        _kernels.gather_rows(gradient.y, y, rows)
        loss, outputs = gradient()
        self._optimizer.update(self._parameters.theta, self._parameters.gradient)
        return float(loss), outputs

    def _new(self, rows: int, x: NDArray[Any], y: NDArray[Any]) -> _Gradient:
        """Buffers for batches of so many rows, and what differentiates them."""
        if len(self._gradients) == _BATCH_SIZES_KEPT:
            self._gradients.clear()
        x_buffer = np.empty((rows, *x.shape[1:]), x.dtype)
        y_buffer = np.empty((rows, *y.shape[1:]), y.dtype)
        loss, parameters = self._loss, self._parameters
        gradient: _Gradient | None = None
        if self._layers:
            gradient = PlannedGradient.of(x_buffer, y_buffer, self._layers, self._logits, loss, parameters)
        if gradient is None:
            gradient = TapeGradient(x_buffer, y_buffer, self._forward, loss, parameters)
        self._gradients[rows, y.dtype, y.shape[1:]] = gradient
        return gradient

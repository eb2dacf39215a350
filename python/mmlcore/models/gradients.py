"""The loss of a batch and its gradient in one vector, in two ways that give the same bits.

Where every layer and the loss have a plan it is a short list of kernel calls on fixed buffers. Otherwise the
tape differentiates.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mmlcore import ops
from mmlcore.autodiff import value_and_grad
from mmlcore.layers import Layer, MaxPooling2D
from mmlcore.layers.context import context
from mmlcore.layers.plan import Plan
from mmlcore.losses import Loss
from mmlcore.losses.base import LossPlan
from mmlcore.models.parameters import Parameters

__all__ = [
    "BatchGradient",
    "PlannedGradient",
    "TapeGradient",
    "chain_plans",
    "is_halved",
    "one_class",
    "own_loss_plan",
]


class BatchGradient(Protocol):
    """Of one batch in the buffers x, y, weights: writes `value` and the gradient in `Parameters`."""

    value: NDArray[Any]
    outputs: Any

    def __call__(self) -> None: ...


def one_class(part: Any, *methods: str) -> bool:
    """Whether the class of `part` that defines one of the methods defines all: then they go together.

    >>> one_class(Layer(), "call", "preactivation", "activate", "plan")
    True
    """
    return len({next(cls for cls in type(part).__mro__ if name in vars(cls)) for name in methods}) == 1


def _has_own_plan(layer: Layer) -> bool:
    return one_class(layer, "call", "preactivation", "activate", "plan") and type(layer).run is Layer.run


def _leaves_rectifying_to(layer: Layer, following: Layer | None) -> bool:
    """Whether `following` can apply the ReLU of `layer`: the largest of a window, rectified, needs no second pass."""
    if following is None or not following.rectifies or layer.activation != "relu":
        return False
    return _has_own_plan(following) and one_class(following, "plan", "plan_rectified")


def is_halved(layer: Layer, following: Layer | None) -> bool:
    """Whether `layer` may take its rectifier and the maxima of 2×2 windows that follow along: see `Layer.plan_halved`.

    >>> from mmlcore.layers import Conv2D
    >>> is_halved(Conv2D(8, 3, activation="relu"), MaxPooling2D(2))
    True
    """
    if not _leaves_rectifying_to(layer, following) or not isinstance(following, MaxPooling2D) or not following.halves:
        return False
    ours = all(getattr(type(following), name) is getattr(MaxPooling2D, name) for name in ("plan", "plan_rectified"))
    return ours and layer.activity_regularizer is None and one_class(layer, "plan", "plan_halved")


def chain_plans(x: NDArray[Any], layers: Sequence[Layer], logits: bool, parameters: Parameters) -> "list[Plan] | str":
    """The plans of layers one after another, from inputs in the buffer `x`, or why there are none.

    With `logits` the last one ends before its activation.
    """
    if not layers:
        return "the model is not a chain of layers"
    plans: list[Plan] = []
    inputs, inputs_gradient = x, None
    gradients = iter(parameters.gradient_views)
    rectified = True  # whether what the layer before has left in its buffer is its output
    taken = False  # whether the plan before is of this layer, too
    for layer, following in zip(layers, (*layers[1:], None), strict=True):
        own = [next(gradients) for _ in layer.weight_names]
        plan = None
        if taken:
            last = plans[-1]
            plan, taken = Plan(last.output, last.output_gradient, lambda: None, lambda: None), False
        elif _has_own_plan(layer):
            if not rectified:
                plan, rectified = layer.plan_rectified(inputs, inputs_gradient), True
            elif is_halved(layer, following):
                plan = layer.plan_halved(inputs, inputs_gradient, own)
                taken = plan is not None
            if plan is None:
                rectified = not _leaves_rectifying_to(layer, following)
                plan = layer.plan(inputs, inputs_gradient, own, rectified and not (logits and following is None))
        if plan is None or layer.activity_regularizer is not None:
            return f"layer {layer.name!r} ({type(layer).__name__}) has no plan"
        plans.append(plan)
        learns = inputs_gradient is not None or bool(layer.weight_names)
        inputs, inputs_gradient = plan.output, plan.output_gradient if learns else None
    return plans


def own_loss_plan(
    loss: Loss,
    y: NDArray[Any],
    outputs: NDArray[Any],
    gradient: NDArray[Any],
    weights: NDArray[Any] | None,
) -> LossPlan | None:
    """The plan of `loss`, unless a subclass has changed what it would compute."""
    if not one_class(loss, "call", "kernels") or type(loss).__call__ is not Loss.__call__:
        return None
    return loss.plan(y, outputs, gradient, weights)


class PlannedGradient:
    """The gradient of a chain of layers, as kernel calls on fixed buffers."""

    def __init__(self, plans: Sequence[Plan], loss: LossPlan) -> None:
        self.value, self.outputs = loss.value, plans[-1].output
        self._calls = [*(plan.forward for plan in plans), loss.call, *(plan.backward for plan in reversed(plans))]

    @classmethod
    def of(
        cls,
        x: NDArray[Any],
        y: NDArray[Any],
        weights: NDArray[Any] | None,
        layers: Sequence[Layer],
        logits: bool,
        loss: Loss,
        parameters: Parameters,
    ) -> "PlannedGradient | str":
        """The plan for batches in the buffers `x`, `y` and `weights`, or why there is none."""
        plans = chain_plans(x, layers, logits, parameters)
        if isinstance(plans, str):
            return plans
        last = plans[-1]
        loss_plan = own_loss_plan(loss, y, last.output, last.output_gradient, weights)
        return f"the loss {type(loss).__name__} has no plan" if loss_plan is None else cls(plans, loss_plan)

    def __call__(self) -> None:
        for call in self._calls:
            call()


class TapeGradient:
    """The gradient of any model, recorded and differentiated by `mmlcore.autodiff`."""

    def __init__(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        weights: NDArray[Any] | None,
        forward: Callable[[Any], Any],
        loss: Loss,
        parameters: Parameters,
    ) -> None:
        def objective(*values: Any) -> tuple[Any, Any]:
            parameters.bind(values)
            with context(training=True, losses=[]) as around:
                outputs = forward(x)
            total = loss(y, outputs) if weights is None else loss(y, outputs, weights)
            for extra in around.losses or ():
                total = ops.add(total, extra)
            for penalty, weight in parameters.foreign_penalties():
                total = ops.add(total, penalty(weight))
            return total, outputs

        self.value, self.outputs = np.zeros(1, parameters.theta.dtype), None
        self._parameters = parameters
        positions = tuple(range(len(parameters.views)))
        self._differentiate = value_and_grad(objective, argnums=positions, has_aux=True)

    def __call__(self) -> None:
        parameters = self._parameters
        try:
            (loss, self.outputs), gradients = self._differentiate(*parameters.views)
        finally:
            parameters.bind(parameters.views)
        parameters.collect(gradients)
        self.value[0] = loss

"""What every layer is: weights declared in `build`, a differentiable `call`, a name."""

import re
from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore._arrays import as_float, as_shape
from mmlcore._configuration import own_parameters
from mmlcore._errors import integer, message
from mmlcore._random import Seed, as_generator
from mmlcore.autodiff import Tensor
from mmlcore.layers import constraints, initializers, regularizers
from mmlcore.layers.context import now
from mmlcore.layers.plan import Plan

__all__ = ["Layer", "Shape", "assign"]

Shape = tuple[int | None, ...]


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def assign(function: str, argument: str, old: Sequence[NDArray[Any]], new: Sequence[Any]) -> None:
    """Copy the arrays `new` into those of `old`, if all have the same shapes; otherwise a ValueError."""
    arrays = [as_float(array, function, argument) for array in new]
    expected, got = [array.shape for array in old], [array.shape for array in arrays]
    if expected != got:
        raise ValueError(message(function, argument, f"arrays of shapes {expected}", f"{got}"))
    for target, array in zip(old, arrays, strict=True):
        target[...] = array


class Layer:
    """Base of all layers.

    A subclass declares weights in `build` with `add_weight` and computes in `call` from NumPy functions or
    `mmlcore.ops`, reading its weights as attributes.

    Parameters
    ----------
    name : str, optional
        Default: the class in snake case, numbered within its model.
    input_shape : tuple of int, optional
        Shape of one sample. With it a model knows its weights before it sees data.
    trainable : bool
        False: the weights stay as they are; counts from the next `compile`.
    activity_regularizer : str or callable, optional
        Its value for the outputs, divided by the number of samples, joins the loss.

    Attributes
    ----------
    built, taken : bool
        It has weights; it belongs to a model.
    weight_names : list of str
        Attributes that hold weights, in the order of θ.
    state_names : list of str
        Attributes that hold what is carried along but not learned by gradients, such as moving averages.
    regularizers, constraints : dict
        By the name of a weight.
    activation : str or callable
        What `call` applies last to `preactivation`; "linear" for a layer that has none.
    same_in_training : bool
        `call` does the same whether the model is training or not.
    rectifies : bool
        Its plan can rectify what it reads; see `plan_rectified`.

    Examples
    --------
    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.add_weight("factor", (), "ones")
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> Scale()([[2.0, 3.0]])
    array([[2., 3.]])
    """

    activation: Any = "linear"
    same_in_training: ClassVar[bool] = True
    rectifies: ClassVar[bool] = False

    def __init__(
        self,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
        trainable: bool = True,
        activity_regularizer: Any = None,
    ) -> None:
        own = type(self).__name__
        self.name = name if name is not None else _snake_case(type(self).__name__)
        self.named = name is not None
        self.input_shape = None if input_shape is None else self._batch(input_shape)
        self.output_shape: Shape | None = None
        self.built = False
        self.taken = False
        self.trainable = bool(trainable)
        self.activity_regularizer = regularizers.get(activity_regularizer, own, "activity_regularizer")
        self.weight_names: list[str] = []
        self.state_names: list[str] = []
        self.regularizers: dict[str, regularizers.Regularizer] = {}
        self.constraints: dict[str, constraints.Constraint] = {}

    def _batch(self, input_shape: Any) -> Shape:
        """The shape of a batch of samples of `input_shape`, which is checked."""
        own = type(self).__name__
        if not isinstance(input_shape, tuple | list):
            raise TypeError(message(own, "input_shape", "a tuple, such as (64,)", repr(input_shape)))
        return (None, *(integer(own, "input_shape", size) for size in input_shape))

    def build(self, input_shape: Shape) -> None:
        """Declare the weights for inputs of `input_shape`, whose first entry (the batch) is None."""

    def call(self, inputs: Any) -> Any:
        """The outputs of the layer; inputs and weights are arrays, or tensors while a gradient is taken."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, inputs)")

    def preactivation(self, inputs: Any) -> Any:
        """`call` without the activation, for losses that are stable only in terms of it (logits).

        It counts only if the class that defines it also defines `call` and `activate`.
        """
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        """The activation alone: ``call(x)`` equals ``activate(preactivation(x))``."""
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        """`call` (or `preactivation`) and its derivative as kernel calls, or None: then the tape does it.

        Parameters
        ----------
        x : ndarray
            Buffer of the inputs.
        dx : ndarray of the shape of `x`, or None
            Where the gradient with respect to the inputs goes, if it is needed.
        gradients : sequence of ndarray
            Where the gradients of the weights go, in the order of `weight_names`.
        activate : bool
            Plan `call`; False: `preactivation`.

        A plan must give the numbers of `call`, bit for bit. It counts only if the class that defines `plan`
        also defines `call`, `preactivation` and `activate`, so that a subclass may override any of them.
        """
        return None

    def plan_rectified(self, x: NDArray[Any], dx: NDArray[Any] | None) -> Plan:
        """`plan` of max(x, 0), for a layer with `rectifies`: it spares the layer before its own rectifier."""
        raise NotImplementedError(f"{type(self).__name__} does not rectify its inputs")

    def plan_halved(self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]]) -> Plan | None:
        """`plan` of the largest of each 2×2 window of max(`preactivation`, 0), or None.

        Without `gradients` it does not go backward.
        """
        return None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Shape of the outputs, or a ValueError; the same as the inputs' unless a subclass says otherwise."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments that make such a layer; weights and the shape of the inputs are the model's to keep."""
        names = [name for name in own_parameters(type(self)) if name != "input_shape"]
        return {name: getattr(self, name) for name in names if hasattr(self, name)}

    def add_weight(
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: Any = "glorot_uniform",
        regularizer: Any = None,
        constraint: Any = None,
        trainable: bool = True,
    ) -> None:
        """Declare the weight ``self.<name>`` and give it its first value.

        Parameters
        ----------
        name : str
        shape : tuple of int
        initializer : str or callable
        regularizer : str or callable, optional
            Its value for the weight joins the loss.
        constraint : str or callable, optional
            Applied to the weight, in place, after every step.
        trainable : bool
            False: no part of θ; `call` may move it.
        """
        own = f"{type(self).__name__}.add_weight"
        create = initializers.get(initializer, own, "initializer")
        if (room := now().room) is not None and prod(shape) > room:
            raise ValueError(message(own, name, f"of at most {room} numbers", f"shape {shape}"))
        vars(self)[name] = initializers.initialize(create, shape, self._rng, self._dtype)
        names = self.weight_names if trainable else self.state_names
        if name not in names:
            names.append(name)
        if (penalty := regularizers.get(regularizer, own, "regularizer")) is not None:
            self.regularizers[name] = penalty
        if (bound := constraints.get(constraint, own, "constraint")) is not None:
            self.constraints[name] = bound

    def add_loss(self, value: Any) -> None:
        """Add a number to the loss of the step; to be called in `call`. Outside of a step it is forgotten."""
        if (losses := now().losses) is not None:
            losses.append(value)

    def run(self, inputs: Any) -> Any:
        """`call`, and what the activity regulariser has to say about its outputs."""
        return self._penalize(self.call(inputs))

    def _penalize(self, outputs: Any) -> Any:
        """The outputs, of which the activity regulariser has had its say; of [outputs, states] the first."""
        if self.activity_regularizer is not None and now().losses is not None:
            values = outputs[0] if isinstance(outputs, list) else outputs
            self.add_loss(self.activity_regularizer(values) / len(values))
        return outputs

    def rebound(self) -> None:
        """Called when a model has put other arrays, views of θ or tensors, in the place of the weights."""

    def _new_key(self) -> int:
        """A name for a stream of random numbers; to be called in `build`."""
        return int(self._rng.integers(2**63))

    def prepare(self, input_shape: Shape, dtype: Any, seed: Seed) -> None:
        """`build` in the given dtype, with first values from `seed`."""
        self.output_shape = self.compute_output_shape(input_shape)
        self.weight_names, self.state_names, self.regularizers, self.constraints = [], [], {}, {}
        self._dtype, self._rng = np.dtype(dtype), as_generator(seed, type(self).__name__)
        self.build(input_shape)
        del self._rng
        self.input_shape = input_shape
        self.built = True

    @property
    def weights(self) -> list[NDArray[Any]]:
        """The weights themselves (in a model: views of θ), then the state, in the order of their names."""
        return [getattr(self, name) for name in (*self.weight_names, *self.state_names)]

    def __setattr__(self, name: str, value: Any) -> None:
        """A weight that exists is written to, so that a model goes on training it; tensors take its place."""
        weight = vars(self).get(name)
        if type(weight) is np.ndarray and not isinstance(value, Tensor) and self._holds(name):
            own = type(self).__name__
            weight[...] = as_shape(own, name, as_float(value, own, name), weight.shape)
        else:
            super().__setattr__(name, value)

    def _holds(self, name: str) -> bool:
        return name in self.weight_names or name in self.state_names

    def get_weights(self) -> list[NDArray[Any]]:
        """Copies of `weights`."""
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Copy `weights`, as `get_weights` returns them, into the layer's own.

        Raises
        ------
        ValueError
            If their number or a shape differs; then nothing is changed.
        TypeError
            If they are not real numbers.

        Examples
        --------
        >>> from mmlcore.layers import Dense
        >>> layer = Dense(1)
        >>> _ = layer([[1.0, 2.0]])
        >>> layer.set_weights([[[3.0], [4.0]], [5.0]])
        >>> layer([[1.0, 2.0]])
        array([[16.]])
        """
        assign("set_weights", "weights", self.weights, weights)

    def count_params(self) -> int:
        """How many numbers the layer holds."""
        return sum(weight.size for weight in self.weights)

    def __call__(self, inputs: Any) -> Any:
        """`call` on data, building the layer first if it is new."""
        if not isinstance(inputs, Tensor):
            inputs = as_float(inputs, type(self).__name__, "inputs")
        if inputs.ndim == 0:
            raise ValueError(message(type(self).__name__, "inputs", "a batch of at least one axis", "a scalar"))
        if not self.built:
            around = now()
            dtype = inputs.dtype if around.dtype is None else around.dtype
            self.prepare((None, *inputs.shape[1:]), dtype, around.rng)
        return self.run(inputs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}, output shape {self.output_shape}>"

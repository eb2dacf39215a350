"""What a model is before it learns: layers, weights in one vector, predictions."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import integer, message
from mmlcore._random import Seed, as_generator
from mmlcore.layers import Layer
from mmlcore.layers.base import Shape, assign
from mmlcore.layers.context import context
from mmlcore.models import streaming, summary
from mmlcore.models.data import as_inputs
from mmlcore.models.inference import RecordedPrediction
from mmlcore.models.parameters import Parameters
from mmlcore.models.training import chunk_rows

__all__ = ["Architecture", "free_name"]

_FEW_ROWS = 256


class Architecture:
    """The part of `Model` that predicts; see there for the attributes.

    A subclass provides `call`; or, as a chain of layers does, `infer_shape`, `build` (which sets the shapes and
    `_parameters`), `_outputs`, and `_chain` and `_preactivations`: then its training steps can be planned, and its
    last activation can be joined with the loss.
    """

    def __init__(self, name: str | None, dtype: Any, seed: Seed) -> None:
        self.name = name if name is not None else type(self).__name__.lower()
        if dtype not in ("float32", "float64", np.float32, np.float64):
            raise TypeError(message(type(self).__name__, "dtype", "float32 or float64", repr(dtype)))
        self.dtype = np.dtype(dtype)
        self.layers: list[Layer] = []
        self.input_shape: Shape | None = None
        self.output_shape: Shape | None = None
        self._generator = None if seed is None else as_generator(seed, type(self).__name__)
        self._parameters: Parameters | None = None
        self._few: RecordedPrediction | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        """A layer that is assigned, alone or in a list, is the model's."""
        super().__setattr__(name, value)
        if name != "layers":
            for item in value if isinstance(value, list | tuple) else (value,):
                if isinstance(item, Layer):
                    self._adopt(item)

    def _adopt(self, layer: Layer) -> None:
        if "layers" not in vars(self):
            got = "an attribute before super().__init__() was called"
            raise RuntimeError(message(type(self).__name__, "layers", "assigned afterwards", got))
        if any(layer is other for other in self.layers):
            return
        if layer.taken or layer.built:
            raise ValueError(message(type(self).__name__, "layer", "new", f"{layer.name!r}, which is in use"))
        names = {other.name for other in self.layers}
        if layer.named and layer.name in names:
            raise ValueError(message(type(self).__name__, "layer", "of a name that is not taken", repr(layer.name)))
        layer.name, layer.taken = free_name(layer.name, names), True
        self.layers.append(layer)

    # What a subclass provides.

    def call(self, x: Any) -> Any:
        """The outputs for a batch of inputs, computed with the model's layers."""
        raise NotImplementedError(f"{type(self).__name__} must define call(self, x)")

    def infer_shape(self, input_shape: Shape) -> Shape:
        """The shape of the outputs for inputs of `input_shape`, or an error; builds the model if `call` says it."""
        self.build(input_shape)
        assert self.output_shape is not None
        return self.output_shape

    def build(self, input_shape: Shape) -> None:
        """Create the weights for inputs of `input_shape`, such as (None, 64), by running `call` on one sample."""
        shape = (None, *(integer("build", "input_shape", size) for size in input_shape[1:]))
        if self.built:
            if self.input_shape != shape:
                raise ValueError(message("build", "input_shape", f"{self.input_shape}", f"{input_shape}"))
            return
        with context(dtype=self.dtype, rng=self._rng()):
            outputs = self.call(np.zeros((1, *shape[1:]), self.dtype))
        self.input_shape, self.output_shape = shape, (None, *outputs.shape[1:])
        self._parameters = Parameters([layer for layer in self.layers if layer.built], self.dtype)

    def _outputs(self, x: Any) -> Any:
        """The outputs for an array or Tensor of inputs."""
        return self.call(x)

    def _preactivations(self, x: Any) -> Any:
        """The outputs before the last layer's activation, for losses that fuse with it."""
        raise NotImplementedError

    def _chain(self) -> Sequence[Layer]:
        """The layers, if the model is nothing but one after another: its training steps can be planned."""
        return ()

    def _rng(self) -> "np.random.Generator":
        """The model's own stream: weights first, then shuffling."""
        if self._generator is None:
            self._generator = as_generator(None, type(self).__name__)
        return self._generator

    # Weights.

    @property
    def built(self) -> bool:
        """Whether the weights exist."""
        return self._parameters is not None

    @property
    def _theta(self) -> Parameters:
        if self._parameters is None:
            got = "one whose number of inputs is not known yet; call build(input_shape)"
            raise ValueError(message(type(self).__name__, "model", "built", got))
        return self._parameters

    @property
    def theta(self) -> NDArray[Any]:
        """Every parameter that gradients move, or would if its layer were not frozen, in one contiguous vector."""
        return self._theta.theta

    @property
    def gradient(self) -> NDArray[Any]:
        """The gradient of the last training step, laid out as `theta`."""
        return self._theta.gradient

    @property
    def trainable(self) -> bool:
        """Whether any layer is trained. Assigning freezes or frees all of them; counts from the next `compile`."""
        return any(layer.trainable for layer in self.layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = bool(value)

    def count_params(self) -> int:
        """The number of all parameters: those of θ, frozen ones too, and what layers carry along beside it."""
        return self.theta.size + sum(state.size for state in self._theta.states())

    def get_weights(self) -> list[NDArray[Any]]:
        """Copies of the weights, in the order of the layers: kernel, bias, kernel, ...; moving averages too."""
        return [weight.copy() for weight in self._weights()]

    def _weights(self) -> list[NDArray[Any]]:
        return [weight for layer in self._theta.layers for weight in layer.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Copy `weights`, as `get_weights` returns them, into the model's own.

        Raises
        ------
        ValueError
            If their number or a shape differs; then nothing is changed.
        """
        assign("set_weights", "weights", self._weights(), weights)

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Print a table of the layers, their output shapes and their numbers of parameters."""
        print_fn(summary.table(self.name, self.layers, self.dtype.itemsize))

    # Predictions.

    def _slices(self, function: str, x: NDArray[Any], batch_size: int | None) -> list[slice]:
        """Rows of `x` to handle at once: so many that the widest layer's outputs stay in the cache."""
        if batch_size is not None:
            rows = integer(function, "batch_size", batch_size)
        elif len(x) <= _FEW_ROWS:
            return [slice(None)]
        else:
            widths = [prod(filter(None, layer.output_shape)) for layer in self.layers if layer.output_shape]
            rows = chunk_rows(_FEW_ROWS, max(widths, default=1) * self.dtype.itemsize)
        return [slice(start, start + rows) for start in range(0, len(x), rows)]

    def _build_for(self, x: Any) -> None:
        if not self.built:
            self.build((None, *np.shape(x)[1:]))

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = 0, *, steps: int | None = None
    ) -> NDArray[Any]:
        """The outputs for `x`.

        Parameters
        ----------
        x : array_like of shape (n, ...), or iterable
            Inputs; n numbers will do for a model built for one feature. An iterable gives batches, x or (x, ...).
        batch_size : int, optional
            Bounds memory only.
        verbose : object
            Accepted for Keras's sake; nothing is printed.
        steps : int, optional
            How many batches of an iterator to take; all there are unless given.

        Returns
        -------
        ndarray of shape (n, ...), of the model's dtype
            A new array; a row with NaN gives a row of NaN.

        Raises
        ------
        ValueError, TypeError
            If the rows of `x` do not fit the model, or it has no layers.

        Examples
        --------
        >>> from mmlcore import layers, models
        >>> models.Sequential([layers.Dense(2, kernel_initializer="ones", input_dim=1)]).predict([1.0, 3.0])
        array([[1., 1.],
               [3., 3.]], dtype=float32)
        """
        if batch_size is None and self._few is not None and (outputs := self._few(x)) is not None:
            return outputs
        if streaming.is_stream(x):
            return streaming.predict(self, x, steps)
        x = as_inputs("predict", x, self.input_shape, self.dtype, numbers=False)
        self._build_for(x)
        if self._few is None and self._chain():
            self._few = RecordedPrediction(self._chain(), self.dtype)
        if batch_size is None and self._few is not None and (outputs := self._few(x)) is not None:
            return outputs
        first, *others = self._slices("predict", x, batch_size)
        part = self._outputs(x[first])
        if not others:  # the caller's own array is not handed back
            return part.copy() if np.may_share_memory(part, x) else part
        outputs = np.empty((len(x), *part.shape[1:]), part.dtype)
        outputs[first] = part
        for rows in others:
            outputs[rows] = self._outputs(x[rows])
        return outputs

    def __call__(self, x: Any) -> Any:
        """The outputs for `x`, differentiable with respect to it."""
        self._build_for(x)
        return self._outputs(x)


def free_name(name: str, taken: set[str]) -> str:
    """`name`, or name_1, name_2, ... if it is taken.

    >>> free_name("dense", {"dense"})
    'dense_1'
    """
    return next(n for n in [name, *(f"{name}_{i}" for i in range(1, len(taken) + 2))] if n not in taken)

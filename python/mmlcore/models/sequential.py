"""A chain of layers."""

from collections.abc import Sequence
from typing import Any

from mmlcore._errors import integer, message
from mmlcore._random import Seed
from mmlcore.layers import Layer
from mmlcore.layers.base import Shape
from mmlcore.models.architecture import free_name
from mmlcore.models.model import Model
from mmlcore.models.parameters import Parameters

__all__ = ["Sequential"]


class Sequential(Model):
    """Layers applied one after another.

    Parameters
    ----------
    layers : list of Layer, optional
        More can be added with `add`.
    name : str, optional
    dtype : {"float32", "float64"}
        Of the weights and of everything computed.
    seed : int, SeedSequence or Generator, optional
        Of the first weights and of the shuffling in `fit`; without one, drawn from NumPy's global state, so
        that ``np.random.seed(0)`` makes a script reproducible.

    Examples
    --------
    >>> from mmlcore.layers import Dense
    >>> from mmlcore.optimizers import Adam
    >>> import numpy as np
    >>> x = np.linspace(-1, 1, 64)
    >>> model = Sequential([Dense(16, activation="tanh"), Dense(1)], seed=0)
    >>> model.compile(optimizer=Adam(0.01), loss="mse", metrics=["mae"])
    >>> history = model.fit(x, x**2, epochs=200, verbose=0)
    >>> history.history["loss"][-1] < 0.01
    True
    >>> model.predict([0.5]).shape
    (1, 1)

    References
    ----------
    DRP, the listing of the x² network.
    """

    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        name: str | None = None,
        dtype: Any = "float32",
        seed: Seed = None,
    ) -> None:
        super().__init__(name, dtype, seed)
        for layer in layers or ():
            self.add(layer)

    def add(self, layer: Layer) -> None:
        """Append a layer, and build it if the number of its inputs is known.

        Raises
        ------
        TypeError
            If it is not a layer.
        ValueError
            If it belongs to a model already, its name is taken, it returns its state, or it does not fit what
            comes before; then the model is unchanged.
        """
        if not isinstance(layer, Layer):
            raise TypeError(message("Sequential.add", "layer", "a Layer", repr(layer)))
        if layer.built:
            got = f"{layer.name!r}, which has weights already"
            raise ValueError(message("Sequential.add", "layer", "new", got))
        if layer.taken:
            raise ValueError(message("Sequential.add", "layer", "new", f"{layer.name!r}, which is in a model"))
        if getattr(layer, "return_state", False):
            raise ValueError(message("Sequential.add", "layer", "without return_state", "one with it"))
        names = {other.name for other in self.layers}
        name = layer.name if layer.named else free_name(layer.name, names)
        if name in names:
            raise ValueError(message("Sequential.add", "layer", "of a name that is not taken", repr(name)))

        shape = self.output_shape if self.layers else layer.input_shape
        layers = [*self.layers, layer]
        if shape is not None:
            self._extend(layers, shape)
        layer.name, layer.taken = name, True
        self.layers = layers

    def _extend(self, layers: Sequence[Layer], shape: Shape) -> None:
        """Build those of `layers` that are not built yet, the first for `shape`, and move all weights into one θ.

        An error leaves the model and the layers as they were.
        """
        new = [layer for layer in layers if not layer.built]
        before = [dict(vars(layer)) for layer in new]
        try:
            for layer in new:
                layer.prepare(shape, self.dtype, self._rng())
                assert layer.output_shape is not None
                shape = layer.output_shape
            parameters = Parameters(layers, self.dtype)
        except BaseException:
            for layer, state in zip(new, before, strict=True):
                layer.__dict__ = state
            raise
        if self.optimizer is not None and self._parameters is not None:
            self.optimizer.release(self._parameters.theta)
        self.input_shape, self.output_shape = layers[0].input_shape, shape
        self._parameters, self._step, self._few = parameters, None, None

    def infer_shape(self, input_shape: Shape) -> Shape:
        """The shape of the outputs for inputs of `input_shape`, or a ValueError; changes nothing."""
        if not self.layers:
            raise ValueError(message("Sequential", "model", "at least one layer", "none; call add(layer)"))
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def build(self, input_shape: Shape) -> None:
        """Create the weights for inputs of `input_shape`, such as (None, 64).

        Raises
        ------
        TypeError
            If `input_shape` is not a tuple.
        ValueError
            If a layer cannot take what the one before gives, or the model is built for another shape.
        """
        if not isinstance(input_shape, tuple | list) or not input_shape:
            raise TypeError(message("build", "input_shape", "a tuple, such as (None, 64)", repr(input_shape)))
        shape = (None, *(integer("build", "input_shape", size) for size in input_shape[1:]))
        if self.input_shape not in (None, shape):
            raise ValueError(message("build", "input_shape", f"{self.input_shape}", f"{input_shape}"))
        self.infer_shape(shape)
        if not self.built:
            self._extend(self.layers, shape)

    @classmethod
    def _restored(cls, layers: Sequence[Layer], described: Any, name: str, dtype: str) -> "Sequential":
        """A model of these layers, as `described` by another of its class."""
        return cls(layers, name=name, dtype=dtype, seed=0)

    def _chain(self) -> Sequence[Layer]:
        return self.layers

    def _outputs(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer.run(x)
        return x

    def _preactivations(self, x: Any) -> Any:
        for layer in self.layers[:-1]:
            x = layer.run(x)
        return self.layers[-1].preactivation(x)

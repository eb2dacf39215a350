"""What every model does: compile, fit, evaluate; the architecture is a subclass's."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import losses, metrics, optimizers
from mmlcore._errors import message
from mmlcore._random import Seed, as_generator
from mmlcore.callbacks import Callback, History
from mmlcore.layers.base import Shape
from mmlcore.models import fitting, saving, streaming
from mmlcore.models.architecture import Architecture
from mmlcore.models.data import as_inputs, as_targets, as_weights, require_finite
from mmlcore.models.gradients import one_class
from mmlcore.models.parameters import joined
from mmlcore.models.steps import BatchStep, TrainingStep, penalty_of
from mmlcore.models.training import RunningLogs

__all__ = ["Model"]


class Model(Architecture):
    """Base of the models: `Sequential` is one; for any other graph subclass it with layers and a `call`.

    Layers become the model's by being assigned to attributes, alone or in lists, and get their weights when `call`
    is run for the first time.

    Parameters
    ----------
    name : str, optional
    dtype : {"float32", "float64"}
        Of the weights and of everything computed.
    seed : int, SeedSequence or Generator, optional
        Of the first weights and of the shuffling in `fit`.

    Attributes
    ----------
    layers : list of Layer
    theta : ndarray of shape (count_params(),)
        Every trainable parameter, in one contiguous vector; the layers' weights are views of it.
    gradient : ndarray of shape (count_params(),)
        The gradient of the last training step.
    input_shape, output_shape : tuple
        Of a batch, whose own length is None; None before the model is built.
    optimizer, loss, metrics
        What `compile` chose.
    history : History
        The record of the last `fit`, also when it was interrupted.
    stop_training : bool
        Set it in a callback to end `fit` after the epoch.
    not_captured : str or None
        Why the steps of the last `fit` were not replayed from a recording; None if they were.

    Examples
    --------
    >>> from mmlcore.layers import Add, Dense
    >>> class Residual(Model):
    ...     def __init__(self):
    ...         super().__init__(seed=0)
    ...         self.wide, self.narrow, self.add = Dense(8, "relu"), Dense(2), Add()
    ...     def call(self, x):
    ...         return self.add([x, self.narrow(self.wide(x))])
    >>> Residual().predict([[1.0, 2.0]]).shape
    (1, 2)
    """

    def __init__(self, name: str | None = None, dtype: Any = "float32", seed: Seed = None) -> None:
        super().__init__(name, dtype, seed)
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: losses.Loss | None = None
        self.metrics: list[metrics.Metric] = []
        self.history: History | None = None
        self.stop_training = False
        self.not_captured: str | None = None
        self._step: TrainingStep | None = None

    def compile(self, optimizer: Any = "sgd", loss: Any = None, metrics: Sequence[Any] | None = None) -> None:
        """Choose how the model learns.

        Parameters
        ----------
        optimizer : str or Optimizer
            "sgd" unless given (Keras's default is "rmsprop").
        loss : str, Loss or callable
        metrics : list of str, Metric or callable
            Measured beside the loss, under these names, in `fit` and `evaluate`.

        Raises
        ------
        ValueError
            For an unknown name (the message lists the known ones), or an optimiser that already trains
            another model. The model keeps what it had.
        """
        if isinstance(metrics, str):
            raise ValueError(message("compile", "metrics", "a list", repr(metrics)))
        chosen = fitting.choose(optimizer, loss, metrics or ())
        if self._parameters is not None:
            self._build_optimizer(chosen[0])
        self.optimizer, self.loss, self.metrics = chosen
        self._step = None

    def _build_optimizer(self, optimizer: optimizers.Optimizer) -> None:
        spans = self._theta.spans()
        optimizer.build(self.theta, joined(spans), spans)

    def _compiled(self, function: str) -> losses.Loss:
        if self.loss is None:
            got = "one without loss and optimizer; call compile(...) first"
            raise RuntimeError(message(function, "model", "compiled", got))
        return self.loss

    def _fused_loss(self) -> losses.Loss | None:
        """The loss in terms of the last layer's preactivations, if that is the stable form."""
        loss, chain = self._compiled("fit"), self._chain()
        if not chain or not one_class(chain[-1], "call", "preactivation", "activate"):
            return None
        if chain[-1].activity_regularizer is not None:
            return None
        return loss.before(chain[-1].activation)

    def _training_step(self) -> TrainingStep:
        """The step for the present weights, loss and optimiser; made anew when one of them was replaced."""
        loss = self._compiled("fit")
        assert self.optimizer is not None
        if not self.theta.size:
            raise ValueError(message("fit", "model", "one with weights to learn", "none"))
        self._build_optimizer(self.optimizer)  # again before every fit: it may have been reset since
        if self._step is None:
            fused = self._fused_loss()
            forward = self._preactivations if fused else self._outputs
            self._step = TrainingStep(
                self._chain(), fused is not None, forward, fused or loss, self._theta, self.optimizer
            )
        return self._step

    def _checked(
        self, function: str, x: Any, y: Any, argument: str = "", input_shape: Shape | None = None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """x and y as the loop needs them, or an error; changes nothing."""
        loss = self._compiled(function)
        x_name, y_name = (f"{argument}[0]", f"{argument}[1]") if argument else ("x", "y")
        x = as_inputs(function, x, self.input_shape or input_shape, self.dtype, x_name)
        require_finite(function, x_name, x)
        output_shape = self.output_shape or self.infer_shape((None, *x.shape[1:]))
        y = as_targets(function, y, len(x), loss, output_shape, self.dtype, y_name)
        for metric in self.metrics:
            metric.checked(function, y_name, y, (len(x), *output_shape[1:]), metric.name)
        return x, y

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Callback | Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        *,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        seed: Seed = None,
        capture: Any = "auto",
        numerics: str | None = None,
    ) -> History:
        """Train for a number of epochs; each visits every sample once, in batches.

        Parameters
        ----------
        x : array_like of shape (n, ...), or iterable
            Inputs; n numbers will do for a model with one feature. Must be finite. A memory map is read batch by
            batch. Without `y` an iterable or iterator of batches (x, y) or (x, y, weights).
        y : array_like of shape (n, ...)
            Targets, as the loss expects them.
        batch_size : int, optional
            32 unless given; the last batch of an epoch may be smaller.
        epochs, initial_epoch : int
            Epochs are counted from `initial_epoch` up to, not including, `epochs`; there may be none.
        verbose : {"auto", 0, 1, 2}
            Progress on standard error: 0 none, 1 a bar, 2 a line an epoch; "auto" is a bar on a terminal and
            lines elsewhere.
        callbacks : Callback or list of Callback, optional
        validation_split : float
            The last part of the samples, in [0, 1), held back for validation; before shuffling.
        validation_data : tuple (x, y) or (x, y, weights), optional
            Measured after every epoch; goes before `validation_split`.
        shuffle : bool
            Draw a new order for every epoch.
        class_weight : dict of int to float, optional
            Multiplies the losses of the samples of a class; 1 for the classes left out.
        sample_weight : array_like of shape (n,), optional
            Multiplies the losses of single samples; 0 masks one. Metrics do not use it.
        steps_per_epoch : int, optional
            How many batches of an iterator make an epoch; all there are unless given.
        capture : {"auto", True, False}
            Record the first step and replay it from C++ for the others, where the model allows it: where it does
            not, "auto" runs every step from Python and says why in ``model.not_captured``, True is an error. The
            numbers are the same, bit for bit.
        numerics : {None, "raise"}
            "raise": stop before θ moves when a loss or gradient is NaN or infinite.
        seed : int, SeedSequence or Generator, optional
            Of the shuffling; otherwise the model's own stream goes on.

        Returns
        -------
        History
            ``history.history["loss"]`` and the metrics: means over the samples of each epoch, measured before
            the step in which they are used; "val_..." after the epoch.

        Raises
        ------
        RuntimeError
            If the model is not compiled.
        ValueError, TypeError
            For data that do not fit the model, the loss or a metric, or arguments out of range; then the
            model is unchanged.
        FloatingPointError
            With ``numerics="raise"``: names the layer; θ is that of the last good step.

        Notes
        -----
        A loss that is NaN or infinite gives one RuntimeWarning, and training goes on. An interrupt (Ctrl-C)
        leaves θ as of the last complete step and the history so far in ``model.history``.

        Examples
        --------
        >>> from mmlcore import layers, models
        >>> model = models.Sequential([layers.Dense(1, input_dim=1)], seed=0)
        >>> model.compile("sgd", "mse")
        >>> history = model.fit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], epochs=1000, verbose=0)
        >>> model.predict([10.0]).round(1)
        array([[21.]], dtype=float32)
        """
        arguments = fitting.FitArguments(
            batch_size, epochs, initial_epoch, verbose, callbacks, shuffle, capture, numerics
        )
        fraction = fitting.checked_fraction(validation_split)
        shuffling = None if seed is None else as_generator(seed, "fit")
        if y is None and streaming.is_stream(x):
            pair = None if validation_data is None else fitting.checked_pair(validation_data)
            return streaming.fit(self, x, arguments, steps_per_epoch, pair, class_weight)
        x, y = self._checked("fit", x, y)
        data: fitting.Data = (x, y, as_weights("fit", sample_weight, class_weight, y, self.dtype))
        validation = None
        if validation_data is not None:
            validation = self._validation(fitting.checked_pair(validation_data), (None, *x.shape[1:]))
        elif fraction:
            data, validation = fitting.split(*data, fraction)
        self._build_for(x)
        return fitting.fit(self, data, arguments, validation, shuffling or self._rng())

    def _validation(self, triple: tuple[Any, Any, Any], input_shape: Shape) -> fitting.Data:
        """Validation data as the loop needs them."""
        x, y = self._checked("fit", *triple[:2], "validation_data", input_shape)
        return x, y, as_weights("fit", triple[2], None, y, self.dtype)

    def train_on_batch(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One step on one batch.

        Parameters
        ----------
        x : array_like of shape (n, ...)
        y : array_like of shape (n, ...)
        sample_weight, class_weight
            As for `fit`.
        return_dict : bool

        Returns
        -------
        float, list of float or dict
            The loss and the metrics before the step, as `evaluate` gives them.

        Raises
        ------
        RuntimeError
            If the model is not compiled.
        ValueError, TypeError
            For data that do not fit the model, the loss or a metric; then the model is unchanged.

        Examples
        --------
        >>> from mmlcore import layers, models
        >>> model = models.Sequential([layers.Dense(1, kernel_initializer="zeros", input_dim=1)])
        >>> model.compile("sgd", "mse")
        >>> model.train_on_batch([[2.0]], [[1.0]])
        1.0
        >>> model.get_weights()[0].round(3)
        array([[0.04]], dtype=float32)
        """
        x, y = self._checked("train_on_batch", x, y)
        weights = as_weights("train_on_batch", sample_weight, class_weight, y, self.dtype)
        self._build_for(x)
        logs = RunningLogs(self.metrics)
        self._train(logs, x, y, weights)
        return fitting.shown(logs.read(), return_dict)

    def _train(self, logs: RunningLogs, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None) -> None:
        """One step on checked data."""
        loss, outputs = self._training_step()(x, y, weights)
        logs.add_loss(loss, len(x))
        if self.metrics:
            logs.add_outputs(y, self._predictions(outputs))

    def training_step(self, x: NDArray[Any], y: NDArray[Any], sample_weight: NDArray[Any] | None = None) -> BatchStep:
        """A step on whatever stands in these arrays when it is called, for loops of one's own.

        Parameters
        ----------
        x, y : ndarray
            C-contiguous, of the dtypes and shapes that `fit` makes of its data: the model's dtype; int64 labels.
        sample_weight : ndarray, optional

        Returns
        -------
        BatchStep
            Callable without arguments; ``value[0]`` is the loss before the update. The learning rate is the one that
            stands in ``optimizer.constants[0]``: a schedule is the loop's own affair. See `mmlcore.models.capture`.

        Raises
        ------
        RuntimeError
            If the model is not compiled.
        ValueError, TypeError
            If the arrays are not such, or do not fit the model or the loss.

        Examples
        --------
        >>> import numpy as np
        >>> from mmlcore import layers, models
        >>> model = models.Sequential([layers.Dense(1, kernel_initializer="zeros", input_dim=1)])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.ones((2, 1), np.float32), np.ones((2, 1), np.float32)
        >>> step = model.training_step(x, y)
        >>> step()
        >>> step.value
        array([1.], dtype=float32)
        """
        checked = self._checked("training_step", x, y)
        weights = as_weights("training_step", sample_weight, None, checked[1], self.dtype)
        arrays = {"x": (x, checked[0]), "y": (y, checked[1]), "sample_weight": (sample_weight, weights)}
        for name, (given, array) in arrays.items():
            if array is not None and not _is_already(given, array):
                expectation = f"a C-contiguous array of {array.dtype} and shape {array.shape}"
                got = f"{getattr(given, 'dtype', type(given).__name__)} of shape {getattr(given, 'shape', '?')}"
                raise ValueError(message("training_step", name, expectation, got))
        self._build_for(x)
        return self._training_step().on(x, y, sample_weight)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = 0,
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and the metrics of (x, y).

        Parameters
        ----------
        x : array_like of shape (n, ...)
        y : array_like of shape (n, ...)
            Targets, as the loss expects them.
        batch_size : int, optional
            Bounds memory only.
        verbose : object
            Accepted for Keras's sake; nothing is printed.
        sample_weight : array_like of shape (n,), optional
            As for `fit`.
        return_dict : bool

        Returns
        -------
        float, list of float or dict
            Means over the samples: the loss; a list with the loss first if there are metrics; with
            `return_dict` a dictionary by name.

        Raises
        ------
        RuntimeError
            If the model is not compiled.
        ValueError, TypeError
            For data that do not fit the model, the loss or a metric.

        Examples
        --------
        >>> from mmlcore import layers, models
        >>> model = models.Sequential([layers.Dense(1, kernel_initializer="ones", input_dim=1)])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> model.evaluate([[1.0], [2.0]], [[1.0], [4.0]], return_dict=True)
        {'loss': 2.0, 'mae': 1.0}
        """
        x, y = self._checked("evaluate", x, y)
        weights = as_weights("evaluate", sample_weight, None, y, self.dtype)
        self._build_for(x)
        return fitting.shown(self._evaluate(x, y, weights, batch_size), return_dict)

    def _evaluate(
        self, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None = None, batch_size: int | None = None
    ) -> dict[str, float]:
        loss, fused = self._compiled("evaluate"), self._fused_loss()
        forward = self._preactivations if fused else self._outputs
        logs = RunningLogs(self.metrics)
        for rows in self._slices("evaluate", x, batch_size):
            outputs = forward(x[rows])
            extra = () if weights is None else (weights[rows],)
            mean = float((fused or loss)(y[rows], outputs, *extra))
            logs.add_loss(mean, len(x[rows]))
            logs.add_outputs(y[rows], self._predictions(outputs))
        measured = logs.read()
        measured["loss"] += penalty_of(self._theta)
        return measured

    def _predictions(self, outputs: NDArray[Any]) -> Any:
        """What the model predicts, from what its training step works with."""
        return self.layers[-1].activate(outputs) if self._fused_loss() else outputs

    def save(self, path: Any) -> None:
        """Write the model to one file: architecture, weights, optimiser, random streams.

        safetensors holds the numbers, JSON in its header the rest. The file is written beside its place, synced and
        renamed: a crash leaves the old one.

        Parameters
        ----------
        path : path-like

        Raises
        ------
        ValueError
            If the model is not built.
        ImportError
            If safetensors is not installed.
        OSError
            If the file cannot be written.

        Examples
        --------
        See `mmlcore.models.load`.
        """
        saving.save(self, path)

    def save_weights(self, path: Any) -> None:
        """Write the weights alone; errors as for `save`."""
        saving.save_weights(self, path)

    def load_weights(self, path: Any) -> None:
        """Read weights that `save` or `save_weights` wrote for a model of the same architecture.

        Raises
        ------
        ValueError
            If the file is no such thing, or its weights have other shapes; then nothing is changed.
        """
        saving.load_weights(self, path)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_step": None, "_few": None}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {len(self.layers)} layers>"


def _is_already(given: Any, array: NDArray[Any]) -> bool:
    """Whether what the caller gave is what the kernels would be handed."""
    whole = isinstance(given, np.ndarray) and given.flags.c_contiguous and given.dtype == array.dtype
    return whole and given.shape == array.shape and bool(np.array_equal(given, array))

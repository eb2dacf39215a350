"""What every model does: fit, save; the architecture is a subclass's."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import message
from mmlcore._random import Seed, as_generator
from mmlcore.callbacks import Callback, History
from mmlcore.losses import Loss
from mmlcore.models import fitting, saving, streaming
from mmlcore.models.compiled import Compiled
from mmlcore.models.data import as_weights
from mmlcore.models.steps import BatchStep, TrainingStep
from mmlcore.models.training import RunningLogs
from mmlcore.optimizers import Optimizer

__all__ = ["Model"]


class Model(Compiled):
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
        self.history: History | None = None
        self.stop_training = False
        self.not_captured: str | None = None

    def _training_step(self) -> TrainingStep:
        """The step for the present weights, loss and optimiser; made anew when one of them was replaced."""
        loss = self._compiled("fit")
        assert self.optimizer is not None
        if not self.theta.size:
            raise ValueError(message("fit", "model", "one with weights to learn", "none"))
        self._build_optimizer(self.optimizer)  # again before every fit: it may have been reset since
        if self._step is None:
            fused = self._fused_loss()
            self._step = self._new_step(fused, loss, self.optimizer)
        return self._step

    def _new_step(self, fused: Loss | None, loss: Loss, optimizer: Optimizer) -> TrainingStep:
        """The step of `loss`, or of `fused`, which takes the last layer's preactivations."""
        forward = self._preactivations if fused else self._outputs
        return TrainingStep(self._chain(), fused is not None, forward, fused or loss, self._theta, optimizer)

    def _expect(self, y: NDArray[Any]) -> None:
        """Called with targets that were checked, before steps are made for them."""

    def _begin_epoch(self) -> None:
        """Called before every epoch over arrays."""

    def _end_epoch(self, x: NDArray[Any], y: NDArray[Any], samples: int) -> dict[str, float]:
        """Called after every epoch over the arrays x and y: parts of the loss to be written down beside it."""
        return {}

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
        validation_steps: int | None = None,
        seed: Seed = None,
        capture: Any = "auto",
        numerics: str | None = None,
    ) -> History:
        """Train for a number of epochs; each visits every sample once, in batches.

        Parameters
        ----------
        x : array_like of shape (n, ...), or iterable
            Inputs; n numbers will do for a model with one feature. Must be finite. A memory map of the
            model's dtype is read batch by batch; other numbers are converted first, all at once. Without `y` an
            iterable or iterator of batches (x, y) or (x, y, weights).
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
        validation_data : tuple (x, y) or (x, y, weights), or iterable, optional
            Measured after every epoch; goes before `validation_split`. An iterable of batches is gone through anew each
            time; from an iterator `validation_steps` are taken each time.
        shuffle : bool
            Draw a new order for every epoch.
        class_weight : dict of int to float, optional
            Multiplies the losses of the samples of a class; 1 for the classes left out.
        sample_weight : array_like of shape (n,), optional
            Multiplies the losses of single samples; 0 masks one. Metrics do not use it.
        steps_per_epoch : int, optional
            How many batches of an iterator make an epoch; all there are unless given.
        validation_steps : int, optional
            How many batches of `validation_data` are measured.
        capture : {"auto", True, False}
            Record the first step and replay it from C++ for the others, where the model allows it: where it does
            not, "auto" runs every step from Python and says why in ``model.not_captured``, True is an error. The
            numbers are the same, bit for bit. What is recorded are kernel calls on arrays that stay: the layers, losses
            and optimisers of mmlcore in a chain. A subclass's own `call` is Python that makes new arrays in every step,
            and is differentiated anew each time; so are activity regularizers and functions of the user's.
        numerics : {None, "raise"}
            "raise": stop before θ moves when a loss or gradient is NaN or infinite.
        seed : int, SeedSequence or Generator, optional
            Of the shuffling; otherwise the model's own stream goes on.

        Returns
        -------
        History
            ``history.history["loss"]`` and the metrics: means over the samples of each epoch, measured before
            the step in which they are used (of a loss whose reduction is "sum", the mean of the batches' sums);
            "val_..." after the epoch, as `evaluate` gives them.

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
            streaming.refuse(
                "fit", batch_size=batch_size, sample_weight=sample_weight, validation_split=fraction or None
            )
            validation = (validation_data, validation_steps)
            return streaming.fit(self, x, arguments, steps_per_epoch, validation, class_weight)
        if steps_per_epoch is not None:
            raise ValueError(message("fit", "steps_per_epoch", "left out for arrays", repr(steps_per_epoch)))
        x, y = self._checked("fit", x, y)
        data: fitting.Data = (x, y, as_weights("fit", sample_weight, class_weight, y, self.dtype))
        validate = None
        if validation_data is not None:
            shape, number = (None, *x.shape[1:]), arguments.number
            validate = self._validation(validation_data, validation_steps, number, shape)
        elif fraction:
            data, held_back = fitting.split(*data, fraction)
            validate = partial(self._evaluate, *held_back)
        self._build_for(x)
        return fitting.fit(self, data, arguments, validate, shuffling or self._rng())

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
        self._expect(y)
        return self._training_step().on(x, y, sample_weight)

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

    # What `saving` asks of models that are more than their layers.

    def _described(self) -> dict[str, Any]:
        """What `_restored` and `_make_room` need to know, as plain data."""
        return {}

    def _carried(self) -> dict[str, NDArray[Any]]:
        """Numbers that belong to the model beside its weights."""
        return {}

    def _make_room(self, described: Any) -> None:
        """Make the arrays of `_carried`, in the sizes that `_described` said."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_step": None, "_few": None}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {len(self.layers)} layers>"


def _is_already(given: Any, array: NDArray[Any]) -> bool:
    """Whether what the caller gave is what the kernels would be handed."""
    whole = isinstance(given, np.ndarray) and given.flags.c_contiguous and given.dtype == array.dtype
    return whole and given.shape == array.shape and bool(np.array_equal(given, array))

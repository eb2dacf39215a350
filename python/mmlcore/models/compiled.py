"""What a model is once it has a loss: data checked against it, evaluation."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray

from mmlcore import losses, metrics, optimizers
from mmlcore._errors import message
from mmlcore._random import Seed
from mmlcore.layers.base import Shape
from mmlcore.models import fitting, streaming
from mmlcore.models.architecture import Architecture
from mmlcore.models.data import as_inputs, as_targets, as_weights, require_finite
from mmlcore.models.gradients import one_class
from mmlcore.models.parameters import joined
from mmlcore.models.steps import TrainingStep, penalty_of
from mmlcore.models.training import RunningLogs

__all__ = ["Compiled"]


class Compiled(Architecture):
    """The part of `Model` that knows loss, metrics and optimiser; see there for the attributes."""

    def __init__(self, name: str | None, dtype: Any, seed: Seed) -> None:
        super().__init__(name, dtype, seed)
        self.optimizer: optimizers.Optimizer | None = None
        self.loss: losses.Loss | None = None
        self.metrics: list[metrics.Metric] = []
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

    def _validation(
        self, data: Any, steps: int | None, epochs: int, input_shape: Shape | None
    ) -> Callable[[], dict[str, float]]:
        """What measures validation data, arrays or batches, after every epoch."""
        if streaming.is_stream(data):
            return streaming.validation(self, data, steps, epochs)
        if steps is not None:
            raise ValueError(message("fit", "validation_steps", "left out for arrays", repr(steps)))
        x, y, weights = fitting.checked_pair(data)
        x, y = self._checked("fit", x, y, "validation_data", input_shape)
        return partial(self._evaluate, x, y, as_weights("fit", weights, None, y, self.dtype))

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = 0,
        sample_weight: Any = None,
        return_dict: bool = False,
        *,
        steps: int | None = None,
    ) -> Any:
        """The loss and the metrics of (x, y).

        Parameters
        ----------
        x : array_like of shape (n, ...), or iterable
            Without `y` an iterable or iterator of batches (x, y) or (x, y, weights).
        y : array_like of shape (n, ...)
            Targets, as the loss expects them.
        batch_size : int, optional
            Bounds memory only.
        verbose : object
            Accepted for Keras's sake; nothing is printed.
        sample_weight : array_like of shape (n,), optional
            As for `fit`.
        return_dict : bool
        steps : int, optional
            How many batches of an iterator to take; all there are unless given.

        Returns
        -------
        float, list of float or dict
            Means over the samples (of a loss whose reduction is "sum", the sum over all of them): the loss; a list with
            the loss first if there are metrics; with `return_dict` a dictionary by name.

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
        self._compiled("evaluate")
        if y is None and streaming.is_stream(x):
            streaming.refuse("evaluate", batch_size=batch_size, sample_weight=sample_weight)
            return fitting.shown(streaming.evaluate(self, x, steps), return_dict)
        x, y = self._checked("evaluate", x, y)
        weights = as_weights("evaluate", sample_weight, None, y, self.dtype)
        self._build_for(x)
        return fitting.shown(self._evaluate(x, y, weights, batch_size), return_dict)

    def _evaluate(
        self, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None = None, batch_size: int | None = None
    ) -> dict[str, float]:
        """The loss and the metrics of checked data."""
        logs = RunningLogs(self.metrics)
        self._measure(logs, x, y, weights, batch_size)
        return self._measured(logs)

    def _measure(
        self,
        logs: RunningLogs,
        x: NDArray[Any],
        y: NDArray[Any],
        weights: NDArray[Any] | None,
        batch_size: int | None = None,
    ) -> None:
        """Count checked data in `logs`; a loss that is a sum is added up there instead of averaged."""
        loss, fused = self._compiled("evaluate"), self._fused_loss()
        forward = self._preactivations if fused else self._outputs
        for rows in self._slices("evaluate", x, batch_size):
            outputs = forward(x[rows])
            extra = () if weights is None else (weights[rows],)
            value, samples = float((fused or loss)(y[rows], outputs, *extra)), len(x[rows])
            if loss.reduction == "sum":
                logs.total[0] += value
                logs.count(samples)
            else:
                logs.add_loss(value, samples)
            logs.add_outputs(y[rows], self._predictions(outputs))

    def _measured(self, logs: RunningLogs) -> dict[str, float]:
        """What `_measure` has counted, penalties included."""
        measured = logs.read()
        if self._compiled("evaluate").reduction == "sum":
            measured["loss"] = float(logs.total[0])
        measured["loss"] += penalty_of(self._theta)
        return measured

    def _predictions(self, outputs: NDArray[Any]) -> Any:
        """What the model predicts, from what its training step works with."""
        return self.layers[-1].activate(outputs) if self._fused_loss() else outputs

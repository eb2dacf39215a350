"""The hooks, and the list that calls them."""

from collections.abc import Iterable
from typing import Any

__all__ = ["Callback", "CallbackList", "Logs"]

Logs = dict[str, float]


class Callback:
    """Base of all callbacks: every hook does nothing.

    Attributes
    ----------
    model : Model
        Set before training; ``model.stop_training = True`` ends it after the epoch.
    params : dict
        "epochs", "steps" (batches an epoch), "samples", "verbose".

    Examples
    --------
    >>> class StopBelow(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         if logs["loss"] < 0.1:
    ...             self.model.stop_training = True
    """

    model: Any = None
    params: dict[str, Any]

    def set_model(self, model: Any) -> None:
        """Called once, before training."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called once, before training."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch; `logs` are that epoch's."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch; `logs` holds its losses and metrics, "val_" first for validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of the epoch, counted from 0."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch; `logs` holds the means of the epoch so far."""

    def on_train_progress(self, done: int, logs: Logs | None = None) -> None:
        """Now and then within an epoch, after `done` of its samples: for displays."""


class CallbackList:
    """Calls the hooks of several callbacks, in order.

    >>> CallbackList([Callback()]).watches_batches
    False
    """

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        self.callbacks = list(callbacks)
        self.watches_batches = any(
            getattr(type(callback), hook) is not getattr(Callback, hook)
            for callback in self.callbacks
            for hook in ("on_train_batch_begin", "on_train_batch_end")
        )

    def prepare(self, model: Any, params: dict[str, Any]) -> None:
        """Tell every callback whom it watches."""
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params(params)

    def call(self, hook: str, *arguments: Any) -> None:
        """Call the hook of that name on every callback."""
        for callback in self.callbacks:
            getattr(callback, hook)(*arguments)

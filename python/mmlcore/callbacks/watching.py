"""Callbacks that act on what an epoch has measured: stop, save, change the learning rate."""

from collections.abc import Callable
from inspect import signature
from math import inf
from typing import Any

from mmlcore._errors import choose, integer, message
from mmlcore.callbacks.base import Callback, Logs

__all__ = ["EarlyStopping", "GrowShrink", "LearningRateScheduler", "ModelCheckpoint", "ReduceLROnPlateau"]

_MODES = {"min": -1.0, "max": 1.0}


class _Watching(Callback):
    """Knows the best value so far of one of the logs.

    `mode` "auto" is "max" for names that end in accuracy, auc, r2, precision, recall, f1; otherwise "min".
    """

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        own = type(self).__name__
        self.monitor = monitor
        growing = ("accuracy", "acc", "auc", "r2", "precision", "recall", "f1")
        guessed = "max" if monitor.lower().endswith(growing) else "min"
        self.mode = mode
        self._sign = choose(own, "mode", guessed if mode == "auto" else mode, _MODES)
        if not isinstance(min_delta, int | float) or min_delta < 0:
            raise ValueError(message(own, "min_delta", "a number of at least 0", repr(min_delta)))
        self.min_delta = float(min_delta)
        self.best = -self._sign * inf

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = -self._sign * inf

    def value(self, logs: Logs | None) -> float:
        """The watched value, or a ValueError that lists what there is."""
        if not logs or self.monitor not in logs:
            own, known = type(self).__name__, ", ".join(map(repr, logs or {}))
            raise ValueError(message(own, "monitor", f"one of {known}", repr(self.monitor)))
        return logs[self.monitor]

    def improved(self, value: float) -> bool:
        """Whether `value` is better than the best so far by more than `min_delta`; then it is the best."""
        better = self._sign * (value - self.best) > self.min_delta
        if better:
            self.best = value
        return better


class EarlyStopping(_Watching):
    """Stops training when a measure has not improved for some epochs.

    Parameters
    ----------
    monitor : str
        One of the logs.
    min_delta : float
        A smaller change is no improvement.
    patience : int
        Epochs without improvement after which it stops; 0 is as 1.
    mode : {"auto", "min", "max"}
    baseline : float, optional
        The measure must get better than this in the first place.
    restore_best_weights : bool
        At the end the model gets the weights of its best epoch.
    start_from_epoch : int
        Epochs before are not looked at.

    Attributes
    ----------
    stopped_epoch : int
        The epoch after which training was stopped; 0 if it was not.
    best_epoch : int
        The best epoch.

    Examples
    --------
    >>> EarlyStopping(patience=5, restore_best_weights=True).patience
    5

    References
    ----------
    CS582 5; Notes 6.11.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = integer("EarlyStopping", "patience", patience, low=0)
        self.baseline, self.restore_best_weights = baseline, bool(restore_best_weights)
        self.start_from_epoch = integer("EarlyStopping", "start_from_epoch", start_from_epoch, low=0)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        super().on_train_begin(logs)
        if self.baseline is not None:
            self.best = self.baseline
        self.stopped_epoch = self.best_epoch = self._waited = 0
        self._weights: Any = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if epoch < self.start_from_epoch:
            return
        if self.improved(self.value(logs)):
            self._waited, self.best_epoch = 0, epoch
            if self.restore_best_weights:
                self._weights = self.model.get_weights()
            return
        self._waited += 1
        if self._waited >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._weights is not None:
            self.model.set_weights(self._weights)


class ModelCheckpoint(_Watching):
    """Saves the model after every epoch, or after those that improve a measure.

    Parameters
    ----------
    filepath : str
        May hold ``{epoch}`` (counted from 1) and logs, as ``"model-{epoch:02d}-{val_loss:.3f}"``.
    monitor : str
    save_best_only, save_weights_only : bool
    mode : {"auto", "min", "max"}

    Examples
    --------
    >>> ModelCheckpoint("best.safetensors", save_best_only=True).monitor
    'val_loss'
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = str(filepath)
        self.save_best_only, self.save_weights_only = bool(save_best_only), bool(save_weights_only)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_best_only and not self.improved(self.value(logs)):
            return
        path = self.filepath.format(epoch=epoch + 1, **(logs or {}))
        (self.model.save_weights if self.save_weights_only else self.model.save)(path)


class ReduceLROnPlateau(_Watching):
    """Lowers the learning rate when a measure has not improved for some epochs.

    Parameters
    ----------
    monitor : str
    factor : float
        In (0, 1): rate ← factor · rate.
    patience : int
        Epochs without improvement after which it is lowered; 0 is as 1.
    mode : {"auto", "min", "max"}
    min_delta : float
    cooldown : int
        Epochs after a change that do not count.
    min_lr : float
        The rate does not go below.

    Examples
    --------
    >>> ReduceLROnPlateau(factor=0.5, patience=3).factor
    0.5
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if not isinstance(factor, int | float) or not 0 < factor < 1:
            raise ValueError(message("ReduceLROnPlateau", "factor", "a number in (0, 1)", repr(factor)))
        self.factor, self.min_lr = float(factor), float(min_lr)
        self.patience = integer("ReduceLROnPlateau", "patience", patience, low=0)
        self.cooldown = integer("ReduceLROnPlateau", "cooldown", cooldown, low=0)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        super().on_train_begin(logs)
        self._waited = self._cooling = 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self._cooling:
            self._cooling -= 1
            self._waited = 0
        if self.improved(self.value(logs)):
            self._waited = 0
        elif not self._cooling:
            self._waited += 1
            if self._waited >= max(1, self.patience):
                optimizer = self.model.optimizer
                optimizer.learning_rate = max(self.min_lr, self.factor * optimizer.learning_rate)
                self._cooling, self._waited = self.cooldown, 0


class LearningRateScheduler(Callback):
    """Sets the learning rate before every epoch.

    Parameters
    ----------
    schedule : callable
        ``schedule(epoch, rate)`` or ``schedule(epoch)``, epochs counted from 0; returns the new rate.

    Examples
    --------
    >>> halving = LearningRateScheduler(lambda epoch, rate: rate / 2)
    """

    def __init__(self, schedule: Callable[..., float]) -> None:
        if not callable(schedule):
            raise TypeError(message("LearningRateScheduler", "schedule", "a function", repr(schedule)))
        self.schedule = schedule
        try:
            signature(schedule).bind(0, 0.0)
        except TypeError:
            self._takes_rate = False
        except ValueError:  # a function that tells nothing about itself
            self._takes_rate = True
        else:
            self._takes_rate = True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        rate = self.schedule(epoch, optimizer.learning_rate) if self._takes_rate else self.schedule(epoch)
        optimizer.learning_rate = float(rate)


class GrowShrink(Callback):
    """The documents' rule for the step size: after an epoch, larger if the loss fell, smaller if it rose.

    With one batch an epoch (``batch_size`` the number of samples) an epoch is an iteration of gradient descent.

    Parameters
    ----------
    grow : float
        At least 1: the factor after a fall.
    shrink : float
        In (0, 1): the factor after a rise.
    monitor : str

    Examples
    --------
    >>> GrowShrink().grow, GrowShrink().shrink
    (1.1, 0.5)

    References
    ----------
    DRP, Gradient descent: the step size sequence.
    """

    def __init__(self, grow: float = 1.1, shrink: float = 0.5, monitor: str = "loss") -> None:
        if not isinstance(grow, int | float) or not 1 <= grow < inf:
            raise ValueError(message("GrowShrink", "grow", "a finite number of at least 1", repr(grow)))
        if not isinstance(shrink, int | float) or not 0 < shrink < 1:
            raise ValueError(message("GrowShrink", "shrink", "a number in (0, 1)", repr(shrink)))
        self.grow, self.shrink, self.monitor = float(grow), float(shrink), monitor

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._before = inf

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = (logs or {})[self.monitor]
        self.model.optimizer.learning_rate *= self.grow if value < self._before else self.shrink
        self._before = value

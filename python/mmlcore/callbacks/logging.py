"""Callbacks that write down what happens, and one made of functions."""

import csv
from collections.abc import Callable
from typing import Any

from mmlcore._errors import message
from mmlcore.callbacks.base import Callback, Logs

__all__ = ["CSVLogger", "LambdaCallback", "TensorBoard"]


class CSVLogger(Callback):
    """One line of a CSV file an epoch, under the names of the logs.

    Parameters
    ----------
    filename : path-like
    separator : str
    append : bool
        Go on with a file that is there.

    Examples
    --------
    >>> CSVLogger("log.csv").separator
    ','
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        self.filename, self.separator, self.append = filename, separator, bool(append)
        self._names: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._names = []
        if not self.append:
            open(self.filename, "w", encoding="utf-8").close()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        values = logs or {}
        with open(self.filename, "a", newline="", encoding="utf-8") as file:  # complete after every epoch
            writer = csv.writer(file, delimiter=self.separator)
            if not self._names:
                self._names = list(values)
                if file.tell() == 0:
                    writer.writerow(["epoch", *self._names])
            writer.writerow([epoch, *(values.get(name, "") for name in self._names)])


class LambdaCallback(Callback):
    """Hooks given as functions.

    Parameters
    ----------
    **hooks : callable
        By the names of `Callback`'s hooks, with their arguments.

    Raises
    ------
    ValueError
        For another name.

    Examples
    --------
    >>> losses = []
    >>> watch = LambdaCallback(on_epoch_end=lambda epoch, logs: losses.append(logs["loss"]))
    >>> watch.on_epoch_end(0, {"loss": 2.0})
    >>> losses
    [2.0]
    """

    def __new__(cls, **hooks: Callable[..., Any]) -> "LambdaCallback":
        # a class of its own for each: the loop asks which hooks a class overrides
        known = [name for name in vars(Callback) if name.startswith("on_")]
        if unknown := sorted(hooks.keys() - set(known)):
            raise ValueError(message("LambdaCallback", "hooks", f"of {', '.join(known)}", unknown[0]))
        methods = {name: staticmethod(hook) for name, hook in hooks.items()}
        return super().__new__(type("LambdaCallback", (cls,), methods))

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        self.hooks = hooks


class TensorBoard(Callback):
    """Writes the logs of every epoch as TensorBoard's events, through PyTorch's or tensorboardX's writer.

    Parameters
    ----------
    log_dir : path-like

    Raises
    ------
    ImportError
        When training begins, if neither package is installed.

    Examples
    --------
    >>> TensorBoard("runs/first").log_dir
    'runs/first'
    """

    def __init__(self, log_dir: Any = "logs") -> None:
        self.log_dir = str(log_dir)
        self._writer: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._writer = _summary_writer()(self.log_dir)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        for name, value in (logs or {}).items():
            self._writer.add_scalar(f"epoch_{name}", value, epoch)
        self._writer.add_scalar("epoch_learning_rate", self.model.optimizer.learning_rate, epoch)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._writer.close()


def _summary_writer() -> Any:
    """The class that writes events."""
    from importlib import import_module

    for module in ("tensorboardX", "torch.utils.tensorboard"):
        try:
            return import_module(module).SummaryWriter
        except ImportError:
            continue
    raise ImportError("TensorBoard needs a writer of events: pip install 'mmlcore[tensorboard]'")

"""What happened, epoch by epoch."""

from typing import Any

from mmlcore.callbacks.base import Callback, Logs

__all__ = ["History"]


class History(Callback):
    """The record that ``fit`` returns.

    Attributes
    ----------
    history : dict of str to list of float
        "loss", the metrics, and the same with "val_" first; one entry an epoch.
    epoch : list of int
        The epochs, counted from 0 (from ``initial_epoch``).

    Examples
    --------
    >>> record = History()
    >>> record.on_train_begin()
    >>> record.on_epoch_end(0, {"loss": 2.0, "mae": 1.0})
    >>> record.history, record.epoch
    ({'loss': [2.0], 'mae': [1.0]}, [0])
    >>> record.rows()
    [{'epoch': 0, 'loss': 2.0, 'mae': 1.0}]
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.history, self.epoch = {}, []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def rows(self) -> list[dict[str, Any]]:
        """The record as one dictionary an epoch."""
        columns = zip(*self.history.values(), strict=True) if self.history else ()
        return [
            {"epoch": epoch, **dict(zip(self.history, values, strict=True))}
            for epoch, values in zip(self.epoch, columns, strict=True)
        ]

"""Progress on standard error: a bar on a terminal, one line an epoch elsewhere, never a line a batch."""

import sys
import time
from typing import Any

from mmlcore._errors import message
from mmlcore.callbacks.base import Callback, Logs

__all__ = ["EpochLines", "ProgressBar", "reporter"]

_BAR_WIDTH = 24
_REDRAW_SECONDS = 0.1


def _text(logs: Logs | None) -> str:
    return "".join(f" - {name}: {value:.4g}" for name, value in (logs or {}).items())


class EpochLines(Callback):
    """One line an epoch: "Epoch 3/20 - 0.04s - loss: 0.1213 - accuracy: 0.9681"."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch, self._start = epoch, time.perf_counter()

    def _title(self) -> str:
        return f"Epoch {self._epoch + 1}/{self.params['epochs']}"

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._write(f"{self._title()} - {time.perf_counter() - self._start:.2f}s{_text(logs)}\n")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


class ProgressBar(EpochLines):
    """A line an epoch that shows a bar while it runs, drawn at most ten times a second."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._drawn, self._length = 0.0, 0

    def on_train_progress(self, done: int, logs: Logs | None = None) -> None:
        now = time.perf_counter()
        if now - self._drawn >= _REDRAW_SECONDS:
            self._drawn = now
            filled = _BAR_WIDTH * done // self.params["samples"]
            self._overwrite(f"{self._title()} [{'=' * filled}{'.' * (_BAR_WIDTH - filled)}]{_text(logs)}")

    def _overwrite(self, line: str) -> None:
        padding = " " * (self._length - len(line))
        self._length = len(line)
        super()._write(f"\r{line}{padding}")

    def _write(self, text: str) -> None:
        self._overwrite(text.rstrip("\n"))
        super()._write("\n")
        self._length = 0


def reporter(verbose: Any, function: str) -> list[Callback]:
    """The display that `verbose` asks for: 0 none, 1 a bar, 2 lines, "auto" a bar on a terminal, lines elsewhere.

    >>> reporter(0, "fit")
    []
    """
    if verbose not in (0, 1, 2, "auto"):
        raise ValueError(message(function, "verbose", "0, 1, 2 or 'auto'", repr(verbose)))
    if sys.stderr is None or verbose == 0:
        return []
    if verbose == "auto":
        verbose = 1 if sys.stderr.isatty() else 2
    return [ProgressBar() if verbose == 1 else EpochLines()]

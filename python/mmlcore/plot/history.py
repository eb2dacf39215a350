"""Learning curves."""

from typing import Any

from mmlcore._errors import choose
from mmlcore.callbacks import History
from mmlcore.plot.matplotlib_extra import new_axes

__all__ = ["HistoryDisplay"]


class HistoryDisplay:
    """One quantity over the epochs, in training and, where it was measured, in validation.

    Attributes
    ----------
    ax_, figure_
        Where the last `plot` drew.

    Examples
    --------
    >>> history = History()
    >>> history.on_epoch_end(0, {"loss": 1.0, "val_loss": 1.2})
    >>> display = HistoryDisplay.from_history(history).plot()
    >>> [line.get_label() for line in display.ax_.lines]
    ['training', 'validation']
    """

    def __init__(self, epoch: list[int], curves: dict[str, list[float]]) -> None:
        self.epoch, self.curves = epoch, curves

    @classmethod
    def from_history(cls, history: History) -> "HistoryDisplay":
        """The display of what `fit` returned."""
        return cls([epoch + 1 for epoch in history.epoch], history.history)

    def plot(self, name: str = "loss", ax: Any = None) -> "HistoryDisplay":
        """Draw the curve `name` and "val_" + `name`, if there is one, on `ax` or on new axes."""
        curve = choose("HistoryDisplay.plot", "name", name, self.curves)
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        self.ax_.plot(self.epoch, curve, label="training")
        if f"val_{name}" in self.curves:
            self.ax_.plot(self.epoch, self.curves[f"val_{name}"], label="validation")
        self.ax_.set(xlabel="epoch", ylabel=name)
        self.ax_.legend()
        return self

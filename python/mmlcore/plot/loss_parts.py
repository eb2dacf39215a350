"""What the loss of a variational auto-encoder is made of."""

from typing import Any

from mmlcore._errors import message
from mmlcore.callbacks import History
from mmlcore.plot.matplotlib_extra import require_matplotlib

__all__ = ["LossPartsDisplay"]


class LossPartsDisplay:
    """Reconstruction and divergence over the epochs, each with an axis of its own: they differ by orders of magnitude.

    Attributes
    ----------
    axes_, figure_
        Where the last `plot` drew.

    Examples
    --------
    >>> history = History()
    >>> history.on_epoch_end(0, {"loss": 3.0, "reconstruction": 2.0, "kl": 1.0})
    >>> display = LossPartsDisplay.from_history(history).plot()
    >>> [ax.get_ylabel() for ax in display.axes_]
    ['reconstruction', 'kl']
    """

    def __init__(self, epoch: list[int], curves: dict[str, list[float]]) -> None:
        self.epoch, self.curves = epoch, curves
        for name in ("reconstruction", "kl"):
            if name not in curves:
                expectation = "that of a variational auto-encoder"
                raise ValueError(message("LossPartsDisplay", "history", expectation, f"one without {name!r}"))

    @classmethod
    def from_history(cls, history: History) -> "LossPartsDisplay":
        """The display of what `fit` of a variational auto-encoder returned."""
        return cls([epoch + 1 for epoch in history.epoch], history.history)

    def plot(self, figure: Any = None) -> "LossPartsDisplay":
        """Draw on `figure` (a figure or a subfigure), or on a new figure of the user's back end."""
        require_matplotlib()
        if figure is None:
            import matplotlib.pyplot as plt

            figure = plt.figure(figsize=(8, 3.5), layout="constrained")
        self.figure_ = figure
        self.axes_ = list(figure.subplots(1, 2))
        for ax, name in zip(self.axes_, ("reconstruction", "kl"), strict=True):
            ax.plot(self.epoch, self.curves[name], label="training")
            if f"val_{name}" in self.curves:
                ax.plot(self.epoch, self.curves[f"val_{name}"], label="validation")
                ax.legend()
            ax.set(xlabel="epoch", ylabel=name)
        return self

"""How much of the variance the leading components hold."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import message
from mmlcore.plot.matplotlib_extra import new_axes

__all__ = ["ExplainedVarianceDisplay"]


class ExplainedVarianceDisplay:
    """The share of each component as a bar, and the shares so far as a line.

    Parameters
    ----------
    ratios : array of shape (k,)
        Shares of the variance, as `PCA.explained_variance_ratio_`.

    Attributes
    ----------
    bars_ : BarContainer
    line_ : Line2D
        The running sum.
    ax_, figure_
        Where the last `plot` drew.

    Raises
    ------
    ValueError
        If they are no vector.

    Examples
    --------
    >>> display = ExplainedVarianceDisplay([0.5, 0.25]).plot()
    >>> display.line_.get_ydata()
    array([0.5 , 0.75])
    """

    def __init__(self, ratios: ArrayLike) -> None:
        self.ratios = np.asarray(ratios, float)
        if self.ratios.ndim != 1:
            raise ValueError(message("ExplainedVarianceDisplay", "ratios", "a vector", f"shape {self.ratios.shape}"))

    @classmethod
    def from_estimator(cls, estimator: Any) -> "ExplainedVarianceDisplay":
        """The display of a fitted `PCA` or `TruncatedSVD`."""
        return cls(estimator.explained_variance_ratio_)

    def components_for(self, share: float) -> int:
        """The fewest components that hold a share of the variance; all where they do not.

        >>> ExplainedVarianceDisplay([0.5, 0.25, 0.2]).components_for(0.7)
        2
        """
        return min(int(np.searchsorted(np.cumsum(self.ratios), share)) + 1, len(self.ratios))

    def plot(self, ax: Any = None, **line: Any) -> "ExplainedVarianceDisplay":
        """Draw on `ax` or on new axes; `line` goes to `Axes.plot`."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        number = np.arange(1, len(self.ratios) + 1)
        self.bars_ = self.ax_.bar(number, self.ratios, color="0.75", label="of each")
        self.line_ = self.ax_.plot(number, np.cumsum(self.ratios), label="of all so far", **line)[0]
        self.ax_.set(xlabel="component", ylabel="share of the variance", ylim=(0, 1.05))
        self.ax_.legend(loc="center right")
        return self

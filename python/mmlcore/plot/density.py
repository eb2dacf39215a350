"""Densities, distribution functions, and draws beside them."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import choose, message
from mmlcore.plot.matplotlib_extra import new_axes

__all__ = ["DensityDisplay"]

_KINDS = {"pdf": "p(x)", "cdf": "P(X ≤ x)", "sf": "P(X > x)", "logpdf": "log p(x)"}


class DensityDisplay:
    """A function of a distribution of one variable; of a discrete one, probabilities as stems.

    Parameters
    ----------
    x, values : array of shape (n,)
        Points, and the function there.
    kind : {"pdf", "cdf", "sf", "logpdf"}
        Which function it is.
    discrete : bool
        Whether the distribution lives on whole numbers.
    samples : array, optional
        Draws to be shown as a histogram: of area one below a density, cumulative below "cdf" and "sf".

    Attributes
    ----------
    line_ : Line2D
        The curve; of probabilities, the heads of the stems.
    ax_, figure_
        Where the last `plot` drew.

    Raises
    ------
    ValueError
        If the shapes do not fit, or for another `kind`.

    References
    ----------
    Notes, figure 4.1.

    Examples
    --------
    >>> from mmlcore.stats import Binomial, Normal
    >>> float(DensityDisplay.from_distribution(Normal(), x=[-1, 0, 1]).plot().line_.get_ydata()[1].round(6))
    0.398942
    >>> DensityDisplay.from_distribution(Binomial(2, 0.5)).values
    array([0.25, 0.5 , 0.25])
    """

    def __init__(
        self,
        x: ArrayLike,
        values: ArrayLike,
        kind: str = "pdf",
        discrete: bool = False,
        samples: ArrayLike | None = None,
    ) -> None:
        self.x, self.values, self.kind, self.discrete = np.asarray(x), np.asarray(values), kind, discrete
        choose("DensityDisplay", "kind", kind, _KINDS)
        if self.x.ndim != 1 or self.x.shape != self.values.shape:
            got = f"shapes {self.x.shape}, {self.values.shape}"
            raise ValueError(message("DensityDisplay", "x, values", "two vectors of one length", got))
        self.samples = None if samples is None else np.ravel(samples)

    @classmethod
    def from_distribution(
        cls, distribution: Any, x: ArrayLike | None = None, kind: str = "pdf", samples: ArrayLike | None = None
    ) -> "DensityDisplay":
        """The display of a distribution of `mmlcore.stats` of one variable, without a batch.

        Parameters
        ----------
        distribution : Distribution
        x : array of shape (n,), optional
            Where; default 400 points (all whole numbers, of a discrete one) from the quantile 0.001 to 0.999.
        kind : {"pdf", "cdf", "sf", "logpdf"}
        samples : array, optional

        Raises
        ------
        ValueError
            If the distribution has several variables or a batch.
        """
        if distribution.event_shape or distribution.batch_shape:
            got = f"batch {distribution.batch_shape}, event {distribution.event_shape}"
            raise ValueError(message("DensityDisplay", "distribution", "of one variable, without a batch", got))
        choose("DensityDisplay", "kind", kind, _KINDS)
        discrete = bool(distribution._has_steps())
        if x is None:
            low, high = (float(distribution.ppf(p)) for p in (0.001, 0.999))
            x = np.arange(max(np.round(low), 0.0), np.round(high) + 1) if discrete else np.linspace(low, high, 400)
        x = np.asarray(x, float)
        return cls(x, getattr(distribution, kind)(x), kind, discrete, samples)

    def plot(self, ax: Any = None, bins: Any = "auto", **line: Any) -> "DensityDisplay":
        """Draw on `ax` or on new axes. `line` goes to `Axes.plot`; with a label, or draws, there is a legend.

        `bins` are the histogram's (matplotlib's); of a discrete distribution "auto" means one for every whole number.
        """
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        if self.samples is not None:
            self._draw_samples(bins)
        if self.discrete and self.kind == "pdf":
            (self.line_,) = self.ax_.plot(self.x, self.values, **{"marker": "o", "linestyle": "none"} | line)
            self.ax_.vlines(self.x, 0, self.values, color=self.line_.get_color())
        else:
            style = {"drawstyle": "steps-post"} if self.discrete else {}
            (self.line_,) = self.ax_.plot(self.x, self.values, **style | line)
        self.ax_.set(xlabel="x", ylabel=_KINDS[self.kind])
        if self.ax_.get_legend_handles_labels()[1]:
            self.ax_.legend()
        return self

    def _draw_samples(self, bins: Any) -> None:
        """A histogram; beside "cdf" and "sf" the shares below and above."""
        assert self.samples is not None
        if self.discrete and isinstance(bins, str) and bins == "auto" and self.samples.size:
            bins = np.arange(np.floor(self.samples.min()), np.floor(self.samples.max()) + 2) - 0.5
        cumulative = {"cdf": 1, "sf": -1}.get(self.kind, 0)
        self.ax_.hist(self.samples, bins=bins, density=True, cumulative=cumulative, color="0.8", label="draws")

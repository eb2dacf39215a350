"""How fast minimisations come down."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import message
from mmlcore.plot.matplotlib_extra import new_axes

__all__ = ["ConvergenceDisplay"]


class ConvergenceDisplay:
    """f(x_k) - f* over the iterations k, on a logarithmic scale: straight lines are linear convergence.

    Parameters
    ----------
    values : mapping of str to array of shape (n,)
        f(x_0), f(x_1), ... by label.
    minimum : float, optional
        f*; default the smallest of all values, so that the curve that reaches it ends one iteration early.

    Attributes
    ----------
    lines_ : dict of str to Line2D
        By label.
    ax_, figure_
        Where the last `plot` drew.

    Raises
    ------
    ValueError
        If a curve is no vector, or there is none.

    Examples
    --------
    >>> from mmlcore.optimize import minimize
    >>> bowl = lambda x: np.sum(x**2)
    >>> r = minimize(bowl, [4.0, 3.0], "gradient_descent", learning_rate=0.25, max_iter=3, track=True)
    >>> display = ConvergenceDisplay.from_result({"η = ¼": r}, minimum=0.0).plot()
    >>> display.lines_["η = ¼"].get_ydata()
    array([25.      ,  6.25    ,  1.5625  ,  0.390625])
    """

    def __init__(self, values: Mapping[str, ArrayLike], minimum: float | None = None) -> None:
        self.values = {label: np.asarray(curve, float) for label, curve in values.items()}
        shapes = [curve.shape for curve in self.values.values()]
        if not shapes or any(len(shape) != 1 or shape == (0,) for shape in shapes):
            raise ValueError(message("ConvergenceDisplay", "values", "vectors, at least one", f"shapes {shapes}"))
        self.minimum = minimum

    @classmethod
    def from_result(cls, results: Any, minimum: float | None = None) -> "ConvergenceDisplay":
        """The display of what `minimize` returned with ``track=True``.

        Parameters
        ----------
        results : OptimizeResult, or mapping of str to OptimizeResult
            By label; that of a single one is "f".
        minimum : float, optional
            f*, if it is known.

        Raises
        ------
        ValueError
            If a result has no path.
        """
        named = {"f": results} if hasattr(results, "path") else dict(results)
        for label, result in named.items():
            if result.path_fun is None:
                raise ValueError(message("ConvergenceDisplay.from_result", "results", "made with track=True", label))
        return cls({label: result.path_fun for label, result in named.items()}, minimum)

    def plot(self, ax: Any = None, **line: Any) -> "ConvergenceDisplay":
        """Draw on `ax` or on new axes; what is not above f* leaves a gap. `line` goes to `Axes.plot`."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        smallest = self.minimum if self.minimum is not None else min(np.nanmin(c) for c in self.values.values())
        self.lines_ = {}
        for label, curve in self.values.items():
            gap = np.where(curve > smallest, curve - smallest, np.nan)
            self.lines_[label] = self.ax_.plot(np.arange(len(gap)), gap, label=label, **line)[0]
        self.ax_.set(xlabel="iteration", ylabel="f - f*", yscale="log")
        self.ax_.legend()
        return self

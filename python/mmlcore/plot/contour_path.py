"""Where the iterates of a minimisation went, over the contours of the function."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import integer, message
from mmlcore.plot.matplotlib_extra import new_axes

__all__ = ["ContourPathDisplay"]


class ContourPathDisplay:
    """Contours of a function of two variables, and paths over them.

    Parameters
    ----------
    x, y : array of shape (columns,), array of shape (rows,)
        The coordinates of the grid.
    values : array of shape (rows, columns)
        f there.
    paths : mapping of str to array of shape (n, 2)
        Points in the order in which they were visited, by the label of the path.

    Attributes
    ----------
    contour_ : matplotlib's QuadContourSet
    lines_ : dict of str to Line2D
        By the label of the path.
    ax_, figure_
        Where the last `plot` drew.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    Notes, figure 6.3; DRP, Gradient descent.

    Examples
    --------
    >>> from mmlcore.optimize import minimize
    >>> def bowl(p):
    ...     return p[0] ** 2 + 10 * p[1] ** 2
    >>> results = {m: minimize(bowl, [2.0, 1.0], m, track=True) for m in ("newton", "bfgs")}
    >>> display = ContourPathDisplay.from_result(bowl, results).plot()
    >>> [line.get_label() for line in display.ax_.lines]
    ['newton', 'bfgs']
    """

    def __init__(self, x: ArrayLike, y: ArrayLike, values: ArrayLike, paths: Mapping[str, ArrayLike]) -> None:
        self.x, self.y, self.values = np.asarray(x), np.asarray(y), np.asarray(values)
        if self.x.ndim != 1 or self.y.ndim != 1 or self.values.shape != (len(self.y), len(self.x)):
            got = f"shapes {self.values.shape}, {self.y.shape}, {self.x.shape}"
            raise ValueError(message("ContourPathDisplay", "values", "of shape (len(y), len(x))", got))
        self.paths = {label: _points(path) for label, path in paths.items()}

    @classmethod
    def from_function(
        cls,
        fun: Callable[[Any], Any],
        paths: Mapping[str, ArrayLike] | ArrayLike = (),
        xlim: tuple[float, float] | None = None,
        ylim: tuple[float, float] | None = None,
        grid: int = 100,
    ) -> "ContourPathDisplay":
        """The display of a function and of paths in its plane.

        Parameters
        ----------
        fun : callable
            Of an array of two numbers; it is called once for every point of the grid.
        paths : mapping of str to array of shape (n, 2), or one such array
        xlim, ylim : pairs of float, optional
            The ends of the picture; default a fifth beyond all points of the paths.
        grid : int
            How many points along either side.

        Raises
        ------
        ValueError
            If there is neither a path nor a pair of limits.
        """
        named = dict(paths) if isinstance(paths, Mapping) else {"path": paths} if np.size(np.asarray(paths)) else {}
        points = np.concatenate([np.empty((0, 2)), *[_points(path) for path in named.values()]])
        n = integer("ContourPathDisplay.from_function", "grid", grid, low=2)
        x = np.linspace(*_limits("xlim", xlim, points[:, 0]), n)
        y = np.linspace(*_limits("ylim", ylim, points[:, 1]), n)
        values = np.array([[float(fun(np.array([a, b]))) for a in x] for b in y])
        return cls(x, y, values, named)

    @classmethod
    def from_result(cls, fun: Callable[[Any], Any], results: Any, **limits: Any) -> "ContourPathDisplay":
        """The display of what `minimize` returned with ``track=True``.

        Parameters
        ----------
        fun : callable
            What was minimised, a function of two variables.
        results : OptimizeResult, or mapping of str to OptimizeResult
            By label; that of a single one is "path".
        **limits
            `xlim`, `ylim` and `grid`, as for `from_function`.

        Raises
        ------
        ValueError
            If a result has no path.
        """
        named = {"path": results} if hasattr(results, "path") else dict(results)
        for label, result in named.items():
            if result.path is None:
                raise ValueError(message("ContourPathDisplay.from_result", "results", "made with track=True", label))
        paths = {label: np.reshape(result.path, (len(result.path), -1)) for label, result in named.items()}
        return cls.from_function(fun, paths, **limits)

    def plot(self, ax: Any = None, levels: int = 25, log: bool = True, **line: Any) -> "ContourPathDisplay":
        """Draw on `ax` or on new axes; contours equally far apart in log f if `log`, so that narrow valleys are seen.

        `line` goes to `Axes.plot`.
        """
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        heights = np.where(np.isfinite(self.values), self.values, np.nan)
        if log:
            heights = np.log(heights - np.nanmin(heights) + 1e-3 * (np.nanmedian(heights) - np.nanmin(heights) or 1.0))
        thin: dict[str, Any] = {"cmap": "Greys_r", "linewidths": 0.6, "linestyles": "solid"}
        self.contour_ = self.ax_.contour(self.x, self.y, heights, levels, **thin)
        style = {"markersize": 2.5, "linewidth": 1.2} | line
        self.lines_ = {}
        for label, points in self.paths.items():
            marker = {"marker": "o"} if len(points) <= 200 else {}  # more would hide what is below
            self.lines_[label] = self.ax_.plot(*points.T, label=label, **marker | style)[0]
        self.ax_.set(xlim=self.x[[0, -1]], ylim=self.y[[0, -1]])
        if self.lines_:
            self.ax_.legend()
        return self


def _points(path: ArrayLike) -> Any:
    points = np.asarray(path, float)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(message("ContourPathDisplay", "paths", "of shape (n, 2)", f"shape {points.shape}"))
    return points


def _limits(name: str, given: Any, along: Any) -> tuple[float, float]:
    """The given ends, or those of the finite points and a fifth more."""
    if given is not None:
        low, high = map(float, given)
        return low, high
    finite = along[np.isfinite(along)]
    if not len(finite):
        raise ValueError(message("ContourPathDisplay.from_function", name, "given where there is no path", None))
    margin = 0.2 * float(np.ptp(finite)) or 1.0
    return float(finite.min()) - margin, float(finite.max()) + margin

"""What an estimator says everywhere in the plane."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import message
from mmlcore.plot.matplotlib_extra import new_axes

__all__ = ["DecisionBoundaryDisplay"]

_METHODS = ("decision_function", "predict_proba", "predict")


class DecisionBoundaryDisplay:
    """The answers of an estimator of two features on a grid, in colours, and their borders.

    Parameters
    ----------
    xx0, xx1 : array of shape (m, n)
        The grid.
    response : array of shape (m, n)
        Numbers of classes, or values.
    classes : bool
        Whether the numbers are classes: each has a colour. Otherwise values, whose line 0 is the border.

    Attributes
    ----------
    surface_ : QuadContourSet or QuadMesh
    border_ : QuadContourSet or None
    ax_, figure_
        Where the last `plot` drew.

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    Notes 7, notebook 7.

    Examples
    --------
    >>> import numpy as np
    >>> class Above:
    ...     def predict(self, X):
    ...         return (X[:, 1] > X[:, 0]).astype(int)
    >>> display = DecisionBoundaryDisplay.from_estimator(Above(), [[0, 0], [1, 1]], resolution=3)
    >>> display.response
    array([[0, 0, 0],
           [1, 0, 0],
           [1, 1, 0]])
    """

    def __init__(self, xx0: ArrayLike, xx1: ArrayLike, response: ArrayLike, classes: bool = True) -> None:
        self.xx0, self.xx1, self.response = np.asarray(xx0), np.asarray(xx1), np.asarray(response)
        shapes = {array.shape for array in (self.xx0, self.xx1, self.response)}
        if len(shapes) != 1 or self.xx0.ndim != 2:
            got = f"shapes {self.xx0.shape}, {self.xx1.shape}, {self.response.shape}"
            raise ValueError(message("DecisionBoundaryDisplay", "xx0, xx1, response", "matrices of one shape", got))
        self.classes = classes

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        response_method: str = "predict",
        resolution: int = 100,
        margin: float = 0.1,
    ) -> "DecisionBoundaryDisplay":
        """The display of a fitted estimator of two features around the points `X`.

        Parameters
        ----------
        estimator : object with the method
        X : array of shape (n, 2)
            The grid reaches beyond them.
        response_method : {"predict", "predict_proba", "decision_function"}
            Of two classes, "predict_proba" is P(second class) - ½; of more, and of the decision function, the number of
            the largest column.
        resolution : int
            Points of the grid in each direction.
        margin : float
            How far, as a share of the extent of each column.

        Raises
        ------
        ValueError
            If `X` has not two columns, or the method is another.
        """
        points = np.asarray(X, float)
        if points.ndim != 2 or points.shape[1] != 2:
            expectation, got = "of two columns", f"shape {points.shape}"
            raise ValueError(message("DecisionBoundaryDisplay.from_estimator", "X", expectation, got))
        if response_method not in _METHODS:
            expectation = f"one of {_METHODS}"
            raise ValueError(
                message("DecisionBoundaryDisplay.from_estimator", "response_method", expectation, repr(response_method))
            )
        pad = margin * np.ptp(points, axis=0)
        low, high = points.min(axis=0) - pad, points.max(axis=0) + pad
        xx0, xx1 = np.meshgrid(np.linspace(low[0], high[0], resolution), np.linspace(low[1], high[1], resolution))
        answers = np.asarray(getattr(estimator, response_method)(np.column_stack([xx0.ravel(), xx1.ravel()])))
        classes = response_method == "predict" or (answers.ndim == 2 and answers.shape[1] > 2)
        if response_method == "predict":
            answers = np.unique(answers, return_inverse=True)[1]
        elif answers.ndim == 2:
            answers = answers.argmax(axis=1) if classes else answers[:, -1] - 0.5
        return cls(xx0, xx1, answers.reshape(xx0.shape), classes)

    def plot(self, ax: Any = None, **surface: Any) -> "DecisionBoundaryDisplay":
        """Draw on `ax` or on new axes; `surface` goes to `Axes.pcolormesh` (classes) or `Axes.contourf`."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        if self.classes:
            from matplotlib.colors import ListedColormap

            count = int(self.response.max(initial=0)) + 1
            look = {"cmap": ListedColormap([f"C{i % 10}" for i in range(count)]), "alpha": 0.3, "shading": "nearest"}
            self.surface_ = self.ax_.pcolormesh(
                self.xx0, self.xx1, self.response, vmin=-0.5, vmax=count - 0.5, **{**look, **surface}
            )
            levels = np.arange(count - 1) + 0.5
        else:
            self.surface_ = self.ax_.contourf(self.xx0, self.xx1, self.response, **{"alpha": 0.5, **surface})
            levels = np.zeros(1)
        inside = levels[(levels > self.response.min()) & (levels < self.response.max())]
        self.border_ = (
            self.ax_.contour(self.xx0, self.xx1, self.response, inside, colors="k", linewidths=1)
            if inside.size
            else None
        )
        return self

"""Coefficients as their penalty grows."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import message
from mmlcore.plot.matplotlib_extra import new_axes

__all__ = ["RegularizationPathDisplay"]


class RegularizationPathDisplay:
    """Every coefficient of a linear model over the strength of its penalty, on a logarithmic scale.

    Parameters
    ----------
    alphas : array of shape (m,)
        Positive.
    coefs : array of shape (d, m)
        A row for each feature, as `lasso_path` gives them.
    names : sequence of str, optional
        Of the features: a legend.

    Attributes
    ----------
    lines_ : list of Line2D
    ax_, figure_
        Where the last `plot` drew.

    Raises
    ------
    ValueError
        If the shapes do not go together.

    References
    ----------
    Notes 5.2, 5.3; CS582 5.

    Examples
    --------
    >>> display = RegularizationPathDisplay([1.0, 0.1], [[0.0, 2.0]]).plot()
    >>> display.lines_[0].get_ydata()
    array([0., 2.])
    """

    def __init__(self, alphas: ArrayLike, coefs: ArrayLike, names: Any = None) -> None:
        self.alphas, self.coefs = np.asarray(alphas, float), np.asarray(coefs, float)
        if self.alphas.ndim != 1 or self.coefs.ndim != 2 or self.coefs.shape[1] != len(self.alphas):
            got = f"shapes {self.alphas.shape} and {self.coefs.shape}"
            raise ValueError(message("RegularizationPathDisplay", "alphas and coefs", "(m,) and (d, m)", got))
        self.names = None if names is None else list(names)

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any, alphas: ArrayLike, names: Any = None) -> Any:
        """The display of copies of `estimator` (`Ridge`, `Lasso`, …) fitted with each alpha.

        `names` default to those of the columns of `X`, if it has any.
        """
        strengths = np.asarray(alphas, float)
        from mmlcore.estimators import clone

        fitted = [clone(estimator).set_params(alpha=float(alpha)).fit(X, y) for alpha in strengths]
        coefs = np.column_stack([np.ravel(model.coef_) for model in fitted])
        return cls(strengths, coefs, names if names is not None else getattr(X, "columns", None))

    def plot(self, ax: Any = None, **line: Any) -> "RegularizationPathDisplay":
        """Draw on `ax` or on new axes; `line` goes to `Axes.plot`."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        names = [None] * len(self.coefs) if self.names is None else self.names
        self.lines_ = [
            self.ax_.plot(self.alphas, row, label=name, **line)[0] for row, name in zip(self.coefs, names, strict=True)
        ]
        self.ax_.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)
        self.ax_.set(xscale="log", xlabel="α", ylabel="coefficient")
        if self.names is not None:
            self.ax_.legend()
        return self

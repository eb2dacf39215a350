"""Scores of a cross-validation as one parameter changes."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore._errors import message
from mmlcore.plot.matplotlib_extra import new_axes

__all__ = ["ValidationCurveDisplay"]


class ValidationCurveDisplay:
    """The mean score over the folds for each value of a parameter, within one standard deviation.

    Parameters
    ----------
    param_name : str
    param_range : array of shape (m,)
    test_scores : array of shape (m, folds)
    train_scores : array of shape (m, folds), optional

    Attributes
    ----------
    lines_ : dict of str to Line2D
        "test", and "train" where there are such scores.
    ax_, figure_
        Where the last `plot` drew.

    Raises
    ------
    ValueError
        If the shapes do not go together.

    References
    ----------
    Notes 5.6.

    Examples
    --------
    >>> display = ValidationCurveDisplay("degree", [1, 2], [[0.1, 0.3], [0.8, 0.9]])
    >>> display.best
    2
    >>> display.plot().lines_["test"].get_ydata()
    array([0.2 , 0.85])
    """

    def __init__(
        self, param_name: str, param_range: ArrayLike, test_scores: ArrayLike, train_scores: ArrayLike | None = None
    ) -> None:
        self.param_name, self.param_range = param_name, np.asarray(param_range)
        self.scores = {"test": np.asarray(test_scores, float)}
        if train_scores is not None:
            self.scores["train"] = np.asarray(train_scores, float)
        for scores in self.scores.values():
            if scores.ndim != 2 or len(scores) != len(self.param_range):
                expectation, got = f"of shape ({len(self.param_range)}, folds)", f"shape {scores.shape}"
                raise ValueError(message("ValidationCurveDisplay", "scores", expectation, got))

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, param_name: str, param_range: ArrayLike, cv: Any = None, **options: Any
    ) -> "ValidationCurveDisplay":
        """The display of `cross_val_score` of copies of `estimator` with each value of the parameter.

        Parameters
        ----------
        estimator : estimator
        X, y
            The data.
        param_name : str
        param_range : array of shape (m,)
        cv
            As in `cross_val_score`.
        **options
            Others of `cross_val_score`.
        """
        from mmlcore.estimators import clone, cross_val_score

        values = list(np.asarray(param_range).tolist())
        scores = [
            cross_val_score(clone(estimator).set_params(**{param_name: value}), X, y, cv=cv, **options)
            for value in values
        ]
        return cls(param_name, param_range, np.asarray(scores))

    @property
    def best(self) -> Any:
        """The value of the parameter with the best mean score in the tests."""
        return self.param_range[int(self.scores["test"].mean(axis=1).argmax())].item()

    def plot(self, ax: Any = None, **line: Any) -> "ValidationCurveDisplay":
        """Draw on `ax` or on new axes; `line` goes to `Axes.plot`. Values over two decades get a logarithmic scale."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        self.lines_ = {}
        for name, scores in self.scores.items():
            mean, deviation = scores.mean(axis=1), scores.std(axis=1)
            self.lines_[name] = self.ax_.plot(self.param_range, mean, label=name, **line)[0]
            self.ax_.fill_between(self.param_range, mean - deviation, mean + deviation, alpha=0.2)
        numbers = self.param_range if self.param_range.dtype.kind in "if" else np.ones(1)
        if numbers.min() > 0 and numbers.max() > 100 * numbers.min():
            self.ax_.set(xscale="log")
        self.ax_.set(xlabel=self.param_name, ylabel="score")
        self.ax_.legend()
        return self

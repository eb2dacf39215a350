"""Mixtures of Gaussians in the plane: points and ellipses."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmlcore import linalg
from mmlcore._errors import message
from mmlcore.plot.matplotlib_extra import new_axes

__all__ = ["EllipsesDisplay"]


class EllipsesDisplay:
    """Where the components of a mixture lie: for each the ellipses (x - μ)ᵀ Σ⁻¹ (x - μ) = r².

    Parameters
    ----------
    means : array of shape (K, 2)
    covariances : array of shape (K, 2, 2)
    weights : array of shape (K,), optional
        The stronger a component, the less transparent its ellipses.
    X : array of shape (n, 2), optional
        Points to draw.
    labels : array of shape (n,), optional
        The component of each point, which gives its colour.

    Attributes
    ----------
    ellipses_ : list of list of Ellipse
        For every component, one for every radius.
    points_ : PathCollection or None
    ax_, figure_
        Where the last `plot` drew.

    Raises
    ------
    ValueError
        If the shapes are others.

    References
    ----------
    Indaba, mixtures of Gaussians.

    Examples
    --------
    >>> display = EllipsesDisplay([[0.0, 1.0]], [[[4.0, 0.0], [0.0, 1.0]]]).plot(radii=(1.0,))
    >>> ellipse = display.ellipses_[0][0]
    >>> float(ellipse.width), float(ellipse.height), float(ellipse.angle)
    (4.0, 2.0, 0.0)
    """

    def __init__(
        self,
        means: ArrayLike,
        covariances: ArrayLike,
        weights: ArrayLike | None = None,
        X: ArrayLike | None = None,
        labels: ArrayLike | None = None,
    ) -> None:
        self.means, self.covariances = np.asarray(means, float), np.asarray(covariances, float)
        K = len(self.means)
        if self.means.shape != (K, 2) or self.covariances.shape != (K, 2, 2):
            got = f"shapes {self.means.shape} and {self.covariances.shape}"
            raise ValueError(message("EllipsesDisplay", "means and covariances", "(K, 2) and (K, 2, 2)", got))
        self.weights = np.full(K, 1 / max(K, 1)) if weights is None else np.asarray(weights, float)
        self.X, self.labels = None if X is None else np.asarray(X), None if labels is None else np.asarray(labels)

    @classmethod
    def from_estimator(cls, estimator: Any, X: ArrayLike | None = None) -> "EllipsesDisplay":
        """The display of a fitted `GaussianMixture` of two features, and of points in the colours it gives them.

        Raises
        ------
        ValueError
            If it has another number of features.
        """
        means = np.asarray(estimator.means_)
        K, d = means.shape
        if d != 2:
            raise ValueError(message("EllipsesDisplay.from_estimator", "estimator", "of two features", d))
        given = np.asarray(estimator.covariances_)
        if estimator.covariance_type == "tied":
            given = np.repeat(given[None], K, axis=0)
        elif estimator.covariance_type == "diag":
            given = given[:, :, None] * np.eye(2)
        elif estimator.covariance_type == "spherical":
            given = given[:, None, None] * np.eye(2)
        return cls(means, given, estimator.weights_, X, None if X is None else estimator.predict(X))

    def plot(self, ax: Any = None, radii: tuple[float, ...] = (1.0, 2.0), **ellipse: Any) -> "EllipsesDisplay":
        """Draw on `ax` or on new axes; `radii` in standard deviations; `ellipse` goes to every Ellipse."""
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        self.points_ = None
        if self.X is not None:
            colours = "0.6" if self.labels is None else [f"C{label % 10}" for label in self.labels]
            self.points_ = self.ax_.scatter(*self.X.T, s=4, c=colours)
        strongest = max(self.weights.max(initial=0.0), np.finfo(float).tiny)
        self.ellipses_ = [
            [self._ellipse(k, radius, 0.2 + 0.6 * self.weights[k] / strongest, ellipse) for radius in radii]
            for k in range(len(self.means))
        ]
        self.ax_.autoscale_view()
        return self

    def _ellipse(self, k: int, radius: float, opacity: float, options: dict[str, Any]) -> Any:
        from matplotlib.patches import Ellipse

        values, vectors = linalg.eigh(self.covariances[k])
        width, height = 2 * radius * np.sqrt(np.maximum(values[::-1], 0))
        angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180
        look = {"facecolor": "none", "edgecolor": f"C{k % 10}", "linewidth": 2, "alpha": opacity, **options}
        return self.ax_.add_patch(Ellipse(self.means[k], width, height, angle=angle, **look))

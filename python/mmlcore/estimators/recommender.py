"""Recommendations from ratings."""

from typing import Any, ClassVar, Self

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore._errors import message
from mmlcore.estimators.base import Estimator, check_is_fitted, unchanged_on_failure
from mmlcore.estimators.parameters import Constraint, Interval, OneOf
from mmlcore.estimators.validation import validate_fit
from mmlcore.recommend import SimilarItems, item_space, most_alike

__all__ = ["SVDRecommender"]


class SVDRecommender(Estimator):
    """Items that are rated alike, and items for a user, by the leading singular vectors of the ratings.

    With R (items × users), 0 where there is no rating, and row means m: R - m ≈ U Σ Vᵀ. Items are alike where rows of U
    point in one direction; a user is recommended the unrated items with the largest m + U Σ Vᵀ.

    Parameters
    ----------
    n_components : int
        How many singular vectors; at most as many as there are.
    method : {"randomized", "auto", "full"}
        "randomized": a Krylov space of 16 steps. "auto": iterated to a residual of 1e-6. "full": all vectors.

    Attributes
    ----------
    item_factors_ : ndarray, shape (items, k)
        U, orthonormal columns.
    singular_values_ : ndarray, shape (k,)
    user_factors_ : ndarray, shape (k, users)
        Vᵀ.
    item_means_ : ndarray, shape (items,)
    n_features_in_ : int
        The number of users.

    Raises
    ------
    ValueError
        From `fit`: for parameters out of range, or ratings that are not finite.

    References
    ----------
    DRP, "Movie Recommendation".

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.estimators import SVDRecommender
    >>> ratings = np.array([[5, 4, 1], [5, 5, 0], [0, 0, 5], [1, 0, 4]])
    >>> model = SVDRecommender(2, method="full").fit(ratings)
    >>> model.similar(2, top=2).items
    array([2, 3])
    >>> model.recommend(2, top=1).items
    array([1])
    """

    n_features_in_: int
    _takes_sparse = True
    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "n_components": [Interval(int, 1, None)],
        "method": [OneOf("randomized", "auto", "full")],
    }

    def __init__(self, n_components: int = 50, *, method: str = "randomized") -> None:
        self.n_components = n_components
        self.method = method

    def fit(self, X: Any, y: Any = None) -> Self:
        """Decompose the ratings `X`, shape (items, users); `y` is ignored."""
        self._check_parameters()
        with unchanged_on_failure(self):
            x, _, _ = validate_fit(self, X)
            space = item_space(x, min(self.n_components, *x.shape), self.method)
            self.item_factors_, self.singular_values_, self.user_factors_ = space.U, space.S, space.Vh
            self.item_means_ = space.mean[:, 0]
            self._rated = x != 0
            return self

    def similar(self, item: int, top: int = 10) -> SimilarItems:
        """The items most like `item`, best first, itself among them, with the cosines.

        Raises
        ------
        ValueError
            If there is no such item, it has no ratings, or `top` is not from 1 to the number of items.
        """
        check_is_fitted(self)
        self._require("similar", "item", item, len(self._rated), 0)
        self._require("similar", "top", top, len(self._rated) + 1, 1)
        rated = self._rated.any(axis=1)
        if not rated[item]:
            raise ValueError(message("similar", "item", "an item with ratings", item))
        return most_alike(self.item_factors_, rated, item, top)

    def recommend(self, user: int, top: int = 10) -> SimilarItems:
        """The items that `user` has not rated with the largest m + U Σ Vᵀ, best first, with these numbers.

        They order the items; they are no ratings, because missing ones count as 0.

        Raises
        ------
        ValueError
            If there is no such user, or `top` is not from 1 to the number of items.
        """
        check_is_fitted(self)
        self._require("recommend", "user", user, self.n_features_in_, 0)
        self._require("recommend", "top", top, len(self._rated) + 1, 1)
        scores = self.scores(user)
        scores[self._rated[:, user]] = -np.inf
        best = np.argsort(-scores, kind="stable")[:top]
        best = best[np.isfinite(scores[best])]
        return SimilarItems(best, scores[best])

    def scores(self, user: Any) -> FloatArray:
        """m + U Σ Vᵀ for a user, shape (items,), or for several, shape (items, users)."""
        check_is_fitted(self)
        taste = self.singular_values_ * self.user_factors_[:, user].T
        scores: FloatArray = (self.item_factors_ @ taste.T).T + self.item_means_
        return scores.T

    @staticmethod
    def _require(function: str, argument: str, value: Any, end: int, low: int) -> None:
        if not isinstance(value, int | np.integer) or not low <= value < end:
            raise ValueError(message(function, argument, f"from {low} to {end - 1}", value))

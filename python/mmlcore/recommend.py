"""Items that are rated alike, by the singular value decomposition of the ratings."""

from typing import Any, NamedTuple

import numpy as np

from mmlcore import linalg
from mmlcore._errors import message

__all__ = ["ItemSpace", "SimilarItems", "item_space", "most_alike", "similar_items"]

_SMALL = 600  # a Krylov space of 16 steps would span the whole


class SimilarItems(NamedTuple):
    """Indices of the items that are most alike, best first, and their cosines."""

    items: np.ndarray
    similarity: np.ndarray


def similar_items(ratings: Any, item: int, *, top: int = 10, k: int = 50, method: str = "randomized") -> SimilarItems:
    """The items whose ratings point in the direction of those of `item`, in the space of k singular vectors.

    With R (items × users), row means removed, A = Rᵀ / √(rows - 1) = U Σ Vᵀ: the cosine of the first k coordinates
    (columns of V) of the items. It depends on the space of the k vectors, not on the vectors, so that an iteration
    that finds the space is enough.

    Parameters
    ----------
    ratings : array_like, shape (items, users)
        0 where there is no rating.
    item : int
        Row of `ratings`.
    top : int
        How many items; the first is `item` itself.
    k : int
        How many singular vectors.
    method : {"randomized", "auto", "full"}
        "randomized": a Krylov space of 16 steps, complete for small matrices. "auto": iterated to a residual of
        1e-6. "full": the complete decomposition.

    Returns
    -------
    SimilarItems
        `items` (top,), rows of `ratings`, and `similarity` (top,), falling. Items without ratings are left out.

    Raises
    ------
    ValueError
        If `ratings` is not a matrix, or `item`, `top` or `k` does not fit it.

    References
    ----------
    DRP, "Movie Recommendation".

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.recommend import similar_items
    >>> ratings = np.array([[5, 4, 1], [5, 5, 0], [0, 0, 5], [1, 0, 4]])
    >>> similar_items(ratings, 2, top=2, k=2, method="full").items
    array([2, 3])
    """
    matrix = np.asarray(ratings)
    if matrix.ndim != 2:
        raise ValueError(message("similar_items", "ratings", "a matrix", f"shape {matrix.shape}"))
    rows = len(matrix)
    for name, value, high in (("item", item, rows - 1), ("top", top, rows), ("k", k, min(matrix.shape))):
        low = 0 if name == "item" else 1
        if not low <= value <= high:
            raise ValueError(message("similar_items", name, f"from {low} to {high}", value))

    if not matrix[item].any():
        raise ValueError(message("similar_items", "item", "an item with ratings", item))
    return most_alike(item_space(matrix, k, method).U, np.any(matrix, axis=1), item, top)


def most_alike(coordinates: np.ndarray, rated: np.ndarray, item: int, top: int) -> SimilarItems:
    """The rows of `coordinates` (items, k) at the smallest angles to that of `item`, of the items that are `rated`."""
    lengths = linalg.norm(coordinates, axis=1)
    cosine = np.full(len(coordinates), -np.inf)
    cosine[rated] = coordinates[rated] @ coordinates[item] / (lengths[rated] * lengths[item])
    best = np.argsort(-cosine, kind="stable")[:top]
    best = best[np.isfinite(cosine[best])]
    return SimilarItems(best, cosine[best])


class ItemSpace(NamedTuple):
    """R - m ≈ U diag(S) Vh: items (items, k), values (k,), users (k, users), and the means m (items, 1)."""

    U: np.ndarray
    S: np.ndarray
    Vh: np.ndarray
    mean: np.ndarray


def item_space(ratings: np.ndarray, k: int, method: str) -> ItemSpace:
    """The leading singular triplets of the ratings (items, users), row means removed.

    The document divides by √(rows - 1) and decomposes the transpose: the vectors are the same.
    """
    mean = ratings.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
    centred = ratings.astype(np.float32) - mean
    if method == "full" or (method == "randomized" and min(centred.shape) <= _SMALL):
        found = linalg.svd(centred, full_matrices=False)
    elif method == "auto":
        found = linalg.svd(centred.astype(np.float64), k=k, tol=1e-6)
    elif method == "randomized":
        found = linalg.svd(centred, k=k, method="randomized", n_iter=16)
    else:
        raise ValueError(message("similar_items", "method", "'randomized', 'auto' or 'full'", repr(method)))
    return ItemSpace(found.U[:, :k], found.S[:k], found.Vh[:k], mean)

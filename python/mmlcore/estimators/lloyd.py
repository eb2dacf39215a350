"""Lloyd's iteration and the start of it, on arrays: what `KMeans` and the start of `GaussianMixture` run."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray

__all__ = ["Clustering", "assign", "distances_to", "k_means_plus_plus", "lloyd"]


@dataclass
class Clustering:
    """Where an iteration ended."""

    centres: FloatArray  # (k, d)
    labels: Any  # (n,), int32
    inertia: float  # Σ w ‖x - c‖²
    n_iter: int


def assign(x: FloatArray, centres: FloatArray) -> tuple[Any, FloatArray]:
    """The nearest centre of every row, int32, and the squared distance to it."""
    labels, distances = np.empty(len(x), np.int32), np.empty(len(x), x.dtype)
    _kernels.nearest_centres(labels, distances, None, None, x, None, np.ascontiguousarray(centres, x.dtype))
    return labels, distances


def distances_to(x: FloatArray, centres: FloatArray, closest: Any = None, weights: Any = None) -> tuple[Any, Any]:
    """min(‖x_i - c_j‖², closest_i), shape (k, n), and for each centre the weighted sum of them."""
    nearer, potentials = np.empty((len(centres), len(x)), x.dtype), np.empty(len(centres))
    _kernels.distances_to_candidates(nearer, potentials, x, weights, np.ascontiguousarray(centres, x.dtype), closest)
    return nearer, potentials


def k_means_plus_plus(x: FloatArray, weights: Any, k: int, random: np.random.RandomState, trials: Any = None) -> Any:
    """Rows of `x` to start from: each is drawn in proportion to its squared distance from those drawn before.

    Of 2 + ⌊log k⌋ draws the one is taken that leaves the smallest sum of squared distances.

    References
    ----------
    D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", 2007.
    """
    trials = 2 + int(np.log(k)) if trials is None else trials
    shares = np.ones(len(x)) if weights is None else weights.astype(np.float64)
    chosen = [int(random.choice(len(x), p=shares / shares.sum()))]
    nearer, potentials = distances_to(x, x[chosen], None, weights)
    closest, potential = nearer[0], potentials[0]
    for _ in range(1, k):
        marks = random.uniform(size=trials) * potential
        cumulative = np.cumsum(closest if weights is None else closest * weights, dtype=np.float64)
        candidates = np.minimum(np.searchsorted(cumulative, marks), len(x) - 1)
        nearer, potentials = distances_to(x, x[candidates], closest, weights)
        best = int(np.argmin(potentials))
        chosen.append(int(candidates[best]))
        closest, potential = nearer[best], potentials[best]
    return np.asarray(chosen)


def lloyd(x: FloatArray, weights: Any, centres: FloatArray, max_iter: int, tol: float) -> Clustering:
    """Points to their nearest centres, centres to the means of their points, until neither changes any more.

    Parameters
    ----------
    x : ndarray, shape (n, d)
        Best with mean 0: distances come from differences of squares.
    weights : ndarray, shape (n,), or None
    centres : ndarray, shape (k, d)
    max_iter : int
    tol : float
        Stop as well when the sum of the squares by which the centres moved is at most this.

    References
    ----------
    S. P. Lloyd, "Least squares quantization in PCM", 1982.
    """
    labels, before = np.empty(len(x), np.int32), np.full(len(x), -1, np.int32)
    sums, counts = np.empty(centres.shape), np.empty(len(centres))
    steps = 0
    for _ in range(max_iter):
        steps += 1
        _kernels.nearest_centres(labels, None, sums, counts, x, weights, centres)
        if (counts == 0).any():
            _fill_empty(x, weights, centres, labels, sums, counts)
        filled = counts > 0
        new = centres.copy()
        new[filled] = sums[filled] / counts[filled, None]
        moved = float(np.sum(np.square(new - centres, dtype=np.float64)))
        centres = new
        if np.array_equal(labels, before) or moved <= tol:
            break
        labels, before = before, labels
    labels, distances = assign(x, centres)
    inertia = distances.sum(dtype=np.float64) if weights is None else np.dot(distances.astype(np.float64), weights)
    return Clustering(centres, labels, float(inertia), steps)


def _fill_empty(x: FloatArray, weights: Any, centres: FloatArray, labels: Any, sums: Any, counts: Any) -> None:
    """Centres without points move to the points that lie farthest from theirs."""
    distances = assign(x, centres)[1]
    if weights is not None:
        distances = np.where(weights > 0, distances, 0)
    empty = np.flatnonzero(counts == 0)
    for cluster, point in zip(empty, np.argsort(-distances, kind="stable")[: len(empty)], strict=False):
        if distances[point] == 0:
            break  # as many different points as centres that have some
        weight = 1.0 if weights is None else float(weights[point])
        sums[labels[point]] -= weight * x[point]
        counts[labels[point]] -= weight
        sums[cluster], counts[cluster] = weight * x[point], weight
        labels[point] = cluster

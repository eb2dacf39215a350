"""k-means."""

import warnings
from typing import Any, ClassVar, Self

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted
from mmlcore.estimators.exceptions import ConvergenceWarning, shared
from mmlcore.estimators.lloyd import Clustering, assign, distances_to, k_means_plus_plus, lloyd
from mmlcore.estimators.mixins import Clusterer, NumberedFeatures, Transformer
from mmlcore.estimators.parameters import ARRAY, BOOLEAN, CALLABLE, RANDOM_STATE, VERBOSE, Constraint, Interval, OneOf
from mmlcore.estimators.randomness import as_random_state
from mmlcore.estimators.validation import (
    as_weights,
    check_features,
    remember_features,
    require_finite,
    validate_fit,
    validate_predict,
)

__all__ = ["KMeans"]


class KMeans(NumberedFeatures, Transformer, Clusterer, Estimator):
    """k centres with the smallest sum of squared distances to the points, each of which counts for its nearest one.

    Lloyd's iteration from a k-means++ start: a local minimum of Σ_i w_i min_j ‖x_i - c_j‖².

    Parameters
    ----------
    n_clusters : int
    init : {"k-means++", "random"}, callable or array_like of shape (n_clusters, d)
        The first centres; a callable is given X, n_clusters and random_state.
    n_init : int or "auto"
        Starts, of which the best counts; "auto" is 1 for "k-means++" and for an array, else 10.
    max_iter : int
    tol : float
        Stop when the centres moved by at most so much, relative to the variance of the data.
    verbose, copy_x
        Taken for the sake of scikit-learn's code: nothing is printed, and inputs are never written to.
    random_state : int, RandomState, Generator or None
        The draws are scikit-learn's: the same start for the same seed.
    algorithm : {"lloyd", "elkan"}
        Both give the same centres; the kernel is Lloyd's.

    Attributes
    ----------
    cluster_centers_ : ndarray, shape (n_clusters, d)
    labels_ : ndarray, shape (n,), int32
    inertia_ : float
        Σ_i w_i ‖x_i - c‖² of the nearest centres.
    n_iter_ : int
    n_features_in_, feature_names_in_

    Raises
    ------
    ValueError
        From `fit`: for parameters out of range, data that are not finite or have fewer rows than clusters.

    Warns
    -----
    ConvergenceWarning
        If the data have fewer different points than clusters.

    References
    ----------
    Lloyd, 1982; Arthur, Vassilvitskii, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.estimators import KMeans
    >>> X = np.array([[1.0, 2.0], [1.0, 4.0], [10.0, 2.0], [10.0, 4.0]])
    >>> model = KMeans(2, random_state=0).fit(X)
    >>> model.cluster_centers_[np.argsort(model.cluster_centers_[:, 0])]
    array([[ 1.,  3.],
           [10.,  3.]])
    >>> model.inertia_
    4.0
    """

    _takes_sparse = True
    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "n_clusters": [Interval(int, 1, None)],
        "init": [OneOf("k-means++", "random"), CALLABLE, ARRAY],
        "n_init": [OneOf("auto"), Interval(int, 1, None)],
        "max_iter": [Interval(int, 1, None)],
        "tol": [Interval(float, 0, None)],
        "verbose": [VERBOSE],
        "random_state": [RANDOM_STATE],
        "copy_x": [BOOLEAN],
        "algorithm": [OneOf("lloyd", "elkan")],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "k-means++",
        n_init: Any = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: Any = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: str = "lloyd",
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.copy_x = copy_x
        self.algorithm = algorithm

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find the centres of the rows of `X`; `y` is ignored."""
        self._check_parameters()
        x, _, weights = validate_fit(self, X, None, sample_weight, remember=False)
        if len(x) < self.n_clusters:
            raise ValueError(f"n_samples={len(x)} should be >= n_clusters={self.n_clusters}.")
        mean = np.average(x, axis=0, weights=weights).astype(x.dtype)
        centred = np.ascontiguousarray(x - mean)
        spread = np.average(np.square(centred, dtype=np.float64), axis=0, weights=weights)
        best = self._best(x, centred, mean, weights, self.tol * float(spread.mean()))

        if not np.isfinite(best.inertia):
            raise ValueError("KMeans: the squared distances leave the range of X's dtype; scale the data.")
        distinct = len(np.unique(best.labels))
        if distinct < self.n_clusters:
            warnings.warn(
                f"Number of distinct clusters ({distinct}) found smaller than n_clusters ({self.n_clusters}). "
                "Possibly due to duplicate points in X.",
                shared(ConvergenceWarning),
                stacklevel=2,
            )
        remember_features(self, X, x)
        self.cluster_centers_ = best.centres + mean
        self.labels_, self.inertia_, self.n_iter_ = best.labels, best.inertia, best.n_iter
        return self

    def _best(self, x: FloatArray, centred: FloatArray, mean: FloatArray, weights: Any, tol: float) -> Clustering:
        """The best of `n_init` runs."""
        random = as_random_state(self.random_state)
        given = not isinstance(self.init, str) and not callable(self.init)
        starts = self.n_init
        if starts == "auto":
            starts = 1 if given or self.init == "k-means++" else 10
        if given and starts != 1:
            warnings.warn(
                "Explicit initial center position passed: performing only one init in KMeans instead of "
                f"n_init={starts}.",
                RuntimeWarning,
                stacklevel=3,
            )
            starts = 1
        runs = (
            lloyd(centred, weights, self._start(x, centred, mean, weights, random), self.max_iter, tol)
            for _ in range(starts)
        )
        return min(runs, key=lambda run: run.inertia)

    def _start(self, x: FloatArray, centred: FloatArray, mean: FloatArray, weights: Any, random: Any) -> FloatArray:
        """The first centres, relative to the mean."""
        k = self.n_clusters
        if isinstance(self.init, str):
            if self.init == "k-means++":
                return centred[k_means_plus_plus(centred, weights, k, random)]
            shares = np.ones(len(x)) if weights is None else weights.astype(np.float64)
            return centred[random.choice(len(x), size=k, replace=False, p=shares / shares.sum())]
        given = self.init(x, k, random_state=random) if callable(self.init) else self.init
        centres = np.array(given, dtype=x.dtype, order="C", ndmin=2)
        if centres.shape != (k, x.shape[1]):
            if len(centres) != k:
                raise ValueError(
                    f"The shape of the initial centers {centres.shape} does not match the number of clusters {k}."
                )
            raise ValueError(
                f"The shape of the initial centers {centres.shape} does not match the number of features of the "
                f"data {x.shape[1]}."
            )
        require_finite(centres, "init")
        return centres - mean

    def predict(self, X: Any) -> Any:
        """The number of the nearest centre of every row, shape (n,), int32."""
        check_is_fitted(self)
        x = validate_predict(self, X)
        return self._assign(x)[0]

    def _assign(self, x: FloatArray) -> tuple[Any, FloatArray]:
        mean = self.cluster_centers_.mean(axis=0)  # differences of squares are best about the centre of it all
        return assign((x - mean).astype(x.dtype, copy=False), self.cluster_centers_ - mean)

    def transform(self, X: Any) -> FloatArray:
        """The distances to the centres, shape (n, n_clusters)."""
        check_is_fitted(self)
        squared: FloatArray = distances_to(validate_predict(self, X), self.cluster_centers_)[0]
        return np.sqrt(squared.T, order="C")

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Minus the weighted sum of the squared distances to the nearest centres."""
        check_is_fitted(self)
        x = validate_predict(self, X)
        check_features(self, X, x)
        weights = as_weights(sample_weight, x)
        distances = self._assign(x)[1].astype(np.float64)
        return -float(distances.sum() if weights is None else distances @ weights)

    @property
    def _n_features_out(self) -> int:
        return len(self.cluster_centers_)

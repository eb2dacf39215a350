"""Mixtures of Gaussians by expectation and maximisation."""

import warnings
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted, clone, unchanged_on_failure
from mmlcore.estimators.exceptions import ConvergenceWarning, shared
from mmlcore.estimators.kmeans import KMeans
from mmlcore.estimators.lloyd import k_means_plus_plus
from mmlcore.estimators.mixins import Density
from mmlcore.estimators.mixture_statistics import (
    KINDS,
    MixtureParameters,
    MixtureStatistics,
    factors_of,
    negligible,
)
from mmlcore.estimators.parameters import (
    ARRAY,
    BOOLEAN,
    NONE,
    RANDOM_STATE,
    VERBOSE,
    Constraint,
    Interval,
    OneOf,
)
from mmlcore.estimators.randomness import as_random_state
from mmlcore.estimators.statistics import Gram
from mmlcore.estimators.streams import blocks_of, is_stream, require_several_passes, take_over
from mmlcore.estimators.validation import as_weights, remember_features, validate_fit, validate_predict

__all__ = ["GaussianMixture"]


Piece = tuple[FloatArray, Any]  # rows and their weights


class GaussianMixture(Density, Estimator):
    """p(x) = Σ_k w_k N(x; μ_k, Σ_k), fitted by expectation and maximisation (EM).

    E: r_ik = w_k N(x_i; μ_k, Σ_k) / p(x_i). M: w_k = Σ_i r_ik / n, μ_k and Σ_k the means and covariances under r_k.
    The likelihood never falls.

    Parameters
    ----------
    n_components : int
    covariance_type : {"full", "tied", "diag", "spherical"}
        A matrix for each component; one for all; diagonal matrices; multiples of the identity.
    tol : float
        Stop when the mean log-likelihood changes by less.
    reg_covar : float
        Added to the diagonals of the covariances. With 0, a singular covariance is lifted to a floor at machine
        precision, with a warning.
    max_iter : int
    n_init : int
        Starts, of which the most likely result counts.
    init_params : {"kmeans", "k-means++", "random", "random_from_data"}
    weights_init, means_init, precisions_init : array_like, optional
        Where to start instead.
    random_state : int, RandomState, Generator or None
        The draws are scikit-learn's.
    warm_start : bool
        `fit` goes on from the last result.
    verbose, verbose_interval
        Taken for the sake of scikit-learn's code: nothing is printed.

    Attributes
    ----------
    weights_, means_ : ndarray, shapes (K,), (K, d)
    covariances_, precisions_, precisions_cholesky_ : ndarray
        (K, d, d), (d, d), (K, d) or (K,) for the four kinds.
    converged_ : bool
    n_iter_ : int
    lower_bound_ : float
        The mean log-likelihood at the last step; `lower_bounds_` that of every step.
    n_features_in_, feature_names_in_

    Raises
    ------
    ValueError
        From `fit`: for parameters out of range, data that are not finite or have fewer rows than components.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` came first, or a covariance was singular.

    Notes
    -----
    A step is one pass over the data, of which only sums are kept: `partial_fit` takes them in piece by piece.

    References
    ----------
    Indaba, mixtures of Gaussians. Dempster, Laird, Rubin, "Maximum likelihood from incomplete data via the EM
    algorithm", 1977. Neal, Hinton, "A view of the EM algorithm that justifies incremental, sparse, and other variants",
    1998.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.estimators import GaussianMixture
    >>> X = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]])
    >>> model = GaussianMixture(2, random_state=0).fit(X)
    >>> np.sort(model.means_[:, 0]).round(6)
    array([ 1., 10.])
    >>> bool(model.predict([[0.0, 0.0]])[0] == model.predict([[1.0, 3.0]])[0])
    True
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "n_components": [Interval(int, 1, None)],
        "covariance_type": [OneOf(*KINDS)],
        "tol": [Interval(float, 0, None)],
        "reg_covar": [Interval(float, 0, None)],
        "max_iter": [Interval(int, 0, None)],
        "n_init": [Interval(int, 1, None)],
        "init_params": [OneOf("kmeans", "random", "random_from_data", "k-means++")],
        "weights_init": [ARRAY, NONE],
        "means_init": [ARRAY, NONE],
        "precisions_init": [ARRAY, NONE],
        "random_state": [RANDOM_STATE],
        "warm_start": [BOOLEAN],
        "verbose": [VERBOSE],
        "verbose_interval": [Interval(int, 1, None)],
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weights_init: Any = None,
        means_init: Any = None,
        precisions_init: Any = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: Any = 0,
        verbose_interval: int = 10,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval

    # ---- fitting ----

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """EM on the rows of `X`, each counting `sample_weight` times; `y` is ignored.

        X may be an object that gives blocks of rows, X or (X, None, sample_weight), every time it is iterated over: a
        step of EM is one pass. The start comes from the first block, which needs as many rows as components.
        """
        if not is_stream(X):
            self._check_parameters()
            x, _, weights = validate_fit(self, X, None, sample_weight, min_samples=2, remember=False)
            self._require_rows(x)
            with unchanged_on_failure(self):
                self._fit([(np.ascontiguousarray(x), weights)])
                remember_features(self, X, x)
            return self
        require_several_passes(type(self).__name__, X)
        self._check_parameters()
        learner = clone(self)
        if self.warm_start and hasattr(self, "_parameters"):
            learner._parameters = self._parameters
        return take_over(self, learner._fit(_Pieces(learner, X, sample_weight)))

    def _fit(self, data: Iterable[Piece]) -> Self:
        x, weights = next(iter(data))
        given = self._given(x.shape[1])
        known: Any = getattr(self, "_parameters", None) if self.warm_start else None
        warm = known is not None and known.means.shape == (self.n_components, x.shape[1])
        warm = warm and known.kind == self.covariance_type
        random, scatter = as_random_state(self.random_state), self._scatter(data)
        best: Any = None
        for _ in range(1 if warm else self.n_init):
            start = known if warm else self._start(x, weights, random, given)
            run = self._iterate(data, start, scatter)
            if best is None or run[1] > best[1]:
                best = run
        parameters, bound, bounds, self._statistics, self.converged_ = best
        self.n_iter_ = len(bounds)
        self._warn(parameters)
        self.lower_bound_, self.lower_bounds_ = bound, bounds
        self._store(parameters, x.dtype)
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """One step of incremental EM with further rows of `X`; `y` is ignored.

        The rows get responsibilities from the present parameters, their sums are added to those of all rows before, and
        the parameters are solved for anew: each row counts once, as it was seen. The first call, which needs as many
        rows as components, chooses the start, and is ``fit`` with one iteration; after `fit` it goes on from there.
        """
        self._check_parameters()
        known = getattr(self, "_parameters", None)
        if known is not None and (known.kind, len(known.means)) != (self.covariance_type, self.n_components):
            raise ValueError(
                "partial_fit: n_components and covariance_type must be those of the rows before "
                f"({len(known.means)} and {known.kind!r}), got {self.n_components} and {self.covariance_type!r}"
            )
        with unchanged_on_failure(self):
            x, _, weights = validate_fit(self, X, None, sample_weight, reset=known is None)
            data = [(np.ascontiguousarray(x), weights)]
            scatter = self._scatter(data)
            if known is None:
                self._require_rows(x)
                known = self._start(*data[0], as_random_state(self.random_state), self._given(x.shape[1]))
            new = self._expected(data, known, scatter)
            self.lower_bound_ = new.log_likelihood / new.total
            before = getattr(self, "_statistics", None)
            if before is None:
                parameters = self._maximise(data, new, known, scatter)
            else:
                shares, means, covariances, _ = new.merge(before.moved(new.means)).solve(self.reg_covar)
                factors = factors_of(self.covariance_type, covariances)
                parameters = MixtureParameters(self.covariance_type, shares, means, *factors)
            self._warn(parameters, all_steps=False)
            self._statistics = new
            self.n_iter_, self.converged_ = getattr(self, "n_iter_", 0) + 1, False
            self.lower_bounds_ = [*getattr(self, "lower_bounds_", []), self.lower_bound_]
            self._store(parameters, x.dtype)
        return self

    def _require_rows(self, x: FloatArray) -> None:
        if len(x) < self.n_components:
            raise ValueError(
                f"Expected n_samples >= n_components but got n_components = {self.n_components}, n_samples = {len(x)}"
            )

    def _warn(self, parameters: MixtureParameters, all_steps: bool = True) -> None:
        if parameters.lifted:
            warnings.warn(
                f"GaussianMixture: {parameters.lifted} singular covariance(s), lifted to a floor at machine precision; "
                "increase reg_covar or decrease n_components.",
                shared(ConvergenceWarning),
                stacklevel=3,
            )
        if all_steps and not self.converged_ and self.max_iter > 0:
            warnings.warn(
                "Best performing initialization did not converge. Try different init parameters, or increase "
                "max_iter, tol, or check for degenerate data.",
                shared(ConvergenceWarning),
                stacklevel=3,
            )

    def _scatter(self, data: Iterable[Piece]) -> Gram | None:
        """For "tied", the mean and the scatter of all data about it: they do not change from step to step."""
        if self.covariance_type != "tied":
            return None
        gram: Any = None
        for x, weights in data:
            gram = (gram or Gram(x.shape[1])).update(x, None, weights)
        return gram

    def _iterate(self, data: Iterable[Piece], start: MixtureParameters, scatter: Gram | None) -> Any:
        parameters, bound, converged = start, -np.inf, self.max_iter == 0
        bounds: list[float] = []
        statistics = None
        while len(bounds) < self.max_iter:
            before = bound
            statistics = self._expected(data, parameters, scatter)
            parameters = self._maximise(data, statistics, parameters, scatter)
            bound = statistics.log_likelihood / statistics.total
            bounds.append(bound)
            if abs(bound - before) < self.tol:
                converged = True
                break
        return parameters, bound, bounds, statistics, converged

    def _expected(self, data: Iterable[Piece], of: MixtureParameters, scatter: Gram | None) -> MixtureStatistics:
        """The sums about the means of parameters, with the responsibilities that these give."""
        return self._sums(data, of.means, scatter, lambda sums, x, weights, about: sums.update(x, weights, of, about))

    def _sums(self, data: Iterable[Piece], means: FloatArray, scatter: Gram | None, take: Any) -> MixtureStatistics:
        statistics: Any = None
        about: Any = None
        for x, weights in data:
            if statistics is None:
                points = means.astype(x.dtype).astype(np.float64)  # as the kernel rounds them
                statistics = MixtureStatistics(self.covariance_type, points)
                about = _about(points[0], scatter)
            take(statistics, x, weights, about)
            about = None if about is None else np.zeros_like(about)  # it was that of all rows
        return statistics

    def _maximise(
        self, data: Iterable[Piece], statistics: MixtureStatistics, old: MixtureParameters, scatter: Gram | None
    ) -> MixtureParameters:
        shares, means, covariances, exact = statistics.solve(self.reg_covar)
        if not exact:  # the sums once more, about the new means

            def take(again: MixtureStatistics, x: FloatArray, weights: Any, about: Any) -> None:
                again.update_given(x, weights, old.expect(x, responsibilities=True)[1], about)

            shares, means, covariances, _ = self._sums(data, means, scatter, take).solve(self.reg_covar)
        return MixtureParameters(self.covariance_type, shares, means, *factors_of(self.covariance_type, covariances))

    def _start(self, x: FloatArray, weights: Any, random: Any, given: Any) -> MixtureParameters:
        """Parameters to start from: one step of maximisation for some responsibilities, then what the user gave."""
        responsibilities = self._first_responsibilities(x, weights, random)
        counts = (responsibilities if weights is None else responsibilities * weights[:, None]).sum(
            axis=0, dtype=np.float64
        )
        rows = responsibilities.T if weights is None else responsibilities.T * weights
        means = linalg.matmul(rows, x) / np.maximum(counts, negligible(float(counts.sum())))[:, None]
        scatter = self._scatter([(x, weights)])

        def take(sums: MixtureStatistics, x: FloatArray, weights: Any, about: Any) -> None:
            sums.update_given(x, weights, responsibilities, about)

        statistics = self._sums([(x, weights)], means, scatter, take)
        shares, means, covariances, _ = statistics.solve(self.reg_covar)
        if scatter is not None and self.init_params in ("k-means++", "random_from_data"):
            covariances = scatter.scatter / statistics.total + self.reg_covar * np.eye(x.shape[1])  # points have none
        given_weights, given_means, precisions = given
        shares = shares if given_weights is None else given_weights
        means = means if given_means is None else given_means
        kind = self.covariance_type
        if precisions is None:
            return MixtureParameters(kind, shares, means, *factors_of(kind, covariances))
        return MixtureParameters(kind, shares, means, covariances, _factors_of_precisions(kind, precisions))

    def _first_responsibilities(self, x: FloatArray, weights: Any, random: Any) -> FloatArray:
        n, k = len(x), self.n_components
        responsibilities = np.zeros((n, k), x.dtype)
        if self.init_params == "kmeans":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                labels = KMeans(k, n_init=1, random_state=random).fit(x, sample_weight=weights).labels_
            responsibilities[np.arange(n), labels] = 1
        elif self.init_params == "random":
            responsibilities[:] = random.uniform(size=(n, k))
            responsibilities /= responsibilities.sum(axis=1, keepdims=True)
        elif self.init_params == "random_from_data":
            responsibilities[random.choice(n, size=k, replace=False), np.arange(k)] = 1
        else:
            responsibilities[k_means_plus_plus(x, weights, k, random), np.arange(k)] = 1
        return responsibilities

    def _given(self, d: int) -> tuple[Any, Any, Any]:
        """weights_init, means_init, precisions_init as arrays, checked."""
        K = self.n_components
        weights = _array(self.weights_init, (K,), "weights")
        if weights is not None and (weights.min() < 0 or weights.max() > 1):
            raise ValueError(
                "The parameter 'weights' should be in the range [0, 1], but got max value "
                f"{weights.max():.5f}, min value {weights.min():.5f}"
            )
        if weights is not None and abs(weights.sum() - 1) > 1e-6:
            raise ValueError(
                f"The parameter 'weights' should be normalized, but got sum(weights) = {weights.sum():.5f}"
            )
        shapes = {"full": (K, d, d), "tied": (d, d), "diag": (K, d), "spherical": (K,)}
        precisions = _array(self.precisions_init, shapes[self.covariance_type], f"{self.covariance_type} precision")
        if precisions is not None and self.covariance_type in ("diag", "spherical") and not (precisions > 0).all():
            raise ValueError(f"'{self.covariance_type} precision' should be positive")
        return weights, _array(self.means_init, (K, d), "means"), precisions

    def _store(self, parameters: MixtureParameters, dtype: Any) -> None:
        self._parameters = parameters
        self.weights_, self.means_ = parameters.weights.astype(dtype), parameters.means.astype(dtype)
        self.covariances_ = parameters.covariances.astype(dtype)
        chol = parameters.precisions_cholesky
        self.precisions_cholesky_ = chol.astype(dtype)
        if self.covariance_type in ("diag", "spherical"):
            self.precisions_ = (chol**2).astype(dtype)
        else:
            self.precisions_ = (chol @ np.swapaxes(chol, -2, -1)).astype(dtype)

    # ---- answering ----

    def _fitted(self) -> MixtureParameters:
        """The parameters, as the attributes have them now: users may change these."""
        check_is_fitted(self)
        given = (self.weights_, self.means_, self.covariances_, self.precisions_cholesky_)
        weights, means, covariances, factors = (np.asarray(array, np.float64) for array in given)
        return MixtureParameters(self.covariance_type, weights, means, covariances, factors)

    def _expect(self, X: Any, responsibilities: bool) -> tuple[FloatArray, Any]:
        parameters = self._fitted()
        return parameters.expect(np.ascontiguousarray(validate_predict(self, X)), responsibilities)

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """`fit`, then the most likely component of every row."""
        return self.fit(X, y, sample_weight).predict(X)

    def predict(self, X: Any) -> Any:
        """The most likely component of every row, shape (n,)."""
        return self._expect(X, True)[1].argmax(axis=1)

    def predict_proba(self, X: Any) -> FloatArray:
        """P(k | x), shape (n, K)."""
        shares: FloatArray = self._expect(X, True)[1]
        return shares

    def score_samples(self, X: Any) -> FloatArray:
        """log p(x) of every row, shape (n,)."""
        return self._expect(X, False)[0]

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The (weighted) mean of log p(x)."""
        likelihood = self.score_samples(X)
        return float(np.average(likelihood.astype(np.float64), weights=as_weights(sample_weight, likelihood[:, None])))

    def sample(self, n_samples: int = 1) -> tuple[FloatArray, Any]:
        """Draws of the mixture, component by component, and the component of each."""
        check_is_fitted(self)
        if n_samples < 1:
            raise ValueError(f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample.")
        random = as_random_state(self.random_state)
        shares = self.weights_.astype(np.float64)
        counts = random.multinomial(n_samples, shares / shares.sum())
        d, rows = self.means_.shape[1], []
        for k, count in enumerate(counts):
            covariance = self.covariances_ if self.covariance_type == "tied" else self.covariances_[k]
            if self.covariance_type in ("full", "tied"):
                rows.append(random.multivariate_normal(self.means_[k], covariance, int(count)))
            else:
                rows.append(self.means_[k] + random.standard_normal(size=(count, d)) * np.sqrt(covariance))
        return np.vstack(rows), np.repeat(np.arange(len(counts)), counts)

    def _n_parameters(self) -> int:
        K, d = self.means_.shape
        sizes = {"full": K * d * (d + 1) // 2, "tied": d * (d + 1) // 2, "diag": K * d, "spherical": K}
        return sizes[self.covariance_type] + d * K + K - 1

    def bic(self, X: Any) -> float:
        """Bayes's information criterion: the lower, the better."""
        n = len(X)
        return -2 * self.score(X) * n + self._n_parameters() * float(np.log(n))

    def aic(self, X: Any) -> float:
        """Akaike's information criterion: the lower, the better."""
        return -2 * self.score(X) * len(X) + 2 * self._n_parameters()


class _Pieces:
    """The blocks of a stream, checked, every time they are iterated over."""

    def __init__(self, learner: GaussianMixture, stream: Any, sample_weight: Any) -> None:
        self.learner, self.stream, self.sample_weight, self.first = learner, stream, sample_weight, True
        self.dtype: Any = None

    def __iter__(self) -> Iterator[Piece]:
        for block in blocks_of(type(self.learner).__name__, self.stream, None, self.sample_weight):
            x, _, weights = validate_fit(self.learner, block.X, None, block.sample_weight, reset=self.first)
            if self.first:
                self.learner._require_rows(x)
                self.first, self.dtype = False, x.dtype
            yield (
                np.ascontiguousarray(x, self.dtype),
                None if weights is None else weights.astype(self.dtype, copy=False),
            )


def _about(point: FloatArray, scatter: Gram | None) -> Any:
    """The scatter of all data about another point, from that about their mean."""
    if scatter is None:
        return None
    return scatter.scatter + scatter.weight * np.outer(scatter.mean - point, scatter.mean - point)


def _array(value: Any, shape: tuple[int, ...], name: str) -> Any:
    if value is None:
        return None
    array = np.asarray(value, np.float64)
    if array.shape != shape:
        raise ValueError(f"The parameter '{name}' should have the shape of {shape}, but got {array.shape}")
    return array


def _factors_of_precisions(kind: str, precisions: FloatArray) -> FloatArray:
    """Upper triangular C with C Cᵀ = Σ⁻¹: the lower factor of the matrix turned around both ways, turned back."""
    if kind in ("diag", "spherical"):
        return np.sqrt(precisions)
    lower: FloatArray = linalg.cholesky(np.ascontiguousarray(precisions[..., ::-1, ::-1]))
    return np.ascontiguousarray(lower[..., ::-1, ::-1])

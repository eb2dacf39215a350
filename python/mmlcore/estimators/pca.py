"""Principal component analysis."""

from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted
from mmlcore.estimators.mixins import NumberedFeatures, Transformer
from mmlcore.estimators.parameters import BOOLEAN, NONE, RANDOM_STATE, Constraint, Interval, OneOf
from mmlcore.estimators.principal import (
    Axes,
    degrees_of_freedom,
    extended,
    flip_signs,
    from_covariance,
    from_svd,
    likely_dimension,
    scatter_of,
    warn_of_forgetting,
)
from mmlcore.estimators.randomness import as_seed
from mmlcore.estimators.sparse_rows import SparseRows
from mmlcore.estimators.statistics import Gram
from mmlcore.estimators.streams import fit_stream, is_stream
from mmlcore.estimators.validation import remember_features, require_finite, validate_fit, validate_predict

__all__ = ["PCA"]

_FEW = 500  # rows and columns up to which the complete decomposition is as fast as any other


class PCA(NumberedFeatures, Transformer, Estimator):
    """The orthogonal directions in which the data vary most: X - m = U Σ Vᵀ, or the covariance V Λ Vᵀ, Λ = Σ²/(n - 1).

    Parameters
    ----------
    n_components : int, float in (0, 1), "mle" or None
        How many; the fewest that explain such a share of the variance; Minka's estimate; or min(n, d).
    copy : bool
        Taken for the sake of scikit-learn's code: inputs are never written to.
    whiten : bool
        Divide the coordinates by their standard deviations.
    svd_solver : {"auto", "full", "covariance_eigh", "arpack", "randomized"}
        "full": the singular values of the centred data, exact. "covariance_eigh": the eigenvalues of the covariance, in
        one pass, which squares the condition number. "arpack": block Krylov iteration until the residual is small.
        "randomized": a Krylov space of a few steps. "auto" chooses as scikit-learn does.
    tol : float
        Of "arpack", relative to the largest singular value; 0 is 1e-10.
    iterated_power : int or "auto"
        Steps of "randomized".
    n_oversamples, power_iteration_normalizer
        Taken for the sake of scikit-learn's code; the Krylov space has its own.
    random_state : int, RandomState, Generator or None

    Attributes
    ----------
    components_ : ndarray, shape (n_components_, d)
        The directions, by falling variance; the entry of largest size in each is positive.
    explained_variance_, explained_variance_ratio_, singular_values_ : ndarray, shape (n_components_,)
    mean_ : ndarray, shape (d,)
    n_components_, n_samples_, n_features_in_ : int
    noise_variance_ : float
        The mean of the variances left out.

    Raises
    ------
    ValueError
        From `fit`: for parameters out of range, data that are not finite, more components than min(n, d).

    Notes
    -----
    `partial_fit` takes in one batch after another: mean and scatter merge exactly, so that the result is that of
    ``svd_solver="covariance_eigh"`` on all rows at once. After a `fit` with that solver or "full" it goes on; after the
    others, which keep only some directions of their data, it starts anew with a warning. Row weights count as copies.

    References
    ----------
    CS582, principal component analysis. Minka, "Automatic choice of dimensionality for PCA", 2000. Tipping, Bishop,
    "Probabilistic principal component analysis", 1999.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.estimators import PCA
    >>> X = np.array([[-1.0, -1.0], [-2.0, -1.0], [-3.0, -2.0], [1.0, 1.0], [2.0, 1.0], [3.0, 2.0]])
    >>> model = PCA(2).fit(X)
    >>> model.explained_variance_ratio_.round(4)
    array([0.9924, 0.0076])
    >>> model.singular_values_.round(4)
    array([6.3006, 0.5498])
    """

    _takes_sparse = True
    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "n_components": [Interval(int, 0, None), Interval(float, 0, 1, "neither"), OneOf("mle"), NONE],
        "copy": [BOOLEAN],
        "whiten": [BOOLEAN],
        "svd_solver": [OneOf("auto", "full", "covariance_eigh", "arpack", "randomized")],
        "tol": [Interval(float, 0, None)],
        "iterated_power": [OneOf("auto"), Interval(int, 0, None)],
        "n_oversamples": [Interval(int, 1, None)],
        "power_iteration_normalizer": [OneOf("auto", "QR", "LU", "none")],
        "random_state": [RANDOM_STATE],
    }

    def __init__(
        self,
        n_components: Any = None,
        *,
        copy: bool = True,
        whiten: bool = False,
        svd_solver: str = "auto",
        tol: float = 0.0,
        iterated_power: Any = "auto",
        n_oversamples: int = 10,
        power_iteration_normalizer: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.copy = copy
        self.whiten = whiten
        self.svd_solver = svd_solver
        self.tol = tol
        self.iterated_power = iterated_power
        self.n_oversamples = n_oversamples
        self.power_iteration_normalizer = power_iteration_normalizer
        self.random_state = random_state

    # ---- fitting ----

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find the directions of the rows of `X`, or of an iterator of blocks of rows; `y` is ignored.

        Blocks are X, (X, None) or (X, None, sample_weight); only their mean and scatter are kept, as by `partial_fit`.
        """
        if is_stream(X):
            return fit_stream(self, X, None, sample_weight)
        self._check_parameters()
        x, _, weights = validate_fit(self, X, None, sample_weight, finite=False, remember=False, sparse_rows=True)
        solver, name = self._chosen_solver(x), type(self).__name__
        self._require_possible(x.shape, solver)
        if solver != "covariance_eigh" and isinstance(x, SparseRows):
            x = x[:]
        gram: Any = None
        if solver == "covariance_eigh":
            gram = Gram(x.shape[1]).update(x, None, weights)
            gram.require_finite(x, name)
            axes = from_covariance(gram)
        else:
            require_finite(x, "X", name)
            axes = self._decompose(x, weights, solver)
            gram = scatter_of(axes) if solver == "full" and x.shape[1] <= len(x) else None  # no larger than x
        remember_features(self, X, x)
        self._gram, self._rows = gram, len(x)
        self._store(axes, len(x), x.dtype)
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Take in further rows; `y` is ignored.

        Warns
        -----
        UserWarning
            After a `fit` that found only some of the directions: what it saw cannot be added to, and is forgotten.
        """
        return self._conclude(*self._absorb(X, y, sample_weight))

    def _absorb(self, X: Any, y: Any = None, sample_weight: Any = None) -> tuple[int, Any]:
        self._check_parameters()
        gram = getattr(self, "_gram", None)
        if gram is None and hasattr(self, "components_"):
            warn_of_forgetting("PCA")
        x, _, weights = validate_fit(self, X, None, sample_weight, reset=gram is None, remember=False)
        with_these = extended(gram, x, weights, "PCA")
        if gram is None:
            remember_features(self, X, x)
        self._rows = len(x) + (0 if gram is None else self._rows)
        self._gram = with_these
        return self._rows, x.dtype

    def _require_enough(self, samples: int, dtype: Any) -> None:
        """Of a stream, at its end."""
        self._require_possible((samples, len(self._gram.mean)), "covariance_eigh")

    def _conclude(self, samples: int, dtype: Any) -> Self:
        self._store(from_covariance(self._gram), samples, dtype)
        return self

    def _chosen_solver(self, x: FloatArray) -> str:
        if self.svd_solver != "auto":
            return self.svd_solver
        n, d = x.shape
        if d <= 1000 and n >= 10 * d:
            return "covariance_eigh"
        few = isinstance(self.n_components, int | np.integer) and 1 <= self.n_components < 0.8 * min(n, d)
        return "randomized" if few and max(n, d) > _FEW else "full"

    def _require_possible(self, shape: tuple[int, ...], solver: str) -> None:
        """Refuse a number of components that there are not."""
        least, wanted = min(shape), self.n_components
        if wanted == "mle" and shape[0] < shape[1]:
            raise ValueError("n_components='mle' is only supported if n_samples >= n_features")
        number = isinstance(wanted, int | np.integer)
        if solver in ("arpack", "randomized"):
            if wanted is not None and not number:
                raise ValueError(f"n_components={wanted!r} cannot be a string or a share with svd_solver={solver!r}")
            high = least - 1 if solver == "arpack" else least
            if number and not 1 <= wanted <= high:
                strictly = "strictly less than " if solver == "arpack" else ""
                raise ValueError(
                    f"n_components={wanted} must be between 1 and {strictly}min(n_samples, n_features)={least} "
                    f"with svd_solver='{solver}', n_samples={shape[0]} and n_features={shape[1]}"
                )
        elif number and wanted > least:
            raise ValueError(
                f"n_components={wanted} must be between 0 and min(n_samples, n_features)={least} "
                f"with svd_solver='{solver}'"
            )

    def _decompose(self, x: FloatArray, weights: Any, solver: str) -> Axes:
        """By the singular values of √w (x - m)."""
        mean = np.average(x, axis=0, weights=weights).astype(x.dtype)
        centred = x - mean
        if weights is not None:
            centred *= np.sqrt(weights)[:, None]
        weight = float(len(x)) if weights is None else float(weights.sum(dtype=np.float64))
        if solver == "full":
            _, s, vh = linalg.svd(centred, full_matrices=False)
            return from_svd(s, vh, mean, weight, float(np.sum(np.square(s, dtype=np.float64))))
        least = min(x.shape)
        k = self.n_components or (least - 1 if solver == "arpack" else least)
        options: dict[str, Any] = {"method": "auto", "tol": self.tol or None}
        if solver == "randomized":
            options = {"method": "randomized"}
            if self.iterated_power != "auto":
                options["n_iter"] = max(1, int(self.iterated_power))
        _, s, vh = linalg.svd(centred, k=int(k), seed=as_seed(self.random_state), **options)
        return from_svd(s, vh, mean, weight, float(np.sum(np.square(centred, dtype=np.float64))))

    def _store(self, axes: Axes, samples: int, dtype: Any) -> None:
        d, weight = len(axes.mean), axes.weight
        possible = min(samples, d)
        k = min(self._resolved(axes, possible), len(axes.variances))
        left = possible - k
        rest = max(axes.total - float(axes.variances[:k].sum()), 0.0)
        self.components_ = flip_signs(axes.directions[:k]).astype(dtype)
        self.explained_variance_ = axes.variances[:k].astype(dtype)
        shares = axes.variances[:k] / axes.total if axes.total > 0 else np.zeros(k)
        self.explained_variance_ratio_ = shares.astype(dtype)
        self.singular_values_ = np.sqrt(axes.variances[:k] * degrees_of_freedom(weight)).astype(dtype)
        self.mean_ = axes.mean.astype(dtype)
        self.noise_variance_ = rest / left if left > 0 else 0.0
        self.n_components_, self.n_samples_ = k, samples

    def _resolved(self, axes: Axes, possible: int) -> int:
        wanted = self.n_components
        if wanted is None:
            return possible
        if wanted == "mle":
            return likely_dimension(axes.variances, axes.weight)
        if isinstance(wanted, int | np.integer):
            return min(int(wanted), possible)
        shares = np.cumsum(axes.variances) / axes.total if axes.total > 0 else np.ones(len(axes.variances))
        return int(np.searchsorted(shares, wanted, side="right")) + 1

    # ---- answering ----

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def _scaled(self) -> FloatArray:
        """The standard deviations by which whitening divides."""
        return np.maximum(np.sqrt(self.explained_variance_), np.finfo(self.explained_variance_.dtype).eps)

    def transform(self, X: Any) -> FloatArray:
        """The coordinates of the rows of `X`, shape (n, n_components_)."""
        check_is_fitted(self)
        x: Any = validate_predict(self, X, sparse_rows=True)
        components = self.components_.astype(x.dtype, copy=False)
        coordinates: FloatArray
        coordinates = x.times(components.T) if isinstance(x, SparseRows) else linalg.matmul(x, components.T)
        coordinates -= components @ self.mean_.astype(x.dtype, copy=False)
        if self.whiten:
            coordinates /= self._scaled().astype(x.dtype, copy=False)
        return coordinates

    def inverse_transform(self, X: Any) -> FloatArray:
        """The rows that have the coordinates `X`, shape (n, d)."""
        check_is_fitted(self)
        x = np.asarray(X)
        components = self.components_ * self._scaled()[:, None] if self.whiten else self.components_
        rows: FloatArray = linalg.matmul(x, components) + self.mean_
        return rows

    def get_covariance(self) -> FloatArray:
        """The covariance of the probabilistic model, V (Λ - σ²) Vᵀ + σ², shape (d, d)."""
        check_is_fitted(self)
        above = np.maximum(self.explained_variance_ - self.noise_variance_, 0)
        covariance: FloatArray = (self.components_.T * above) @ self.components_
        covariance[np.diag_indices(len(covariance))] += self.noise_variance_
        return covariance

    def get_precision(self) -> FloatArray:
        """The inverse of `get_covariance`, shape (d, d)."""
        inverse: FloatArray = linalg.inv(self.get_covariance())
        return inverse

    def score_samples(self, X: Any) -> FloatArray:
        """log N(x; m, `get_covariance()`) of every row, shape (n,)."""
        check_is_fitted(self)
        centred = validate_predict(self, X) - self.mean_
        precision = self.get_precision()
        sign, log_det = linalg.slogdet(precision)
        quadratic = np.sum(centred * linalg.matmul(centred, precision.astype(centred.dtype)), axis=1)
        likelihood: FloatArray = -0.5 * (quadratic + centred.shape[1] * np.log(2 * np.pi) - sign * log_det)
        return likelihood

    def score(self, X: Any, y: Any = None) -> float:
        """The mean of `score_samples`."""
        return float(self.score_samples(X).mean())

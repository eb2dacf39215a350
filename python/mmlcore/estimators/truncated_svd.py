"""The leading singular vectors of data that are not centred."""

from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted
from mmlcore.estimators.mixins import NumberedFeatures, Transformer
from mmlcore.estimators.parameters import RANDOM_STATE, Constraint, Interval, OneOf
from mmlcore.estimators.principal import extended, flip_signs, warn_of_forgetting
from mmlcore.estimators.randomness import as_seed
from mmlcore.estimators.streams import fit_stream, is_stream
from mmlcore.estimators.validation import (
    as_matrix,
    as_weights,
    check_features,
    remember_features,
    require_finite,
    validate_fit,
    validate_predict,
)

__all__ = ["TruncatedSVD"]

_METHODS = {"arpack": "auto", "randomized": "randomized", "power": "power", "block_power": "block_power"}


class TruncatedSVD(NumberedFeatures, Transformer, Estimator):
    """X ≈ U Σ Vᵀ with the k largest singular values, X not centred: coordinates U Σ = X V.

    Parameters
    ----------
    n_components : int
    algorithm : {"randomized", "arpack", "power", "block_power"}
        "randomized": a Krylov space of `n_iter` steps from a random block. "arpack": block Krylov iteration until the
        residual is at most `tol`. "power": power iteration for one triplet after the other, as the source document does
        it. "block_power": for all at once.
    n_iter : int
        Steps of "randomized".
    n_oversamples, power_iteration_normalizer
        Taken for the sake of scikit-learn's code; the Krylov space has its own.
    random_state : int, RandomState, Generator or None
    tol : float
        Of the iterations, relative to the largest singular value; 0 is the default of `mmlcore.linalg.svd`.

    Attributes
    ----------
    components_ : ndarray, shape (n_components, d)
        Right singular vectors; the entry of largest size in each is positive.
    explained_variance_, explained_variance_ratio_ : ndarray, shape (n_components,)
        Of the coordinates.
    singular_values_ : ndarray, shape (n_components,)
    n_features_in_, feature_names_in_

    Raises
    ------
    ValueError
        From `fit`: for parameters out of range, data that are not finite, more components than features.

    Notes
    -----
    Sparse matrices are multiplied as they are. `partial_fit` keeps XᵀX of the rows so far, which is exact but for the
    squared condition number. Row weights count as copies.

    References
    ----------
    DRP, "SVD Through Power Iteration". Halko, Martinsson, Tropp, 2011. Musco, Musco, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.estimators import TruncatedSVD
    >>> ratings = np.array([[5.0, 4.0, 1.0], [5.0, 5.0, 0.0], [0.0, 0.0, 5.0], [1.0, 0.0, 4.0]])
    >>> TruncatedSVD(2, algorithm="arpack").fit(ratings).singular_values_.round(4)
    array([9.6438, 6.3639])
    """

    _takes_sparse = True
    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "n_components": [Interval(int, 1, None)],
        "algorithm": [OneOf(*_METHODS)],
        "n_iter": [Interval(int, 0, None)],
        "n_oversamples": [Interval(int, 1, None)],
        "power_iteration_normalizer": [OneOf("auto", "OR", "QR", "LU", "none")],
        "random_state": [RANDOM_STATE],
        "tol": [Interval(float, 0, None)],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        algorithm: str = "randomized",
        n_iter: int = 5,
        n_oversamples: int = 10,
        power_iteration_normalizer: str = "auto",
        random_state: Any = None,
        tol: float = 0.0,
    ) -> None:
        self.n_components = n_components
        self.algorithm = algorithm
        self.n_iter = n_iter
        self.n_oversamples = n_oversamples
        self.power_iteration_normalizer = power_iteration_normalizer
        self.random_state = random_state
        self.tol = tol

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find the singular vectors of `X`, or of an iterator of blocks, as by `partial_fit`; `y` is ignored."""
        if is_stream(X):
            return fit_stream(self, X, None, sample_weight)
        self._fit(X, sample_weight)
        return self

    def fit_transform(  # type: ignore[override]
        self, X: Any, y: Any = None, sample_weight: Any = None
    ) -> FloatArray:
        """`fit`, and the coordinates U Σ of the rows."""
        return self._fit(X, sample_weight)

    def _fit(self, X: Any, sample_weight: Any) -> FloatArray:
        self._check_parameters()
        x, weights = self._operand(X, sample_weight)
        self._require_possible(x.shape[1])
        k, least = self.n_components, min(x.shape)
        u, s, vh = self._decomposed(x, weights, min(k, least))
        remember_features(self, X, x)
        if k > least:  # directions that no row reaches
            s, vh = np.append(s, np.zeros(k - least, s.dtype)), _completed(vh, k)
        self.components_, self.singular_values_ = flip_signs(vh).astype(x.dtype), s.astype(x.dtype)
        self._gram: Any = None
        if weights is None and k <= least:
            signs = np.where(np.sum(self.components_ * vh, axis=1) < 0, -1, 1)
            coordinates: FloatArray = u * (s * signs).astype(u.dtype)
        else:
            coordinates = _product(x, self.components_.T)
        self._explain(coordinates, x, weights)
        return coordinates

    def _decomposed(self, x: Any, weights: Any, k: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The leading triplets of √w x; NaN, which the search for the scale of a dense x finds, is refused."""
        scaled = x
        if weights is not None:
            roots = np.sqrt(weights)[:, None]
            scaled = x.multiply(roots).tocsr() if hasattr(x, "multiply") else x * roots
        options: dict[str, Any] = {"tol": self.tol or None}
        if self.algorithm == "randomized":
            options = {"n_iter": max(1, self.n_iter)}
        seed = as_seed(self.random_state)
        try:
            u, s, vh = linalg.svd(scaled, k=k, method=_METHODS[self.algorithm], seed=seed, **options)
        except linalg.LinAlgError:
            if not hasattr(x, "multiply"):
                require_finite(x, "X", type(self).__name__)
            raise
        return u, s, vh

    def _explain(self, coordinates: FloatArray, x: Any, weights: Any) -> None:
        """The variances of the coordinates, and their shares of those of the data."""
        mean = np.average(coordinates, axis=0, weights=weights)
        variances = np.average(np.square(coordinates - mean), axis=0, weights=weights)
        self._store_variances(variances, _total_variance(x, weights))

    def _store_variances(self, variances: FloatArray, total: float) -> None:
        dtype = self.components_.dtype
        self.explained_variance_ = variances.astype(dtype)
        self.explained_variance_ratio_ = (variances / total if total > 0 else np.zeros(len(variances))).astype(dtype)

    def _operand(self, X: Any, sample_weight: Any) -> tuple[Any, Any]:
        """`X`, which stays sparse if it is, and the weights; a dense one may hold NaN yet."""
        if not hasattr(X, "tocsr"):
            x = as_matrix(self, X, finite=False)
            return x, as_weights(sample_weight, x)
        if X.dtype.kind == "c":
            raise ValueError(f"Complex data not supported\n{X}\n")
        x = X.tocsr()
        x = x if x.dtype in (np.float32, np.float64) else x.astype(np.float64)
        require_finite(x.data, "X", type(self).__name__)
        return x, as_weights(sample_weight, np.empty((x.shape[0], 0), x.dtype))

    def _require_possible(self, d: int) -> None:
        if self.n_components > d:
            raise ValueError(f"n_components({self.n_components}) must be <= n_features({d}).")

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Take in further rows; `y` is ignored.

        Warns
        -----
        UserWarning
            After `fit`, which keeps only some directions of its data: it is forgotten.
        """
        return self._conclude(*self._absorb(X, y, sample_weight))

    def _absorb(self, X: Any, y: Any = None, sample_weight: Any = None) -> tuple[Any]:
        self._check_parameters()
        if getattr(self, "_gram", None) is None and hasattr(self, "components_"):
            warn_of_forgetting("TruncatedSVD")
        gram = getattr(self, "_gram", None)
        x, _, weights = validate_fit(self, X, None, sample_weight, reset=gram is None, remember=False)
        self._require_possible(x.shape[1])
        with_these = extended(gram, x, weights, "TruncatedSVD")
        if gram is None:
            remember_features(self, X, x)
        self._gram = with_these
        return (x.dtype,)

    def _conclude(self, dtype: Any) -> Self:
        gram, k = self._gram, self.n_components
        values, vectors = linalg.eigh(gram.centred(intercept=False)[0])
        self.components_ = flip_signs(vectors.T[::-1][:k]).astype(dtype)
        self.singular_values_ = np.sqrt(np.maximum(values[::-1][:k], 0)).astype(dtype)
        covariance = gram.scatter / gram.weight
        directions = self.components_.astype(np.float64)
        variances = np.einsum("ki,ij,kj->k", directions, covariance, directions)
        self._store_variances(variances, float(np.trace(covariance)))
        return self

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def transform(self, X: Any) -> FloatArray:
        """The coordinates X V of the rows of `X`, shape (n, n_components)."""
        check_is_fitted(self)
        if hasattr(X, "tocsr"):
            x = self._operand(X, None)[0]
            check_features(self, X, x)
        else:
            x = validate_predict(self, X)
        return _product(x, self.components_.T.astype(x.dtype, copy=False))

    def inverse_transform(self, X: Any) -> FloatArray:
        """The rows with the coordinates `X`, shape (n, d)."""
        check_is_fitted(self)
        rows: FloatArray = linalg.matmul(np.asarray(X), self.components_)
        return rows


def _product(x: Any, right: FloatArray) -> FloatArray:
    return x @ right if hasattr(x, "multiply") else linalg.matmul(x, right)


def _mean(x: Any, weights: Any) -> FloatArray:
    """The (weighted) means of columns, of sparse matrices too."""
    n = x.shape[0]
    w = np.full(n, 1 / n) if weights is None else weights / weights.sum(dtype=np.float64)
    return np.asarray(x.T @ w).reshape(-1).astype(np.float64)


def _total_variance(x: Any, weights: Any) -> float:
    """The sum of the columns' variances: that of the squares less that of the squared means, where digits are left."""
    mean = _mean(x, weights)
    if hasattr(x, "multiply"):
        squares = float(_mean(x.multiply(x), weights).sum())
    elif weights is None:
        flat = x.ravel(order="K")
        squares = float(np.vdot(flat, flat)) / len(x)
    else:
        rows = np.einsum("ij,ij->i", x, x)
        squares = float(np.average(rows.astype(np.float64), weights=weights))
    total = squares - float(mean @ mean)
    if total > 1e-6 * squares or hasattr(x, "multiply"):
        return max(total, 0.0)
    return float(np.average(np.square(x - mean), axis=0, weights=weights).sum())


def _completed(vh: FloatArray, k: int) -> FloatArray:
    """k orthonormal rows, of which the first are given."""
    q = linalg.qr(np.hstack([vh.T, np.eye(vh.shape[1], dtype=vh.dtype)])).Q
    return np.vstack([vh, q.T[len(vh) : k]])

"""What linear models need to know of their data, as objects that learn by sums: update, merge, solve.

`Gram` keeps means and centred products (fast, squares the condition number), `Factor` the triangular factor of a QR
factorisation (exact, about four times the work). Each serves `fit`, `partial_fit`, and data in pieces.
"""

from typing import Any, NamedTuple, Self

import numpy as np

from mmlcore import _kernels, linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.sparse_rows import SparseRows, pieces, sparse_scatter
from mmlcore.estimators.validation import require_finite

__all__ = ["Factor", "Gram", "Solution", "constant_columns"]

_ROUNDING = 100 * np.finfo(np.float64).eps
_TRUSTED = 1e-3  # a scaled pivot below: a column is so nearly a combination of others that three digits are gone


class Solution(NamedTuple):
    """Coefficients (k, d), intercepts (k,), the rank found, and by which factorisation."""

    coef: FloatArray
    intercept: FloatArray
    rank: int
    solver: str


class Gram:
    """Weight, means and centred products of the columns of Z = [X Y].

    W = Σ w_i, m = Σ w_i z_i / W, S = Σ w_i (z_i - m)(z_i - m)ᵀ.

    Parameters
    ----------
    features, targets : int
        Columns of X and of Y.

    Attributes
    ----------
    weight : float
    mean : ndarray, shape (d + k,)
    scatter : ndarray, shape (d + k, d + k)
        float64 whatever the data are.

    Examples
    --------
    >>> gram = Gram(1, 1).update(np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0]))
    >>> gram.mean, gram.scatter.tolist()
    (array([1., 3.]), [[2.0, 4.0], [4.0, 8.0]])
    >>> gram.solve().coef
    array([[2.]])
    """

    def __init__(self, features: int, targets: int = 0) -> None:
        size = features + targets
        self.features, self.targets = features, targets
        self.weight, self.mean, self.scatter = 0.0, np.zeros(size), np.zeros((size, size))

    def update(self, X: FloatArray, Y: FloatArray | None = None, sample_weight: FloatArray | None = None) -> Self:
        """Take in more rows: X (n, d), dense or `SparseRows`, Y (n, k) or (n,) where k = 1, weights (n,)."""
        if len(X) == 0:
            return self
        targets = np.empty((len(X), 0), X.dtype) if Y is None else Y.reshape(len(X), -1)
        if isinstance(X, SparseRows):
            return self._update_sparse(X, targets, sample_weight)
        shift = _near_the_mean(X, targets) if self.weight == 0 else self.mean.astype(X.dtype)
        size = self.features + self.targets + 1
        sums = np.empty((size, size))
        _kernels.cross_products(sums, X, targets, sample_weight, shift)
        more = Gram(self.features, self.targets)
        more.weight = float(sums[-1, -1])
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is found by `finite`
            if more.weight > 0:
                offset = sums[-1, :-1] / more.weight
                more.mean = shift + offset
                more.scatter = np.outer(offset, offset)  # symmetric to the last bit
                more.scatter *= more.weight
                np.subtract(sums[:-1, :-1], more.scatter, out=more.scatter)
            return self.merge(more)

    def _update_sparse(self, X: SparseRows, targets: FloatArray, sample_weight: FloatArray | None) -> Self:
        found = sparse_scatter(X, targets, sample_weight)
        if found is None:
            for piece in pieces(X, targets, sample_weight):
                self.update(*piece)
            return self
        more = Gram(self.features, self.targets)
        more.weight, more.mean, more.scatter = found
        return self.merge(more)

    def merge(self, other: "Gram") -> Self:
        """Take in what another one has seen: S = S₁ + S₂ + (W₁ W₂ / W) (m₁ - m₂)(m₁ - m₂)ᵀ."""
        total = self.weight + other.weight
        if other.weight == 0:
            return self
        if self.weight == 0:
            self.weight, self.mean, self.scatter = other.weight, other.mean.copy(), other.scatter.copy()
            return self
        step = other.mean - self.mean
        self.scatter = self.scatter + other.scatter + self.weight * other.weight / total * np.outer(step, step)
        self.mean = self.mean + step * (other.weight / total)
        self.weight = total
        return self

    def centred(self, intercept: bool = True) -> tuple[FloatArray, FloatArray]:
        """XᵀX (d, d) and XᵀY (d, k), of centred columns or (`intercept` False) of the columns as they are."""
        scatter = self.scatter
        if not intercept:
            scatter = np.outer(self.mean, self.mean)
            scatter *= self.weight
            scatter += self.scatter
        return scatter[: self.features, : self.features], scatter[: self.features, self.features :]

    @property
    def finite(self) -> bool:
        """Whether no NaN and no infinity has come in, and no product has overflowed."""
        return bool(np.isfinite(np.diagonal(self.scatter)).all())

    def require_finite(self, X: FloatArray, owner: str) -> None:
        """What `validation.require_finite` says of X, for which the sums answer without another pass.

        Raises
        ------
        ValueError
            If X, which came in before, holds NaN or infinity.
        """
        if not self.finite and not isinstance(X, SparseRows):
            require_finite(X, "X", owner)

    def solve(self, alpha: Any = 0.0, intercept: bool = True) -> Solution | None:
        """The least squares coefficients with the penalty Σ_t α_t ‖β_t‖², or None where products do not carry them.

        (XᵀX + α) β = XᵀY by Cholesky, columns scaled to length one; refused where a pivot shows that the columns are
        nearly dependent, for which `Factor` is made.
        """
        xx, xy = self.centred(intercept)
        coef = np.empty((self.targets, self.features))
        alphas = np.broadcast_to(np.asarray(alpha, np.float64), (self.targets,))
        if intercept and (alphas == 0).any():
            spread, mean = np.sqrt(np.maximum(np.diagonal(xx), 0)), self.mean[: self.features]
            if constant_columns(spread, np.sqrt(self.weight) * np.abs(mean)).any():
                return None
        for value in np.unique(alphas):
            columns = alphas == value
            solved = _by_cholesky(xx, xy[:, columns], float(value))
            if solved is None:
                return None
            coef[columns] = solved.T
        offsets = self.mean[self.features :] - coef @ self.mean[: self.features]
        return Solution(coef, offsets if intercept else np.zeros(self.targets), self.features, "cholesky")


def constant_columns(spread: FloatArray, size: FloatArray) -> Any:
    """Which columns vary by no more than the rounding of their means: they tell nothing beside an intercept.

    Parameters
    ----------
    spread, size : ndarray, shape (d,)
        Lengths of the centred columns, and of the columns.

    Examples
    --------
    >>> constant_columns(np.array([1e-17, 1.0]), np.array([1.0, 1.0])).tolist()
    [True, False]
    """
    return spread <= _ROUNDING * size


def _near_the_mean(X: FloatArray, Y: FloatArray) -> FloatArray:
    """The means of some rows from everywhere."""
    rows = slice(None, None, max(len(X) // 64, 1))
    with np.errstate(invalid="ignore", over="ignore"):
        shift = np.concatenate([X[rows].mean(axis=0), Y[rows].mean(axis=0)]).astype(X.dtype)
    return np.where(np.isfinite(shift), shift, X.dtype.type(0))


def _by_cholesky(xx: FloatArray, xy: FloatArray, alpha: float) -> FloatArray | None:
    diagonal = np.diagonal(xx) + alpha
    if not (diagonal > 0).all() or not np.isfinite(diagonal).all():
        return None
    scale = 1 / np.sqrt(diagonal)
    scaled = xx * scale
    scaled *= scale[:, None]
    np.fill_diagonal(scaled, 1.0)
    try:
        factor = linalg.cholesky(scaled)
    except linalg.LinAlgError:
        return None
    if np.square(np.diagonal(factor)).min(initial=1.0) < _TRUSTED:
        return None
    return linalg.cho_solve((factor, True), xy * scale[:, None]) * scale[:, None]


class Factor:
    """The triangular factor of the weighted rows [1 X Y] (without the 1 where there is no intercept).

    QR block after block: what came before is R, and the factor of R stacked on the new rows is the new R. Nothing is
    squared, so that ill-conditioned designs keep their digits.

    Examples
    --------
    >>> factor = Factor(1, 1).update(np.array([[0.0], [1.0]]), np.array([1.0, 3.0]))
    >>> factor.update(np.array([[2.0]]), np.array([5.0])).solve().coef.round(12)
    array([[2.]])
    """

    def __init__(self, features: int, targets: int, intercept: bool = True) -> None:
        self.features, self.targets, self.intercept = features, targets, intercept
        size = features + targets + intercept
        self.weight, self.R = 0.0, np.zeros((size, size))

    def update(self, X: FloatArray, Y: FloatArray, sample_weight: FloatArray | None = None) -> Self:
        """Take in more rows: X (n, d), Y (n, k) or (n,), weights (n,)."""
        self.weight += len(X) if sample_weight is None else float(sample_weight.sum(dtype=np.float64))
        for piece in pieces(X, Y, sample_weight):
            self._append(self.rows(*piece))
        return self

    def rows(self, X: FloatArray, Y: FloatArray, sample_weight: FloatArray | None = None) -> FloatArray:
        """√w [1 X Y] in float64."""
        n, first = len(X), int(self.intercept)
        block = _kernels.empty((n, len(self.R)), np.dtype(np.float64))
        block[:, :first] = 1
        block[:, first : first + self.features] = X
        block[:, first + self.features :] = Y.reshape(n, -1)
        if sample_weight is not None:
            block *= np.sqrt(sample_weight.astype(np.float64))[:, None]
        return block

    def _append(self, block: FloatArray) -> Self:
        stacked = np.vstack([self.R, block]) if self.R.any() else block
        nothing = np.empty((len(stacked), 0))
        _kernels.triangular_factor(self.R, stacked, nothing)
        return self

    def merge(self, other: "Factor") -> Self:
        """Take in what another one has seen."""
        self.weight += other.weight
        return self._append(other.R)

    def solve(self, alpha: Any = 0.0) -> Solution:
        """The coefficients that make ‖[1 X] β - Y‖² + Σ_t α_t ‖β_t‖² smallest, of several the shortest.

        The intercept bears no penalty: below the row of the 1, R holds the factor of the centred columns.
        """
        first, d = int(self.intercept), self.features
        inner = self.R[first : first + d, first : first + d]
        right = self.R[first : first + d, first + d :]
        if first:
            largest = np.abs(inner).max(initial=0) or 1.0  # squares may over- or underflow
            spread = largest * np.sqrt(np.square(inner / largest).sum(axis=0))
            inner = np.where(constant_columns(spread, np.abs(self.R[0, 1 : 1 + d])), 0, inner)
        alphas = np.broadcast_to(np.asarray(alpha, np.float64), (self.targets,))
        coef, rank = np.empty((self.targets, d)), d
        for value in np.unique(alphas):
            columns = alphas == value
            coef[columns], rank = _penalised(inner, right[:, columns], float(value))
        offsets = np.zeros(self.targets)
        if self.intercept:
            offsets = (self.R[0, first + d :] - coef @ self.R[0, first : first + d]) / self.R[0, 0]
        return Solution(coef, offsets, rank, "qr" if rank == d else "svd")


def _penalised(r: FloatArray, right: FloatArray, alpha: float) -> tuple[FloatArray, int]:
    d, k = r.shape[1], right.shape[1]
    if alpha > 0:
        r = np.vstack([r, np.sqrt(alpha) * np.eye(d)])
        right = np.vstack([right, np.zeros((d, k))])
    solution, _, rank, _ = linalg.lstsq(r, right)
    return solution.T, int(rank)

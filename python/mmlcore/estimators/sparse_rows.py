"""Large sparse matrices: rows made dense some at a time where sums need them, products taken where they lie."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray

__all__ = ["PIECE", "SparseRows", "pieces", "slices", "sparse_scatter"]

PIECE = 1 << 20  # numbers that are dense at a time: 8 MiB


class SparseRows:
    """A CSR matrix in the place of a dense one.

    Parameters
    ----------
    matrix : scipy.sparse CSR matrix or array, shape (n, d), float32 or float64

    Examples
    --------
    >>> from scipy import sparse
    >>> rows = SparseRows(sparse.csr_array([[0.0, 1.0], [2.0, 0.0]]))
    >>> rows[1:], rows.times(np.array([1.0, 1.0]))
    (array([[2., 0.]]), array([1., 2.]))
    """

    ndim = 2

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix
        self.shape: tuple[int, int] = matrix.shape
        self.dtype: Any = matrix.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> FloatArray:
        return np.ascontiguousarray(self.matrix[rows].toarray())

    def times(self, right: FloatArray) -> FloatArray:
        """X B for B (d,) or (d, k)."""
        return np.asarray(self.matrix @ right)

    def transposed_times(self, right: FloatArray) -> FloatArray:
        """Xᵀ B for B (n,) or (n, k)."""
        return np.asarray(self.matrix.T @ right)

    def with_column(self, constant: float | None) -> "SparseRows":
        """[X constant] in float64, or X alone for None."""
        from scipy import sparse

        matrix = self.matrix.astype(np.float64)
        if constant is None:
            return SparseRows(matrix)
        return SparseRows(sparse.hstack([matrix, np.full((len(self), 1), float(constant))], format="csr"))

    @property
    def sparse_products(self) -> bool:
        """Whether so few entries are not zero that products of sparse matrices are the quicker ones."""
        return bool(self.matrix.nnz <= 0.15 * self.shape[0] * self.shape[1])

    def weighted_products(self, w: FloatArray) -> FloatArray:
        """Xᵀ diag(w) X, shape (d, d), float64."""
        d = self.shape[1]
        if self.sparse_products:
            Z = self.matrix.astype(np.float64)
            return np.asarray((Z.T @ Z.multiply(w[:, None]).tocsr()).toarray())
        total, part = np.zeros((d + 1, d + 1)), np.empty((d + 1, d + 1))
        for X, own in pieces(self, w.astype(self.dtype)):
            _kernels.cross_products(part, X, X[:, :0], own, np.zeros(d, self.dtype))
            total += part
        return total[:d, :d]


def slices(X: Any) -> Iterator[slice]:
    """Rows of X (n, d) that have some 2²⁰ numbers together.

    >>> list(slices(np.empty((3, 2**19))))
    [slice(0, 2, None), slice(2, 4, None)]
    """
    step = max(PIECE // max(X.shape[1], 1), 1)
    return (slice(first, first + step) for first in range(0, len(X), step))


def sparse_scatter(
    X: SparseRows, Y: FloatArray, sample_weight: FloatArray | None
) -> tuple[float, FloatArray, FloatArray] | None:
    """Σ w, the means and the centred products of the columns of [X Y], from products of sparse matrices.

    None where they would not be quicker than dense ones, or centring would cost digits: XᵀX - W m mᵀ loses none to
    speak of where most entries of every column are zero.

    Examples
    --------
    >>> from scipy import sparse
    >>> X = np.zeros((8, 1))
    >>> X[0] = 2.0
    >>> sparse_scatter(SparseRows(sparse.csr_array(X)), X, None)
    (8.0, array([0.25, 0.25]), array([[3.5, 3.5],
           [3.5, 3.5]]))
    """
    n, d = X.shape
    if not X.sparse_products:
        return None
    Z, Y = X.matrix.astype(np.float64), Y.astype(np.float64)
    w = np.ones(n) if sample_weight is None else sample_weight.astype(np.float64)
    weight = float(w.sum())
    weighted = Z if sample_weight is None else Z.multiply(w[:, None]).tocsr()
    x_mean, y_mean = np.asarray(Z.T @ w) / weight, w @ Y / weight
    apart = Y - y_mean

    scatter = np.empty((d + Y.shape[1], d + Y.shape[1]))
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.asarray((Z.T @ weighted).toarray())
        scatter[:d, :d] = squares - weight * np.outer(x_mean, x_mean)
        if not (np.diagonal(scatter)[:d] >= 0.5 * np.diagonal(squares)).all():
            return None
        scatter[:d, d:] = weighted.T @ apart
        scatter[d:, :d] = scatter[:d, d:].T
        scatter[d:, d:] = (apart * w[:, None]).T @ apart
    return weight, np.append(x_mean, y_mean), scatter


def pieces(X: Any, *others: Any) -> Iterator[tuple[Any, ...]]:
    """X and arrays of as many rows (or None) in dense pieces: one, where X is dense.

    >>> [piece.shape for (piece,) in pieces(np.ones((5, 2)))]
    [(5, 2)]
    """
    if not isinstance(X, SparseRows):
        yield (X, *others)
        return
    for rows in slices(X):
        yield (X[rows], *[None if other is None else other[rows] for other in others])

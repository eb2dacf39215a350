"""A matrix by what it does: products with blocks of vectors, whether it is dense or sparse."""

import sys
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import message
from mmlcore.linalg.stacks import require_finite

__all__ = ["Operator", "as_operator", "is_sparse"]


class Operator:
    """A finite real matrix, scaled by the power of two that keeps its squares from over- and underflowing."""

    def __init__(self, matrix: Any, largest: float) -> None:
        self._matrix = matrix
        self._dense = isinstance(matrix, np.ndarray)
        self.shape: tuple[int, int] = matrix.shape
        self.dtype: np.dtype[Any] = matrix.dtype
        self.zero = largest == 0
        exponent = np.clip(np.frexp(largest)[1], -1000 if self.dtype.itemsize == 8 else -120, 1000)
        self.scale = float(np.ldexp(1.0, int(exponent)))  # the matrix is scale · what times() multiplies with

    def times(self, x: FloatArray) -> FloatArray:
        """(m, n) / scale · x (n, b)."""
        return self._product(self._matrix, x)

    def transposed_times(self, x: FloatArray) -> FloatArray:
        """The transpose, (n, m) / scale · x (m, b)."""
        return self._product(self._matrix.T, x)

    def dense(self) -> FloatArray:
        """The matrix itself, as an array."""
        return self._matrix if self._dense else self._matrix.toarray()

    def single(self) -> "Operator":
        """The same in single precision."""
        if self.dtype == np.float32 or not self._dense:
            return self
        if 1e-15 < self.scale < 1e15:  # one pass over the matrix instead of two
            return Operator(self._matrix.astype(np.float32), self.scale / 2)
        return Operator((self._matrix / self.scale).astype(np.float32), 0.5)

    def _product(self, matrix: Any, x: FloatArray) -> FloatArray:
        if not self._dense:
            return np.ascontiguousarray(matrix @ (x / self.scale), self.dtype)
        product = np.empty((matrix.shape[0], x.shape[1]), self.dtype)
        _kernels.gemm(product, matrix, x, 1 / self.scale)
        return product


def is_sparse(a: Any) -> bool:
    """Whether `a` is one of SciPy's sparse matrices: whoever passes one has imported it."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(a))


def as_operator(function: str, a: Any) -> Operator:
    """`a` (array_like or SciPy sparse, shape (m, n)) as an Operator, or the error that says what it must be."""
    if is_sparse(a):
        matrix = a.tocsr()
        matrix = matrix.astype(as_float(matrix.data, function, "a").dtype)
        require_finite(function, matrix.data)
        return Operator(matrix, float(np.abs(matrix.data).max(initial=0)))
    matrix = as_float(a, function, "a")
    if matrix.ndim < 2:
        raise LinAlgError(message(function, "a", "at least two-dimensional", f"shape {matrix.shape}"))
    if matrix.ndim > 2:
        raise ValueError(message(function, "a", "a single matrix when k is given", f"shape {matrix.shape}"))
    low = matrix.min(initial=0)
    largest = float(max(matrix.max(initial=0), -low))
    if not np.isfinite(largest) or np.isnan(low):
        raise LinAlgError(message(function, "a", "finite", "NaN or infinity"))
    return Operator(matrix, largest)

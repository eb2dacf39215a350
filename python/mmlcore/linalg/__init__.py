"""numpy.linalg's names on mmlcore's kernels, and the SVD by power iteration.

Contract: real arrays of any strides in, float32 stays float32, integers become float64, the last two axes are the
matrix and the axes before them are stacked, inputs are never written to, and what mathematics forbids is a
LinAlgError that names the pivot. Uses the kernels only.
"""

from numpy.linalg import LinAlgError

from mmlcore.linalg.cholesky import cholesky, solve_triangular
from mmlcore.linalg.matmul import matmul
from mmlcore.linalg.norms import norm, trace
from mmlcore.linalg.packed import PackedMatrix
from mmlcore.linalg.solve import det, inv, slogdet, solve
from mmlcore.linalg.svd import power_iteration, svd

__all__ = [
    "LinAlgError",
    "PackedMatrix",
    "cholesky",
    "det",
    "inv",
    "matmul",
    "norm",
    "power_iteration",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "trace",
]

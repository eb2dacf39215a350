"""numpy.linalg's names on mmlcore's kernels, and what the mathematics of machine learning needs beside them.

Contract: real arrays of any strides in, float32 stays float32, integers become float64 (and stay integers where the
arithmetic is exact), the last two axes are the matrix and the axes before them are stacked, inputs are never written
to, and what mathematics forbids is a LinAlgError that names the pivot. Uses the kernels only.
"""

from numpy.linalg import LinAlgError

from mmlcore.linalg.cholesky import cholesky, solve_triangular
from mmlcore.linalg.conditioning import cond, matrix_rank
from mmlcore.linalg.conjugate_gradient import conjugate_gradient
from mmlcore.linalg.definite import (
    cho_factor,
    cho_solve,
    cholesky_update,
    definiteness,
    inv_sqrtm,
    is_positive_definite,
    ldlt,
    quadratic_extrema,
    sqrtm,
)
from mmlcore.linalg.eig import EighResult, EigResult, eig, eigh, eigvals, eigvalsh
from mmlcore.linalg.full_svd import SVDResult
from mmlcore.linalg.lstsq import lstsq, pinv
from mmlcore.linalg.matmul import matmul
from mmlcore.linalg.norms import angle, distance, matrix_norm, norm, vector_norm
from mmlcore.linalg.packed import PackedMatrix
from mmlcore.linalg.power_iteration import power_iteration
from mmlcore.linalg.products import (
    cross,
    diagonal,
    matrix_power,
    matrix_transpose,
    multi_dot,
    outer,
    tensordot,
    tensorinv,
    tensorsolve,
    trace,
    vecdot,
)
from mmlcore.linalg.qr import QRResult, gram_schmidt, qr
from mmlcore.linalg.solve import SlogdetResult, det, inv, slogdet, solve
from mmlcore.linalg.svd import svd, svdvals
from mmlcore.linalg.truncated import subspace_iteration

__all__ = [
    "EigResult",
    "EighResult",
    "LinAlgError",
    "PackedMatrix",
    "QRResult",
    "SVDResult",
    "SlogdetResult",
    "angle",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "cholesky_update",
    "cond",
    "conjugate_gradient",
    "cross",
    "definiteness",
    "det",
    "diagonal",
    "distance",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "gram_schmidt",
    "inv",
    "inv_sqrtm",
    "is_positive_definite",
    "ldlt",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "power_iteration",
    "qr",
    "quadratic_extrema",
    "slogdet",
    "solve",
    "solve_triangular",
    "sqrtm",
    "subspace_iteration",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]

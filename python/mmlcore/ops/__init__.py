"""Differentiable operations: each a kernel (or NumPy's own arithmetic) and a derivative rule.

Every function takes arrays or Tensors, float32 or float64 in, the same out; integers become float64.
Importing this package teaches the engine in `mmlcore.autodiff` all it knows: NumPy's functions of the same
names work on Tensors, and so do operators, indexing and methods. Rules are written with these operations,
so derivatives of any order follow.
"""

from mmlcore.ops import constant as _constant  # noqa: F401  # registers, exports nothing
from mmlcore.ops import linalg_derived as _linalg_derived  # noqa: F401
from mmlcore.ops import missing as _missing  # noqa: F401
from mmlcore.ops import polynomials as _polynomials  # noqa: F401
from mmlcore.ops import rearranging as _rearranging  # noqa: F401
from mmlcore.ops import refused as _refused  # noqa: F401
from mmlcore.ops import splitting as _splitting  # noqa: F401
from mmlcore.ops import ufuncs as _ufuncs  # noqa: F401
from mmlcore.ops.activation import elu, gelu, leaky_relu, normal_cdf, relu, selu, sigmoid, silu, softplus, tanh
from mmlcore.ops.arithmetic import add, divide, multiply, positive, power, subtract
from mmlcore.ops.broadcasting import astype, broadcast_to
from mmlcore.ops.contraction import einsum, tensordot
from mmlcore.ops.conv import conv, conv_transpose
from mmlcore.ops.convolution import convolve, correlate
from mmlcore.ops.creation import array
from mmlcore.ops.dense import dense
from mmlcore.ops.draws import normal_draws, uniform_draws
from mmlcore.ops.dropout import add_noise, dropout
from mmlcore.ops.elementwise import absolute, negative, reciprocal, sign, sqrt, square
from mmlcore.ops.embedding import embedding
from mmlcore.ops.erf import erf, erfc, erfinv
from mmlcore.ops.gamma import betaln, digamma, gammaln, polygamma
from mmlcore.ops.incomplete_beta import betainc, betaincc, betaincinv, log_betainc, log_betaincc
from mmlcore.ops.incomplete_gamma import (
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    log_gammainc,
    log_gammaincc,
)
from mmlcore.ops.indexing import diagonal, getitem, scatter, take, trace
from mmlcore.ops.joining import concatenate, hstack, stack, vstack
from mmlcore.ops.kinked import clip, maximum, minimum, where
from mmlcore.ops.linalg_spectral import eigh, eigvalsh, qr, svd, svdvals
from mmlcore.ops.linalg_systems import cholesky, det, inv, lstsq, pinv, slogdet, solve, solve_triangular
from mmlcore.ops.linear_loss import logistic_loss
from mmlcore.ops.losses import pointwise_loss
from mmlcore.ops.matmul import dot, matmul, outer
from mmlcore.ops.normal import normal_logcdf, normal_ppf, squared_mahalanobis
from mmlcore.ops.normalization import batch_norm, layer_norm, normalize
from mmlcore.ops.norms import norm, std, var
from mmlcore.ops.ordering import sort, take_along_axis
from mmlcore.ops.patches import col2im, im2col
from mmlcore.ops.pooling import average_pool, max_pool
from mmlcore.ops.recurrent import recurrent
from mmlcore.ops.reductions import max, mean, min, sum
from mmlcore.ops.scans import cumprod, cumsum, diff, prod
from mmlcore.ops.shape import expand_dims, moveaxis, ravel, reshape, squeeze, swapaxes, transpose
from mmlcore.ops.softmax import log_softmax, logsumexp, softmax, softmax_cross_entropy
from mmlcore.ops.transcendental import cos, exp, expm1, log, log1p, sin

__all__ = [
    "absolute",
    "add",
    "add_noise",
    "array",
    "astype",
    "average_pool",
    "batch_norm",
    "betainc",
    "betaincc",
    "betaincinv",
    "betaln",
    "broadcast_to",
    "cholesky",
    "clip",
    "col2im",
    "concatenate",
    "conv",
    "conv_transpose",
    "convolve",
    "correlate",
    "cos",
    "cumprod",
    "cumsum",
    "dense",
    "det",
    "diagonal",
    "diff",
    "digamma",
    "divide",
    "dot",
    "dropout",
    "eigh",
    "eigvalsh",
    "einsum",
    "elu",
    "embedding",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "expand_dims",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammainccinv",
    "gammaincinv",
    "gammaln",
    "gelu",
    "getitem",
    "hstack",
    "im2col",
    "inv",
    "layer_norm",
    "leaky_relu",
    "log",
    "log1p",
    "log_betainc",
    "log_betaincc",
    "log_gammainc",
    "log_gammaincc",
    "log_softmax",
    "logistic_loss",
    "logsumexp",
    "lstsq",
    "matmul",
    "max",
    "max_pool",
    "maximum",
    "mean",
    "min",
    "minimum",
    "moveaxis",
    "multiply",
    "negative",
    "norm",
    "normal_cdf",
    "normal_draws",
    "normal_logcdf",
    "normal_ppf",
    "normalize",
    "outer",
    "pinv",
    "pointwise_loss",
    "polygamma",
    "positive",
    "power",
    "prod",
    "qr",
    "ravel",
    "reciprocal",
    "recurrent",
    "relu",
    "reshape",
    "scatter",
    "selu",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "slogdet",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "solve",
    "solve_triangular",
    "sort",
    "sqrt",
    "square",
    "squared_mahalanobis",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "svd",
    "svdvals",
    "swapaxes",
    "take",
    "take_along_axis",
    "tanh",
    "tensordot",
    "trace",
    "transpose",
    "uniform_draws",
    "var",
    "vstack",
    "where",
]

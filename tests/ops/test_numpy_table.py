"""Every NumPy function that Tensors answer to, in one table: values, both modes to second order, dtypes, layouts."""

import importlib
import zlib

import numpy as np
import pytest

from mmlcore import check_grads, grad, jacobian, ops, value_and_grad
from mmlcore.autodiff import trace
from mmlcore.autodiff.tensor import OVERRIDES

# domain of the random numbers, by name; (0.2, 1.4) suits most
UNIT, POSITIVE, REAL, ABOVE_ONE = (-0.8, 0.8), (0.2, 1.4), (-1.5, 1.5), (1.2, 3.0)

V, M, T3 = (5,), (3, 4), (2, 3, 4)

# name -> (function of arrays, shapes of the arguments, domain)
TABLE = {
    # ufuncs of one array
    "absolute": (np.absolute, [V], POSITIVE),
    "fabs": (np.fabs, [V], POSITIVE),
    "negative": (np.negative, [V], REAL),
    "positive": (np.positive, [V], REAL),
    "exp": (np.exp, [M], REAL),
    "exp2": (np.exp2, [M], REAL),
    "expm1": (np.expm1, [M], REAL),
    "log": (np.log, [M], POSITIVE),
    "log2": (np.log2, [M], POSITIVE),
    "log10": (np.log10, [M], POSITIVE),
    "log1p": (np.log1p, [M], POSITIVE),
    "sqrt": (np.sqrt, [M], POSITIVE),
    "cbrt": (np.cbrt, [M], POSITIVE),
    "square": (np.square, [M], REAL),
    "reciprocal": (np.reciprocal, [M], POSITIVE),
    "sin": (np.sin, [M], REAL),
    "cos": (np.cos, [M], REAL),
    "tan": (np.tan, [M], UNIT),
    "arcsin": (np.arcsin, [M], UNIT),
    "arccos": (np.arccos, [M], UNIT),
    "arctan": (np.arctan, [M], REAL),
    "sinh": (np.sinh, [M], REAL),
    "cosh": (np.cosh, [M], REAL),
    "tanh": (np.tanh, [M], REAL),
    "arcsinh": (np.arcsinh, [M], REAL),
    "arccosh": (np.arccosh, [M], ABOVE_ONE),
    "arctanh": (np.arctanh, [M], UNIT),
    "deg2rad": (np.deg2rad, [V], REAL),
    "radians": (np.radians, [V], REAL),
    "rad2deg": (np.rad2deg, [V], REAL),
    "degrees": (np.degrees, [V], REAL),
    "conjugate": (np.conjugate, [V], REAL),
    "modf": (lambda x: np.modf(x)[0], [V], ABOVE_ONE),
    "frexp": (lambda x: np.frexp(x)[0] * np.frexp(x)[1], [V], ABOVE_ONE),
    "sinc": (np.sinc, [V], POSITIVE),
    "sinc at 0": (lambda x: np.sinc(x * 1e-5), [V], REAL),
    "nan_to_num": (np.nan_to_num, [V], REAL),
    # ufuncs of two
    "add": (np.add, [M, (4,)], REAL),
    "subtract": (np.subtract, [(3, 1), M], REAL),
    "multiply": (np.multiply, [T3, (3, 1)], REAL),
    "divide": (np.divide, [(4,), M], POSITIVE),
    "power": (np.power, [M, (4,)], POSITIVE),
    "float_power": (np.float_power, [M, (4,)], POSITIVE),
    "maximum": (np.maximum, [M, (4,)], REAL),
    "minimum": (np.minimum, [M, (4,)], REAL),
    "fmax": (np.fmax, [M, (4,)], REAL),
    "fmin": (np.fmin, [M, (4,)], REAL),
    "arctan2": (np.arctan2, [M, (4,)], POSITIVE),
    "hypot": (np.hypot, [M, (4,)], REAL),
    "logaddexp": (np.logaddexp, [M, (4,)], REAL),
    "logaddexp2": (np.logaddexp2, [M, (4,)], REAL),
    "fmod": (lambda x, y: np.fmod(5 * x, y), [M, (4,)], ABOVE_ONE),
    "remainder": (lambda x, y: np.remainder(-5 * x, y), [M, (4,)], ABOVE_ONE),
    "mod operator": (lambda x, y: (5 * x) % y + 7.5 % x, [M, (4,)], ABOVE_ONE),
    "divmod": (lambda x, y: divmod(5 * x, y)[1] + np.divmod(3 * x, y)[0], [M, (4,)], ABOVE_ONE),
    "copysign": (np.copysign, [M, (4,)], REAL),
    "ldexp": (lambda x: np.ldexp(x, np.arange(5)), [V], REAL),
    "operators": (lambda x, y: (2 - x) / (1 + y) ** 2 - 3 / x + 2**y, [M, (4,)], POSITIVE),
    "add.outer": (np.add.outer, [(2,), (3,)], REAL),
    "multiply.outer": (np.multiply.outer, [(2, 2), (3,)], REAL),
    "add.reduce": (np.add.reduce, [M], REAL),
    "multiply.reduce": (lambda x: np.multiply.reduce(x, axis=1), [M], REAL),
    "maximum.reduce": (np.maximum.reduce, [M], REAL),
    "minimum.reduce": (np.minimum.reduce, [M], REAL),
    "logaddexp.reduce": (np.logaddexp.reduce, [M], REAL),
    "add.accumulate": (np.add.accumulate, [M], REAL),
    "multiply.accumulate": (lambda x: np.multiply.accumulate(x, 1), [M], REAL),
    # choosing
    "where": (lambda x, y: np.where(x > y, x * x, y), [M, (4,)], REAL),
    "clip": (lambda x: np.clip(x, -0.5, 0.7), [M], REAL),
    "clip, moving limits": (np.clip, [M, (4,), (3, 1)], REAL),
    "select": (lambda x: np.select([x > 0.7, x > 0], [x**2, x**3], 1.0), [M], REAL),
    # reductions
    "sum": (lambda x: np.sum(x, axis=(0, 2)), [T3], REAL),
    "mean": (lambda x: np.mean(x, axis=1, keepdims=True), [T3], REAL),
    "var": (lambda x: np.var(x, axis=0, ddof=1), [M], REAL),
    "std": (lambda x: np.std(x, axis=1), [M], REAL),
    "prod": (np.prod, [M], REAL),
    "prod, axes": (lambda x: np.prod(x, axis=(0, 2), keepdims=True), [T3], REAL),
    "max": (lambda x: np.max(x, axis=1), [M], REAL),
    "min": (lambda x: np.min(x, axis=0, keepdims=True), [M], REAL),
    "amax": (lambda x: np.amax(x, axis=0) - np.amin(x), [M], REAL),
    "nanprod": (lambda x: np.nanprod(x, axis=0), [M], REAL),
    "nanmax": (lambda x: np.nanmax(x, axis=0) + np.nanmin(x), [M], REAL),
    "nanvar": (lambda x: np.nanvar(x, axis=0, ddof=1), [M], REAL),
    "nanstd": (lambda x: np.nanstd(x, axis=1, keepdims=True), [M], REAL),
    "nancumsum": (lambda x: np.nancumsum(x, axis=1), [M], REAL),
    "nancumprod": (lambda x: np.nancumprod(x, axis=1), [M], REAL),
    "cov": (np.cov, [M], REAL),
    "cov of two": (lambda x, y: np.cov(x, y, rowvar=False, bias=True), [(4, 2), (4, 3)], REAL),
    "cov of one": (lambda x: np.cov(x, ddof=0), [V], REAL),
    "corrcoef": (np.corrcoef, [M], REAL),
    "matrix_norm": (np.linalg.matrix_norm, [T3], REAL),
    "var, correction": (lambda x: np.var(x, axis=1, correction=1) + np.std(x, correction=1), [M], REAL),
    **{
        f"vector norm {p}": (lambda x, p=p: np.linalg.norm(x, p, axis=1), [M], REAL)
        for p in (0.5, 1, 3, -1, -2, np.inf, -np.inf)
    },
    **{
        f"matrix norm {p}": (lambda x, p=p: np.linalg.norm(x, p), [M], REAL)
        for p in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    },
    "ptp": (lambda x: np.ptp(x, axis=1), [M], REAL),
    "nansum": (lambda x: np.nansum(x, axis=0), [M], REAL),
    "nanmean": (lambda x: np.nanmean(x, axis=1), [M], REAL),
    "average": (lambda x, w: np.average(x, axis=1, weights=w), [M, (4,)], POSITIVE),
    "average, all": (lambda x, w: np.average(x, weights=w), [M, M], POSITIVE),
    "median": (lambda x: np.median(x, axis=1), [M], REAL),
    "quantile": (lambda x: np.quantile(x, [0.1, 0.5, 0.77], axis=0), [M], REAL),
    "percentile": (lambda x: np.percentile(x, 30, axis=1, keepdims=True), [M], REAL),
    "logsumexp": (lambda x: np.log(np.sum(np.exp(x), axis=1)), [M], REAL),
    "norm": (np.linalg.norm, [M], REAL),
    "trace": (np.trace, [M], REAL),
    # scans
    "cumsum": (lambda x: np.cumsum(x, axis=1), [M], REAL),
    "cumsum, flat": (np.cumsum, [M], REAL),
    "cumprod": (lambda x: np.cumprod(x, axis=1), [M], REAL),
    "cumprod, flat": (np.cumprod, [M], REAL),
    "diff": (lambda x: np.diff(x, 2, axis=0), [(4, 3)], REAL),
    "diff, ends": (lambda x, y: np.diff(x, axis=1, prepend=y, append=0.5), [M, (3, 1)], REAL),
    "unwrap": (lambda x: np.unwrap(9 * x), [V], REAL),
    "ediff1d": (np.ediff1d, [M], REAL),
    "gradient": (lambda x: np.gradient(x, 0.5), [V], REAL),
    "gradient, axes": (lambda x: np.gradient(x, 0.5, 2.0)[1], [M], REAL),
    "trapezoid": (lambda y, x: np.trapezoid(y, np.cumsum(x)), [M, (4,)], POSITIVE),
    "trapezoid, dx": (lambda y: np.trapezoid(y, dx=0.1, axis=0), [M], REAL),
    # order
    "sort": (lambda x: np.sort(x, axis=0), [M], REAL),
    "sort, flat": (lambda x: np.sort(x, axis=None), [M], REAL),
    "partition": (lambda x: np.partition(x, 1)[..., :1], [M], REAL),
    "take": (lambda x: np.take(x, [0, 2, 2], axis=1), [M], REAL),
    "take_along_axis": (lambda x: np.take_along_axis(x, np.argsort(-x, axis=1), axis=1), [M], REAL),
    "interp": (lambda x, f: np.interp(x, [-1.0, 0.0, 0.5, 1.0], f), [(7,), (4,)], REAL),
    "interp, knots": (lambda k: np.interp([0.3, 0.9, 2.0], np.cumsum(k), [1.0, 3.0, 2.0, 5.0, 7.0]), [V], POSITIVE),
    "extract": (lambda x: np.extract(x > 0, x), [M], REAL),
    "compress": (lambda x: np.compress([True, False, True], x, axis=0), [M], REAL),
    # indexing
    "basic index": (lambda x: x[1:, None, ::-2], [M], REAL),
    "advanced index": (lambda x: x[[0, 2, 0], [1, 1, 1]], [M], REAL),
    "separated index": (lambda x: x[[0, 1, 0], :, [1, 1, 3]], [T3], REAL),
    "boolean index": (lambda x: x[x > 0], [M], REAL),
    "mask of rows": (lambda x: x[np.array([True, False, True]), 1:], [M], REAL),
    "ellipsis index": (lambda x: x[..., 1], [T3], REAL),
    # shape
    "reshape": (lambda x: np.reshape(x, (4, -1)), [M], REAL),
    "ravel": (np.ravel, [M], REAL),
    "transpose": (lambda x: np.transpose(x, (2, 0, 1)), [T3], REAL),
    "permute_dims": (lambda x: np.permute_dims(x, (2, 0, 1)), [T3], REAL),
    "T": (lambda x: x.T @ x, [M], REAL),
    "swapaxes": (lambda x: np.swapaxes(x, 0, 2), [T3], REAL),
    "moveaxis": (lambda x: np.moveaxis(x, 0, -1), [T3], REAL),
    "rollaxis": (lambda x: np.rollaxis(x, 2), [T3], REAL),
    "expand_dims": (lambda x: np.expand_dims(x, (0, 2)), [V], REAL),
    "squeeze": (lambda x: np.squeeze(x), [(1, 3, 1)], REAL),
    "broadcast_to": (lambda x: np.broadcast_to(x, (2, 3, 4)), [(3, 1)], REAL),
    "broadcast_arrays": (lambda x, y: np.broadcast_arrays(x, y)[0] * y, [(3, 1), (4,)], REAL),
    "atleast_1d": (np.atleast_1d, [()], REAL),
    "atleast_2d": (np.atleast_2d, [V], REAL),
    "atleast_3d": (np.atleast_3d, [M], REAL),
    "meshgrid": (lambda x, y: np.meshgrid(x, y)[1] * np.meshgrid(x, y, indexing="ij")[0].T, [(2,), (3,)], REAL),
    # joining and cutting
    "concatenate": (lambda x, y: np.concatenate([x, y, x], axis=1), [M, (3, 2)], REAL),
    "concatenate with a constant": (lambda x: np.concatenate([x, np.ones((1, 4))]), [M], REAL),
    "stack": (lambda x, y: np.stack([x, y], axis=1), [M, M], REAL),
    "hstack": (lambda x, y: np.hstack([x, y]), [(2,), (3,)], REAL),
    "vstack": (lambda x, y: np.vstack([x, y]), [(4,), M], REAL),
    "dstack": (lambda x, y: np.dstack([x, y]), [M, M], REAL),
    "column_stack": (lambda x, y: np.column_stack([x, y]), [(3,), M], REAL),
    "append": (lambda x, y: np.append(x, y), [M, (2,)], REAL),
    "block": (lambda a, b: np.block([[a, np.ones((2, 1))], [b, 5.0]]), [(2, 3), (1, 3)], REAL),
    "split": (lambda x: np.split(x, 2, axis=1)[1], [M], REAL),
    "split at": (lambda x: np.split(x, [1, 3], axis=1)[1], [M], REAL),
    "array_split": (lambda x: np.array_split(x, 2)[0], [V], REAL),
    "hsplit": (lambda x: np.hsplit(x, 2)[0], [M], REAL),
    "vsplit": (lambda x: np.vsplit(x, 3)[2], [M], REAL),
    "dsplit": (lambda x: np.dsplit(x, 2)[1], [T3], REAL),
    # rearranging
    "flip": (lambda x: np.flip(x, 1), [M], REAL),
    "flip, all": (np.flip, [M], REAL),
    "fliplr": (np.fliplr, [M], REAL),
    "flipud": (np.flipud, [M], REAL),
    "rot90": (lambda x: np.rot90(x, 3), [M], REAL),
    "roll": (lambda x: np.roll(x, (1, -2), axis=(0, 1)), [M], REAL),
    "roll, flat": (lambda x: np.roll(x, 2), [M], REAL),
    "tile": (lambda x: np.tile(x, (2, 1, 3)), [M], REAL),
    "repeat": (lambda x: np.repeat(x, [1, 0, 2], axis=0), [M], REAL),
    "repeat, flat": (lambda x: np.repeat(x, 2), [M], REAL),
    "resize": (lambda x: np.resize(x, (5, 3)), [M], REAL),
    "insert": (lambda x, y: np.insert(x, [1, 3], y, axis=1), [M, (3, 2)], REAL),
    "insert, flat": (lambda x, y: np.insert(x, 2, y), [M, ()], REAL),
    "astype": (lambda x: np.astype(x, x.dtype) * x, [V], REAL) if hasattr(np, "astype") else (np.copy, [V], REAL),
    "delete": (lambda x: np.delete(x, 1, axis=0), [M], REAL),
    "pad": (lambda x: np.pad(x, ((1, 2), (0, 1)), constant_values=2.0), [M], REAL),
    **{
        f"pad {mode}": (lambda x, mode=mode: np.pad(x, 2, mode=mode), [M], REAL)
        for mode in ("edge", "reflect", "symmetric", "wrap")
    },
    "diag of a vector": (lambda x: np.diag(x, -1), [V], REAL),
    "diag of a matrix": (lambda x: np.diag(x, 1), [M], REAL),
    "diagflat": (lambda x: np.diagflat(x, 1), [(2, 2)], REAL),
    "diagonal": (lambda x: np.diagonal(x, 1, 1, 2), [T3], REAL),
    "tril": (lambda x: np.tril(x, -1), [T3], REAL),
    "triu": (lambda x: np.triu(x, 1), [M], REAL),
    "vander": (lambda x: np.vander(x, 3), [V], POSITIVE),
    "polyadd": (np.polyadd, [(4,), (2,)], REAL),
    "polysub": (np.polysub, [(2,), (4,)], REAL),
    "polymul": (np.polymul, [(4,), (2,)], REAL),
    "polyder": (lambda p: np.polyder(p, 2), [V], REAL),
    "polyint": (np.polyint, [V], REAL),
    "polyfit": (lambda x, y: np.polyfit(np.cumsum(x), y, 2), [(6,), (6,)], POSITIVE),
    "logspace": (lambda a, b: np.logspace(a, b, 4), [(), (2,)], UNIT),
    "geomspace": (lambda a, b: np.geomspace(a, b, 4, endpoint=False), [(), (2,)], POSITIVE),
    "linspace": (lambda a, b: np.linspace(a, b, 5), [(), (2,)], REAL),
    "bincount": (lambda w: np.bincount([0, 2, 2, 1, 5], w, minlength=8), [V], REAL),
    "piecewise": (lambda x: np.piecewise(x, [x < 0, x > 0.7], [np.square, 2.0, np.exp]), [M], REAL),
    "matrix_transpose": (np.linalg.matrix_transpose, [T3], REAL),
    "linalg.diagonal": (lambda x: np.linalg.diagonal(x, offset=1), [T3], REAL),
    "linalg.outer": (np.linalg.outer, [(2,), (3,)], REAL),
    "linalg.matmul": (np.linalg.matmul, [M, (4, 2)], REAL),
    "polyval": (np.polyval, [(4,), V], REAL),
    # products
    "dot": (np.dot, [M, (4,)], REAL),
    "dot, stacks": (np.dot, [M, (2, 4, 3)], REAL),
    "vdot": (np.vdot, [M, M], REAL),
    "inner": (np.inner, [M, (2, 4)], REAL),
    "outer": (np.outer, [(2,), (3,)], REAL),
    "kron": (np.kron, [(2, 3), (3, 2)], REAL),
    "kron, dimensions": (np.kron, [(2,), (3, 2)], REAL),
    "cross": (np.cross, [(4, 3), (3,)], REAL),
    "matmul": (np.matmul, [M, (4, 2)], REAL),
    "matmul, vectors": (np.matmul, [(4,), (4,)], REAL),
    "matmul, vector left": (np.matmul, [(4,), (4, 2)], REAL),
    "matmul, vector right": (np.matmul, [M, (4,)], REAL),
    "matmul, stacks": (np.matmul, [T3, (2, 4, 2)], REAL),
    "matmul, broadcast": (np.matmul, [(2, 1, 3, 4), (3, 4, 2)], REAL),
    "matmul, one for all": (np.matmul, [T3, (4, 2)], REAL),
    "tensordot": (np.tensordot, [T3, (3, 4, 2)], REAL),
    "tensordot, axes": (lambda a, b: np.tensordot(a, b, axes=([0, 2], [1, 0])), [T3, (4, 2)], REAL),
    "multi_dot": (lambda a, b, c: np.linalg.multi_dot([a, b, c]), [M, (4, 2), (2, 3)], REAL),
    "matrix_power": (lambda a: np.linalg.matrix_power(a, 3), [(3, 3)], REAL),
    "vecdot": (np.vecdot, [M, M], REAL),
    "lstsq": (lambda a, b: sum(np.sum(v**2) for v in np.linalg.lstsq(a, b)), [(4, 2), (4,)], REAL),
    "cond": (lambda a: np.linalg.cond(a) + np.linalg.cond(a, 1) + np.linalg.cond(a, -2), [(3, 3)], REAL),
    "tensorinv": (lambda a: np.linalg.tensorinv(a, 1), [(4, 2, 2)], REAL),
    "tensorsolve": (np.linalg.tensorsolve, [(2, 2, 4), (2, 2)], REAL),
    "inv": (lambda a: np.linalg.inv(a + 2 * np.eye(3)), [(2, 3, 3)], REAL),
    "det": (lambda a: np.linalg.det(a + 2 * np.eye(3)), [(2, 3, 3)], REAL),
    "slogdet": (lambda a: np.linalg.slogdet(a + 2 * np.eye(3)).logabsdet, [(2, 3, 3)], REAL),
    "solve": (lambda a, b: np.linalg.solve(a + 2 * np.eye(3), b), [(3, 3), (3, 2)], REAL),
    "solve, vector": (lambda a, b: np.linalg.solve(a + 2 * np.eye(3), b), [(2, 3, 3), (3,)], REAL),
    "cholesky": (lambda a: np.linalg.cholesky(a @ a.T + np.eye(3)), [(3, 3)], REAL),
    "pinv": (lambda a: np.linalg.pinv(a + np.eye(4, 3)), [(4, 3)], REAL),
    "eigvalsh": (lambda a: np.linalg.eigvalsh(a + a.T), [(3, 3)], REAL),
    "eigh": (lambda a: np.square(np.linalg.eigh(a + a.T).eigenvectors), [(3, 3)], REAL),
    "svdvals": (np.linalg.svdvals, [(4, 3)], REAL),
    "svd": (lambda a: np.square(np.linalg.svd(a, full_matrices=False).U), [(4, 3)], REAL),
    "qr": (lambda a: np.square(np.linalg.qr(a).Q), [(4, 3)], REAL),
    "convolve": (np.convolve, [V, (3,)], REAL),
    "convolve same": (lambda a, v: np.convolve(a, v, "same"), [(4,), (7,)], REAL),
    "convolve valid": (lambda a, v: np.convolve(a, v, "valid"), [V, (3,)], REAL),
    "correlate": (np.correlate, [V, (3,)], REAL),
    "correlate full": (lambda a, v: np.correlate(a, v, "full"), [V, (3,)], REAL),
    "correlate same": (lambda a, v: np.correlate(a, v, "same"), [V, (4,)], REAL),
    "correlate same, short": (lambda a, v: np.correlate(a, v, "same"), [(4,), (7,)], REAL),
    **{
        f"einsum {subscripts}": (lambda *xs, s=subscripts: np.einsum(s, *xs), shapes, REAL)
        for subscripts, shapes in {
            "ij,jk->ik": [M, (4, 2)],
            "ij,jk": [M, (4, 2)],
            "ij->ji": [M],
            "ij->": [M],
            "ij->j": [M],
            "ii": [(3, 3)],
            "ii->i": [(3, 3)],
            "iij->j": [(3, 3, 2)],
            "ij,ij->": [M, M],
            "i,j->ij": [(2,), (3,)],
            "ij,ik,il->jkl": [(3, 2), (3, 2), (3, 2)],
            "...ij,...jk->...ik": [T3, (4, 2)],
            "...i,...i": [M, (4,)],
            "i...->...": [T3],
            "ij,j,i->": [M, (4,), (3,)],
            "ab,cd->": [(2, 3), (3, 2)],
            "ij,kj->ik": [(3, 1), (2, 4)],
        }.items()
    },
    "einsum, lists": (lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [2, 0]), [M, (4, 2)], REAL),
    "array": (lambda x: ops.array([[x[0], 1.0], [x[1] * x[2], x[3]]]), [V], REAL),
}


def arguments(name, dtype=np.float64):
    _, shapes, (low, high) = TABLE[name]
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return [random.uniform(low, high, shape).astype(dtype) for shape in shapes]


def run(name, xs):
    """The value that a function has on Tensors."""
    f = TABLE[name][0]
    kept = []

    def total(*ts):
        kept.append(f(*ts))
        return np.sum(kept[-1])

    value_and_grad(total, argnums=tuple(range(len(xs))))(*xs)
    return np.asarray(kept[0])


@pytest.mark.parametrize("name", TABLE)
def test_the_value_is_numpys(name):
    for dtype, rtol in ((np.float64, 1e-12), (np.float32, 2e-5)):
        xs = arguments(name, dtype)
        result, expected = run(name, xs), TABLE[name][0](*xs)
        assert result.shape == np.shape(expected)
        assert result.dtype in (dtype, np.asarray(expected).dtype)  # NumPy's interp gives float64 always
        np.testing.assert_allclose(result, expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("name", TABLE)
def test_derivatives_to_second_order_in_both_modes(name):
    check_grads(TABLE[name][0], tuple(arguments(name)), order=2)


@pytest.mark.parametrize("name", TABLE)
def test_jacobians_of_both_modes_agree(name):
    """All columns and all rows at once, which take other paths through the rules."""
    xs, f = arguments(name), TABLE[name][0]
    everything = tuple(range(len(xs)))
    forward = jacobian(f, everything, mode="forward")(*xs)
    reverse = jacobian(f, everything, mode="reverse")(*xs)
    weights = np.random.default_rng(0).normal(size=np.shape(f(*xs)))
    gradients = grad(lambda *ts: np.sum(weights * f(*ts)), everything)(*xs)
    for a, b, x, g in zip(forward, reverse, xs, gradients, strict=True):
        assert a.shape == b.shape == weights.shape + x.shape
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(np.tensordot(weights, a, weights.ndim), g, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", TABLE)
def test_layouts_and_float32_give_the_same_gradients(name):
    xs, f = arguments(name), TABLE[name][0]
    everything = tuple(range(len(xs)))
    gradient = grad(lambda *ts: np.sum(f(*ts) * f(*ts)), everything)
    expected = gradient(*xs)
    strided = [np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x for x in xs]
    for g, e in zip(gradient(*strided), expected, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-12, atol=1e-13)
    for g, e, x in zip(gradient(*[x.astype(np.float32) for x in xs]), expected, xs, strict=True):
        assert (g.dtype, g.shape) == (np.float32, x.shape)
        np.testing.assert_allclose(g, e, rtol=2e-3, atol=2e-4 * max(1.0, np.abs(e).max()))


UFUNCS = [name for name, (f, _, _) in TABLE.items() if isinstance(f, np.ufunc) and name not in ("vecdot", "matmul")]


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1, 1)])
@pytest.mark.parametrize("name", [name for name in UFUNCS if "matmul" not in name])
def test_elementwise_functions_of_any_shape(name, shape):
    f, shapes, (low, high) = TABLE[name]
    random = np.random.default_rng(7)
    xs = tuple(random.uniform(low, high, shape) for _ in shapes)
    check_grads(f, xs, order=2)
    for x, g in zip(xs, grad(lambda *ts: np.sum(f(*ts)), tuple(range(len(xs))))(*xs), strict=True):
        assert (np.shape(g), g.dtype) == (x.shape if isinstance(x, np.ndarray) else (), np.float64)
    if len(xs) == 2 and shape == ():
        row = random.uniform(low, high, 4)
        check_grads(f, (xs[0], row), order=1)
        check_grads(f, (row, xs[1]), order=1)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("cumsum", ([1, 2, 3],)),
        ("cumprod", ([1, 2, 3],)),
        ("prod", ([[1, 2], [3, 4]],)),
        ("prod", ([],)),
        ("diff", ([1, 4, 9],)),
        ("sort", ([3, 1, 2],)),
        ("take_along_axis", (np.array([3, 1, 2]), np.array([2, 0]))),
        ("einsum", ("i,i->i", [1, 2], [3, 4])),
        ("tensordot", ([[1, 2]], [[3], [4]], 1)),
        ("convolve", ([1, 2, 3], [0, 1])),
        ("correlate", ([1, 2, 3], [0, 1])),
        ("scatter", (np.array([1.0, 2.0]), np.array([1, 1]), (3,))),
        ("array", ([[1, 2], [3, 4]],)),
    ],
)
def test_integers_and_lists_become_float64(name, arguments):
    result = getattr(ops, name)(*arguments)
    assert result.dtype == np.float64
    if name not in ("scatter",):
        np.testing.assert_allclose(result, getattr(np, name)(*arguments))


MODULES = (
    *("arithmetic", "broadcasting", "contraction", "convolution", "elementwise", "indexing", "joining", "kinked"),
    *("matmul", "norms", "reductions", "scans", "shape", "transcendental"),
)
ONLY_ON_THE_WAY_BACK = {"astype", "unbroadcast"}  # tested in tests/ops/test_broadcasting.py


def test_the_table_meets_every_primitive_behind_a_numpy_name():
    values = [value for name in MODULES for value in vars(importlib.import_module(f"mmlcore.ops.{name}")).values()]
    rules = [value._rules for value in [*values, *OVERRIDES.values()] if hasattr(value, "_rules")]
    met = {step.name.split(" [")[0] for name in TABLE for step in trace(TABLE[name][0], *arguments(name)).steps}
    assert len(rules) > 60
    assert {rule.name for rule in rules} - met <= ONLY_ON_THE_WAY_BACK | {"sign"}  # its derivative is zero

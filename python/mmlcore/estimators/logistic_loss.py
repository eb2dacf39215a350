"""The loss of logistic and softmax regression as a function of one vector: value, gradient, Hessian.

Binary: θ = [β, β₀]. Softmax: θ = [β_1, β₀_1, …, β_k, β₀_k], class after class. Everything is divided by the sum of
the weights, so that tolerances mean the same for any number of rows.
"""

from typing import Any, NamedTuple, Self

import numpy as np

from mmlcore import _kernels, linalg
from mmlcore._arrays import FloatArray
from mmlcore.estimators.sparse_rows import SparseRows, pieces

__all__ = ["BinaryLoss", "Prior", "SoftmaxLoss"]

_SAMPLE = 2048  # rows that show what the Hessian is like
_MOST_COLUMNS = 1500  # for which its factor is worth having
_PART, _PARTS = 4096, 8  # rows that show where the minimum is, where there are so many times as many


class Prior(NamedTuple):
    """The penalty ½ (θ - mean)ᵀ precision (θ - mean), precision a matrix or its diagonal."""

    precision: FloatArray
    mean: FloatArray

    def slope(self, theta: FloatArray) -> FloatArray:
        """precision · (θ - mean), which is the penalty's gradient."""
        step = theta - self.mean
        return self.precision * step if self.precision.ndim == 1 else self.precision @ step

    def matrix(self) -> FloatArray:
        """The precision as a matrix."""
        return np.diag(self.precision) if self.precision.ndim == 1 else self.precision


class _Loss:
    """Data, weights and penalty; `scale` is one over the sum of the weights."""

    renews = 0  # how often `rough_solver` is worth asking again on the way

    def __init__(
        self, X: Any, codes: Any, classes: int, weights: FloatArray | None, prior: Prior, intercept: bool
    ) -> None:
        self.X, self.codes, self.weights, self.prior, self.intercept = X, codes, weights, prior, intercept
        self.classes, self.d = classes, X.shape[1]
        self.scale = 1 / float(len(X) if weights is None else weights.sum(dtype=np.float64))

    def _penalised(self, theta: FloatArray, loss: float, gradient: FloatArray) -> tuple[float, FloatArray]:
        slope = self.prior.slope(theta)
        loss += 0.5 * float(slope @ (theta - self.prior.mean))
        gradient = (gradient + slope) * self.scale
        if not self.intercept:
            gradient[self.d :: self.d + 1] = 0
        return loss * self.scale, gradient

    def _moments(self, weights: FloatArray, rows: slice = slice(None)) -> FloatArray:
        """Σ w_i [x_i 1][x_i 1]ᵀ."""
        d = self.d
        out, part = np.zeros((d + 1, d + 1)), np.empty((d + 1, d + 1))
        for X, own in pieces(self.X if rows == slice(None) else self.X[rows], weights):
            _kernels.cross_products(part, X, X[:, :0], np.ascontiguousarray(own), np.zeros(d, X.dtype))
            out += part
        if not self.intercept:
            out[d], out[:, d] = 0, 0
            out[d, d] = 1 / self.scale
        return out

    def part(self, seed: int) -> Self | None:
        """The loss of rows drawn at random, weighted as if they were all; None where these are hardly fewer.

        None of sparse rows too, which would become dense.
        """
        n, m = len(self.X), max(_PART, 16 * self.d)
        if n < _PARTS * m or isinstance(self.X, SparseRows):
            return None
        rows = np.sort(np.random.default_rng(seed).integers(n, size=m))
        weights = np.ones(m, self.X.dtype) if self.weights is None else self.weights[rows]
        share = float(weights.sum(dtype=np.float64)) * self.scale
        if share == 0:
            return None
        weights = (weights / share).astype(self.X.dtype)
        return type(self)(self.X[rows], self.codes[rows], self.classes, weights, self.prior, self.intercept)

    def _sample(self) -> tuple[slice, FloatArray, float] | None:
        """Rows from everywhere, their weights, and their share of the whole; None where it would cost too much."""
        if self.d > _MOST_COLUMNS or isinstance(self.X, SparseRows):
            return None
        rows = slice(None, None, max(len(self.X) // max(_SAMPLE, 8 * self.d), 1))
        weights = np.ones(len(self.X[rows]), self.X.dtype) if self.weights is None else self.weights[rows]
        share = weights.sum(dtype=np.float64) * self.scale
        return None if share == 0 else (rows, weights, share)


class BinaryLoss(_Loss):
    """Σ w_i (log(1 + e^z_i) - t_i z_i) + penalty, z = X β + β₀, t ∈ {0, 1}.

    Examples
    --------
    >>> prior = Prior(np.array([1.0, 0.0]), np.zeros(2))
    >>> loss = BinaryLoss(np.array([[1.0], [-1.0]]), np.array([1, 0]), 2, None, prior, True)
    >>> value, gradient = loss(np.zeros(2))
    >>> round(value, 6), gradient
    (0.693147, array([-0.5,  0. ]))
    """

    renews = 3

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.targets = self.codes.astype(self.X.dtype)
        self.size = self.d + 1

    def __call__(self, theta: FloatArray, curvature: FloatArray | None = None) -> tuple[float, FloatArray]:
        """Value and gradient; the weights of the Hessian go to `curvature`."""
        if isinstance(self.X, SparseRows):
            return self._penalised(theta, *self._of_sparse(theta.astype(self.X.dtype), curvature))
        gradient = np.empty(self.size)
        loss = _kernels.weighted_logistic_loss(
            gradient, curvature, self.X, self.targets, self.weights, theta.astype(self.X.dtype)
        )
        return self._penalised(theta, loss, gradient)

    def _of_sparse(self, theta: FloatArray, curvature: FloatArray | None) -> tuple[float, FloatArray]:
        z = self.X.times(theta[:-1]) + theta[-1]
        above, p, rest = np.empty_like(z), np.empty_like(z), np.empty_like(z)
        _kernels.softplus(above, z)
        _kernels.sigmoid(p, z)
        _kernels.sigmoid(rest, -z)
        w = self.X.dtype.type(1) if self.weights is None else self.weights
        if curvature is not None:
            curvature[:] = w * p * rest
        r = w * np.where(self.targets == 1, -rest, p)
        loss = float((w * (above - self.targets * z)).sum(dtype=np.float64))
        return loss, np.append(self.X.transposed_times(r), r.sum()).astype(np.float64)

    def hessian(self, theta: FloatArray) -> FloatArray:
        """[X 1]ᵀ diag(w p (1 - p)) [X 1] + penalty."""
        curvature = np.empty(len(self.X), self.X.dtype)
        self(theta, curvature)
        return (self._moments(curvature) + self.prior.matrix()) * self.scale

    def times_hessian(self, theta: FloatArray) -> Any:
        """The function v ↦ H v."""
        curvature = np.empty(len(self.X), self.X.dtype)
        self(theta, curvature)

        def product(v: FloatArray) -> FloatArray:
            step = v.astype(self.X.dtype)
            along = curvature * (_times(self.X, step[:-1]) + step[-1])
            out = np.append(_transposed_times(self.X, along), along.sum()).astype(np.float64)
            penalty = self.prior.precision * v if self.prior.precision.ndim == 1 else self.prior.precision @ v
            return self._masked((out + penalty) * self.scale, v)

        return product

    def _masked(self, out: FloatArray, v: FloatArray) -> FloatArray:
        if not self.intercept:
            out[self.d :: self.d + 1] = v[self.d :: self.d + 1]
        return out

    def rough_solver(self, theta: FloatArray) -> Any:
        """The function g ↦ H₀⁻¹ g, H₀ the Hessian of some of the rows; None where it would cost too much."""
        sample = self._sample()
        if sample is None:
            return None
        rows, weights, share = sample
        X, curvature, gradient = self.X[rows], np.empty(len(weights), self.X.dtype), np.empty(self.size)
        _kernels.weighted_logistic_loss(gradient, curvature, X, self.targets[rows], weights, theta.astype(X.dtype))
        return _solver((self._moments(curvature, rows) / share + self.prior.matrix()) * self.scale)

    def bound(self) -> float:
        """A number that no eigenvalue of any Hessian exceeds."""
        squares = _longest(self.X) + self.intercept
        return 0.25 * squares + float(np.abs(self.prior.matrix()).sum(axis=1).max()) * self.scale


class SoftmaxLoss(_Loss):
    """Σ w_i (log Σ_c e^z_ic - z_i,y_i) + penalty, z_c = X β_c + β₀_c.

    Examples
    --------
    >>> prior = Prior(np.zeros(6), np.zeros(6))
    >>> loss = SoftmaxLoss(np.array([[1.0], [2.0], [3.0]]), np.array([0, 1, 2]), 3, None, prior, True)
    >>> round(loss(np.zeros(6))[0], 6)
    1.098612
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        n, k, dtype = len(self.X), self.classes, self.X.dtype
        self.size = k * (self.d + 1)
        self.z, self.p, self.losses = np.empty((n, k), dtype), np.empty((n, k), dtype), np.empty(n, dtype)
        self.row_weights = np.ones(n, dtype) if self.weights is None else self.weights

    def _blocks(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        blocks = theta.reshape(self.classes, self.d + 1).astype(self.X.dtype)
        return blocks[:, :-1], np.ascontiguousarray(blocks[:, -1])

    def _scores(self, out: FloatArray, theta: FloatArray) -> None:
        coef, bias = self._blocks(theta)
        if isinstance(self.X, SparseRows):
            out[:] = self.X.times(coef.T) + bias
            return
        _kernels.gemm(out, self.X, coef.T, bias=bias)

    def _gradient_of(self, slopes: FloatArray) -> FloatArray:
        """From the derivatives by z."""
        gradient = np.empty((self.classes, self.d + 1))
        if isinstance(self.X, SparseRows):
            products = self.X.transposed_times(slopes).T
        else:
            products = np.empty((self.classes, self.d), self.X.dtype)
            _kernels.gemm(products, slopes.T, self.X)
        gradient[:, :-1], gradient[:, -1] = products, slopes.sum(axis=0)
        return gradient.reshape(-1)

    def __call__(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Value and gradient."""
        self._scores(self.z, theta)
        _kernels.softmax_cross_entropy(self.losses, self.p, self.z, self.codes)
        slopes = self.z  # the scores are not needed any more
        _kernels.softmax_cross_entropy_grad(slopes, self.p, self.codes, self.row_weights)
        loss = float(np.dot(self.losses.astype(np.float64), self.row_weights))
        return self._penalised(theta, loss, self._gradient_of(slopes))

    def hessian(self, theta: FloatArray) -> FloatArray:
        """Blocks [X 1]ᵀ diag(w p_a (1{a = b} - p_b)) [X 1] + penalty."""
        self(theta)
        k, m = self.classes, self.d + 1
        out = np.empty((k, m, k, m))
        for a in range(k):
            for b in range(a, k):
                signed = self.row_weights * self.p[:, a] * ((1 if a == b else 0) - self.p[:, b])
                block = self._moments(np.abs(signed)) * (1 if a == b else -1)
                out[a, :, b], out[b, :, a] = block, block.T
        full = (out.reshape(k * m, k * m) + self.prior.matrix()) * self.scale
        if not self.intercept:
            rows = np.arange(self.d, k * m, m)
            full[rows], full[:, rows] = 0, 0
            full[rows, rows] = 1
        return full

    def times_hessian(self, theta: FloatArray) -> Any:
        """The function v ↦ H v."""
        self(theta)
        p, along = self.p.copy(), np.empty_like(self.z)

        def product(v: FloatArray) -> FloatArray:
            self._scores(along, v)
            slopes = p * (along - np.einsum("ij,ij->i", p, along)[:, None]) * self.row_weights[:, None]
            penalty = self.prior.precision * v if self.prior.precision.ndim == 1 else self.prior.precision @ v
            out = (self._gradient_of(slopes) + penalty) * self.scale
            if not self.intercept:
                out[self.d :: self.d + 1] = v[self.d :: self.d + 1]
            return out

        return product

    def rough_solver(self, theta: FloatArray) -> Any:
        """The function g ↦ H₀⁻¹ g, H₀ like the Hessian at 0: (1/k) [X 1]ᵀ diag(w) [X 1] + penalty for every class."""
        sample = self._sample()
        if sample is None or self.prior.precision.ndim == 2:
            return None
        rows, weights, share = sample
        moments = self._moments(weights, rows) / share
        solve = _solver((moments / self.classes + np.diag(self.prior.precision[: self.d + 1])) * self.scale)
        return lambda g: solve(g.reshape(self.classes, -1).T).T.reshape(-1)

    def bound(self) -> float:
        """A number that no eigenvalue of any Hessian exceeds (Böhning, 1992)."""
        squares = _longest(self.X) + self.intercept
        return 0.5 * squares + float(np.abs(self.prior.matrix()).sum(axis=1).max()) * self.scale


def _times(X: Any, v: FloatArray) -> FloatArray:
    return X.times(v) if isinstance(X, SparseRows) else X @ v


def _transposed_times(X: Any, v: FloatArray) -> FloatArray:
    return X.transposed_times(v) if isinstance(X, SparseRows) else v @ X


def _longest(X: Any) -> float:
    """The largest sum of squares of a row."""
    return max(float(np.einsum("ij,ij->i", rows, rows).max()) for (rows,) in pieces(X))


def _solver(H: FloatArray) -> Any:
    """g ↦ H⁻¹ g with as much added to the diagonal as a factor needs."""
    size = np.trace(H) / len(H)
    for boost in (0.0, 1e-8, 1e-4, 1.0):
        try:
            factor = linalg.cho_factor(H + boost * size * np.eye(len(H)), lower=True)
        except linalg.LinAlgError:
            continue
        return lambda g: linalg.cho_solve(factor, g)
    return lambda g: g / max(size, np.finfo(float).tiny)

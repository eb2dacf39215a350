"""Similarities of rows, under scikit-learn's names: what kernel methods are made of."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray

__all__ = ["KERNELS", "kernel_matrix", "rbf"]


_ROWS = 256  # of a symmetric matrix that are computed at once


def _products(X: FloatArray, Y: FloatArray) -> FloatArray:
    out = _kernels.empty((len(X), len(Y)), X.dtype)
    _kernels.gemm(out, X, Y.T)
    return out


def rbf(X: FloatArray, Y: FloatArray, gamma: float) -> FloatArray:
    """exp(-γ ‖x - y‖²) for every row x of X (n, d) and y of Y (m, d): one product with -γ ‖·‖² added, then exp.

    >>> rbf(np.array([[0.0], [1.0]]), np.array([[0.0]]), np.log(2.0))
    array([[1. ],
           [0.5]])
    """
    centre = Y.mean(axis=0, dtype=np.float64).astype(X.dtype)  # distances do not change; digits are kept
    left = X - centre
    right = left if Y is X else Y - centre
    lengths = -gamma * np.einsum("ij,ij->i", right, right)
    own = lengths if Y is X else -gamma * np.einsum("ij,ij->i", left, left)
    out = _kernels.empty((len(X), len(Y)), X.dtype)
    if Y is not X:
        _kernels.gemm(out, left, right.T, alpha=2 * gamma, bias=lengths, row_bias=own)
        np.minimum(out, 0, out=out)  # what is positive is rounding
        _kernels.exp(out, out)
        return out
    room = np.empty(_ROWS * len(X), X.dtype)
    for begin in range(0, len(X), _ROWS):  # up to the diagonal; what lies beyond is their mirror image
        end = min(begin + _ROWS, len(X))
        rows = room[: (end - begin) * end].reshape(end - begin, end)
        _kernels.gemm(
            rows, left[begin:end], right[:end].T, alpha=2 * gamma, bias=lengths[:end], row_bias=own[begin:end]
        )
        _kernels.exp(rows, rows)
        out[begin:end, :end], out[:begin, begin:end] = rows, rows[:, :begin].T
    np.fill_diagonal(out, 1)
    return out


def _laplacian(X: FloatArray, Y: FloatArray, gamma: float) -> FloatArray:
    out = np.zeros((len(X), len(Y)), X.dtype)
    for j in range(X.shape[1]):
        out += np.abs(X[:, j, None] - Y[:, j])
    return np.exp(-gamma * out)


def _cosine(X: FloatArray, Y: FloatArray) -> FloatArray:
    def unit(rows: FloatArray) -> FloatArray:
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        return rows / np.where(lengths > 0, lengths, 1)[:, None]

    return _products(unit(X), unit(Y))


KERNELS: dict[str, Callable[..., FloatArray]] = {
    "linear": lambda X, Y, gamma, degree, coef0: _products(X, Y),
    "rbf": lambda X, Y, gamma, degree, coef0: rbf(X, Y, gamma),
    "poly": lambda X, Y, gamma, degree, coef0: (gamma * _products(X, Y) + coef0) ** degree,
    "polynomial": lambda X, Y, gamma, degree, coef0: (gamma * _products(X, Y) + coef0) ** degree,
    "sigmoid": lambda X, Y, gamma, degree, coef0: np.tanh(gamma * _products(X, Y) + coef0),
    "laplacian": lambda X, Y, gamma, degree, coef0: _laplacian(X, Y, gamma),
    "cosine": lambda X, Y, gamma, degree, coef0: _cosine(X, Y),
}


def kernel_matrix(
    X: FloatArray, Y: FloatArray, kernel: Any, gamma: float | None, degree: float, coef0: float, options: dict[str, Any]
) -> FloatArray:
    """The similarity of every row of X with every row of Y.

    Parameters
    ----------
    X, Y : ndarray, shape (n, d), (m, d)
    kernel : str or callable(x, y, **options)
    gamma : float, optional
        Default 1 / d.
    degree, coef0 : float
    options : dict
        For a callable.

    Returns
    -------
    ndarray, shape (n, m)

    Examples
    --------
    >>> kernel_matrix(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), "linear", None, 3, 1, {})
    array([[11.]])
    """
    if callable(kernel):
        return np.asarray([[kernel(x, y, **options) for y in Y] for x in X], X.dtype)
    scale = 1 / X.shape[1] if gamma is None else float(gamma)
    return KERNELS[kernel](X, Y, scale, degree, coef0)

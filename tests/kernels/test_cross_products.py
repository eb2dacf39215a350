"""Sums of weighted products of columns."""

import numpy as np
import pytest

from mmlcore import _kernels

rng = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (3, 0, 0), (7, 5, 2), (129, 23, 1), (300, 40, 0), (60, 520, 1), (0, 3, 1)]
)
def test_cross_products(dtype, order, weighted, shape):
    n, d, k = shape
    X, Y = (np.asarray(rng.normal(size=(n, m)), dtype, order=order) for m in (d, k))
    w, shift = rng.random(n).astype(dtype) if weighted else None, rng.normal(size=d + k).astype(dtype)
    sums = np.full((d + k + 1, d + k + 1), np.nan)
    _kernels.cross_products(sums, X, Y, w, shift)
    Z = np.column_stack([np.column_stack([X, Y]).astype(float) - shift, np.ones(n)])
    wanted = (Z * (np.ones(n) if w is None else w.astype(float))[:, None]).T @ Z
    size = np.sqrt(np.outer(np.diag(wanted), np.diag(wanted))) + 1e-300
    assert np.abs((sums - wanted) / size).max(initial=0) < (1e-5 if dtype == np.float32 else 1e-13)
    np.testing.assert_array_equal(sums, sums.T)


def test_any_strides():
    X = rng.normal(size=(40, 12))[::2, ::-3]
    sums = np.empty((5, 5))
    _kernels.cross_products(sums, X, X[:, :0], None, np.zeros(4))
    np.testing.assert_allclose(sums[:4, :4], X.T @ X, rtol=1e-13)


def test_refusals():
    X, Y, sums = np.ones((4, 2)), np.ones((4, 1)), np.zeros((4, 4))
    for wrong in ({"y": Y[:3]}, {"weights": np.ones(3)}, {"shift": np.zeros(2)}, {"s": np.zeros((3, 3))}):
        given = {"s": sums, "x": X, "y": Y, "weights": None, "shift": np.zeros(3), **wrong}
        with pytest.raises(ValueError, match="cross_products: "):
            _kernels.cross_products(**given)
    with pytest.raises(TypeError, match="cross_products: "):
        _kernels.cross_products(sums, X, Y.astype(np.float32), None, np.zeros(3))
    assert not sums.any()

"""A dense layer's fused backward against the three formulas dz = dy ⊙ f', dx = dz wᵀ, dw = xᵀ dz, db = Σ dz."""

import numpy as np
import pytest
from scipy import special

from mmlcore import _kernels

NORMAL = lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi)  # noqa: E731
# activation'(z) as a function of what the kernel is given: y, or z for the last two
SLOPES = {
    "linear": lambda y: np.ones_like(y),
    "relu": lambda y: (y > 0).astype(y.dtype),
    "sigmoid": lambda y: y * (1 - y),
    "tanh": lambda y: 1 - y * y,
    "softplus": lambda y: 1 - np.exp(-y),
    "elu": lambda y: np.where(y > 0, 1, y + 1),
    "gelu": lambda z: special.ndtr(z) + z * NORMAL(z),
    "silu": lambda z: special.expit(z) * (1 + z * special.expit(-z)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize(("n", "inputs", "units"), [(1, 1, 1), (7, 3, 5), (200, 32, 64), (200, 64, 1), (33, 1, 32)])
def test_backward(n, inputs, units, name, dtype):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((n, inputs)).astype(dtype), rng.standard_normal((inputs, units)).astype(dtype)
    b, dy = rng.standard_normal(units).astype(dtype), rng.standard_normal((n, units)).astype(dtype)
    code = _kernels.ACTIVATIONS[name]
    y, z, dx, dw, db = (np.empty(shape, dtype) for shape in [(n, units), (n, units), x.shape, w.shape, b.shape])
    _kernels.dense_forward(y, x, w, b, code, z)
    saved = z if name in _kernels.SLOPE_NEEDS_Z else y
    _kernels.dense_backward(dx, dw, db, dy, x, w, saved, code)
    dz = dy * SLOPES[name](saved)
    tolerance = 200 * np.finfo(dtype).eps
    for got, expected in [(dx, dz @ w.T), (dw, x.T @ dz), (db, dz.sum(axis=0))]:
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * n**0.5)


def test_input_and_bias_gradients_may_be_left_out():
    x, w, dy = np.ones((4, 3)), np.ones((3, 2)), np.ones((4, 2))
    dw = np.empty((3, 2))
    _kernels.dense_backward(None, dw, None, dy, x, w, dy, 0)
    np.testing.assert_array_equal(dw, 4)


def test_wrong_shapes_are_refused_before_anything_is_written():
    dx, dw = np.zeros((4, 3)), np.zeros((3, 2))
    with pytest.raises(ValueError, match=r"dense_backward: db must be of shape \(2,\)"):
        _kernels.dense_backward(
            dx, dw, np.zeros(3), np.ones((4, 2)), np.ones((4, 3)), np.ones((3, 2)), np.ones((4, 2)), 0
        )
    assert not dx.any()
    assert not dw.any()


def test_bias_gradient_of_a_long_batch_keeps_its_digits():
    n = 1_000_000
    dy = np.full((n, 1), 0.1, np.float32)
    dw, db = np.empty((1, 1), np.float32), np.empty(1, np.float32)
    _kernels.dense_backward(None, dw, db, dy, np.ones((n, 1), np.float32), np.ones((1, 1), np.float32), dy, 0)
    np.testing.assert_allclose(db, 1e5, rtol=1e-6)


def test_every_activation_has_its_slope_here():
    assert set(SLOPES) == set(_kernels.ACTIVATIONS)


@pytest.mark.parametrize("change", [{"y": "x"}, {"z": "x"}, {"y": "z"}])
def test_forward_results_that_overlap_are_refused(change):
    arrays = {name: np.ones((3, 3)) for name in ("y", "x", "w", "z")}
    for out, other in change.items():
        arrays[out] = arrays[other]
    with pytest.raises(
        ValueError, match=r"dense_forward: [yz] must be apart from the inputs in memory, got an overlap"
    ):
        _kernels.dense_forward(arrays["y"], arrays["x"], arrays["w"], None, 0, arrays["z"])


@pytest.mark.parametrize("name", SLOPES)
def test_nan_goes_backward(name):
    nan, one = np.full((2, 3), np.nan), np.ones((3, 3))
    dx, dw = np.empty((2, 3)), np.empty((3, 3))
    _kernels.dense_backward(dx, dw, None, np.ones((2, 3)), np.ones((2, 3)), one, nan, _kernels.ACTIVATIONS[name])
    assert name == "linear" or (np.isnan(dx).all() and np.isnan(dw).all())

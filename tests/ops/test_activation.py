"""Activation functions against SciPy, far out and at the kink."""

import numpy as np
import pytest
from scipy import special

from mmlcore import check_grads, grad, ops

RANDOM = np.random.default_rng(7)
TABLE = {
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.logaddexp(0, x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "gelu": lambda x: np.maximum(x, -1e5) * special.ndtr(x),
    "normal_cdf": special.ndtr,
    "silu": lambda x: np.maximum(x, -1e5) * special.expit(x),
}


@pytest.mark.parametrize("shape", [(7,), (), (3, 5), (0, 2), (3, 33)])
@pytest.mark.parametrize("name", TABLE)
def test_against_scipy(name, shape, agrees):
    agrees(getattr(ops, name), TABLE[name], RANDOM.uniform(0.1, 4, shape) * RANDOM.choice([-1, 1], shape))


@pytest.mark.parametrize("name", TABLE)
def test_extremes(name):
    x = np.array([0.0, 300.0, -300.0, 1e4, -1e4, np.inf, -np.inf, np.nan])
    with np.errstate(all="ignore"):
        expected = TABLE[name](x)
    np.testing.assert_allclose(getattr(ops, name)(x), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "slopes"),
    [
        ("tanh", [0.0, 1.0, 0.0]),
        ("sigmoid", [0.0, 0.25, 0.0]),
        ("relu", [0.0, 0.0, 1.0]),
        ("softplus", [0.0, 0.5, 1.0]),
        ("elu", [0.0, 1.0, 1.0]),
        ("selu", [0.0, 1.0507009873554805 * 1.6732632423543772, 1.0507009873554805]),
        ("leaky_relu", [0.2, 0.2, 1.0]),
        ("gelu", [0.0, 0.5, 1.0]),
        ("silu", [0.0, 0.5, 1.0]),
    ],
)
def test_slopes_far_out_and_at_zero(name, slopes):
    op = getattr(ops, name)
    x = np.array([-1000.0, 0.0, 1000.0])
    rounding = 1e-15 if name in ("gelu", "selu") else 0.0  # Φ(0) is the sum of a series
    assert grad(lambda x: ops.sum(op(x)))(x).tolist() == pytest.approx(slopes, rel=0, abs=rounding)
    assert [grad(op)(value) for value in x] == pytest.approx(slopes, rel=0, abs=rounding)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "gelu", "silu", "normal_cdf"])
def test_smooth_to_fourth_order(name):
    check_grads(getattr(ops, name), (RANDOM.normal(size=4),), order=4, rtol=1e-5)


def test_numpys_tanh_is_overridden():
    check_grads(np.tanh, (RANDOM.normal(size=4),), order=2)


def test_relations():
    x = RANDOM.normal(size=20)
    np.testing.assert_allclose(ops.sigmoid(x), (1 + ops.tanh(x / 2)) / 2, rtol=1e-14)
    np.testing.assert_allclose(grad(lambda x: ops.sum(ops.softplus(x)))(x), ops.sigmoid(x), rtol=1e-14)
    np.testing.assert_allclose(ops.softplus(x) - ops.softplus(-x), x, rtol=1e-13)

"""Exponentials, logarithms and circular functions against NumPy."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops, value_and_grad

RANDOM = np.random.default_rng(6)
TABLE = {
    "exp": (-3, 3),
    "expm1": (-3, 3),
    "log": (0.2, 5),
    "log1p": (-0.7, 5),
    "sin": (-4, 4),
    "cos": (-4, 4),
}


@pytest.mark.parametrize("shape", [(7,), (), (3, 5), (0, 2), (3, 33)])
@pytest.mark.parametrize("name", TABLE)
def test_against_numpy(name, shape, agrees):
    agrees(getattr(ops, name), getattr(np, name), RANDOM.uniform(*TABLE[name], shape))


@pytest.mark.parametrize("name", ["tan", "arctan", "sinh", "cosh", "log2", "log10"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numpys_own_functions_without_a_kernel(name, dtype):
    f, x = getattr(np, name), RANDOM.uniform(0.2, 1.4, (3, 5)).astype(dtype)
    check_grads(f, (x,), order=3)
    value, gradient = value_and_grad(lambda x: np.sum(f(x)))(x)
    assert gradient.dtype == dtype
    assert value == pytest.approx(np.sum(f(x)), rel=1e-6)


@pytest.mark.parametrize("name", TABLE)
def test_numpys_function_is_overridden_and_derivatives_go_to_third_order(name):
    check_grads(getattr(np, name), (RANDOM.uniform(*TABLE[name], 5),), order=3)


@pytest.mark.parametrize("name", TABLE)
def test_extremes(name):
    x = np.array([0.0, -0.0, 1.0, -1.0, 300.0, -300.0, 700.0, -700.0, np.inf, -np.inf, np.nan, 1e-300])
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    np.testing.assert_allclose(getattr(ops, name)(x), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "x", "slope"),
    [
        ("exp", -800.0, 0.0),
        ("exp", 800.0, np.inf),
        ("expm1", -50.0, np.exp(-50.0)),
        ("log", 0.0, np.inf),
        ("log1p", -1.0, np.inf),
        ("log1p", 1e300, 1e-300),
        ("sin", 0.0, 1.0),
        ("cos", 0.0, 0.0),
    ],
)
def test_slopes_at_the_ends(name, x, slope):
    op = getattr(ops, name)
    assert grad(op)(x) == pytest.approx(slope, rel=1e-14)
    assert grad(lambda x: ops.sum(op(x)))(np.full(3, x)) == pytest.approx(np.full(3, slope), rel=1e-14)


def test_identities_hold_with_their_derivatives():
    x = RANDOM.uniform(0.2, 1.5, 6)
    for f, g in [
        (lambda x: np.log(np.exp(x)), lambda x: x),
        (lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, lambda x: x * 0 + 1),
        (lambda x: np.expm1(x), lambda x: np.exp(x) - 1),
        (lambda x: np.log1p(x), lambda x: np.log(1 + x)),
        (lambda x: np.sin(2 * x), lambda x: 2 * np.sin(x) * np.cos(x)),
    ]:
        np.testing.assert_allclose(f(x), g(x), rtol=1e-13)
        gradients = [grad(lambda x, h=h: ops.sum(h(x)))(x) for h in (f, g)]
        np.testing.assert_allclose(*gradients, rtol=1e-12, atol=1e-13)

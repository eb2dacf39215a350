"""NumPy's remaining ufuncs: kinks, ends, and how they answer to operators."""

import numpy as np
import pytest

from mmlcore import check_grads, elementwise_grad, grad
from mmlcore.ops.ufuncs import BINARY, OF_X, OF_Y

RANDOM = np.random.default_rng(10)


@pytest.mark.parametrize("ufunc", [*OF_X, *OF_Y], ids=lambda u: u.__name__)
def test_unary_derivatives_to_third_order(ufunc):
    low, high = {np.arccosh: (1.2, 3.0)}.get(ufunc, (0.2, 0.8))
    check_grads(ufunc, (RANDOM.uniform(low, high, (2, 3)),), order=3)
    for shape in ((), (0,), (2, 0, 3)):
        check_grads(ufunc, (RANDOM.uniform(low, high, shape),), order=2)


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda u: u.__name__)
@pytest.mark.parametrize("shapes", [((), ()), ((3,), ()), ((), (3,)), ((2, 1), (3,)), ((0,), (0,))])
def test_binary_derivatives_broadcast(ufunc, shapes):
    x, y = (RANDOM.uniform(0.2, 1.4, shape) + shift for shape, shift in zip(shapes, (3.0, 0.0), strict=True))
    check_grads(ufunc, (x, y), order=2)


@pytest.mark.parametrize(
    ("ufunc", "x", "y", "dx", "dy"),
    [
        (np.hypot, 0.0, 0.0, 0.0, 0.0),  # the kink: the subgradient 0
        (np.hypot, 3.0, 4.0, 0.6, 0.8),
        (np.fmax, 2.0, np.nan, 1.0, 0.0),  # a NaN loses
        (np.fmax, np.nan, 2.0, 0.0, 1.0),
        (np.fmin, 2.0, 2.0, 0.5, 0.5),
        (np.logaddexp, 1000.0, 0.0, 1.0, 0.0),
        (np.logaddexp, -np.inf, 0.0, 0.0, 1.0),
        (np.logaddexp, -np.inf, -np.inf, 0.5, 0.5),
        (np.logaddexp2, 1.0, 1.0, 0.5, 0.5),
        (np.fmod, -7.0, 3.0, 1.0, 2.0),  # truncated quotient -2
        (np.remainder, -7.0, 3.0, 1.0, 3.0),  # floor quotient -3
        (np.copysign, 2.0, -1.0, -1.0, 0.0),
        (np.arctan2, 0.0, -1.0, -1.0, 0.0),
        (np.floor_divide, 7.0, 2.0, 0.0, 0.0),  # a step
        (np.heaviside, 1.0, 0.5, 0.0, 0.0),
    ],
)
def test_kinks_and_ends(ufunc, x, y, dx, dy):
    np.testing.assert_allclose(grad(ufunc, (0, 1))(x, y), (dx, dy), rtol=1e-14)


def test_sinc_at_zero():
    assert grad(np.sinc)(0.0) == 0.0
    assert grad(grad(np.sinc))(0.0) == pytest.approx(-(np.pi**2) / 3, rel=1e-12)
    x = np.array([-1e-3, -9e-4, 1e-8, 9e-4, 1.1e-3])  # the series meets the quotient
    slope = -(np.pi**2) * x / 3 * (1 - (np.pi * x) ** 2 / 10)
    np.testing.assert_allclose(elementwise_grad(np.sinc)(x), slope, rtol=1e-9)


def test_nan_to_num_has_no_derivative_where_it_replaces():
    x = np.array([1.0, np.nan, np.inf])
    assert np.array_equal(grad(lambda x: np.sum(np.nan_to_num(x, nan=5.0, posinf=7.0) * 2))(x), [2.0, 0.0, 0.0])


def test_division_operators():
    assert grad(lambda x: x % 3.0)(7.5) == 1.0
    assert grad(lambda x: 7.5 % x)(2.0) == -3.0
    assert grad(lambda x: (x // 2.0) * x)(7.5) == 3.0
    assert grad(lambda x: (9.0 // x) * x)(2.0) == 4.0
    assert grad(lambda x: divmod(x, 2.0)[1])(7.5) == 1.0
    assert grad(lambda x: divmod(7.5, x)[1])(2.0) == -3.0


def test_angles():
    assert grad(np.deg2rad)(30.0) == grad(np.radians)(30.0) == np.pi / 180
    assert grad(np.rad2deg)(1.0) == grad(np.degrees)(1.0) == 180 / np.pi


def test_outer_of_any_ufunc():
    x, y = RANDOM.normal(size=2), RANDOM.normal(size=(3, 2))
    gradient = grad(lambda x: np.sum(np.subtract.outer(x, y) ** 2))(x)
    np.testing.assert_allclose(gradient, 2 * (x * y.size - y.sum()), rtol=1e-12)


def test_what_has_no_derivative_says_so():
    with pytest.raises(TypeError, match=r"^spacing: no derivative rule in mmlcore$"):
        grad(np.spacing)(1.0)
    with pytest.raises(TypeError, match=r"^fft: no derivative rule in mmlcore: its values are complex"):
        grad(lambda x: np.sum(np.abs(np.fft.fft(x))))(np.ones(4))


def test_logaddexp_at_all_sizes():
    ends = np.array([-np.inf, -800.0, -1.0, 0.0, 1e-300, 1.0, 800.0, np.inf, np.nan])
    x, y = (a.ravel() for a in np.meshgrid(ends, ends))
    kept = []
    grad(lambda x: kept.append(np.logaddexp(x, y)) or np.sum(x))(x)
    with np.errstate(invalid="ignore"):
        expected = np.logaddexp(x, y)
    np.testing.assert_allclose(np.asarray(kept[0]), expected, rtol=1e-15)
    check_grads(np.logaddexp, (np.zeros(2), np.zeros(2)), order=3)  # equal ones have derivatives too
    for zero in (0, 0.0):  # the softplus
        with np.errstate(invalid="ignore"):
            expected = np.logaddexp(zero, ends)
        for f in (lambda x, z=zero: np.logaddexp(z, x), lambda x, z=zero: np.logaddexp(x, z)):
            kept.clear()
            grad(lambda x, f=f: kept.append(f(x)) or np.sum(x))(ends)
            np.testing.assert_allclose(np.asarray(kept[0]), expected, rtol=1e-15)
            check_grads(f, (np.array([-1.0, 0.0, 2.0]),), order=3)


def test_derivatives_of_sinc_of_any_order_near_and_far_from_zero():
    f, exact = np.sinc, {0: 1.0, 2: -1 / 3, 4: 1 / 5, 6: -1 / 7, 8: 1 / 9}
    for n in range(9):  # sin(z)/z = Σ (-1)^k z^2k / (2k+1)!
        assert f(0.0) == pytest.approx(exact.get(n, 0.0) * np.pi**n, rel=1e-13)
        f = grad(f)
    third = grad(grad(grad(np.sinc)))
    z = np.pi * 0.0011  # where the quotient cancels
    assert third(0.0011) == pytest.approx(np.pi**3 * (z / 5 - z**3 / 42), rel=1e-12)
    for x in (0.2, 0.9, 1.6, 4.5):
        z = np.pi * x
        second = np.pi**2 * (-np.sin(z) / z - 2 * np.cos(z) / z**2 + 2 * np.sin(z) / z**3)
        assert grad(grad(np.sinc))(x) == pytest.approx(second, rel=1e-12)

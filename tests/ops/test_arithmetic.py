"""Arithmetic: values, broadcasting, dtype rule, derivatives, edge cases of the power."""

import warnings

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings

from mmlcore import check_grads, grad, ops

RANDOM = np.random.default_rng(3)
A = RANDOM.normal(size=(3, 5))
P = RANDOM.uniform(0.5, 2.0, size=(3, 5))
ROW = RANDOM.uniform(0.5, 2.0, size=5)
COLUMN = RANDOM.uniform(0.5, 2.0, size=(3, 1))

BINARY = {
    "add": (ops.add, np.add),
    "subtract": (ops.subtract, np.subtract),
    "multiply": (ops.multiply, np.multiply),
    "divide": (ops.divide, np.divide),
    "power": (ops.power, np.power),
}


@pytest.mark.parametrize("shapes", [(P, P[::-1]), (P, ROW), (COLUMN, ROW), (P, np.array(1.3)), (ROW, COLUMN[0])])
@pytest.mark.parametrize("name", BINARY)
def test_against_numpy(name, shapes, agrees):
    agrees(*BINARY[name], *shapes, rtol=4)


OPERATORS = {
    "x + 1": lambda x: x + 1,
    "1 + x": lambda x: 1 + x,
    "x - 1": lambda x: x - 1,
    "1 - x": lambda x: 1 - x,
    "3 x": lambda x: 3 * x,
    "x 3": lambda x: x * 3,
    "x / 3": lambda x: x / 3,
    "3 / x": lambda x: 3 / x,
    "x^2": lambda x: x**2,
    "x^-2": lambda x: x**-2,
    "x^0.5": lambda x: x**0.5,
    "x^1": lambda x: x**1,
    "x^0": lambda x: x**0,
    "2^x": lambda x: 2.0**x,
    "x x": lambda x: x * x,
    "x / x": lambda x: x / x,
    "x^x": lambda x: x**x,
    "+x": lambda x: +x,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name, agrees):
    agrees(OPERATORS[name], OPERATORS[name], P, rtol=4)
    check_grads(OPERATORS[name], (1.7,), order=3)


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0))
@settings(max_examples=60)
def test_any_shapes_that_broadcast(shapes):
    x, y = (RANDOM.uniform(0.5, 2.0, shape) for shape in shapes.input_shapes)
    for op, oracle in BINARY.values():
        np.testing.assert_allclose(op(x, y), oracle(x, y), rtol=1e-15)
        gx, gy = grad(lambda x, y, op=op: ops.sum(op(x, y)), argnums=(0, 1))(x, y)
        assert (gx.shape, gy.shape) == (x.shape, y.shape)
        check_grads(op, (x, y), order=1)


@pytest.mark.parametrize("name", BINARY)
def test_shapes_that_do_not_broadcast(name):
    op = BINARY[name][0]
    message = rf"^{name}: y must be broadcastable with x of shape \(3, 5\), got shape \(4,\)$"
    with pytest.raises(ValueError, match=message):
        op(A, np.ones(4))
    with pytest.raises(ValueError, match=message):
        grad(lambda x: ops.sum(op(x, np.ones(4))))(A)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    ("x", "y", "dtype"),
    [
        (1, 2, np.float64),
        ([1, 2], 3, np.float64),
        ([1, 2], (3, 4), np.float64),
        (np.array([1, 2]), np.array([3, 4], np.int8), np.float64),
        (np.array([True, False]), np.array([True, True]), np.float64),
        (np.float32([1, 2]), 3, np.float32),
        (np.float32([1, 2]), 3.5, np.float32),
        (2.5, np.float32([1, 2]), np.float32),
        (np.float32([1, 2]), np.float32(3), np.float32),
        (np.float32([1, 2]), np.array([3, 4]), np.float64),
        (np.float32([1, 2]), np.array([3.0, 4.0]), np.float64),
        (np.float16([1, 2]), np.float16([3, 4]), np.float32),
        (np.float64(2.0), [1, 2], np.float64),
        (np.int64(2), [1, 2], np.float64),
    ],
)
def test_dtype_rule(name, x, y, dtype):
    op, oracle = BINARY[name]
    result = op(x, y)
    assert result.dtype == dtype
    expected = oracle(np.asarray(x, np.float64), np.asarray(y, np.float64))
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(("bad", "dtype"), [(1j, "complex128"), (np.array(["a"]), "<U1"), (None, "object")])
def test_what_is_not_real_is_refused(name, bad, dtype):
    op = BINARY[name][0]
    with pytest.raises(TypeError, match=rf"^{name}: x must be real numbers, got dtype {dtype}$"):
        op(bad, 1.0)
    with pytest.raises(TypeError, match=rf"^{name}: y must be real numbers, got dtype {dtype}$"):
        op(A, bad)


def test_integers_do_not_overflow():
    big = np.array([2**62])
    assert ops.add(big, big)[0] == 2.0**63
    assert ops.power(10, 30) == 1e30
    assert ops.power([2], [-1])[0] == 0.5


def test_infinities_and_nan_behave_as_in_numpy():
    x = np.array([np.inf, -np.inf, np.nan, 300.0, -300.0])
    with np.errstate(all="ignore"):
        for op, oracle in BINARY.values():
            np.testing.assert_array_equal(op(x, x[::-1]), oracle(x, x[::-1]))


def test_positive_is_the_identity(agrees):
    agrees(ops.positive, np.positive, A)
    assert np.array_equal(grad(lambda x: ops.sum(np.copy(x) + x.copy()))(A), np.full(A.shape, 2.0))
    assert np.signbit(ops.positive(-0.0))
    assert ops.positive([1, 2]).dtype == np.float64


# ---- the power


@pytest.mark.parametrize("exponent", [2, 2.0, np.float64(2.0), np.full(3, 2.0), [2, 2, 2]])
def test_square_of_negative_numbers_and_zero(exponent):
    x = np.array([-3.0, 0.0, 2.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(lambda x: ops.sum(x**exponent))(x).tolist() == [-6.0, 0.0, 4.0]
    check_grads(lambda x: x**exponent, (x,), order=2)


@pytest.mark.parametrize("exponent", [0, np.zeros(3), [0, 0, 0]])
def test_the_zeroth_power_is_constant_even_at_zero(exponent):
    x = np.array([-3.0, 0.0, 2.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = ops.power(x, exponent)
        slope = grad(lambda x: ops.sum(x**exponent))(x)
    assert value.tolist() == [1.0, 1.0, 1.0]
    assert slope.tolist() == [0.0, 0.0, 0.0]


def test_cubes_and_their_higher_derivatives_at_zero():
    f = lambda x: x**3  # noqa: E731
    assert [grad(f)(0.0), grad(grad(f))(0.0), grad(grad(grad(f)))(0.0), grad(grad(grad(grad(f))))(0.0)] == [0, 0, 6, 0]


def test_the_root_has_an_infinite_slope_at_zero():
    with np.errstate(divide="ignore"):
        assert grad(lambda x: x**0.5)(0.0) == np.inf


def test_derivative_by_the_exponent():
    y = np.array([2.0, 0.5, 3.0])
    # 0^y is 0 around y > 0: slope 0. For negative x there is no derivative by y.
    slope = grad(lambda y: ops.sum(ops.power(np.array([0.0, 4.0, -2.0]), y)))(y)
    assert slope[0] == 0.0
    assert slope[1] == pytest.approx(2 * np.log(4))
    assert np.isnan(slope[2])
    assert grad(lambda y: 2.0**y)(3.0) == pytest.approx(8 * np.log(2))


def test_mixed_second_derivative_of_the_power():
    # ∂²/∂x∂y x^y = x^(y-1) (1 + y log x), also at y = 0 and y = 1
    for y in (0.0, 1.0, 2.5):
        mixed = grad(lambda y: grad(lambda x: ops.power(x, y))(3.0))(y)
        assert mixed == pytest.approx(3.0 ** (y - 1) * (1 + y * np.log(3)), rel=1e-13)
        array = np.array([y])
        mixed = grad(lambda y: grad(lambda x: ops.sum(ops.power(x, y)))(3.0))(array)
        assert mixed[0] == pytest.approx(3.0 ** (y - 1) * (1 + y * np.log(3)), rel=1e-13)

"""The element-wise kernels against extended precision: accuracy in units in the last place, limits, shapes, errors."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from scipy import special

from mmlcore import _kernels

DTYPES = [np.float32, np.float64]


def _sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _cdf(x):
    """Φ(-|x|) = ½ e^(-x²/2) erfcx(|x| / √2), of which only the smooth last factor is in double precision."""
    tail = np.exp(-x * x / 2) * special.erfcx(np.abs(x).astype(float) / 2**0.5) / 2
    return np.where(x < 0, tail, 1 - tail)


def _pdf(x):
    return np.exp(-x * x / 2) / np.sqrt(2 * np.longdouble(np.pi))


def _ulp_of_cdf(x):
    """e^(-x²/2) is as good as x² rounded."""
    return 12 + np.where(x < 0, np.minimum(np.abs(x), 100) ** 2, 0)


def _ulp_of_silu(x):
    """Far left, σ(x) is denormal, and its rounding is multiplied by x."""
    return 4 + np.where(x < -80, np.minimum(np.abs(x), 1e4), 0)


def _clipped(x):
    """x without the infinities that would meet a zero: the limits there are -0 and ∞."""
    return np.maximum(x, -1e5)


def _logcdf(x):
    """log Φ: beyond the reach of erfcx by the first terms of its expansion."""
    a = np.abs(x)
    near = np.minimum(a, 1e6).astype(float) / 2**0.5
    half = np.where(a < 1e6, special.erfcx(near).astype(x.dtype) / 2, 1 / (a * np.sqrt(2 * np.longdouble(np.pi))))
    return np.where(x < 0, np.log(half) - a * a / 2, np.log1p(-np.exp(-a * a / 2) * half))


def _ppf(p):
    """SciPy's values, good to a few units of double precision."""
    return special.ndtri(p.astype(float)).astype(p.dtype)


def _erf(x):
    """SciPy's values, good to a unit of double precision."""
    return special.erf(x.astype(float)).astype(x.dtype)


def _erfc(x):
    """e^(-x²) erfcx(|x|), of which only the smooth last factor is in double precision."""
    tail = np.exp(-x * x) * special.erfcx(np.abs(x).astype(float))
    return np.where(x < 0, 2 - tail, tail)


def _erf_slope(x):
    return 2 / np.sqrt(np.longdouble(np.pi)) * np.exp(-x * x)


def _erfinv(y):
    return special.erfinv(y.astype(float)).astype(y.dtype)


class Op(NamedTuple):
    f: object  # the function in extended precision
    slope: object  # its derivative
    ulp: object  # the bound that kernels/math.h states: a number, or a function of x


_LAMBDA, _ALPHA = np.longdouble("1.0507009873554805"), np.longdouble("1.6732632423543772")

OPS = {
    "exp": Op(np.exp, np.exp, 1.1),
    "expm1": Op(np.expm1, np.exp, 2.5),
    "log": Op(np.log, lambda x: 1 / x, 1),
    "log1p": Op(np.log1p, lambda x: 1 / (1 + x), 1),
    "sqrt": Op(np.sqrt, lambda x: 0.5 / np.sqrt(x), 0.5),
    "square": Op(np.square, lambda x: 2 * x, 0.5),
    "reciprocal": Op(np.reciprocal, lambda x: -1 / x**2, 0.5),
    "negative": Op(np.negative, lambda x: -np.ones_like(x), 0),
    "absolute": Op(np.absolute, np.sign, 0),
    "sign": Op(np.sign, np.zeros_like, 0),
    "sin": Op(np.sin, np.cos, 2.5),
    "cos": Op(np.cos, lambda x: -np.sin(x), 2.5),
    "tanh": Op(np.tanh, lambda x: 1 / np.cosh(x) ** 2, 2.5),
    "sigmoid": Op(_sigmoid, lambda x: _sigmoid(x) * _sigmoid(-x), 2.5),
    "relu": Op(lambda x: np.where(np.isnan(x), x, np.maximum(x, 0)), lambda x: (x > 0).astype(x.dtype), 0),
    "softplus": Op(_softplus, _sigmoid, 2),
    "elu": Op(lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), lambda x: np.exp(np.minimum(x, 0)), 2.5),
    "selu": Op(
        lambda x: _LAMBDA * np.where(x > 0, x, _ALPHA * np.expm1(np.minimum(x, 0))),
        lambda x: _LAMBDA * np.where(x > 0, 1, _ALPHA * np.exp(np.minimum(x, 0))),
        3.5,
    ),
    "gelu": Op(
        lambda x: _clipped(x) * _cdf(x),
        lambda x: _cdf(x) + x * _pdf(x),
        _ulp_of_cdf,
    ),
    "normal_cdf": Op(_cdf, _pdf, _ulp_of_cdf),
    "normal_logcdf": Op(_logcdf, lambda x: _pdf(x) / _cdf(x), lambda x: 24 + 2 * np.where(x > 0, x * x, 0)),
    "normal_ppf": Op(_ppf, lambda p: 1 / _pdf(_ppf(p)), 40),
    "erf": Op(_erf, _erf_slope, 4),
    "erfc": Op(_erfc, lambda x: -_erf_slope(x), 16),
    "erfinv": Op(_erfinv, lambda y: 1 / _erf_slope(_erfinv(y)), 40),
    "silu": Op(lambda x: _clipped(x) * _sigmoid(x), lambda x: _sigmoid(x) * (1 + x * _sigmoid(-x)), _ulp_of_silu),
}

LIMITS_OF_EXP = [88.7, 88.8, -87.4, -103.9, -104, 709.7, 709.8, -745, -746]
SPECIAL = [0.0, -0.0, 1, -1, 0.5, 2, 300, -300, *LIMITS_OF_EXP, np.inf, -np.inf, np.nan]


def forward(name, x):
    y = np.empty(x.shape, x.dtype)
    getattr(_kernels, name)(y, x)
    return y


def backward(name, dy, x):
    dx = np.empty(x.shape, x.dtype)
    getattr(_kernels, name + "_grad")(dx, dy, x, forward(name, x))
    return dx


def ulps(y, exact):
    """|y - exact| in units in the last place of y's dtype; 0 for equal infinities and for NaN in both."""
    rounded = exact.astype(y.dtype)
    same = (y == rounded) & ~np.isfinite(rounded) | np.isnan(y) & np.isnan(rounded)
    error = np.abs(y.astype(exact.dtype) - exact) / np.spacing(np.abs(rounded)).astype(exact.dtype)
    return np.where(same, 0, error)


def inputs(dtype):
    """Random bit patterns, dense grids where the functions bend, special values, denormal numbers."""
    rng = np.random.default_rng(0)
    info = np.finfo(dtype)
    integer = np.uint32 if dtype == np.float32 else np.uint64
    reach = 110 if dtype == np.float32 else 760
    parts = [
        rng.integers(0, np.iinfo(integer).max, 100_000, dtype=integer).view(dtype),
        rng.uniform(-reach, reach, 100_000),
        np.linspace(-2, 2, 100_001),
        np.linspace(0.5, 1.5, 50_001),
        rng.integers(-5000, 5000, 20_000) * (np.pi / 2),
        rng.standard_normal(20_000) * 1e4,
        np.array([info.max, -info.max, info.tiny, -info.tiny, info.smallest_subnormal, -info.smallest_subnormal]),
        SPECIAL,
    ]
    return np.concatenate([np.asarray(part).astype(dtype) for part in parts])


def test_the_table_covers_every_kernel():
    assert set(_kernels.UNARY) == set(OPS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPS)
def test_forward_is_accurate_to_the_stated_bound(name, dtype):
    with np.errstate(all="ignore"):
        x = inputs(dtype)
        error = ulps(forward(name, x), OPS[name].f(x.astype(np.longdouble)))
        ulp = OPS[name].ulp
        bound = ulp(x.astype(float)) if callable(ulp) else np.full(x.shape, ulp)
    worst = np.argmax(np.where(np.isnan(error), np.inf, error - bound))
    assert error[worst] <= bound[worst], f"{error[worst]} ulp at {x[worst]!r}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["expm1", "log1p", "tanh", "sin", "sqrt", "absolute", "sign"])
def test_zero_keeps_its_sign(name, dtype):
    y = forward(name, np.array([0.0, -0.0], dtype))
    assert np.all(y == 0)
    assert list(np.signbit(y)) == [False, name != "absolute"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPS)
def test_gradient_is_dy_times_the_derivative(name, dtype):
    rng = np.random.default_rng(1)
    x = rng.uniform(0.01 if name in ("log", "sqrt", "reciprocal") else -0.99, 6, 10_007).astype(dtype)
    dy = rng.standard_normal(x.size).astype(dtype)
    expected = dy * OPS[name].slope(x.astype(np.longdouble))
    # e^(y²/2) multiplies the error of y = Φ⁻¹(x) by y² where the slope is steep
    tolerance = (32 if name in ("normal_ppf", "erfinv") else 8) * np.finfo(dtype).eps
    np.testing.assert_allclose(backward(name, dy, x), expected.astype(dtype), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", OPS)
def test_gradient_agrees_with_central_differences(name):
    x = np.linspace(0.3, 2.7, 301)
    h = 1e-6
    differences = (forward(name, x + h) - forward(name, x - h)) / (2 * h)
    np.testing.assert_allclose(backward(name, np.ones_like(x), x), differences, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_at_the_kinks_are_zero(dtype):
    x = np.array([0.0, -0.0], dtype)
    for name in ("absolute", "sign", "relu"):
        assert np.all(backward(name, np.ones_like(x), x) == 0), name


def test_far_left_tails_keep_relative_accuracy():
    x = np.array([-30.0, -80.0, -700.0])
    np.testing.assert_allclose(forward("sigmoid", x), np.exp(x), rtol=1e-12)
    np.testing.assert_allclose(forward("softplus", x), np.exp(x), rtol=1e-12)
    np.testing.assert_allclose(backward("expm1", np.ones(3), x), np.exp(x), rtol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 127, 1021, 1025])
def test_every_length_gives_the_same_elements(name, dtype, n):
    """The last, incomplete vector computes what a full one does and writes nothing beyond the end."""
    x = np.linspace(0.1, 3, 1040).astype(dtype)
    dy = np.linspace(-2, 2, 1040).astype(dtype)
    whole, whole_grad = forward(name, x), backward(name, dy, x)

    padded = np.full(n + 16, 7, dtype)
    getattr(_kernels, name)(padded[:n], x[:n])
    np.testing.assert_array_equal(padded[:n], whole[:n])
    assert np.all(padded[n:] == 7)

    padded[:] = 7
    getattr(_kernels, name + "_grad")(padded[:n], dy[:n], x[:n], whole[:n])
    np.testing.assert_array_equal(padded[:n], whole_grad[:n])
    assert np.all(padded[n:] == 7)


@given(
    shape=array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9),
    step=st.sampled_from([-3, -1, 2]),
    order=st.sampled_from("CF"),
)
def test_any_shape_stride_and_order(shape, step, order):
    rng = np.random.default_rng(len(shape))
    for dtype in DTYPES:
        x = np.asarray(rng.standard_normal(shape), dtype=dtype, order=order)
        if x.ndim:
            x = np.repeat(x, abs(step), axis=0)[::step]
        x.flags.writeable = False
        np.testing.assert_allclose(forward("tanh", x), np.tanh(x), rtol=1e-6)
        np.testing.assert_allclose(backward("square", x, x), 2 * x * x, rtol=1e-6)


def test_output_may_be_the_input():
    x = np.linspace(-3, 3, 1003)
    y = x.copy()
    _kernels.exp(y, y)
    np.testing.assert_array_equal(y, forward("exp", x))


@pytest.mark.parametrize("name", ["exp", "relu"])
def test_threads_do_not_change_a_bit(name):
    x = np.random.default_rng(2).standard_normal(300_001)
    threads = _kernels.get_num_threads()
    try:
        _kernels.set_num_threads(1)
        one = forward(name, x), backward(name, x, x)
        _kernels.set_num_threads(2)
        two = forward(name, x), backward(name, x, x)
    finally:
        _kernels.set_num_threads(0)
    assert _kernels.get_num_threads() == threads
    np.testing.assert_array_equal(one, two)


def test_errors_name_function_argument_and_value():
    x, readonly = np.ones(6), np.ones(6)
    readonly.flags.writeable = False
    with pytest.raises(TypeError, match=r"exp: y must be float32 or float64, got int64"):
        _kernels.exp(np.ones(6, np.int64), x)
    with pytest.raises(TypeError, match=r"exp: x must be float64 \(as the first array\), got float32"):
        _kernels.exp(np.ones(6), x.astype(np.float32))
    with pytest.raises(ValueError, match=r"exp: x must be of 6 elements \(as the first array\), got \(2, 2\)"):
        _kernels.exp(np.ones(6), np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"exp: y must be writeable, got a read-only array"):
        _kernels.exp(readonly, x)
    with pytest.raises(ValueError, match=r"exp: y must be C-contiguous"):
        _kernels.exp(np.ones(12)[::2], x)
    with pytest.raises(ValueError, match=r"tanh_grad: dy must be of 6 elements \(as the first array\), got \(5,\)"):
        _kernels.tanh_grad(np.ones(6), np.ones(5), x, x)
    with pytest.raises(TypeError, match=r"tanh_grad: y must be float64 \(as the first array\), got float32"):
        _kernels.tanh_grad(np.ones(6), x, x, x.astype(np.float32))
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _kernels.exp([1.0], x)


def as_one_answers(name, x):
    """What `<name>_of` and `<name>_back` answer, beside the kernels that write into arrays of the caller's."""
    of_x = name in {"absolute", "expm1", "gelu", "log", "log1p", "sin", "square"}
    dy, y = np.full(x.shape, 0.5, x.dtype), forward(name, x)
    back = getattr(_kernels, name + "_back")(dy, x if of_x else y)
    written = np.empty(x.shape, x.dtype)
    getattr(_kernels, name + "_grad")(written, dy, x if of_x else y, x if of_x else y)
    return (getattr(_kernels, name + "_of")(x), y), (back, written)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPS)
def test_new_arrays_hold_what_is_written_into_given_ones(name, dtype):
    whole = np.linspace(0.1, 0.9, 24).astype(dtype).reshape(4, 6)
    for x in (whole, whole.T, whole[::2, 1:], whole[:0], np.broadcast_to(whole[0], (3, 6)), np.array(dtype(0.3))):
        for new, written in as_one_answers(name, x):
            assert new.dtype == dtype
            assert new.flags.c_contiguous
            np.testing.assert_array_equal(new, written)


@pytest.mark.parametrize("name", OPS)
def test_numbers_give_numbers(name):
    value = getattr(_kernels, name + "_of")(0.3)
    assert type(value) is np.float64
    assert value == getattr(_kernels, name + "_of")(np.array([0.3]))[0]
    slope = getattr(_kernels, name + "_back")(np.float64(2.0), np.float64(0.3))
    assert type(slope) is np.float64
    assert slope == getattr(_kernels, name + "_back")(np.array([2.0]), np.array([0.3]))[0]


def test_what_needs_a_conversion_or_is_recorded_is_left_to_the_caller():
    x = np.ones(3)
    swapped = x.astype(x.dtype.newbyteorder())
    for other in ([1.0], np.ones(3, np.int64), np.float32(1), np.ma.masked_array(x), swapped, None, 1):
        assert _kernels.exp_of(other) is NotImplemented
    for dy in (x.astype(np.float32), x[:2], 1.0, [1.0, 1.0, 1.0]):
        assert _kernels.exp_back(dy, x) is NotImplemented
    with _kernels.Recording():
        assert _kernels.exp_of(x) is NotImplemented
        assert _kernels.exp_back(x, x) is NotImplemented
        assert _kernels.sum_of(x) is NotImplemented

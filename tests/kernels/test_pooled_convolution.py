"""Convolution, rectifier and maximum in one pass: the bits of the kernels one after another."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from mmlcore import _kernels, set_num_threads

HALVES = _kernels.Window((1, 2, 2), (1, 1, 1), (0, 0, 0))


def one_after_another(x, w, b, dp, out, window):
    """p, numbers, dx, dw, db by the kernels of convolution.h and pooling.h."""
    y = np.empty((len(x), *out, w.shape[-1]), x.dtype)
    p, dz, dx, dw, db = (np.full_like(a, np.nan) for a in (dp, y, x, w, b))
    numbers = np.full(dp.shape, 99, np.uint8)
    _kernels.conv_forward(y, x, w, b, window, 0)
    _kernels.max_pool(p, numbers, y, (1, 2, 2), HALVES, True)
    _kernels.max_pool_gradient(dz, dp, numbers, (1, 2, 2), HALVES)
    _kernels.conv_input_gradient(dx, dz, w, None, window, 0)
    _kernels.conv_filter_gradient(dw, db, x, dz, None, window, 0)
    return p, numbers, dx, dw, db


def in_one(x, w, b, dp, out, window):
    p, dx, dw, db = (np.full_like(a, np.nan) for a in (dp, x, w, b))
    numbers = np.full(dp.shape, 99, np.uint8)
    _kernels.pooled_conv_forward(p, numbers, x, w, b, out, window)
    _kernels.pooled_conv_input_gradient(dx, dp, numbers, w, out, window)
    _kernels.pooled_conv_filter_gradient(dw, db, x, dp, numbers, out, window)
    return p, numbers, dx, dw, db


def case(n, size, kernel, stride, dilation, before, after, channels, filters, groups, dtype):
    out = [
        (s + b + a - (k - 1) * d - 1) // t + 1
        for s, b, a, k, d, t in zip(size, before, after, kernel, dilation, stride, strict=True)
    ]
    if min(out) < 1:
        return None
    rng = np.random.default_rng(0)
    shapes = (
        (n, 1, *size, channels * groups),
        (1, *kernel, channels, filters * groups),
        (filters * groups,),
        (n, 1, out[0] // 2, out[1] // 2, filters * groups),
    )
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    return *arrays, (1, *out), _kernels.Window((1, *stride), (1, *dilation), (0, *before), groups)


def agree(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


pairs = st.tuples(st.integers(0, 2), st.integers(0, 2))


@hypothesis.given(
    n=st.integers(0, 3),
    size=st.tuples(st.integers(1, 13), st.integers(1, 13)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    before=pairs,
    after=pairs,
    channels=st.sampled_from([1, 2, 3, 7]),
    filters=st.sampled_from([1, 5, 8, 16, 27]),
    groups=st.sampled_from([1, 1, 2]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
@hypothesis.settings(max_examples=200, deadline=None)
def test_the_bits_of_one_kernel_after_another(**options):
    arguments = case(**options)
    hypothesis.assume(arguments is not None)
    pointwise = {"kernel": (1, 1), "stride": (1, 1), "before": (0, 0), "after": (0, 0), "groups": 1}
    hypothesis.assume(not pointwise.items() <= options.items())
    agree(in_one(*arguments), one_after_another(*arguments))


@hypothesis.given(
    n=st.integers(1, 9),
    size=st.tuples(st.integers(1, 17), st.integers(1, 17)),
    before=pairs,
    after=pairs,
    channels=st.sampled_from([16, 21, 32]),
    filters=st.sampled_from([16, 19, 40]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
@hypothesis.settings(max_examples=100, deadline=None)
def test_by_tiles_of_two_by_two(**options):
    arguments = case(kernel=(3, 3), stride=(1, 1), dilation=(1, 1), groups=1, **options)
    hypothesis.assume(arguments is not None)
    agree(in_one(*arguments), one_after_another(*arguments))


@pytest.mark.parametrize("filters", [1, 16, 17])
@pytest.mark.parametrize("channels", [1, 7, 130])
@pytest.mark.parametrize("n", [1, 2, 40])
def test_kernels_of_one_by_one(n, channels, filters):
    arguments = case(n, (6, 9), (1, 1), (1, 1), (1, 1), (0, 0), (0, 0), channels, filters, 1, np.float64)
    found, expected = in_one(*arguments), one_after_another(*arguments)
    np.testing.assert_array_equal(found[1], expected[1])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-13 * np.abs(other).max())


@pytest.mark.parametrize("before", [(0, 0), (3, 2), (9, 1)])
@pytest.mark.parametrize(("stride", "dilation"), [((1, 1), (1, 1)), ((2, 1), (1, 2))])
def test_large_pictures_in_strips(before, stride, dilation):
    arguments = case(2, (90, 140), (5, 4), stride, dilation, before, (8, 0), 9, 33, 1, np.float64)
    agree(in_one(*arguments), one_after_another(*arguments))


def test_no_filters_and_no_channels():
    for channels, filters in ((20, 0), (0, 20), (0, 0)):
        arguments = case(3, (6, 7), (3, 3), (1, 1), (2, 2), (1, 1), (1, 1), channels, filters, 1, np.float64)
        agree(in_one(*arguments), one_after_another(*arguments))


def test_extents_without_a_window():
    for out in ((1, 1, 2**23), (1, 2**23, 1)):
        x, w = np.ones((2, 1, 5, 5, 1)), np.ones((1, 3, 3, 1, 4))
        dp = np.ones((2, 1, out[1] // 2, out[2] // 2, 4))
        dx, dw, db = np.full_like(x, 7.0), np.full_like(w, 7.0), np.full(4, 7.0)
        numbers = np.zeros(dp.shape, np.uint8)
        window = _kernels.Window((1, 1, 1), (1, 1, 1), (0, 1, 1))
        _kernels.pooled_conv_input_gradient(dx, dp, numbers, w, out, window)
        _kernels.pooled_conv_filter_gradient(dw, db, x, dp, numbers, out, window)
        assert not dx.any()
        assert not dw.any()
        assert not db.any()


@pytest.mark.parametrize(("channels", "filters"), [(1, 16), (16, 24), (40, 8)])
def test_against_the_definition(channels, filters):
    x, w, b, dp, out, window = case(3, (9, 8), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), channels, filters, 1, np.float64)
    p, numbers, dx, dw, db = in_one(x, w, b, dp, out, window)
    room = np.pad(x[:, 0], [(0, 0), (1, 1), (1, 1), (0, 0)])
    seen = np.lib.stride_tricks.sliding_window_view(room, (3, 3), (1, 2))  # n, rows, columns, channels, 3, 3
    z = np.einsum("nijcab,abcf->nijf", seen, w[0]) + b
    windows = z[:, :8].reshape(3, 4, 2, 4, 2, filters).transpose(0, 1, 3, 5, 2, 4).reshape(3, 4, 4, filters, 4)
    largest = windows.argmax(-1)
    np.testing.assert_allclose(p[:, 0], np.maximum(windows.max(-1), 0), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(numbers[:, 0], np.where(windows.max(-1) > 0, largest, 4))

    dz = np.zeros((3, 9, 8, filters))
    for at in np.argwhere(numbers[:, 0] < 4):
        n, i, j, f = at
        dz[n, 2 * i + largest[tuple(at)] // 2, 2 * j + largest[tuple(at)] % 2, f] = dp[n, 0, i, j, f]
    np.testing.assert_allclose(dw[0], np.einsum("nijcab,nijf->abcf", seen, dz), rtol=0, atol=1e-11)
    np.testing.assert_allclose(db, dz.sum((0, 1, 2)), rtol=0, atol=1e-12)
    back = np.zeros_like(room)
    for a in range(3):
        for c in range(3):
            back[:, a : a + 9, c : c + 8] += dz @ w[0, a, c].T
    np.testing.assert_allclose(dx[:, 0], back[:, 1:-1, 1:-1], rtol=0, atol=1e-11)


@pytest.mark.parametrize("channels", [1, 16, 200])
def test_the_same_bits_with_several_threads(channels):
    arguments = case(37, (20, 22), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), channels, 16, 1, np.float32)
    results = []
    for threads in (1, 2, 3):
        set_num_threads(threads)
        results.append(in_one(*arguments))
    for other in results[1:]:
        for one, same in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize("channels", [1, 16, 200])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite(channels, value):
    x, w, b, dp, out, window = case(2, (8, 8), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), channels, 16, 1, np.float64)
    clean = in_one(x, w, b, dp, out, window)[0]
    x[0, 0, 4, 5, 0] = value
    p, *_ = in_one(x, w, b, dp, out, window)
    expected = one_after_another(x, w, b, dp, out, window)[0]
    np.testing.assert_array_equal(p, expected)
    np.testing.assert_array_equal(p[1], clean[1])
    if np.isnan(value):
        assert np.isnan(p[0, 0, 1:3, 2:4]).all()


@pytest.mark.parametrize("channels", [1, 16, 200])
def test_a_window_that_is_no_number_hands_its_gradient_on(channels):
    x, w, b, dp, out, window = case(2, (8, 8), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), channels, 16, 1, np.float64)
    w[..., 3] = np.nan
    p, numbers, _, dw, db = in_one(x, w, b, dp, out, window)
    assert np.isnan(p[..., 3]).all()
    assert (numbers[..., 3] < 4).all()
    np.testing.assert_allclose(db[3], dp[..., 3].sum(), rtol=1e-12)
    assert dw[..., 3].all()


def test_without_bias_and_numbers():
    x, w, b, dp, out, window = case(2, (8, 8), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 2, 9, 1, np.float32)
    p, q, dw = np.empty_like(dp), np.empty_like(dp), np.empty_like(w)
    numbers = np.empty(dp.shape, np.uint8)
    _kernels.pooled_conv_forward(p, None, x, w, None, out, window)
    _kernels.pooled_conv_forward(q, numbers, x, w, np.zeros_like(b), out, window)
    np.testing.assert_array_equal(p, q)
    _kernels.pooled_conv_filter_gradient(dw, None, x, dp, numbers, out, window)
    np.testing.assert_array_equal(dw, in_one(x, w, np.zeros_like(b), dp, out, window)[3])


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"p": np.zeros((2, 1, 4, 5, 9))}, ValueError, "p must be of shape"),
        ({"p": np.zeros((2, 4, 4, 9))}, ValueError, "p must be"),
        ({"numbers": np.zeros((2, 1, 4, 4, 9), np.int32)}, TypeError, "numbers must be uint8"),
        ({"numbers": np.zeros((2, 1, 4, 4, 8), np.uint8)}, ValueError, "numbers must be of shape"),
        ({"numbers": np.zeros((2, 1, 4, 8, 9), np.uint8)[:, :, :, ::2]}, ValueError, "numbers must be C-contiguous"),
        ({"x": np.zeros((2, 2, 8, 8, 2))}, ValueError, "x must be pictures"),
        ({"w": np.zeros((1, 3, 3, 3, 9))}, ValueError, "w must be of shape"),
        ({"bias": np.zeros(8)}, ValueError, "bias must be of shape"),
        ({"out": (1, 8, 10)}, ValueError, "p must be of shape"),
        ({"out": (1, -8, 8)}, ValueError, "y's extent must be"),
        ({"window": _kernels.Window((1, 1, 1), (1, 1, 1), (0, 1, 1), 1, True)}, ValueError, "window must be channels"),
    ],
)
def test_what_does_not_fit_is_refused(change, error, text):
    good = {
        "p": np.zeros((2, 1, 4, 4, 9)),
        "numbers": np.zeros((2, 1, 4, 4, 9), np.uint8),
        "x": np.zeros((2, 1, 8, 8, 2)),
        "w": np.zeros((1, 3, 3, 2, 9)),
        "bias": np.zeros(9),
        "out": (1, 8, 8),
        "window": _kernels.Window((1, 1, 1), (1, 1, 1), (0, 1, 1)),
    }
    _kernels.pooled_conv_forward(**good)
    with pytest.raises(error, match=f"pooled_conv_forward: {text}"):
        _kernels.pooled_conv_forward(**good | change)


def test_outputs_do_not_overlap_what_is_read():
    x, w, b, dp, out, window = case(2, (8, 8), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 2, 9, 1, np.float64)
    numbers = np.zeros(dp.shape, np.uint8)
    inside = dp.reshape(-1).view(np.uint8)[: dp.size].reshape(dp.shape)
    with pytest.raises(ValueError, match="numbers"):
        _kernels.pooled_conv_forward(dp, inside, x, w, b, out, window)
    with pytest.raises(ValueError, match="dw"):
        _kernels.pooled_conv_filter_gradient(w, w.reshape(-1)[:9], x, dp, numbers, out, window)

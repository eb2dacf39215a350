"""Kernels of 3×3 with many channels, which go another way than the direct sum: the same numbers, to its accuracy."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from mmlcore import _kernels, set_num_threads

ATOL = {np.float32: 2e-5, np.float64: 4e-14}  # of the sums' largest numbers


def numbers(n, size, out, channels, filters, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 1, *size, channels)).astype(dtype)
    w = (rng.standard_normal((1, 3, 3, channels, filters)) / (9 * channels) ** 0.5).astype(dtype)
    return x, w, rng.standard_normal(filters).astype(dtype), rng.standard_normal((n, 1, *out, filters)).astype(dtype)


def correlated(x, w, before, out):
    """z(o, f) = Σ_(tap, c) x(o + tap - before, c) w(tap, c, f) in double, nine products."""
    room = [(0, 0), (0, 0), *((max(b, 0), o + 2) for b, o in zip(before, out, strict=True)), (0, 0)]
    x = np.pad(x.astype(np.float64), room)[:, :, max(-before[0], 0) :, max(-before[1], 0) :]
    return sum(
        x[:, :, i : i + out[0], j : j + out[1]] @ w[0, i, j].astype(np.float64) for i in range(3) for j in range(3)
    )


def all_three(x, w, b, g, before, channels_first=False, activation="linear"):
    """y, dx, dw, db of the kernels, channels last."""
    window = _kernels.Window((1, 1, 1), (1, 1, 1), (0, *before), 1, channels_first)

    def turned(a, back=False):
        if not channels_first:
            return a
        return np.moveaxis(a, 1, -1) if back else np.ascontiguousarray(np.moveaxis(a, -1, 1))

    xs, gs, code = turned(x), turned(g), _kernels.ACTIVATIONS[activation]
    y, dx, dw, db = np.full_like(gs, np.nan), np.full_like(xs, np.nan), np.full_like(w, np.nan), np.full_like(b, np.nan)
    _kernels.conv_forward(y, xs, w, b, window, code)
    saved = None if activation == "linear" else y
    _kernels.conv_input_gradient(dx, gs, w, saved, window, code)
    _kernels.conv_filter_gradient(dw, db, xs, gs, saved, window, code)
    return turned(y, True), turned(dx, True), dw, db


@hypothesis.given(
    n=st.integers(1, 3),
    size=st.tuples(st.integers(0, 11), st.integers(0, 35)),
    before=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    after=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    channels=st.sampled_from([32, 37, 64]),
    filters=st.sampled_from([32, 33, 72]),
    dtype=st.sampled_from([np.float32, np.float64]),
    channels_first=st.booleans(),
    activation=st.sampled_from(["linear", "relu", "tanh"]),
)
@hypothesis.settings(max_examples=60, deadline=None)
def test_against_the_definition(n, size, before, after, channels, filters, dtype, channels_first, activation):
    out = tuple(s + b + a - 2 for s, b, a in zip(size, before, after, strict=True))
    hypothesis.assume(min(out) >= 1)
    x, w, b, g = numbers(n, size, out, channels, filters, dtype)
    y, dx, dw, db = all_three(x, w, b, g, before, channels_first, activation)

    z = correlated(x, w, before, out) + b
    expected = {"linear": z, "relu": np.maximum(z, 0), "tanh": np.tanh(z)}[activation]
    np.testing.assert_allclose(y, expected, rtol=0, atol=ATOL[dtype] * np.abs(z).max())

    slope = {"linear": 1.0, "relu": y > 0, "tanh": 1 - y.astype(np.float64) ** 2}[activation]
    dz = g.astype(np.float64) * slope
    turned = w[:, ::-1, ::-1].swapaxes(-1, -2)
    expected = correlated(dz, turned, (2 - before[0], 2 - before[1]), size)
    np.testing.assert_allclose(dx, expected, rtol=0, atol=ATOL[dtype] * max(1, np.abs(expected).max()))
    points, scale = n * out[0] * out[1], 3 * np.sqrt(n * out[0] * out[1])
    padded = np.pad(x.astype(np.float64), [(0, 0), (0, 0), *zip(before, after, strict=True), (0, 0)])
    for i in range(3):
        for j in range(3):
            seen = padded[:, :, i : i + out[0], j : j + out[1]].reshape(points, channels)
            expected = seen.T @ dz.reshape(points, filters)
            np.testing.assert_allclose(dw[0, i, j], expected, rtol=0, atol=ATOL[dtype] * scale)
    np.testing.assert_allclose(db, dz.sum((0, 1, 2, 3)), rtol=0, atol=ATOL[dtype] * points)


@pytest.mark.parametrize("n", [1, 7])
def test_the_same_bits_with_several_threads(n):
    x, w, b, g = numbers(n, (28, 28), (28, 28), 48, 64, np.float32)
    results = []
    for threads in (1, 2, 3):
        set_num_threads(threads)
        results.append(all_three(x, w, b, g, (1, 1)))
    for other in results[1:]:
        for one, same in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, same)


@pytest.mark.parametrize(
    ("channels", "filters", "dtype"),
    [(700, 16, "float32"), (1024, 16, "float32"), (520, 16, "float64"), (256, 256, "float32")],
)
def test_many_channels_are_summed_in_pieces_or_directly(channels, filters, dtype):
    x, w, b, g = numbers(1, (12, 12), (12, 12), channels, filters, dtype)
    y = all_three(x, w, b, g, (1, 1))[0]
    z = correlated(x, w, (1, 1), (12, 12)) + b
    np.testing.assert_allclose(y, z, rtol=0, atol=ATOL[np.dtype(dtype).type] * np.abs(z).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_not_finite_reaches_the_outputs_that_see_it(dtype):
    x, w, b, g = numbers(1, (12, 12), (12, 12), 32, 32, dtype)
    clean = all_three(x, w, b, g, (1, 1))[0]
    touched = np.zeros((12, 12), bool)
    touched[4:7, 4:7] = True
    for value in (np.nan, np.inf):
        x[0, 0, 5, 5, 3] = value
        y, _, dw, _ = all_three(x, w, b, g, (1, 1))
        assert not np.isfinite(y[0, 0][touched]).any()
        np.testing.assert_array_equal(y[0, 0][~touched], clean[0, 0][~touched])
        assert not np.isfinite(dw[..., 3, :]).any()
        # the direct sum has no NaN from one infinity: this one went by the tiles
        assert np.isnan(y[0, 0][touched]).any()


def test_images_without_an_extent():
    for size in ((0, 6), (6, 0)):
        x, w, b, g = numbers(9, size, (6, 12), 32, 32, np.float64)
        y, dx, dw, db = all_three(x, w, b, g, (4, 4))
        np.testing.assert_array_equal(y, np.broadcast_to(b, y.shape))
        assert dx.shape == x.shape
        assert not dw.any()
        np.testing.assert_allclose(db, g.sum((0, 1, 2, 3)), rtol=1e-12)

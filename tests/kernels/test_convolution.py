"""The three convolutions against seven loops, against torch, and against each other."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from mmlcore import _kernels, set_num_threads
from oracles import convolved

RTOL = {np.float32: 3e-5, np.float64: 1e-12}


def last(x, channels_first):
    """As channels-last data."""
    return np.moveaxis(x, 1, -1) if channels_first else x


def first(x, channels_first):
    """Channels-last data in the layout of the kernel."""
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)) if channels_first else x


@st.composite
def shapes(draw):
    """A convolution of one, two or three dimensions: sizes that do and do not fill tiles and vectors."""
    ndim = draw(st.integers(1, 3))
    more = 3 - ndim
    small = st.integers(1, 3)
    kernel = (1,) * more + tuple(draw(small) for _ in range(ndim))
    stride = (1,) * more + tuple(draw(small) for _ in range(ndim))
    dilation = (1,) * more + tuple(draw(st.integers(1, 2)) for _ in range(ndim))
    before = (0,) * more + tuple(draw(st.integers(0, 2)) for _ in range(ndim))
    size = (1,) * more + tuple(draw(st.integers(1, 7)) for _ in range(ndim))
    after = draw(st.integers(0, 2))
    room = [n + b + after - (k - 1) * d - 1 for n, b, k, d in zip(size, before, kernel, dilation, strict=True)]
    out = (1,) * more + tuple(max(r, -1) // s + 1 if r >= 0 else 0 for r, s in zip(room, stride, strict=True))[more:]
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    depth, width = draw(st.integers(1, 4)), draw(st.sampled_from([1, 2, 5, 17]))
    n = draw(st.integers(0, 2))
    return n, size, out, kernel, stride, dilation, before, groups, depth, width


@hypothesis.given(shapes(), st.booleans(), st.sampled_from([np.float32, np.float64]), st.booleans())
@hypothesis.settings(max_examples=60, deadline=None)
def test_against_the_definition_and_its_transposes(shape, channels_first, dtype, relu):
    n, size, out, kernel, stride, dilation, before, groups, depth, width = shape
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, *size, groups * depth)).astype(dtype)
    w = rng.standard_normal((*kernel, depth, groups * width)).astype(dtype)
    b = rng.standard_normal(groups * width).astype(dtype)
    g = rng.standard_normal((n, *out, groups * width)).astype(dtype)
    window = _kernels.Window(stride, dilation, before, groups, channels_first)
    xs, gs = first(x, channels_first), first(g, channels_first)
    y, dx, dw, db = (np.full_like(a, np.nan) for a in (gs, xs, w, b))
    code = _kernels.ACTIVATIONS["relu" if relu else "linear"]

    _kernels.conv_forward(y, xs, w, b, window, code)
    z = convolved(x, w, stride, before, out, dilation, groups)
    expected = np.maximum(z + b, 0) if relu else z + b
    scale = np.abs(z).max(initial=1)
    np.testing.assert_allclose(last(y, channels_first), expected, atol=RTOL[dtype] * scale)

    # ⟨conv(x), dz⟩ = ⟨x, dx⟩ = ⟨w, dw⟩ fixes both gradients, as functions of random x, w and dz.
    _kernels.conv_input_gradient(dx, gs, w, y, window, code)
    _kernels.conv_filter_gradient(dw, db, xs, gs, y, window, code)
    dz = g * (last(y, channels_first) > 0) if relu else g
    product = float(np.vdot(z, dz))
    norm = np.linalg.norm(z) * np.linalg.norm(dz) + 1
    assert float(np.vdot(x, last(dx, channels_first))) == pytest.approx(product, abs=10 * RTOL[dtype] * norm)
    assert float(np.vdot(w, dw)) == pytest.approx(product, abs=10 * RTOL[dtype] * norm)
    np.testing.assert_allclose(db, dz.reshape(-1, groups * width).sum(axis=0), atol=100 * RTOL[dtype])


LARGE = [
    ((2, 70, (1, 30, 31)), 50, (1, 3, 3), (1, 1, 1), (0, 1, 1)),  # several portions, several panels
    ((9, 24, (1, 7, 7)), 40, (1, 3, 3), (1, 1, 1), (0, 1, 1)),  # several images to a portion
    ((1, 3, (1, 63, 62)), 20, (1, 11, 11), (1, 4, 4), (0, 2, 2)),  # fewer channels than a vector, with a stride
    ((1, 130, (1, 9, 9)), 17, (1, 3, 3), (1, 3, 3), (0, 0, 0)),  # the sum in pieces
    ((2, 20, (6, 9, 10)), 18, (3, 3, 3), (2, 1, 1), (1, 1, 1)),
    ((3, 40, (1, 5, 6)), 33, (1, 1, 1), (1, 1, 1), (0, 0, 0)),  # a plain product
    ((1, 40, (1, 300, 40)), 4, (1, 3, 3), (1, 1, 1), (0, 0, 0)),  # read where it lies
]


@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize(("images", "filters", "kernel", "stride", "before"), LARGE)
def test_sizes_of_real_layers_against_torch(images, filters, kernel, stride, before, channels_first):
    torch = pytest.importorskip("torch")
    n, channels, size = images
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((n, channels, *size)), rng.standard_normal((filters, channels, *kernel))
    tx, tw = torch.tensor(x, requires_grad=True), torch.tensor(w, requires_grad=True)
    ty = torch.nn.functional.conv3d(tx, tw, stride=stride, padding=before).tanh()
    g = rng.standard_normal(tuple(ty.shape))
    ty.backward(torch.tensor(g))

    turned = lambda a: a if channels_first else np.ascontiguousarray(np.moveaxis(a, 1, -1))  # noqa: E731
    x, g, w = turned(x), turned(g), np.ascontiguousarray(w.transpose(2, 3, 4, 1, 0))
    y, dx, dw = (np.full_like(a, np.nan) for a in (g, x, w))
    window, code = _kernels.Window(stride, (1, 1, 1), before, 1, channels_first), _kernels.ACTIVATIONS["tanh"]
    _kernels.conv_forward(y, x, w, None, window, code)
    _kernels.conv_input_gradient(dx, g, w, y, window, code)
    _kernels.conv_filter_gradient(dw, None, x, g, y, window, code)
    np.testing.assert_allclose(y, turned(ty.detach().numpy()), atol=1e-11)
    np.testing.assert_allclose(dx, turned(tx.grad.numpy()), atol=1e-11)
    np.testing.assert_allclose(dw, tw.grad.numpy().transpose(2, 3, 4, 1, 0), atol=1e-10)


def test_the_bits_do_not_depend_on_the_number_of_threads():
    rng = np.random.default_rng(0)
    x, w = rng.random((20, 1, 14, 14, 16)), rng.random((1, 3, 3, 16, 32))
    g, window = rng.random((20, 1, 14, 14, 32)), _kernels.Window((1, 1, 1), (1, 1, 1), (0, 1, 1))
    found = []
    try:
        for threads in (1, 2):
            set_num_threads(threads)
            y, dx, dw, db = (np.empty_like(a) for a in (g, x, w, g[0, 0, 0, 0]))
            _kernels.conv_forward(y, x, w, None, window)
            _kernels.conv_input_gradient(dx, g, w, None, window)
            _kernels.conv_filter_gradient(dw, db, x, g, None, window)
            found.append((y, dx, dw, db))
    finally:
        set_num_threads(0)
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"window": {"stride": (1, 0, 1)}}, "conv_forward: stride must be from 1 to"),
        ({"window": {"dilation": (1, 1, -1)}}, "conv_forward: dilation must be from 1 to"),
        ({"window": {"dilation": (1, 2**40, 1)}}, "conv_forward: dilation must be from 1 to"),
        ({"window": {"before": (0, -1, 0)}}, "conv_forward: before must be from 0 to"),
        ({"window": {"groups": 2}}, "conv_forward: groups must be a divisor of the channels"),
        ({"w": (1, 2, 2, 2, 4)}, "conv_forward: w must be of shape"),
        ({"w": (1, 0, 2, 3, 4)}, "conv_forward: w's extent must be from 1"),
        ({"x": (1, 5, 5, 3)}, "conv_forward: x must be 5-dimensional"),
        ({"y": (2, 1, 4, 4, 4)}, "conv_forward: y must be of as many images as x"),
        ({"bias": np.zeros(3)}, "conv_forward: bias must be of shape"),
        ({"activation": 6}, "conv_forward: activation must be one whose slope is written in y"),
    ],
)
def test_what_does_not_fit_is_refused(change, text):
    window = {"stride": (1, 1, 1), "dilation": (1, 1, 1), "before": (0, 0, 0)} | change.pop("window", {})
    given = {"y": (1, 1, 4, 4, 4), "x": (1, 1, 5, 5, 3), "w": (1, 2, 2, 3, 4), "bias": None, "activation": 0} | change
    arrays = {name: np.zeros(value) if isinstance(value, tuple) else value for name, value in given.items()}
    with pytest.raises(ValueError, match=text):
        _kernels.conv_forward(window=_kernels.Window(**window), **arrays)


@pytest.mark.parametrize(("extents", "out"), [((1, 6, 6), (2, 6, 6)), ((1, 5, 7), (3, 5, 7))])
def test_volumes_of_one_plane_padded_behind(extents, out):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((3, *extents, 2)), rng.standard_normal((1, 3, 3, 2, 5))
    dy, window = rng.standard_normal((3, *out, 5)), _kernels.Window((1, 1, 1), (1, 1, 1), (0, 1, 1))
    dw, db = np.empty_like(w), np.empty(5)
    _kernels.conv_filter_gradient(dw, db, x, dy, None, window)
    room = np.pad(x[:, 0], [(0, 0), (1, 1), (1, 1), (0, 0)])
    for i in range(3):
        for j in range(3):
            seen = room[:, i : i + extents[1], j : j + extents[2]]
            expected = np.einsum("nabc,nabf->cf", seen, dy[:, 0])
            np.testing.assert_allclose(dw[0, i, j], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(db, dy.sum((0, 1, 2, 3)), rtol=0, atol=1e-12)


def test_an_infinity_at_an_odd_edge_stays_one():
    x, dy, w = np.ones((1, 1, 3, 3, 1)), np.ones((1, 1, 3, 3, 1)), np.empty((1, 1, 2, 1, 1))
    x[0, 0, 2, 2] = np.inf
    window = _kernels.Window((1, 1, 1), (1, 1, 1), (0, 0, 1))
    _kernels.conv_filter_gradient(w, None, x, dy, None, window)
    np.testing.assert_array_equal(w.ravel(), [6, np.inf])

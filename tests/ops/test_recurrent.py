"""Recurrent cells against the definition, PyTorch, finite differences, and what a state is."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops

RNG = np.random.default_rng(0)
GATES = {"lstm": 4, "gru": 3, "tanh": 1, "relu": 1}
CELLS = pytest.mark.parametrize("cell", GATES)


def arguments(cell, steps=5, batch=7, inputs=4, units=9, dtype=np.float64, scale=0.6):
    """x, w, u, bias, recurrent_bias, h0 and, for an LSTM, c0."""
    width = GATES[cell] * units
    shapes = [(steps, batch, inputs), (inputs, width), (units, width), (width,), (width,), (batch, units)]
    shapes += [(batch, units)] if cell == "lstm" else []
    return [(scale * RNG.standard_normal(shape)).astype(dtype) for shape in shapes]


def definition(x, w, u, bias, recurrent_bias, h, c=None, *, cell, mask=None, keep=1.0):
    """The formulas, a step at a time."""
    states = []
    units = len(u)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    for t in range(len(x)):
        a, b = x[t] @ w + bias, (h * keep) @ u + recurrent_bias
        parts = list(zip(np.split(a, GATES[cell], axis=1), np.split(b, GATES[cell], axis=1), strict=True))
        new_c = c
        if cell == "lstm":
            i, f, g, o = (a + b for a, b in parts)
            new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            new = sigmoid(o) * np.tanh(new_c)
        elif cell == "gru":
            z, r = (sigmoid(a + b) for a, b in parts[:2])
            new = z * h + (1 - z) * np.tanh(parts[2][0] + r * parts[2][1])
        else:
            new = np.tanh(a + b) if cell == "tanh" else np.maximum(a + b, 0)
        alive = np.ones((len(h), 1), bool) if mask is None else mask[t][:, None]
        h = np.where(alive, new, h)
        c = None if c is None else np.where(alive, new_c, c)
        states.append(h)
    assert h.shape[1] == units
    return np.array(states if c is None else [*states, c])


@CELLS
@pytest.mark.parametrize(
    ("batch", "units"), [(1, 1), (1, 40), (2, 16), (3, 7), (7, 17), (13, 33), (50, 64)]
)  # few rows, tiles with rests, several panels
def test_values(cell, batch, units):
    parts = arguments(cell, batch=batch, units=units)
    mask, keep = RNG.random((5, batch)) < 0.7, RNG.random((batch, units)) * 2
    for options in ({}, {"mask": mask}, {"keep": keep}):
        expected = definition(*parts, cell=cell, **options)
        scale = units * max(1.0, np.abs(expected).max())  # relu grows
        np.testing.assert_allclose(ops.recurrent(*parts, cell=cell, **options), expected, rtol=0, atol=1e-14 * scale)
    single = ops.recurrent(*[part.astype(np.float32) for part in parts], cell=cell)
    assert single.dtype == np.float32
    expected = definition(*parts, cell=cell)
    scale = units * max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(single, expected, rtol=0, atol=5e-7 * scale)


@CELLS
def test_values_of_long_sums(cell):
    """The sum over the units runs in several blocks."""
    parts = arguments(cell, steps=2, batch=5, units=300, scale=0.05)
    np.testing.assert_allclose(ops.recurrent(*parts, cell=cell), definition(*parts, cell=cell), rtol=0, atol=1e-12)


@CELLS
@pytest.mark.parametrize("batch", [2, 5])
def test_derivatives_to_second_order(cell, batch):
    parts = arguments(cell, steps=3, batch=batch, inputs=2, units=3)
    mask, keep = RNG.random((3, batch)) < 0.7, RNG.random((batch, 3)) * 2
    check_grads(lambda *p: ops.recurrent(*p, cell=cell), tuple(parts), order=1, rtol=1e-7, atol=1e-7)
    check_grads(lambda *p: ops.recurrent(*p, cell=cell, mask=mask, keep=keep), tuple(parts), order=2)


@CELLS
@pytest.mark.parametrize(("inputs", "units"), [(5, 35), (16, 32), (33, 16)])
def test_the_kernel_differentiates_as_the_written_out_step_does(cell, inputs, units):
    """Sizes that fill tiles, and do not: too large for finite differences."""
    from mmlcore.ops.recurrent import _composed

    parts = arguments(cell, steps=4, batch=13, inputs=inputs, units=units, scale=0.3)
    every = tuple(range(len(parts)))
    mask, keep = RNG.random((4, 13)) < 0.7, RNG.random((13, units)) * 2
    weights = RNG.standard_normal(ops.recurrent(*parts, cell=cell).shape)
    padded = [*parts, None][:7]

    def kernel(*p):
        return ops.sum(weights * ops.recurrent(*p, cell=cell, mask=mask, keep=keep))

    def composed(*p):
        return ops.sum(weights * _composed(*p, *padded[len(p) :], cell=cell, mask=mask, keep=keep))

    for ours, theirs in zip(grad(kernel, every)(*parts), grad(composed, every)(*parts), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * np.abs(theirs).max())


def torch_module(cell, parts):
    """PyTorch's layer with these weights: its gates stand in the order r z n, and its matrices are transposed."""
    import torch

    _, w, u, bias, recurrent_bias = parts[:5]
    inputs, units = len(w), len(u)
    dtype = torch.float32 if w.dtype == np.float32 else torch.float64
    cls = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}.get(cell, torch.nn.RNN)
    extra = {"nonlinearity": cell} if cls is torch.nn.RNN else {}
    module = cls(inputs, units, dtype=dtype, **extra)
    with torch.no_grad():
        for name, array in (("weight_ih", w.T), ("weight_hh", u.T), ("bias_ih", bias), ("bias_hh", recurrent_bias)):
            getattr(module, f"{name}_l0").copy_(torch.tensor(in_torch_order(cell, array)))
    return module


def in_torch_order(cell, array):
    """Gates along the first axis, z r n as r z n. Its own inverse."""
    array = np.array(array)
    if cell == "gru":
        z, r, n = np.split(array, 3)
        array = np.concatenate([r, z, n])
    return array


@CELLS
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_against_torch(cell, dtype, tolerance):
    torch = pytest.importorskip("torch")
    parts = arguments(cell, steps=12, batch=10, inputs=6, units=20, dtype=dtype, scale=0.3)
    module = torch_module(cell, parts)
    x, h0 = (torch.tensor(part, requires_grad=True) for part in (parts[0], parts[5]))
    states = [torch.tensor(part[None], requires_grad=True) for part in parts[5:]]
    y, last = module(x, tuple(states) if cell == "lstm" else states[0])
    ends = last if cell == "lstm" else (last,)
    ours = ops.recurrent(*parts, cell=cell)
    np.testing.assert_allclose(ours[:12], y.detach().numpy(), rtol=0, atol=tolerance)
    np.testing.assert_allclose(ours[11], ends[0][0].detach().numpy(), rtol=0, atol=tolerance)
    np.testing.assert_allclose(ours[-1], ends[-1][0].detach().numpy(), rtol=0, atol=tolerance)

    weights = RNG.standard_normal(ours.shape).astype(dtype)
    total = (y * torch.tensor(weights[:12])).sum()
    if cell == "lstm":
        total = total + (ends[1][0] * torch.tensor(weights[12])).sum()
    total.backward()
    found = grad(lambda *p: ops.sum(weights * ops.recurrent(*p, cell=cell)), tuple(range(len(parts))))(*parts)
    theirs = [x.grad.numpy()]
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        gradient = in_torch_order(cell, getattr(module, f"{name}_l0").grad.numpy())
        theirs.append(gradient.T if name.startswith("weight") else gradient)
    theirs += [state.grad[0].numpy() for state in states]
    for mine, other in zip(found, theirs, strict=True):
        scale = max(1.0, float(np.abs(other).max()))
        np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance * scale)
    assert h0.shape == (10, 20)


@CELLS
@pytest.mark.parametrize(("batch", "units"), [(7, 9), (12, 9), (12, 37), (2, 17)])
def test_numbers_of_rows_are_one_hot_vectors(cell, batch, units):
    """With w where it lies, with w packed, and with a batch of few rows."""
    parts = arguments(cell, inputs=6, batch=batch, units=units, scale=0.3)
    rows = RNG.integers(0, 6, (5, batch))
    weights = parts[1:]
    np.testing.assert_allclose(
        ops.recurrent(rows.astype(float), *weights, cell=cell),
        ops.recurrent(np.eye(6)[rows], *weights, cell=cell),
        rtol=0,
        atol=1e-14,
    )

    def total(x):
        return grad(lambda *p: ops.sum(ops.recurrent(x, *p, cell=cell) ** 2), (0, 1, 2, 3, 4))(*weights)

    for ours, theirs in zip(total(rows.astype(float)), total(np.eye(6)[rows]), strict=True):
        # relu lets the gradients grow to thousands, whose last place is 1e-12
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=max(1e-12, 1e-14 * np.abs(theirs).max()))
    unknown = rows.astype(float)
    unknown[2, 1] = 6
    found = np.isnan(ops.recurrent(unknown, *weights, cell=cell)[:5]).all(axis=2)
    np.testing.assert_array_equal(np.argwhere(found), [[2, 1], [3, 1], [4, 1]])


@CELLS
@pytest.mark.parametrize("units", [5, 16, 21])
def test_what_is_not_finite_stays_in_its_row(cell, units):
    """Of the batch: the units that fill up the last panel take part in every product."""
    parts = arguments(cell, batch=5, inputs=3, units=units)
    parts[0][2, 1] = np.inf

    def of_inputs(*p):
        return grad(lambda x: ops.sum(ops.recurrent(x, *p[1:], cell=cell)[:5]))(p[0])

    with np.errstate(all="ignore"):
        y, dx = ops.recurrent(*parts, cell=cell)[:5], of_inputs(*parts)
    others = [0, 2, 3, 4]
    few = [p if i in (1, 2, 3, 4) else p[:, others] if i == 0 else p[others] for i, p in enumerate(parts)]
    np.testing.assert_allclose(y[:, others], ops.recurrent(*few, cell=cell)[:5], rtol=0, atol=1e-13)
    expected = of_inputs(*few)
    np.testing.assert_allclose(dx[:, others], expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@CELLS
def test_a_sequence_in_two_parts(cell):
    x, *weights = arguments(cell, steps=6)
    whole = ops.recurrent(x, *weights, cell=cell)
    first = ops.recurrent(x[:4], *weights, cell=cell)
    state = [first[3], first[-1]] if cell == "lstm" else [first[3]]
    second = ops.recurrent(x[4:], *weights[:4], *state, cell=cell)
    np.testing.assert_allclose(second, whole[4:], rtol=0, atol=1e-15)


@CELLS
@pytest.mark.parametrize("units", [50, 64])
def test_the_same_bits_on_any_number_of_threads(cell, units):
    from mmlcore import get_num_threads, set_num_threads

    parts = arguments(cell, steps=20, batch=23, units=units, dtype=np.float32, scale=0.2)

    def run():
        return [
            ops.recurrent(*parts, cell=cell),
            *grad(lambda *p: ops.sum(ops.recurrent(*p, cell=cell) ** 2), (0, 1, 2))(*parts),
        ]

    set_num_threads(1)
    one = run()
    set_num_threads(3)
    assert get_num_threads() == 3
    for a, b in zip(one, run(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_no_steps_and_no_rows():
    x, *weights = arguments("gru", steps=0)
    assert ops.recurrent(x, *weights, cell="gru").shape == (0, 7, 9)
    x, *weights = arguments("gru", batch=0)
    assert ops.recurrent(x, *weights, cell="gru").shape == (5, 0, 9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cell": "elman"}, "cell must be one of 'lstm', 'gru', 'tanh', 'relu', got 'elman'"),
        ({"x": np.zeros(3)}, "x must be of shape"),
        ({"u": np.zeros((3, 5))}, r"u must be of shape \(units, 4 · units\), got shape \(3, 5\)"),
        ({"w": np.zeros((3, 12))}, r"w must be of shape \(2, 12\), got shape \(3, 12\)"),
        ({"h0": np.zeros((2, 2))}, r"h0 must be of shape \(5, 3\), got shape \(2, 2\)"),
        ({"cell": "gru", "c0": np.zeros((5, 3))}, "c0 must be None unless cell is 'lstm'"),
    ],
)
def test_bad_arguments(change, message):
    good = {"x": np.zeros((4, 5, 2)), "w": np.zeros((2, 12)), "u": np.zeros((3, 12)), "cell": "lstm"}
    with pytest.raises(ValueError, match="^recurrent: " + message):
        ops.recurrent(**(good | change))


@pytest.mark.parametrize("cell", ["lstm", "gru", "tanh"])
def test_one_hot_inputs_of_which_there_are_none(cell):
    gates = {"lstm": 4, "gru": 3, "tanh": 1}[cell]
    x, w, u = np.zeros((2, 3)), np.zeros((0, gates * 10)), np.zeros((10, gates * 10))
    assert np.isnan(ops.recurrent(x, w, u, cell=cell)[0]).all()

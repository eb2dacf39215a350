"""C = act(α A B + β C + bias): the error bound, the residual oracle, every stride, the edges of every block."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special

from mmlcore import _kernels

DTYPES = (np.float32, np.float64)
LANES = int(_kernels.build_info()["vector_bits"]) // 32
EDGES = sorted({0, 1, 2, 3, 5, 6, 7, 13, 14, 15, LANES - 1, LANES, LANES + 1, 2 * LANES - 1, 2 * LANES + 1, 97})


def bound(a, b, k):
    """|C - A B| ≤ γ_k |A| |B| (Higham, Accuracy and Stability of Numerical Algorithms, 3.5)."""
    unit = np.finfo(a.dtype).eps
    return (k + 2) * unit * (np.abs(a).astype(float) @ np.abs(b).astype(float)) + 1e-30


def random_view(rng, shape, dtype, layout):
    rows, cols = shape
    if layout == "C":
        return rng.standard_normal(shape).astype(dtype)
    if layout == "F":
        return rng.standard_normal((cols, rows)).astype(dtype).T
    if layout == "skipped":
        return rng.standard_normal((2 * rows, 3 * cols)).astype(dtype)[::2, ::3]
    return rng.standard_normal(shape).astype(dtype)[::-1, ::-1]


@given(
    m=st.sampled_from(EDGES),
    n=st.sampled_from(EDGES),
    k=st.sampled_from([*EDGES, 300, 1025]),
    dtype=st.sampled_from(DTYPES),
    layouts=st.tuples(*[st.sampled_from(["C", "F", "skipped", "reversed"])] * 2),
)
def test_product_within_the_error_bound(m, n, k, dtype, layouts):
    rng = np.random.default_rng(m + 100 * n + 10_000 * k)
    a, b = random_view(rng, (m, k), dtype, layouts[0]), random_view(rng, (k, n), dtype, layouts[1])
    c = np.full((m, n), np.nan, dtype)
    _kernels.gemm(c, a, b)
    exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
    assert (np.abs(c - exact) <= bound(a, b, k)).all()


# The blocks' sizes (cpp/kernels/gemm_tile.h): rows of C, columns of C, and k in either dtype, one more and one less.
ROWS = [24, 25, 56, 57, 95, 96, 97, 139, 140, 141, 281]
COLUMNS = [127, 128, 129, 130, 3071, 3072, 3073]
DEPTHS = [64, 65, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 2049]


@given(
    m=st.sampled_from([1, 17, *ROWS]),
    n=st.sampled_from([1, 17, *COLUMNS]),
    k=st.sampled_from([1, 17, *DEPTHS]),
    dtype=st.sampled_from(DTYPES),
    layouts=st.tuples(*[st.sampled_from(["C", "F", "skipped"])] * 2),
    alpha=st.sampled_from([1.0, -0.5, 0.0]),
    beta=st.sampled_from([0.0, 1.0, -2.0]),
    threads=st.sampled_from([1, 2]),
)
@example(141, 3073, 1025, np.float32, ("C", "F"), -0.5, 1.0, 2)
@example(281, 3073, 2049, np.float64, ("F", "C"), 1.0, 0.0, 2)
@example(57, 129, 257, np.float32, ("skipped", "C"), 1.0, -2.0, 1)
@example(141, 33, 513, np.float64, ("C", "skipped"), 1.0, 0.0, 1)
@settings(max_examples=60, deadline=None)
def test_residual_at_the_edges_of_every_block(m, n, k, dtype, layouts, alpha, beta, threads):
    """C t = α A (B t) + β C₀ t for random t, in O(n²) (the oracle of the BLIS test-suite)."""
    rng = np.random.default_rng(m + n + k)
    a, b = random_view(rng, (m, k), dtype, layouts[0]), random_view(rng, (k, n), dtype, layouts[1])
    before = rng.standard_normal((m, n)).astype(dtype) if beta else np.full((m, n), np.nan, dtype)
    c = before.copy()
    _kernels.set_num_threads(threads)
    try:
        _kernels.gemm(c, a, b, alpha, beta)
    finally:
        _kernels.set_num_threads(0)
    t = np.where(rng.random(n) < 0.1, rng.standard_normal(n), 0.0)  # few columns: a wrong element stands out
    t[-1] = 1.0
    expected = alpha * (a.astype(float) @ (b.astype(float) @ t))
    unit = np.finfo(dtype).eps / 2
    allowed = np.abs(alpha) * (k + 3) * unit * (np.abs(a).astype(float) @ (np.abs(b).astype(float) @ np.abs(t)))
    if beta:
        expected += beta * (before.astype(float) @ t)
        allowed += np.abs(beta) * 3 * unit * (np.abs(before).astype(float) @ np.abs(t))
    error = np.abs(c.astype(float) @ t - expected)
    assert (error <= allowed + 1e-12 * np.abs(allowed).max(initial=1.0)).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "n", "k"), [(1, 9, 5), (9, 1, 5), (30, 40, 50), (200, 64, 700), (0, 3, 2), (3, 4, 0)])
def test_alpha_beta_and_bias(m, n, k, dtype):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
    c0, bias = rng.standard_normal((m, n)).astype(dtype), rng.standard_normal(n).astype(dtype)
    c = c0.copy()
    _kernels.gemm(c, a, b, alpha=-1.5, beta=0.25, bias=bias)
    tolerance = 100 * np.finfo(dtype).eps * max(k, 1) ** 0.5
    np.testing.assert_allclose(c, -1.5 * (a @ b) + 0.25 * c0 + bias, rtol=tolerance, atol=tolerance)


FUNCTIONS = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "softplus": lambda z: np.logaddexp(0, z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
    "gelu": lambda z: z * special.ndtr(z),
    "silu": lambda z: z / (1 + np.exp(-z)),
}


def test_every_activation_has_its_row_here():
    assert set(FUNCTIONS) == set(_kernels.ACTIVATIONS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "k"), [(23, 0), (23, 1), (23, 700), (23, 3000), (201, 70)])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_epilogue_is_applied_once_and_last(name, m, k, dtype):
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, 41)).astype(dtype) / max(k, 1) ** 0.5
    bias, row_bias = rng.standard_normal(41).astype(dtype), rng.standard_normal(m).astype(dtype)
    c, z = np.empty((m, 41), dtype), np.empty((m, 41), dtype)
    _kernels.gemm(c, a, b, bias=bias, activation=_kernels.ACTIVATIONS[name], row_bias=row_bias, z=z)
    exact = a.astype(float) @ b.astype(float) + bias + row_bias[:, None]
    tolerance = 50 * np.finfo(dtype).eps
    np.testing.assert_allclose(z, exact, rtol=tolerance * 10, atol=tolerance)
    np.testing.assert_allclose(c, FUNCTIONS[name](z.astype(float)), rtol=tolerance, atol=tolerance)
    alone = np.empty_like(c)
    _kernels.gemm(alone, a, b, bias=bias, activation=_kernels.ACTIVATIONS[name], row_bias=row_bias)
    np.testing.assert_array_equal(alone, c)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "n"), [(1, 40), (40, 1), (300, 65), (300, 33)])
def test_row_bias_where_vectors_take_over(m, n, dtype):
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((m, 20)).astype(dtype), rng.standard_normal((20, n)).astype(dtype)
    c0, row_bias = rng.standard_normal((m, n)).astype(dtype), rng.standard_normal(m).astype(dtype)
    for activation, f in (("linear", lambda z: z), ("tanh", np.tanh)):
        c = c0.copy()
        _kernels.gemm(c, a, b, 0.5, 2.0, None, _kernels.ACTIVATIONS[activation], row_bias)
        np.testing.assert_allclose(c, f(0.5 * (a @ b) + 2 * c0 + row_bias[:, None]), atol=1e3 * np.finfo(dtype).eps)


def test_beta_zero_does_not_read_c_and_alpha_zero_does_not_read_a():
    c = np.full((3, 3), np.nan)
    _kernels.gemm(c, np.eye(3), np.eye(3), beta=0.0)
    np.testing.assert_array_equal(c, np.eye(3))
    _kernels.gemm(c, np.full((3, 3), np.nan), np.eye(3), alpha=0.0, beta=2.0)
    np.testing.assert_array_equal(c, 2 * np.eye(3))


@pytest.mark.parametrize("activation", sorted(_kernels.ACTIVATIONS))
def test_nan_and_infinity_go_through(activation):
    a = np.ones((20, 20))
    a[3, 0], a[5, 0] = np.nan, np.inf
    c = np.empty((20, 20))
    _kernels.gemm(c, a, np.ones((20, 20)), activation=_kernels.ACTIVATIONS[activation])
    assert np.isnan(c[3]).all()
    assert (c[5] == (1 if activation in ("sigmoid", "tanh") else np.inf)).all()
    a[5, 0] = -np.inf
    _kernels.gemm(c, a, np.ones((20, 20)), activation=_kernels.ACTIVATIONS[activation])
    assert (c[5] == {"linear": -np.inf, "tanh": -1, "elu": -1}.get(activation, 0)).all()
    assert np.isfinite(np.delete(c, [3, 5], axis=0)).all()


@pytest.mark.parametrize(
    "shape", [(5, 3, 4, 6), (2, 130, 70, 90), (300, 2, 2, 2), (0, 2, 2, 2), (2, 0, 2, 2), (2, 2, 0, 2), (3, 2, 2, 0)]
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_stacks(shape, dtype):
    s, m, n, k = shape
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((s, k, m)).astype(dtype).swapaxes(1, 2), rng.standard_normal((k, n)).astype(dtype)
    c = np.empty((s, m, n), dtype)
    _kernels.gemm_stacked(c, a, np.broadcast_to(b, (s, k, n)))
    np.testing.assert_allclose(c, a @ b, atol=1e3 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("m", "n", "k"), [(513, 301, 700), (2100, 1, 900), (1, 3000, 500), (300, 65, 300), (129, 97, 64)]
)
def test_bits_do_not_depend_on_threads(m, n, k, dtype):
    rng = np.random.default_rng(7)
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
    rows = a[:1000]  # several blocks; all 2100 take a minute under the sanitizers
    results = []
    try:
        for threads in (1, 2, 2):
            _kernels.set_num_threads(threads)
            c, triangle = np.empty((m, n), dtype), np.zeros((len(rows), len(rows)), dtype)
            _kernels.gemm(c, a, b, bias=b[0], activation=_kernels.ACTIVATIONS["tanh"])
            _kernels.syrk(triangle, rows, True)
            results.append((c, triangle))
    finally:
        _kernels.set_num_threads(0)
    for other in results[1:]:
        for mine, theirs in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_two_threads_compute_the_bits_of_one():
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((513, 700)), rng.standard_normal((700, 301))
    results = []
    try:
        for threads in (1, 2, 2):
            _kernels.set_num_threads(threads)
            c = np.empty((513, 301))
            _kernels.gemm(c, a, b)
            results.append(c)
    finally:
        _kernels.set_num_threads(0)
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[1], results[2])


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"b": np.ones((4, 2))}, ValueError, "gemm: b must be a matrix of 3 rows"),
        ({"c": np.ones((2, 3))}, ValueError, r"gemm: c must be of shape \(2, 2\), got \(2, 3\)"),
        ({"c": np.ones((2, 4))[:, ::2]}, ValueError, "gemm: c must be C-contiguous"),
        ({"a": np.ones((2, 3), np.float32)}, TypeError, "gemm: a must be float64"),
        ({"a": np.ones((2, 3), ">f8")}, TypeError, "gemm: a must be float64"),
        ({"c": np.ones((2, 2), int)}, TypeError, "gemm: c must be float32 or float64, got int64"),
        ({"a": np.ones(3)}, ValueError, "gemm: a must be 2-dimensional"),
        ({"bias": np.ones(3)}, ValueError, r"gemm: bias must be of shape \(2,\)"),
        ({"activation": 9}, ValueError, "gemm: activation must be one of the codes in ACTIVATIONS, got 9"),
    ],
)
def test_bad_arguments(change, error, text):
    arguments = {"c": np.empty((2, 2)), "a": np.ones((2, 3)), "b": np.ones((3, 2))} | change
    with pytest.raises(error, match=text):
        _kernels.gemm(**arguments)


def test_bias_may_be_a_row_of_the_result():
    c = np.arange(16.0).reshape(4, 4)
    expected = np.eye(4) + c[3]
    _kernels.gemm(c, np.eye(4), np.eye(4), bias=c[3])
    np.testing.assert_array_equal(c, expected)


def test_read_only_output_is_refused():
    c = np.zeros((2, 2))
    c.flags.writeable = False
    with pytest.raises(ValueError, match="gemm: c must be writeable"):
        _kernels.gemm(c, np.ones((2, 2)), np.ones((2, 2)))
    assert not c.any()


def test_misaligned_operands_are_read_right():
    packed = np.zeros(6, dtype=np.dtype([("tag", "i1"), ("x", "f8")]))
    packed["x"] = np.arange(6)
    c = np.empty((2, 2))
    _kernels.gemm(c, packed["x"].reshape(2, 3), np.ones((3, 2)))
    np.testing.assert_array_equal(c, [[3, 3], [12, 12]])


@pytest.mark.parametrize("view", [lambda a: a, lambda a: a.T, lambda a: a[::-1, ::-1]])
def test_result_may_overlap_an_operand(view):
    a = np.random.default_rng(4).standard_normal((40, 40))
    expected = view(a) @ a + a
    _kernels.gemm(a, view(a), a, beta=1.0)
    np.testing.assert_allclose(a, expected, rtol=1e-11, atol=1e-12)


def test_z_may_not_be_an_operand():
    a = np.ones((3, 3))
    with pytest.raises(ValueError, match="gemm: z must be apart from the inputs in memory, got an overlap"):
        _kernels.gemm(np.empty((3, 3)), a, np.eye(3), z=a)
    np.testing.assert_array_equal(a, 1)


def test_a_stack_may_not_be_written_over_its_operands():
    stack = np.ones((2, 3, 3))
    with pytest.raises(ValueError, match="gemm_stacked: c must be apart from the inputs in memory, got an overlap"):
        _kernels.gemm_stacked(stack, stack, stack.copy())

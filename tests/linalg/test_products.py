"""Products and rearrangements: NumPy's results, dtypes and errors, and the arithmetic that makes them."""

import numpy as np
import pytest

from mmlcore import linalg

rng = np.random.default_rng(0)
A, B, C = rng.standard_normal((4, 5)), rng.standard_normal((5, 6)), rng.standard_normal((6, 3))
WHOLE = np.array([[1, 2], [3, 4]])

CALLS = [
    ("outer", ([1, 2], [3, 4, 5]), {}),
    ("outer", (np.float32([1, 2]), np.float32([3])), {}),
    ("trace", (rng.standard_normal((2, 3, 4)),), {"offset": 1}),
    ("trace", (WHOLE,), {"dtype": np.float32}),
    ("diagonal", (rng.standard_normal((2, 3, 4)),), {"offset": -1}),
    ("matrix_transpose", (rng.standard_normal((2, 3, 4)),), {}),
    ("cross", ([1, 2, 3], [[4, 5, 6], [7, 8, 10]]), {}),
    ("cross", (rng.standard_normal((3, 4)), rng.standard_normal((3, 4))), {"axis": 0}),
    ("vecdot", (rng.standard_normal((2, 5)), rng.standard_normal(5)), {}),
    ("tensordot", (rng.standard_normal((2, 3, 4)), rng.standard_normal((3, 4, 5))), {}),
    ("tensordot", (rng.standard_normal((2, 3, 4)), rng.standard_normal((4, 3))), {"axes": ((1, 2), (1, 0))}),
    ("tensordot", (rng.standard_normal((2, 3)), rng.standard_normal((4, 2))), {"axes": (0, -1)}),
    ("tensordot", (A, B), {"axes": 0}),
    ("tensordot", (WHOLE, WHOLE), {}),
    ("matrix_power", (WHOLE, 7), {}),
    ("matrix_power", (rng.standard_normal((2, 3, 3)), -3), {}),
    ("matrix_power", (WHOLE, 0), {}),
    ("multi_dot", ([A, B, C],), {}),
    ("multi_dot", ([A[0], B, C[:, 0]],), {}),
    ("multi_dot", ([WHOLE, WHOLE],), {}),
    ("tensorsolve", (rng.standard_normal((2, 3, 6)), rng.standard_normal((2, 3))), {}),
    ("tensorsolve", (rng.standard_normal((2, 6, 3)), rng.standard_normal((2, 3))), {"axes": (1,)}),
    ("tensorinv", (rng.standard_normal((4, 6, 8, 3)),), {"ind": 2}),
]


@pytest.mark.parametrize(("name", "arguments", "options"), CALLS)
def test_as_numpy(name, arguments, options):
    ours = getattr(linalg, name)(*arguments, **options)
    theirs = getattr(np.linalg, name)(*arguments, **options)
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_views_are_views():
    a = np.ones((3, 3))
    assert np.shares_memory(linalg.diagonal(a), a)
    assert np.shares_memory(linalg.matrix_transpose(a), a)


def test_multi_dot_chooses_the_cheapest_order_and_fills_out():
    from mmlcore.linalg.products import _cheapest_order

    sizes = [30, 35, 15, 5, 10, 20, 25]  # Cormen et al., section 15.2: ((A1 (A2 A3)) ((A4 A5) A6))
    split = _cheapest_order(sizes)
    assert (split[0, 5], split[0, 2], split[3, 5]) == (2, 0, 4)
    out = np.empty((4, 3))
    assert linalg.multi_dot([A, B, C], out=out) is out
    np.testing.assert_allclose(out, A @ B @ C)
    with pytest.raises(ValueError, match="multi_dot: out must be C-contiguous, of shape"):
        linalg.multi_dot([A, B, C], out=np.empty((3, 4)))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: linalg.outer([[1]], [1]), ValueError, "outer: Input arrays must be one-dimensional"),
        (lambda: linalg.trace([1]), ValueError, "trace: x must be at least two-dimensional"),
        (lambda: linalg.cross([1, 2], [1, 2]), ValueError, "cross: input arrays must be"),
        (lambda: linalg.tensordot(A, B), ValueError, "tensordot: axes must be pairs of the same length"),
        (lambda: linalg.matrix_power(A, 2), linalg.LinAlgError, "matrix_power: a must be a square matrix"),
        (lambda: linalg.matrix_power(WHOLE, 1.5), TypeError, "matrix_power: n must be an integer, got 1.5"),
        (lambda: linalg.matrix_power([[0, 0], [0, 0]], -1), linalg.LinAlgError, "inv: a must be non-singular"),
        (lambda: linalg.multi_dot([A]), ValueError, "multi_dot: arrays must be at least two arrays, got 1"),
        (lambda: linalg.multi_dot([A, np.ones((2, 2, 2)), C]), linalg.LinAlgError, "arrays must be matrices"),
        (lambda: linalg.tensorsolve(np.ones((2, 3)), [1, 2]), linalg.LinAlgError, "tensorsolve: a must be of as many"),
        (lambda: linalg.tensorinv(np.ones((2, 2)), 0), ValueError, "tensorinv: ind must be positive, got 0"),
        (lambda: linalg.vecdot([1j], [1]), TypeError, "vecdot: x1 must be real numbers, got dtype complex128"),
    ],
)
def test_bad_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()

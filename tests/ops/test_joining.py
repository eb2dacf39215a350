"""Joining arrays, and the gradient cut up again."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops

RANDOM = np.random.default_rng(14)
A, B, C = RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(2, 3))
LONG = RANDOM.normal(size=(5, 3))

TABLE = {
    "concatenate": (lambda m: lambda x, y: m.concatenate([x, y]), (A, LONG)),
    "concatenate axis": (lambda m: lambda x, y: m.concatenate((x, y, x), axis=1), (A, B)),
    "concatenate -1": (lambda m: lambda x, y: m.concatenate([x, y], -1), (A, B)),
    "concatenate None": (lambda m: lambda x, y: m.concatenate([x, y], None), (A, LONG)),
    "stack": (lambda m: lambda x, y, z: m.stack([x, y, z]), (A, B, C)),
    "stack 1": (lambda m: lambda x, y: m.stack([x, y], axis=1), (A, B)),
    "stack -1": (lambda m: lambda x, y: m.stack((x, y), -1), (A, B)),
    "stack numbers": (lambda m: lambda x, y: m.stack([x, y]), (np.array(1.5), np.array(-2.0))),
    "vstack": (lambda m: lambda x, y: m.vstack([x, y]), (A, LONG)),
    "vstack vectors": (lambda m: lambda x, y: m.vstack([x, y]), (A[0], A)),
    "vstack numbers": (lambda m: lambda x, y: m.vstack([x, y]), (np.array(1.5), np.array(-2.0))),
    "hstack": (lambda m: lambda x, y: m.hstack([x, y]), (A, LONG[:2])),
    "hstack vectors": (lambda m: lambda x, y: m.hstack([x, y]), (A[0], LONG[:, 0])),
    "hstack numbers": (lambda m: lambda x, y: m.hstack([x, y]), (A[0], np.array(-2.0))),
    "one": (lambda m: lambda x: m.concatenate([x]), (A,)),
    "empty": (lambda m: lambda x, y: m.concatenate([x, y]), (A, np.ones((0, 3)))),
}


@pytest.mark.parametrize("name", TABLE)
def test_against_numpy(name, agrees):
    form, args = TABLE[name]
    agrees(form(ops), form(np), *args)
    check_grads(lambda *xs: form(np)(*xs) ** 2, args, order=2)


def test_constants_among_the_parts():
    parts = grad(lambda x: ops.sum(np.concatenate([A, x, [[1, 2, 3]]]) ** 2))(B)
    np.testing.assert_allclose(parts, 2 * B)
    gradient = grad(lambda x: np.sum(np.stack([x, 1.0, x * x, 2]) * np.arange(4)))(3.0)
    assert gradient == 2 * 2 * 3.0


def test_different_levels_among_the_parts():
    # d/dx of x · d/dy Σ (x, y)² at y = x: 2 x · x
    assert grad(lambda x: x * grad(lambda y: np.sum(np.stack([x, y]) ** 2))(x))(3.0) == 12.0


def test_dtypes():
    assert ops.stack([1, 2]).dtype == np.float64
    single = ops.concatenate([np.float32([1]), np.float32([2])])
    assert single.dtype == np.float32
    gx, gy = grad(lambda x, y: ops.sum(np.concatenate([x, y])), (0, 1))(np.float32([1]), np.array([2.0]))
    assert (gx.dtype, gy.dtype) == (np.float32, np.float64)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda: ops.concatenate([]), r"^concatenate: arrays must be at least one array, got none$"),
        (lambda: ops.stack([]), r"^stack: arrays must be at least one array, got none$"),
        (lambda: ops.hstack([]), r"^hstack: arrays must be at least one array, got none$"),
        (lambda: ops.vstack([]), r"^vstack: arrays must be at least one array, got none$"),
        (lambda: ops.stack([A, LONG]), r"^stack: arrays must be of one shape, got shapes \(2, 3\), \(5, 3\)$"),
        (lambda: ops.concatenate([A, LONG], 1), r"^concatenate: arrays must be of one shape except along axis 1, got"),
        (lambda: ops.concatenate([A, A], 2), r"^concatenate: axis must be between -2 and 1, got 2$"),
        (lambda: ops.concatenate([1.0, 2.0]), r"^concatenate: axis must be between"),
        (lambda: ops.stack([A, A], 3), r"^stack: axis must be between -3 and 2, got 3$"),
    ],
)
def test_errors(f, message):
    with pytest.raises(ValueError, match=message):
        f()


def test_what_is_not_real_is_refused():
    with pytest.raises(TypeError, match=r"^concatenate: arrays\[1\] must be real numbers, got dtype complex128$"):
        ops.concatenate([[1.0], [1j]])


@pytest.mark.parametrize("axis", [None, "", 0.0])
def test_an_axis_is_an_integer(axis):
    a = np.arange(3.0)
    with pytest.raises((TypeError, ValueError), match="axis"):
        ops.stack([a, a], axis=axis)
    if axis is not None:
        with pytest.raises((TypeError, ValueError), match="axis"):
            ops.concatenate([a, a], axis=axis)
        with pytest.raises((TypeError, ValueError), match="axis"):
            ops.sort(a, axis=axis)

"""The list of functions without derivative: complete for what Python code branches on, and honest."""

import numpy as np
import pytest

from mmlcore import grad, ops
from mmlcore.autodiff.tensor import OVERRIDES
from mmlcore.ops import constant

A = np.array([[1.0, -2.5, 3.0], [0.5, 4.0, -1.0]])


def test_it_exports_nothing():
    assert constant.__all__ == []


@pytest.mark.parametrize("name", ["equal", "less", "isnan", "isfinite", "argmax", "argsort", "floor", "shape", "any"])
def test_registered(name):
    assert getattr(np, name) in OVERRIDES


@pytest.mark.parametrize("step", [np.floor, np.ceil, np.trunc, np.rint, np.round])
def test_steps_have_the_derivative_zero(step):
    assert np.array_equal(grad(lambda x: ops.sum(step(x)))(A), np.zeros(A.shape))
    # d/dx (x step(x)) = step(x) between the steps
    np.testing.assert_array_equal(grad(lambda x: ops.sum(x * step(x)))(A + 0.1), step(A + 0.1))


def test_positions_can_index():
    def f(x):
        return np.max(x) * 2 + x[np.unravel_index(np.argmin(x), x.shape)]

    expected = np.zeros(A.shape)
    expected[1, 1], expected[0, 1] = 2.0, 1.0
    np.testing.assert_array_equal(grad(f)(A), expected)


def test_shapes_of_tensors_build_new_arrays():
    gradient = grad(lambda x: ops.sum(x * np.ones_like(x) + np.zeros(np.shape(x)) + np.size(x) * x))(A)
    np.testing.assert_array_equal(gradient, np.full(A.shape, 7.0))


def test_methods_without_a_derivative_work_on_the_values():
    x = np.array([0.4, 2.6, -1.2])

    def f(t):
        assert t.argmax() == np.argmax(t) == 1
        assert t.argmin(axis=0) == 2
        assert t.argsort().tolist() == [2, 0, 1]
        assert t.any()
        assert not (t > 5).all()
        assert t.nonzero()[0].tolist() == [0, 1, 2]
        assert t.round().tolist() == [0.0, 3.0, -1.0]
        assert np.sort(t).searchsorted(1.0) == 2
        return np.sum(t * t.round())

    assert np.array_equal(grad(f)(x), [0.0, 3.0, -1.0])

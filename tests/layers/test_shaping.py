"""Flatten and Reshape: shapes in any order, numbers untouched."""

import numpy as np
import pytest

from mmlcore import check_grads
from mmlcore.layers import Flatten, Reshape

X = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("target", "shape"), [((4, 3), (2, 4, 3)), ((-1, 2), (2, 6, 2)), ((12,), (2, 12)), (-1, (2, 12))]
)
def test_reshape(target, shape):
    layer = Reshape(target)
    np.testing.assert_array_equal(layer(X), X.reshape(shape))
    assert layer.output_shape == (None, *shape[1:])
    check_grads(layer.call, (X,), order=1)


def test_flatten():
    np.testing.assert_array_equal(Flatten()(X), X.reshape(2, 12))
    np.testing.assert_array_equal(Flatten()(X[:, 0]), X[:, 0])


def test_plans_share_memory():
    layer = Reshape((12,))
    dx = np.zeros_like(X)
    plan = layer.plan(X, dx, [], activate=True)
    plan.forward()
    assert np.shares_memory(plan.output, X)
    plan.output_gradient[...] = 1
    plan.backward()
    np.testing.assert_array_equal(dx, 1)


@pytest.mark.parametrize("target", [(5,), (-1, 5), (3, 3)])
def test_samples_that_do_not_fit(target):
    with pytest.raises(
        ValueError, match=r"^Reshape: target_shape must be that of its inputs, 12 numbers a sample, got"
    ):
        Reshape(target)(X)


@pytest.mark.parametrize("target", [(0,), (-1, -1), ("a",), (-2,)])
def test_targets_are_checked(target):
    with pytest.raises(ValueError, match=r"^Reshape: target_shape must be positive integers, one of them perhaps -1"):
        Reshape(target)

"""What the functions share: the sentences, places in stacks, array subclasses."""

import numpy as np
import pytest

from mmlcore.linalg import LinAlgError, stacks


def test_position_in_a_stack():
    assert stacks.stack_position(np.ones((2, 2)), 0) == ""
    assert stacks.stack_position(np.ones((5, 2, 2)), 3) == " (matrix 3 of the stack)"
    assert stacks.stack_position(np.ones((2, 3, 2, 2)), 4) == " (matrix (1, 1) of the stack)"


def test_requirements():
    with pytest.raises(LinAlgError, match="f: x must be finite, got NaN or infinity"):
        stacks.require_finite("f", np.array([np.inf]), "x")
    with pytest.raises(LinAlgError, match="f: a must be at least two-dimensional"):
        stacks.require_matrices("f", np.ones(3))
    with pytest.raises(TypeError, match="f: x must be real numbers, got dtype <U1"):
        stacks.require_real("f", "x", ["a"])
    assert stacks.require_real("f", "x", [True]).dtype == bool


def test_subclasses_come_back_and_lists_do_not():
    result = np.ones((2, 2))
    assert isinstance(stacks.like(np.eye(2).view(np.matrix), result), np.matrix)
    assert stacks.like([[1]], result) is result


def test_small_single_precision_is_computed_in_double():
    assert stacks.working_precision(np.ones((32, 3), np.float32)).dtype == np.float64
    assert stacks.working_precision(np.ones((33, 3), np.float32)).dtype == np.float32


def test_right_sides_broadcast():
    a, b, shape = stacks.stacked_right_side("f", np.ones((4, 1, 3, 3)), np.ones((2, 3, 5)))
    assert (a.shape, b.shape, shape) == ((4, 2, 3, 3), (4, 2, 3, 5), (4, 2, 3, 5))

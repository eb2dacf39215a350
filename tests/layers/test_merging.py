"""Layers of several inputs."""

import numpy as np
import pytest

from mmlcore import check_grads
from mmlcore.layers import Add, Concatenate

A, B = np.random.default_rng(0).standard_normal((2, 4, 3))


def test_add_and_concatenate():
    np.testing.assert_array_equal(Add()([A, B, A]), A + B + A)
    np.testing.assert_array_equal(Concatenate()([A, B]), np.concatenate([A, B], axis=-1))
    np.testing.assert_array_equal(Concatenate(axis=0)([A, B]), np.concatenate([A, B]))
    check_grads(lambda a, b: Add()([a, b]) ** 2, (A, B), order=2)
    check_grads(lambda a, b: Concatenate()([a, b]) ** 2, (A, B), order=2)


def test_errors():
    with pytest.raises(ValueError, match=r"^Add: inputs must be of one shape, \(4, 3\), got \(4, 2\)$"):
        Add()([A, B[:, :2]])
    for wrong in (A, []):
        with pytest.raises(TypeError, match=r"^Add: inputs must be a list of arrays, got "):
            Add()(wrong)

"""Constraints change weights in place, and hold while a model trains."""

import numpy as np
import pytest

from mmlcore.layers import Dense, constraints
from mmlcore.layers.constraints import MaxNorm, NonNeg
from mmlcore.models import Sequential


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 3), (40, 70), (6,)])
def test_max_norm(shape, dtype):
    w = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    before = w.copy().reshape(-1, shape[-1])
    MaxNorm(1.5)(w)
    lengths = np.linalg.norm(before.astype(float), axis=0)
    np.testing.assert_allclose(w.reshape(before.shape), before * np.minimum(1, 1.5 / lengths), rtol=1e-5)


def test_non_negative():
    w = np.array([[-1.0, 2.0, np.nan, -0.0]])
    NonNeg()(w)
    np.testing.assert_array_equal(w, [[0.0, 2.0, np.nan, 0.0]])


@pytest.mark.parametrize("capture", [True, False])
def test_they_hold_while_training(capture):
    x, y = np.random.default_rng(0).standard_normal((2, 40, 3))
    model = Sequential([Dense(3, kernel_constraint=MaxNorm(0.3), bias_constraint="non_neg")], seed=0)
    model.compile("adam", "mse")
    model.fit(x, y - 5, epochs=20, verbose=0, capture=capture)
    assert (np.linalg.norm(model.layers[0].kernel, axis=0) <= 0.3 + 1e-6).all()
    np.testing.assert_array_equal(model.layers[0].bias, 0)


def test_names_and_arguments():
    assert isinstance(constraints.get("max_norm", "f", "a"), MaxNorm)
    assert constraints.get(None, "f", "a") is None
    with pytest.raises(
        ValueError, match=r"^Dense: kernel_constraint must be one of 'max_norm', 'non_neg', got 'unit'$"
    ):
        Dense(1, kernel_constraint="unit")
    with pytest.raises(ValueError, match=r"^MaxNorm: max_value must be a finite number above 0, got 0$"):
        MaxNorm(0)

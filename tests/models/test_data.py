"""The border: what becomes batches, and what is refused with which words."""

import numpy as np
import pytest

from mmlcore import losses
from mmlcore.models.data import as_inputs, as_targets, require_finite

MSE, LABELS = losses.get("mse"), losses.get("sparse_categorical_crossentropy")


@pytest.mark.parametrize(
    "x",
    [
        np.arange(6.0).reshape(3, 2),
        np.arange(6).reshape(3, 2),
        np.asfortranarray(np.arange(6.0).reshape(3, 2)),
        np.arange(12.0).reshape(3, 4)[:, ::2] / 2,
        [[0, 1], [2, 3], [4, 5]],
        np.arange(6).reshape(3, 2).astype(">f4"),
        np.arange(6).reshape(3, 2).astype(np.float16),
    ],
)
def test_inputs_of_any_layout_become_contiguous_rows_of_the_model_s_dtype(x):
    got = as_inputs("fit", x, (None, 2), np.float32)
    assert got.dtype == np.float32
    assert got.flags.c_contiguous
    np.testing.assert_array_equal(got, np.arange(6).reshape(3, 2))


def test_inputs_that_fit_are_not_copied():
    x = np.zeros((3, 2), np.float32)
    x.flags.writeable = False
    assert as_inputs("fit", x, (None, 2), np.float32) is x


def test_numbers_are_samples_of_one_feature():
    assert as_inputs("predict", np.arange(4), (None, 1), np.float32).shape == (4, 1)
    assert as_inputs("fit", np.arange(4), None, np.float32).shape == (4, 1)
    with pytest.raises(ValueError, match=r"^predict: x must be shape \(n, features\) for a new model, got shape"):
        as_inputs("predict", np.arange(4), None, np.float32, numbers=False)


@pytest.mark.parametrize(
    ("x", "shape", "error", "text"),
    [
        (np.zeros((3, 4)), (None, 2), ValueError, "x must be shape (n, 2), got shape (3, 4)"),
        (np.zeros(3), (None, 2), ValueError, "x must be shape (n, 2), got shape (3,)"),
        (np.zeros((3, 1, 1)), (None, 1), ValueError, "x must be shape (n, 1), got shape (3, 1, 1)"),
        (1.5, (None, 1), ValueError, "x must be an array of samples, got a scalar"),
        (np.zeros((0, 2)), (None, 2), ValueError, "x must be at least one sample, got shape (0, 2)"),
        (np.zeros((3, 2), complex), (None, 2), TypeError, "x must be real numbers, got dtype complex128"),
        ([["a", "b"]], (None, 2), TypeError, "x must be real numbers, got dtype <U1"),
        (None, (None, 2), TypeError, "x must be real numbers, got dtype object"),
        ([[1.0, 2.0], [3.0]], (None, 2), ValueError, "x must be rows of equal shapes, got rows of different ones"),
    ],
)
def test_inputs_refused(x, shape, error, text):
    with pytest.raises(error) as raised:
        as_inputs("fit", x, shape, np.float32)
    assert str(raised.value) == f"fit: {text}"


def test_the_first_row_that_is_not_finite_is_named():
    x = np.zeros((10_000, 3))
    require_finite("fit", "x", x)
    x[7000, 2] = np.inf
    with pytest.raises(ValueError, match=r"^fit: x must be finite, got inf at row 7000$"):
        require_finite("fit", "x", x)
    x[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"^fit: x must be finite, got NaN at row 3$"):
        require_finite("fit", "x", x)


def test_numbers_too_large_for_float32_become_inf_silently_and_are_found():
    x = as_inputs("fit", [[1.0], [1e300]], (None, 1), np.float32)
    with pytest.raises(ValueError, match=r"^fit: x must be finite, got inf at row 1$"):
        require_finite("fit", "x", x)


def test_targets_take_the_shape_of_the_outputs():
    y = as_targets("fit", np.arange(3), 3, MSE, (None, 1), np.float32)
    assert y.shape == (3, 1)
    assert y.dtype == np.float32
    assert as_targets("fit", np.zeros((3, 2)), 3, MSE, (None, 2), np.float64).dtype == np.float64


@pytest.mark.parametrize("y", [[2, 0, 1], [[2], [0], [1]], [2.0, 0.0, 1.0], np.array([2, 0, 1], np.uint8)])
def test_labels_become_int64(y):
    got = as_targets("fit", y, 3, LABELS, (None, 3), np.float32)
    assert got.dtype == np.int64
    assert got.tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("y", "loss", "outputs", "text"),
    [
        (np.zeros(4), "mse", 1, "y must be as long as its inputs, 3 samples, got 4 samples"),
        (2.0, "mse", 1, "y must be as long as its inputs, 3 samples, got a scalar"),
        (np.zeros((3, 2)), "mse", 1, "y must be shape (n, 1), got shape (3, 2)"),
        (np.zeros(3), "mse", 2, "y must be shape (n, 2), got shape (3,)"),
        ([1, np.nan, 2], "mse", 1, "y must be finite, got NaN at row 1"),
        (
            [0, 1, 2],
            "binary_crossentropy",
            1,
            "y must be between 0 and 1 for binary_crossentropy, got values from 0 to 2",
        ),
        ([0, 3, 1], "sparse_categorical_crossentropy", 3, "y must be labels from 0 to 2, got 3 at row 1"),
        ([0, 1, -1], "sparse_categorical_crossentropy", 3, "y must be labels from 0 to 2, got -1 at row 2"),
        ([0, 1, 0.5], "sparse_categorical_crossentropy", 3, "y must be labels from 0 to 2, got 0.5 at row 2"),
        (np.eye(3), "sparse_categorical_crossentropy", 3, "y must be labels of shape (n,), got shape (3, 3)"),
        (
            [0, 1, 2],
            "categorical_crossentropy",
            3,
            "y must be shape (n, 3), one column a class (sparse_categorical_crossentropy takes labels), got shape (3,)",
        ),
    ],
)
def test_targets_refused(y, loss, outputs, text):
    with pytest.raises(ValueError) as raised:  # noqa: PT011
        as_targets("fit", y, 3, losses.get(loss), (None, outputs), np.float32)
    assert str(raised.value) == f"fit: {text}"


def test_a_user_s_loss_takes_any_targets():
    loss = losses.get(lambda y_true, y_pred: y_pred)
    for integers in ([2, 0, 1], np.array([2, 0, 1], np.uint8), np.array([True, False, True])):
        assert as_targets("fit", integers, 3, loss, (None, 3), np.float32).dtype == np.int64
    assert as_targets("fit", np.zeros((3, 5)), 3, loss, (None, 1), np.float32).shape == (3, 5)

"""A loss is one number a sample and their mean."""

import numpy as np
import pytest

from mmlcore import grad
from mmlcore.losses import LOSSES, FunctionLoss, Loss, MeanSquaredError


class Quartic(Loss):
    name = "quartic"

    def call(self, y_true, y_pred):
        return ((y_pred - y_true) ** 4).sum(axis=-1)


def test_calling_averages_the_samples_and_can_be_differentiated():
    t, p = np.zeros((2, 3)), np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(Quartic().call(t, p), [17, 81 + 256 + 625])
    assert float(Quartic()(t, p)) == (17 + 81 + 256 + 625) / 2
    np.testing.assert_allclose(grad(lambda p: Quartic()(t, p))(p), 4 * p**3 / 2)


def test_functions_may_return_a_number_a_sample_or_one_number():
    t, p = np.zeros((4, 2)), np.ones((4, 2))
    assert float(FunctionLoss(lambda t, p: ((t - p) ** 2).sum(axis=-1))(t, p)) == 2
    assert float(FunctionLoss(lambda t, p: ((t - p) ** 2).sum())(t, p)) == 8


@pytest.mark.parametrize("cls", dict.fromkeys(LOSSES.values()))
def test_nothing_is_broadcast(cls):
    predictions = np.full((3, 1), 0.5)
    flat = np.zeros(3, int) if cls.targets == "labels" else np.array([0.5, 1.0, 0.5])
    assert float(cls()(flat, predictions)) == float(cls()(flat[:, None], predictions))
    for wrong in (np.zeros(2), np.zeros((2, 1)), np.zeros((1, 3)), np.zeros((3, 2)), np.zeros(())):
        with pytest.raises(ValueError, match=rf"^{cls.__name__}: y_true must be shape \(3,.*\), got shape \("):
            cls()(wrong, predictions)


def test_flat_numbers_and_columns_are_the_same_samples():
    mse = MeanSquaredError()
    assert mse(np.arange(3.0), np.arange(3.0)[:, None]) == mse(np.arange(3.0)[:, None], np.arange(3.0)) == 0
    assert mse([1.0, 2.0], [[1.0], [4.0]]) == 2.0


def test_a_loss_without_formula_says_so():
    with pytest.raises(NotImplementedError, match=r"^Loss must define call\(y_true, y_pred\)$"):
        Loss()(np.zeros(1), np.zeros(1))
    assert Loss().before("softmax") is None

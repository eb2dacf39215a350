"""Losses between real numbers against their formulas and torch, with derivatives of first and second order."""

import numpy as np
import pytest

from mmlcore import check_grads, grad
from mmlcore.losses import (
    Huber,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    SumSquaredError,
    huber,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    sum_squared_error,
)

RNG = np.random.default_rng(0)
T, P = RNG.standard_normal((2, 6, 3))

CASES = [
    (MeanSquaredError, mean_squared_error, lambda p, t: ((p - t) ** 2).mean(axis=1)),
    (MeanAbsoluteError, mean_absolute_error, lambda p, t: np.abs(p - t).mean(axis=1)),
    (
        MeanAbsolutePercentageError,
        mean_absolute_percentage_error,
        lambda p, t: (100 * np.abs((p - t) / t)).mean(axis=1),
    ),
    (SumSquaredError, sum_squared_error, lambda p, t: ((p - t) ** 2).sum(axis=1)),
    (
        Huber,
        huber,
        lambda p, t: np.where(np.abs(p - t) < 1, (p - t) ** 2 / 2, np.abs(p - t) - 0.5).mean(axis=1),
    ),
]
EVERY = pytest.mark.parametrize(("cls", "function", "formula"), CASES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@EVERY
def test_formula(cls, function, formula, dtype):
    t, p = T.astype(dtype), P.astype(dtype)
    each = function(t, p)
    assert each.dtype == dtype
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    expected = formula(P, T)
    np.testing.assert_allclose(each, expected, rtol=rtol)
    np.testing.assert_allclose(cls()(t, p), expected.sum() if cls is SumSquaredError else expected.mean(), rtol=rtol)
    np.testing.assert_allclose(cls().call(t, p), each)


@EVERY
def test_derivatives(cls, function, formula):
    check_grads(lambda p: cls()(T, p), (P,), order=2)
    check_grads(lambda p: function(T, p), (P,), order=2)
    if cls is not MeanAbsolutePercentageError:  # near small targets differences are too coarse
        check_grads(cls(), (T, P), order=2)


def test_a_subclass_brings_its_own_formula():
    class Heavier(MeanSquaredError):
        def call(self, y_true, y_pred):
            return 3 * super().call(y_true, y_pred)

    assert float(Heavier()(T, P)) == pytest.approx(3 * ((T - P) ** 2).mean())


@pytest.mark.parametrize(
    ("ours", "name", "options"),
    [
        (MeanSquaredError(), "mse_loss", {}),
        (SumSquaredError(), "mse_loss", {"reduction": "sum"}),
        (MeanAbsoluteError(), "l1_loss", {}),
        (Huber(0.4), "huber_loss", {"delta": 0.4}),
    ],
)
def test_value_and_gradient_against_torch(ours, name, options):
    torch = pytest.importorskip("torch")
    p = torch.tensor(P, requires_grad=True)
    value = getattr(torch.nn.functional, name)(p, torch.tensor(T), **options)
    value.backward()
    np.testing.assert_allclose(ours(T, P), value.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(grad(lambda p: ours(T, p))(P), p.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_absolute_error_is_flat_where_right():
    np.testing.assert_array_equal(grad(lambda p: MeanAbsoluteError()(T, p))(T), 0)


def test_a_target_of_zero_gives_a_large_percentage_not_an_infinite_one():
    assert float(mean_absolute_percentage_error([[0.0]], [[1.0]])[0]) == pytest.approx(1e9)


@pytest.mark.parametrize("delta", [0, -1.0, float("inf"), "1"])
def test_delta_is_checked(delta):
    with pytest.raises(ValueError, match=r"^Huber: delta must be a finite number above 0, got "):
        Huber(delta)

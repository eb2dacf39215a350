"""Squared and absolute error against their formulas, with derivatives of first and second order."""

import numpy as np
import pytest

from mmlcore import check_grads, grad
from mmlcore.losses import MeanAbsoluteError, MeanSquaredError, mean_absolute_error, mean_squared_error

RNG = np.random.default_rng(0)
T, P = RNG.standard_normal((2, 6, 3))

CASES = [
    (MeanSquaredError, mean_squared_error, lambda d: d**2),
    (MeanAbsoluteError, mean_absolute_error, np.abs),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("cls", "function", "formula"), CASES)
def test_formula(cls, function, formula, dtype):
    t, p = T.astype(dtype), P.astype(dtype)
    each = function(t, p)
    assert each.dtype == dtype
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(each, formula(P - T).mean(axis=1), rtol=rtol)
    np.testing.assert_allclose(cls()(t, p), formula(P - T).mean(), rtol=rtol)
    np.testing.assert_allclose(cls().call(t, p), each)


@pytest.mark.parametrize(("cls", "function", "formula"), CASES)
def test_derivatives(cls, function, formula):
    check_grads(lambda p: cls()(T, p), (P,), order=2)
    check_grads(lambda p: function(T, p), (P,), order=2)
    check_grads(cls(), (T, P), order=2)


def test_a_subclass_brings_its_own_formula():
    class Heavier(MeanSquaredError):
        def call(self, y_true, y_pred):
            return 3 * super().call(y_true, y_pred)

    assert float(Heavier()(T, P)) == pytest.approx(3 * ((T - P) ** 2).mean())


def test_gradient_against_torch():
    torch = pytest.importorskip("torch")
    p = torch.tensor(P, requires_grad=True)
    torch.nn.functional.mse_loss(p, torch.tensor(T)).backward()
    np.testing.assert_allclose(grad(lambda p: MeanSquaredError()(T, p))(P), p.grad.numpy(), rtol=1e-12)


def test_absolute_error_is_flat_where_right():
    np.testing.assert_array_equal(grad(lambda p: MeanAbsoluteError()(T, p))(T), 0)

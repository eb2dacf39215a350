"""A step is one update by the batch's gradient, penalties and constraints included."""

import numpy as np
import pytest

from mmlcore import losses, ops
from mmlcore.layers import Dense
from mmlcore.layers.constraints import MaxNorm
from mmlcore.layers.regularizers import L1L2, L2
from mmlcore.models.parameters import Parameters
from mmlcore.models.steps import TrainingStep, penalty_of
from mmlcore.optimizers import SGD

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((8, 3)), RNG.standard_normal((8, 2))
LABELS = RNG.integers(0, 2, 8)


def linear_step(loss="mse", rate=0.1):
    layer = Dense(2)
    layer.prepare((None, 3), np.float64, seed=0)
    parameters = Parameters([layer], np.float64)
    optimizer = SGD(rate)
    optimizer.build(parameters.theta)
    step = TrainingStep([layer], False, layer.call, losses.get(loss), parameters, optimizer)
    return layer, parameters, step


@pytest.mark.parametrize("loss", ["mse", lambda t, p: ((t - p) ** 2).mean(axis=1)], ids=["planned", "taped"])
@pytest.mark.parametrize("rows", [[0, 1, 2, 3, 4, 5, 6, 7], [6, 0, 6]])
def test_a_step_is_gradient_descent_on_the_rows(loss, rows):
    layer, parameters, step = linear_step(loss)
    kernel, bias = layer.kernel.copy(), layer.bias.copy()
    x, y = X[rows], Y[rows]
    residual = x @ kernel + bias - y

    value, outputs = step(x, y)

    assert type(value) is float
    assert value == pytest.approx((residual**2).mean(), rel=1e-12)
    np.testing.assert_allclose(outputs, residual + y, rtol=1e-12)
    np.testing.assert_allclose(layer.kernel, kernel - 0.1 * 2 * x.T @ residual / residual.size, rtol=1e-12)
    np.testing.assert_allclose(layer.bias, bias - 0.1 * 2 * residual.sum(axis=0) / residual.size, rtol=1e-12)
    assert layer.kernel is parameters.views[0]


def test_an_interrupted_step_leaves_theta_and_the_layers_as_they_were():
    def interrupted(y_true, y_pred):
        raise KeyboardInterrupt

    layer, parameters, step = linear_step(interrupted)
    before = parameters.theta.copy()
    with pytest.raises(KeyboardInterrupt):
        step(X, Y)
    np.testing.assert_array_equal(parameters.theta, before)
    assert layer.kernel is parameters.views[0]


def regularized_step(weights=None, **options):
    layer = Dense(2, **options)
    layer.prepare((None, 3), np.float64, seed=0)
    parameters = Parameters([layer], np.float64)
    optimizer = SGD(0.1)
    optimizer.build(parameters.theta)
    return layer, parameters, TrainingStep([layer], False, layer.call, losses.get("mse"), parameters, optimizer)


def test_penalties_join_the_loss_and_its_gradient():
    layer, parameters, step = regularized_step(kernel_regularizer=L1L2(0.1, 0.3), bias_regularizer=L2(0.5))
    layer.bias = [1.0, -2.0]
    kernel, bias = layer.kernel.copy(), layer.bias.copy()
    residual = X @ kernel + bias - Y
    penalty = 0.1 * np.abs(kernel).sum() + 0.3 * (kernel**2).sum() + 0.5 * (bias**2).sum()
    assert penalty_of(parameters) == pytest.approx(penalty, rel=1e-12)
    assert step(X, Y)[0] == pytest.approx((residual**2).mean() + penalty, rel=1e-12)
    slope = 2 * X.T @ residual / residual.size + 0.1 * np.sign(kernel) + 0.6 * kernel
    np.testing.assert_allclose(layer.kernel, kernel - 0.1 * slope, rtol=1e-12)
    np.testing.assert_allclose(layer.bias, bias - 0.1 * (2 * residual.sum(axis=0) / residual.size + bias), rtol=1e-12)


def test_a_regulariser_of_one_s_own_is_differentiated():
    layer, parameters, step = regularized_step(kernel_regularizer=lambda w: 0.1 * ops.sum(w**4))
    kernel, bias = layer.kernel.copy(), layer.bias.copy()
    residual = X @ kernel + bias - Y
    assert penalty_of(parameters) == pytest.approx(0.1 * (kernel**4).sum(), rel=1e-12)
    assert step(X, Y)[0] == pytest.approx((residual**2).mean() + 0.1 * (kernel**4).sum(), rel=1e-12)
    slope = 2 * X.T @ residual / residual.size + 0.4 * kernel**3
    np.testing.assert_allclose(layer.kernel, kernel - 0.1 * slope, rtol=1e-12)


def test_constraints_hold_after_every_step():
    layer, _, step = regularized_step(kernel_constraint=MaxNorm(0.5), bias_constraint="non_neg")
    for _ in range(5):
        step(X, 10 * Y - 5)
        assert (np.linalg.norm(layer.kernel, axis=0) <= 0.5 + 1e-12).all()
        assert (layer.bias >= 0).all()


def test_weights_are_those_of_the_samples():
    weights = np.array([0.0, 1.0, 2.0, 0.0, 0.5, 1.0, 1.0, 3.0])
    layer, _, step = regularized_step()
    kernel, bias = layer.kernel.copy(), layer.bias.copy()
    residual = X @ kernel + bias - Y
    assert step(X, Y, weights)[0] == pytest.approx((weights * (residual**2).mean(axis=1)).mean(), rel=1e-12)
    slope = 2 * X.T @ (weights[:, None] * residual) / residual.size
    np.testing.assert_allclose(layer.kernel, kernel - 0.1 * slope, rtol=1e-12)


def test_a_loss_that_is_no_number_leaves_theta():
    _, parameters, step = regularized_step()
    step.raise_on_nan = True
    before = parameters.theta.copy()
    with pytest.raises(FloatingPointError, match=r"^fit: the loss must be finite, got NaN or inf$"):
        step(np.full((8, 3), np.nan), Y)
    np.testing.assert_array_equal(parameters.theta, before)


def test_few_batch_sizes_are_kept():
    _, _, step = linear_step()
    for rows in range(1, 9):
        step(X[:rows], Y[:rows])
    assert len(step._steps) <= 4

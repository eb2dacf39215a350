"""Gradient descent and momentum, formula by formula."""

import numpy as np
import pytest

from mmlcore.optimize import minimize

A = np.array([[3.0, 1.0], [1.0, 2.0]])
START = np.array([4.0, -1.0])


def bowl(x):
    return 0.5 * x @ A @ x


def slope(x):
    return A @ x


def path(method, **options):
    return np.array(minimize(bowl, START, method, max_iter=6, track=True, **options).path)


def test_c1_the_documents_example():
    r = minimize(lambda x: x**2, 4.0, "gradient_descent", learning_rate=0.1, max_iter=2, track=True)
    np.testing.assert_allclose(r.path, [4.0, 3.2, 2.56], rtol=1e-15)


def test_c2_momentum_in_three_forms_and_nesterov_step_by_step():
    eta, alpha = 0.1, 0.7
    x, move = START.copy(), np.zeros(2)
    drp = [x]
    for _ in range(6):  # x ← x - η ∇f + α Δx
        move = alpha * move - eta * slope(x)
        x = x + move
        drp.append(x)
    x, before, notes = START.copy(), START.copy(), [START]
    for _ in range(6):  # θ ← θ + α (θ - θ') - (1 - α) η g
        x, before = x + alpha * (x - before) - (1 - alpha) * eta * slope(x), x
        notes.append(x)
    x, v, cs582 = START.copy(), np.zeros(2), [START]
    for _ in range(6):  # v ← γ v + η ∇L, W ← W - v
        v = alpha * v + eta * slope(x)
        x = x - v
        cs582.append(x)
    x, v, nesterov = START.copy(), np.zeros(2), [START]
    for _ in range(6):
        v = alpha * v - eta * slope(x + alpha * v)
        x = x + v
        nesterov.append(x)
    options = {"learning_rate": eta, "momentum": alpha}
    for form, expected in (("DRP", drp), ("Notes", notes), ("CS582", cs582)):
        np.testing.assert_allclose(path("momentum", form=form, **options), expected, rtol=1e-12)
    np.testing.assert_allclose(path("nesterov", **options), nesterov, rtol=1e-12)


def test_c1_the_step_grows_after_a_decrease_and_shrinks_after_an_increase():
    points = path("gradient_descent", step="adaptive", learning_rate=2.0, grow=1.5, shrink=0.25)
    x, eta, expected = START, 2.0, [START]
    for _ in range(6):
        while bowl(x - eta * slope(x)) > bowl(x):
            eta *= 0.25
        x = x - eta * slope(x)
        eta *= 1.5
        expected.append(x)
    np.testing.assert_allclose(points, expected, rtol=1e-12)


def test_the_exact_step_minimises_a_quadratic_along_the_gradient():
    for x, new in zip(path("gradient_descent", step="exact"), path("gradient_descent", step="exact")[1:], strict=False):
        assert slope(new) @ slope(x) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("step", ["armijo", "wolfe", "adaptive", "exact"])
def test_step_rules_converge(step):
    assert minimize(bowl, START, "gradient_descent", step=step).success


def test_conjugate_gradients_solve_a_quadratic_in_n_steps():
    r = minimize(bowl, START, "cg", tol=1e-3)
    assert r.nit <= 4


def test_names_are_checked():
    with pytest.raises(ValueError, match="gradient_descent: step must be one of"):
        path("gradient_descent", step="big")
    with pytest.raises(ValueError, match="momentum: form must be one of"):
        path("momentum", form="Adam")

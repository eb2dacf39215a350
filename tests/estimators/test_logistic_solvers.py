"""All ways lead to the same place."""

import numpy as np
import pytest

from mmlcore.estimators.logistic_loss import BinaryLoss, Prior, SoftmaxLoss
from mmlcore.estimators.logistic_solvers import SOLVERS, irls

rng = np.random.default_rng(0)
X = rng.normal(size=(80, 3))
CODES = (X[:, 0] + 0.5 * rng.normal(size=80) > 0).astype(np.int64) + (X[:, 1] > 1)


def problem(classes):
    rows = 1 if classes == 2 else 3
    prior = Prior(np.tile([1.0, 1.0, 1.0, 0.0], rows), np.zeros(4 * rows))
    kind = BinaryLoss if classes == 2 else SoftmaxLoss
    return kind(X, np.minimum(CODES, classes - 1), classes, None, prior, True)


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("classes", [2, 3])
def test_the_gradient_vanishes(name, classes):
    loss, tol = problem(classes), 1e-6 if name == "gradient_descent" else 1e-9
    found = SOLVERS[name](loss, np.zeros(loss.size), tol, 5000)
    assert found.converged
    np.testing.assert_allclose(loss(found.theta)[1], 0, atol=tol)
    best = irls(loss, np.zeros(loss.size), 1e-12, 50)
    assert loss(found.theta)[0] == pytest.approx(loss(best.theta)[0], rel=1e-9)


def test_irls_is_newton():
    """One step of weighted least squares on z = Xθ + (t - p) / (p (1 - p)) is one step of Newton's method."""
    loss = problem(2)
    theta = 0.1 * rng.normal(size=4)
    stepped = irls(loss, theta, 0.0, 1).theta
    rows = np.column_stack([X, np.ones(80)])
    p = 1 / (1 + np.exp(-rows @ theta))
    s = p * (1 - p)
    z = rows @ theta + (loss.targets - p) / s
    again = np.linalg.solve(rows.T @ (s[:, None] * rows) + np.diag([1, 1, 1, 0]), rows.T @ (s * z))
    np.testing.assert_allclose(stepped, again, rtol=1e-10)


def test_no_iterations_stay_where_they_are():
    loss = problem(2)
    for solver in SOLVERS.values():
        found = solver(loss, np.ones(4), 1e-12, 0)
        np.testing.assert_array_equal(found.theta, 1.0)
        assert not found.converged


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_many_rows_start_from_some(classes, weighted):
    """Sorted by class, and weights that nearly leave out one: the rows in between must not mislead."""
    own = np.random.default_rng(1)
    rows = own.normal(size=(40_000, 3)) * [1, 100, 0.01] + [0, 50, 0]
    codes = np.minimum((rows[:, 0] > 0) + (rows[:, 1] > 100).astype(np.int64), classes - 1)
    codes = np.where(own.random(40_000) < 0.1, 0, codes)
    order = np.argsort(codes)
    weights = np.where(codes[order] == 1, 1e-3, 1.0) if weighted else None
    blocks = 1 if classes == 2 else 3
    prior = Prior(np.tile([1.0, 1.0, 1.0, 0.0], blocks), np.zeros(4 * blocks))
    kind = BinaryLoss if classes == 2 else SoftmaxLoss
    loss = kind(rows[order], codes[order], classes, weights, prior, True)
    part = loss.part(0)
    assert len(part.X) == 4096
    assert part.scale == pytest.approx(loss.scale)
    found, best = (SOLVERS[name](loss, np.zeros(loss.size), 1e-7, 500) for name in ("lbfgs", "irls"))
    assert found.converged
    assert loss(found.theta)[0] == pytest.approx(loss(best.theta)[0], rel=1e-9)


def test_a_start_that_is_better_is_kept():
    own = np.random.default_rng(1)
    rows = own.normal(size=(40_000, 3))
    codes = (rows[:, 0] + own.normal(size=40_000) > 0).astype(np.int64)
    loss = BinaryLoss(rows, codes, 2, None, Prior(np.zeros(4), np.zeros(4)), True)
    best = irls(loss, np.zeros(4), 1e-12, 50).theta
    again = SOLVERS["lbfgs"](loss, best, 1e-8, 100)
    np.testing.assert_allclose(again.theta, best, rtol=1e-6, atol=1e-9)
    stopped = SOLVERS["lbfgs"](loss, best, 1e-8, 0)
    np.testing.assert_array_equal(stopped.theta, best)

"""SGD: the documents' forms of momentum, and its arguments; the table of all optimisers is in test_table.py."""

import numpy as np
import pytest

from mmlcore.optimizers import SGD
from optimizer_oracles import momentum_of_cs582, momentum_of_drp, momentum_of_notes


def test_the_step_of_the_lecture():
    # MISSION C1: x² from 4 with η = 0.1 gives 3.2
    theta = np.array([4.0])
    SGD(learning_rate=0.1).update(theta, 2 * theta)
    assert theta[0] == pytest.approx(3.2)


@pytest.mark.parametrize(
    ("reference", "dampening"), [(momentum_of_drp, 0.0), (momentum_of_cs582, 0.0), (momentum_of_notes, 0.5)]
)
def test_the_three_forms_of_momentum_step_by_step(reference, dampening):
    # MISSION C2, each down its own path over x⁴/4 + x y + y²
    def gradient(p):
        return np.array([p[0] ** 3 + p[1], p[0] + 2 * p[1]])

    theta = np.array([1.0, 2.0])
    sgd = SGD(0.05, momentum=0.5, dampening=dampening)
    path = reference(theta.copy(), 0.05, 0.5)
    point = next(path)
    for _ in range(20):
        sgd.update(theta, gradient(theta))
        point = path.send(gradient(point))
        np.testing.assert_allclose(theta, point, rtol=1e-12)


@pytest.mark.parametrize("argument", ["momentum", "dampening"])
@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan"), "0.9"])
def test_constants_are_checked(argument, value):
    with pytest.raises(ValueError, match=rf"^SGD: {argument} must be a number in \[0, 1\), got "):
        SGD(**{argument: value})


def test_momentum_can_be_read_and_changed():
    assert SGD().momentum == SGD().dampening == 0.0
    sgd = SGD(1.0, momentum=0.5)
    theta = np.zeros(1)
    sgd.update(theta, np.ones(1))
    sgd.momentum = 0.25
    sgd.update(theta, np.zeros(1))
    assert theta[0] == -1.25
    with pytest.raises(ValueError, match=r"^SGD: momentum must be changed where there is momentum, got 0.9 for one"):
        SGD().momentum = 0.9

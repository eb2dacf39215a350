"""AdaGrad, Adadelta, RMSprop: arguments and first steps; the table of all is in test_table.py."""

import numpy as np
import pytest

from mmlcore.optimizers import Adadelta, Adagrad, RMSprop


@pytest.mark.parametrize(
    ("cls", "argument"),
    [
        (Adagrad, "initial_accumulator_value"),
        (Adagrad, "epsilon"),
        (Adadelta, "rho"),
        (Adadelta, "epsilon"),
        (RMSprop, "rho"),
        (RMSprop, "momentum"),
        (RMSprop, "epsilon"),
    ],
)
def test_constants_are_checked(cls, argument):
    with pytest.raises(ValueError, match=rf"^{cls.__name__}: {argument} must be a"):
        cls(**{argument: -0.1})


def test_the_first_steps():
    for optimizer, move in (
        (Adagrad(0.5, initial_accumulator_value=0.0, epsilon=0.0), 0.5),  # g/√g²
        (RMSprop(0.5, rho=0.75, epsilon=0.0), 1.0),  # g/√((1-ρ) g²)
        (Adadelta(1.0, rho=0.75, epsilon=1.0), 1.0 / np.sqrt(0.25 * 16 + 1) * 4),  # √ε/√((1-ρ) g² + ε) g
    ):
        theta = np.zeros(2)
        optimizer.update(theta, np.array([4.0, -4.0]))
        np.testing.assert_allclose(theta, [-move, move], rtol=1e-12)


def test_a_constant_gradient_has_no_variance():
    # the centred form divides by √ε then, and rounding must not make that NaN
    theta = np.zeros(3, np.float32)
    optimizer = RMSprop(1e-6, rho=0.5, centered=True)
    for _ in range(60):
        optimizer.update(theta, np.full(3, 1234.567, np.float32))
    assert np.isfinite(theta).all()

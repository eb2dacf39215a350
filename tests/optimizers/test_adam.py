"""Adam and its relatives: arguments and what the papers promise; the table of all is in test_table.py."""

import numpy as np
import pytest

from mmlcore.optimizers import Adam, Adamax, AdamW, AMSGrad, Lion, Nadam

WITH_EPSILON = [Adam, AMSGrad, AdamW, Adamax, Nadam]
CONSTANTS = [(cls, name) for cls in (*WITH_EPSILON, Lion) for name in ("beta_1", "beta_2")]
CONSTANTS += [(cls, "epsilon") for cls in WITH_EPSILON]


@pytest.mark.parametrize(("cls", "argument"), CONSTANTS)
@pytest.mark.parametrize("value", [-0.1, float("nan"), "0.9"])
def test_constants_are_checked(cls, argument, value):
    with pytest.raises(ValueError, match=rf"^{cls.__name__}: {argument} must be a"):
        cls(**{argument: value})
    if argument != "epsilon":
        with pytest.raises(ValueError, match=r"in \[0, 1\), got 1.0$"):
            cls(**{argument: 1.0})


@pytest.mark.parametrize("cls", [Adam, AMSGrad, Adamax, Lion])
def test_the_first_step_is_the_rate_times_the_sign(cls):
    # Kingma and Ba, section 2.1: whatever the gradient's size
    theta = np.zeros(3)
    cls(0.01, **({} if cls is Lion else {"epsilon": 0.0})).update(theta, np.array([1e-3, -2.0, 5e4]))
    np.testing.assert_allclose(theta, [-0.01, 0.01, -0.01], rtol=1e-12)


def test_amsgrad_is_adam_with_the_switch():
    a, b, plain = np.ones(3), np.ones(3), np.ones(3)
    one, two, three = AMSGrad(0.1), Adam(0.1, amsgrad=True), Adam(0.1)
    for g in ([1.0, 2.0, 3.0], [0.1, 0.1, 0.1], [0.0, 1.0, 0.0]):
        for theta, optimizer in ((a, one), (b, two), (plain, three)):
            optimizer.update(theta, np.array(g))
    np.testing.assert_array_equal(a, b)
    assert np.any(a != plain)


def test_weight_decay_shrinks_what_has_no_gradient():
    theta = np.array([2.0])
    adamw = AdamW(0.1, weight_decay=0.5)
    for _ in range(3):
        adamw.update(theta, np.zeros(1))
    assert theta[0] == pytest.approx(2.0 * 0.95**3, rel=1e-12)

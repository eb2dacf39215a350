"""Learning rates and slots, for every optimiser of the table."""

import numpy as np
import pytest

from mmlcore.optimizers import OPTIMIZERS, SGD, Adam, Optimizer

RATES = [-0.1, float("nan"), float("inf"), "0.1", None, True]


@pytest.mark.parametrize("cls", OPTIMIZERS.values())
@pytest.mark.parametrize("rate", RATES)
def test_learning_rate_is_checked_at_once_and_when_changed(cls, rate):
    text = rf"^{cls.__name__}: learning_rate must be a finite number of at least 0, got "
    with pytest.raises(ValueError, match=text):
        cls(learning_rate=rate)
    optimizer = cls()
    before = optimizer.learning_rate
    with pytest.raises(ValueError, match=text):
        optimizer.learning_rate = rate
    assert optimizer.learning_rate == before


@pytest.mark.parametrize("cls", OPTIMIZERS.values())
def test_a_changed_rate_counts_from_the_next_step(cls):
    theta = np.array([1.0, -2.0])
    optimizer = cls(learning_rate=0.5)
    optimizer.build(theta)
    optimizer.update(theta, np.ones(2))
    moved = theta.copy()
    optimizer.learning_rate = 0
    optimizer.update(theta, np.ones(2))
    np.testing.assert_array_equal(theta, moved)
    assert repr(optimizer) == f"<{cls.__name__} learning_rate=0>"


@pytest.mark.parametrize("cls", OPTIMIZERS.values())
def test_slots_have_the_shape_and_dtype_of_theta(cls):
    theta = np.zeros(5, np.float32)
    optimizer = cls()
    optimizer.build(theta)
    for name in optimizer.slot_names:
        slot = getattr(optimizer, name)
        assert slot.shape == theta.shape
        assert slot.dtype == theta.dtype


def test_slots_belong_to_one_vector():
    theta = np.zeros(3)
    adam = Adam()
    adam.build(theta)
    adam.update(theta, np.ones(3))
    kept = adam.m.copy()
    adam.build(theta)  # the same vector again: the slots stay
    np.testing.assert_array_equal(adam.m, kept)
    with pytest.raises(ValueError, match=r"^compile: optimizer must be a new one for every model, got Adam in use"):
        adam.build(np.zeros(3))
    adam.reset()
    adam.build(np.zeros(4))
    assert adam.iterations == 0
    np.testing.assert_array_equal(adam.m, np.zeros(4))


def test_reset_forgets_the_slots_at_once():
    theta = np.zeros(3)
    for optimizer in (Adam(), SGD(momentum=0.9), SGD()):
        optimizer.reset()
        optimizer.build(theta)
        optimizer.update(theta, np.ones(3))
        optimizer.release(np.zeros(3))  # of another vector: nothing happens
        assert all(getattr(optimizer, name).any() for name in optimizer.slot_names)
        optimizer.release(theta)
        assert not any(getattr(optimizer, name).any() for name in optimizer.slot_names)


def test_an_optimiser_without_update_says_so():
    with pytest.raises(NotImplementedError, match=r"^Optimizer must define update\(theta, gradient\)$"):
        Optimizer(0.1).update(np.zeros(1), np.zeros(1))
    assert SGD().slot_names == ()

"""Learning rates, slots, clipping and averaging, for every optimiser of the table."""

import copy
import pickle

import numpy as np
import pytest

from mmlcore.optimizers import OPTIMIZERS, SGD, Adam, Optimizer

RATES = [-0.1, float("nan"), float("inf"), "0.1", None, True]
EVERY = pytest.mark.parametrize("cls", OPTIMIZERS.values())
RNG = np.random.default_rng(0)


@EVERY
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


@EVERY
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


@EVERY
def test_slots_have_the_shape_and_dtype_of_theta(cls):
    theta = np.zeros(5, np.float32)
    optimizer = cls()
    optimizer.build(theta)
    assert optimizer.slots.shape == (len(optimizer.slot_names), 5)
    for name in optimizer.slot_names:
        slot = getattr(optimizer, name)
        assert slot.shape == theta.shape
        assert slot.dtype == theta.dtype
        assert np.may_share_memory(slot, optimizer.slots)
    with pytest.raises(AttributeError, match="no attribute 'velocities'"):
        _ = optimizer.velocities


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


@EVERY
def test_reset_forgets_the_slots_at_once(cls):
    theta = np.zeros(3)
    optimizer = cls()
    optimizer.reset()
    optimizer.build(theta)
    fresh = optimizer.slots.copy()
    optimizer.update(theta, np.ones(3))
    optimizer.release(np.zeros(3))  # of another vector: nothing happens
    assert optimizer.iterations == 1
    assert not fresh.size or np.any(optimizer.slots != fresh)
    optimizer.release(theta)
    assert optimizer.iterations == 0
    np.testing.assert_array_equal(optimizer.slots, fresh)


def test_an_optimiser_without_a_rule_says_so():
    with pytest.raises(NotImplementedError, match=r"^Optimizer must define move\(theta, gradient\) or name a kernel$"):
        Optimizer(0.1).update(np.zeros(1), np.zeros(1))
    assert SGD().slot_names == ()


def test_an_optimiser_of_one_s_own():
    class Sign(Optimizer):
        def move(self, theta, gradient):
            theta -= self.learning_rate * np.sign(gradient)

    theta = np.zeros(2)
    Sign(0.5, clipvalue=1.0).update(theta, np.array([-3.0, 4.0]))
    np.testing.assert_array_equal(theta, [0.5, -0.5])


@EVERY
@pytest.mark.parametrize("clone", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_a_copy_goes_on_as_the_original(cls, clone):
    theta = RNG.standard_normal(7)
    original = cls(learning_rate=0.1, average="ema")
    for _ in range(3):
        original.update(theta, RNG.standard_normal(7))
    theta_2, copied = clone((theta, original))
    g = RNG.standard_normal(7)
    original.update(theta, g)
    copied.update(theta_2, g)
    np.testing.assert_array_equal(theta, theta_2)
    assert copied.iterations == 4
    np.testing.assert_array_equal(original.averaged, copied.averaged)


# Clipping: SGD with rate 1 from 0 shows the clipped gradient.


def clipped(gradient, weights=None, **options):
    theta = np.zeros(len(gradient))
    sgd = SGD(1.0, **options)
    sgd.build(theta, weights=weights)
    sgd.update(theta, np.array(gradient, float))
    return -theta


def test_clipping_by_value():
    np.testing.assert_array_equal(clipped([-3.0, 0.2, 5.0], clipvalue=0.5), [-0.5, 0.2, 0.5])


def test_clipping_by_norm_takes_each_weight():
    g = np.array([3.0, 4.0, 0.3, 0.4])
    np.testing.assert_allclose(clipped(g, [(0, 2), (2, 4)], clipnorm=1.0), [0.6, 0.8, 0.3, 0.4], rtol=1e-15)


def test_clipping_by_the_global_norm_keeps_the_direction_and_agrees_with_torch():
    g = RNG.standard_normal(50)
    got = clipped(g, [(0, 20), (20, 50)], global_clipnorm=2.0)
    np.testing.assert_allclose(got, g * 2.0 / np.linalg.norm(g), rtol=1e-14)
    np.testing.assert_array_equal(clipped(g, global_clipnorm=100.0), g)
    torch = pytest.importorskip("torch")
    parameter = torch.zeros(50, dtype=torch.float64, requires_grad=True)
    parameter.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_(parameter, 2.0)
    np.testing.assert_allclose(got, parameter.grad.numpy(), rtol=1e-6)  # torch adds 1e-6 to the norm


def test_clipping_ignores_what_is_frozen():
    theta = np.zeros(3)
    sgd = SGD(1.0, global_clipnorm=5.0)
    sgd.build(theta, trained=[(1, 3)])
    sgd.update(theta, np.array([1e9, 3.0, 4.0]))
    np.testing.assert_array_equal(theta, [0.0, -3.0, -4.0])


@pytest.mark.parametrize("argument", ["clipvalue", "clipnorm", "global_clipnorm"])
@pytest.mark.parametrize("value", [0, -1.0, float("nan"), "1"])
def test_limits_are_checked(argument, value):
    with pytest.raises(ValueError, match=rf"^SGD: {argument} must be "):
        SGD(**{argument: value})


# Polyak averaging.


def path_of(**options):
    theta = np.ones(5)
    sgd = SGD(0.1, **options)
    points = []
    for g in np.random.default_rng(3).standard_normal((10, 5)):
        sgd.update(theta, g)
        points.append(theta.copy())
    return np.array(points), theta, sgd


def test_the_running_mean_is_the_mean_of_the_path():
    points, theta, sgd = path_of(average="mean")
    np.testing.assert_allclose(sgd.averaged, points.mean(axis=0), rtol=1e-14)
    sgd.use_average()
    np.testing.assert_array_equal(theta, sgd.averaged)


def test_the_exponential_mean():
    points, _, sgd = path_of(average="ema", ema_momentum=0.75)
    expected = points[0]
    for point in points[1:]:
        expected = 0.75 * expected + 0.25 * point
    np.testing.assert_allclose(sgd.averaged, expected, rtol=1e-13)


def test_averaging_beats_the_last_iterate_under_noise():
    # Polyak and Juditsky (1992): with a constant rate the mean gets close to the minimum, the last point does not
    rng = np.random.default_rng(0)
    theta = np.zeros(20)
    sgd = SGD(0.2, average="mean")
    for _ in range(2000):
        sgd.update(theta, theta + rng.standard_normal(20))
    assert np.linalg.norm(sgd.averaged) < 0.2 * np.linalg.norm(theta)


def test_averages_are_asked_for():
    with pytest.raises(ValueError, match=r"^SGD: average must be None, 'ema' or 'mean', got 'polyak'$"):
        SGD(average="polyak")
    with pytest.raises(ValueError, match=r"^SGD: ema_momentum must be a number in \[0, 1\), got 1.0$"):
        SGD(ema_momentum=1.0)
    with pytest.raises(ValueError, match=r"^use_average: average must be 'ema' or 'mean', and θ known, got None$"):
        SGD().use_average()

"""Schedules against their formulas, their ends and torch's; how an optimiser follows one."""

import math

import numpy as np
import pytest

from mmlcore.optimizers import (
    OPTIMIZERS,
    SGD,
    CosineDecay,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    OneCycle,
    PiecewiseConstantDecay,
    PolynomialDecay,
    StepDecay,
    Warmup,
)
from mmlcore.optimizers.schedules import SCHEDULES

STEPS = range(50)


def torch_rates(make):
    """Rates of a scheduler of torch over an optimiser with rate 0.1."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = make(torch.optim.lr_scheduler, optimizer)
    rates = []
    for _ in STEPS:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (StepDecay(0.1, 7, 0.5), lambda s, o: s.StepLR(o, 7, 0.5)),
        (ExponentialDecay(0.1, 1, 0.9), lambda s, o: s.ExponentialLR(o, 0.9)),
        (PolynomialDecay(0.1, 60, 0.0, 2.0), lambda s, o: s.PolynomialLR(o, 60, 2.0)),
        (CosineDecay(0.1, 60), lambda s, o: s.CosineAnnealingLR(o, 60)),
        (
            OneCycle(0.4, 51, 0.3, 10.0, 100.0),
            lambda s, o: s.OneCycleLR(o, 0.4, 51, pct_start=0.3, div_factor=10.0, final_div_factor=100.0),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_against_torch(ours, theirs):
    np.testing.assert_allclose([ours(step) for step in STEPS], torch_rates(theirs), rtol=1e-9)


def test_formulas():
    for step in STEPS:
        assert ExponentialDecay(0.2, 10, 0.5)(step) == pytest.approx(0.2 * 0.5 ** (step / 10))
        assert InverseTimeDecay(0.2, 10, 3.0)(step) == pytest.approx(0.2 / (1 + 3 * step / 10))
        expected = 0.2 * (0.9 * (1 + math.cos(math.pi * min(step, 20) / 20)) / 2 + 0.1)
        assert CosineDecay(0.2, 20, alpha=0.1)(step) == pytest.approx(expected)


def test_warm_ups_are_straight_and_join_what_follows():
    warm = CosineDecay(0.1, 20, warmup_target=0.3, warmup_steps=10)
    np.testing.assert_allclose(np.diff([warm(step) for step in range(11)]), 0.02, rtol=1e-9)
    assert [warm(10 + step) for step in range(25)] == [CosineDecay(0.3, 20)(step) for step in range(25)]
    linear = Warmup(ExponentialDecay(0.1, 5, 0.5), warmup_steps=10)
    np.testing.assert_allclose(np.diff([linear(step) for step in range(10)]), 0.01, rtol=1e-9)
    assert linear(15) == pytest.approx(0.05)


def test_piecewise_constants_change_after_their_boundaries():
    rate = PiecewiseConstantDecay([3, 7], [1.0, 0.1, 0.01])
    assert [rate(step) for step in (0, 3, 4, 7, 8, 1000)] == [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]


def test_one_cycle_of_few_steps_divides_by_nothing():
    for steps in (1, 2, 3):
        rates = [OneCycle(1.0, steps)(step) for step in range(5)]
        assert all(0 <= rate <= 1 for rate in rates)


@pytest.mark.parametrize("cls", OPTIMIZERS.values())
def test_an_optimiser_follows_its_schedule(cls):
    schedule = StepDecay(0.5, 2, 0.1)
    scheduled, by_hand = cls(learning_rate=schedule), cls(learning_rate=0.5)
    a, b = np.ones(4), np.ones(4)
    for step in range(6):
        assert scheduled.learning_rate == schedule(step)
        by_hand.learning_rate = schedule(step)
        for theta, optimizer in ((a, scheduled), (b, by_hand)):
            optimizer.update(theta, np.array([1.0, -2.0, 0.5, 3.0]))
        np.testing.assert_array_equal(a, b)
    scheduled.learning_rate = 0.25  # a number ends the schedule
    assert scheduled.learning_rate == 0.25
    assert scheduled.schedule is None


def test_a_schedule_of_one_s_own():
    class Falling(LearningRateSchedule):
        def __call__(self, step):
            return 1.0 / (1 + step)

    theta = np.zeros(1)
    sgd = SGD(Falling())
    for _ in range(3):
        sgd.update(theta, np.ones(1))
    assert theta[0] == pytest.approx(-(1 + 1 / 2 + 1 / 3))
    with pytest.raises(NotImplementedError, match=r"^LearningRateSchedule must define __call__\(step\)$"):
        LearningRateSchedule()(0)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: ExponentialDecay(-1, 10, 0.5), "ExponentialDecay: initial_learning_rate must be a finite number"),
        (lambda: StepDecay(0.1, 0), "StepDecay: decay_steps must be a positive integer, got 0"),
        (lambda: CosineDecay(0.1, 2.5), "CosineDecay: decay_steps must be a positive integer, got 2.5"),
        (lambda: OneCycle(0.1, 10, pct_start=1.0), r"OneCycle: pct_start must be a number in \(0, 1\), got 1.0"),
        (lambda: Warmup("x", 3), "Warmup: after must be a finite number of at least 0, got 'x'"),
        (lambda: PiecewiseConstantDecay([2, 1], [1, 1, 1]), "boundaries must be increasing"),
        (lambda: PiecewiseConstantDecay([2], [1]), "values must be 2 numbers, one more than boundaries, got 1"),
        (lambda: SGD(ExponentialDecay(float("inf"), 1, 1)), "must be a finite number"),
    ],
)
def test_arguments_are_checked(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_the_table_names_them_all():
    assert set(SCHEDULES) == {
        cls.__name__ for cls in LearningRateSchedule.__subclasses__() if cls.__module__.startswith("mmlcore")
    } | {"StepDecay"}

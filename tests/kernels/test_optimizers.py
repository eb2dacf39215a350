"""The optimisers' kernels: any size, threads, clipping and averaging, errors. Formulas: tests/optimizers."""

import numpy as np
import pytest

from mmlcore import _kernels
from optimizer_oracles import CASES, trajectory

DTYPES = [np.float32, np.float64]
SIZES = [0, 1, 3, 8, 15, 16, 17, 1021, 5000]


def vectors(dtype, n, count):
    rng = np.random.default_rng(n)
    return [rng.standard_normal(n).astype(dtype) for _ in range(count)]


def everything(n):
    return np.array([[0, n]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_rule_at_every_size(case, n, dtype):
    theta, *gradients = vectors(dtype, n, 5)
    exact = trajectory(case, theta, gradients)[-1].astype(float)
    optimizer = case.make(**case.options)
    optimizer.build(theta)
    kernel = getattr(_kernels, f"{optimizer.kernel}_step")
    for g in gradients:
        kernel(theta, optimizer.slots, optimizer.clock, g, optimizer.constants, everything(n))
    tolerance = 16 * np.finfo(dtype).eps
    np.testing.assert_allclose(theta, exact, rtol=tolerance, atol=tolerance)
    assert optimizer.clock[0] == len(gradients)


def test_gradient_of_any_strides():
    g = np.random.default_rng(0).standard_normal(40)
    one, two = np.zeros(20), np.zeros(20)
    for theta, gradient in ((one, g[::-2]), (two, g[::-2].copy())):
        _kernels.sgd_step(theta, np.zeros((0, 20)), np.zeros(2), gradient, np.array([1.0, 0.0]), everything(20))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, -g[::-2])


@pytest.mark.parametrize("rule", _kernels.OPTIMIZER_RULES)
def test_threads_do_not_change_a_bit(rule):
    slots, constants = _kernels.OPTIMIZER_RULES[rule]
    n, results = 200_003, []
    for threads in (1, 2):
        _kernels.set_num_threads(threads)
        theta, g, *state = vectors(np.float32, n, 2 + slots)
        state = np.abs(np.array(state, np.float32).reshape(slots, n))
        clock, numbers = np.array([3.0, 0.5]), np.r_[0.01, 0.1, np.full(constants, 0.5)]
        spans = np.array([[0, 70_001], [90_003, n]])
        getattr(_kernels, f"{rule}_step")(theta, state, clock, g, numbers, spans)
        _kernels.clip_by_global_norm(g, np.array([1.0]), spans)
        _kernels.clip_by_value(g, np.array([0.001]))
        _kernels.average_parameters(g, theta, np.array([0.5]), clock)
        results.append((theta, state, g))
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
@pytest.mark.parametrize("n", [1, 17, 10_000])
def test_norms_neither_overflow_nor_vanish(dtype, size, n):
    g = (vectors(np.float64, n, 1)[0] * size).astype(dtype)
    wide = g.astype(np.longdouble)
    length = np.sqrt((wide**2).sum())
    limit = np.array([float(length) / 4])
    _kernels.clip_by_norm(g, limit, everything(n))
    np.testing.assert_allclose(g, (wide / 4).astype(float), rtol=50 * np.finfo(dtype).eps)


def test_spans_are_clipped_one_by_one_or_together():
    limit, spans = np.array([1.0]), np.array([[0, 2], [2, 4]])
    one, all_ = np.array([3.0, 4.0, 0.0, 0.5, 9.0]), np.array([1.0, 1.0, 1.0, 1.0, 9.0])
    _kernels.clip_by_norm(one, limit, spans)
    np.testing.assert_allclose(one, [0.6, 0.8, 0.0, 0.5, 9.0], rtol=1e-15)
    _kernels.clip_by_global_norm(all_, limit, spans)
    np.testing.assert_array_equal(all_, [0.5, 0.5, 0.5, 0.5, 9.0])


def test_what_is_not_a_number_stays_so():
    g = np.array([np.nan, 5.0, np.inf])
    _kernels.clip_by_value(g, np.array([2.0]))
    np.testing.assert_array_equal(g, [np.nan, 2.0, 2.0])


def test_errors_name_function_argument_and_value():
    theta, numbers, clock, slots = np.zeros(4), np.array([0.1, 0.0]), np.zeros(2), np.zeros((0, 4))
    spans = everything(4)
    readonly = np.zeros(4)
    readonly.flags.writeable = False

    def sgd(theta=theta, slots=slots, clock=clock, g=theta, numbers=numbers, spans=spans):
        _kernels.sgd_step(theta, slots, clock, g, numbers, spans)

    with pytest.raises(ValueError, match=r"sgd_step: grad must be of 4 elements \(as theta\), got \(3,\)"):
        sgd(g=np.zeros(3))
    with pytest.raises(TypeError, match=r"sgd_step: slots must be float64 .*, got float32"):
        sgd(slots=slots.astype(np.float32))
    with pytest.raises(ValueError, match=r"sgd_step: slots must be of shape \(0, 4\), got \(1, 4\)"):
        sgd(slots=np.zeros((1, 4)))
    with pytest.raises(TypeError, match=r"sgd_step: constants must be float64, got float32"):
        sgd(numbers=numbers.astype(np.float32))
    with pytest.raises(ValueError, match=r"adam_step: constants must be of shape \(5,\), got \(2,\)"):
        _kernels.adam_step(theta, np.zeros((2, 4)), clock, theta, numbers, spans)
    with pytest.raises(ValueError, match=r"sgd_step: theta must be writeable, got a read-only array"):
        sgd(theta=readonly)
    with pytest.raises(ValueError, match=r"sgd_step: spans must be pairs 0 <= begin <= end <= 4, got \(0, 5\)"):
        sgd(spans=everything(5))
    with pytest.raises(TypeError, match=r"sgd_step: spans must be int64, got float64"):
        sgd(spans=np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"clip_by_value: limit must be of shape \(1,\), got \(2,\)"):
        _kernels.clip_by_value(theta, np.zeros(2))
    assert clock[0] == 0, "a refused step must not count"

"""maximum, minimum, where, clip: values, derivatives beside the kinks, and the choice made at them."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops

RANDOM = np.random.default_rng(9)
A = RANDOM.normal(size=(3, 5))
B = RANDOM.normal(size=(3, 5))
ROW = RANDOM.normal(size=5)


@pytest.mark.parametrize("args", [(A, B), (A, ROW), (ROW, A[:, :1]), (A, np.array(0.1))])
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_extremes_of_two_against_numpy(name, args, agrees):
    agrees(getattr(ops, name), getattr(np, name), *args)
    check_grads(getattr(np, name), args, order=2)


def test_ties_share_the_gradient():
    for op in (np.maximum, np.minimum):
        x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 0.0])
        gx, gy = grad(lambda x, y, op=op: ops.sum(op(x, y)), argnums=(0, 1))(x, y)
        assert (gx + gy).tolist() == [1.0, 1.0, 1.0]
        assert gx[0] == gy[0] == 0.5
    assert grad(lambda x: np.maximum(x, 0.0))(np.float32(0.0)) == 0.5
    assert grad(lambda x: np.maximum(x, x))(2.0) == 1.0


def test_float32_stays_float32():
    x = A.astype(np.float32)
    for f in (lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, x, 0), lambda x: np.clip(x, -1, 1)):
        value = f(x)
        assert value.dtype == np.float32
        hessian_row = grad(lambda x, f=f: ops.sum(grad(lambda x: ops.sum(f(x) ** 3))(x)))(x)
        assert hessian_row.dtype == np.float32


def test_nan_comes_through():
    assert np.isnan(ops.maximum([np.nan, 1.0], [1.0, np.nan])).all()
    assert np.isnan(ops.minimum([np.nan, 1.0], [1.0, np.nan])).all()
    assert np.isnan(ops.clip([np.nan], 0, 1)).all()


@pytest.mark.parametrize("args", [(A, B), (A, ROW), (ROW, A), (A, np.array(2.0)), (np.array(1.0), np.array(2.0))])
def test_where_against_numpy(args, agrees):
    condition = B > 0
    agrees(lambda x, y: ops.where(condition, x, y), lambda x, y: np.where(condition, x, y), *args)


def test_where_takes_numbers_and_a_condition_from_the_tensor():
    f = lambda x: ops.sum(np.where(x > 0, x**2, 0.0))  # noqa: E731
    np.testing.assert_allclose(grad(f)(A), np.where(A > 0, 2 * A, 0))
    assert ops.where(True, 1, 2) == 1.0
    assert isinstance(ops.where(True, 1, 2), np.float64)
    assert ops.where(np.array([True, False]), [1, 2], [3, 4]).dtype == np.float64
    assert grad(lambda x: np.where(x > 0, x, -x))(-2.0) == -1.0


def test_where_does_not_pass_on_what_was_not_chosen():
    x = np.array([0.0, 4.0])
    safe = lambda x: ops.sum(np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0))  # noqa: E731
    assert grad(safe)(x).tolist() == [0.0, 0.25]


def test_where_with_only_a_condition_finds_it():
    found = []

    def f(x):
        found.append(np.where(x > 0))
        return ops.sum(x)

    grad(f)(A)
    for i, j in zip(found[0], np.where(A > 0), strict=True):
        np.testing.assert_array_equal(i, j)
    with pytest.raises(ValueError, match=r"^where: x and y must be given together, got only one of them$"):
        ops.where(A > 0, 1.0)


@pytest.mark.parametrize("limits", [(-0.5, 0.5), (None, 0.5), (-0.5, None), (-1, 2)])
def test_clip_against_numpy(limits, agrees):
    agrees(lambda x: ops.clip(x, *limits), lambda x: np.clip(x, *limits), A)


@pytest.mark.parametrize("limits", [(ROW - 1, ROW + 1), (-1, ROW), (None, A + 1)])
def test_clip_between_arrays(limits):
    np.testing.assert_array_equal(ops.clip(A, *limits), np.clip(A, *limits))
    check_grads(lambda x: np.clip(x, *limits), (A,), order=2)
    check_grads(lambda x: x.clip(*limits) ** 2, (A,), order=2)


def test_clip_takes_both_of_numpys_names_for_the_limits():
    inside = ((A > -0.5) & (A < 0.5)).astype(float)
    for clip in (np.clip, ops.clip, lambda x, **limits: x.clip(**limits)):
        np.testing.assert_array_equal(grad(lambda x, f=clip: ops.sum(f(x, min=-0.5, max=0.5)))(A), inside)
    np.testing.assert_array_equal(grad(lambda x: ops.sum(np.clip(a=x, a_min=-0.5, a_max=0.5)))(A), inside)
    check_grads(lambda x, low: np.clip(x, min=low), (A, ROW - 1), order=2)
    with pytest.raises(ValueError, match=r"^clip: each limit must be given once"):
        ops.clip(A, 0, min=0)


def test_clip_at_its_limits_has_the_slope_one():
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    assert grad(lambda x: ops.sum(ops.clip(x, -1, 1)))(x).tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]


def test_clip_between_limits_that_are_differentiated():
    check_grads(lambda x, low, high: np.clip(x, low, high), (A, ROW - 1, ROW + 1), order=2)
    check_grads(lambda low: np.clip(A, low, None), (ROW,), order=2)


@pytest.mark.parametrize("f", [ops.maximum, ops.minimum, lambda x, y: ops.clip(x, y, None)])
def test_shapes_that_do_not_broadcast(f):
    with pytest.raises(ValueError, match=r"y must be broadcastable with x of shape \(3, 5\), got shape \(4,\)"):
        f(A, np.ones(4))


@pytest.mark.parametrize("name", ["maximum", "minimum", "clip"])
def test_what_is_not_real_is_refused(name):
    with pytest.raises(TypeError, match=rf"^{name}: . must be real numbers, got dtype complex128$"):
        getattr(ops, name)(1j, 0.0)
    with pytest.raises(TypeError, match=r"^where: x or y must be real numbers"):
        ops.where(True, 1j, 0.0)

"""Softmax and cross-entropy of rows: the definition in extended precision, shifts, extremes, gradients, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlcore import _kernels

DTYPES = [np.float32, np.float64]
COLUMNS = [1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 33, 64, 1000, 4099]


def exact_log_softmax(x):
    x = x.astype(np.longdouble)
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(x):
    y = np.empty(x.shape, x.dtype)
    _kernels.softmax(y, x)
    return y


def log_softmax(x):
    y = np.empty(x.shape, x.dtype)
    _kernels.log_softmax(y, x)
    return y


def cross_entropy(logits, labels):
    loss, p = np.empty(len(logits), logits.dtype), np.empty(logits.shape, logits.dtype)
    kernel = _kernels.softmax_cross_entropy if labels.ndim == 1 else _kernels.softmax_cross_entropy_soft
    kernel(loss, p, logits, labels)
    return loss, p


def cross_entropy_grad(p, labels, g):
    dz = np.empty(p.shape, p.dtype)
    hard = labels.ndim == 1
    kernel = _kernels.softmax_cross_entropy_grad if hard else _kernels.softmax_cross_entropy_soft_grad
    kernel(dz, p, labels, g)
    return dz


def problem(dtype, n, c, soft=False):
    rng = np.random.default_rng(c)
    logits = (rng.standard_normal((n, c)) * 4).astype(dtype)
    labels = rng.dirichlet(np.ones(c), n).astype(dtype) * 1.5 if soft else rng.integers(0, c, n)
    return logits, labels, rng.standard_normal(n).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("c", COLUMNS)
def test_softmax_is_the_definition(dtype, c):
    x, _, _ = problem(dtype, 5, c)
    eps = np.finfo(dtype).eps
    rounding = np.abs(exact_log_softmax(x)).max()  # of z - max z, in units of eps/2
    np.testing.assert_allclose(softmax(x), np.exp(exact_log_softmax(x)), rtol=(8 + rounding) * eps)
    np.testing.assert_allclose(log_softmax(x), exact_log_softmax(x), rtol=8 * eps, atol=8 * eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_sum_to_one_and_do_not_feel_a_shift(dtype):
    x, _, _ = problem(dtype, 40, 10)
    shifted = np.round(x * 8) / 8  # exact sums below
    np.testing.assert_allclose(softmax(x).sum(axis=1), 1, rtol=8 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(softmax(shifted), softmax(shifted + 1024))


@pytest.mark.parametrize("dtype", DTYPES)
def test_huge_logits_do_not_overflow(dtype):
    huge = np.finfo(dtype).max / 4
    x = np.array([[huge, -huge, 0], [1000, 999, 0], [-1000, -999, -2000], [0, -np.inf, 0]], dtype)
    p = softmax(x)
    np.testing.assert_allclose(p[0], [1, 0, 0])
    np.testing.assert_allclose(p[1, 0] / p[1, 1], np.e, rtol=1e-6)
    np.testing.assert_allclose(p[2, 1] / p[2, 0], np.e, rtol=1e-6)
    np.testing.assert_array_equal(p[3], [0.5, 0, 0.5])
    assert log_softmax(x)[3, 1] == -np.inf


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("c", [3, 17, 40])
def test_nan_and_inf_make_their_row_nan_and_no_other(bad, c):
    x, labels, g = problem(np.float64, 3, c)
    for column in range(c):
        z = x.copy()
        z[1, column] = bad
        loss, p = cross_entropy(z, labels)
        assert np.isnan(softmax(z)[1]).all()
        assert np.isnan(p[1]).all()
        assert np.isnan(loss[1])
        assert np.isfinite(p[[0, 2]]).all()
        assert np.isfinite(loss[[0, 2]]).all()
        assert np.isnan(cross_entropy_grad(p, labels, g)[1]).all()
    assert np.isnan(softmax(np.full((1, c), -np.inf))).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("c", COLUMNS)
def test_cross_entropy_is_the_definition(dtype, soft, c):
    logits, labels, _ = problem(dtype, 6, c, soft)
    loss, p = cross_entropy(logits, labels)
    log_p = exact_log_softmax(logits)
    exact = -(labels * log_p).sum(axis=1) if soft else -log_p[np.arange(6), labels]
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(loss, exact, rtol=16 * eps, atol=16 * eps)
    np.testing.assert_array_equal(p, softmax(logits))


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("c", [1, 2, 10, 16, 33])
def test_gradient_agrees_with_central_differences(soft, c):
    logits, labels, g = problem(np.float64, 4, c, soft)
    dz = cross_entropy_grad(cross_entropy(logits, labels)[1], labels, g)
    h = 1e-6
    for column in range(c):
        step = np.zeros_like(logits)
        step[:, column] = h
        up, down = cross_entropy(logits + step, labels)[0], cross_entropy(logits - step, labels)[0]
        np.testing.assert_allclose(dz[:, column], g * (up - down) / (2 * h), atol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("c", COLUMNS)
def test_gradient_is_the_formula(dtype, soft, c):
    logits, labels, g = problem(dtype, 5, c, soft)
    p = softmax(logits)
    targets = labels if soft else np.eye(c, dtype=dtype)[labels]
    exact = (p.astype(np.longdouble) * targets.astype(np.longdouble).sum(axis=1, keepdims=True) - targets) * g[:, None]
    np.testing.assert_allclose(cross_entropy_grad(p, labels, g), exact, rtol=1e-5, atol=8 * np.finfo(dtype).eps)


def test_soft_targets_that_are_one_hot_are_labels():
    logits, labels, g = problem(np.float64, 8, 10)
    targets = np.eye(10)[labels]
    np.testing.assert_allclose(cross_entropy(logits, labels)[0], cross_entropy(logits, targets)[0], rtol=1e-14)
    p = softmax(logits)
    np.testing.assert_allclose(
        cross_entropy_grad(p, labels, g), cross_entropy_grad(p, targets, g), rtol=1e-13, atol=1e-15
    )


def test_a_target_of_zero_contributes_nothing():
    z = np.array([[0.0, -np.inf, 1.0]])
    loss, _ = cross_entropy(z, np.array([[0.5, 0.0, 0.5]]))
    assert loss == pytest.approx(np.logaddexp(0, 1) - 0.5)


@given(n=st.integers(0, 6), c=st.integers(1, 40), seed=st.integers(0, 99))
def test_any_strides_give_the_same_rows(n, c, seed):
    base = np.random.default_rng(seed).standard_normal((2 * n, 3 * c)).astype(np.float32)
    base.flags.writeable = False
    for x in (base[::-2, ::3], np.asfortranarray(base[::2, :c]), base[:n, :c][:, ::-1]):
        np.testing.assert_array_equal(softmax(x), softmax(x.copy("C")))
        np.testing.assert_array_equal(log_softmax(x), log_softmax(x.copy("C")))
    labels = np.arange(2 * n)[::-2] % c
    np.testing.assert_array_equal(cross_entropy(base[:n, :c], labels)[0], cross_entropy(base[:n, :c], labels.copy())[0])


def test_threads_do_not_change_a_bit():
    logits, labels, g = problem(np.float32, 20_000, 10)
    results = []
    for threads in (1, 2):
        _kernels.set_num_threads(threads)
        loss, p = cross_entropy(logits, labels)
        results.append((loss, p, cross_entropy_grad(p, labels, g)))
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], r"labels must be in 0 <= index < 3, got 3 at position 1"),
        ([-1, 0], r"labels must be in 0 <= index < 3, got -1 at position 0"),
        ([0, 1, 2], r"labels must be of shape \(2,\), got \(3,\)"),
    ],
)
def test_wrong_labels(labels, message):
    z, labels = np.zeros((2, 3)), np.array(labels)
    with pytest.raises(ValueError, match=r"softmax_cross_entropy: " + message):
        cross_entropy(z, labels)
    with pytest.raises(ValueError, match=r"softmax_cross_entropy_grad: " + message):
        cross_entropy_grad(z, labels, np.ones(2))


def test_errors_name_function_argument_and_value():
    z = np.zeros((2, 3))
    with pytest.raises(ValueError, match=r"softmax: x must be 2-dimensional, got 1 dimensions"):
        _kernels.softmax(np.empty(3), np.empty(3))
    with pytest.raises(ValueError, match=r"softmax: y must be of shape \(2, 3\), got \(3, 2\)"):
        _kernels.softmax(np.empty((3, 2)), z)
    with pytest.raises(ValueError, match=r"log_softmax: x must be a matrix with at least one column, got \(2, 0\)"):
        _kernels.log_softmax(np.empty((2, 0)), np.empty((2, 0)))
    with pytest.raises(TypeError, match=r"softmax_cross_entropy: labels must be int64, got int32"):
        cross_entropy(z, np.zeros(2, np.int32))
    with pytest.raises(TypeError, match=r"softmax_cross_entropy_soft: targets must be float64 .*, got float32"):
        cross_entropy(z, z.astype(np.float32))
    with pytest.raises(ValueError, match=r"softmax_cross_entropy_soft_grad: g must be of shape \(2,\), got \(3,\)"):
        cross_entropy_grad(z, z, np.ones(3))
    assert softmax(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("c", [1, 7, 10, 33, 1000])
def test_gradients_of_the_softmax_and_its_logarithm(dtype, c):
    x = problem(dtype, 5, c)[0]
    dy = np.random.default_rng(1).standard_normal(x.shape).astype(dtype)
    exact = exact_log_softmax(x)
    p, g = np.exp(exact), dy.astype(np.longdouble)
    tolerance = 32 * np.finfo(dtype).eps
    for name, y, expected in (
        ("softmax_grad", softmax(x), p * (g - (g * p).sum(axis=1, keepdims=True))),
        ("log_softmax_grad", log_softmax(x), g - p * g.sum(axis=1, keepdims=True)),
    ):
        dx = np.empty_like(x)
        getattr(_kernels, name)(dx, dy, y)
        np.testing.assert_allclose(dx, expected, rtol=tolerance, atol=tolerance * np.abs(g).sum(axis=1).max())
        getattr(_kernels, name)(dy_is_dx := dy.copy(), dy_is_dx, y)
        np.testing.assert_array_equal(dy_is_dx, dx)
    with pytest.raises(ValueError, match=r"^softmax_grad: dy must be "):
        _kernels.softmax_grad(np.empty_like(x), dy[:, :0], softmax(x))

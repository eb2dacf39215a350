"""Softmax, its logarithm, log-sum-exp and the fused cross-entropy against SciPy and the definition."""

import numpy as np
import pytest
from scipy import special

from mmlcore import check_grads, grad, ops

RANDOM = np.random.default_rng(17)
S = RANDOM.normal(size=(3, 4, 5))
Z = RANDOM.normal(size=(6, 4))
LABELS = np.array([0, 3, 1, 1, 2, 0])
TARGETS = RANDOM.uniform(0.1, 1.0, size=(6, 4))  # need not sum to 1


@pytest.mark.parametrize("shape", [(5,), (6, 4), (3, 4, 5), (0, 3), (1, 1)])
@pytest.mark.parametrize("axis", [-1, 0])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_against_scipy(name, axis, shape, agrees):
    if shape[axis] == 0:
        shape = shape[::-1]
    x = RANDOM.normal(size=shape)
    ours, theirs = getattr(ops, name), getattr(special, name)
    agrees(lambda x: ours(x, axis=axis), lambda x: theirs(x, axis=axis), x, rtol=10)
    check_grads(lambda x: ours(x, axis=axis) ** 2, (x,), order=2)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_against_scipy(axis, keepdims, agrees):
    agrees(
        lambda x: ops.logsumexp(x, axis, keepdims=keepdims),
        lambda x: special.logsumexp(x, axis, keepdims=keepdims),
        S,
        rtol=10,
    )


def test_large_numbers_do_not_overflow():
    x = np.array([[1000.0, 0.0, -1000.0], [-1e6, -1e6, -1e6], [300.0, -300.0, 0.0]])
    np.testing.assert_allclose(ops.softmax(x), special.softmax(x, axis=1), rtol=1e-13)
    np.testing.assert_allclose(ops.log_softmax(x), special.log_softmax(x, axis=1), rtol=1e-13)
    np.testing.assert_allclose(ops.logsumexp(x, 1), special.logsumexp(x, 1), rtol=1e-13)
    gradient = grad(lambda x: ops.sum(ops.logsumexp(x, 1)))(x)
    np.testing.assert_allclose(gradient, special.softmax(x, axis=1), rtol=1e-13)


def test_infinities():
    assert ops.logsumexp([-np.inf, 0.0]) == 0.0
    assert ops.logsumexp([-np.inf, -np.inf]) == -np.inf
    assert ops.logsumexp([np.inf, 0.0]) == np.inf
    assert ops.softmax([-np.inf, 0.0, 0.0]).tolist() == [0.0, 0.5, 0.5]


def test_probabilities_sum_to_one_and_ignore_a_shift():
    p = ops.softmax(S, axis=1)
    np.testing.assert_allclose(p.sum(axis=1), np.ones((3, 5)), rtol=1e-14)
    np.testing.assert_allclose(ops.softmax(S + 7.0, axis=1), p, rtol=1e-12)
    gradient = grad(lambda x: ops.sum(ops.softmax(x) * np.arange(5)))(S)
    np.testing.assert_allclose(gradient.sum(axis=-1), 0, atol=1e-14)


# ---- cross-entropy


def test_cross_entropy_with_class_numbers(agrees):
    agrees(
        lambda z: ops.softmax_cross_entropy(z, LABELS),
        lambda z: -special.log_softmax(z, axis=1)[np.arange(6), LABELS],
        Z,
        rtol=10,
    )


def test_cross_entropy_with_targets(agrees):
    agrees(
        lambda z: ops.softmax_cross_entropy(z, TARGETS.astype(z.dtype)),
        lambda z: -(TARGETS * special.log_softmax(z, axis=1)).sum(axis=1),
        Z,
        rtol=10,
    )
    check_grads(ops.softmax_cross_entropy, (Z, TARGETS), order=2)
    check_grads(lambda t: ops.softmax_cross_entropy(Z, t), (TARGETS,), order=2)


@pytest.mark.parametrize("labels", [LABELS, TARGETS, np.eye(4)[LABELS]])
def test_the_gradient_is_softmax_minus_target(labels):
    t = np.eye(4)[labels] if labels.ndim == 1 else labels
    weights = RANDOM.normal(size=6)
    gradient = grad(lambda z: ops.sum(weights * ops.softmax_cross_entropy(z, labels)))(Z)
    expected = (special.softmax(Z, axis=1) * t.sum(1, keepdims=True) - t) * weights[:, None]
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-15)


def test_third_order():
    check_grads(lambda z: ops.softmax_cross_entropy(z, LABELS), (Z,), order=3)
    check_grads(lambda z: ops.softmax_cross_entropy(z, TARGETS), (Z,), order=3)


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4), (0, 4)])
def test_any_leading_dimensions(shape):
    z = RANDOM.normal(size=shape)
    labels = RANDOM.integers(0, 4, size=shape[:-1])
    loss = ops.softmax_cross_entropy(z, labels)
    assert loss.shape == shape[:-1]
    hot = np.eye(4)[labels]
    np.testing.assert_allclose(loss, ops.softmax_cross_entropy(z, hot), rtol=1e-13)
    np.testing.assert_allclose(loss, -(hot * special.log_softmax(z, axis=-1)).sum(-1), rtol=1e-13)
    check_grads(lambda z: ops.softmax_cross_entropy(z, labels), (z,), order=2)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, list])
def test_class_numbers_of_any_integer_type(dtype):
    labels = LABELS.tolist() if dtype is list else LABELS.astype(dtype)
    np.testing.assert_array_equal(ops.softmax_cross_entropy(Z, labels), ops.softmax_cross_entropy(Z, LABELS))


def test_extreme_logits():
    z = np.array([[1000.0, -1000.0], [0.0, 1000.0]])
    loss = ops.softmax_cross_entropy(z, [1, 1])
    np.testing.assert_allclose(loss, [2000.0, 0.0], atol=1e-12)
    gradient = grad(lambda z: ops.sum(ops.softmax_cross_entropy(z, [1, 1])))(z)
    assert gradient.tolist() == [[1.0, -1.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("logits", "labels", "error", "message"),
    [
        (Z, LABELS[:5], ValueError, r"labels must be of shape \(6,\) \(class numbers\) or \(6, 4\) \(targets\), got"),
        (Z, LABELS + 2, ValueError, "label"),
        (Z, LABELS - 1, ValueError, "label"),
        (Z, LABELS.astype(float), TypeError, "labels must be integers when there is one for each row, got dtype"),
        (1.0, 0, ValueError, r"logits must be of one dimension or more, got shape \(\)"),
        (Z * 1j, LABELS, TypeError, "logits must be real numbers"),
        (Z, TARGETS * 1j, TypeError, "labels must be real numbers"),
    ],
)
def test_errors(logits, labels, error, message):
    with pytest.raises(error, match=f"^softmax_cross_entropy: .*{message}"):
        ops.softmax_cross_entropy(logits, labels)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_axes_that_are_not_there(name):
    with pytest.raises(ValueError, match=rf"^{name}: axis must be between -2 and 1, got 2$"):
        getattr(ops, name)(Z, axis=2)

"""Normalisation against its definition, torch, and finite differences."""

import numpy as np
import pytest

from mmlcore import _kernels, check_grads, grad, ops

RNG = np.random.default_rng(0)


def reference(x, gamma, beta, axis, epsilon):
    x = x.astype(np.longdouble)
    centre, variance = x.mean(axis=axis, keepdims=True), x.var(axis=axis, keepdims=True)
    return ((x - centre) / np.sqrt(variance + epsilon) * gamma + beta).astype(float)


CASES = pytest.mark.parametrize(("op", "axis"), [(ops.batch_norm, 0), (ops.layer_norm, 1)], ids=["batch", "layer"])


@CASES
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (33, 17), (300, 40), (5, 600)])
def test_values(op, axis, dtype, shape):
    x = (RNG.standard_normal(shape) * 3 + 5).astype(dtype)
    gamma, beta = RNG.standard_normal((2, shape[1])).astype(dtype)
    expected = reference(x, gamma, beta, axis, 1e-3)
    got = op(x, gamma, beta)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, expected, rtol=1e-4 if dtype == np.float32 else 1e-11, atol=1e-5)


@CASES
def test_derivatives_to_second_order(op, axis):
    x, gamma, beta = RNG.standard_normal((5, 4)), RNG.standard_normal(4), RNG.standard_normal(4)
    check_grads(op, (x, gamma, beta), order=2)
    check_grads(lambda x: op(x, None, None), (x,), order=2)


@CASES
@pytest.mark.parametrize("shape", [(20, 17), (6, 2, 5)])
def test_against_torch(op, axis, shape):
    torch = pytest.importorskip("torch")
    x, gamma, beta = RNG.standard_normal(shape), RNG.standard_normal(shape[-1]), RNG.standard_normal(shape[-1])
    w = RNG.standard_normal(shape)
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    if axis == 0:
        flat = tensors[0].reshape(-1, shape[-1])
        y = torch.nn.functional.batch_norm(flat, None, None, *tensors[1:], training=True, eps=1e-3).reshape(shape)
    else:
        y = torch.nn.functional.layer_norm(tensors[0], (shape[-1],), *tensors[1:], eps=1e-3)
    (y * torch.tensor(w)).sum().backward()
    np.testing.assert_allclose(op(x, gamma, beta), y.detach().numpy(), rtol=1e-10, atol=1e-12)
    for ours, theirs in zip(grad(lambda *a: ops.sum(w * op(*a)), (0, 1, 2))(x, gamma, beta), tensors, strict=True):
        np.testing.assert_allclose(ours, theirs.grad.numpy(), rtol=1e-9, atol=1e-11)


def test_moving_averages():
    x = RNG.standard_normal((50, 3))
    mean, variance = np.ones(3), np.full(3, 2.0)
    ops.batch_norm(x, None, None, moving=(mean, variance, 0.9))
    np.testing.assert_allclose(mean, 0.9 + 0.1 * x.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(variance, 1.8 + 0.1 * x.var(axis=0), rtol=1e-13)
    moved = mean.copy()
    grad(lambda x: ops.sum(ops.batch_norm(x, None, None, moving=(mean, variance, 0.9))))(x)
    np.testing.assert_allclose(mean, 0.9 * moved + 0.1 * x.mean(axis=0), rtol=1e-13)  # once


def test_given_statistics():
    x, mean, gamma, beta = RNG.standard_normal((6, 3)), *RNG.standard_normal((3, 3))
    variance = RNG.uniform(0.5, 2, 3)
    expected = (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    np.testing.assert_allclose(ops.normalize(x, mean, variance, gamma, beta), expected, rtol=1e-12)
    np.testing.assert_allclose(
        ops.normalize(x[None], mean, variance, None, None)[0], (expected - beta) / gamma, rtol=1e-10
    )
    check_grads(ops.normalize, (x, mean, variance, gamma, beta), order=2)


def test_large_means_do_not_cancel():
    x = (1e4 + RNG.standard_normal((1000, 2))).astype(np.float32)
    y = ops.batch_norm(x, None, None, epsilon=0.0)
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=1e-3)


def test_threads_do_not_change_a_bit():
    x, dy = RNG.standard_normal((2, 600, 300)).astype(np.float32)
    results = []
    for threads in (1, 2):
        _kernels.set_num_threads(threads)
        results.append(
            [
                g
                for op in (ops.batch_norm, ops.layer_norm)
                for g in (op(x, None, None), grad(lambda x, op=op: ops.sum(dy * op(x, None, None)))(x))
            ]
        )
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


def test_errors():
    with pytest.raises(ValueError, match=r"^batch_norm: x must be of one dimension or more, got shape \(\)"):
        ops.batch_norm(1.0, None, None)
    with pytest.raises(ValueError, match=r"^batch_norm: x must be at least one row, got \(0, 3\)"):
        ops.batch_norm(np.empty((0, 3)), None, None)
    with pytest.raises(ValueError, match=r"^layer_norm: gamma must be of shape \(3,\), got \(2,\)"):
        ops.layer_norm(np.ones((2, 3)), np.ones(2), None)

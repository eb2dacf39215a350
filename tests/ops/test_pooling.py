"""Pools as operations: values, ties, derivatives to second order."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops
from oracles import average_pooled, max_pooled

RANDOM = np.random.default_rng(4)


@pytest.mark.parametrize("shape", [(2, 6, 3), (2, 5, 6, 3), (1, 4, 4, 3, 2)])
@pytest.mark.parametrize(("size", "strides"), [(2, None), (3, 1), (2, 1)])
def test_values_and_derivatives(shape, size, strides, agrees):
    ndim = len(shape) - 2
    x = RANDOM.permutation(int(np.prod(shape))).reshape(shape) / 7.0
    steps = (size if strides is None else strides,) * ndim
    out = tuple((n - size) // s + 1 for n, s in zip(shape[1:-1], steps, strict=True))
    for op, oracle in ((ops.max_pool, max_pooled), (ops.average_pool, average_pooled)):
        agrees(
            lambda x, op=op: op(x, size, strides),
            lambda x, oracle=oracle: oracle(x, (size,) * ndim, steps, (0,) * ndim, out),
            x,
            rtol=10,
        )


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
def test_layouts_agree_and_padding_counts_for_nothing(op):
    x = RANDOM.normal(size=(2, 5, 4, 3)) - 10
    y = op(x, 3, 2, "same")
    assert y.shape == (2, 3, 2, 3)
    assert y.max() < -5
    turned = op(np.moveaxis(x, -1, 1), 3, 2, "same", "channels_first")
    np.testing.assert_allclose(np.moveaxis(turned, 1, -1), y, rtol=1e-14)
    check_grads(lambda x: op(x, 3, 2, "same", "channels_first"), (RANDOM.normal(size=(1, 2, 4, 5)),), order=2)


def test_the_first_of_equals_carries_the_gradient():
    np.testing.assert_array_equal(grad(lambda x: ops.max_pool(x, 3).sum())(np.ones((1, 3, 1))).ravel(), [1, 0, 0])


def test_peer():
    torch = pytest.importorskip("torch")
    x = RANDOM.normal(size=(2, 3, 7, 9))
    for ours, theirs in ((ops.max_pool, "max_pool2d"), (ops.average_pool, "avg_pool2d")):
        expected = getattr(torch.nn.functional, theirs)(torch.tensor(x), 3, 2).numpy()
        np.testing.assert_allclose(ours(x, 3, 2, data_format="channels_first"), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((np.zeros((2, 3)), 2), "max_pool: x must be of three to five dimensions"),
        ((np.zeros((1, 4, 4, 1)), 0), "max_pool: pool_size must be a positive integer"),
        ((np.zeros((1, 4, 4, 1)), 2, 0), "max_pool: strides must be a positive integer"),
        ((np.zeros((1, 4, 4, 1)), 2, 2, 1), "max_pool: padding must be one of"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        ops.max_pool(*arguments)

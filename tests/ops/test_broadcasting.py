"""broadcast_to and unbroadcast are each other's transpose; rules of binary operations; casts."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given

from mmlcore import check_grads, grad, ops
from mmlcore.autodiff import primitive
from mmlcore.ops.broadcasting import binary_rules, broadcast_to, pair, unbroadcast

RANDOM = np.random.default_rng(8)


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0))
def test_transposes_of_each_other(shapes):
    """⟨broadcast(x), g⟩ = ⟨x, unbroadcast(g)⟩, for every x and g."""
    shape, full = shapes.input_shapes[0], shapes.result_shape
    x, g = RANDOM.normal(size=shape), RANDOM.normal(size=full)
    wide, narrow = broadcast_to(x, full), unbroadcast(g, shape)
    assert (wide.shape, np.shape(narrow)) == (full, shape)
    np.testing.assert_array_equal(wide, np.broadcast_to(x, full))
    np.testing.assert_allclose(np.sum(wide * g), np.sum(x * narrow), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "full"), [((), (3,)), ((), (2, 0)), ((1,), (3,)), ((3, 1), (2, 3, 4)), ((3,), (3,)), ((1, 1), (2, 2))]
)
def test_derivatives(shape, full, agrees):
    agrees(lambda x: broadcast_to(x, full) * 1.0, lambda x: np.broadcast_to(x, full) * 1.0, RANDOM.normal(size=shape))
    check_grads(lambda g: unbroadcast(g, shape) ** 2, (RANDOM.normal(size=full),), order=2)


def test_a_view_where_numpy_gives_one():
    x = RANDOM.normal(size=3)
    assert np.shares_memory(broadcast_to(x, (4, 3)), x)
    assert broadcast_to(np.float64(2.0), (2, 2)).tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert broadcast_to(2.0, 3).tolist() == [2.0, 2.0, 2.0]
    assert broadcast_to([1, 2], (2, 2)).dtype == np.float64


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"^broadcast_to: shape must be broadcastable from x of shape \(3,\), got"):
        broadcast_to(np.ones(3), (4,))
    with pytest.raises(ValueError, match=r"^broadcast_to: shape must be broadcastable"):
        grad(lambda x: ops.sum(np.broadcast_to(x, (4,))))(np.ones(3))


def test_astype_casts_back():
    x = RANDOM.normal(size=4)
    for given_dtype, other in [(np.float64, np.float32), (np.float32, np.float64)]:
        gradient = grad(lambda x, other=other: ops.sum(x.astype(other) ** 2))(x.astype(given_dtype))
        assert gradient.dtype == given_dtype
        np.testing.assert_allclose(gradient, 2 * x, rtol=1e-6)
    assert ops.astype([1, 2], "float32").dtype == np.float32
    second = grad(lambda x: ops.sum(grad(lambda x: ops.sum(x.astype(np.float32) ** 3))(x)))(x)
    assert second.dtype == np.float64
    np.testing.assert_allclose(second, 6 * x, rtol=1e-6)


@pytest.mark.parametrize("dtype", [int, complex, np.float16, "U3"])
def test_astype_wants_a_floating_dtype(dtype):
    with pytest.raises(TypeError, match=r"^astype: dtype must be float32 or float64, got"):
        ops.astype(np.ones(2), dtype)


def test_pair_keeps_python_numbers_weak():
    assert pair("f", np.add, np.float32([1]), 2).dtype == np.float32
    assert pair("f", np.add, 1, 2).dtype == np.float64
    with pytest.raises(TypeError, match=r"^f: y must be real numbers"):
        pair("f", np.add, 1.0, "a")


def test_binary_rules_sum_over_broadcast_axes():
    @primitive
    def hypot(x, y):
        return np.hypot(x, y)

    binary_rules(hypot, lambda g, ans, x, y: g * x / ans, lambda g, ans, x, y: g * y / ans)
    random = np.random.default_rng(9)  # its own, away from the kink at 0: how much hypothesis draws above varies
    x, y = random.uniform(0.5, 1.5, (3, 1)), random.uniform(-1.5, -0.5, 4)
    for args in [(x, y), (x, x), (y, np.array(2.0))]:
        check_grads(hypot, args, order=2)
        check_grads(lambda x, b=args[1]: hypot(x, b), args[:1], order=2)
        check_grads(lambda y, a=args[0]: hypot(a, y), args[1:], order=2)

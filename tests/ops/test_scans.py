"""Running sums and products; derivatives of products at zeros."""

from itertools import combinations

import numpy as np
import pytest

from mmlcore import check_grads, grad, hessian, jacobian, ops
from mmlcore.ops.scans import along

RANDOM = np.random.default_rng(11)


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4), (1,), (0, 2)])
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "diff"])
def test_against_numpy(name, shape, agrees):
    for axis in range(len(shape)):
        agrees(lambda x, a=axis: getattr(ops, name)(x, axis=a), lambda x, a=axis: getattr(np, name)(x, axis=a),
               RANDOM.normal(size=shape), rtol=100)  # fmt: skip


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_prod_against_numpy(axis, keepdims, agrees):
    options = {"axis": axis, "keepdims": keepdims}
    agrees(lambda x: ops.prod(x, **options), lambda x: np.prod(x, **options), RANDOM.normal(size=(2, 3, 5)), rtol=100)


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_derivatives_of_products_at_zeros(zeros):
    """∂/∂x_i Π x = the product of the others; ∂²/∂x_i∂x_j the product of the rest."""
    x = RANDOM.uniform(0.5, 1.5, 5)
    x[:zeros] = 0.0
    others = [np.prod(np.delete(x, i)) for i in range(5)]
    np.testing.assert_allclose(grad(np.prod)(x), others, rtol=1e-13)
    H = np.zeros((5, 5))
    for i, j in combinations(range(5), 2):
        H[i, j] = H[j, i] = np.prod(np.delete(x, [i, j]))
    np.testing.assert_allclose(hessian(np.prod)(x), H, rtol=1e-13)
    check_grads(np.cumprod, (x,), order=2)


def test_the_jacobian_of_a_running_sum_is_triangular():
    assert np.array_equal(jacobian(np.cumsum)(np.ones(4)), np.tri(4))
    assert np.array_equal(jacobian(np.diff)(np.ones(3)), [[-1.0, 1.0, 0.0], [0.0, -1.0, 1.0]])


def test_empty_products():
    assert grad(lambda x: np.prod(x) * 3.0)(np.ones((0, 2))).shape == (0, 2)
    assert np.array_equal(ops.prod(np.ones((0, 2)), axis=0), [1.0, 1.0])


def test_along_takes_one_axis():
    x = RANDOM.normal(size=(2, 3, 4))
    assert np.array_equal(along(x, 1, slice(1, None)), x[:, 1:])
    assert np.array_equal(along(x, -1, 2), x[..., 2])


def test_refusals():
    with pytest.raises(ValueError, match=r"^cumsum: axis must be between -1 and 0, got 1$"):
        ops.cumsum(np.ones(3), axis=1)
    with pytest.raises(TypeError, match=r"^cumsum: dtype must be left out when an argument is a Tensor"):
        grad(lambda x: np.cumsum(x, dtype=np.float32)[0])(np.ones(3))

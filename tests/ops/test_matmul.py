"""Products: every combination of vector, matrix and stack."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings

from mmlcore import check_grads, grad, ops

RANDOM = np.random.default_rng(15)


def array(*shape):
    return RANDOM.normal(size=shape)


SHAPES = {
    "v v": ((4,), (4,)),
    "v m": ((4,), (4, 5)),
    "m v": ((3, 4), (4,)),
    "m m": ((3, 4), (4, 5)),
    "s m": ((2, 3, 4), (4, 5)),
    "m s": ((3, 4), (2, 4, 5)),
    "s s": ((2, 3, 4), (2, 4, 5)),
    "s 1": ((2, 3, 4), (1, 4, 5)),
    "v s": ((4,), (2, 4, 5)),
    "s v": ((2, 3, 4), (4,)),
    "ss s": ((2, 1, 3, 4), (6, 4, 5)),
    "no rows": ((0, 4), (4, 5)),
    "no inner": ((3, 0), (0, 5)),
    "no stack": ((0, 3, 4), (4, 5)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_matmul_against_numpy(name, agrees):
    x, y = (array(*shape) for shape in SHAPES[name])
    agrees(ops.matmul, np.matmul, x, y, rtol=10)
    check_grads(lambda x, y: x @ y, (x, y), order=2)
    check_grads(lambda x: x @ y, (x,), order=2)
    check_grads(lambda y: x @ y, (y,), order=2)


@given(hnp.mutually_broadcastable_shapes(signature="(m,k),(k,n)->(m,n)", max_dims=2, max_side=3))
@settings(max_examples=50)
def test_any_stacks(shapes):
    x, y = (array(*shape) for shape in shapes.input_shapes)
    np.testing.assert_allclose(ops.matmul(x, y), x @ y, rtol=1e-12, atol=1e-12)
    check_grads(ops.matmul, (x, y), order=1)


def test_lists_on_either_side():
    gradient = grad(lambda x: ops.sum(x @ [[1, 2], [3, 4]]))(array(3, 2))
    np.testing.assert_array_equal(gradient, np.tile([3.0, 7.0], (3, 1)))
    gradient = grad(lambda x: ops.sum([[1, 2], [3, 4]] @ x))(array(2, 3))
    np.testing.assert_array_equal(gradient, np.tile([[4.0], [6.0]], (1, 3)))


def test_the_matrix_vector_example_of_cs582():
    assert ops.matmul([[1, 2], [3, 4]], [5, 6]).tolist() == [17.0, 39.0]
    assert ops.dot([1, 2], [3, 4]) == 11.0
    assert ops.outer([1, 2], [3, 4]).tolist() == [[3.0, 4.0], [6.0, 8.0]]


@pytest.mark.parametrize("shapes", [((3, 4), (5, 2)), ((3, 4), (5,)), ((3,), (4,)), ((2, 3, 4), (3, 4, 5))])
def test_shapes_that_do_not_fit(shapes):
    x, y = (array(*shape) for shape in shapes)
    with pytest.raises(ValueError, match=r"^matmul: "):
        ops.matmul(x, y)
    with pytest.raises(ValueError, match=r"^matmul: "):
        grad(lambda x: ops.sum(x @ y))(x)


@pytest.mark.parametrize(
    "shapes",
    [
        ((), ()),
        ((3, 4), ()),
        ((), (3, 4)),
        ((4,), (4,)),
        ((3, 4), (4,)),
        ((3, 4), (4, 5)),
        ((2, 3, 4), (4, 5)),
        ((3, 4), (2, 4, 5)),
        ((2, 3, 4), (6, 4, 5)),
        ((4,), (2, 4, 5)),
    ],
)
def test_dot_against_numpy(shapes, agrees):
    x, y = (array(*shape) for shape in shapes)
    agrees(ops.dot, np.dot, x, y, rtol=10)
    check_grads(np.dot, (x, y), order=2)
    if x.ndim:
        check_grads(lambda x: x.dot(y), (x,), order=2)


@pytest.mark.parametrize("shapes", [((3,), (4,)), ((2, 2), (3,)), ((), (3,)), ((0,), (3,))])
def test_outer_against_numpy(shapes, agrees):
    x, y = (array(*shape) for shape in shapes)
    agrees(ops.outer, np.outer, x, y)
    check_grads(np.outer, (x, y), order=2)

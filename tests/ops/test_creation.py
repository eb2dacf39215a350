"""Arrays of Tensors, and refusals to write into one."""

import numpy as np
import pytest

from mmlcore import array, grad, jacobian

X = np.array([1.0, 2.0, 3.0])


def test_nested_lists_of_tensors_and_numbers():
    f = lambda x: array([[x[0], 1.0], [x[1] * x[2], np.float64(4.0)]])  # noqa: E731
    J = jacobian(f)(X)
    assert np.array_equal(J[0, 0], [1.0, 0.0, 0.0])
    assert np.array_equal(J[1, 0], [0.0, 3.0, 2.0])
    assert np.array_equal(J[:, 1], np.zeros((2, 3)))
    assert np.array_equal(grad(lambda x: np.sum(array([x, x * 2, [1, 2, 3]])))(X), [3.0, 3.0, 3.0])


def test_without_tensors_it_is_an_array():
    assert np.array_equal(array([[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]])
    assert array([1.0], dtype=np.float32).dtype == np.float32
    assert array(X) is X
    with pytest.raises(TypeError, match=r"^array: x must be real numbers, got dtype complex128$"):
        array([1j])


def test_dtype_and_shapes():
    assert grad(lambda x: array([x[0], 1.0], dtype=np.float32)[0])(X).dtype == np.float64
    with pytest.raises(ValueError, match=r"^stack: arrays must be of one shape"):
        grad(lambda x: np.sum(array([x, x[:2]])))(X)


def test_what_follows_dlpack_is_not_copied():
    class Elsewhere:
        def __dlpack__(self, **kwargs):
            return X.__dlpack__(**kwargs)

        def __dlpack_device__(self):
            return X.__dlpack_device__()

    assert np.shares_memory(array(Elsewhere()), X)


@pytest.mark.parametrize(
    ("write", "name", "working"),
    [
        (lambda x: np.copyto(x, 0.0), "copyto", "numpy.where"),
        (lambda x: np.put(x, [0], 1.0), "put", "numpy.where"),
        (lambda x: np.place(x, [True, False, True], 1.0), "place", "numpy.where"),
        (lambda x: np.fill_diagonal(x, 1.0), "fill_diagonal", "numpy.eye"),
        (lambda x: x.sort(), "sort", "numpy.sort"),
        (lambda x: x.fill(1.0), "fill", "numpy.full_like"),
    ],
)
def test_writing_into_a_tensor_names_the_functional_form(write, name, working):
    with pytest.raises(TypeError, match=rf"^{name}: a Tensor cannot be changed in place; write .*{working}"):
        grad(write)(X)

"""A packed right operand gives the products of the matrix that it was made of."""

import pickle

import numpy as np
import pytest

from mmlcore import _kernels, grad, linalg


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 33), (2050, 40), (1100, 3100), (0, 4), (4, 0)])
@pytest.mark.parametrize("rows", [(), (1,), (7,), (200,), (2, 3)])
def test_products(rows, shape, dtype):
    rng = np.random.default_rng(0)
    b = rng.standard_normal(shape).astype(dtype)
    a = rng.standard_normal((*rows, shape[0])).astype(dtype)
    expected = np.asarray(a.astype(float) @ b.astype(float))
    tolerance = 20 * np.finfo(dtype).eps * max(shape[0], 1)
    for stored in (b, np.asfortranarray(b), np.repeat(b, 2, axis=1)[:, ::2]):
        packed = linalg.PackedMatrix(stored)
        assert (packed.shape, packed.dtype) == (shape, dtype)
        for result in (
            a @ packed,
            linalg.matmul(a, packed),
            linalg.matmul(a, packed, out=np.empty_like(expected, dtype)),
        ):
            assert result.shape == expected.shape
            assert result.dtype == dtype
            np.testing.assert_allclose(result, expected, atol=tolerance)


def test_it_is_a_copy():
    b = np.eye(3)
    packed = linalg.PackedMatrix(b)
    b[:] = 7
    np.testing.assert_array_equal(np.eye(3) @ packed, np.eye(3))


def test_integers_become_float64():
    assert linalg.PackedMatrix([[1, 2]]).dtype == np.float64
    np.testing.assert_array_equal(linalg.matmul([[2]], linalg.PackedMatrix([[1, 2]])), [[2.0, 4.0]])


def test_out_that_is_the_left_operand():
    a = np.arange(9.0).reshape(3, 3)
    b = np.arange(9.0)[::-1].reshape(3, 3)
    expected = a @ b
    linalg.matmul(a, linalg.PackedMatrix(b), out=a)
    np.testing.assert_array_equal(a, expected)


@pytest.mark.parametrize(
    ("a", "error", "text"),
    [
        (np.ones((2, 4)), ValueError, r"matmul: a must be of 3 columns \(the rows of b\), got shape \(2, 4\)"),
        (np.float64(2), ValueError, r"matmul: a must be of 3 columns \(the rows of b\), got shape \(\)"),
        (np.ones((2, 3), np.float32), TypeError, "matmul: a must be of dtype float64, as the packed b, got float32"),
    ],
)
def test_bad_left_operands(a, error, text):
    with pytest.raises(error, match=text):
        linalg.matmul(a, linalg.PackedMatrix(np.ones((3, 2))))


def test_bad_matrices():
    with pytest.raises(ValueError, match=r"PackedMatrix: b must be two-dimensional, got shape \(3,\)"):
        linalg.PackedMatrix(np.ones(3))
    with pytest.raises(TypeError, match="PackedMatrix: b must be real numbers"):
        linalg.PackedMatrix([[1j]])


def test_bad_out():
    packed = linalg.PackedMatrix(np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"matmul: out must be of shape \(1, 2\), got \(2, 2\)"):
        linalg.matmul(np.ones((1, 3)), packed, out=np.ones((2, 2)))


def test_repr_and_pickling():
    packed = linalg.PackedMatrix(np.ones((3, 2), np.float32))
    assert repr(packed) == "PackedMatrix(shape=(3, 2), dtype=float32)"
    with pytest.raises(TypeError):
        pickle.dumps(packed)


def test_a_left_operand_that_lies_askew():
    fields = np.zeros(6, dtype=np.dtype([("tag", "i1"), ("x", "f8")]))
    fields["x"] = np.arange(6)
    packed = linalg.PackedMatrix(np.ones((3, 2)))
    np.testing.assert_array_equal(fields["x"].reshape(2, 3) @ packed, [[3, 3], [12, 12]])


@pytest.mark.parametrize("rows", [2**57, 2**58, 3 * 2**56])
def test_a_matrix_too_large_to_pack_is_a_memory_error(rows):
    with pytest.raises(MemoryError):
        linalg.PackedMatrix(np.broadcast_to(np.ones(1), (rows, 1)))


def test_derivatives_refuse_it():
    packed = linalg.PackedMatrix(np.eye(2))
    with pytest.raises(TypeError):
        grad(lambda x: (x @ packed).sum())(np.ones((2, 2)))


def test_a_recording_refuses_it():
    packed = linalg.PackedMatrix(np.eye(2))
    with _kernels.Recording(), pytest.raises(ValueError, match="matmul with a PackedMatrix: call must be outside"):
        np.ones((2, 2)) @ packed

"""Systems, inverses and determinants: residuals, NumPy's results, and what is singular."""

import pickle

import numpy as np
import pytest
import scipy.linalg

from mmlcore import _kernels, linalg
from mmlcore._errors import IllConditionedWarning

SIZES = [1, 2, 15, 16, 17, 33, 64, 100, 130]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", SIZES)
def test_solution_has_a_small_backward_error(n, dtype):
    rng = np.random.default_rng(n)
    a, b = rng.standard_normal((n, n)).astype(dtype), rng.standard_normal((n, 3)).astype(dtype)
    x = linalg.solve(a, b)
    assert x.dtype == dtype
    residual = np.abs(a.astype(float) @ x - b).max()
    scale = np.abs(a).sum(axis=1).max() * np.abs(x).max() + np.abs(b).max()
    assert residual <= 10 * n * np.finfo(dtype).eps * scale


@pytest.mark.parametrize("n", SIZES)
def test_inverse_and_determinant(n):
    rng = np.random.default_rng(100 + n)
    a = rng.standard_normal((n, n))
    error = n * np.finfo(float).eps * np.linalg.cond(a)
    assert np.abs(linalg.inv(a) @ a - np.eye(n)).max() <= 10 * error
    np.testing.assert_allclose(linalg.det(a), np.linalg.det(a), rtol=100 * error)
    sign, logarithm = linalg.slogdet(a)
    assert sign == np.linalg.slogdet(a).sign
    np.testing.assert_allclose(logarithm, np.linalg.slogdet(a).logabsdet, rtol=1e-10)


def test_pivoting_is_needed_and_done():
    tiny = np.array([[1e-20, 1.0], [1.0, 1.0]])
    np.testing.assert_allclose(linalg.solve(tiny, [1, 2]), [1, 1], rtol=1e-12)
    np.testing.assert_array_equal(linalg.solve([[0, 1], [1, 0]], [3, 4]), [4, 3])
    assert linalg.det([[0, 1], [1, 0]]) == -1


def test_shapes_as_numpy():
    rng = np.random.default_rng(1)
    a, vector, matrix = rng.standard_normal((4, 3, 3)), rng.standard_normal(3), rng.standard_normal((3, 2))
    for b in (vector, matrix, rng.standard_normal((4, 3, 2))):
        np.testing.assert_allclose(linalg.solve(a, b), np.linalg.solve(a, b), rtol=1e-9)
    np.testing.assert_allclose(linalg.inv(a), np.linalg.inv(a), rtol=1e-9)
    np.testing.assert_allclose(linalg.det(a), np.linalg.det(a), rtol=1e-9)
    assert linalg.inv(np.ones((0, 0))).shape == (0, 0)
    assert linalg.det(np.ones((0, 0))) == 1
    assert linalg.solve(np.ones((0, 0)), np.ones((0, 2))).shape == (0, 2)


@pytest.mark.parametrize("function", [lambda a: linalg.solve(a, np.ones(len(a))), linalg.inv])
@pytest.mark.parametrize("n", [2, 20, 50])
def test_singular_matrix_names_the_pivot(function, n):
    a = np.eye(n)
    a[-1] = a[0]
    with pytest.raises(linalg.LinAlgError, match=f"a must be non-singular, got pivot {n - 1} = 0"):
        function(a)
    assert linalg.det(a) == 0
    assert linalg.slogdet(a) == (0, -np.inf)


def test_bad_arguments():
    with pytest.raises(linalg.LinAlgError, match=r"inv: a must be a square matrix .*got shape \(2, 3\)"):
        linalg.inv(np.ones((2, 3)))
    with pytest.raises(ValueError, match="solve: b must be of 2 rows"):
        linalg.solve(np.eye(2), np.ones(3))
    with pytest.raises(ValueError, match="solve: b must be at least one-dimensional"):
        linalg.solve(np.eye(2), 1.0)
    with pytest.raises(ValueError, match="solve: the axes before the last two must be broadcastable"):
        linalg.solve(np.ones((2, 2, 2)), np.ones((3, 2, 2)))
    with pytest.raises(TypeError, match="det: a must be real numbers"):
        linalg.det([[1j]])


def test_nan_stays_nan():
    assert np.isnan(linalg.solve([[np.nan, 1], [1, 2]], [1, 1])).any()
    assert np.isnan(linalg.det([[np.nan, 1], [1, 2]]))


@pytest.mark.parametrize(("dtype", "big"), [(np.float64, 1e200), (np.float32, 1e25)])
def test_determinant_does_not_overflow_on_the_way(dtype, big):
    diagonal = np.array([big, big, 1 / big, 1 / big], dtype)
    for order in (diagonal, diagonal[::-1]):
        np.testing.assert_allclose(linalg.det(np.diag(order)), 1, rtol=1e-5)
    assert linalg.det(np.diag(np.array([big, big], dtype))) == np.inf


@pytest.mark.parametrize(("dtype", "tiny"), [(np.float64, 1e-310), (np.float32, 1e-40)])
def test_pivots_whose_reciprocal_overflows(dtype, tiny):
    a = np.diag(np.array([1, tiny], dtype))
    np.testing.assert_allclose(linalg.solve(a, np.array([3, tiny], dtype)), [3, 1], rtol=1e-5)
    np.testing.assert_array_equal(linalg.solve(a, np.zeros(2, dtype)), [0, 0])


def test_float32_stays_float32_whoever_made_the_dtype():
    unpickled = pickle.loads(pickle.dumps(np.ones((2, 2), np.float32)))
    other_order = np.ones((2, 2), ">f4")
    for b in (unpickled, other_order):
        assert linalg.solve(np.eye(2, dtype=np.float32), b).dtype == np.float32
        assert linalg.inv(b + np.eye(2, dtype=np.float32)).dtype == np.float32


def test_a_view_of_more_than_memory_is_a_memory_error():
    with pytest.raises(MemoryError):
        linalg.det(np.broadcast_to(1.0, (2**22, 2**22)))


@pytest.mark.parametrize("n", [4, 8, 14, 40])
def test_ill_conditioning_is_reported_with_its_number(n):
    """Of singular values that fall from 1 to 1 / condition."""
    rng = np.random.default_rng(0)
    u, v = (np.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(2))
    for condition, warned in ((1e10, False), (1e18, True)):
        a = u * np.geomspace(1, 1 / condition, n) @ v.T
        if not warned:
            linalg.solve(a, np.ones(n))  # a warning would be an error here
            continue
        with pytest.warns(
            IllConditionedWarning, match=r"solve: a is ill-conditioned, condition number [\d.e+]+: x may"
        ):
            linalg.solve(a, np.ones(n))


def test_conditioning_of_one_in_a_stack_and_the_scale_of_rows():
    a = np.stack([np.eye(3), np.diag([1, 1e-200, 1e200]), np.eye(3)])
    linalg.solve(a, np.ones(3))
    a[2] = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    with pytest.warns(IllConditionedWarning, match=r"\(matrix 2 of the stack\)") as record:
        linalg.solve(a, np.ones(3))
    assert record[0].filename == __file__


@pytest.mark.parametrize("n", [8, 10])
def test_the_condition_number_is_skeels(n):
    """Hilbert matrices, whose inverses are known integers; up to n = 8 it is computed, above estimated from below."""
    a = scipy.linalg.hilbert(n)
    exact = (np.abs(scipy.linalg.invhilbert(n)) @ a).sum(axis=1).max()
    a *= 10.0 ** np.linspace(-100, 100, n)[:, None]  # the scale of rows changes nothing
    a = a[::-1].copy()
    x, condition = np.empty((n, 1)), np.empty(())
    assert _kernels.solve(x, a, np.ones((n, 1)), condition) is None
    assert (0.999 if n == 8 else 0.3) * exact <= condition <= 1.001 * exact

"""Conjugate gradients: the solution, the number of steps of the theory, and what stops it."""

import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg

from mmlcore import linalg
from mmlcore._errors import ConvergenceWarning


@pytest.mark.parametrize("size", [1.0, 1e-200, 1e200])
def test_solves_dense_and_sparse(size):
    n = 80
    a = scipy.sparse.diags_array([2.1 * np.ones(n), -np.ones(n - 1), -np.ones(n - 1)], offsets=[0, 1, -1]).tocsr()
    b = np.random.default_rng(0).standard_normal(n)
    truth = np.linalg.solve(a.toarray(), b)
    for matrix in (a * size, a.toarray() * size):
        x, trace = linalg.conjugate_gradient(matrix, b, tol=1e-13)
        np.testing.assert_allclose(x * size, truth, rtol=1e-9)
        assert trace[0] == pytest.approx(1)
        assert trace[-1] <= 1e-13


def test_as_many_steps_as_distinct_eigenvalues():
    q = np.linalg.qr(np.random.default_rng(1).standard_normal((40, 40)))[0]
    a = q * np.repeat([1.0, 3, 10, 20], 10) @ q.T
    assert len(linalg.conjugate_gradient(a, np.ones(40), tol=1e-9).trace) == 5


def test_start_zero_and_float32():
    x = linalg.conjugate_gradient(np.float32([[4, 1], [1, 3]]), [1, 2], tol=1e-6).x
    assert x.dtype == np.float32
    assert len(linalg.conjugate_gradient([[4, 1], [1, 3]], [5, 4], x0=[1, 1]).trace) == 1
    assert not linalg.conjugate_gradient(np.eye(2), [0, 0]).x.any()


def test_what_stops_it():
    with pytest.raises(linalg.LinAlgError, match="conjugate_gradient: a must be positive definite, got pᵀ a p"):
        linalg.conjugate_gradient([[1, 0], [0, -1]], [0, 1])
    with pytest.raises(linalg.LinAlgError, match="conjugate_gradient: a must be a square matrix"):
        linalg.conjugate_gradient(np.ones((2, 3)), [1, 1])
    with pytest.raises(ValueError, match="conjugate_gradient: b must be of 2 elements"):
        linalg.conjugate_gradient(np.eye(2), [1])
    with pytest.raises(ValueError, match="conjugate_gradient: x0 must be of 2 elements"):
        linalg.conjugate_gradient(np.eye(2), [1, 1], x0=[1])
    with pytest.raises(linalg.LinAlgError, match="conjugate_gradient: b and x0 must be finite"):
        linalg.conjugate_gradient(np.eye(2), [np.nan, 1])
    a = np.diag(np.logspace(0, 6, 50))
    with pytest.warns(ConvergenceWarning, match=r"conjugate_gradient: residual [\d.e-]+ after 3 iterations, above"):
        linalg.conjugate_gradient(a, np.ones(50), n_iter=3)


def test_functions_and_operators_need_no_matrix():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((30, 30))
    a, b = a @ a.T + 5 * np.eye(30), rng.standard_normal(30)
    expected = linalg.conjugate_gradient(a, b, tol=1e-12)
    for given in (lambda v: a @ v, scipy.sparse.linalg.aslinearoperator(a)):
        x, trace = linalg.conjugate_gradient(given, b, tol=1e-12)
        np.testing.assert_allclose(x, expected.x, rtol=1e-9)
        assert len(trace) == len(expected.trace)
    assert linalg.conjugate_gradient(lambda v: 2 * v, np.float32([1, 2]), tol=1e-5).x.dtype == np.float32


@pytest.mark.parametrize("kind", ["function", "dense", "sparse"])
def test_a_preconditioner_brings_eigenvalues_together(kind):
    n = 200
    d = np.geomspace(1, 1e6, n)
    coupling = 0.1 * np.ones(n - 1)
    a = scipy.sparse.diags_array([d, coupling, coupling], offsets=[0, 1, -1]).tocsr()
    b, inverse = np.random.default_rng(0).standard_normal(n), scipy.sparse.diags_array(1 / d).tocsr()
    M = {"function": lambda r: r / d, "dense": inverse.toarray(), "sparse": inverse}[kind]
    with pytest.warns(ConvergenceWarning):
        linalg.conjugate_gradient(a, b, n_iter=100)
    x, trace = linalg.conjugate_gradient(a, b, preconditioner=M)
    np.testing.assert_allclose(x, np.linalg.solve(a.toarray(), b), rtol=1e-7)
    assert len(trace) < 20
    assert trace[-1] <= 1e-10
    np.testing.assert_allclose(trace[-1], np.linalg.norm(b - a @ x) / np.linalg.norm(b), rtol=0.1, atol=1e-12)


def test_preconditioners_that_are_none():
    a, b = np.diag([1.0, 2.0]), np.ones(2)
    with pytest.raises(linalg.LinAlgError, match="preconditioner must be positive definite, got rᵀ M r"):
        linalg.conjugate_gradient(a, b, preconditioner=-np.eye(2))
    with pytest.raises(ValueError, match=r"preconditioner must be of shape \(2, 2\), got shape \(3, 3\)"):
        linalg.conjugate_gradient(a, b, preconditioner=np.eye(3))
    with pytest.raises(ValueError, match=r"a must be a product of shape \(2,\), got shape \(1,\)"):
        linalg.conjugate_gradient(lambda v: v[:1], b)
    with pytest.raises(ValueError, match="b must be of one dimension"):
        linalg.conjugate_gradient(lambda v: v, np.eye(2))
    with pytest.raises(linalg.LinAlgError, match="a must be positive definite, got pᵀ a p = nan"):
        linalg.conjugate_gradient(lambda v: v * np.nan, b)


@pytest.mark.parametrize(
    ("dtype", "size"), [("float32", 1e18), ("float32", 1e-18), ("float64", 1e170), ("float64", 1e-170)]
)
def test_a_preconditioner_of_any_size(dtype, size):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((20, 20))
    a = ((a @ a.T + np.diag(np.arange(1.0, 21))) * size).astype(dtype)
    b = rng.standard_normal(20).astype(dtype)
    found = linalg.conjugate_gradient(a, b, preconditioner=np.diag(1 / np.diag(a)), tol=1e-5)
    assert np.linalg.norm(a @ found.x - b) < 1e-4 * np.linalg.norm(b)


def test_functions_cannot_change_what_is_still_needed():
    def halved(r):
        r *= 0.5
        return r

    with pytest.raises(ValueError, match="read-only"):
        linalg.conjugate_gradient(np.diag([1.0, 2.0, 3.0]), np.ones(3), preconditioner=halved)

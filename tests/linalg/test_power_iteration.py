"""Power iteration, on the document's example and where it stops short."""

import numpy as np
import pytest
import scipy.sparse

from mmlcore import linalg
from mmlcore._errors import ConvergenceWarning


def test_power_iteration_on_the_document_matrix():
    """DRP: np.random.seed(0), a random 3×4 matrix; σ against the iteration count (MISSION A2)."""
    a = np.random.RandomState(0).rand(3, 4)
    sigma, u, v, trace = linalg.power_iteration(a)
    truth = np.linalg.svd(a, compute_uv=False)
    assert abs(sigma - truth[0]) <= 1e-12
    np.testing.assert_allclose(a @ v, sigma * u, atol=1e-10)
    assert (np.diff(trace) >= -1e-14).all()  # ‖A v‖ never falls
    errors = truth[0] - trace[:4]
    assert (errors[1:] <= errors[:-1] * (truth[1] / truth[0]) ** 2).all()  # and at least at the rate of the theory


def test_power_iteration_of_zero_and_of_float32():
    assert linalg.power_iteration(np.zeros((3, 2))).sigma == 0
    zero = linalg.svd(np.zeros((20, 20)), k=2, method="power")
    np.testing.assert_allclose(zero.U.T @ zero.U, np.eye(2), atol=1e-12)
    result = linalg.power_iteration(np.float32([[3, 0], [4, 5]]))
    assert result.u.dtype == np.float32
    np.testing.assert_allclose(result.sigma, 45**0.5, rtol=1e-6)
    start = linalg.power_iteration([[2, 0], [0, 1]], v0=[1, 0])
    assert len(start.trace) == 2


def test_stopping_short_warns_with_the_residual():
    a = np.random.default_rng(4).standard_normal((100, 100))
    with pytest.warns(
        ConvergenceWarning, match="power_iteration: the start lies in the null space, residual"
    ) as record:
        linalg.power_iteration([[0, 0], [0, 5]], v0=[1, 0])
    assert record[0].filename == __file__
    with pytest.warns(ConvergenceWarning, match="power_iteration: sigma was still changing, residual"):
        linalg.power_iteration(a, n_iter=3)


@pytest.mark.parametrize("size", [1.0, 1e-200])
def test_sparse_as_dense(size):
    a = scipy.sparse.random_array((60, 40), density=0.1, rng=np.random.default_rng(5)).tocsr() * size
    sparse, dense = linalg.power_iteration(a, seed=1), linalg.power_iteration(a.toarray(), seed=1)
    np.testing.assert_allclose(sparse.sigma, dense.sigma, rtol=1e-13)
    np.testing.assert_allclose(sparse.trace[:5], dense.trace[:5], rtol=1e-12)
    np.testing.assert_allclose(a @ sparse.v, sparse.sigma * sparse.u, atol=1e-6 * size)
    with pytest.warns(ConvergenceWarning, match="power_iteration: sigma was still changing, residual"):
        assert len(linalg.power_iteration(a, 2).trace) == 2
    with pytest.warns(ConvergenceWarning, match="the start lies in the null space"):
        linalg.power_iteration(scipy.sparse.csr_array([[0, 0], [0, 5.0]]), v0=[1, 0])
    with pytest.raises(linalg.LinAlgError, match="power_iteration: a must be finite"):
        linalg.power_iteration(scipy.sparse.csr_array([[np.inf]]))

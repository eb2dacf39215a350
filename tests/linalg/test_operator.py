"""Dense and sparse matrices behind one interface."""

import numpy as np
import pytest
import scipy.sparse

from mmlcore import linalg
from mmlcore.linalg.operator import as_operator


@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array, scipy.sparse.csr_matrix, scipy.sparse.coo_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1.0, 1e-30, 1e30])
def test_products(make, dtype, size):
    rng = np.random.default_rng(0)
    a = (rng.standard_normal((7, 5)) * (rng.random((7, 5)) < 0.5) * size).astype(dtype)
    operator = as_operator("f", make(a))
    x, y = rng.standard_normal((5, 3)).astype(dtype), rng.standard_normal((7, 3)).astype(dtype)
    bound = 100 * np.finfo(dtype).eps * size
    np.testing.assert_allclose(operator.times(x) * operator.scale, a @ x, atol=bound)
    np.testing.assert_allclose(operator.transposed_times(y) * operator.scale, a.T @ y, atol=bound)
    np.testing.assert_array_equal(operator.dense(), a)
    assert operator.times(x).dtype == dtype
    assert np.abs(operator.times(x)).max() < 100


def test_single_precision_spans_the_same():
    a = np.random.default_rng(1).standard_normal((6, 4)) * 1e200
    operator = as_operator("f", a).single()
    assert operator.dtype == np.float32
    x = np.eye(4, dtype=np.float32)
    np.testing.assert_allclose(operator.times(x) / operator.times(x).max(), a / a.max(), rtol=1e-6)


def test_refusals():
    with pytest.raises(linalg.LinAlgError, match="f: a must be finite"):
        as_operator("f", scipy.sparse.csr_array([[np.nan, 0], [0, 1]]))
    with pytest.raises(linalg.LinAlgError, match="f: a must be finite"):
        as_operator("f", [[np.inf, 0]])
    with pytest.raises(ValueError, match="f: a must be a single matrix"):
        as_operator("f", np.ones((2, 2, 2)))
    with pytest.raises(TypeError, match="f: a must be real numbers"):
        as_operator("f", scipy.sparse.csr_array([[1j]]))
    with pytest.raises(TypeError, match="svd: a must be dense where k is not given"):
        linalg.svd(scipy.sparse.csr_array([[1.0]]))
    assert linalg.power_iteration(scipy.sparse.lil_matrix([[3.0, 0.0]])).sigma == 3

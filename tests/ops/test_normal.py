"""Logarithm and inverse of Φ, Mahalanobis distances."""

import numpy as np
import pytest
from scipy import special

from mmlcore import check_grads, ops


def test_far_tails_against_scipy():
    z = np.concatenate([np.linspace(-300, 8, 3001), [-1e5, -1e10]])
    np.testing.assert_allclose(ops.normal_logcdf(z[:-2]), special.log_ndtr(z[:-2]), rtol=3e-14)
    leading = -(z[-2:] ** 2) / 2 - np.log(-z[-2:]) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(ops.normal_logcdf(z[-2:]), leading, rtol=1e-15)
    p = np.concatenate([10.0 ** -np.arange(1, 320, 3.0), np.linspace(0.01, 0.99, 99), [5e-324]])
    np.testing.assert_allclose(ops.normal_ppf(p), special.ndtri(p), rtol=2e-15, atol=1e-15)
    np.testing.assert_array_equal(ops.normal_ppf([0.0, 1.0, -0.1, 1.1]), [-np.inf, np.inf, np.nan, np.nan])
    np.testing.assert_array_equal(ops.normal_logcdf([-np.inf, np.inf, np.nan]), [-np.inf, 0, np.nan])


def test_derivatives():
    check_grads(ops.normal_logcdf, (np.array([-30.0, -3.0, 0.2, 2.0]),))
    check_grads(ops.normal_ppf, (np.array([0.03, 0.2, 0.99]),))


@pytest.mark.parametrize("d", [1, 2, 3, 7, 16, 33])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_squared_mahalanobis_is_the_length_of_the_solution(d, dtype):
    rng = np.random.default_rng(d)
    A = rng.standard_normal((d, d))
    L = np.linalg.cholesky(A @ A.T + d * np.eye(d)).astype(dtype)
    L += np.triu(np.full((d, d), np.nan, dtype), 1)  # the upper triangle is not read
    for n in (0, 1, 5, 40, 333):
        x, mean = rng.standard_normal((n, d)).astype(dtype), rng.standard_normal(d).astype(dtype)
        z = np.linalg.solve(np.tril(np.nan_to_num(L)).astype(float), (x - mean).T.astype(float))
        np.testing.assert_allclose(
            ops.squared_mahalanobis(x, mean, L), (z * z).sum(0), rtol=20 * np.finfo(dtype).eps * d
        )


def test_derivatives_and_errors_of_the_distance():
    rng = np.random.default_rng(0)
    L = np.tril(rng.standard_normal((3, 3))) + 3 * np.eye(3)
    check_grads(ops.squared_mahalanobis, (rng.standard_normal((4, 3)), rng.standard_normal(3), L))
    with pytest.raises(ValueError, match="squared_mahalanobis: x must be of shape"):
        ops.squared_mahalanobis(np.ones(3), np.ones(3), np.eye(3))
    with pytest.raises(ValueError, match="squared_mahalanobis: mean must be"):
        ops.squared_mahalanobis(np.ones((2, 3)), np.ones(2), np.eye(3))

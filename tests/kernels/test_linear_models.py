"""Coordinate descent, dual coordinate descent and the logistic loss at the border."""

import numpy as np
import pytest

from mmlcore import _kernels

rng = np.random.default_rng(0)


def products(d=4):
    X, y = rng.normal(size=(20, d)), rng.normal(size=20)
    return X, y, X.T @ X, X.T @ y, float(y @ y)


def test_both_ways_down_the_elastic_net_agree():
    X, y, G, q, yy = products()
    beta, other = np.zeros(4), np.zeros(4)
    gradient, residual = q.copy(), y.copy()
    _, gap, converged = _kernels.elastic_net_of_products(beta, gradient, G, yy, q, 1.0, 0.5, 1e-14, 1000, False, -1)
    _kernels.elastic_net_of_columns(other, residual, np.ascontiguousarray(X.T), yy, 1.0, 0.5, 1e-14, 1000, False, -1)
    assert converged
    assert abs(gap) <= 1e-12 * yy
    np.testing.assert_allclose(beta, other, atol=1e-9)
    np.testing.assert_allclose(gradient, q - G @ beta, atol=1e-12)
    np.testing.assert_allclose(residual, y - X @ other, atol=1e-12)


def test_the_gap_bounds_the_distance_to_the_minimum():
    X, y, G, q, yy = products()

    def objective(b):
        return 0.5 * np.square(y - X @ b).sum() + np.abs(b).sum() + 0.25 * b @ b

    best = np.zeros(4)
    _kernels.elastic_net_of_products(best, q.copy(), G, yy, q, 1.0, 0.5, 0.0, 10000, False, -1)
    for sweeps in (1, 2, 3):
        beta = np.zeros(4)
        _, gap, _ = _kernels.elastic_net_of_products(beta, q.copy(), G, yy, q, 1.0, 0.5, 0.0, sweeps, False, -1)
        assert gap >= objective(beta) - objective(best) - 1e-12


def test_nothing_is_written_when_arguments_do_not_fit():
    _, _, G, q, yy = products()
    beta, gradient = np.zeros(4), q.copy()
    for wrong in ({"products": G[:3]}, {"q": q[:3]}, {"gradient": np.zeros(3)}):
        given = {"beta": beta, "gradient": gradient, "products": G, "yy": yy, "q": q, "l1": 1.0, "l2": 0.0, **wrong}
        with pytest.raises(ValueError, match="elastic_net_of_products: "):
            _kernels.elastic_net_of_products(**given, tol=1e-4, max_iter=10, positive=False, seed=-1)
    with pytest.raises(ValueError, match="must be"):
        _kernels.elastic_net_of_products(beta, beta, G, yy, q, 1.0, 0.0, 1e-4, 10, False, -1)
    assert not beta.any()
    with pytest.raises(ValueError, match="support_vectors: y"):
        _kernels.support_vectors(np.zeros(4), np.zeros(20), np.ones((20, 4)), np.ones(3), np.ones(20), -1.0, True,
                                 1e-4, 10, 0)  # fmt: skip
    with pytest.raises(ValueError, match="weighted_logistic_loss: "):
        _kernels.weighted_logistic_loss(np.zeros(4), None, np.ones((3, 4)), np.zeros(3), None, np.zeros(5))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (1000, 30), (40, 5000), (5, 0)])
def test_logistic_loss(dtype, order, shape):
    n, d = shape
    X = np.asarray(rng.normal(size=shape), dtype, order=order)
    t, w = rng.integers(0, 2, n).astype(dtype), rng.random(n).astype(dtype)
    theta = (rng.normal(size=d + 1) / np.sqrt(d + 1)).astype(dtype)
    gradient, curvature = np.empty(d + 1), np.empty(n, dtype)
    loss = _kernels.weighted_logistic_loss(gradient, curvature, X, t, w, theta)
    rows = np.column_stack([X, np.ones(n)]).astype(float)
    z = rows @ theta.astype(float)
    p = 1 / (1 + np.exp(-z))
    near = {"rtol": 1e-4 if dtype == np.float32 else 1e-11, "atol": 1e-3 if dtype == np.float32 else 1e-11}
    np.testing.assert_allclose(loss, (w * (np.logaddexp(0, z) - t * z)).sum(), **near)
    np.testing.assert_allclose(gradient, (w * (p - t)) @ rows, **near)
    np.testing.assert_allclose(curvature, w * p * (1 - p), **near)


def test_the_number_of_threads_changes_no_bit():
    X, t = rng.normal(size=(5000, 40)), rng.integers(0, 2, 5000).astype(float)
    theta, found = rng.normal(size=41), []
    for threads in (1, 2):
        _kernels.set_num_threads(threads)
        gradient, sums = np.empty(41), np.empty((42, 42))
        loss = _kernels.weighted_logistic_loss(gradient, None, X, t, None, theta)
        _kernels.cross_products(sums, X, t[:, None], None, np.zeros(41))
        found.append((loss, gradient.tobytes(), sums.tobytes()))
    assert found[0] == found[1]


def test_support_vectors_keep_w_and_a_together():
    X, y, c = rng.normal(size=(30, 3)), np.sign(rng.normal(size=30)), np.full(30, 0.7)
    for epsilon in (-1.0, 0.1):
        for squared in (True, False):
            w, a = np.zeros(3), np.zeros(30)
            _, converged = _kernels.support_vectors(w, a, X, y, c, epsilon, squared, 1e-6, 100000, 0)
            assert converged
            signed = a * y if epsilon < 0 else a
            np.testing.assert_allclose(w, signed @ X, atol=1e-12)
            assert squared or (np.abs(a) <= 0.7 + 1e-12).all()

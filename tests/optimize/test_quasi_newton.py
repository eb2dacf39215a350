"""The secant condition H y = s, and what the ring of pairs must give."""

import numpy as np
import pytest

from mmlcore import _kernels
from mmlcore.optimize import minimize
from mmlcore.optimize.quasi_newton import LimitedMemory


def two_loops(pairs, g):
    """-H g as Nocedal (1980) writes it, from pairs (s, y), the newest last."""
    q, alphas = g.copy(), []
    for s, y in reversed(pairs):
        alphas.append(s @ q / (y @ s))
        q -= alphas[-1] * y
    if pairs:
        s, y = pairs[-1]
        q *= (y @ s) / (y @ y)
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        q += (alpha - y @ q / (y @ s)) * s
    return -q


def test_the_secant_condition_and_the_full_form():
    """Two loops give what the recursion of BFGS gives, started from the scaled identity."""
    rng = np.random.default_rng(0)
    A, pairs = np.diag([1.0, 2, 3, 4, 5]), []
    H = LimitedMemory(3, np.zeros(5))
    for s in rng.standard_normal((4, 5)):
        H.update(s + 1, np.ones(5), A @ s + 1, np.ones(5))
        pairs = [*pairs, (s, A @ s)][-3:]
        np.testing.assert_allclose(H.direction(A @ s), -s, rtol=1e-10)
    assert H.count == 3
    s, y = pairs[-1]
    dense = np.eye(5) * (y @ s) / (y @ y)
    for s, y in pairs:
        V = np.eye(5) - np.outer(y, s) / (y @ s)
        dense = V.T @ dense @ V + np.outer(s, s) / (y @ s)
    g = rng.standard_normal(5)
    np.testing.assert_allclose(H.direction(g), -dense @ g, rtol=1e-10)
    H.update(np.ones(5), np.zeros(5), -np.ones(5), np.zeros(5))  # negative curvature is not taken in
    assert H.count == 3
    np.testing.assert_allclose(H.direction(g), -dense @ g, rtol=1e-10)
    H.forget()
    np.testing.assert_array_equal(H.direction(g), -g)


@pytest.mark.parametrize("n", [1, 7, 8, 33, 100, 1000, 20_000])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 2e-3)])
def test_the_ring_gives_the_two_loops(n, dtype, tolerance):
    """Also of ill-conditioned quadratics: curvatures from 1e-6 to 1."""
    rng, memory = np.random.default_rng(n), 5
    curvatures = np.geomspace(1e-6, 1, n)
    H, pairs = LimitedMemory(memory, np.zeros(n, dtype)), []
    x = rng.standard_normal(n).astype(dtype)
    for _ in range(2 * memory + 3):
        new = (x + rng.standard_normal(n) / np.sqrt(curvatures)).astype(dtype)
        g, g_new = (curvatures * x).astype(dtype), (curvatures * new).astype(dtype)
        H.update(new, x, g_new, g)
        pairs = [*pairs, ((new - x).astype(np.float64), (g_new - g).astype(np.float64))][-memory:]
        wanted = two_loops(pairs, g_new.astype(np.float64))
        np.testing.assert_allclose(H.direction(g_new), wanted, rtol=0, atol=tolerance * np.abs(wanted).max())
        x = new
    assert H.count == memory
    assert H.direction(g).dtype == dtype


def test_the_directions_of_a_run_are_those_of_the_two_loops(monkeypatch):
    """Rosenbrock's valley in 50 dimensions, every iteration: 1e-10 of the length."""
    worst, pairs = [0.0], []
    update, direction = LimitedMemory.update, LimitedMemory.direction

    def noted_update(self, x, x_before, g, g_before):
        before = self._newest
        update(self, x, x_before, g, g_before)
        if before != self._newest:
            pairs.append((x - x_before, g - g_before))

    def noted_direction(self, g):
        d, wanted = direction(self, g), two_loops(pairs[-10:], g)
        worst[0] = max(worst[0], np.abs(d - wanted).max() / np.abs(wanted).max())
        return d

    monkeypatch.setattr(LimitedMemory, "update", noted_update)
    monkeypatch.setattr(LimitedMemory, "direction", noted_direction)
    valley = minimize(
        lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2), np.tile([-1.2, 1.0], 25), "lbfgs"
    )
    assert valley.success
    assert len(pairs) > 100
    assert worst[0] < 1e-10


def test_the_border_of_the_kernels():
    ring, v = np.zeros((3, 4)), np.ones(4)
    before = ring.copy()
    for row in (-1, 3):
        with pytest.raises(ValueError, match="limited_memory_pair: row must be one of 3"):
            _kernels.limited_memory_pair(ring, ring.copy(), row, v, v, v, v)
    with pytest.raises(ValueError, match="limited_memory_pair: g must be"):
        _kernels.limited_memory_pair(ring, ring.copy(), 0, v, v, np.ones(5), v)
    with pytest.raises(ValueError, match="limited_memory_pair: s must be"):
        _kernels.limited_memory_pair(ring, ring, 0, v, v, v, v)
    with pytest.raises(TypeError, match="limited_memory_pair: x must be float64"):
        _kernels.limited_memory_pair(ring, ring.copy(), 0, v.astype(np.float32), v, v, v)
    np.testing.assert_array_equal(ring, before)

    d, c = np.zeros(4), np.ones(3)
    for count, newest, wrong in ((4, 0, "count"), (-1, 0, "count"), (1, 3, "newest"), (1, -1, "newest")):
        with pytest.raises(ValueError, match=f"limited_memory_direction: {wrong} must be"):
            _kernels.limited_memory_direction(d, v, ring, ring, c, count, newest, 1.0)
    with pytest.raises(ValueError, match="limited_memory_direction: curvature must be"):
        _kernels.limited_memory_direction(d, v, ring, ring, np.ones(2), 1, 0, 1.0)
    with pytest.raises(ValueError, match="limited_memory_direction: d must be"):
        _kernels.limited_memory_direction(v, v, ring, ring, c, 1, 0, 1.0)


def test_bfgs_finds_the_inverse_hessian_of_a_quadratic():
    A = np.array([[3.0, 1.0], [1.0, 2.0]])
    r = minimize(lambda x: 0.5 * x @ A @ x, [3.0, -2.0], "bfgs", tol=1e-10)
    np.testing.assert_allclose(r.hess_inv, np.linalg.inv(A), rtol=0.05)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e120])
@pytest.mark.parametrize("method", ["bfgs", "lbfgs"])
def test_gradients_of_any_size(method, size):
    """The first step is no longer than 1, and the pairs know the rest."""
    r = minimize(lambda x: size * np.sum((x - 1) ** 2), np.zeros(3), method, tol=1e-6 * size)
    assert r.success, r.message
    np.testing.assert_allclose(r.x, 1, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bounds", [None, [(-1.0, 1.0)] * 4])
def test_changes_of_the_gradient_that_underflow(dtype, bounds):
    found = minimize(
        lambda x: (x**4).sum(), np.array([0.3, -0.5, 0.9, 0.2], dtype), "lbfgs", tol=0.0, max_iter=2000, bounds=bounds
    )
    assert np.abs(found.x).max() < 1e-3
    tiny = minimize(lambda x: dtype(1e-18) * ((x - 1) ** 2).sum(), np.zeros(4, dtype), "lbfgs", tol=0.0, max_iter=50)
    assert np.isfinite(tiny.x).all()


def test_a_memory_of_more_pairs_than_there_will_be():
    assert minimize(lambda x: ((x - 1) ** 2).sum(), np.zeros(3), "lbfgs", memory=10**12).success

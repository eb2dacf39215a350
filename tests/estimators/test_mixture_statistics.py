"""Statistics of mixtures: pieces merge to the whole, factors whiten, singular covariances are lifted and counted."""

import numpy as np
import pytest

from mmlcore.estimators.mixture_statistics import KINDS, MixtureParameters, MixtureStatistics, factors_of, scatter_about


def parameters(kind, rng, k=3, d=4):
    factor = rng.standard_normal((k, d, d))
    full = factor @ np.swapaxes(factor, 1, 2) + np.eye(d)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": np.einsum("kii->ki", full).copy(),
        "spherical": full[:, 0, 0].copy(),
    }[kind]
    covariances, chol, _ = factors_of(kind, covariances)
    return MixtureParameters(kind, np.full(k, 1 / k), rng.standard_normal((k, d)), covariances, chol)


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_merge_to_the_whole(kind):
    rng = np.random.default_rng(0)
    start, x, w = parameters(kind, rng), rng.standard_normal((500, 4)), rng.random(500)
    whole = MixtureStatistics(kind, start.means).update(x, w, start)
    merged = MixtureStatistics(kind, start.means).update(x[:123], w[:123], start)
    merged.merge(MixtureStatistics(kind, start.means).update(x[123:], w[123:], start))
    assert merged.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-12)
    for one, other in zip(merged.solve(1e-6)[:3], whole.solve(1e-6)[:3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)
    given = MixtureStatistics(kind, start.means).update_given(x, w, start.expect(x, True)[1])
    for one, other in zip(given.solve(1e-6)[:3], whole.solve(1e-6)[:3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_sums_about_other_points_solve_to_the_same(kind):
    rng = np.random.default_rng(2)
    start, x = parameters(kind, rng), rng.standard_normal((300, 4))
    here = MixtureStatistics(kind, start.means).update(x, None, start)
    there = here.moved(start.means + rng.standard_normal((3, 4)))
    for one, other in zip(there.solve(0.0)[:3], here.solve(0.0)[:3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_density_is_scipy_s(kind):
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(1)
    p, x = parameters(kind, rng), rng.standard_normal((50, 4))
    full = {
        "full": lambda: p.covariances,
        "tied": lambda: np.stack([p.covariances] * 3),
        "diag": lambda: np.stack([np.diag(c) for c in p.covariances]),
        "spherical": lambda: np.stack([c * np.eye(4) for c in p.covariances]),
    }[kind]()
    densities = [w * stats.multivariate_normal(m, c).pdf(x) for w, m, c in zip(p.weights, p.means, full, strict=True)]
    likelihood, shares = p.expect(x, responsibilities=True)
    np.testing.assert_allclose(likelihood, np.log(np.sum(densities, axis=0)), rtol=1e-10)
    np.testing.assert_allclose(shares, (densities / np.sum(densities, axis=0)).T, rtol=1e-9)


def test_factors_whiten_whatever_the_scales():
    scales = np.array([1e-9, 1.0, 1e9])
    covariance = (np.eye(3) + 0.5) * scales[:, None] * scales
    kept, factor, lifted = factors_of("tied", covariance)
    np.testing.assert_array_equal(kept, covariance)
    assert lifted == 0
    np.testing.assert_allclose(factor.T @ covariance @ factor, np.eye(3), atol=1e-12)
    np.testing.assert_array_equal(factor, np.triu(factor))


@pytest.mark.parametrize("covariance", [np.zeros((2, 2)), np.ones((2, 2)), np.diag([1.0, 0.0])])
def test_a_singular_covariance_is_lifted_and_counted(covariance):
    lifted, factor, number = factors_of("full", covariance[None])
    assert number == 1
    assert (np.linalg.eigvalsh(lifted[0]) > 0).all()
    assert np.isfinite(factor).all()
    np.testing.assert_allclose(lifted[0], covariance, atol=1e-14)


@pytest.mark.parametrize("kind", ["diag", "spherical"])
def test_variances_that_are_not_positive_are_lifted_and_counted(kind):
    variances = np.array([[1.0, 0.0], [2.0, 3.0]]) if kind == "diag" else np.array([0.0, 1.0])
    lifted, factor, number = factors_of(kind, variances)
    assert number == 1
    assert (lifted > 0).all()
    np.testing.assert_allclose(factor, lifted**-0.5)


def test_scatter_about():
    x, w = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([1.0, 2.0])
    z = x - 1
    np.testing.assert_allclose(scatter_about(x, np.ones(2), w), (z * w[:, None]).T @ z)

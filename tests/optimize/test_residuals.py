"""Sums of squares: the certified problems of NIST's StRD from both starts, covariance, troubles."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize as sp

from mmlcore.optimize import least_squares, minimize

_SPEC = importlib.util.spec_from_file_location("certified", Path(__file__).with_name("certified.py"))
certified = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(certified)
PROBLEMS = certified.PROBLEMS


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("name", PROBLEMS)
def test_certified_parameters_to_six_digits(name, start):
    problem = PROBLEMS[name]
    r = least_squares(lambda b: problem.model(b, problem.x) - problem.y, np.array(problem.starts[start], float))
    assert r.success, r.message
    np.testing.assert_allclose(r.x, problem.b, rtol=1e-6)
    assert 2 * r.fun == pytest.approx(problem.rss, rel=1e-8)


def test_covariance_is_that_of_scipy():
    problem = PROBLEMS["Misra1a"]
    r = least_squares(lambda b: problem.model(b, problem.x) - problem.y, [250.0, 5e-4])
    _, cov = sp.curve_fit(lambda x, *b: problem.model(b, x), problem.x, problem.y, [250.0, 5e-4])
    np.testing.assert_allclose(r.cov, cov, rtol=1e-4)
    np.testing.assert_allclose(r.stderr, [2.7070075241, 7.2668688436e-6], rtol=1e-6)  # certified
    assert r.residual_std == pytest.approx(1.0187876330e-1, rel=1e-8)  # certified


@pytest.mark.parametrize("method", ["gauss-newton", "levenberg-marquardt"])
def test_linear_problems_and_zero_residuals(method):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    r = minimize(lambda t: X @ t - y, np.zeros(3), method, tol=1e-10)
    np.testing.assert_allclose(r.x, np.linalg.lstsq(X, y)[0], rtol=1e-6)
    exact = least_squares(lambda p: np.stack([10 * (p[1] - p[0] ** 2), 1 - p[0]]), [-1.2, 1.0], method=method)
    assert exact.success
    np.testing.assert_allclose(exact.x, 1, rtol=1e-10)
    assert np.isnan(exact.cov).all()  # as many residuals as parameters


def test_a_jacobian_of_ones_own_and_what_is_not_finite():
    problem = PROBLEMS["DanWood"]
    x, y = problem.x, problem.y
    r = least_squares(
        lambda b: b[0] * x ** b[1] - y, [1.0, 5.0], lambda b: np.stack([x ** b[1], b[0] * x ** b[1] * np.log(x)], -1)
    )
    np.testing.assert_allclose(r.x, problem.b, rtol=1e-6)
    bad = least_squares(lambda b: np.log(b), [-1.0])
    assert not bad.success
    assert "not finite" in bad.message

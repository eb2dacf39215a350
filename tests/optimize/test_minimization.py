"""`minimize`: the documents' examples, the classic test functions, constraints, what goes wrong."""

import numpy as np
import pytest

from mmlcore.optimize import minimize


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def beale(p):
    x, y = p[0], p[1]
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def himmelblau(p):
    return (p[0] ** 2 + p[1] - 11) ** 2 + (p[0] + p[1] ** 2 - 7) ** 2


def powell(x):
    """Powell's singular function: the Hessian at the minimum is singular."""
    return (x[0] + 10 * x[1]) ** 2 + 5 * (x[2] - x[3]) ** 2 + (x[1] - 2 * x[2]) ** 4 + 10 * (x[0] - x[3]) ** 4


def wood(x):
    a = 100 * (x[0] ** 2 - x[1]) ** 2 + (x[0] - 1) ** 2 + (x[2] - 1) ** 2 + 90 * (x[2] ** 2 - x[3]) ** 2
    return a + 10.1 * ((x[1] - 1) ** 2 + (x[3] - 1) ** 2) + 19.8 * (x[1] - 1) * (x[3] - 1)


CLASSIC = {  # function, the standard start, the value at the minimum
    "rosenbrock 2": (rosenbrock, [-1.2, 1.0], 0.0),
    "rosenbrock 10": (rosenbrock, [-1.2, 1.0] * 5, None),  # has a second minimum
    "beale": (beale, [1.0, 1.0], 0.0),
    "himmelblau": (himmelblau, [0.0, 0.0], 0.0),
    "powell": (powell, [3.0, -1.0, 0.0, 1.0], 0.0),
    "wood": (wood, [-3.0, -1.0, -3.0, -1.0], 0.0),
}


@pytest.mark.parametrize("method", ["newton", "newton-cg", "bfgs", "lbfgs", "cg"])
@pytest.mark.parametrize("name", CLASSIC)
def test_classic_functions(name, method):
    f, x0, least = CLASSIC[name]
    r = minimize(f, np.array(x0), method)
    assert r.success, r.message
    assert np.abs(r.jac).max() <= 1e-6
    if least is not None:
        assert r.fun < 1e-7


def test_rosenbrock_in_a_hundred_variables():
    r = minimize(rosenbrock, np.tile([-1.2, 1.0], 50), "lbfgs")
    np.testing.assert_allclose(r.x, 1, rtol=1e-6)


@pytest.mark.parametrize("method", ["newton", "newton-cg"])
def test_c3_rosenbrock_in_less_than_40_iterations(method):
    r = minimize(rosenbrock, [-1.2, 1.0], method)
    assert r.success
    assert r.nit < 40


def test_c3_newton_solves_least_squares_in_one_step():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 3)), rng.standard_normal(20)
    r = minimize(lambda t: np.sum((y - X @ t) ** 2), np.zeros(3), "newton", tol=1e-9)
    assert r.nit == 1
    np.testing.assert_allclose(r.x, np.linalg.lstsq(X, y)[0], rtol=1e-10)


def test_any_shape_and_containers_of_arrays():
    target = {"w": np.arange(6.0).reshape(2, 3), "b": 2.0}

    def f(p):
        return np.sum((p["w"] - target["w"]) ** 2) + (p["b"] - target["b"]) ** 2

    r = minimize(f, {"w": np.zeros((2, 3)), "b": 0.0}, track=True)
    np.testing.assert_allclose(r.x["w"], target["w"], atol=1e-6)
    assert r.jac["w"].shape == r.path[0]["w"].shape == (2, 3)
    assert minimize(lambda x: (x - 1) ** 2, 3.0).x == pytest.approx(1)
    single = minimize(rosenbrock, np.array([0.5, 0.5], np.float32), tol=1e-2)
    assert single.x.dtype == np.float32


def test_given_derivatives_and_arguments():
    def pair(x):
        return np.sum(x**4), 4 * x**3

    for r in (
        minimize(pair, np.ones(3), "lbfgs", jac=True),
        minimize(lambda x, c: np.sum((x - c) ** 2), np.ones(3), jac=lambda x: 2 * (x - 0.5), args=(0.5,)),
        minimize(lambda x: np.sum(x**2), np.ones(3), "newton", jac=lambda x: 2 * x),
        minimize(lambda x: np.sum(x**2), np.ones(3), "newton", hess=lambda x: 2 * np.eye(3)),
        minimize(lambda x: np.sum(x**2), np.ones(3), "newton-cg", jac=lambda x: 2 * x),
    ):
        assert r.success, r.message
    assert r.nfev >= r.nit


def test_callback_and_path():
    seen = []
    r = minimize(rosenbrock, [-1.2, 1.0], callback=lambda state: seen.append(state.fun) or len(seen) == 4, track=True)
    assert "callback" in r.message
    assert not r.success
    assert seen == r.path_fun
    assert len(r.path) == r.nit + 1 == 4

    def stop(state):
        raise StopIteration

    assert minimize(rosenbrock, [-1.2, 1.0], callback=stop).nit == 0


@pytest.mark.parametrize("method", ["newton", "newton-cg", "bfgs", "lbfgs", "cg"])
def test_trouble_is_reported_in_words(method):
    """Unbounded, not finite, flat, a barrier: never a NaN as success, never for ever."""
    for f, x0, words in (
        (lambda x: x[0] ** 3 - np.exp(-x[1]), [-1.0, -2.0], ("unbounded", "not finite", "max_iter")),
        (lambda x: np.log(x[0]) + x[0], [-1.0], ("not finite",)),
    ):
        r = minimize(f, np.array(x0), method, max_iter=300)
        assert not r.success
        assert any(word in r.message for word in words), r.message
    flat = minimize(lambda x: 0.0 * np.sum(x), [1.0], method)
    assert flat.success
    assert flat.nit == 0
    barrier = minimize(lambda x: x[0] - np.log(x[0]), [1e-3], method)  # NaN beyond 0
    assert barrier.x == pytest.approx(1, abs=1e-5)


def test_fixed_steps_that_diverge_keep_the_last_finite_point():
    r = minimize(lambda x: np.sum(x**4), [10.0], "gradient_descent", learning_rate=1.0, max_iter=50)
    assert not r.success
    assert "not finite" in r.message
    assert np.isfinite(r.x).all()


def test_a_wrong_gradient_is_found():
    r = minimize(lambda x: np.sum(x**2), [1.0, 2.0], jac=lambda x: np.array([2.0, 1.0]) * x, check=True)
    assert not r.success
    assert "jac is wrong at x0: component 1 is 2, central differences give 4" in r.message
    assert minimize(rosenbrock, [-1.2, 1.0], check=True).success


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="minimize: method must be one of 'gradient_descent', "):
        minimize(rosenbrock, [0.0, 0.0], "simplex")
    with pytest.raises(TypeError, match="minimize: fun must be callable"):
        minimize(3, [0.0])
    with pytest.raises(TypeError, match="minimize: options must be those of 'bfgs', got 'speed'"):
        minimize(rosenbrock, [0.0, 0.0], "bfgs", speed=3)
    with pytest.raises(ValueError, match="minimize: tol must be a non-negative"):
        minimize(rosenbrock, [0.0, 0.0], tol=-1)
    with pytest.raises(ValueError, match="minimize: learning_rate must be a positive"):
        minimize(rosenbrock, [0.0, 0.0], "momentum", learning_rate=0)
    with pytest.raises(ValueError, match="minimize: x0 must be at least one number"):
        minimize(rosenbrock, np.zeros(0))
    with pytest.raises(ValueError, match="minimize: method within bounds must be one of"):
        minimize(rosenbrock, [0.0, 0.0], "cg", bounds=(0, 1))


@pytest.mark.parametrize("method", ["bfgs", "lbfgs", "cg", "newton", "newton-cg"])
@pytest.mark.parametrize("power", [1, 2, 3])
def test_unbounded_functions_are_left_early(method, power):
    result = minimize(lambda x: -np.sum(x**power), [1.0, 1.5], method)
    assert not result.success
    assert "unbounded" in result.message
    assert result.nfev < 300


def test_a_far_minimum_is_still_found():
    result = minimize(lambda x: np.sum((1e-9 * x - 1) ** 2), [0.0, 1.0], "newton", tol=1e-12)
    np.testing.assert_allclose(result.x, 1e9, rtol=1e-3)
    assert result.success

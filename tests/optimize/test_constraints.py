"""Constraints: Lagrange's examples with their multipliers, known programmes with inequalities."""

import numpy as np
import pytest

from mmlcore.optimize import minimize


def test_c5_the_largest_product_of_two_numbers_with_sum_ten():
    r = minimize(lambda p: -p[0] * p[1], [1.0, 3.0], constraints={"type": "eq", "fun": lambda p: p[0] + p[1] - 10})
    assert r.success
    np.testing.assert_allclose(r.x, [5, 5], rtol=1e-10)
    np.testing.assert_allclose(r.multipliers, [5], rtol=1e-10)


def test_the_gradients_are_parallel_at_a_nonlinear_constraint():
    """min x + y on the unit circle; an indefinite start; and Hock and Schittkowski's problems 6 and 7."""
    circle = {"type": "eq", "fun": lambda p: p[0] ** 2 + p[1] ** 2 - 1}
    r = minimize(lambda p: p[0] + p[1], [0.9, -0.7], constraints=circle)
    np.testing.assert_allclose(r.x, -(0.5**0.5), rtol=1e-6)
    np.testing.assert_allclose(np.ones(2) + r.multipliers * 2 * r.x, 0, atol=1e-6)
    six = minimize(
        lambda p: (1 - p[0]) ** 2, [-1.2, 1.0], constraints={"type": "eq", "fun": lambda p: 10 * (p[1] - p[0] ** 2)}
    )
    np.testing.assert_allclose(six.x, [1, 1], atol=1e-5)
    seven = minimize(
        lambda p: np.log(1 + p[0] ** 2) - p[1],
        [2.0, 2.0],
        constraints={"type": "eq", "fun": lambda p: (1 + p[0] ** 2) ** 2 + p[1] ** 2 - 4},
    )
    np.testing.assert_allclose(seven.x, [0, 3**0.5], atol=1e-5)


def test_inequalities_with_multipliers():
    rules = [{"type": "ineq", "fun": lambda p: p[1] - p[0] ** 2}, {"type": "ineq", "fun": lambda p: 2 - p[0] - p[1]}]
    r = minimize(lambda p: (p[0] - 2) ** 2 + (p[1] - 1) ** 2, [2.0, 2.0], constraints=rules)
    assert r.success, r.message
    np.testing.assert_allclose(r.x, [1, 1], atol=1e-6)
    np.testing.assert_allclose(r.multipliers, [2 / 3, 2 / 3], atol=1e-5)
    idle = minimize(lambda p: np.sum(p**2), [2.0, 2.0], constraints={"type": "ineq", "fun": lambda p: p[0] + 1})
    np.testing.assert_allclose(idle.multipliers, 0, atol=1e-8)


def test_all_kinds_together():
    """Hock and Schittkowski's problem 71."""
    rules = [{"type": "ineq", "fun": lambda x: np.prod(x) - 25}, {"type": "eq", "fun": lambda x: np.sum(x**2) - 40}]
    r = minimize(lambda x: x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2], [1.0, 5, 5, 1], constraints=rules, bounds=(1, 5))
    assert r.success, r.message
    assert r.fun == pytest.approx(17.0140173, rel=1e-6)


def test_what_cannot_be_met_is_said():
    rules = [{"type": "eq", "fun": lambda p: p[0] - 1}, {"type": "ineq", "fun": lambda p: -p[0]}]
    r = minimize(lambda p: np.sum(p**2), [0.0, 0.0], constraints=rules)
    assert not r.success
    assert r.constraint_violation > 0.1
    with pytest.raises(ValueError, match="minimize: constraints must be dicts with type"):
        minimize(lambda p: np.sum(p**2), [0.0], constraints={"type": "le", "fun": lambda p: p})
    with pytest.raises(ValueError, match="minimize: method with constraints must be"):
        minimize(lambda p: np.sum(p**2), [0.0], "cg", constraints={"type": "eq", "fun": lambda p: p[0]})


@pytest.mark.parametrize("kind", ["eq", "ineq"])
@pytest.mark.parametrize("bounds", [None, (-5.0, 5.0)])
def test_constraints_that_are_not_finite_are_no_success(kind, bounds):
    rule = {"type": kind, "fun": lambda x: np.log(x)}
    r = minimize(lambda x: np.sum((x + 1) ** 2), [-2.0], constraints=rule, bounds=bounds)
    assert not r.success
    assert r.message == "the constraints are not finite at x"
    assert np.isnan(r.get("constraint_violation", np.nan))


def test_options_are_refused():
    with pytest.raises(TypeError, match="minimize: options must be none with constraints, got 'nonsense'"):
        minimize(lambda x: x @ x, [1.0], constraints={"type": "eq", "fun": lambda x: x[0]}, nonsense=3)


def test_a_start_without_finite_derivatives_is_told_in_words():
    root = {"type": "eq", "fun": lambda x: np.sqrt(x[0]) - 0.5}
    r = minimize(lambda x: x @ x, [0.0, 1.0], constraints=root)
    assert not r.success
    assert r.message == "a constraint's gradient is not finite at x"
    r = minimize(lambda x: np.log(x[0]), [-1.0], constraints={"type": "eq", "fun": lambda x: x[0] - 0.5})
    assert not r.success
    assert "the function is not finite (nan) at x0" in r.message


def equal(*functions):
    return [{"type": "eq", "fun": h} for h in functions]


HS39 = equal(lambda x: x[1] - x[0] ** 3 - x[2] ** 2, lambda x: x[0] ** 2 - x[1] - x[3] ** 2)


@pytest.mark.parametrize("start", [[2.0, 2.0, 2.0, 2.0], [2.0, 2.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
def test_hock_and_schittkowski_39(start):
    result = minimize(lambda x: -x[0], start, constraints=HS39)
    assert result.success
    np.testing.assert_allclose(result.x, [1, 1, 0, 0], atol=2e-5)
    np.testing.assert_allclose(result.multipliers, [-1, -1], atol=1e-5)
    assert result.nit < 20


def test_dependent_constraints_share_their_multiplier():
    once = minimize(lambda x: np.sum((x - 2) ** 2), [3.0, 1.0, 1.0], constraints=equal(lambda x: np.sum(x**2) - 1))
    both = equal(lambda x: np.sum(x**2) - 1, lambda x: 3 * np.sum(x**2) - 3)
    twice = minimize(lambda x: np.sum((x - 2) ** 2), [3.0, 1.0, 1.0], constraints=both)
    assert once.success
    assert twice.success
    np.testing.assert_allclose(twice.x, once.x, atol=1e-6)
    assert twice.multipliers @ [1, 3] == pytest.approx(once.multipliers[0], rel=1e-5)


def test_what_cannot_be_solved_is_said_in_words():
    apart = equal(lambda x: x[0] + x[1] - 1, lambda x: x[0] + x[1] - 2)
    result = minimize(lambda x: np.sum(x**2), [3.0, 1.0], constraints=apart)
    assert not result.success
    assert "the constraints cannot be met near x" in result.message
    degenerate = minimize(lambda x: -x[0], np.zeros(4), constraints=HS39)  # a cusp: no multipliers, and no minimum
    assert not degenerate.success
    assert "no multipliers" in degenerate.message
    for kind in ("eq", "ineq"):
        falling = {"type": kind, "fun": lambda x: x[0] - x[1]}
        result = minimize(lambda x: x[0] + x[1], [1.0, 1.0], constraints=falling)
        assert not result.success
        assert "unbounded" in result.message
        assert result.nfev < 200


@pytest.mark.parametrize("level", [0.0, 1e10])
@pytest.mark.parametrize("h", [lambda x: x[0] ** 2 + 1, lambda x: np.sin(x[0]) - 2, lambda x: (x[0] - 1) ** 2 + 0.3])
def test_constraints_that_stay_violated_are_no_success(level, h):
    """Neither a small gradient of f nor the rounding of a large f excuses a violation."""
    result = minimize(lambda x: level + np.sum(x * x), [3.0, 4.0], constraints=equal(h))
    assert result.constraint_violation > 0.1
    assert not result.success
    assert "the constraints are violated by" in result.message or "the constraints cannot be met" in result.message
    assert result.nfev < 1000


def test_a_large_value_of_the_function_hides_small_slopes():
    result = minimize(lambda x: 1e10 + np.sum((x - 1) ** 4), [3.0, 4.0], constraints=equal(lambda x: x[0] - x[1]))
    assert result.success, result.message
    np.testing.assert_allclose(result.x, 1, atol=0.01)


def test_further_arguments_are_passed_and_unknown_keys_refused():
    rule = {"type": "eq", "fun": lambda x, a, b: x[0] - a * b, "args": (2.0, 3.0)}
    result = minimize(lambda x: np.sum(x**2), [3.0, 4.0], constraints=rule)
    np.testing.assert_allclose(result.x, [6, 0], atol=1e-8)
    for kind in ("eq", "ineq"):
        unknown = {"type": kind, "fun": lambda x: x[0] - 1, "jac": lambda x: np.array([1.0, 0.0])}
        with pytest.raises(
            ValueError, match=r"minimize: constraints must be dicts of type, fun and args .*, got 'jac'"
        ):
            minimize(lambda x: np.sum(x**2), [3.0, 4.0], constraints=unknown)


INTERVAL = [{"type": "ineq", "fun": lambda x: 1 - x[0]}, {"type": "ineq", "fun": lambda x: x[0] + 2}]


@pytest.mark.parametrize(
    ("fun", "ends"),
    [
        (lambda x: -100 * x[0] ** 2, {1.0: (200, 0), -2.0: (0, 400)}),
        (lambda x: x[0] ** 3, {-2.0: (0, 12)}),
        (lambda x: -(x[0] ** 4), {1.0: (4, 0), -2.0: (0, 32)}),
        (lambda x: -np.exp(6 * x[0]), {1.0: (6 * np.exp(6), 0)}),
    ],
)
@pytest.mark.parametrize("bounds", [None, (-9.0, None)])
def test_functions_that_fall_faster_than_the_first_penalty_rises(fun, ends, bounds):
    result = minimize(fun, [0.5], constraints=INTERVAL, bounds=bounds)
    assert result.success, result.message
    (end,) = [end for end in ends if abs(result.x[0] - end) < 1e-6]
    np.testing.assert_allclose(result.multipliers, ends[end], rtol=1e-4, atol=1e-6)


def test_unbounded_is_said_at_feasible_points_only():
    below = {"type": "ineq", "fun": lambda x: x[0] + 2}
    for fun in (lambda x: -(x[0] ** 2), lambda x: -(x[0] ** 4)):
        result = minimize(fun, [0.5], constraints=below)
        assert not result.success
        assert result.message == "the function is unbounded below within the constraints"
    steep = minimize(lambda x: -1e12 * x[0] ** 2, [0.5], constraints=INTERVAL)
    assert steep.success or "falls faster than a penalty" in steep.message

"""Where a NaN or an error came from."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mmlcore import defvjp, grad, hessian, jvp, primitive, vjp
from mmlcore.autodiff import detect_anomaly

X = np.array([0.0, 1.0])


def test_the_first_nan_of_a_value_is_named():
    def f(x):
        y = x - 2.0
        return np.sum(np.log(y) * 0.0)  # the line

    with detect_anomaly(), pytest.raises(FloatingPointError) as error:
        grad(f)(X)
    assert str(error.value).startswith("detect_anomaly: log gave NaN, called at ")
    assert "test_anomaly.py" in str(error.value)
    assert str(error.value).endswith("return np.sum(np.log(y) * 0.0)  # the line")


def test_the_first_nan_of_a_derivative_is_named():
    def f(x):
        return np.sum(np.sqrt(x) * 0.0)

    assert np.isnan(grad(f)(X)[0])
    with (
        detect_anomaly(),
        pytest.raises(FloatingPointError, match=r"the derivative of sqrt gave NaN, called at .*sqrt"),
    ):
        grad(f)(X)


@pytest.mark.parametrize("transform", [lambda f: jvp(f, (X,), (X,)), lambda f: hessian(f)(X)])
@np.errstate(all="ignore")
def test_forward_mode_is_watched_too(transform):
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r" gave NaN, called at .*np\.sqrt\(x\)"):
        transform(lambda x: np.sum(np.sqrt(x) * 0.0))
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"log gave NaN, called at .*np\.log\(x - 1\.5\)"):
        transform(lambda x: np.sum(np.log(x - 1.5)))
    with detect_anomaly():
        transform(lambda x: np.sum(np.exp(x) * x[0]))


def test_nans_that_come_from_outside_are_no_anomaly():
    with detect_anomaly():
        assert np.isnan(grad(lambda x: np.sum(x * np.nan))(X)).all()


def test_another_thread_is_not_watched():
    with detect_anomaly(), np.errstate(all="ignore"), ThreadPoolExecutor(1) as pool:
        assert np.isnan(pool.submit(quietly, lambda: grad(lambda x: np.sum(np.sqrt(x) * 0.0))(X)).result()[0])


def quietly(f):
    with np.errstate(all="ignore"):
        return f()


def test_it_changes_no_number_and_ends_with_its_block():
    f = lambda x: np.sum(np.exp(x) * np.tanh(x[0]) + np.concatenate([x, x])[1:3])  # noqa: E731
    expected = grad(f)(X)
    with detect_anomaly():
        assert np.array_equal(grad(f)(X), expected)
        assert grad(grad(lambda x: x**3))(2.0) == 12.0
    assert np.isnan(grad(lambda x: np.sum(np.sqrt(x) * 0.0))(X)[0])


@primitive
def broken(x):
    return x * 2.0


def explode(g):
    raise ZeroDivisionError("of the rule")


defvjp(broken, lambda ans, x: explode)


def test_an_error_in_a_pullback_names_the_primitive_and_the_users_call():
    def f(x):
        return np.sum(broken(x) + 1.0)  # the call

    for run in (lambda: grad(f)(X), lambda: vjp(f, X)[1](1.0)):
        with pytest.raises(ZeroDivisionError, match=r"^of the rule") as error:
            run()
        (note,) = error.value.__notes__
        assert note.startswith("in the derivative rule of broken, called at ")
        assert note.endswith("return np.sum(broken(x) + 1.0)  # the call")


def test_an_error_while_a_rule_is_recorded_names_the_primitive():
    @primitive
    def early(x, y):
        return x * y

    def refuse(ans, x, y):
        raise ZeroDivisionError("at once")

    defvjp(early, refuse, refuse)
    with pytest.raises(ZeroDivisionError) as error:
        grad(lambda x: early(x, 2.0))(1.0)
    assert error.value.__notes__ == ["in the derivative rule of early"]


def test_a_tensor_that_outlives_a_watched_transform_is_a_value():
    kept = []
    with detect_anomaly():
        grad(lambda x: kept.append(x * 2.0) or np.sum(x))(X)
    assert np.array_equal(np.asarray(kept[0] * kept[0]), 4 * X * X)
    assert kept[0].tape.kept == []


def test_a_rule_that_loses_the_shape_is_named():
    @primitive
    def half(x):
        return x / 2

    defvjp(half, lambda ans, x: lambda g: g[:1] / 2)
    f = lambda x: np.sum(half(x * 3) + x)  # noqa: E731
    with (
        detect_anomaly(),
        pytest.raises(ValueError, match=r"^half: its derivative rule must be one") as error,
    ):
        grad(f)(np.ones(3))
    assert "test_anomaly.py" in str(error.value)
    with pytest.raises(ValueError, match="detect_anomaly says whose"):
        grad(lambda x: np.sum(half(x)))(np.ones(3))

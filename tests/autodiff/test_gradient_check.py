"""check_grads must accept what is right and catch what is wrong, at every order."""

import numpy as np
import pytest

from mmlcore import check_grads
from mmlcore.autodiff import defjvp, defvjp, primitive

X = np.array([0.3, -0.7, 1.1])


def square_with(slope):
    @primitive
    def square(x):
        return x * x

    defvjp(square, slope)
    return square


def test_it_accepts_a_right_rule():
    check_grads(square_with(lambda ans, x: lambda g: g * 2 * x), (X,), order=4)
    check_grads(lambda x, y: np.sin(x) * y, (X, 2), order=3)


@pytest.mark.parametrize(
    "slope",
    [
        lambda ans, x: lambda g: g * x,  # factor 2 missing
        lambda ans, x: lambda g: -g * 2 * x,
        lambda ans, x: lambda g: g * (2 * x + 1e-3),
        lambda ans, x: lambda g: g * (2 * x)[::-1],  # the right numbers in the wrong places
        lambda ans, x: lambda g: g * np.nan,
        None,
    ],
)
@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_it_catches_a_wrong_first_derivative(slope, mode):
    with pytest.raises(
        AssertionError, match=rf"^check_grads: order 1, {mode}: the derivative gives .*, finite differences"
    ):
        check_grads(square_with(slope), (X,), order=1, modes=(mode,))


def test_it_catches_a_wrong_second_derivative():
    # The slope is right, but a constant to the engine: its own derivative is lost.
    wrong = square_with(lambda ans, x: lambda g: g * 2 * (x.value if hasattr(x, "value") else x))
    check_grads(wrong, (X,), order=1)
    with pytest.raises(AssertionError, match=r"order 2"):
        check_grads(wrong, (X,), order=2)


def test_it_works_in_float64_whatever_comes_in():
    check_grads(lambda x, y: x * y, (X.astype(np.float32), np.array([1, 2, 3])))


def test_arguments_must_be_real():
    with pytest.raises(TypeError, match=r"^check_grads: args\[1\] must be real numbers, got dtype complex128"):
        check_grads(lambda x, y: x, (X, 1j))


def test_forward_and_reverse_rules_are_checked_separately():
    @primitive
    def square(x):
        return x * x

    defvjp(square, lambda ans, x: lambda g: g * 2 * x)
    defjvp(square, lambda t, ans, x: t * 3 * x)
    check_grads(square, (X,), order=3, modes=("rev",))
    with pytest.raises(AssertionError, match=r"^check_grads: order 1, fwd: "):
        check_grads(square, (X,), order=1)


def test_mixtures_of_modes_are_met():
    orders = []

    @primitive
    def cube(x):
        return x**3

    def slope(t, ans, x):
        orders.append(type(t).__name__ + type(x).__name__)
        return t * 3 * x**2

    defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
    defjvp(cube, slope)
    check_grads(cube, (X,), order=2)
    assert {"ndarrayndarray", "ndarrayTensor"} <= set(orders)


def test_modes_are_named():
    with pytest.raises(ValueError, match=r"^check_grads: modes must be one of 'fwd', 'rev', got 'forward'$"):
        check_grads(np.sin, (X,), modes=("forward",))


def test_containers_are_taken_apart():
    f = lambda d: {"y": d["a"] * d["b"][0], "z": np.sin(d["b"][0])}  # noqa: E731
    check_grads(f, ({"a": X, "b": (2.0,)},), order=2)
    wrong = square_with(lambda ans, x: lambda g: g * x)
    with pytest.raises(AssertionError, match="order 1"):
        check_grads(lambda d: (d["a"], wrong(d["a"])), ({"a": X},))
    with pytest.raises(ValueError, match="order must be"):
        check_grads(np.sin, (X,), order=0)

"""grad and value_and_grad: arguments, results, nesting, errors."""

import inspect
import threading
from collections import namedtuple

import numpy as np
import pytest

from mmlcore import Tensor, check_grads, grad, ops, value_and_grad

A = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])


def test_value_and_gradient_of_a_quadratic_form():
    M = np.array([[2.0, 1.0, 0.0], [-1.0, 3.0, 0.5], [0.0, 0.0, 1.0]])
    x = np.array([1.0, -2.0, 0.5])
    value, gradient = value_and_grad(lambda x: x @ M @ x)(x)
    assert value == pytest.approx(x @ M @ x, rel=1e-15)
    np.testing.assert_allclose(gradient, (M + M.T) @ x, rtol=1e-15)


# ---- arguments


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (0,), (2, 0, 3), (2, 3)])
def test_the_gradient_has_the_shape_and_dtype_of_the_argument(shape, dtype):
    x = np.ones(shape, dtype)
    gradient = grad(lambda x: np.sum(np.exp(x) * 2.0))(x)
    assert type(gradient) is np.ndarray
    assert (gradient.shape, gradient.dtype) == (shape, dtype)


@pytest.mark.parametrize("x", [2, np.int32(2), True, 2.0, np.float64(2.0)])
def test_numbers_and_integers_become_float64(x):
    gradient = grad(lambda x: x**3)(x)
    assert isinstance(gradient, np.float64)
    assert gradient == 3 * float(x) ** 2


def test_float32_numbers_stay_float32():
    assert isinstance(grad(np.exp)(np.float32(1.0)), np.float32)


def test_integer_arrays_become_float64():
    gradient = grad(lambda x: np.sum(x**2))(np.array([1, 2]))
    assert gradient.dtype == np.float64
    assert gradient.tolist() == [2.0, 4.0]


def test_mixed_dtypes_give_each_argument_its_own():
    x, y = np.ones(3, np.float32), np.full(3, 2.0)
    gx, gy = grad(lambda x, y: np.sum(np.exp(x) * y), argnums=(0, 1))(x, y)
    assert (gx.dtype, gy.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(gx, 2 * np.e, rtol=1e-6)
    hessian_row = grad(lambda x: np.sum(grad(lambda x: np.sum(np.exp(x) * y))(x)))(x)
    assert hessian_row.dtype == np.float32


@pytest.mark.parametrize("layout", ["strided", "reversed", "fortran", "read-only"])
def test_any_layout(layout):
    x = {
        "strided": np.repeat(A, 2, axis=1)[:, ::2],
        "reversed": A[::-1].copy()[::-1],
        "fortran": np.asfortranarray(A),
        "read-only": np.frombuffer(A.tobytes()).reshape(A.shape),
    }[layout]
    gradient = grad(lambda x: np.sum(np.exp(x) @ np.tanh(x.T)))(x)
    np.testing.assert_array_equal(gradient, grad(lambda x: np.sum(np.exp(x) @ np.tanh(x.T)))(A))


@pytest.mark.parametrize(("x", "got"), [(["1"], "str"), ("1", "str"), (None, "NoneType"), (1j, "complex")])
@pytest.mark.parametrize("transform", [grad, value_and_grad])
def test_other_arguments_are_refused(transform, x, got):
    with pytest.raises(
        TypeError, match=rf"^{transform.__name__}: argument 1(\[0\])? must be a real array or number, got {got}$"
    ):
        transform(lambda a, b: a, argnums=1)(1.0, x)


@pytest.mark.parametrize("x", [np.array([1j]), np.complex64(1), np.array(["a"]), np.array([None])])
def test_other_dtypes_are_refused(x):
    with pytest.raises(TypeError, match=r"^grad: argument 0 must be real numbers, got dtype"):
        grad(lambda x: x)(x)


def test_arguments_that_are_not_differentiated_may_be_anything():
    assert grad(lambda x, names, flag=None: x * len(names) * flag["a"])(2.0, ["p", "q"], flag={"a": 5}) == 10.0


# ---- argnums


def poly(x, y, z):
    return x * y**2 * z**3


def test_argnums():
    x, y, z = 2.0, 3.0, 5.0
    expected = (y**2 * z**3, 2 * x * y * z**3, 3 * x * y**2 * z**2)
    for i in range(3):
        assert grad(poly, argnums=i)(x, y, z) == expected[i]
        assert grad(poly, argnums=i - 3)(x, y, z) == expected[i]
        assert grad(poly, argnums=(i,))(x, y, z) == (expected[i],)
    assert grad(poly, argnums=(2, 0))(x, y, z) == (expected[2], expected[0])
    assert value_and_grad(poly, argnums=[0, -1])(x, y, z) == (poly(x, y, z), (expected[0], expected[2]))


@pytest.mark.parametrize("argnums", [3, -4, (0, 3), (1, 1), (1, -2)])
def test_argnums_must_be_different_positions(argnums):
    with pytest.raises(TypeError, match=r"^grad: argnums must be different positions of positional arguments, got"):
        grad(poly, argnums=argnums)(1.0, 2.0, 3.0)


@pytest.mark.parametrize("argnums", [(), "x", 1.0, (0, "y")])
def test_argnums_must_be_ints(argnums):
    with pytest.raises(TypeError, match=r"argnums"):
        grad(poly, argnums=argnums)


def test_the_function_must_be_callable():
    with pytest.raises(TypeError, match=r"^grad: f must be callable, got 3$"):
        grad(3)


# ---- results


@pytest.mark.parametrize(
    ("f", "got"),
    [
        (lambda x: x, r"shape \(2, 3\) and dtype float64"),
        (lambda x: np.sum(x, keepdims=True), r"shape \(1, 1\) and dtype float64"),
        (lambda x: None, "a NoneType"),
        (lambda x: (np.sum(x), 1.0), "a tuple"),
        (lambda x: 1j, r"shape \(\) and dtype complex128"),
        (lambda x: "text", r"shape \(\) and dtype <U4"),
    ],
)
def test_the_value_must_be_a_real_scalar(f, got):
    with pytest.raises(TypeError, match=rf"^grad: the value of f must be a real scalar, got {got}$"):
        grad(f)(A)


@pytest.mark.parametrize("constant", [3, 3.0, np.float32(3), np.array(3.0), True])
def test_a_constant_has_the_gradient_zero(constant):
    value, gradient = value_and_grad(lambda x: constant)(A)
    assert value is constant
    assert np.array_equal(gradient, np.zeros(A.shape))
    assert grad(lambda x: constant)(2.0) == 0.0


def test_an_argument_that_is_not_used_has_the_gradient_zero():
    gx, gy = grad(lambda x, y: np.sum(x), argnums=(0, 1))(A, np.ones(2, np.float32))
    assert np.array_equal(gx, np.ones(A.shape))
    assert np.array_equal(gy, np.zeros(2))
    assert gy.dtype == np.float32


def test_gradients_are_the_callers_own_arrays():
    x, y = A.copy(), A.copy()
    for f in (
        lambda x, y: np.sum(x + y),
        lambda x, y: np.sum(x + y.T.T),
        lambda x, y: np.sum(np.stack([x, y])),
    ):
        gx, gy = grad(f, argnums=(0, 1))(x, y)
        gx *= 5
        assert np.array_equal(gy, np.ones(A.shape))
        gy *= 7
        assert np.array_equal(gx, np.full(A.shape, 5.0))
    assert np.array_equal(x, A)


def test_two_arguments_with_one_gradient_get_an_array_each():
    # exp's pullback makes one new array, and the sum passes that same array on to both x and y
    gx, gy = grad(lambda x, y: np.sum(np.exp(x + y)), argnums=(0, 1))(A, A)
    assert not np.shares_memory(gx, gy)
    np.testing.assert_array_equal(gx, gy)


def test_has_aux_passes_plain_values_on():
    Pair = namedtuple("Pair", "left right")

    def f(x):
        y = x * 2.0
        return np.sum(y), {"y": y, "list": [y, "text"], "pair": Pair(y, 1)}

    (value, aux), gradient = value_and_grad(f, has_aux=True)(A)
    assert value == np.sum(2 * A)
    for y in (aux["y"], aux["list"][0], aux["pair"].left):
        assert type(y) is np.ndarray
        assert np.array_equal(y, 2 * A)
    assert type(aux["pair"]) is Pair
    assert np.array_equal(gradient, np.full(A.shape, 2.0))
    gradient, aux = grad(f, has_aux=True)(A)
    assert np.array_equal(aux["y"], 2 * A)


def test_aux_of_an_inner_transform_is_still_differentiable_outside():
    def f(x):
        _, aux = grad(lambda y: (y * y, y**3), has_aux=True)(x)
        return aux  # x³

    assert grad(f)(2.0) == 12.0


def test_has_aux_wants_a_pair():
    with pytest.raises(TypeError, match=r"^grad: f's result must be a pair"):
        grad(lambda x: x, has_aux=True)(1.0)


def test_the_transformed_function_has_the_signature_of_the_original():
    gradient = grad(poly)
    assert str(inspect.signature(gradient)) == "(x, y, z)"
    assert gradient.__name__ == "grad(poly)"


def test_a_rule_with_the_wrong_shape_is_caught():
    from mmlcore.autodiff import defvjp, primitive

    @primitive
    def wrong(x):
        return x.sum()

    defvjp(wrong, lambda ans, x: lambda g: g)
    with pytest.raises(ValueError, match=r"^grad: every derivative rule must be one that keeps the shape"):
        grad(wrong)(A)


# ---- nesting


def test_higher_derivatives_of_the_sine():
    f, x = np.sin, 0.7
    for expected in (np.cos(x), -np.sin(x), -np.cos(x), np.sin(x), np.cos(x)):
        f = grad(f)
        assert f(x) == pytest.approx(expected, rel=1e-13)


def test_no_perturbation_confusion():
    # d/dx [x · d/dy (x + y)] = 1, not 2
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(3.0) == 1.0
    # d/dx [x · d/dy (x y²)] at y = x: x · 2 x y = 2 x³ with y = x
    assert grad(lambda x: x * grad(lambda y: x * y * y)(x))(2.0) == 6 * 2.0**2
    # three levels, each variable used at each level
    f = grad(lambda x: grad(lambda y: x * grad(lambda z: x * y * y * z * z)(y))(x))
    # ∂z: 2xy²z at z=y: 2xy³; times x: 2x²y³; ∂y at y=x: 6x²y² = 6x⁴; ∂x along both: 24x³
    assert f(1.5) == pytest.approx(24 * 1.5**3, rel=1e-14)


def test_an_inner_gradient_with_respect_to_a_closure_is_a_constant():
    assert grad(lambda x: grad(lambda y: x**3)(1.0) + x)(2.0) == 1.0


def test_values_of_an_inner_transform_are_recorded_outside():
    def f(x):
        value, slope = value_and_grad(lambda y: y**3)(x)
        return value * slope  # 3 x⁵

    assert grad(f)(2.0) == 15 * 2.0**4


def test_nested_argnums():
    mixed = grad(grad(lambda x, y: np.sin(x * y) * y**2, 0), 1)
    x, y = 0.4, 1.3
    # ∂/∂x: y³ cos(xy);  ∂/∂y: 3y² cos(xy) - x y³ sin(xy)
    assert mixed(x, y) == pytest.approx(3 * y**2 * np.cos(x * y) - x * y**3 * np.sin(x * y), rel=1e-13)


def test_hessian_of_rosenbrock_by_rows():
    def rosenbrock(x):
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    x = np.array([0.3, -0.8, 1.2])
    gradient = grad(rosenbrock)
    hessian = np.stack([grad(lambda x, i=i: gradient(x)[i])(x) for i in range(3)])
    a, b, c = x
    expected = [
        [1200 * a**2 - 400 * b + 2, -400 * a, 0],
        [-400 * a, 202 + 1200 * b**2 - 400 * c, -400 * b],
        [0, -400 * b, 200],
    ]
    np.testing.assert_allclose(hessian, expected, rtol=1e-12, atol=1e-12)


def test_a_gradient_step_can_be_differentiated():
    """Through an update θ' = θ - η f'(θ): d f(θ')/dη = -f'(θ') f'(θ)."""
    f = lambda t: np.sum(t**4)  # noqa: E731
    theta = np.array([0.5, -1.0])
    slope = lambda t: 4 * t**3  # noqa: E731
    after = theta - 0.1 * slope(theta)
    result = grad(lambda rate: f(theta - rate * grad(f)(theta)))(0.1)
    assert result == pytest.approx(-slope(after) @ slope(theta), rel=1e-13)


def test_composition_to_third_order():
    W = np.array([[0.3, -0.2], [0.5, 0.9], [-0.7, 0.1]])
    check_grads(lambda x, w: np.tanh(x @ w) / (1 + np.exp(-x @ w)), (A, W), order=3, rtol=1e-5)


def test_threads_do_not_disturb_each_other():
    results = {}

    def work(i):
        f = lambda x: np.sum(np.sin(x * i) * grad(lambda y: np.sum(y**2 * i))(x))  # noqa: E731
        results[i] = [grad(f)(A) for _ in range(30)]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, found in results.items():
        # Σ sin(x i) 2 x i
        expected = 2 * i * (i * A * np.cos(A * i) + np.sin(A * i))
        for gradient in found:
            np.testing.assert_allclose(gradient, expected, rtol=1e-12)


def test_an_error_in_the_function_passes_through_and_leaves_nothing_behind():
    kept = []

    def f(x):
        kept.append(x)
        raise KeyError("mine")

    with pytest.raises(KeyError, match=r"mine"):
        grad(f)(A)
    assert not kept[0].tape.open
    assert isinstance(kept[0], Tensor)
    assert grad(lambda x: ops.sum(x))(A).sum() == A.size

"""NumPy's functions on Tensors: overrides, constants, methods, refusals."""

import numpy as np
import pytest

from mmlcore import Tensor, grad, ops
from mmlcore.autodiff import constant, defvjp, implements, method, primitive
from mmlcore.autodiff.tape import Tape
from mmlcore.autodiff.tensor import OVERRIDES

A = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])


def tensor(value=A):
    return Tensor(value, Tape(1), 0)


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (lambda t: np.spacing(t), "spacing"),
        (lambda t: np.histogram(t), "histogram"),
        (lambda t: np.choose([0, 1], [t[0, 0], t[0, 1]]), "choose"),
        (lambda t: np.hypot.reduce(t), "hypot.reduce"),
        (lambda t: np.add.reduceat(t, [0]), "add.reduceat"),
    ],
)
def test_what_has_no_rule_says_so(f, name):
    with pytest.raises(TypeError) as error:
        f(tensor())
    assert str(error.value) == f"{name}: no derivative rule in mmlcore"


@pytest.mark.parametrize(
    ("f", "name", "option"),
    [
        (lambda t: np.add(t, 1, out=np.zeros(A.shape)), "add", "out"),
        (lambda t: np.exp(t, where=A > 0), "exp", "where"),
        (lambda t: np.exp(t, dtype=np.float32), "exp", "dtype"),
        (lambda t: np.sum(t, out=np.zeros(())), "sum", "out"),
        (lambda t: np.mean(t, dtype=np.float32), "mean", "dtype"),
        (lambda t: np.concatenate([t, t], out=np.zeros((4, 3))), "concatenate", "out"),
    ],
)
def test_options_that_we_do_not_have_are_refused_by_name(f, name, option):
    with pytest.raises(TypeError, match=rf"^{name}: {option} must be left out when an argument is a Tensor.*, got"):
        f(tensor())


def test_the_array_may_go_by_numpys_keyword():
    assert grad(lambda x: np.mean(a=x * x))(np.array([1.0, 3.0])).tolist() == [1.0, 3.0]
    assert grad(lambda x: np.transpose(a=x)[0, 1])(np.array([[1.0], [3.0]])).tolist() == [[0.0], [1.0]]


def test_a_third_positional_argument_of_a_reduction_is_not_mistaken():
    with pytest.raises(TypeError):
        np.sum(tensor(), 0, np.float64)  # numpy's third argument is dtype


CONSTANT = {
    "argmax": lambda x: np.argmax(x, axis=1),
    "argsort": lambda x: np.argsort(x, axis=0),
    "isnan": np.isnan,
    "isfinite": np.isfinite,
    "shape": np.shape,
    "ndim": np.ndim,
    "size": np.size,
    "zeros_like": np.zeros_like,
    "ones_like": np.ones_like,
    "floor": np.floor,
    "round": np.round,
    "any": lambda x: np.any(x > 1),
    "nonzero": np.nonzero,
    "logical_and": lambda x: np.logical_and(x > 0, x < 2),
    "greater": lambda x: np.greater(x, 0.0),
    "allclose": lambda x: np.allclose(x, x),
}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("name", CONSTANT)
def test_functions_without_derivative_work_on_the_values(name, nested):
    t = Tensor(tensor(), Tape(1), 0) if nested else tensor()
    result, expected = CONSTANT[name](t), CONSTANT[name](A)
    assert type(result) is type(expected)
    assert np.array_equal(result, expected)


def test_a_step_function_has_the_derivative_zero():
    assert np.array_equal(grad(lambda x: np.sum(np.floor(x) * x))(A), np.floor(A))


def test_implements_and_method_teach_numpy_and_tensor():
    @implements(np.spacing, np.i0)  # which have no derivative of their own
    @method("arcsinh")
    @primitive
    def arcsinh(x):
        return np.arcsinh(x)

    defvjp(arcsinh, lambda ans, x: lambda g: g / np.sqrt(1 + x * x))
    try:
        assert grad(np.spacing)(0.3) == pytest.approx(1 / np.sqrt(1.09), rel=1e-15)
        assert grad(lambda x: x.arcsinh())(0.3) == pytest.approx(1 / np.sqrt(1.09), rel=1e-15)
        assert grad(np.i0)(0.3) == pytest.approx(1 / np.sqrt(1.09), rel=1e-15)
        assert grad(grad(np.spacing))(0.3) == pytest.approx(-0.3 / 1.09**1.5, rel=1e-14)
    finally:
        del OVERRIDES[np.spacing], OVERRIDES[np.i0], Tensor.arcsinh


def test_constant_registers():
    constant(np.spacing)
    try:
        assert type(np.spacing(tensor())) is np.ndarray
    finally:
        del OVERRIDES[np.spacing]


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("left", [A, A.astype(np.float32), np.float64(2.0), 2.0, 2, [3, 4, 5], A > 0, A.astype(int)])
def test_operators_with_a_plain_operand_on_either_side(left, swap):
    """∂/∂t Σ c t = c, whichever side c is on and whatever it is."""
    f = (lambda t: np.sum(t * left)) if swap else (lambda t: np.sum(left * t))
    if isinstance(left, list) and not swap:
        f = lambda t: np.sum(np.multiply(left, t))  # noqa: E731
    assert np.array_equal(grad(f)(A), np.broadcast_to(left, A.shape))


def test_foreign_operands_are_refused():
    with pytest.raises(TypeError):
        grad(lambda x: x + "text")(1.0)
    with pytest.raises(TypeError, match=r"must be real numbers, got dtype complex128"):
        grad(lambda x: x * 1j)(1.0)
    with pytest.raises(TypeError, match=r"must be real numbers, got dtype complex128"):
        grad(lambda x: np.sum(np.exp(1j * x)))(A)


def test_ufuncs_functions_operators_and_methods_agree():
    pairs = [
        (lambda t: np.add(t, 2.0), lambda t: t + 2.0),
        (lambda t: np.negative(t), lambda t: -t),
        (lambda t: np.absolute(t), lambda t: abs(t)),
        (lambda t: np.power(t, 2), lambda t: t**2),
        (lambda t: np.sum(t, axis=0), lambda t: t.sum(axis=0)),
        (lambda t: np.max(t, axis=1), lambda t: t.max(1)),
        (lambda t: np.reshape(t, (3, 2)), lambda t: t.reshape(3, 2)),
        (lambda t: np.transpose(t), lambda t: t.T),
        (lambda t: np.transpose(t, (1, 0)), lambda t: t.transpose(1, 0)),
        (lambda t: np.dot(t, A.T), lambda t: t.dot(A.T)),
        (lambda t: np.matmul(t, A.T), lambda t: t @ A.T),
        (lambda t: np.matmul(A.T, t), lambda t: A.T @ t),
    ]
    for f, g in pairs:
        np.testing.assert_array_equal(f(tensor()).value, g(tensor()).value)
        loss_f, loss_g = (lambda t, h=h: ops.sum(ops.square(h(t))) for h in (f, g))
        np.testing.assert_array_equal(grad(loss_f)(A), grad(loss_g)(A))

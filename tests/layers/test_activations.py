"""Activations by name: values, derivatives, and the layer that applies them."""

import numpy as np
import pytest
from scipy import stats

from mmlcore import check_grads, grad, ops
from mmlcore.layers import ELU, Activation, LeakyReLU, ReLU, Softmax, activations

X = np.array([[-3.0, -0.5, 0.25, 2.0], [40.0, -40.0, 1.0, -1.0]])


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


ORACLE = {
    "linear": lambda x: x,
    "relu": lambda x: np.where(x > 0, x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(0, x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    "gelu": lambda x: x * stats.norm.cdf(x),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "exponential": np.exp,
    "softmax": softmax,
    "log_softmax": lambda x: np.log(softmax(x)),
}


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_values_and_derivatives(name):
    layer = Activation(name)
    np.testing.assert_allclose(layer(X), ORACLE[name](X), rtol=1e-12, atol=1e-300)
    check_grads(activations.get(name, "f"), (X[:1],), order=2)


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_call_is_activate_after_preactivation(name):
    layer = Activation(name)
    np.testing.assert_array_equal(layer.activate(layer.preactivation(X)), layer.call(X))


@pytest.mark.parametrize(
    ("layer", "name"), [(ReLU(), "relu"), (ELU(), "elu"), (Softmax(), "softmax"), (LeakyReLU(0.2), "leaky_relu")]
)
def test_layers_of_their_own_are_the_activations_of_that_name(layer, name):
    np.testing.assert_array_equal(layer(X), Activation(name)(X))
    again = type(layer)(**layer.get_config())
    np.testing.assert_array_equal(again(X), layer(X))


def test_the_slope_of_a_leaky_rectifier():
    np.testing.assert_array_equal(LeakyReLU()(X), np.where(X > 0, X, 0.3 * X))
    check_grads(LeakyReLU(0.7).call, (X,), order=2)
    with pytest.raises(ValueError, match=r"^LeakyReLU: negative_slope must be a finite number of at least 0, got -1$"):
        LeakyReLU(-1)


def test_a_function_is_an_activation_and_none_is_linear():
    np.testing.assert_array_equal(Activation(np.square)(X), X**2)
    assert activations.get(None, "Dense")(X) is X


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match=r"^Activation: activation must be one of 'linear', 'relu', .*, got 'swosh'$"):
        Activation("swosh")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_gradients_against_torch(name, dtype):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    theirs = {
        "linear": lambda x: x,
        "exponential": torch.exp,
        "swish": functional.silu,
        "leaky_relu": lambda x: functional.leaky_relu(x, 0.2),
        "softmax": lambda x: functional.softmax(x, -1),
        "log_softmax": lambda x: functional.log_softmax(x, -1),
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
    }
    x, g = np.random.default_rng(0).standard_normal((2, 5, 7)).astype(dtype)
    tensor = torch.tensor(x, requires_grad=True)
    value = theirs.get(name) or getattr(functional, name)
    (value(tensor) * torch.tensor(g)).sum().backward()
    ours = grad(lambda x: ops.sum(g * activations.get(name, "f")(x)))(x)
    assert ours.dtype == dtype
    tolerance = 2e-6 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(ours, tensor.grad.numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_planned_activations_are_the_called_ones_bit_for_bit(name, dtype):
    x, g = np.random.default_rng(0).standard_normal((2, 5, 7)).astype(dtype)
    dx = np.empty_like(x)
    plan = activations.plan(name, x, dx)
    plan.forward()
    np.testing.assert_array_equal(plan.output, activations.get(name, "f")(x))
    plan.output_gradient[...] = g
    plan.backward()
    np.testing.assert_array_equal(dx, grad(lambda x: ops.sum(g * activations.get(name, "f")(x)))(x))

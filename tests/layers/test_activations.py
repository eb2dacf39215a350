"""Activations by name: values, derivatives, and the layer that applies them."""

import numpy as np
import pytest

from mmlcore import check_grads
from mmlcore.layers import Activation, activations

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


def test_a_function_is_an_activation_and_none_is_linear():
    np.testing.assert_array_equal(Activation(np.square)(X), X**2)
    assert activations.get(None, "Dense")(X) is X


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match=r"^Activation: activation must be one of 'linear', 'relu', .*, got 'swosh'$"):
        Activation("swosh")

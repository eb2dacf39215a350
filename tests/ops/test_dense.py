"""The fused dense layer against its definition, step by step and by one kernel."""

import numpy as np
import pytest
from scipy import special

from mmlcore import check_grads, grad, ops
from mmlcore.ops.dense import FUSED

RANDOM = np.random.default_rng(16)
ACTIVATIONS = {
    "linear": (lambda z: z, lambda z: z),
    "relu": (lambda z: np.maximum(z, 0), ops.relu),
    "sigmoid": (special.expit, ops.sigmoid),
    "tanh": (np.tanh, ops.tanh),
    "softplus": (lambda z: np.logaddexp(0, z), ops.softplus),
}


def layer(*rows, inputs=4, outputs=3):
    x = RANDOM.normal(size=(*rows, inputs))
    return x, RANDOM.normal(size=(inputs, outputs)), RANDOM.normal(size=outputs)


@pytest.mark.parametrize("rows", [(5,), (1,), (0,), (), (2, 3), (33,)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_against_the_definition(name, bias, rows, agrees):
    f = ACTIVATIONS[name][0]
    x, w, b = layer(*rows)
    args = (x, w, b) if bias else (x, w)
    agrees(
        lambda x, w, b=None: ops.dense(x, w, b, name),
        lambda x, w, b=0.0: f(x @ w + b),
        *args,
        rtol=10,
    )


@pytest.mark.parametrize("needed", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_subset_of_gradients_equals_the_step_by_step_form(name, needed):
    args = layer(6)
    weights = RANDOM.normal(size=(6, 3))
    fused = lambda x, w, b: ops.sum(weights * ops.dense(x, w, b, name))  # noqa: E731
    steps = lambda x, w, b: ops.sum(weights * ACTIVATIONS[name][1](x @ w + b))  # noqa: E731
    for a, b in zip(grad(fused, needed)(*args), grad(steps, needed)(*args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_third_order(name):
    check_grads(lambda x, w, b: ops.dense(x, w, b, name), layer(2, inputs=2, outputs=2), order=3, rtol=1e-5)


def test_every_fused_activation_can_be_differentiated_again():
    for name in FUSED:
        check_grads(lambda x, name=name: ops.dense(x, np.eye(3), None, name), (0.5 + np.eye(3),), order=2)


def test_two_layers_in_float32_with_mixed_dtypes():
    x, w, b = layer(5)
    gradient = grad(lambda w: ops.sum(ops.dense(x, w, b, "tanh") ** 2))(w.astype(np.float32))
    exact = grad(lambda w: ops.sum(ops.dense(x, w, b, "tanh") ** 2))(w)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, exact, rtol=1e-4, atol=1e-5)


def test_plain_lists():
    assert ops.dense([[1, -2]], [[1, 0], [0, 1]], [10, 1], "relu").tolist() == [[11.0, 0.0]]
    assert ops.dense([1, -2], [[1, 0], [0, 1]]).tolist() == [1.0, -2.0]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((np.ones((2, 3)), np.ones((4, 5))), r"^dense: w must be of shape \(3, outputs\), got shape \(4, 5\)$"),
        ((np.ones((2, 3)), np.ones(3)), r"^dense: w must be of shape \(3, outputs\), got shape \(3,\)$"),
        ((np.ones((2, 3)), np.ones((3, 5)), np.ones(4)), r"^dense: b must be of shape \(5,\), got shape \(4,\)$"),
        ((np.ones((2, 3)), np.ones((3, 5)), 1.0), r"^dense: b must be of shape \(5,\), got shape \(\)$"),
        ((1.0, np.ones((3, 5))), r"^dense: x must be of one dimension or more, got shape \(\)$"),
        (
            (np.ones((2, 3)), np.ones((3, 5)), None, "swish"),
            r"^dense: activation must be one of 'linear', 'relu', 'sigmoid', 'tanh', 'softplus', got 'swish'$",
        ),
    ],
)
def test_errors(args, message):
    with pytest.raises(ValueError, match=message):
        ops.dense(*args)


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match=r"^dense: w must be real numbers, got dtype complex128$"):
        ops.dense(np.ones((2, 3)), np.ones((3, 5)) * 1j)

"""θ is one vector: the layers' weights are views of it, before and after copying and pickling."""

import copy
import pickle

import numpy as np
import pytest

from mmlcore.layers import Dense
from mmlcore.models.parameters import Parameters


def two_layers(dtype=np.float32):
    layers = [Dense(3), Dense(2, use_bias=False)]
    layers[0].prepare((None, 4), dtype, seed=0)
    layers[1].prepare((None, 3), dtype, seed=1)
    return layers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_are_views_in_order(dtype):
    layers = two_layers(dtype)
    before = np.concatenate([w.ravel() for layer in layers for w in layer.weights])
    parameters = Parameters(layers, dtype)
    theta = parameters.theta
    assert theta.dtype == dtype
    assert theta.flags.c_contiguous
    assert theta.shape == parameters.gradient.shape == (4 * 3 + 3 + 3 * 2,)
    np.testing.assert_array_equal(theta, before)
    theta[:] = np.arange(theta.size)
    np.testing.assert_array_equal(layers[0].kernel, np.arange(12).reshape(4, 3))
    np.testing.assert_array_equal(layers[0].bias, [12, 13, 14])
    np.testing.assert_array_equal(layers[1].kernel, np.arange(15, 21).reshape(3, 2))
    layers[1].kernel[0, 0] = -1
    assert theta[15] == -1
    assert all(np.shares_memory(weight, theta) for layer in layers for weight in layer.weights)


def test_bind_gives_the_layers_other_values_and_back():
    layers = two_layers()
    parameters = Parameters(layers, np.float32)
    parameters.bind(["kernel", "bias", "second"])
    assert (layers[0].kernel, layers[0].bias, layers[1].kernel) == ("kernel", "bias", "second")
    parameters.bind(parameters.views)
    assert layers[0].kernel is parameters.views[0]


def test_an_assigned_weight_stays_a_view():
    layers = two_layers()
    parameters = Parameters(layers, np.float32)
    layers[0].kernel = np.ones((4, 3))
    np.testing.assert_array_equal(parameters.theta[:12], 1)
    assert layers[0].kernel is parameters.views[0]


def test_collect_lays_gradients_out_as_theta():
    parameters = Parameters(two_layers(), np.float32)
    gradients = [np.full(view.shape, i, np.float32) for i, view in enumerate(parameters.views)]
    vector = parameters.collect(gradients)
    assert vector is parameters.gradient
    np.testing.assert_array_equal(vector, np.repeat([0, 1, 2], [12, 3, 6]))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_have_their_own_theta_and_views_of_it(duplicate):
    layers = two_layers()
    original = (layers, Parameters(layers, np.float32))
    layers_copy, parameters = duplicate(original)
    assert not np.shares_memory(parameters.theta, original[1].theta)
    parameters.theta[:] = 7
    assert (layers_copy[0].kernel == 7).all()
    assert not (layers[0].kernel == 7).any()


def test_no_weights_at_all():
    assert Parameters([], np.float32).theta.shape == (0,)

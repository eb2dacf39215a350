"""The transposed convolution as a layer; its plan is compared with `call` in test_convolution.py."""

import numpy as np
import pytest

from mmlcore import check_grads, ops
from mmlcore.layers import Conv2DTranspose

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("activation", [None, "relu", "elu"])
def test_it_is_the_operation_with_bias_and_activation(activation, use_bias):
    layer = Conv2DTranspose(3, 3, 2, "same", activation=activation, use_bias=use_bias, bias_initializer="ones")
    x = RNG.normal(size=(2, 4, 5, 2))
    z = ops.conv_transpose(x, layer(x) is not None and layer.kernel, 2, "same") + (1 if use_bias else 0)
    expected = {None: lambda z: z, "relu": ops.relu, "elu": ops.elu}[activation](z)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-12, atol=1e-13)
    check_grads(layer.call, (x,), order=1)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="Conv2DTranspose: filters must be a positive integer"):
        Conv2DTranspose(0, 3)
    with pytest.raises(ValueError, match="Conv2DTranspose: inputs must be of shape"):
        Conv2DTranspose(2, 3)(np.zeros((1, 5, 5)))

"""The layer that makes an auto-encoder variational: a code drawn from the distribution that the encoder names."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import message
from mmlcore.layers.base import Shape
from mmlcore.layers.context import now
from mmlcore.layers.dropout import RandomLayer
from mmlcore.layers.plan import Plan

__all__ = ["GaussianSampling"]


class GaussianSampling(RandomLayer):
    """Rows [μ | log Σ] of 2 d numbers become codes of d: while training, draws from N(μ, Σ), Σ diagonal; otherwise μ.

    The draw is z = μ + Σ^½ ε with ε standard normal, so that it can be differentiated with respect to μ and Σ
    (reparameterisation).

    Parameters
    ----------
    seed : int, optional
        Of the layer's own stream; without one it follows from the model's seed.
    **options
        See `Layer`.

    Raises
    ------
    ValueError
        If the inputs are not rows of an even number of columns.

    Examples
    --------
    >>> GaussianSampling()([[1.0, 2.0, -3.0, -3.0]])  # not training
    array([[1., 2.]])

    References
    ----------
    Notes 11.3; D. P. Kingma, M. Welling (2014), Auto-encoding variational Bayes.
    """

    def __init__(self, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        columns = input_shape[-1]
        if len(input_shape) != 2 or columns is None or columns % 2 or not columns:
            expectation = "rows of an even number of columns, [means, logarithms of variances]"
            raise ValueError(message("GaussianSampling", "inputs", expectation, f"shape {input_shape}"))
        return (None, columns // 2)

    def call(self, inputs: Any) -> Any:
        d = inputs.shape[-1] // 2
        mean = inputs[:, :d]
        if not now().training:
            return mean
        noise = np.empty((len(inputs), d), inputs.dtype)
        _kernels.random_normal(noise, 0.0, 1.0, self.key, self.draw)
        _kernels.advance(self.draw, 1)
        return ops.add(mean, ops.multiply(ops.exp(ops.multiply(inputs[:, d:], 0.5)), noise))

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        z, dz, noise = (np.empty((len(x), x.shape[1] // 2), x.dtype) for _ in range(3))
        draw = partial(_kernels.random_normal, noise, 0.0, 1.0, self.key, self.draw)

        def forward() -> None:
            draw()
            _kernels.sample_code(z, x, noise)

        def backward() -> None:
            if dx is not None:
                _kernels.sample_code_grad(dx, dz, x, noise)
            _kernels.advance(self.draw, 1)

        return Plan(z, dz, forward, backward)

"""Layers that bring their inputs to mean 0 and variance 1, then scale and shift what comes out."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import message
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.context import now
from mmlcore.layers.plan import Plan

__all__ = ["BatchNormalization", "LayerNormalization"]


class _Normalization(Layer):
    """The weights γ and β, over the last axis."""

    def __init__(
        self,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if not isinstance(epsilon, int | float | np.number) or not 0 <= epsilon < np.inf:
            own = type(self).__name__
            raise ValueError(message(own, "epsilon", "a finite number of at least 0", repr(epsilon)))
        self.epsilon, self.center, self.scale = float(epsilon), bool(center), bool(scale)
        self.beta_initializer, self.gamma_initializer = beta_initializer, gamma_initializer
        self.beta_regularizer, self.gamma_regularizer = beta_regularizer, gamma_regularizer
        self.gamma: Any = None
        self.beta: Any = None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(message(type(self).__name__, "inputs", "shape (n, ..., features)", f"shape {input_shape}"))
        return input_shape

    def build(self, input_shape: Any) -> None:
        if self.scale:
            self.add_weight("gamma", input_shape[-1:], self.gamma_initializer, self.gamma_regularizer)
        if self.center:
            self.add_weight("beta", input_shape[-1:], self.beta_initializer, self.beta_regularizer)

    def _gradients(self, gradients: Sequence[NDArray[Any]]) -> tuple[Any, Any]:
        """Where those of γ and β go."""
        left: Iterator[Any] = iter(gradients)
        return next(left) if self.scale else None, next(left) if self.center else None


class BatchNormalization(_Normalization):
    """γ (x - μ)/√(σ² + ε) + β for each feature: with the batch's mean and variance while training, otherwise
    with their moving averages.

    Parameters
    ----------
    momentum : float
        In [0, 1): average ← momentum · average + (1 - momentum) · batch.
    epsilon : float
        ε, at least 0.
    center, scale : bool
        Learn β; learn γ.
    beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer : str or callable
    beta_regularizer, gamma_regularizer : str or callable, optional
    **options
        See `Layer`. With ``trainable=False`` the moving averages are used, and stay, in training too.

    Attributes
    ----------
    gamma, beta, moving_mean, moving_variance : ndarray of shape (features,)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> layer = BatchNormalization(epsilon=0.0)
    >>> layer([[1.0], [3.0]])  # not training: moving averages 0 and 1
    array([[1.],
           [3.]])

    References
    ----------
    S. Ioffe, C. Szegedy (2015), Batch normalization, algorithms 1 and 2. Notes 6.11.
    """

    same_in_training: ClassVar[bool] = False

    def __init__(
        self,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        **options: Any,
    ) -> None:
        super().__init__(epsilon, center, scale, **options)
        if not isinstance(momentum, int | float | np.number) or not 0 <= momentum < 1:
            raise ValueError(message("BatchNormalization", "momentum", "a number in [0, 1)", repr(momentum)))
        self.momentum = float(momentum)
        self.moving_mean_initializer = moving_mean_initializer
        self.moving_variance_initializer = moving_variance_initializer
        self.moving_mean: Any = None
        self.moving_variance: Any = None

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        shape = input_shape[-1:]
        self.add_weight("moving_mean", shape, self.moving_mean_initializer, trainable=False)
        self.add_weight("moving_variance", shape, self.moving_variance_initializer, trainable=False)

    def call(self, inputs: Any) -> Any:
        mean, variance = self.moving_mean, self.moving_variance
        if now().training and self.trainable:
            moving = (mean, variance, self.momentum)
            return ops.batch_norm(inputs, self.gamma, self.beta, epsilon=self.epsilon, moving=moving)
        return ops.normalize(inputs, mean, variance, self.gamma, self.beta, epsilon=self.epsilon)

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        if not self.trainable:
            return None
        y, dy = np.empty_like(x), np.empty_like(x)
        rows, dy_rows, y_rows = (a.reshape(-1, x.shape[-1]) for a in (x, dy, y))
        dx_rows = None if dx is None else dx.reshape(rows.shape)
        mean, rstd = np.empty((2, x.shape[-1]), x.dtype)
        gamma, beta, old_mean, old_variance = self.gamma, self.beta, self.moving_mean, self.moving_variance
        d_gamma, d_beta = self._gradients(gradients)

        def forward() -> None:
            _kernels.batch_norm(
                y_rows, mean, rstd, old_mean, old_variance, rows, gamma, beta, self.epsilon, self.momentum
            )

        def backward() -> None:
            _kernels.batch_norm_grad(dx_rows, d_gamma, d_beta, dy_rows, rows, mean, rstd, gamma)

        return Plan(y, dy, forward, backward)


class LayerNormalization(_Normalization):
    """γ (x - μ)/√(σ² + ε) + β with the mean and variance over the features of each sample.

    Parameters
    ----------
    epsilon : float
        ε, at least 0.
    center, scale : bool
        Learn β; learn γ.
    beta_initializer, gamma_initializer : str or callable
    beta_regularizer, gamma_regularizer : str or callable, optional
    **options
        See `Layer`.

    Attributes
    ----------
    gamma, beta : ndarray of shape (features,)

    Raises
    ------
    ValueError
        If `epsilon` is out of range.

    Examples
    --------
    >>> LayerNormalization(epsilon=0.0)([[1.0, 3.0]])
    array([[-1.,  1.]])

    References
    ----------
    J. L. Ba, J. R. Kiros, G. E. Hinton (2016), Layer normalization.
    """

    def call(self, inputs: Any) -> Any:
        return ops.layer_norm(inputs, self.gamma, self.beta, epsilon=self.epsilon)

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        y, dy = np.empty_like(x), np.empty_like(x)
        rows, dy_rows, y_rows = (a.reshape(-1, x.shape[-1]) for a in (x, dy, y))
        dx_rows = None if dx is None else dx.reshape(rows.shape)
        mean, rstd = np.empty((2, len(rows)), x.dtype)
        gamma, beta = self.gamma, self.beta
        d_gamma, d_beta = self._gradients(gradients)
        return Plan(
            output=y,
            output_gradient=dy,
            forward=lambda: _kernels.layer_norm(y_rows, mean, rstd, rows, gamma, beta, self.epsilon),
            backward=lambda: _kernels.layer_norm_grad(dx_rows, d_gamma, d_beta, dy_rows, rows, mean, rstd, gamma),
        )

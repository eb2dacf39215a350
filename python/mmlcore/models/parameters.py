"""θ: every weight of a model in one contiguous vector, of which the layers hold views."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore.layers import Layer

__all__ = ["Parameters"]


class Parameters:
    """The weights of `layers`, moved into one vector, with a gradient vector of the same size beside it.

    Attributes
    ----------
    theta, gradient : ndarray of shape (size,)
    views, gradient_views : list of ndarray
        The weights, in the order of the layers: views of `theta` in the shapes of the layers; and the views
        of `gradient` of the same shapes.

    Examples
    --------
    >>> from mmlcore.layers import Dense
    >>> layer = Dense(2)
    >>> layer.prepare((None, 3), np.float32, seed=0)
    >>> parameters = Parameters([layer], np.float32)
    >>> parameters.theta[:] = 1
    >>> layer.kernel.sum(), layer.bias.sum()
    (np.float32(6.0), np.float32(2.0))
    """

    def __init__(self, layers: Sequence[Layer], dtype: Any) -> None:
        self._slots = [(layer, name) for layer in layers for name in layer.weight_names]
        weights = [getattr(layer, name) for layer, name in self._slots]
        self._shapes = [weight.shape for weight in weights]
        self.theta: NDArray[Any] = np.concatenate([np.zeros(0, dtype), *(w.ravel() for w in weights)], dtype=dtype)
        self.gradient: NDArray[Any] = np.zeros_like(self.theta)
        self._make_views()

    def _make_views(self) -> None:
        ends = np.cumsum([0, *(int(np.prod(shape)) for shape in self._shapes)])
        spans = list(zip(ends[:-1], ends[1:], self._shapes, strict=True))
        self.views = [self.theta[a:b].reshape(shape) for a, b, shape in spans]
        self.gradient_views = [self.gradient[a:b].reshape(shape) for a, b, shape in spans]
        self.bind(self.views)

    def bind(self, values: Sequence[Any]) -> None:
        """Make `values` (arrays or tensors, one a weight) the weights that the layers compute with."""
        for (layer, name), value in zip(self._slots, values, strict=True):
            vars(layer)[name] = value  # an assignment would copy into the present weight

    def collect(self, gradients: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Write one gradient a weight into the gradient vector, and return it."""
        return np.concatenate([gradient.reshape(-1) for gradient in gradients], out=self.gradient)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if not key.endswith("views")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._make_views()

"""θ: every weight of a model in one contiguous vector, of which the layers hold views."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.layers import Layer
from mmlcore.layers.regularizers import L1L2

__all__ = ["Parameters", "joined"]


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
        self.layers = list(layers)
        self._safe: list[NDArray[Any]] = []
        self._slots = [(layer, name) for layer in layers for name in layer.weight_names]
        weights = [getattr(layer, name) for layer, name in self._slots]
        self._shapes = [weight.shape for weight in weights]
        # _kernels.empty begins large vectors with a cache line, where products write their tiles at once
        size = sum(weight.size for weight in weights)
        self.theta: NDArray[Any] = _kernels.empty((size,), np.dtype(dtype))
        self.gradient: NDArray[Any] = _kernels.empty((size,), np.dtype(dtype))
        np.concatenate([np.zeros(0, dtype), *(w.ravel() for w in weights)], out=self.theta)
        self.gradient[...] = 0
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
        for layer in self.layers:
            layer.rebound()

    def collect(self, gradients: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Write one gradient a weight into the gradient vector, and return it."""
        return np.concatenate([gradient.reshape(-1) for gradient in gradients], out=self.gradient)

    def _regularized(self) -> list[tuple[Any, NDArray[Any], NDArray[Any]]]:
        """(regulariser, weight, its gradient) for every weight that has one and is trained."""
        spots = zip(self._slots, self.views, self.gradient_views, strict=True)
        return [
            (layer.regularizers[name], view, slope)
            for (layer, name), view, slope in spots
            if name in layer.regularizers and layer.trainable
        ]

    def penalized(self) -> list[tuple[L1L2, NDArray[Any], NDArray[Any]]]:
        """Of those, the ones that a kernel computes."""
        return [spot for spot in self._regularized() if _has_kernel(spot[0])]

    def foreign_penalties(self) -> list[tuple[Any, Any]]:
        """The others: (regulariser, weight), the weight a tensor while a gradient is taken."""
        return [
            (layer.regularizers[name], getattr(layer, name))
            for layer, name in self._slots
            if name in layer.regularizers and layer.trainable and not _has_kernel(layer.regularizers[name])
        ]

    def constrained(self) -> list[tuple[Any, NDArray[Any]]]:
        """(constraint, weight) for every weight that has one and is trained."""
        return [
            (layer.constraints[name], view)
            for (layer, name), view in zip(self._slots, self.views, strict=True)
            if name in layer.constraints and layer.trainable
        ]

    def slots(self) -> list[Layer]:
        """The layer of each of `views`."""
        return [layer for layer, _ in self._slots]

    def states(self) -> list[NDArray[Any]]:
        """What the layers carry along beside θ, in their order."""
        return [getattr(layer, name) for layer in self.layers for name in layer.state_names]

    def safe_states(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """(copy, state) for each of `states`; the copies are made once."""
        if len(self._safe) != len(self.states()):
            self._safe = [state.copy() for state in self.states()]
        return list(zip(self._safe, self.states(), strict=True))

    def spans(self) -> list[tuple[int, int]]:
        """Where in `theta` the trained weights lie, one pair (begin, end) for each."""
        ends = np.cumsum([0, *(view.size for view in self.views)]).tolist()
        pairs = zip(self._slots, ends[:-1], ends[1:], strict=True)
        return [(begin, end) for (layer, _), begin, end in pairs if layer.trainable]

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if not key.endswith("views")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._make_views()


def _has_kernel(penalty: Any) -> bool:
    """Whether a regulariser is l1 Σ|w| + l2 Σ w² and nothing else."""
    return isinstance(penalty, L1L2) and type(penalty).__call__ is L1L2.__call__


def joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch as one.

    >>> joined([(0, 2), (2, 5), (7, 8)])
    [(0, 5), (7, 8)]
    """
    result: list[tuple[int, int]] = []
    for begin, end in spans:
        if result and result[-1][1] == begin:
            result[-1] = (result[-1][0], end)
        else:
            result.append((begin, end))
    return result

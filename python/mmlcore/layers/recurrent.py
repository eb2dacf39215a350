"""Layers that carry a state from step to step: SimpleRNN, LSTM, GRU."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import choose, message
from mmlcore.layers.recurrent_base import Recurrent

__all__ = ["GRU", "LSTM", "SimpleRNN"]


class SimpleRNN(Recurrent):
    """h_t = f(x_t W + h_{t-1} U + b), from h_0 = 0.

    Parameters
    ----------
    units : int
        Length of the state.
    activation : {"tanh", "relu"}
        The function f.
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer : str or callable
        Of W, U, b.
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str or callable, optional
    kernel_constraint, recurrent_constraint, bias_constraint : str or callable, optional
    dropout, recurrent_dropout : float
        In [0, 1), while training: inputs and states that do not count, the same in all steps of a sequence.
    seed : int, optional
        Of the dropout.
    return_sequences : bool
        Return every state, (n, steps, units); otherwise the last, (n, units).
    return_state : bool
        Return [outputs, h_T], for models that are more than a chain.
    go_backwards : bool
        From the last step to the first; the states come in the order in which they were computed.
    stateful : bool
        Sample i of a batch goes on where sample i of the one before stopped, until `reset_states`. All batches have
        the size of the first.
    **options
        See `Layer`.

    Attributes
    ----------
    kernel : ndarray of shape (features, units)
    recurrent_kernel : ndarray of shape (units, units)
    bias : ndarray of shape (units,)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> layer = SimpleRNN(1, "relu", kernel_initializer="ones", recurrent_initializer="ones", return_sequences=True)
    >>> layer([[[1.0], [2.0], [3.0]]])
    array([[[1.],
            [3.],
            [6.]]])

    References
    ----------
    Notes 10.2 (10.1). Y. Gal, Z. Ghahramani (2016), A theoretically grounded application of dropout in recurrent
    neural networks.
    """

    def __init__(self, units: int, activation: str = "tanh", **options: Any) -> None:
        super().__init__(units, **options)
        # not `activation`: the loss must not take it for one that can be left out
        self._cell = choose("SimpleRNN", "activation", activation, {"tanh": "tanh", "relu": "relu"})

    @property
    def cell(self) -> str:
        return self._cell

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": self._cell}


class LSTM(Recurrent):
    """Long short-term memory: gates decide what the cell state forgets, takes up and shows.

    i, f, o = σ(x_t W + h_{t-1} U + b), g = tanh(...), c_t = f ⊙ c_{t-1} + i ⊙ g, h_t = o ⊙ tanh(c_t), from zeros.
    The four gates stand side by side in W, U and b, in the order i f g o.

    Parameters
    ----------
    units : int
        Length of the two states.
    unit_forget_bias : bool
        Add 1 to the first bias of the forget gate.
    return_state : bool
        Return [outputs, h_T, c_T], for models that are more than a chain.
    **options
        As for `SimpleRNN`.

    Attributes
    ----------
    kernel : ndarray of shape (features, 4 units)
    recurrent_kernel : ndarray of shape (units, 4 units)
    bias : ndarray of shape (4 units,)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> LSTM(3, return_sequences=True)([[[1.0, 2.0], [3.0, 4.0]]]).shape
    (1, 2, 3)

    References
    ----------
    Notes 10.5. S. Hochreiter, J. Schmidhuber (1997), Long short-term memory. F. A. Gers et al. (2000), Learning to
    forget. R. Jozefowicz et al. (2015), An empirical exploration of recurrent network architectures (the bias of 1).
    """

    def __init__(self, units: int, *, unit_forget_bias: bool = True, **options: Any) -> None:
        super().__init__(units, **options)
        self.unit_forget_bias = bool(unit_forget_bias)

    @property
    def cell(self) -> str:
        return "lstm"

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        if self.use_bias and self.unit_forget_bias:
            self.bias[self.units : 2 * self.units] += 1


class GRU(Recurrent):
    """Gated recurrent unit, the reset gate after the product.

    With a = x_t W + b₀ and b = h_{t-1} U + b₁, in the order z r n: z, r = σ(a + b), n = tanh(a + r ⊙ b),
    h_t = z ⊙ h_{t-1} + (1 - z) ⊙ n, from h_0 = 0. It is the variant of PyTorch and cuDNN, and Keras's default.

    Parameters
    ----------
    units : int
        Length of the state.
    reset_after : bool
        Must be True.
    **options
        As for `SimpleRNN`.

    Attributes
    ----------
    kernel : ndarray of shape (features, 3 units)
    recurrent_kernel : ndarray of shape (units, 3 units)
    bias : ndarray of shape (2, 3 units)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> GRU(3)([[[1.0, 2.0], [3.0, 4.0]]]).shape
    (1, 3)

    References
    ----------
    K. Cho et al. (2014), Learning phrase representations using RNN encoder-decoder. J. Chung et al. (2014),
    Empirical evaluation of gated recurrent neural networks on sequence modeling.
    """

    _bias_rows: ClassVar[int] = 2

    def __init__(self, units: int, *, reset_after: bool = True, **options: Any) -> None:
        super().__init__(units, **options)
        if reset_after is not True:
            raise ValueError(message("GRU", "reset_after", "True", repr(reset_after)))
        self.reset_after = True

    @property
    def cell(self) -> str:
        return "gru"

    def _from_torch(self, array: NDArray[Any]) -> NDArray[Any]:
        r, z, n = np.split(array, 3, axis=-1)
        return np.concatenate([z, r, n], axis=-1)

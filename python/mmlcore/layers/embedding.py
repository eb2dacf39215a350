"""A vector for every whole number: words, characters, users."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import integer, message
from mmlcore.autodiff import plain
from mmlcore.layers import initializers
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.plan import Plan

__all__ = ["Embedding"]

_LARGEST = 2**24  # the whole numbers that float32 holds


class Embedding(Layer):
    """The rows of a learned table that the inputs name.

    Parameters
    ----------
    input_dim : int
        Number of rows: inputs are 0 … input_dim - 1. At most 2²⁴.
    output_dim : int
        Length of a row.
    embeddings_initializer : str or callable
    embeddings_regularizer, embeddings_constraint : str or callable, optional
    **options
        See `Layer`.

    Attributes
    ----------
    embeddings : ndarray of shape (input_dim, output_dim)

    Raises
    ------
    ValueError
        If a size is not a positive integer. An input that names no row gives a row of NaN.

    Examples
    --------
    >>> layer = Embedding(3, 2, embeddings_initializer="ones")
    >>> layer([[0, 2]]).shape
    (1, 2, 2)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "random_uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.input_dim = integer("Embedding", "input_dim", input_dim)
        if self.input_dim > _LARGEST:
            raise ValueError(message("Embedding", "input_dim", f"at most {_LARGEST}", str(input_dim)))
        self.output_dim = integer("Embedding", "output_dim", output_dim)
        initializers.get(embeddings_initializer, "Embedding", "embeddings_initializer")
        self.embeddings_initializer = embeddings_initializer
        self.embeddings_regularizer, self.embeddings_constraint = embeddings_regularizer, embeddings_constraint
        self.embeddings: Any = None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def build(self, input_shape: Shape) -> None:
        shape = (self.input_dim, self.output_dim)
        self.add_weight(
            "embeddings", shape, self.embeddings_initializer, self.embeddings_regularizer, self.embeddings_constraint
        )

    def call(self, inputs: Any) -> Any:
        return ops.embedding(self.embeddings, rows=plain(inputs))

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        if dx is not None:
            return None  # its inputs are numbers of rows: nothing before it can learn
        y = np.empty((*x.shape, self.output_dim), x.dtype)
        dy, table = np.empty_like(y), self.embeddings
        (d_table,) = gradients
        return Plan(
            output=y,
            output_gradient=dy,
            forward=lambda: _kernels.look_up(y, table, x),
            backward=lambda: _kernels.look_up_grad(d_table, dy, x),
        )

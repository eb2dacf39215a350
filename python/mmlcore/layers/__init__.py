"""Keras's layers: a layer declares its weights in `build` and computes with them in `call`.

Weights are attributes (``layer.kernel``). In a model they are views of the model's one vector θ; while a
gradient is taken they are tensors. A layer never allocates in `call` what a kernel can write.
"""

from mmlcore.layers.activations import Activation
from mmlcore.layers.base import Layer
from mmlcore.layers.dense import Dense

__all__ = ["Activation", "Dense", "Layer"]

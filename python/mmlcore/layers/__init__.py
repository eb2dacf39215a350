"""Keras's layers: a layer declares its weights in `build` and computes with them in `call`.

Weights are attributes (``layer.kernel``). In a model they are views of the model's one vector θ; while a
gradient is taken they are tensors. A layer never allocates in `call` what a kernel can write.
"""

from mmlcore.layers import constraints, initializers, regularizers
from mmlcore.layers.activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from mmlcore.layers.base import Layer
from mmlcore.layers.dense import Dense
from mmlcore.layers.dropout import Dropout, GaussianNoise
from mmlcore.layers.embedding import Embedding
from mmlcore.layers.merging import Add, Concatenate
from mmlcore.layers.normalization import BatchNormalization, LayerNormalization
from mmlcore.layers.recurrent import GRU, LSTM, SimpleRNN
from mmlcore.layers.shaping import Flatten, Reshape
from mmlcore.layers.wrapping import Bidirectional, TimeDistributed

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "Activation",
    "Add",
    "BatchNormalization",
    "Bidirectional",
    "Concatenate",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianNoise",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "ReLU",
    "Reshape",
    "SimpleRNN",
    "Softmax",
    "TimeDistributed",
    "constraints",
    "initializers",
    "regularizers",
]

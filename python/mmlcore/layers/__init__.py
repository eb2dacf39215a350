"""Keras's layers: a layer declares its weights in `build` and computes with them in `call`.

Weights are attributes (``layer.kernel``). In a model they are views of the model's one vector θ; while a
gradient is taken they are tensors. A layer never allocates in `call` what a kernel can write.
"""

from mmlcore.layers import constraints, initializers, regularizers
from mmlcore.layers.activations import ELU, Activation, LeakyReLU, ReLU, Softmax
from mmlcore.layers.base import Layer
from mmlcore.layers.convolution import Conv1D, Conv2D, Conv3D, DepthwiseConv2D
from mmlcore.layers.dense import Dense
from mmlcore.layers.dropout import Dropout, GaussianNoise
from mmlcore.layers.embedding import Embedding
from mmlcore.layers.merging import Add, Concatenate
from mmlcore.layers.normalization import BatchNormalization, LayerNormalization
from mmlcore.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from mmlcore.layers.recurrent import GRU, LSTM, SimpleRNN
from mmlcore.layers.resizing import (
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from mmlcore.layers.sampling import GaussianSampling
from mmlcore.layers.shaping import Flatten, Reshape
from mmlcore.layers.transposed import Conv2DTranspose
from mmlcore.layers.wrapping import Bidirectional, TimeDistributed

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "Activation",
    "Add",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "BatchNormalization",
    "Bidirectional",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianNoise",
    "GaussianSampling",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "ReLU",
    "Reshape",
    "SimpleRNN",
    "Softmax",
    "TimeDistributed",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "constraints",
    "initializers",
    "regularizers",
]

"""Keras's optimisers: thin state around one kernel that updates the whole vector θ in place.

A slot (velocity, moments) is one vector as long as θ. Constants, the learning rate among them, stand in an array
that the kernel reads when it runs, so they can change between steps. To add one: a rule in
``cpp/kernels/optimizer_rules.h``, a class, a row of `OPTIMIZERS`, a row of the tests' table.
"""

from mmlcore.optimizers.adam import Adam, Adamax, AdamW, AMSGrad, Lion, Nadam
from mmlcore.optimizers.adaptive import Adadelta, Adagrad, RMSprop
from mmlcore.optimizers.asynchronous import AsynchronousResult, asynchronous_sgd
from mmlcore.optimizers.base import Optimizer
from mmlcore.optimizers.schedules import (
    CosineDecay,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    OneCycle,
    PiecewiseConstantDecay,
    PolynomialDecay,
    StepDecay,
    Warmup,
)
from mmlcore.optimizers.sgd import SGD
from mmlcore.optimizers.table import OPTIMIZERS, get

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "AMSGrad",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AsynchronousResult",
    "CosineDecay",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "Lion",
    "Nadam",
    "OneCycle",
    "Optimizer",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "RMSprop",
    "StepDecay",
    "Warmup",
    "asynchronous_sgd",
    "get",
]

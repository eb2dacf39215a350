"""Keras's optimisers: thin state around one kernel that updates the whole vector θ in place.

A slot (velocity, moments) is one vector as long as θ. The learning rate is an array of one number that
the kernel reads when it runs, so it can change between steps. To add one: a kernel, a class, a row of
`OPTIMIZERS`.
"""

from mmlcore.optimizers.adam import Adam
from mmlcore.optimizers.base import Optimizer
from mmlcore.optimizers.sgd import SGD
from mmlcore.optimizers.table import OPTIMIZERS, get

__all__ = ["OPTIMIZERS", "SGD", "Adam", "Optimizer", "get"]

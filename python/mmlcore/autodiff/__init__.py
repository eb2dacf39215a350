"""Automatic differentiation of plain NumPy code; this package knows no operation.

A transform (`grad`, ...) opens a level: it hands its function Tensors, which record on the level's tape the
primitives applied to them. A primitive opens only the Tensors of the innermost level, so levels nest to any
order. `mmlcore.ops` declares the operations, their rules and NumPy names. Imports: numpy, ground modules.
"""

from mmlcore.autodiff.gradient_check import check_grads
from mmlcore.autodiff.numpy_protocol import constant, implements, method
from mmlcore.autodiff.primitive import primitive
from mmlcore.autodiff.rules import defvjp, defvjp_forward, defvjp_joint
from mmlcore.autodiff.tensor import Tensor, plain
from mmlcore.autodiff.transforms import grad, value_and_grad

__all__ = [
    "Tensor",
    "check_grads",
    "constant",
    "defvjp",
    "defvjp_forward",
    "defvjp_joint",
    "grad",
    "implements",
    "method",
    "plain",
    "primitive",
    "value_and_grad",
]

"""Automatic differentiation of plain NumPy code; this package knows no operation.

A transform (`grad`, ...) opens a level: it hands its function Tensors, and what is done with the primitives that are
applied to them is the level's affair: a tape records them, forward mode carries a tangent. A primitive opens only the
Tensors of the innermost level, so levels nest to any order and in any mixture. `mmlcore.ops` declares the operations,
their rules and NumPy names. Imports: numpy, ground modules.
"""

from mmlcore.autodiff.anomaly import detect_anomaly
from mmlcore.autodiff.checkpointing import checkpoint, stop_gradient
from mmlcore.autodiff.convexity import Convexity, is_convex_on
from mmlcore.autodiff.gradient_check import check_grads
from mmlcore.autodiff.jacobians import hessian, jacobian
from mmlcore.autodiff.numpy_protocol import constant, implements, method
from mmlcore.autodiff.primitive import primitive
from mmlcore.autodiff.products import hvp, jvp, linearize, vjp
from mmlcore.autodiff.rules import defbatch, defjvp, defjvp_joint, defvjp, defvjp_forward, defvjp_joint
from mmlcore.autodiff.taylor import TaylorPolynomial, taylor
from mmlcore.autodiff.tensor import Tensor, plain
from mmlcore.autodiff.trace import Graph, trace
from mmlcore.autodiff.transforms import elementwise_grad, grad, value_and_grad

__all__ = [
    "Convexity",
    "Graph",
    "TaylorPolynomial",
    "Tensor",
    "check_grads",
    "checkpoint",
    "constant",
    "defbatch",
    "defjvp",
    "defjvp_joint",
    "defvjp",
    "defvjp_forward",
    "defvjp_joint",
    "detect_anomaly",
    "elementwise_grad",
    "grad",
    "hessian",
    "hvp",
    "implements",
    "is_convex_on",
    "jacobian",
    "jvp",
    "linearize",
    "method",
    "plain",
    "primitive",
    "stop_gradient",
    "taylor",
    "trace",
    "value_and_grad",
    "vjp",
]

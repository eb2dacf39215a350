"""mmlcore: machine learning on the CPU in one small, fast wheel."""

from importlib import import_module as _import_module
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING as _TYPE_CHECKING

from mmlcore import _kernels, autodiff, linalg, ops
from mmlcore._config import show_config
from mmlcore.autodiff import (
    Tensor,
    check_grads,
    checkpoint,
    defjvp,
    defvjp,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    is_convex_on,
    jacobian,
    jvp,
    linearize,
    primitive,
    stop_gradient,
    taylor,
    value_and_grad,
    vjp,
)
from mmlcore.ops import array

if _TYPE_CHECKING:
    from mmlcore import (
        callbacks,
        datasets,
        estimators,
        layers,
        losses,
        metrics,
        models,
        optimize,
        optimizers,
        plot,
        stats,
    )

__version__ = "0.1.0"

get_num_threads = _kernels.get_num_threads
set_num_threads = _kernels.set_num_threads
release_memory = _kernels.release_memory

__all__ = [
    "Tensor",
    "__version__",
    "array",
    "autodiff",
    "callbacks",
    "check_grads",
    "checkpoint",
    "datasets",
    "defjvp",
    "defvjp",
    "elementwise_grad",
    "estimators",
    "get_num_threads",
    "grad",
    "hessian",
    "hvp",
    "is_convex_on",
    "jacobian",
    "jvp",
    "layers",
    "linalg",
    "linearize",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimize",
    "optimizers",
    "plot",
    "primitive",
    "release_memory",
    "set_num_threads",
    "show_config",
    "stats",
    "stop_gradient",
    "taylor",
    "value_and_grad",
    "vjp",
]


_ON_DEMAND = frozenset(
    (
        *("callbacks", "datasets", "estimators", "layers", "losses", "metrics", "models", "optimize", "optimizers"),
        *("plot", "stats"),
    )
)


def __getattr__(name: str) -> _ModuleType:
    """Rooms that many programs never enter are imported when they are asked for."""
    if name in _ON_DEMAND:
        return _import_module(f"mmlcore.{name}")
    raise AttributeError(f"module 'mmlcore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

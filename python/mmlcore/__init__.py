"""mmlcore: machine learning on the CPU in one small, fast wheel."""

from importlib import import_module as _import_module
from types import ModuleType as _ModuleType

from mmlcore import (
    _kernels,
    autodiff,
    callbacks,
    datasets,
    layers,
    linalg,
    losses,
    metrics,
    models,
    ops,
    optimizers,
)
from mmlcore._config import show_config
from mmlcore.autodiff import Tensor, check_grads, grad, value_and_grad

__version__ = "0.1.0"

get_num_threads = _kernels.get_num_threads
set_num_threads = _kernels.set_num_threads
release_memory = _kernels.release_memory

__all__ = [
    "Tensor",
    "__version__",
    "autodiff",
    "callbacks",
    "check_grads",
    "datasets",
    "get_num_threads",
    "grad",
    "layers",
    "linalg",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "plot",
    "release_memory",
    "set_num_threads",
    "show_config",
    "value_and_grad",
]


def __getattr__(name: str) -> _ModuleType:
    """`mmlcore.plot` is imported when it is asked for: most programs draw nothing."""
    if name == "plot":
        return _import_module("mmlcore.plot")
    raise AttributeError(f"module 'mmlcore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

"""Keras's models: `Sequential`, auto-encoders, and the training loop.

A model's parameters are one contiguous vector θ; its layers hold views of it. One step of the loop: gather
a batch, differentiate the loss, write one gradient vector, update θ with one kernel call.
"""

from typing import TYPE_CHECKING, Any

from mmlcore.models.autoencoder import AutoEncoder
from mmlcore.models.capturing import CapturedStep, capture
from mmlcore.models.model import Model
from mmlcore.models.saving import load
from mmlcore.models.semi_supervised_vae import SemiSupervisedVAE
from mmlcore.models.sequential import Sequential
from mmlcore.models.variational_autoencoder import VariationalAutoEncoder

if TYPE_CHECKING:
    from mmlcore.models.language import CharLM

__all__ = [
    "AutoEncoder",
    "CapturedStep",
    "CharLM",
    "Model",
    "SemiSupervisedVAE",
    "Sequential",
    "VariationalAutoEncoder",
    "capture",
    "load",
]


def __getattr__(name: str) -> Any:
    """Language models read text files and archives: what that takes is imported when they are asked for."""
    if name == "CharLM":
        from mmlcore.models.language import CharLM

        return CharLM
    raise AttributeError(f"module 'mmlcore.models' has no attribute {name!r}")

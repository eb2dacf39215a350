"""Keras's models: `Sequential`, and the training loop.

A model's parameters are one contiguous vector θ; its layers hold views of it. One step of the loop: gather
a batch, differentiate the loss, write one gradient vector, update θ with one kernel call.
"""

from mmlcore.models.capturing import CapturedStep, capture
from mmlcore.models.language import CharLM
from mmlcore.models.model import Model
from mmlcore.models.saving import load
from mmlcore.models.sequential import Sequential

__all__ = ["CapturedStep", "CharLM", "Model", "Sequential", "capture", "load"]

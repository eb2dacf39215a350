"""Keras's callbacks: objects whose hooks the training loop calls.

The loop pays for a hook only when a callback overrides it: without batch hooks it measures nothing per batch.
Imports NumPy at most, never models.
"""

from mmlcore.callbacks.base import Callback, CallbackList
from mmlcore.callbacks.history import History
from mmlcore.callbacks.progress import EpochLines, ProgressBar, reporter

__all__ = ["Callback", "CallbackList", "EpochLines", "History", "ProgressBar", "reporter"]

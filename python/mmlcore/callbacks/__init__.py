"""Keras's callbacks: objects whose hooks the training loop calls.

The loop pays for a hook only when a callback overrides it: without batch hooks it measures nothing per batch.
Imports NumPy at most, never models.
"""

from mmlcore.callbacks.base import Callback, CallbackList
from mmlcore.callbacks.history import History
from mmlcore.callbacks.logging import CSVLogger, LambdaCallback, TensorBoard
from mmlcore.callbacks.progress import EpochLines, ProgressBar, reporter
from mmlcore.callbacks.watching import (
    EarlyStopping,
    GrowShrink,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "EpochLines",
    "GrowShrink",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgressBar",
    "ReduceLROnPlateau",
    "TensorBoard",
    "reporter",
]

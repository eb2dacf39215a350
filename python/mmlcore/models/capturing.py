"""Record a step of a loop of one's own and replay it without Python."""

from typing import Any

from mmlcore import _kernels
from mmlcore._errors import message
from mmlcore.models.steps import BatchStep

__all__ = ["CapturedStep", "capture"]


class CapturedStep:
    """A recorded step: calling it repeats all its kernel calls on the same memory, without the GIL.

    Attributes
    ----------
    steps : tuple of BatchStep
        What was recorded; ``steps[0].value[0]`` is the first one's loss in the last repetition.

    Examples
    --------
    See `capture`.
    """

    def __init__(self, recording: Any, steps: tuple[BatchStep, ...]) -> None:
        self._recording, self.steps = recording, steps

    def __call__(self, times: int = 1) -> None:
        """Repeat the step so many times; an interrupt stops after a whole one."""
        self._recording.run(times)

    def __len__(self) -> int:
        """The number of kernel calls."""
        return len(self._recording)


def capture(*steps: BatchStep) -> CapturedStep:
    """Run one step, or several in turn, and record them.

    Parameters
    ----------
    *steps : BatchStep
        What ``model.training_step(x, y)`` returns, of one model or of several that learn in turn.

    Returns
    -------
    CapturedStep
        After one step each.

    Raises
    ------
    TypeError
        If one is something else: what a function of the user's does beside kernel calls would not be repeated.
    ValueError
        If a step is not made of kernel calls alone, such as that of a model that is no chain of layers; the message
        says why.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import layers, models
    >>> model = models.Sequential([layers.Dense(1, input_dim=2)], seed=0)
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((4, 2), np.float32), np.zeros((4, 1), np.float32)
    >>> step = model.training_step(x, y)
    >>> captured = capture(step)
    >>> captured(times=500)
    >>> bool(step.value[0] < 1e-6)
    True
    """
    for step in steps:
        if not isinstance(step, BatchStep):
            raise TypeError(message("capture", "steps", "those that model.training_step(x, y) returns", repr(step)))
        if step.obstacle is not None:
            raise ValueError(message("capture", "steps", "made of kernel calls alone", step.obstacle))
    recording = _kernels.Recording()
    with recording:
        for step in steps:
            step()
    return CapturedStep(recording, steps)

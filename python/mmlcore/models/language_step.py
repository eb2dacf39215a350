"""A language model on buffers in which time comes first: its training step and its next character."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.layers import Dense
from mmlcore.layers.recurrent_base import Recurrent
from mmlcore.layers.recurrent_plan import StepsPlan, plan_steps
from mmlcore.losses import SparseCategoricalCrossentropy
from mmlcore.models.parameters import Parameters
from mmlcore.optimizers import Optimizer

__all__ = ["LanguageStep", "NextCharacter", "fill", "forward_chain", "uninterrupted"]


class _Chain:
    """Recurrent layers one after another and a dense one, forward, with the state that each carries on."""

    def __init__(
        self,
        decoder: Dense,
        x: NDArray[Any],
        plans: Sequence[StepsPlan],
        last: NDArray[Any],
    ) -> None:
        self.x, self.plans = x, plans
        steps, batch = x.shape
        self.outputs = last.reshape(steps * batch, -1)
        self.logits = np.empty((steps * batch, decoder.units), x.dtype)
        self._decoder = decoder

    @property
    def states(self) -> list[NDArray[Any]]:
        """The state after the last step: h of each layer, and c where there is one."""
        blocks = [block for plan in self.plans for block in (plan.h, plan.c) if block is not None]
        return [block[-1] for block in blocks]

    def reset(self) -> None:
        """The next step begins a text."""
        for state in self.states:
            state[...] = 0

    def carry(self) -> None:
        """The state after the last step becomes that before the first."""
        for plan in self.plans:
            for block in (plan.h, plan.c):
                if block is not None:
                    _kernels.affine(block[0], block[-1], 1.0, 0.0)

    def decode(self) -> None:
        """The logits from the last layer's states."""
        linear = _kernels.ACTIVATIONS["linear"]
        _kernels.dense_forward(self.logits, self.outputs, self._decoder.kernel, self._decoder.bias, linear)

    def forward(self) -> None:
        """Everything, without dropout."""
        self.carry()
        for plan in self.plans:
            plan.forward()
        self.decode()


def forward_chain(layers: Sequence[Recurrent], decoder: Dense, steps: int, batch: int, dtype: Any) -> _Chain:
    """A chain that never learns."""
    x = np.zeros((steps, batch), dtype)
    plans: list[StepsPlan] = []
    for layer in layers:
        source = plans[-1].h[1:] if plans else x
        plans.append(plan_steps(layer, source, None, [_NOWHERE] * 3, last_only=True))
    return _Chain(decoder, x, plans, plans[-1].h[1:])


_NOWHERE = np.empty((2, 0))  # for gradients that nobody computes


class LanguageStep:
    """One step of truncated back-propagation through time: the state goes on from step to step, gradients do not.

    The first call records the kernel calls, all others replay them.

    Parameters
    ----------
    layers : sequence of recurrent layers
        The first takes numbers of characters.
    decoder : Dense
        From the last states to logits.
    parameters : Parameters
    optimizer : Optimizer
    steps, batch : int
    dropout, recurrent_dropout : float
        Of every layer's outputs, and of its states on their way to the next step.
    key : int
        Of the dropout.
    draw, done : ndarray of int64, shape (1,)
        How often dropout has drawn, and how many steps were made; they count by themselves.
    total : ndarray of float64, shape (1,)
        The losses of the steps are added to it.

    Attributes
    ----------
    x : ndarray of shape (steps, batch)
        The characters' numbers.
    y : ndarray of int64, shape (steps * batch,)
        Those of the characters that follow.
    """

    def __init__(
        self,
        layers: Sequence[Recurrent],
        decoder: Dense,
        parameters: Parameters,
        optimizer: Optimizer,
        steps: int,
        batch: int,
        dropout: float,
        recurrent_dropout: float,
        key: int,
        counters: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    ) -> None:
        self._parameters, self._optimizer = parameters, optimizer
        self._dropout, self._recurrent_dropout = dropout, recurrent_dropout
        self._key, (self._draw, self._done, self._total) = key, counters
        dtype = parameters.theta.dtype
        x = np.zeros((steps, batch), dtype)
        self.x, self.y = x, np.zeros(steps * batch, np.int64)
        self._sources: list[NDArray[Any]] = []  # what follows each layer: its states, or those that dropout left
        self._keeps = [np.empty((batch, layer.units), dtype) if recurrent_dropout else None for layer in layers]
        self._ones = [np.ones_like(keep) for keep in self._keeps if keep is not None]
        plans: list[StepsPlan] = []
        gradients = iter(parameters.gradient_views)
        for layer, keep in zip(layers, self._keeps, strict=True):
            own = [next(gradients) for _ in layer.weight_names]
            source = self._sources[-1] if plans else x
            dx = plans[-1].dh if plans else None  # dropout works in place on the way back
            plans.append(plan_steps(layer, source, dx, own, keep=keep))
            h = plans[-1].h[1:]
            self._sources.append(_kernels.empty(h.shape, dtype) if dropout else h)
        self.chain = _Chain(decoder, x, plans, self._sources[-1])
        self._decoder, self._decoder_gradients = decoder, [next(gradients), next(gradients)]
        self._dlogits = np.empty_like(self.chain.logits)
        plan = SparseCategoricalCrossentropy(from_logits=True).plan(self.y, self.chain.logits, self._dlogits)
        assert plan is not None
        self._loss, self.value = plan.call, plan.value
        self._recording: Any = None

    def __call__(self) -> None:
        """One step on the characters in `x` and `y`, at the learning rate that the optimiser's schedule has come to."""
        self._optimizer.follow_schedule()
        if self._recording is None:
            recording = _kernels.Recording()
            with uninterrupted(), recording:
                self._run()
            self._recording = recording
        else:
            self._recording.run(1)

    def _run(self) -> None:
        chain = self.chain
        chain.carry()
        for i, plan in enumerate(chain.plans):
            self._drop_states(i)
            plan.forward()
            self._drop(self._sources[i], plan.h[1:], i)
        chain.decode()
        self._loss()
        self._back_through_decoder()
        for i, plan in reversed(list(enumerate(chain.plans))):
            assert plan.dh is not None
            self._drop(plan.dh, plan.dh, i)
            plan.backward()
        _kernels.advance(self._draw, 1)
        self._optimizer.apply(self._parameters.theta, self._parameters.gradient)
        _kernels.accumulate(self._total, self.value, 1.0)
        _kernels.advance(self._done, 1)

    def _drop(self, to: NDArray[Any], source: NDArray[Any], layer: int) -> None:
        """Dropout behind a layer, or its derivative: the same draw."""
        if self._dropout:
            _kernels.dropout(to, source, self._dropout, (self._key + layer) % 2**64, self._draw)

    def _drop_states(self, layer: int) -> None:
        """Which of a layer's states do not reach the recurrent kernel: one draw for all steps of a chunk."""
        keep = self._keeps[layer]
        if keep is not None:
            key = (self._key + len(self._keeps) + layer) % 2**64
            _kernels.dropout(keep, self._ones[layer], self._recurrent_dropout, key, self._draw)

    def _back_through_decoder(self) -> None:
        chain, decoder = self.chain, self._decoder
        dh = chain.plans[-1].dh
        assert dh is not None
        dw, db = self._decoder_gradients
        linear = _kernels.ACTIVATIONS["linear"]
        to = dh.reshape(chain.outputs.shape)
        _kernels.dense_backward(to, dw, db, self._dlogits, chain.outputs, decoder.kernel, chain.logits, linear)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the block is left, as it waits for the end of a replay.

    >>> with uninterrupted():
    ...     print("all of this, or nothing")
    all of this, or nothing
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[Any] = []
    handler = signal.signal(signal.SIGINT, lambda *arguments: came.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came and callable(handler):
            handler(*came[-1])


def _side_by_side(ids: NDArray[Any], batch: int, length: int) -> NDArray[Any]:
    """(batch, length): the parts of a text."""
    return ids[: batch * length].reshape(batch, length)


def fill(x: NDArray[Any], y: NDArray[np.int64], rows: NDArray[Any], ids: NDArray[Any], length: int, start: int) -> None:
    """Characters [start, start + steps) of every part, and those that follow them, time first.

    >>> import numpy as np
    >>> x, y, ids = np.empty((2, 2)), np.empty(4, np.int64), np.arange(7)
    >>> fill(x, y, ids[:6].reshape(2, 3), ids, 3, 1)
    >>> x
    array([[1., 4.],
           [2., 5.]])
    >>> y
    array([2, 5, 3, 6])
    """
    steps, batch = x.shape
    x[...] = rows[:, start : start + steps].T
    following = _side_by_side(ids[1:], batch, length)
    y.reshape(steps, batch)[...] = following[:, start : start + steps].T


class NextCharacter:
    """Draws one character after another: a recording of one step for a batch of one.

    Parameters
    ----------
    layers, decoder
        As for `LanguageStep`.
    dtype
    """

    def __init__(self, layers: Sequence[Recurrent], decoder: Dense, dtype: Any) -> None:
        self._chain = forward_chain(layers, decoder, 1, 1, dtype)

    def draw(
        self, prime: NDArray[Any], length: int, temperature: float, top_k: int, top_p: float, key: int
    ) -> NDArray[np.int64]:
        """So many characters that follow those of `prime`, from a state of zeros."""
        chain = self._chain
        out, position, drawn = np.zeros(max(length, 1), np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64)
        chain.reset()
        for number in prime[:-1]:
            chain.x[...] = number
            chain.forward()
        chain.x[...] = prime[-1]
        if not length:
            return out[:0]
        recording = _kernels.Recording()
        following = chain.x.reshape(1)
        with recording:
            chain.forward()
            _kernels.sample_class(out, position, following, chain.logits, temperature, top_k, top_p, key, drawn)
        recording.run(length - 1)
        return out

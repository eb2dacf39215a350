"""Descent along gradients of samples of the data, by the optimisers of `mmlcore.optimizers`."""

from typing import Any

import numpy as np

from mmlcore._errors import choose, integer, message
from mmlcore._random import Seed, as_generator
from mmlcore.autodiff import value_and_grad
from mmlcore.optimize.result import Progress
from mmlcore.optimizers import OPTIMIZERS, Optimizer

__all__ = ["minibatch"]


def _optimizer(given: Any, learning_rate: float | None) -> Optimizer:
    if isinstance(given, Optimizer):
        return given
    name = given.lower() if isinstance(given, str) else given
    kind: Any = choose("minimize", "optimizer", name, OPTIMIZERS)
    return kind() if learning_rate is None else kind(learning_rate)


def minibatch(
    progress: Progress,
    fun: Any,
    data: Any,
    batch_size: int = 32,
    optimizer: Any = "sgd",
    learning_rate: float | None = None,
    random_state: Seed = None,
) -> None:
    """θ moves with the gradient of f(θ, *batch), the batches from a new order of the data in every epoch (6.13).

    An iteration is an epoch. f must be a mean over the batch; its value and gradient over all data decide when to stop.
    """
    if data is None:
        raise ValueError(message("minimize", "data", "given for this method", "None"))
    arrays = [np.asarray(part) for part in (data if isinstance(data, tuple) else (data,))]
    n = len(arrays[0])
    if n == 0 or any(len(part) != n for part in arrays):
        raise ValueError(message("minimize", "data", "arrays of one length", [len(part) for part in arrays]))
    size, random = min(integer("minimize", "batch_size", batch_size), n), as_generator(random_state, "minimize")
    rule = _optimizer(optimizer, learning_rate)
    problem, theta = progress.problem, progress.x.copy()
    both = value_and_grad(lambda v, *batch: fun(problem.unpack(v), *batch))
    f, g = both(theta, *arrays)
    problem.nfev, problem.njev = 1, 1
    while not progress.accept(theta.copy(), float(f), g):
        order = random.permutation(n)
        for start in range(0, n, size):
            rows = order[start : start + size]
            _, slope = both(theta, *[part[rows] for part in arrays])
            rule.update(theta, slope)
            problem.nfev += 1
            problem.njev += 1
        f, g = both(theta, *arrays)

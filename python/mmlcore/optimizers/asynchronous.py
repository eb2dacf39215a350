"""Asynchronous stochastic gradient descent on linear and logistic models."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore._arrays import as_same_float
from mmlcore._errors import choose, integer, message
from mmlcore._random import Seed, as_generator
from mmlcore.optimizers.base import between
from mmlcore.optimizers.schedules import LearningRateSchedule

__all__ = ["AsynchronousResult", "asynchronous_sgd"]

_LOGISTIC = {"squared": False, "logistic": True}


@dataclass(frozen=True)
class AsynchronousResult:
    """What `asynchronous_sgd` found.

    Attributes
    ----------
    coef : ndarray of shape (features,)
    intercept : float
    losses : list of float
        The mean loss before the first and after every epoch.
    """

    coef: NDArray[Any]
    intercept: float
    losses: list[float]


def _mean_loss(theta: NDArray[Any], x: NDArray[Any], y: NDArray[Any], logistic: bool) -> float:
    z = x @ theta[:-1] + theta[-1]
    each = np.logaddexp(0, z) - y * z if logistic else (z - y) ** 2 / 2
    return float(each.mean())


def asynchronous_sgd(
    x: Any,
    y: Any,
    loss: str = "squared",
    learning_rate: Any = 0.01,
    epochs: int = 10,
    penalty: float = 0.0,
    threads: int | None = None,
    seed: Seed = None,
) -> AsynchronousResult:
    """Fit a linear or logistic model by threads that share θ and update it after every sample, without locks.

    θ ← θ - η (e xᵢ + λ θ), b ← b - η e with e = xᵢ·θ + b - yᵢ, or e = σ(xᵢ·θ + b) - yᵢ.

    Parameters
    ----------
    x : array_like of shape (n, features)
    y : array_like of shape (n,)
        Numbers, or 0 and 1 for "logistic".
    loss : {"squared", "logistic"}
    learning_rate : float or LearningRateSchedule
        η; a schedule counts epochs.
    epochs : int
    penalty : float
        λ, at least 0.
    threads : int, optional
        As many as mmlcore uses unless given. Only with 1 are the numbers the same in every run.
    seed : int, SeedSequence or Generator, optional
        Of the order of the samples.

    Returns
    -------
    AsynchronousResult

    Raises
    ------
    ValueError, TypeError
        If shapes or arguments do not fit.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.standard_normal((500, 2))
    >>> result = asynchronous_sgd(x, x @ [2.0, -1.0] + 3.0, seed=0)
    >>> result.coef.round(2), round(result.intercept, 2)
    (array([ 2., -1.]), 3.0)

    References
    ----------
    Notes 6.1; F. Niu, B. Recht, C. Ré, S. J. Wright (2011), Hogwild!: a lock-free approach to parallelizing
    stochastic gradient descent.
    """
    own = "asynchronous_sgd"
    logistic = choose(own, "loss", loss, _LOGISTIC)
    x, y = as_same_float(own, x=x, y=y)
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise ValueError(message(own, "x, y", "of shapes (n, features) and (n,)", f"{x.shape} and {y.shape}"))
    if logistic and not np.isin(y, (0, 1)).all():
        raise ValueError(message(own, "y", "0 and 1 for a logistic model", f"{y[~np.isin(y, (0, 1))][0]:g}"))
    count = 0 if threads is None else integer(own, "threads", threads)
    between(own, "penalty", penalty, 0.0, float("inf"))
    schedule = learning_rate if isinstance(learning_rate, LearningRateSchedule) else lambda epoch: learning_rate
    rng, theta = as_generator(seed, own), np.zeros(x.shape[1] + 1, x.dtype)
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
    losses = [_mean_loss(theta, x, y, logistic)]
    for epoch in range(integer(own, "epochs", epochs, low=0)):
        rate = between(own, "learning_rate", schedule(epoch), 0.0, float("inf"))
        _kernels.asynchronous_epoch(theta, x, y, rng.permutation(len(x)), rate, penalty, logistic, count)
        losses.append(_mean_loss(theta, x, y, logistic))
    return AsynchronousResult(theta[:-1], float(theta[-1]), losses)

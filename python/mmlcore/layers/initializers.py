"""First values of weights, by Keras's names: functions of a shape and a random generator."""

from collections.abc import Callable
from math import prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import choose, message

__all__ = ["INITIALIZERS", "Initializer", "get", "initialize"]

Initializer = Callable[[tuple[int, ...], "np.random.Generator"], Any]


def _fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """Numbers of inputs and outputs that share a weight array (inputs, outputs) or (field..., inputs, outputs)."""
    if len(shape) < 2:
        return (float(shape[0]),) * 2 if shape else (1.0, 1.0)
    field = prod(shape[:-2])
    return float(field * shape[-2]), float(field * shape[-1])


def _truncated_normal(shape: tuple[int, ...], rng: "np.random.Generator") -> NDArray[np.float64]:
    """Normal draws within two standard deviations: those outside are drawn again."""
    values = rng.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values[outside] = rng.standard_normal(np.count_nonzero(outside))
    return values


# The standard deviation of a standard normal truncated at ±2.
_TRUNCATED_STDDEV = 0.87962566103423978


def _scaled(scale: float, mode: str, distribution: str) -> Initializer:
    """Draws of variance scale / fan, where fan is the number of inputs or the mean of inputs and outputs."""

    def initializer(shape: tuple[int, ...], rng: "np.random.Generator") -> NDArray[np.float64]:
        fan_in, fan_out = _fans(shape)
        fan = fan_in if mode == "fan_in" else (fan_in + fan_out) / 2
        stddev = sqrt(scale / max(fan, 1.0))
        if distribution == "uniform":
            limit = sqrt(3) * stddev
            return rng.uniform(-limit, limit, shape)
        return _truncated_normal(shape, rng) * (stddev / _TRUNCATED_STDDEV)

    return initializer


INITIALIZERS: dict[str, Initializer] = {
    "zeros": lambda shape, rng: np.zeros(shape),
    "ones": lambda shape, rng: np.ones(shape),
    "random_uniform": lambda shape, rng: rng.uniform(-0.05, 0.05, shape),
    "random_normal": lambda shape, rng: rng.normal(0.0, 0.05, shape),
    "glorot_uniform": _scaled(1.0, "fan_avg", "uniform"),
    "glorot_normal": _scaled(1.0, "fan_avg", "normal"),
    "he_uniform": _scaled(2.0, "fan_in", "uniform"),
    "he_normal": _scaled(2.0, "fan_in", "normal"),
    "lecun_uniform": _scaled(1.0, "fan_in", "uniform"),
    "lecun_normal": _scaled(1.0, "fan_in", "normal"),
}


def get(name: str | Initializer, function: str, argument: str) -> Initializer:
    """The initialiser called `name`; a function of (shape, generator) is returned as it is.

    >>> get("zeros", "Dense", "bias_initializer")((2,), np.random.default_rng(0))
    array([0., 0.])
    """
    return name if callable(name) else choose(function, argument, name, INITIALIZERS)


def initialize(
    initializer: Initializer, shape: tuple[int, ...], rng: "np.random.Generator", dtype: Any
) -> NDArray[Any]:
    """A fresh array of `shape` and `dtype` from `initializer`, whose result is checked."""
    values = np.array(initializer(shape, rng), dtype=dtype, order="C")
    if values.shape != shape:
        raise ValueError(message("initializer", "values", f"shape {shape}", f"shape {values.shape}"))
    return values

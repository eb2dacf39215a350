"""First values of weights, by Keras's names: functions of a shape and a random generator."""

from collections.abc import Callable
from math import prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import choose, message

__all__ = ["INITIALIZERS", "Constant", "Initializer", "Orthogonal", "get", "initialize"]

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


class Constant:
    """Every weight the same number.

    Parameters
    ----------
    value : float

    Raises
    ------
    ValueError
        If it is not a finite number.

    Examples
    --------
    >>> Constant(0.5)((2,), np.random.default_rng(0))
    array([0.5, 0.5])
    """

    def __init__(self, value: float = 0.0) -> None:
        if not isinstance(value, int | float | np.number) or not np.isfinite(value):
            raise ValueError(message("Constant", "value", "a finite number", repr(value)))
        self.value = float(value)

    def __call__(self, shape: tuple[int, ...], rng: "np.random.Generator") -> NDArray[np.float64]:
        return np.full(shape, self.value)

    def __repr__(self) -> str:
        return f"<Constant {self.value:g}>"


class Orthogonal:
    """A matrix with orthonormal rows or columns, whichever are fewer, times `gain`; uniform over all such matrices.

    Parameters
    ----------
    gain : float

    Raises
    ------
    ValueError
        When it is called for a weight of fewer than two axes; leading axes count as one.

    Examples
    --------
    >>> q = Orthogonal()((3, 2), np.random.default_rng(0))
    >>> bool(np.allclose(q.T @ q, np.eye(2)))
    True

    References
    ----------
    A. M. Saxe, J. L. McClelland, S. Ganguli (2014), Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks; F. Mezzadri (2007), How to generate random matrices from the classical compact groups.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = float(gain)

    def __call__(self, shape: tuple[int, ...], rng: "np.random.Generator") -> NDArray[np.float64]:
        if len(shape) < 2:
            raise ValueError(message("Orthogonal", "shape", "of two axes or more", f"{shape}"))
        rows, columns = prod(shape[:-1]), shape[-1]
        normal = rng.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(normal)
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # with the signs of R all directions are equally likely
        return self.gain * np.ascontiguousarray(q if rows >= columns else q.T).reshape(shape)

    def __repr__(self) -> str:
        return f"<Orthogonal {self.gain:g}>"


INITIALIZERS: dict[str, Initializer] = {
    "zeros": lambda shape, rng: np.zeros(shape),
    "ones": lambda shape, rng: np.ones(shape),
    "random_uniform": lambda shape, rng: rng.uniform(-0.05, 0.05, shape),
    "random_normal": lambda shape, rng: rng.normal(0.0, 0.05, shape),
    "truncated_normal": lambda shape, rng: 0.05 * _truncated_normal(shape, rng),
    "constant": Constant(),
    "orthogonal": Orthogonal(),
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

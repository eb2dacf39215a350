"""First values of weights, by Keras's names: functions of a shape and a random generator."""

from collections.abc import Callable
from math import inf, isfinite, prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import choose, message

__all__ = [
    "INITIALIZERS",
    "Constant",
    "Initializer",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "get",
    "initialize",
]

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


def _finite(owner: str, argument: str, value: Any, low: float = -inf) -> float:
    if not isinstance(value, int | float | np.number) or not low <= value < inf or not isfinite(value):
        expectation = "a finite number" + (f" of at least {low:g}" if low > -inf else "")
        raise ValueError(message(owner, argument, expectation, repr(value)))
    return float(value)


class VarianceScaling:
    """Draws with mean 0 and variance scale / fan: the Glorot, He and LeCun initialisers by their constants.

    Parameters
    ----------
    scale : float
        Above 0.
    mode : {"fan_in", "fan_out", "fan_avg"}
        fan is the number of inputs, of outputs, or the mean of both.
    distribution : {"truncated_normal", "uniform"}

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> VarianceScaling(2.0, "fan_in", "uniform")((3, 2), np.random.default_rng(0)).shape
    (3, 2)

    References
    ----------
    X. Glorot, Y. Bengio (2010), Understanding the difficulty of training deep feedforward neural networks; K. He et al.
    (2015), Delving deep into rectifiers; Y. LeCun et al. (1998), Efficient backprop.
    """

    def __init__(self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal") -> None:
        own = type(self).__name__
        self.scale = _finite(own, "scale", scale, low=0.0)
        choose(own, "mode", mode, dict.fromkeys(("fan_in", "fan_out", "fan_avg")))
        choose(own, "distribution", distribution, dict.fromkeys(("truncated_normal", "uniform")))
        self.mode, self.distribution = mode, distribution

    def __call__(self, shape: tuple[int, ...], rng: "np.random.Generator") -> NDArray[np.float64]:
        fan_in, fan_out = _fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = sqrt(self.scale / max(fan, 1.0))
        if self.distribution == "uniform":
            limit = sqrt(3) * stddev
            return rng.uniform(-limit, limit, shape)
        return _truncated_normal(shape, rng) * (stddev / _TRUNCATED_STDDEV)

    def __repr__(self) -> str:
        return f"<VarianceScaling {self.scale:g} {self.mode} {self.distribution}>"


class RandomUniform:
    """Uniform draws from [minval, maxval).

    Parameters
    ----------
    minval, maxval : float

    Raises
    ------
    ValueError
        If one is not a finite number.

    Examples
    --------
    >>> bool((RandomUniform(1.0, 2.0)((100,), np.random.default_rng(0)) >= 1).all())
    True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05) -> None:
        self.minval = _finite("RandomUniform", "minval", minval)
        self.maxval = _finite("RandomUniform", "maxval", maxval, low=self.minval)

    def __call__(self, shape: tuple[int, ...], rng: "np.random.Generator") -> NDArray[np.float64]:
        return rng.uniform(self.minval, self.maxval, shape)

    def __repr__(self) -> str:
        return f"<RandomUniform {self.minval:g} {self.maxval:g}>"


class RandomNormal:
    """Normal draws.

    Parameters
    ----------
    mean, stddev : float
        stddev at least 0.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> RandomNormal(1.0, stddev=0.0)((2,), np.random.default_rng(0))
    array([1., 1.])
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05) -> None:
        own = type(self).__name__
        self.mean, self.stddev = _finite(own, "mean", mean), _finite(own, "stddev", stddev, low=0.0)

    def __call__(self, shape: tuple[int, ...], rng: "np.random.Generator") -> NDArray[np.float64]:
        return rng.normal(self.mean, self.stddev, shape)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.mean:g} {self.stddev:g}>"


class TruncatedNormal(RandomNormal):
    """Normal draws; those more than two standard deviations from the mean are drawn again.

    Parameters
    ----------
    mean, stddev : float
        See `RandomNormal`; stddev is that before the truncation, as in Keras.

    Examples
    --------
    >>> bool((abs(TruncatedNormal(stddev=1.0)((100,), np.random.default_rng(0))) <= 2).all())
    True
    """

    def __call__(self, shape: tuple[int, ...], rng: "np.random.Generator") -> NDArray[np.float64]:
        return self.mean + self.stddev * _truncated_normal(shape, rng)


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
        self.value = _finite("Constant", "value", value)

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
    "random_uniform": RandomUniform(),
    "random_normal": RandomNormal(),
    "truncated_normal": TruncatedNormal(),
    "constant": Constant(),
    "orthogonal": Orthogonal(),
    "glorot_uniform": VarianceScaling(1.0, "fan_avg", "uniform"),
    "glorot_normal": VarianceScaling(1.0, "fan_avg"),
    "he_uniform": VarianceScaling(2.0, "fan_in", "uniform"),
    "he_normal": VarianceScaling(2.0, "fan_in"),
    "lecun_uniform": VarianceScaling(1.0, "fan_in", "uniform"),
    "lecun_normal": VarianceScaling(1.0, "fan_in"),
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

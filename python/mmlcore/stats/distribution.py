"""What every distribution is: parameters that may be arrays (a batch) or Tensors, and SciPy's methods."""

import warnings
from collections.abc import Callable
from functools import wraps
from math import prod
from typing import Any

import numpy as np

from mmlcore import ops
from mmlcore._arrays import as_float
from mmlcore._errors import ConvergenceWarning, message
from mmlcore._random import Seed, as_generator
from mmlcore.autodiff import plain

__all__ = [
    "Distribution",
    "at_the_end",
    "batch_of",
    "differentiable_quantile",
    "no_derivative",
    "not_converged",
    "outside",
    "parameter",
    "probability",
    "sample_weights",
    "values_of",
]


def parameter(owner: str, name: str, value: Any, low: float = -np.inf, high: float = np.inf) -> Any:
    """A parameter as a float array or Tensor, all its elements finite and strictly between `low` and `high`."""
    value = value if hasattr(value, "tape") else as_float(value, owner, name)[()]
    numbers = np.asarray(plain(value))
    if not np.all(np.isfinite(numbers) & (numbers > low) & (numbers < high)):
        bounds = {(0.0, np.inf): "positive and finite", (0.0, 1.0): "between 0 and 1"}
        wrong = numbers[~(np.isfinite(numbers) & (numbers > low) & (numbers < high))].flat[0]
        raise ValueError(message(owner, name, bounds.get((low, high), "finite"), wrong))
    return value


def probability(owner: str, name: str, value: Any, slack: float = 0.0) -> Any:
    """A parameter as a float array or Tensor within [0, 1]; what misses an end by `slack` or rounding is put there."""
    value = value if hasattr(value, "tape") else as_float(value, owner, name)[()]
    numbers = np.asarray(plain(value), np.float64)
    slack = max(slack, 4 * float(np.finfo(plain(value).dtype).eps))
    good = (numbers >= -slack) & (numbers <= 1 + slack)
    if not np.all(good):
        raise ValueError(message(owner, name, "in [0, 1]", numbers[~good].flat[0]))
    return value if np.all((numbers >= 0) & (numbers <= 1)) else ops.clip(value, 0.0, 1.0)


def values_of(owner: str, x: Any) -> Any:
    """Points as a float array or Tensor."""
    return x if hasattr(x, "tape") else as_float(x, owner, "x")


def sample_weights(owner: str, weights: Any, n: int) -> Any:
    """Weights of n points as an array that sums to one."""
    if n == 0:
        raise ValueError(message(owner, "x", "non-empty", "no points"))
    if weights is None:
        return np.full(n, 1 / n)
    weights = as_float(weights, owner, "weights").astype(np.float64)
    if weights.shape != (n,) or not np.all(weights >= 0) or not 0 < weights.sum() < np.inf:
        raise ValueError(message(owner, "weights", f"{n} non-negative numbers with a positive sum", weights))
    return weights / weights.sum()


def _dtypes(values: Any) -> list[Any]:
    """The dtypes of arrays among the values; of single numbers only if there is no array."""
    arrays = [np.asarray(plain(value)) for value in values]
    return [a.dtype for a in arrays if a.ndim] or [a.dtype for a in arrays]


def _rounded(result: Any, dtypes: list[Any]) -> Any:
    """`result` in float32 if all the dtypes that count are, in float64 if not; as it is if there are none."""
    if not dtypes or not hasattr(plain(result), "dtype"):  # a subclass may return Python's numbers
        return result
    wanted = np.float32 if all(dtype in (np.float16, np.float32) for dtype in dtypes) else np.float64
    return result if plain(result).dtype == wanted else ops.astype(result, wanted)


def _of_points(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of points, its result in float32 if the points and the parameters are; single numbers do not count."""

    @wraps(method)
    def rounded(self: "Distribution", x: Any, *args: Any, **kwargs: Any) -> Any:
        result = method(self, x, *args, **kwargs)
        arrays = [value for value in (x, *self._parameters()) if np.ndim(plain(value))]
        return _rounded(result, _dtypes(arrays or [x]))

    return rounded


def _of_parameters(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method without points, its result in float32 if the parameters are."""

    @wraps(method)
    def rounded(self: "Distribution", *args: Any, **kwargs: Any) -> Any:
        return _rounded(method(self, *args, **kwargs), _dtypes(self._parameters()))

    return rounded


def _of_data(fit: Any) -> Any:
    """The class method `fit`, its parameters in float32 if the data are; they are computed in double precision."""
    inner = fit.__func__

    @wraps(inner)
    def rounded(cls: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        fitted = inner(cls, x, *args, **kwargs)
        if as_float(x, f"{cls.__name__}.fit", "x").dtype == np.float32:
            fitted._to_single()
        return fitted

    return classmethod(rounded)


_ROUNDED = dict.fromkeys(("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf", "ppf"), _of_points) | dict.fromkeys(
    ("mean", "var", "std", "entropy", "rvs"), _of_parameters
)


class Distribution:
    """Base of all distributions.

    A subclass gives `batch_shape`, `logpdf`, `mean`, `var`, `entropy`, `_draw` and, where they exist, `cdf` and `ppf`.
    Everything is differentiable in the points and in the parameters, which may be Tensors. Results are NumPy scalars
    for single numbers. They are float32 where the points and the parameters are, of which those that are single numbers
    do not count beside arrays, nor beside the points; otherwise float64.
    """

    batch_shape: tuple[int, ...] = ()
    event_shape: tuple[int, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, rule in _ROUNDED.items():
            if name in cls.__dict__:
                setattr(cls, name, rule(cls.__dict__[name]))
        if "fit" in cls.__dict__:
            cls.fit = _of_data(cls.__dict__["fit"])  # type: ignore[attr-defined]

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _to_single(self) -> None:
        """Round the parameters to float32."""
        for name, value in vars(self).items():
            if hasattr(value, "dtype"):
                setattr(self, name, value.astype(np.float32))

    def _parameters(self) -> list[Any]:
        """All parameters that are numbers."""
        return [value for value in vars(self).values() if hasattr(value, "dtype")]

    def _has_steps(self) -> bool:
        """Whether the distribution function has steps: that of a discrete distribution, or of a mixture with one."""
        return hasattr(self, "pmf")

    def _fixed(self) -> dict[str, Any]:
        """The parameters that `fit` does not estimate but has to be told."""
        return {}

    def logpdf(self, x: Any) -> Any:
        """The logarithm of the density (of the probability, if the distribution is discrete) at x; -inf outside."""
        raise NotImplementedError(f"{self._name} must define logpdf(x)")

    def pdf(self, x: Any) -> Any:
        """The density (the probability, if the distribution is discrete) at x; 0 outside the support."""
        return ops.exp(self.logpdf(x))

    def cdf(self, x: Any) -> Any:
        """P(X ≤ x)."""
        raise NotImplementedError(f"{self._name}: cdf must be a function of one variable, and is not known here")

    def sf(self, x: Any) -> Any:
        """P(X > x), accurate in the upper tail where the distribution allows it."""
        return 1 - self.cdf(x)

    def logcdf(self, x: Any) -> Any:
        """log P(X ≤ x)."""
        return ops.log(self.cdf(x))

    def logsf(self, x: Any) -> Any:
        """log P(X > x)."""
        return ops.log(self.sf(x))

    def ppf(self, p: Any) -> Any:
        """The smallest x with P(X ≤ x) ≥ p, the inverse of `cdf`; NaN for p outside [0, 1]."""
        raise NotImplementedError(f"{self._name}: ppf must be a function of one variable, and is not known here")

    def mean(self) -> Any:
        """The expectation E[X]."""
        raise NotImplementedError(f"{self._name} must define mean()")

    def var(self) -> Any:
        """The variance E[(X - E[X])²], of each coordinate."""
        raise NotImplementedError(f"{self._name} must define var()")

    def std(self) -> Any:
        """The standard deviation √var."""
        return ops.sqrt(self.var())

    def entropy(self) -> Any:
        """H = -E[log p(X)], in nats."""
        raise NotImplementedError(f"{self._name}: entropy must have a closed form; use stats.entropy(distribution)")

    def log_likelihood(self, x: Any) -> Any:
        """Σ log p(x_i) over all points (and the batch)."""
        return ops.sum(self.logpdf(x))

    def rvs(self, size: Any = None, random_state: Seed = None) -> Any:
        """Random draws.

        Parameters
        ----------
        size : int or tuple of int, optional
            The shape of the result, without the axes of a single draw; must end in one to which the batch broadcasts.
            Default: one draw for each distribution of the batch.
        random_state : int, SeedSequence, Generator or None
            See `numpy.random.default_rng`; None follows NumPy's global state.

        Returns
        -------
        ndarray or NumPy scalar

        Raises
        ------
        ValueError
            If the batch does not broadcast to `size`.
        TypeError
            If a parameter is a Tensor and the draws have no derivative in it.
        """
        random = as_generator(random_state, f"{self._name}.rvs")
        whole = isinstance(size, int | np.integer)
        shape = self.batch_shape if size is None else (int(size),) if whole else tuple(size)
        try:
            fits = np.broadcast_shapes(shape, self.batch_shape) == shape and prod(shape) >= 0
        except ValueError:
            fits = False
        if not fits:
            expectation = f"a shape to which the batch {self.batch_shape} broadcasts"
            raise ValueError(message(f"{self._name}.rvs", "size", expectation, size))
        drawn = self._draw(shape, random)
        return drawn if drawn.shape else drawn[()]

    def _draw(self, shape: tuple[int, ...], random: "np.random.Generator") -> Any:
        """Draws of the shape, by the inverse distribution function (Notes 4.2) unless there is a better way."""
        return self.ppf(ops.uniform_draws(shape, random))

    def _taped(self) -> bool:
        """Whether a parameter is a Tensor."""
        return any(hasattr(value, "tape") for value in vars(self).values())

    def __repr__(self) -> str:
        shapes = ("batch_shape", "event_shape")
        shown = ", ".join(f"{k}={plain(v)!r}" for k, v in vars(self).items() if k not in shapes)
        return f"{self._name}({shown})"


for _name, _rule in _ROUNDED.items():
    setattr(Distribution, _name, _rule(getattr(Distribution, _name)))


def outside(x: Any) -> Any:
    """The log-density outside the support: -inf, NaN where x is."""
    return np.where(np.isnan(np.asarray(plain(x))), np.nan, -np.inf)


def at_the_end(end: Any, power: Any) -> Any:
    """(power - 1) log 0 where `end` is true: ±inf, or 0 for a power of 1; 0 elsewhere."""
    sign = np.sign(1 - np.asarray(plain(power), float))
    return np.where(end & (sign != 0), np.copysign(np.inf, sign), 0.0)


def no_derivative(function: str, **arguments: Any) -> None:
    """TypeError where an argument is a Tensor: the function would pass on a derivative of zero, which is wrong."""
    for name, value in arguments.items():
        if hasattr(value, "tape") or (isinstance(value, Distribution) and value._taped()):
            raise TypeError(message(function, name, "without Tensors: there is no derivative in it", "a Tensor"))


def not_converged(function: str, iterations: int, change: float) -> None:
    """A ConvergenceWarning that points at the caller of `fit`, which ended before its tolerance."""
    reached = f"the last one changes the result by {change:.1e}"
    text = f"{function}: {iterations} iterations do not reach the tolerance; {reached}"
    warnings.warn(text, ConvergenceWarning, stacklevel=3)


def differentiable_quantile(p: Any, x: Any, of: Distribution) -> Any:
    """x, the plain quantile of `of` at p, with its derivatives to the third order in p and in the parameters.

    Newton's method started from x stays there, and after two steps depends on p and on the parameters as x does: each
    step doubles the order to which it does.
    """
    if not (hasattr(p, "tape") or of._taped()):
        return x
    numbers = np.asarray(plain(p))
    if hasattr(p, "tape") and np.any((numbers == 0) | (numbers == 1)):
        raise ValueError(message(f"{of._name}.ppf", "p", "inside (0, 1) where it is differentiated", numbers))
    inside = np.isfinite(x) & (numbers > 0) & (numbers < 1)
    if not np.any(inside):
        return x
    root: Any = np.where(inside, x, np.asarray(x)[inside].flat[0])
    for _ in range(2):
        root = root + (p - of.cdf(root)) / of.pdf(root)
    return x + ops.where(inside, root - plain(root), 0.0)


def batch_of(*parameters: Any) -> tuple[int, ...]:
    """The shape to which parameters broadcast."""
    return np.broadcast_shapes(*[np.shape(plain(p)) for p in parameters])

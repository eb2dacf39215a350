"""Check derivatives against finite differences, to any order."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore.autodiff.transforms import grad

__all__ = ["check_grads"]


def check_grads(
    f: Callable[..., Any], args: tuple[Any, ...], order: int = 2, rtol: float = 1e-6, atol: float = 1e-6
) -> None:
    r"""Compare the gradients of a function with finite differences, in float64.

    The value is made scalar by a random weighting u, h(x) = u·f(x). Then, along a random direction v,

    .. math:: \nabla h(x)\cdot v \approx \frac{h(x + \varepsilon v) - h(x - \varepsilon v)}{2 \varepsilon}.

    For the second order the same is done for x ↦ w·∇h(x), and so on.

    Parameters
    ----------
    f : callable
        Returns an array or number; differentiable near the arguments.
    args : tuple of arrays or numbers
        The point. All are differentiated.
    order : int, default 2
    rtol, atol : float
        Allowed difference between the two sides, relative to the larger, and absolute.

    Raises
    ------
    AssertionError
        If the two sides differ, or a gradient has not its argument's shape; says at which order.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.autodiff import check_grads
    >>> check_grads(lambda x, y: np.sin(x) * y, (np.array([0.3, 0.7]), 2.0), order=2)
    """
    random = np.random.default_rng(0)
    point = [as_float(x, "check_grads", f"args[{i}]").astype(np.float64) for i, x in enumerate(args)]
    h = _weighted(lambda *xs: (f(*xs),), random)
    for level in range(1, order + 1):
        gradient = grad(h, argnums=tuple(range(len(point))))
        _compare(h, gradient, point, random, f"check_grads: order {level}", rtol, atol)
        h = _weighted(gradient, random)


def _weighted(f: Callable[..., tuple[Any, ...]], random: "np.random.Generator") -> Callable[..., Any]:
    """A random linear combination of all numbers that `f` returns."""
    weights: list[Any] = []

    def h(*xs: Any) -> Any:
        outputs = f(*xs)
        if not weights:
            weights.extend(random.uniform(0.5, 1.5, np.shape(out)) for out in outputs)
        return sum((np.sum(w * out) for w, out in zip(weights, outputs, strict=True)), 0.0)

    return h


def _compare(
    h: Callable[..., Any],
    gradient: Callable[..., tuple[Any, ...]],
    point: list[Any],
    random: "np.random.Generator",
    where: str,
    rtol: float,
    atol: float,
) -> None:
    gradients = gradient(*point)
    for i, (x, g) in enumerate(zip(point, gradients, strict=True)):
        if np.shape(g) != x.shape:
            raise AssertionError(f"{where}: argument {i} has shape {x.shape}, its gradient {np.shape(g)}")

    directions = [random.uniform(0.5, 1.5, x.shape) * random.choice([-1.0, 1.0], x.shape) for x in point]
    step = np.finfo(np.float64).eps ** (1 / 3)
    ahead, behind = (h(*[x + s * v for x, v in zip(point, directions, strict=True)]) for s in (step, -step))
    numeric = float(ahead - behind) / (2 * step)
    exact = float(sum(np.sum(g * v) for g, v in zip(gradients, directions, strict=True)))
    if not abs(exact - numeric) <= atol + rtol * max(abs(exact), abs(numeric)):
        raise AssertionError(f"{where}: the gradient gives {exact!r}, finite differences {numeric!r}")

"""Check derivatives against finite differences, to any order and in both modes."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore._errors import choose, integer
from mmlcore.autodiff.products import jvp
from mmlcore.autodiff.recording import leaves_of
from mmlcore.autodiff.transforms import grad
from mmlcore.autodiff.trees import flatten

__all__ = ["check_grads"]

_Function = Callable[..., tuple[Any, ...]]


def check_grads(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    order: int = 2,
    modes: tuple[str, ...] = ("fwd", "rev"),
    rtol: float = 1e-6,
    atol: float = 1e-6,
) -> None:
    r"""Compare the derivatives of a function with finite differences, in float64.

    The value is made scalar by a random weighting u, h(x) = u·f(x). Then, along a random direction v,

    .. math:: \nabla h(x)\cdot v \approx \frac{h(x + \varepsilon v) - h(x - \varepsilon v)}{2 \varepsilon},

    where reverse mode gives the gradient ∇h and forward mode the product on the left at once. For the second order the
    same is done in every mode for x ↦ ∇h(x) and for x ↦ ∇h(x)·v, so that all mixtures of modes are met, and so on.

    Parameters
    ----------
    f : callable
        Returns an array, a number or containers of these; differentiable near the arguments.
    args : tuple of arrays, numbers or containers of these
        The point. All are differentiated.
    order : int, default 2
        At least 1.
    modes : tuple of 'fwd' and 'rev', default both
    rtol, atol : float
        Allowed difference between the two sides, relative to the larger, and absolute.

    Raises
    ------
    AssertionError
        If the two sides differ, or a gradient has not its argument's shape; says at which order and in which modes.
    ValueError
        For another mode, or an order below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.autodiff import check_grads
    >>> check_grads(lambda x, y: np.sin(x) * y, (np.array([0.3, 0.7]), 2.0), order=2)
    """
    for mode in modes:
        choose("check_grads", "modes", mode, {"fwd": 0, "rev": 0})
    integer("check_grads", "order", order, low=1)
    random = np.random.default_rng(0)
    leaves, rebuild = flatten(tuple(args))
    point = [as_float(x, "check_grads", f"args{path}").astype(np.float64) for path, x in leaves]
    functions: list[tuple[str, _Function]] = [("", lambda *xs: tuple(leaves_of(f(*rebuild(iter(xs))))[0]))]
    for level in range(1, order + 1):
        higher: list[tuple[str, _Function]] = []
        for path, function in functions:
            h = _weighted(function, random)
            directions = [random.uniform(0.5, 1.5, x.shape) * random.choice([-1.0, 1.0], x.shape) for x in point]
            numeric = _difference(h, point, directions)
            for name, derivative, along in _derivatives(h, directions, modes):
                where = f"check_grads: order {level}, {path}{name}"
                _compare(derivative(*point), along, numeric, where, rtol, atol)
                higher.append((f"{name} over {path}", derivative))
        functions = higher


def _derivatives(
    h: Callable[..., Any], directions: list[Any], modes: tuple[str, ...]
) -> Iterator[tuple[str, _Function, list[Any] | None]]:
    """For every mode its name, the derivative as a function of the point, and what to multiply that with."""
    if "fwd" in modes:
        yield "fwd", lambda *xs: (jvp(h, xs, tuple(directions))[1],), None
    if "rev" in modes:
        yield "rev", grad(h, argnums=tuple(range(len(directions)))), directions


def _weighted(f: _Function, random: "np.random.Generator") -> Callable[..., Any]:
    """A random linear combination of all numbers that `f` returns."""
    weights: list[Any] = []

    def h(*xs: Any) -> Any:
        outputs = f(*xs)
        if not weights:
            weights.extend(random.uniform(0.5, 1.5, np.shape(out)) for out in outputs)
        return sum((np.sum(w * out) for w, out in zip(weights, outputs, strict=True)), 0.0)

    return h


def _difference(h: Callable[..., Any], point: list[Any], directions: list[Any]) -> float:
    step = np.finfo(np.float64).eps ** (1 / 3)
    moved = partial(zip, point, directions, strict=True)
    ahead, behind = (h(*[x + s * v for x, v in moved()]) for s in (step, -step))
    return float(ahead - behind) / (2 * step)


def _compare(
    found: tuple[Any, ...], directions: list[Any] | None, numeric: float, where: str, rtol: float, atol: float
) -> None:
    if directions is None:
        exact = float(found[0])
    else:
        for i, (v, g) in enumerate(zip(directions, found, strict=True)):
            if np.shape(g) != v.shape:
                raise AssertionError(f"{where}: argument {i} has shape {v.shape}, its gradient {np.shape(g)}")
        exact = float(sum(np.sum(g * v) for g, v in zip(found, directions, strict=True)))
    if not abs(exact - numeric) <= atol + rtol * max(abs(exact), abs(numeric)):
        raise AssertionError(f"{where}: the derivative gives {exact!r}, finite differences {numeric!r}")

"""Newton's method with the whole Hessian, and with products alone."""

from collections.abc import Callable

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray
from mmlcore.optimize.line_searches import armijo, wolfe
from mmlcore.optimize.result import Progress

__all__ = ["damped_solve", "newton", "newton_cg", "stretched", "truncated"]


def damped_solve(H: FloatArray, g: FloatArray) -> tuple[FloatArray, float]:
    """d with (H + λ 1) d = -g, λ = 0 if H is positive definite, otherwise Levenberg's damping, large enough; and λ."""
    H = 0.5 * (H + H.T)
    size = float(np.abs(H).max(initial=0)) or 1.0
    damping = 0.0
    for _ in range(200):
        try:
            factor = linalg.cho_factor(H + damping * np.eye(len(H), dtype=H.dtype))
            if damping or np.abs(np.diagonal(factor[0])).min() ** 2 > 1e-14 * size:  # else it is singular to rounding
                return -linalg.cho_solve(factor, g), damping
        except linalg.LinAlgError:
            pass
        damping = max(4 * damping, 1e-8 * size)
    return -g, np.inf


def stretched(run: int) -> float:
    """The first step length to try after `run` steps in a row that no curvature limited and that were taken whole.

    Otherwise a function that falls for ever, such as a linear one, would be followed at one pace until `max_iter`.
    """
    return 4.0 ** min(max(0, run - 5), 500)


def newton(progress: Progress) -> None:
    """x ← x - (H + λ 1)⁻¹ g (6.7), shortened by halves until Armijo's condition holds."""
    problem, x = progress.problem, progress.x
    f, g = problem.value_and_gradient(x)
    run = 0
    while not progress.accept(x, f, g):
        H = problem.hessian(x)
        progress.extra["hess"] = H
        if not np.isfinite(H).all():
            progress.stop("the Hessian is not finite at x")
            return
        d, damping = damped_solve(H, g)
        found = armijo(problem, x, f, g, d, stretched(run))
        if found.alpha is None or np.array_equal(found.x, x):
            return progress.stuck("no step along Newton's direction makes f smaller")
        run = run + 1 if damping and found.alpha == stretched(run) else 0
        _, x, f, g = found
    return None


def truncated(product: Callable[[FloatArray], FloatArray], g: FloatArray, tol: float) -> FloatArray:
    """d with ‖H d + g‖ ≤ tol by conjugate gradients, cut short where a direction of negative curvature turns up.

    T. Steihaug, "The conjugate gradient method and trust regions in large scale optimization" (1983).
    """
    d, r = np.zeros_like(g), g.copy()
    p, square = -r, float(r @ r)
    for _ in range(2 * g.size + 10):
        Hp = product(p)
        curvature = float(p @ Hp)
        if not curvature > 1e-14 * float(p @ p) ** 0.5 * float(Hp @ Hp) ** 0.5:
            return d if np.any(d) else -g
        alpha = square / curvature
        d = d + alpha * p
        r = r + alpha * Hp
        square, before = float(r @ r), square
        if np.sqrt(square) <= tol:
            break
        p = (square / before) * p - r
    return d


def newton_cg(progress: Progress) -> None:
    """H d = -g by conjugate gradients, the more precisely the smaller the gradient; then a line search (Notes 6.8)."""
    problem, x = progress.problem, progress.x
    f, g = problem.value_and_gradient(x)
    while not progress.accept(x, f, g):
        size = float(np.linalg.norm(g))
        d = truncated(problem.products(x), g, min(0.01, np.sqrt(size)) * size)
        found = wolfe(problem, x, f, g, d)
        if found.alpha is None:
            return progress.stuck("no step along Newton's direction makes f smaller")
        _, x, f, g = found
    return None

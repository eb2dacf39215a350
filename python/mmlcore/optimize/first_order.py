"""Gradient descent with its step rules, and momentum in the documents' forms."""

import numpy as np

from mmlcore._errors import choose
from mmlcore.optimize.line_searches import SEARCHES, Step
from mmlcore.optimize.result import Progress

__all__ = ["conjugate", "gradient_descent", "momentum", "nesterov"]


def gradient_descent(
    progress: Progress,
    learning_rate: float = 0.01,
    step: str = "fixed",
    grow: float = 1.2,
    shrink: float = 0.5,
) -> None:
    """x ← x - η ∇f(x).

    step = "fixed": always the same η. "adaptive": after a decrease η grows, after an increase the step is taken back
    and η shrinks (DRP). "armijo", "wolfe": by line search, from the η before. "exact": η = gᵀg / gᵀHg, the best of a
    quadratic.
    """
    choose("gradient_descent", "step", step, dict.fromkeys(("fixed", "adaptive", "exact", *SEARCHES)))
    problem, x, eta = progress.problem, progress.x, learning_rate
    f, g = problem.value_and_gradient(x)
    while not progress.accept(x, f, g):
        if step == "exact":
            curvature = float(g @ problem.products(x)(g))
            eta = float(g @ g) / curvature if curvature > 0 else learning_rate
        if step in SEARCHES:
            found: Step = SEARCHES[step](problem, x, f, g, -g, 2 * eta)
        else:
            new = x - eta * g
            found = Step(eta, new, *problem.value_and_gradient(new))
            while step == "adaptive" and not found.fun <= f and eta > 1e-300:
                eta *= shrink
                new = x - eta * g
                found = Step(eta, new, *problem.value_and_gradient(new))
        if found.alpha is None or np.array_equal(found.x, x):
            return progress.stuck("no step along the gradient makes f smaller")
        eta = found.alpha * (grow if step == "adaptive" else 1)
        _, x, f, g = found
    return None


def momentum(progress: Progress, learning_rate: float = 0.01, momentum: float = 0.9, form: str = "DRP") -> None:
    """Heavy-ball descent in the form of one of the documents.

    DRP: x ← x - η g + α Δx, Δx the last move. CS582: v ← α v + η g, x ← x - v. Notes (6.6): x ← x + α Δx - (1 - α) η g.
    """
    choose("momentum", "form", form, dict.fromkeys(("DRP", "Notes", "CS582")))
    problem, x = progress.problem, progress.x
    move = np.zeros_like(x)
    f, g = problem.value_and_gradient(x)
    while not progress.accept(x, f, g):
        if form == "CS582":
            velocity = momentum * -move + learning_rate * g
            move = -velocity
        else:
            share = 1 - momentum if form == "Notes" else 1.0
            move = momentum * move - share * learning_rate * g
        if not np.any(move):
            return progress.stuck("the step is zero")
        x = x + move
        f, g = problem.value_and_gradient(x)
    return None


def nesterov(progress: Progress, learning_rate: float = 0.01, momentum: float = 0.9) -> None:
    """The gradient where momentum alone would lead: v ← α v - η ∇f(x + α v), x ← x + v."""
    problem, x = progress.problem, progress.x
    velocity = np.zeros_like(x)
    f, g = problem.value_and_gradient(x)
    while not progress.accept(x, f, g):
        velocity = momentum * velocity - learning_rate * problem.gradient(x + momentum * velocity)
        if not np.any(velocity):
            return progress.stuck("the step is zero")
        x = x + velocity
        f, g = problem.value_and_gradient(x)
    return None


def conjugate(progress: Progress) -> None:
    """Nonlinear conjugate gradients: d ← -g + β d, β = max(0, gᵀ(g - g_before) / ‖g_before‖²) (Polak and Ribière)."""
    problem, x = progress.problem, progress.x
    f, g = problem.value_and_gradient(x)
    d, alpha = -g, 1 / max(float(np.linalg.norm(g)), 1e-300)
    while not progress.accept(x, f, g):
        found = SEARCHES["wolfe"](problem, x, f, g, d, alpha, c2=0.1)
        if found.alpha is None:
            if np.array_equal(d, -g):
                return progress.stuck("no step along the gradient makes f smaller")
            d = -g
            progress.nit -= 1
            continue
        slope, before = float(g @ d), g
        _, x, f, g = found
        beta = max(0.0, float(g @ (g - before)) / float(before @ before))
        d = beta * d - g
        if not float(g @ d) < 0:
            d = -g
        alpha = found.alpha * slope / min(float(g @ d), -1e-300)  # as much first decrease as the last step
    return None

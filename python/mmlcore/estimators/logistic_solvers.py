"""Ways down a smooth convex loss: Newton's (IRLS), Newton-CG, L-BFGS, gradient descent."""

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mmlcore import linalg
from mmlcore._arrays import FloatArray

__all__ = ["SOLVERS", "Descent", "gradient_descent", "irls", "lbfgs", "newton_cg"]

_ARMIJO = 1e-4
_MEMORY = 10
_ROUGH = 1e-3  # a gradient that is small beside what a few thousand rows tell of the others


class Descent(NamedTuple):
    """Where it ended, after how many iterations, and whether max |gradient| ≤ tol there."""

    theta: FloatArray
    iterations: int
    converged: bool
    largest: float


def _step(
    loss: Any, theta: FloatArray, value: float, gradient: FloatArray, direction: FloatArray, first: float = 1.0
) -> tuple[FloatArray, float, FloatArray, float] | None:
    """The first of θ + t d, t = first, first/2, …, that lowers the loss enough; None if none does."""
    slope = float(gradient @ direction)
    noise = 16 * np.finfo(np.float64).eps * abs(value)
    t = first
    for _ in range(40):
        trial = theta + t * direction
        with np.errstate(over="ignore", invalid="ignore"):
            reached, there = loss(trial)
        if reached <= value + _ARMIJO * t * slope + noise and np.isfinite(there).all():
            return trial, reached, there, t
        t *= 0.5
    return None


def _descend(
    loss: Any, theta: FloatArray, tol: float, max_iter: int, direction_at: Callable[..., tuple[FloatArray, float]]
) -> Descent:
    value, gradient = loss(theta)
    done = 0
    for done in range(1, max_iter + 1):
        if np.abs(gradient).max() <= tol:
            return Descent(theta, done, True, float(np.abs(gradient).max()))
        with np.errstate(over="ignore", invalid="ignore"):
            direction, first = direction_at(theta, gradient)
        if not gradient @ direction < 0:
            direction = -gradient
        moved = _step(loss, theta, value, gradient, direction, first)
        if moved is None:
            break
        theta, value, gradient, _ = moved
    largest = float(np.abs(gradient).max())
    return Descent(theta, done, largest <= tol, largest)


def irls(loss: Any, theta: FloatArray, tol: float, max_iter: int) -> Descent:
    """Newton's method, θ ← θ - H⁻¹ g, which is iteratively reweighted least squares, with step halving.

    References
    ----------
    Notes, section 7: (7.4) to (7.6).
    """

    def direction(theta: FloatArray, gradient: FloatArray) -> tuple[FloatArray, float]:
        H = loss.hessian(theta)
        try:
            return -linalg.cho_solve(linalg.cho_factor(H, lower=True), gradient), 1.0
        except linalg.LinAlgError:
            return -linalg.lstsq(H, gradient)[0], 1.0

    return _descend(loss, theta, tol, max_iter, direction)


def newton_cg(loss: Any, theta: FloatArray, tol: float, max_iter: int) -> Descent:
    """Newton's method whose systems are solved by conjugate gradients, as exactly as the gradient is small.

    References
    ----------
    Nocedal, Wright, Numerical Optimization, algorithm 7.1. Notes, section 6.7.
    """

    def direction(theta: FloatArray, gradient: FloatArray) -> tuple[FloatArray, float]:
        product = loss.times_hessian(theta)
        size = float(np.abs(gradient).sum())
        stop = min(0.5, np.sqrt(size)) * size
        x, r = np.zeros_like(gradient), gradient.copy()
        p, rr = -r, float(r @ r)
        for _ in range(20 * len(gradient)):
            if np.abs(r).sum() <= stop:
                break
            Hp = product(p)
            curvature = float(p @ Hp)
            if curvature <= 3 * np.finfo(np.float64).eps * float(p @ p):
                break
            a = rr / curvature
            x, r = x + a * p, r + a * Hp
            rr, before = float(r @ r), rr
            p = -r + (rr / before) * p
        return (x if x.any() else -gradient), 1.0

    return _descend(loss, theta, tol, max_iter, direction)


def lbfgs(loss: Any, theta: FloatArray, tol: float, max_iter: int) -> Descent:
    """L-BFGS that starts where the loss of some rows is smallest, with their Hessian.

    Features of any scale and correlation do not slow it, and few passes over all rows are left to do.

    References
    ----------
    Nocedal, Wright, Numerical Optimization, algorithm 7.4.
    """
    pairs: deque[tuple[FloatArray, FloatArray, float]] = deque(maxlen=_MEMORY)
    given, theta = theta, _minimum_of_some(loss, theta, tol, max_iter)
    rough = loss.rough_solver(theta)
    last: list[FloatArray] = []
    renewals = 0 if theta is given else loss.renews  # near the minimum the Hessian changes little

    def direction(theta: FloatArray, gradient: FloatArray) -> tuple[FloatArray, float]:
        nonlocal rough, renewals
        if last:
            if renewals < loss.renews and rough is not None:
                rough, renewals = loss.rough_solver(theta), renewals + 1
            s, y = theta - last[0], gradient - last[1]
            if (sy := float(s @ y)) > 1e-14 * float(y @ y) * 1e-2 and sy > 0:
                pairs.append((s, y, 1 / sy))
        last[:] = [theta, gradient]
        q, weights = gradient.copy(), []
        for s, y, rho in reversed(pairs):
            weights.append(rho * float(s @ q))
            q = q - weights[-1] * y
        if rough is not None:
            q = rough(q)
            if pairs:  # the newest pair says how much flatter it is here
                s, y, rho = pairs[-1]
                q = q / (rho * float(y @ rough(y)))
        elif pairs:
            s, y, rho = pairs[-1]
            q = q / (rho * float(y @ y))
        for (s, y, rho), weight in zip(pairs, reversed(weights), strict=True):
            q = q + (weight - rho * float(y @ q)) * s
        first = 1.0 if pairs or rough is not None else min(1.0, 1 / float(np.abs(gradient).sum()))
        return -q, first

    return _descend(loss, theta, tol, max_iter, direction)


def _minimum_of_some(loss: Any, theta: FloatArray, tol: float, max_iter: int) -> FloatArray:
    """Where the loss of some rows is smallest, if that of others is smaller there too; else `theta`."""
    part, other = loss.part(0), loss.part(1)
    if part is None or other is None:
        return theta
    with np.errstate(over="ignore", invalid="ignore"):
        found = lbfgs(part, theta, max(tol, _ROUGH), max_iter).theta
        return found if other(found)[0] < other(theta)[0] else theta


def gradient_descent(loss: Any, theta: FloatArray, tol: float, max_iter: int) -> Descent:
    """θ ← θ - t g, where t starts at one over a bound of the curvature, grows after a step and halves where it fails.

    References
    ----------
    Notes, section 7, steepest descent.
    """
    bound = max(loss.bound(), np.finfo(float).tiny)
    value, gradient = loss(theta)
    step, done = 1 / bound, 0
    for done in range(1, max_iter + 1):
        if np.abs(gradient).max() <= tol:
            return Descent(theta, done, True, float(np.abs(gradient).max()))
        moved = _step(loss, theta, value, gradient, -gradient, 2 * step)
        if moved is None:
            break
        theta, value, gradient, step = moved
    largest = float(np.abs(gradient).max())
    return Descent(theta, done, largest <= tol, largest)


SOLVERS: dict[str, Callable[..., Descent]] = {
    "lbfgs": lbfgs,
    "irls": irls,
    "newton-cholesky": irls,
    "newton-cg": newton_cg,
    "gradient_descent": gradient_descent,
}

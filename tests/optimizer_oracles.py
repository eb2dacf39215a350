"""Every optimiser written out as its source has it, in extended precision, and the same in torch.

A reference is a generator: it is sent gradients and yields θ. `CASES` is the table that drives the tests.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmlcore import optimizers

Vector = np.ndarray
Reference = Generator[Vector, Vector, None]


def descent(theta: Vector, lr: float) -> Reference:
    while True:
        g = yield theta
        theta = theta - lr * g


def momentum_of_drp(theta: Vector, lr: float, alpha: float) -> Reference:
    """x_i = x_{i-1} - γ ∇f + α Δx, Δx the last move (DRP)."""
    before = theta
    while True:
        g = yield theta
        theta, before = theta - lr * g + alpha * (theta - before), theta


def momentum_of_cs582(theta: Vector, lr: float, gamma: float) -> Reference:
    """v = γ v + η ∇L, W = W - v (CS582 2.3)."""
    v = np.zeros_like(theta)
    while True:
        g = yield theta
        v = gamma * v + lr * g
        theta = theta - v


def momentum_of_notes(theta: Vector, lr: float, alpha: float) -> Reference:
    """θ_{k+1} = θ_k + α (θ_k - θ_{k-1}) + (1-α)(-η g_k) (Notes, 6.6)."""
    before = theta
    while True:
        g = yield theta
        theta, before = theta + alpha * (theta - before) + (1 - alpha) * (-lr * g), theta


def nesterov(theta: Vector, lr: float, momentum: float) -> Reference:
    """Sutskever's form: the gradient is taken at y = θ + μ v; what is yielded is y."""
    v = np.zeros_like(theta)
    point = theta
    while True:
        g = yield point + momentum * v
        v = momentum * v - lr * g
        point = point + v


def adagrad(theta: Vector, lr: float, epsilon: float, start: float) -> Reference:
    total = np.full_like(theta, start)
    while True:
        g = yield theta
        total = total + g**2
        theta = theta - lr * g / np.sqrt(total + epsilon)


def adadelta(theta: Vector, lr: float, rho: float, epsilon: float) -> Reference:
    squares = moves = np.zeros_like(theta)
    while True:
        g = yield theta
        squares = rho * squares + (1 - rho) * g**2
        delta = np.sqrt(moves + epsilon) / np.sqrt(squares + epsilon) * g
        moves = rho * moves + (1 - rho) * delta**2
        theta = theta - lr * delta


def rmsprop(theta: Vector, lr: float, rho: float, momentum: float, epsilon: float, centered: bool) -> Reference:
    squares = mean = v = np.zeros_like(theta)
    while True:
        g = yield theta
        squares = rho * squares + (1 - rho) * g**2
        mean = rho * mean + (1 - rho) * g
        v = momentum * v + lr * g / np.sqrt(squares - centered * mean**2 + epsilon)
        theta = theta - v


def adam(
    theta: Vector, lr: float, beta1: float, beta2: float, epsilon: float, amsgrad: bool = False, decay: float = 0.0
) -> Reference:
    m = v = top = np.zeros_like(theta)
    t = 0
    while True:
        g = yield theta
        t += 1
        theta = theta - lr * decay * theta
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        top = np.maximum(top, v)
        rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        theta = theta - rate * m / (np.sqrt(top if amsgrad else v) + epsilon)


def adamax(theta: Vector, lr: float, beta1: float, beta2: float, epsilon: float) -> Reference:
    m = u = np.zeros_like(theta)
    t = 0
    while True:
        g = yield theta
        t += 1
        m = beta1 * m + (1 - beta1) * g
        u = np.maximum(beta2 * u, np.abs(g))
        theta = theta - lr / (1 - beta1**t) * m / (u + epsilon)


def nadam(theta: Vector, lr: float, beta1: float, beta2: float, epsilon: float) -> Reference:
    m = v = np.zeros_like(theta)
    t, product = 0, 1.0
    while True:
        g = yield theta
        t += 1
        mu, ahead = (beta1 * (1 - 0.5 * 0.96**i) for i in (t, t + 1))
        product *= mu
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        corrected = ahead * m / (1 - product * ahead) + (1 - mu) * g / (1 - product)
        theta = theta - lr * corrected / (np.sqrt(v / (1 - beta2**t)) + epsilon)


def lion(theta: Vector, lr: float, beta1: float, beta2: float) -> Reference:
    m = np.zeros_like(theta)
    while True:
        g = yield theta
        theta = theta - lr * np.sign(beta1 * m + (1 - beta1) * g)
        m = beta2 * m + (1 - beta2) * g


@dataclass(frozen=True)
class Case:
    """An optimiser with options, its reference, and the optimiser of torch that computes the same."""

    make: Callable[..., optimizers.Optimizer]
    options: dict[str, Any]
    reference: Callable[[Vector], Reference]
    torch: str = ""
    torch_options: dict[str, Any] = field(default_factory=dict)


def _sgd(lr: float, **options: Any) -> tuple[Any, dict[str, Any]]:
    return optimizers.SGD, {"learning_rate": lr, **options}


B = {"beta_1": 0.8, "beta_2": 0.99}
LR = {"learning_rate": 0.01}

CASES: dict[str, Case] = {
    "sgd": Case(*_sgd(0.1), lambda x: descent(x, 0.1), "SGD", {"lr": 0.1}),
    "momentum of DRP": Case(*_sgd(0.1, momentum=0.9), lambda x: momentum_of_drp(x, 0.1, 0.9)),
    "momentum of CS582": Case(
        *_sgd(0.1, momentum=0.9), lambda x: momentum_of_cs582(x, 0.1, 0.9), "SGD", {"lr": 0.1, "momentum": 0.9}
    ),
    "momentum of the Notes": Case(*_sgd(0.1, momentum=0.5, dampening=0.5), lambda x: momentum_of_notes(x, 0.1, 0.5)),
    "nesterov": Case(
        *_sgd(0.1, momentum=0.9, nesterov=True),
        lambda x: nesterov(x, 0.1, 0.9),
        "SGD",
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    ),
    "adagrad": Case(
        optimizers.Adagrad,
        {**LR, "initial_accumulator_value": 0.1, "epsilon": 0.0},
        lambda x: adagrad(x, 0.01, 0.0, 0.1),
        "Adagrad",
        {"lr": 0.01, "eps": 0.0, "initial_accumulator_value": 0.1},
    ),
    "adagrad of the Notes": Case(
        optimizers.Adagrad,
        {**LR, "initial_accumulator_value": 0.0, "epsilon": 0.01},
        lambda x: adagrad(x, 0.01, 0.01, 0.0),
    ),
    "adadelta": Case(
        optimizers.Adadelta,
        {"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-4},
        lambda x: adadelta(x, 1.0, 0.9, 1e-4),
        "Adadelta",
        {"lr": 1.0, "rho": 0.9, "eps": 1e-4},
    ),
    "rmsprop": Case(
        optimizers.RMSprop,
        {**LR, "rho": 0.9, "epsilon": 0.0},
        lambda x: rmsprop(x, 0.01, 0.9, 0.0, 0.0, False),
        "RMSprop",
        {"lr": 0.01, "alpha": 0.9, "eps": 0.0},
    ),
    "rmsprop, momentum": Case(
        optimizers.RMSprop,
        {**LR, "rho": 0.9, "momentum": 0.8, "epsilon": 0.01},
        lambda x: rmsprop(x, 0.01, 0.9, 0.8, 0.01, False),
    ),
    "rmsprop, centred": Case(
        optimizers.RMSprop,
        {**LR, "rho": 0.9, "momentum": 0.8, "epsilon": 0.01, "centered": True},
        lambda x: rmsprop(x, 0.01, 0.9, 0.8, 0.01, True),
    ),
    "adam": Case(
        optimizers.Adam,
        {**LR, **B, "epsilon": 0.0},
        lambda x: adam(x, 0.01, 0.8, 0.99, 0.0),
        "Adam",
        {"lr": 0.01, "betas": (0.8, 0.99), "eps": 0.0},
    ),
    "adam, large ε": Case(optimizers.Adam, {**LR, "epsilon": 0.01}, lambda x: adam(x, 0.01, 0.9, 0.999, 0.01)),
    "amsgrad": Case(
        optimizers.AMSGrad,
        {**LR, **B, "epsilon": 0.0},
        lambda x: adam(x, 0.01, 0.8, 0.99, 0.0, amsgrad=True),
    ),
    "adamw": Case(
        optimizers.AdamW,
        {**LR, **B, "epsilon": 0.0, "weight_decay": 0.1},
        lambda x: adam(x, 0.01, 0.8, 0.99, 0.0, decay=0.1),
        "AdamW",
        {"lr": 0.01, "betas": (0.8, 0.99), "eps": 0.0, "weight_decay": 0.1},
    ),
    "adamax": Case(
        optimizers.Adamax,
        {**LR, **B, "epsilon": 0.0},
        lambda x: adamax(x, 0.01, 0.8, 0.99, 0.0),
        "Adamax",
        {"lr": 0.01, "betas": (0.8, 0.99), "eps": 0.0},
    ),
    "nadam": Case(
        optimizers.Nadam,
        {**LR, **B, "epsilon": 0.001},
        lambda x: nadam(x, 0.01, 0.8, 0.99, 0.001),
        "NAdam",
        {"lr": 0.01, "betas": (0.8, 0.99), "eps": 0.001, "momentum_decay": 1.0},
    ),
    "lion": Case(
        optimizers.Lion,
        {**LR, **B},
        lambda x: lion(x, 0.01, 0.8, 0.99),
    ),
}


def trajectory(case: Case, start: Vector, gradients: Vector) -> list[Vector]:
    """θ after each of the gradients, as the reference has it."""
    reference = case.reference(start.astype(np.longdouble))
    next(reference)
    return [reference.send(g.astype(np.longdouble)) for g in gradients]

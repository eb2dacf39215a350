"""L-BFGS beside SciPy's, which is given gradients written by hand: Rosenbrock's function, logistic regression."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from harness import Case, close, main
from scipy import optimize as scipy_optimize
from scipy.special import expit

from mmlcore import ops
from mmlcore.optimize import minimize


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def cases(quick: bool) -> Iterator[Case]:
    n = 20 if quick else 1000
    x0 = np.tile([-1.2, 1.0], n // 2)
    options = {"gtol": 1e-6, "ftol": 0, "maxiter": 10**6, "maxfun": 10**7}

    def theirs() -> Any:
        return scipy_optimize.minimize(
            scipy_optimize.rosen, x0, jac=scipy_optimize.rosen_der, method="L-BFGS-B", options=options
        ).x

    both = {"mmlcore": lambda: minimize(rosenbrock, x0, "lbfgs", max_iter=10**6).x, "scipy": theirs}
    yield Case(f"lbfgs Rosenbrock n={n}", both, close(1e-4), repeat=3)

    rows, columns, C = (200, 10, 1e-4) if quick else (10_000, 100, 1e-4)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, columns))
    y = np.where(X @ rng.standard_normal(columns) + 3 * rng.standard_normal(rows) > 0, 1.0, -1.0)
    w0 = np.zeros(columns)

    def by_hand(w: Any) -> Any:
        margin = y * (X @ w)
        gradient = C * w - (X.T @ (y * expit(-margin))) / rows
        return np.mean(np.logaddexp(0, -margin)) + 0.5 * C * (w @ w), gradient

    def scipys() -> Any:
        return scipy_optimize.minimize(by_hand, w0, jac=True, method="L-BFGS-B", options=options).x

    def fused(w: Any) -> Any:
        return ops.logistic_loss(X, y, w) + 0.5 * C * np.sum(w * w)

    def plain(w: Any) -> Any:
        return np.mean(np.logaddexp(0, -y * (X @ w))) + 0.5 * C * np.sum(w * w)

    ours = {"mmlcore": lambda: minimize(fused, w0, "lbfgs").x, "scipy": scipys}
    yield Case(f"lbfgs logistic {rows}x{columns} (ops.logistic_loss)", ours, close(1e-4))
    ours = {"mmlcore": lambda: minimize(plain, w0, "lbfgs").x, "scipy": scipys}
    yield Case(f"lbfgs logistic {rows}x{columns} (plain NumPy code)", ours, close(1e-4))


if __name__ == "__main__":
    main("optimize", cases)

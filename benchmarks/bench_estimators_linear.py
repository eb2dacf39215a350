"""Linear estimators beside scikit-learn's: the same data, the same penalties, the same or a smaller loss."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from harness import Case, close, main
from sklearn import datasets, kernel_ridge, linear_model, svm

from mmlcore import estimators


def coefficients(model: Any) -> np.ndarray:
    """Of a fitted model."""
    return np.asarray(model.coef_)


def fits(ours: Any, theirs: Any, *data: Any, result: Callable[[Any], Any] = coefficients) -> dict[str, Any]:
    """Both as contenders that fit and answer with `result`."""
    return {"mmlcore": lambda: result(ours.fit(*data)), "scikit-learn": lambda: result(theirs.fit(*data))}


def no_worse(slack: float) -> Callable[[Any, Any], None]:
    """Agreement of two losses: ours is at most a little larger."""

    def agree(ours: float, theirs: float) -> None:
        assert ours <= theirs * (1 + slack), f"loss {ours} is above {theirs}"

    return agree


def logistic_cases(X: np.ndarray, z: np.ndarray, quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(1)
    labels = (0.3 * z + rng.standard_normal(len(z)) > 0).astype(int)

    def loss(model: Any) -> float:
        scores = X @ model.coef_[0] + model.intercept_[0]
        return float(np.logaddexp(0, scores).sum() - scores[labels == 1].sum() + 0.5 * np.square(model.coef_).sum())

    cases = {"mmlcore": lambda: estimators.LogisticRegression().fit(X, labels)}
    for solver in ("lbfgs", "newton-cholesky"):
        cases[f"scikit-learn {solver}"] = lambda s=solver: linear_model.LogisticRegression(solver=s).fit(X, labels)
    name = f"LogisticRegression {len(X)}x{X.shape[1]}"
    yield Case(name, cases, lambda ours, theirs: no_worse(1e-5)(loss(ours), loss(theirs)), repeat=5)

    digits, y = datasets.load_digits(return_X_y=True)
    digits = digits / 16

    def cross_entropy(model: Any) -> float:
        p = model.predict_proba(digits)[np.arange(len(y)), y]
        return float(-np.log(p).sum() + 0.5 * np.square(model.coef_).sum())

    softmax = {
        "mmlcore": lambda: estimators.LogisticRegression(max_iter=500).fit(digits, y),
        "scikit-learn": lambda: linear_model.LogisticRegression(max_iter=500).fit(digits, y),
    }
    same = no_worse(1e-3)
    yield Case("softmax on digits", softmax, lambda a, b: same(cross_entropy(a), cross_entropy(b)), repeat=7)


def cases(quick: bool) -> Iterator[Case]:
    warnings.simplefilter("ignore")  # both stop short at the tightest penalties of a path
    rng = np.random.default_rng(0)
    n, d = (2_000, 20) if quick else (100_000, 100)
    X, beta = rng.standard_normal((n, d)), np.where(np.arange(d) < d // 5, rng.standard_normal(d), 0)
    z = X @ beta
    y = z + rng.standard_normal(n)
    name = f"{n}x{d}"
    linear = fits(estimators.LinearRegression(), linear_model.LinearRegression(), X, y)
    yield Case(f"LinearRegression {name}", linear, close(1e-9), repeat=5)
    yield Case(f"Ridge {name}", fits(estimators.Ridge(), linear_model.Ridge(), X, y), close(1e-9), repeat=7)
    yield Case(f"Lasso {name}", fits(estimators.Lasso(0.05), linear_model.Lasso(0.05), X, y), close(1e-3), repeat=7)

    m, k = (400, 50) if quick else (5_000, 500)
    A, b = X[:m, :d].repeat(-(-k // d), axis=1)[:, :k] + rng.standard_normal((m, k)), y[:m]
    paths = {
        "mmlcore": lambda: estimators.lasso_path(A, b)[1],
        "scikit-learn": lambda: linear_model.lasso_path(A, b)[1],
    }
    yield Case(f"lasso_path of 100 alphas {m}x{k}", paths, close(5e-2), repeat=5)

    yield from logistic_cases(X, z, quick)

    rows = 300 if quick else 3_000
    options = {"alpha": 0.5, "kernel": "rbf", "gamma": 0.01}
    kernels = fits(
        estimators.KernelRidge(**options),
        kernel_ridge.KernelRidge(**options),
        *(X[:rows], y[:rows]),
        result=lambda model: np.asarray(model.dual_coef_),
    )
    yield Case(f"KernelRidge RBF n={rows}", kernels, close(1e-8), repeat=5)

    some = slice(None, n // 5)
    labels = (z[some] > 0).astype(int)
    margins = fits(estimators.LinearSVC(C=0.1), svm.LinearSVC(C=0.1), X[some], labels)
    yield Case(f"LinearSVC {n // 5}x{d}", margins, close(1e-2), repeat=5)


if __name__ == "__main__":
    main("estimators_linear", cases)

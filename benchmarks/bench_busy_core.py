"""All threads while a foreign process keeps one of the processors busy, against one thread: never above 1.3 × its time.

The column "one thread" has the ratio that counts turned round: 0.77 there is 1.3 × the time of one thread.
"""

import contextlib
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from harness import Case, Contender, close, main

import mmlcore
from mmlcore import estimators


@contextlib.contextmanager
def busy(processor: int) -> Iterator[None]:
    """A process that does nothing but take this processor."""
    code = f"import os\nos.sched_setaffinity(0, [{processor}])\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            yield
        finally:
            process.kill()


def contenders(work: Callable[[], Any], threads: int) -> dict[str, Contender]:
    def on(count: int) -> Contender:
        def run() -> Any:
            mmlcore.set_num_threads(count)
            return work()

        return run

    return {"mmlcore": on(threads), "one thread": on(1)}


def estimator_cases(quick: bool, threads: int) -> Iterator[Case]:
    """What bench_estimators_*.py measure beside scikit-learn, on fewer rows."""
    rng = np.random.default_rng(0)
    n, d, few = (1_000, 20, 300) if quick else (30_000, 100, 1_500)
    x = rng.standard_normal((n, d))
    y = x[:, : d // 5].sum(axis=1) + rng.standard_normal(n)
    labels = (0.3 * y > 0).astype(int)
    points = np.ascontiguousarray(x[:, :16])
    mixture: dict[str, Any] = {"max_iter": 10, "tol": 0.0, "random_state": 0}
    kernel: dict[str, Any] = {"alpha": 0.5, "kernel": "rbf", "gamma": 0.01}
    perceptron: dict[str, Any] = {"hidden_layer_sizes": (128, 64), "batch_size": 128, "max_iter": 2, "random_state": 0}
    works: dict[str, Callable[[], Any]] = {
        "LinearRegression": lambda: estimators.LinearRegression().fit(x, y).coef_,
        "Ridge": lambda: estimators.Ridge().fit(x, y).coef_,
        "Lasso": lambda: estimators.Lasso(0.05).fit(x, y).coef_,
        "LogisticRegression": lambda: estimators.LogisticRegression().fit(x, labels).coef_,
        "PCA k=10": lambda: estimators.PCA(10).fit(x).explained_variance_,
        "TruncatedSVD k=10": lambda: estimators.TruncatedSVD(10, random_state=0).fit(x).singular_values_,
        "GaussianMixture k=8": lambda: estimators.GaussianMixture(8, **mixture).fit(points).means_,
        "KMeans k=32": lambda: estimators.KMeans(32, n_init=1, max_iter=20, random_state=0).fit(points).inertia_,
        "KernelRidge RBF": lambda: estimators.KernelRidge(**kernel).fit(x[:few], y[:few]).dual_coef_,
        "MLPClassifier": lambda: estimators.MLPClassifier(**perceptron).fit(x, labels).loss_,
    }
    for name, work in works.items():
        yield Case(f"{name}, {few if name == 'KernelRidge RBF' else n} rows", contenders(work, threads), close(1e-6))


def cases(quick: bool) -> Iterator[Case]:
    warnings.simplefilter("ignore")  # that some iterations do not converge is meant
    processors = sorted(os.sched_getaffinity(0))
    rng = np.random.default_rng(0)
    with busy(processors[-1]):
        for n in (200,) if quick else (64, 200, 500, 1024):
            a = rng.standard_normal((n, n))
            spd = a @ a.T + n * np.eye(n)
            yield Case(f"A A, n={n}", contenders(lambda a=a: mmlcore.linalg.matmul(a, a), len(processors)), close(0))
            yield Case(
                f"Cholesky, n={n}", contenders(lambda a=spd: mmlcore.linalg.cholesky(a), len(processors)), close(0)
            )
        x = rng.standard_normal(100_000)
        yield Case("exp, 100 000", contenders(lambda: mmlcore.ops.exp(x), len(processors)), close(0))
        yield from estimator_cases(quick, len(processors))


if __name__ == "__main__":
    main("busy_core", cases)

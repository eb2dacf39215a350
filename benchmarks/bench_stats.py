"""Distributions beside SciPy's: ten million normal numbers, a million points in sixteen dimensions."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from harness import Case, close, main
from scipy import stats as scipy_stats

from mmlcore import stats


def same_moments(ours: Any, theirs: Any) -> None:
    """Draws agree in mean and deviation within five standard errors."""
    tolerance = 5 * (2 / len(ours)) ** 0.5
    assert abs(ours.mean() - theirs.mean()) < tolerance
    assert abs(ours.std() - theirs.std()) < tolerance


def cases(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    n = 10_000 if quick else 10_000_000
    p, q = stats.Normal(), scipy_stats.norm()
    x, u = rng.standard_normal(n), rng.random(n)
    draws = {"mmlcore": lambda: p.rvs(n, 0), "scipy": lambda: q.rvs(n, np.random.default_rng(0))}
    yield Case(f"normal rvs n={n}", draws, same_moments, repeat=5)
    yield Case(f"normal ppf n={n}", {"mmlcore": lambda: p.ppf(u), "scipy": lambda: q.ppf(u)}, close(1e-12), repeat=5)
    yield Case(f"normal cdf n={n}", {"mmlcore": lambda: p.cdf(x), "scipy": lambda: q.cdf(x)}, close(1e-12), repeat=5)
    A = rng.standard_normal((16, 16))
    cov, mean, X = A @ A.T + np.eye(16), rng.standard_normal(16), rng.standard_normal((n // 10, 16))
    a, b = stats.MultivariateNormal(mean, cov), scipy_stats.multivariate_normal(mean, cov)
    both = {"mmlcore": lambda: a.logpdf(X), "scipy": lambda: b.logpdf(X)}
    yield Case(f"multivariate normal logpdf {n // 10}x16", both, close(1e-10), repeat=5)


if __name__ == "__main__":
    main("stats", cases)

"""E2, ridge and lasso (Notes 5.2, 5.3, CS582 5): what the penalty does to the coefficients.

Eight features of which three matter, two of them nearly the same. Ridge shrinks all and shares between the twins; the
lasso sets coefficients to exactly zero. The Bayes reading: δ² = σ² / τ² gives the most probable weights. --plot FILE
draws both paths.
"""

import argparse

import numpy as np

from mmlcore.estimators import Lasso, Ridge, RidgeCV, lasso_path

BETA = np.array([3.0, 0, -2, 0, 0, 1.5, 0, 0])
SIGMA, TAU = 1.0, 0.8


def data(n: int, seed: int = 0):
    """X with nearly equal columns 0 and 1, and y = X β + noise of σ, centred."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 8))
    X[:, 1] = X[:, 0] + 0.1 * rng.normal(size=n)
    y = X @ BETA + SIGMA * rng.normal(size=n)
    return X - X.mean(axis=0), y - y.mean()


def ridge_path(X, y, alphas):
    """Coefficients (d, a) of ridge regression."""
    return np.stack([Ridge(alpha).fit(X, y).coef_ for alpha in alphas], axis=1)


def log_posterior_slope(X, y, beta):
    """∂/∂β log N(y; Xβ, σ²) N(β; 0, τ²), which is zero at the most probable β (Notes 5.3)."""
    return X.T @ (y - X @ beta) / SIGMA**2 - beta / TAU**2


def draw(X, y, file: str) -> None:
    """Both paths over the penalty."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained", sharey=True)
    alphas = np.geomspace(1e-1, 1e4, 60)
    left.semilogx(alphas, ridge_path(X, y, alphas).T)
    left.set(xlabel="δ²", ylabel="coefficient", title="ridge")
    alphas, coefs, _ = lasso_path(X, y, eps=1e-3)
    right.semilogx(alphas, coefs.T, label=[f"β{j}" for j in range(8)])
    right.set(xlabel="α", title="lasso")
    right.legend(ncols=2)
    figure.savefig(file, dpi=110)


def main() -> None:
    """Print the paths' ends, the zeros, and the choice by cross-validation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    parser.add_argument("--plot", metavar="FILE")
    options = parser.parse_args()

    X, y = data(60 if options.quick else 200)
    most_probable = Ridge(SIGMA**2 / TAU**2).fit(X, y).coef_
    print(f"ridge, δ² = σ²/τ² = {SIGMA**2 / TAU**2:.4f}: β = {most_probable.round(3).tolist()}")
    print(f"slope of the log posterior there: {np.abs(log_posterior_slope(X, y, most_probable)).max():.1e}")
    for alpha in (1.0, 100.0, 1e4):
        coef = Ridge(alpha).fit(X, y).coef_
        print(f"ridge, δ² = {alpha:g}: ‖β‖ = {np.linalg.norm(coef):.4f}, zeros {int((coef == 0).sum())}")
    alphas, coefs, _ = lasso_path(X, y, eps=1e-3, tol=1e-8)
    for i in (0, 25, 50, 99):
        print(f"lasso, α = {alphas[i]:.4f}: zeros {int((coefs[:, i] == 0).sum())}, β = {coefs[:, i].round(3).tolist()}")
    print(f"the lasso at α = 0.1 keeps features {np.flatnonzero(Lasso(0.1).fit(X, y).coef_).tolist()}")
    chosen = RidgeCV(np.geomspace(1e-2, 1e3, 26)).fit(X, y)
    print(f"leaving one out chooses δ² = {chosen.alpha_:.3g}, mean squared error {-chosen.best_score_:.4f}")
    if options.plot:
        draw(X, y, options.plot)


if __name__ == "__main__":
    main()

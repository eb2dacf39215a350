"""D2, maximum likelihood (Notes 4.6, 4.7): a line through noisy points, with σ² and the band of predictions.

The maximum of the likelihood is found twice, in closed form ((4.14), (4.15)) and by minimising -log L with automatic
derivatives, and agrees with least squares. --plot FILE draws the line with its band, and the likelihood of a mean.
"""

import argparse

import numpy as np

from mmlcore import linalg, stats
from mmlcore.optimize import minimize


def data(n: int, seed: int = 4):
    """x in (0, 10), y = 2 + ½ x + noise of σ = 0.8; X has a column of ones."""
    x = np.sort(stats.Uniform(0.0, 10.0).rvs(n, seed))
    y = 2 + 0.5 * x + stats.Normal(0.0, 0.8).rvs(n, seed + 1)
    return x, np.stack([np.ones(n), x], axis=1), y


def by_descent(X, y):
    """θ and σ² that minimise -log L = -Σ log N(y; Xθ, σ²) (4.13); log σ is free of bounds."""
    result = minimize(
        lambda v: -stats.Normal(X @ v["theta"], np.exp(v["log_sigma"])).log_likelihood(y),
        {"theta": np.zeros(X.shape[1]), "log_sigma": 0.0},
    )
    return result.x["theta"], float(np.exp(2 * result.x["log_sigma"]))


def inside(fit, n: int) -> float:
    """The share of n new points within their band of 95 %."""
    _, X, y = data(n, seed=100)
    low, high = fit.band(X, 0.95, of_theta=True)
    return float(np.mean((low <= y) & (y <= high)))


def draw(fit, x, y, file: str) -> None:
    """Left the line and its bands, right the likelihood of the mean of the first points, sharper with more of them."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    grid = np.linspace(-8, 18, 200)
    X = np.stack([np.ones(200), grid], axis=1)
    left.fill_between(grid, *fit.band(X, of_theta=True), color="C0", alpha=0.2, label="95 %, θ uncertain")
    left.fill_between(grid, *fit.band(X), color="C0", alpha=0.3, label="95 %, θ taken as exact")
    left.plot(grid, fit.predict(X), "C0", label="maximum likelihood")
    left.plot(x, y, "k.", label="data")
    left.set(xlabel="x", ylabel="y")
    left.legend()
    residuals, means = y - fit.predict(np.stack([np.ones(len(x)), x], 1)), np.linspace(-1, 1, 300)
    for n in (3, 10, len(y)):
        chosen = residuals[:: max(1, len(y) // n)][:n]
        logs = stats.Normal(means[:, None], 0.8).logpdf(chosen).sum(1)
        right.plot(means, np.exp(logs - logs.max()), label=f"n = {n}")
    right.set(xlabel="mean μ of the noise", ylabel="L(μ) / max L")
    right.legend()
    figure.savefig(file, dpi=110)


def main() -> None:
    """Fit in both ways, compare with least squares, and count the points within the band."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=25)
    parser.add_argument("--plot", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="fewer new points")
    arguments = parser.parse_args()
    x, X, y = data(arguments.points)
    fit = stats.fit_linear(X, y)
    theta, sigma2 = by_descent(X, y)
    print(f"closed form:   θ = {fit.theta.round(6)}, σ² = {fit.sigma2:.6f}")
    print(f"by descent:    θ = {theta.round(6)}, σ² = {sigma2:.6f}")
    print(f"least squares: θ = {linalg.lstsq(X, y)[0].round(6)}, ‖y - Xθ‖²/n = {np.mean((y - X @ fit.theta) ** 2):.6f}")
    share = inside(fit, 1000 if arguments.quick else 100_000)
    print(f"{100 * share:.1f} % of new points lie in the band of 95 %: σ² by (4.15) is too small by 1 - 2/n on average")
    if arguments.plot:
        draw(fit, x, y, arguments.plot)


if __name__ == "__main__":
    main()

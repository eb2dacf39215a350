"""D1, D3, Gaussians (Notes 4.2 to 4.5, 4.9, 11.3): density, distribution function, draws, entropy, divergence.

Uniform numbers become normal ones through the inverse distribution function (4.2); their moments, the entropy of a
coin (4.18) and the divergence of two Gaussians (11.2) are compared with their formulas. --plot FILE draws all of it.
"""

import argparse

import numpy as np

from mmlcore import stats

P, Q = stats.Normal(0.0, 1.0), stats.Normal(1.5, 2.0)


def draws(n: int):
    """u uniform, z = Φ⁻¹(u) (4.2)."""
    u = stats.Uniform().rvs(n, 0)
    return u, P.ppf(u)


def correlated(n: int):
    """Points of a Gaussian in the plane, (4.12), and the distribution."""
    joint = stats.MultivariateNormal([0.0, 0.0], [[1.0, 0.8], [0.8, 1.5]])
    return joint, joint.rvs(n, 1)


def draw(n: int, file: str) -> None:
    """Six pictures."""
    import matplotlib.pyplot as plt

    from mmlcore.plot import DensityDisplay

    figure, axes = plt.subplots(2, 3, figsize=(14, 8), layout="constrained")
    u, z = draws(n)
    for scale in (0.5, 1.0, 2.0):
        for ax, kind in zip(axes[0], ("pdf", "cdf"), strict=False):
            gaussian = stats.Normal(0.0, scale)
            DensityDisplay.from_distribution(gaussian, np.linspace(-4, 4, 300), kind).plot(ax, label=f"σ = {scale}")
            ax.legend(loc="upper right" if kind == "pdf" else "lower right")
    few = slice(0, 25)
    axes[0, 1].hlines(u[few], -4, z[few], color="0.7", linewidth=0.6)
    axes[0, 1].vlines(z[few], 0, u[few], color="0.7", linewidth=0.6)
    DensityDisplay.from_distribution(P, samples=z).plot(axes[0, 2], bins=40)
    axes[0, 2].set(title=f"{n} draws Φ⁻¹(u)")

    p = np.linspace(0, 1, 201)
    axes[1, 0].plot(p, stats.Bernoulli(p).entropy() / np.log(2))
    axes[1, 0].set(xlabel="p", ylabel="bits", title="entropy of a coin")
    x = np.linspace(-5, 7, 400)
    integrand = P.pdf(x) * (P.logpdf(x) - Q.logpdf(x))
    for name, gaussian in (("p", P), ("q", Q)):
        DensityDisplay.from_distribution(gaussian, x).plot(axes[1, 1], label=name)
    axes[1, 1].fill_between(x, integrand, alpha=0.3, color="C2", label="p log p/q")
    axes[1, 1].set(title=f"KL(p, q) = {stats.kl_divergence(P, Q).value:.3f}, the area")
    axes[1, 1].legend()
    joint, points = correlated(n)
    grid = np.stack(np.meshgrid(np.linspace(-4, 4, 150), np.linspace(-4, 4, 150)), -1)
    axes[1, 2].plot(*points[:1000].T, ".", color="0.7", markersize=2)
    axes[1, 2].contour(grid[..., 0], grid[..., 1], joint.pdf(grid), 6)
    axes[1, 2].set(title="two correlated variables", aspect="equal")
    figure.savefig(file, dpi=100)


def main() -> None:
    """Compare draws with formulas."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="fewer draws")
    arguments = parser.parse_args()
    n = 5000 if arguments.quick else 200_000

    print(f"φ(0) = {P.pdf(0.0):.6f}, Φ(1.96) = {P.cdf(1.96):.6f}, Φ⁻¹(0.975) = {P.ppf(0.975):.6f}")
    print(f"log Φ(-38) = {P.logcdf(-38.0):.4f}, where Φ itself is {P.cdf(-38.0):.1e}")
    _, z = draws(n)
    print(f"{n} draws Φ⁻¹(u): mean {z.mean():+.4f}, variance {z.var():.4f}, within ±1.96 {np.mean(abs(z) < 1.96):.4f}")
    joint, points = correlated(n)
    print(f"covariance {joint.cov().round(2).tolist()}, of the draws {stats.cov(points).round(2).tolist()}")
    print(f"entropy of a fair coin {stats.Bernoulli(0.5).entropy() / np.log(2):.6f} bits, of N(0, 1) {P.entropy():.6f}")
    sampled = np.mean(P.logpdf(z) - Q.logpdf(z))
    forth, back = stats.kl_divergence(P, Q).value, stats.kl_divergence(Q, P).value
    print(f"KL(p, q) = {forth:.4f}, by draws {sampled:.4f}; KL(q, p) = {back:.4f}: not symmetric")
    if arguments.plot:
        draw(n, arguments.plot)


if __name__ == "__main__":
    main()

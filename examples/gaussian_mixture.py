"""D4, a mixture of Gaussians by EM (Indaba): the likelihood at every step, and the components as ellipses.

Points are drawn from three Gaussians in the plane and the labels thrown away. EM starts from k-means; every step raises
the likelihood. --plot FILE draws the steps and the four kinds of covariances.
"""

import argparse

import numpy as np

from mmlcore.estimators import GaussianMixture
from mmlcore.stats import Mixture, MultivariateNormal

TRUTH = Mixture(
    [0.5, 0.3, 0.2],
    [
        MultivariateNormal([0.0, 0.0], [[2.0, 1.2], [1.2, 1.0]]),
        MultivariateNormal([5.0, 1.0], [[0.6, -0.4], [-0.4, 1.0]]),
        MultivariateNormal([1.0, 5.0], [[1.5, 0.0], [0.0, 0.3]]),
    ],
)
KINDS = ("full", "tied", "diag", "spherical")


def fit(x: np.ndarray, kind: str = "full", **options) -> GaussianMixture:
    """Three components, until the mean log-likelihood grows by less than 1e-8."""
    options = {"tol": 1e-8, "max_iter": 500, "reg_covar": 0.0, "random_state": 0, **options}
    return GaussianMixture(3, covariance_type=kind, **options).fit(x)


def draw(x: np.ndarray, file: str) -> None:
    """The four kinds, and the likelihood of the first over its steps."""
    import matplotlib.pyplot as plt

    from mmlcore.plot import EllipsesDisplay

    figure, axes = plt.subplots(1, 5, figsize=(20, 4), layout="constrained")
    for ax, kind in zip(axes, KINDS, strict=False):
        model = fit(x, kind)
        EllipsesDisplay.from_estimator(model, x).plot(ax)
        ax.set(title=f"{kind}: log p = {model.lower_bound_:.4f}, BIC {model.bic(x):.0f}", aspect="equal")
    axes[4].plot(fit(x, init_params="random").lower_bounds_, label="random start")
    axes[4].plot(fit(x).lower_bounds_, label="k-means start")
    axes[4].set(xlabel="step", ylabel="mean log-likelihood")
    axes[4].legend()
    figure.savefig(file, dpi=100)


def main() -> None:
    """Fit, compare with what the points were drawn from, and, if asked, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="fewer points")
    arguments = parser.parse_args()
    n = 600 if arguments.quick else 20_000
    x = np.asarray(TRUTH.rvs(n, 0))

    model = fit(x)
    steps = np.diff(model.lower_bounds_)
    print(f"{n} points, {model.n_iter_} steps; the likelihood grew by {steps.sum():.6f}, {steps.min():.1e} at least")
    print(f"mean log-likelihood {model.lower_bound_:.4f}, of the truth {np.mean(TRUTH.logpdf(x)):.4f}")
    order = np.argsort(-model.weights_)
    for k, truth, weight in zip(order, TRUTH.components, TRUTH.weights, strict=True):
        mean, covariance = model.means_[k].round(2).tolist(), model.covariances_[k].round(2).tolist()
        print(f"weight {model.weights_[k]:.3f} ({weight:.1f}), mean {mean}, covariance {covariance}")
        print(f"        drawn from      mean {truth.mean().tolist()}, covariance {truth.cov().round(2).tolist()}")
    bics = {kind: fit(x, kind).bic(x) for kind in KINDS}
    print(
        "BIC " + ", ".join(f"{kind} {bic:.0f}" for kind, bic in bics.items()) + f": {min(bics, key=bics.get)} is best"
    )
    if arguments.plot:
        draw(x, arguments.plot)


if __name__ == "__main__":
    main()

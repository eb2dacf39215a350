"""A7, principal components of handwritten digits (CS582): by the SVD and by the covariance.

X - m = U Σ Vᵀ, and the covariance is V Λ Vᵀ with Λ = Σ² / (n - 1): both give the same directions and variances. Few of
the 64 directions hold most of the variance; the digits come back from them with that error. --plot FILE draws it all.
"""

import argparse

import numpy as np

from mmlcore.datasets import load_digits
from mmlcore.estimators import PCA


def draw(x: np.ndarray, labels: np.ndarray, file: str) -> None:
    """The shares of the variance, the plane of the first two, components and digits that came back."""
    import matplotlib.pyplot as plt

    from mmlcore.plot import ExplainedVarianceDisplay

    figure, axes = plt.subplots(1, 3, figsize=(16, 5), layout="constrained")
    model = PCA().fit(x)
    ExplainedVarianceDisplay.from_estimator(model).plot(axes[0])
    plane = model.transform(x)[:, :2]
    points = axes[1].scatter(*plane.T, c=labels, cmap="tab10", s=6)
    figure.colorbar(points, ax=axes[1])
    axes[1].set(xlabel="first component", ylabel="second component")
    few = PCA(16).fit(x)
    back = few.inverse_transform(few.transform(x[:8]))
    rows = [few.components_[:8], x[:8], back]
    scaled = [(row - row.min()) / np.ptp(row) for row in rows]
    axes[2].imshow(np.block([[image.reshape(8, 8) for image in row] for row in scaled]), cmap="gray_r")
    axes[2].set(title="components; digits; from 16 components", xticks=[], yticks=[])
    figure.savefig(file, dpi=100)


def main() -> None:
    """Compare the two ways, count components, and, if asked, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="a quarter of the digits")
    arguments = parser.parse_args()
    images, labels = load_digits(split=False)
    x = np.asarray(images, float).reshape(len(images), -1)
    if arguments.quick:
        x, labels = x[::4], labels[::4]

    by_svd, by_covariance = (PCA(svd_solver=solver).fit(x) for solver in ("full", "covariance_eigh"))
    total = x.var(axis=0, ddof=1).sum()
    apart = np.abs(by_svd.explained_variance_ - by_covariance.explained_variance_).max()
    leading = slice(0, 10)
    turned = np.abs(by_svd.components_[leading] - by_covariance.components_[leading]).max()
    print(
        f"{len(x)} digits of 64 pixels; variance {total:.4f}, of all components {by_svd.explained_variance_.sum():.4f}"
    )
    print(f"by the SVD and by the covariance: variances differ by {apart:.1e}, the first 10 directions by {turned:.1e}")
    shares = np.cumsum(by_svd.explained_variance_ratio_)
    for share in (0.5, 0.9, 0.99):
        k = int(np.searchsorted(shares, share)) + 1
        model = PCA(k).fit(x)
        lost = np.square(x - model.inverse_transform(model.transform(x))).sum() / (len(x) - 1)
        print(f"{k:2} components hold {shares[k - 1]:.4f} of it; what comes back has lost {lost / total:.4f}")
    if arguments.plot:
        draw(x, np.asarray(labels), arguments.plot)


if __name__ == "__main__":
    main()

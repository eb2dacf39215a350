"""E3, basis functions (Notes 5.4 to 5.6, notebook 5): lines that bend, and how much they should.

A parabola through 100 points of 5 + sin πx; radial basis functions and kernel regression on noisy points, the width and
the penalty chosen by 5-fold cross-validation. --plot FILE draws the fits and the curve of the cross-validation.
"""

import argparse

import numpy as np

from mmlcore.estimators import (
    KernelRidge,
    KFold,
    LinearRegression,
    PolynomialFeatures,
    RBFFeatures,
    Ridge,
    RidgeCV,
    cross_val_score,
)

WIDTHS = np.geomspace(1e-3, 10, 13)  # λ of exp(-‖x - μ‖² / λ)
FOLDS = KFold(5, shuffle=True, random_state=0)


def parabola(n: int = 100):
    """θ of [1, x, x²] on 5 + sin πx at the middles of n intervals between 0 and 1."""
    x = (np.arange(n) + 0.5) / n
    phi = PolynomialFeatures(2).fit_transform(x[:, None])
    return LinearRegression(fit_intercept=False).fit(phi, 5 + np.sin(np.pi * x)).coef_


def noisy(n: int, seed: int = 0):
    """Points of 5 + sin 3πx with noise."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.random(n))[:, None]
    return x, 5 + np.sin(3 * np.pi * x[:, 0]) + 0.2 * rng.normal(size=n)


def bumps(width: float) -> RBFFeatures:
    """Twenty radial basis functions between the extremes."""
    return RBFFeatures(20, centers="grid", gamma=1 / width)


def curve(x, y):
    """The mean squared error of 5-fold cross-validation for every width, ridge with δ² = 10⁻³."""

    def error(model, X, y):
        return float(np.square(model.predict(X) - y).mean())

    return np.array(
        [cross_val_score(Ridge(1e-3), bumps(w).fit_transform(x), y, cv=FOLDS, scoring=error).mean() for w in WIDTHS]
    )


def draw(x, y, errors, file: str) -> None:
    """Left three widths, right the curve."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    grid = np.linspace(0, 1, 400)[:, None]
    left.plot(x, y, "k.")
    for width in (WIDTHS[0], WIDTHS[errors.argmin()], WIDTHS[-1]):
        features = bumps(width).fit(x)
        model = Ridge(1e-3).fit(features.transform(x), y)
        left.plot(grid, model.predict(features.transform(grid)), label=f"λ = {width:.2g}")
    left.set(xlabel="x", ylabel="y", ylim=(3, 7))
    left.legend()
    right.loglog(WIDTHS, errors, "o-")
    right.set(xlabel="width λ", ylabel="error of cross-validation")
    figure.savefig(file, dpi=110)


def main() -> None:
    """Print the parabola, the curve, and what it chooses."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer points")
    parser.add_argument("--plot", metavar="FILE")
    options = parser.parse_args()

    print(f"parabola on 100 points of 5 + sin πx: θ = {parabola().round(4).tolist()}")
    x, y = noisy(40 if options.quick else 100)
    x_new, y_new = noisy(500, seed=1)
    errors = curve(x, y)
    for width, error in zip(WIDTHS, errors, strict=True):
        print(f"λ = {width:8.4f}: cross-validation {error:.4f}")
    width = WIDTHS[errors.argmin()]
    features = bumps(width).fit(x)
    model = RidgeCV(np.geomspace(1e-6, 1, 19), cv=FOLDS).fit(features.transform(x), y)
    new = np.square(model.predict(features.transform(x_new)) - y_new).mean()
    print(f"chosen λ = {width:.4f}, δ² = {model.alpha_:.2g}: error on new points {new:.4f} (noise 0.0400)")
    kernel = KernelRidge(0.05, kernel="rbf", gamma=1 / width).fit(x, y - 5)
    error = np.square(kernel.predict(x_new) + 5 - y_new).mean()
    print(f"kernel regression with the same width: error on new points {error:.4f}")
    if options.plot:
        draw(x, y, errors, options.plot)


if __name__ == "__main__":
    main()

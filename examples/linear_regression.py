"""E1, linear regression (Notes 3, 6): energy from wind and people, exactly, by steepest descent and by SGD.

First the predictions of section 3.5 for the θ that the text guesses, then the θ of least squares: at once, row after
row, and by the two descents. --plot FILE draws the loss of the descents.
"""

import argparse

import numpy as np

from mmlcore.estimators import LinearRegression

X = np.array([[100.0, 2], [50, 42], [45, 31], [60, 35]])  # table 3.1: wind, people
Y = np.array([5.0, 25, 22, 18])  # energy
GUESS = np.array([1.0, 0.0, 0.5])  # section 3.5's θ
NEW = np.array([50.0, 20.0])


def design(rows):
    """Rows with a one in front: the bias."""
    return np.column_stack([np.ones(len(rows)), rows])


def standardised():
    """[1 z] with z = (x - x̄) / s, and what turns the θ of z into that of x."""
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    Z = design((X - mean) / deviation)

    def back(theta):
        slopes = theta[1:] / deviation
        return np.append(theta[0] - slopes @ mean, slopes)

    return Z, back


def steepest_descent(steps: int):
    """θ ← θ - η Zᵀ(Zθ - y), η one over the largest curvature; θ and the losses on the way."""
    Z, back = standardised()
    theta, losses = np.zeros(3), []
    rate = 1 / np.linalg.eigvalsh(Z.T @ Z)[-1]
    for _ in range(steps):
        residual = Z @ theta - Y
        losses.append(residual @ residual)
        theta = theta - rate * (Z.T @ residual)
    return back(theta), losses


def stochastic_descent(epochs: int, seed: int = 0):
    """One row at a time, in random order, with a step that falls as 1 / (1 + epoch / 50)."""
    Z, back = standardised()
    rng, theta, losses = np.random.default_rng(seed), np.zeros(3), []
    for epoch in range(epochs):
        losses.append(np.square(Z @ theta - Y).sum())
        for i in rng.permutation(4):
            theta = theta - 0.1 / (1 + epoch / 50) * (Z[i] @ theta - Y[i]) * Z[i]
    return back(theta), losses


def exact():
    """θ of least squares."""
    model = LinearRegression().fit(X, Y)
    return np.append(model.intercept_, model.coef_)


def streamed():
    """The same from one row after another."""
    model = LinearRegression()
    for x, y in zip(X, Y, strict=True):
        model.partial_fit([x], [y])
    return np.append(model.intercept_, model.coef_)


def draw(losses: dict[str, list[float]], file: str) -> None:
    """The losses above the least."""
    import matplotlib.pyplot as plt

    least = np.square(design(X) @ exact() - Y).sum()
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, values in losses.items():
        axes.semilogy(np.maximum(np.asarray(values) - least, 1e-12), label=name)
    axes.set(xlabel="pass over the data", ylabel="loss above the least")
    axes.legend()
    figure.savefig(file, dpi=110)


def main() -> None:
    """Print the predictions and the θ of every way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer passes of SGD")
    parser.add_argument("--plot", metavar="FILE")
    options = parser.parse_args()

    at = NEW.tolist()
    print(f"θ = [1, 0, 0.5] predicts {(design(X) @ GUESS).tolist()}, and {design([NEW])[0] @ GUESS:g} at {at}")
    descent, descent_losses = steepest_descent(2000)
    stochastic, stochastic_losses = stochastic_descent(200 if options.quick else 5000)
    for name, theta in (
        ("least squares", exact()),
        ("row by row", streamed()),
        ("steepest descent", descent),
        ("SGD", stochastic),
    ):
        error = np.square(design(X) @ theta - Y).sum()
        there = theta[0] + theta[1:] @ NEW
        print(f"{name:17s} θ = {np.round(theta, 5).tolist()}, loss {error:.6f}, at {at} {there:.3f}")
    if options.plot:
        draw({"steepest descent": descent_losses, "SGD": stochastic_losses}, options.plot)


if __name__ == "__main__":
    main()

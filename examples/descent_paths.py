"""C1 to C4, the ways down: gradient descent, momentum, Newton, Newton-CG and Adam, as in the DRP and Notes 6.

On an ill-conditioned bowl and on Rosenbrock's bent valley, from one start each. Prints how far everyone came and
CS582's first step; --plot FILE draws the paths over the contours, and the convergence below them.
"""

import argparse

import numpy as np

from mmlcore.optimize import minimize

BOWL_START, ROSENBROCK_START = np.array([-4.0, 1.5]), np.array([-1.2, 1.0])


def bowl(p):
    """½ (x² + 20 y²): condition number 20."""
    return 0.5 * (p[0] ** 2 + 20 * p[1] ** 2)


def rosenbrock(p):
    """100 (y - x²)² + (1 - x)²."""
    return 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2


def descend(fun, start, rate, adam, steps):
    """The result of every method, by name; Adam sees the function as the loss of a single datum."""
    options = {"max_iter": steps, "track": True}
    data = {"data": np.zeros(1), "optimizer": "adam", "learning_rate": adam, "random_state": 0}
    return {
        "gradient descent": minimize(fun, start, "gradient_descent", learning_rate=rate, **options),
        "momentum": minimize(fun, start, "momentum", learning_rate=rate, momentum=0.8, **options),
        "Adam": minimize(lambda p, batch: fun(p), start, "minibatch", **data, **options),
        "Newton": minimize(fun, start, "newton", **options),
        "Newton-CG": minimize(fun, start, "newton-cg", **options),
    }


def draw(races, file: str) -> None:
    """One column for each function: paths above, convergence below."""
    import matplotlib.pyplot as plt

    from mmlcore.plot import ContourPathDisplay, ConvergenceDisplay

    figure, axes = plt.subplots(2, 2, figsize=(12, 9), layout="constrained", height_ratios=(1.6, 1))
    limits = {"bowl": ((-4.8, 1.8), (-2.0, 2.2)), "Rosenbrock": ((-1.7, 1.7), (-0.8, 2.2))}
    for column, (name, (fun, results)) in zip(axes.T, races.items(), strict=True):
        xlim, ylim = limits[name]
        paths = ContourPathDisplay.from_result(fun, results, xlim=xlim, ylim=ylim, grid=150)
        paths.plot(column[0], markersize=2.5, alpha=0.8).ax_.set(title=name, xlabel="x", ylabel="y")
        ConvergenceDisplay.from_result(results, minimum=0.0).plot(column[1])
        column[1].set(ylim=(1e-16, None), xscale="symlog", xlim=(0, None))
    figure.savefig(file, dpi=110)


def main() -> None:
    """Run both races and print where everyone ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--plot", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="100 steps")
    arguments = parser.parse_args()
    steps = 100 if arguments.quick else arguments.steps

    first = minimize(lambda x: x**2, 4.0, "gradient_descent", learning_rate=0.1, max_iter=1)
    print(f"CS582: x² from 4 with η = 0.1: the first step leads to {float(first.x):.1f}")
    races = {
        "bowl": (bowl, descend(bowl, BOWL_START, 0.09, 0.3, steps)),
        "Rosenbrock": (rosenbrock, descend(rosenbrock, ROSENBROCK_START, 0.001, 0.05, steps)),
    }
    for name, (_, results) in races.items():
        for method, result in results.items():
            print(f"{name:10} {method:16} {result.nit:4} steps, f = {result.fun:.1e}")
    if arguments.plot:
        draw(races, arguments.plot)


if __name__ == "__main__":
    main()

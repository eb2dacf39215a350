"""C5, Lagrange's multipliers (CS582 2): where f is largest on a curve, its gradient is a multiple of the curve's.

Maximises xy on the line x + y = 10, CS582's example: (5, 5), λ = 5. Then x + 2y on an ellipse, where f has a largest
and a smallest value. --plot FILE draws the contours, the constraint and both gradients at the solutions.
"""

import argparse

import numpy as np

from mmlcore import grad
from mmlcore.optimize import minimize

# f, the curve h = 0, starts from which its solutions are found, and the ends of the picture
PROBLEMS = {
    "xy on x + y = 10": (
        lambda p: p[0] * p[1],
        lambda p: p[0] + p[1] - 10,
        [(1.0, [1.0, 1.0])],
        ((0, 10), (0, 10)),
    ),
    "x + 2y on x²/4 + y² = 1": (
        lambda p: p[0] + 2 * p[1],
        lambda p: p[0] ** 2 / 4 + p[1] ** 2 - 1,
        [(1.0, [1.0, 1.0]), (-1.0, [-1.0, -1.0])],
        ((-2.6, 2.6), (-2.2, 2.2)),
    ),
}


def extremum(f, h, sign, start):
    """The largest value of sign · f on the curve, and λ with ∇f = λ ∇h."""
    result = minimize(lambda p: -sign * f(p), start, constraints={"type": "eq", "fun": h})
    assert result.success, result.message
    return result.x, sign * float(result.multipliers[0])


def draw(file: str) -> None:
    """Contours of f, the curve, and the gradients, which are parallel at the solutions alone."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    for ax, (title, (f, h, starts, (xlim, ylim))) in zip(axes, PROBLEMS.items(), strict=True):
        x, y = np.meshgrid(np.linspace(*xlim, 200), np.linspace(*ylim, 200))
        ax.contour(x, y, f([x, y]), 20, cmap="Greys", linestyles="solid", linewidths=0.7)
        ax.contour(x, y, h([x, y]), [0.0], colors="C0", linewidths=2)
        for sign, start in starts:
            point, _ = extremum(f, h, sign, start)
            ax.contour(x, y, f([x, y]), [f(point)], colors="C1", linestyles="solid", linewidths=1.5)
            for gradient, colour, length in ((grad(f)(point), "C1", 0.22), (grad(h)(point), "C0", 0.13)):
                arrow = length * (xlim[1] - xlim[0]) * gradient / np.linalg.norm(gradient)
                style = {"arrowstyle": "-|>", "color": colour, "linewidth": 2}
                ax.annotate("", point + arrow, point, arrowprops=style)
            ax.plot(*point, "ko")
        ax.plot([], [], "C1", label="f at the solution, ∇f")
        ax.plot([], [], "C0", label="h = 0, ∇h")
        ax.legend(loc="lower left")
        ax.set(title=title, xlabel="x", ylabel="y", aspect="equal", xlim=xlim, ylim=ylim)
    figure.savefig(file, dpi=110)


def main() -> None:
    """Solve both problems and show that the gradients are parallel."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="the same: it takes no time")
    arguments = parser.parse_args()
    for title, (f, h, starts, _) in PROBLEMS.items():
        for sign, start in starts:
            point, multiplier = extremum(f, h, sign, start)
            rest = np.abs(grad(f)(point) - multiplier * grad(h)(point)).max()
            kind = "largest" if sign > 0 else "smallest"
            print(
                f"{title}: {kind} at ({point[0]:.6f}, {point[1]:.6f}), f = {float(f(point)):.6f}, "
                f"λ = {multiplier:.6f}, |∇f - λ∇h| = {rest:.0e}"
            )
    if arguments.plot:
        draw(arguments.plot)


if __name__ == "__main__":
    main()

"""C4, the race of the optimisers over contours, as in figure 6.3 of the Notes.

All start at the same point of Beale's function, whose valley bends towards the minimum (3, 0.5) past a saddle.
--plot FILE draws their paths.
"""

import argparse

import numpy as np

from mmlcore import grad, optimizers

START = np.array([1.0, 1.5])
MINIMUM = np.array([3.0, 0.5])

RACERS = {
    "SGD": lambda: optimizers.SGD(0.002),
    "momentum": lambda: optimizers.SGD(0.002, momentum=0.9),
    "Nesterov": lambda: optimizers.SGD(0.002, momentum=0.9, nesterov=True),
    "AdaGrad": lambda: optimizers.Adagrad(0.5),
    "Adadelta": lambda: optimizers.Adadelta(1.0, rho=0.9, epsilon=1e-4),
    "RMSprop": lambda: optimizers.RMSprop(0.02),
    "Adam": lambda: optimizers.Adam(0.1),
    "AdaMax": lambda: optimizers.Adamax(0.2),
    "Nadam": lambda: optimizers.Nadam(0.1),
    "AMSGrad": lambda: optimizers.AMSGrad(0.1),
    "Lion": lambda: optimizers.Lion(0.01),
}


def beale(p):
    """(1.5 - x + xy)² + (2.25 - x + xy²)² + (2.625 - x + xy³)²."""
    x, y = p[0], p[1]
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def path(name: str, steps: int) -> np.ndarray:
    """The points that an optimiser visits, one a row."""
    theta, optimizer, slope = START.copy(), RACERS[name](), grad(beale)
    points = [theta.copy()]
    for _ in range(steps):
        optimizer.update(theta, slope(theta))
        points.append(theta.copy())
    return np.array(points)


def draw(paths: dict[str, np.ndarray], file: str) -> None:
    """Contours on a logarithmic scale, and the paths over them."""
    import matplotlib.pyplot as plt

    x, y = np.meshgrid(np.linspace(-0.5, 4.2, 300), np.linspace(-2.2, 2.2, 300))
    figure, ax = plt.subplots(figsize=(9, 7))
    ax.contour(x, y, np.log1p(beale(np.array([x, y]))), levels=30, cmap="Greys", linewidths=0.6)
    for name, points in paths.items():
        ax.plot(*points.T, label=name, linewidth=1.5)
    ax.plot(*START, "ko")
    ax.plot(*MINIMUM, "k*", markersize=14)
    ax.legend()
    figure.savefig(file, dpi=120)


def main() -> None:
    """Run the race and print how near everyone came."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--plot", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="50 steps")
    arguments = parser.parse_args()
    paths = {name: path(name, 50 if arguments.quick else arguments.steps) for name in RACERS}
    for name, points in paths.items():
        distances = np.linalg.norm(points - MINIMUM, axis=1)
        near = np.flatnonzero(distances < 0.1)
        arrival = f"within 0.1 after {near[0]} steps" if len(near) else "not within 0.1"
        print(f"{name:9s} ends {distances[-1]:.4f} from the minimum, {arrival}")
    if arguments.plot:
        draw(paths, arguments.plot)


if __name__ == "__main__":
    main()

"""B2: Taylor series (CS582, "Taylor Series"; Notes 6.3): coefficients, errors, and Newton's step from the expansion.

Prints the coefficients of eˣ around 0 up to order 10, how the error at distance h falls with the order, and the
second-order expansion of the Notes' figure 6.1; --plot FILE draws the polynomials over eˣ.
"""

import argparse
from math import factorial

import numpy as np

from mmlcore import taylor

ORDER = 10


def surface(v):
    """Figure 6.1 of the Notes: f(x, y) = -(cos²x + cos²y)²."""
    return -((np.cos(v[0]) ** 2 + np.cos(v[1]) ** 2) ** 2)


def observed_order(order, h=0.1):
    """How fast the error of the polynomial of eˣ falls when the distance is halved: as h^(order + 1)."""
    p = taylor(np.exp, 0.0, order)
    far, near = (abs(p(d) - np.exp(d)) for d in (h, h / 2))
    return np.log2(far / near)


def draw(file):
    """eˣ and its first polynomials."""
    import matplotlib.pyplot as plt

    x = np.linspace(-3, 3, 200)
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.plot(x, np.exp(x), "k", linewidth=2, label="eˣ")
    for order in range(1, 5):
        axes.plot(x, taylor(np.exp, 0.0, order)(x), label=f"order {order}")
    axes.set(xlabel="x", ylim=(-3, 12))
    axes.legend()
    figure.savefig(file)


def main() -> None:
    """Print the tables and, if asked, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="draw the polynomials to FILE")
    parser.add_argument("--quick", action="store_true", help="the same: it takes no time")
    arguments = parser.parse_args()

    coefficients = taylor(np.exp, 0.0, ORDER).coefficients
    for k, c in enumerate(coefficients):
        print(f"order {k:2}: coefficient of eˣ {c:.12f}, 1/{k}! = {1 / factorial(k):.12f}")
    for order in range(5):
        print(f"polynomial of order {order}: the error falls as h^{observed_order(order):.2f}")

    center = np.array([0.3, -0.2])
    p = taylor(surface, center, 2)
    value, gradient, hessian = p.coefficients
    print(f"f = {value:.6f}, gradient {gradient.round(6)}, Hessian {hessian.round(6).tolist()}")
    step = center - np.linalg.solve(hessian, gradient)
    print(f"the expansion's stationary point {step.round(6)}: f there {surface(step):.6f}, at the minimum {-4.0:.6f}")
    if arguments.plot:
        draw(arguments.plot)


if __name__ == "__main__":
    main()

"""A1: y = ax² + bx + c through ten points by the normal equations and the Cholesky factorisation (DRP, Example 4.10).

Prints the factor L of the normal matrix, the coefficients, and how far they are from those of a QR fit; --plot FILE
draws the points and the parabola.
"""

import argparse

import numpy as np

from mmlcore import linalg

X = np.array([4.1702, 7.2032, 0.0011, 3.0233, 1.4676, 0.9234, 1.8626, 3.4556, 3.9677, 5.3882])
Y = np.array([53.9964, 152.1652, 0.5497, 31.1123, 7.7602, 5.8707, 13.1319, 38.6460, 47.4939, 86.0607])


def fit() -> tuple[np.ndarray, np.ndarray]:
    """The factor L and the coefficients (a, b, c): AᵀA θ = Aᵀy, AᵀA = L Lᵀ, so L z = Aᵀy and Lᵀθ = z."""
    A = np.stack([X**2, X, np.ones_like(X)], axis=1)
    L = linalg.cholesky(linalg.matmul(A.T, A))
    z = linalg.solve_triangular(L, linalg.matmul(A.T, Y), lower=True)
    return L, linalg.solve_triangular(L, z, lower=True, trans=1)


def draw(theta: np.ndarray, file: str) -> None:
    """The points and the fitted parabola, to a picture file."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    grid = np.linspace(0, X.max(), 200)
    ax.plot(grid, np.polyval(theta, grid), label="y = {:.3f} x² + {:.3f} x + {:.3f}".format(*theta))
    ax.plot(X, Y, "o", label="the ten points")
    ax.legend()
    figure.savefig(file)


def main() -> None:
    """Fit, print and, if asked, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="draw the fit to FILE")
    parser.add_argument("--quick", action="store_true", help="the same: it takes no time")
    arguments = parser.parse_args()

    L, theta = fit()
    Q, R = np.linalg.qr(np.stack([X**2, X, np.ones_like(X)], axis=1))
    by_qr = np.linalg.solve(R, Q.T @ Y)
    print("L =", np.array2string(L, precision=12, prefix="L ="))
    print("a, b, c = {:.10f}, {:.10f}, {:.10f}".format(*theta))
    print(f"largest difference from a QR fit: {np.abs(theta - by_qr).max():.1e}")
    if arguments.plot:
        draw(theta, arguments.plot)


if __name__ == "__main__":
    main()

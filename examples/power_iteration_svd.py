"""A2: the singular value decomposition by power iteration (DRP, "SVD Through Power Iteration").

Prints σ₁ of the document's random 3×4 matrix (seed 0) against the number of iterations, then all of U, Σ, V by
deflation and by block (subspace) iteration, each beside numpy's; --plot FILE draws the trace.
"""

import argparse

import numpy as np

from mmlcore import linalg


def draw(trace: np.ndarray, truth: float, file: str) -> None:
    """The trace of σ₁, and its error on a logarithmic scale, to a picture file."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    steps = np.arange(1, len(trace) + 1)
    left.plot(steps, trace, "ob")
    left.axhline(truth, color="grey", linewidth=1)
    left.set(xlabel="iteration", ylabel="σ₁")
    right.semilogy(steps, np.maximum(np.abs(trace - truth), 1e-17), "ob")
    right.set(xlabel="iteration", ylabel="|σ₁ - numpy's|")
    figure.savefig(file)


def main() -> None:
    """Iterate, print and, if asked, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", metavar="FILE", help="draw the trace to FILE")
    parser.add_argument("--quick", action="store_true", help="the same: it takes no time")
    arguments = parser.parse_args()

    A = np.random.RandomState(0).rand(3, 4)  # the document's np.random.seed(0)
    U, S, Vh = np.linalg.svd(A, full_matrices=False)

    result = linalg.power_iteration(A)
    for step, sigma in enumerate(result.trace, start=1):
        print(f"iteration {step}: σ₁ = {sigma:.12f}, {abs(sigma - S[0]):.1e} from numpy's")

    for name, method in (("deflation", "power"), ("block iteration", "block_power")):
        u, s, vh = linalg.svd(A, k=3, method=method)
        signs = np.sign(np.sum(u * U, axis=0))  # a pair of singular vectors is unique up to its sign
        difference = max(np.abs(u * signs - U).max(), np.abs(s - S).max(), np.abs(vh * signs[:, None] - Vh).max())
        print(f"{name}: Σ = {s.round(8)}, largest difference of U, Σ, V from numpy's {difference:.1e}")

    if arguments.plot:
        draw(result.trace, S[0], arguments.plot)


if __name__ == "__main__":
    main()

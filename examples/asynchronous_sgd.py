"""C4, asynchronous stochastic gradient descent (Notes 6.1): threads on one shared θ, against the serial run.

A logistic regression on made-up data. Both runs see the same samples in the same order; the threads update θ without
waiting for each other, and lose now and then what another has just written. --plot FILE draws both curves.
"""

import argparse
import time

import numpy as np

from mmlcore.optimizers import StepDecay, asynchronous_sgd


def data(samples: int, features: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """Inputs, and labels drawn from a logistic model."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((samples, features))
    z = x @ rng.standard_normal(features) + 1
    return x, (rng.random(samples) < 1 / (1 + np.exp(-z))).astype(float)


def main() -> None:
    """Fit with one thread and with several, and print the loss after every epoch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--plot", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="2000 samples")
    arguments = parser.parse_args()
    x, y = data(2000 if arguments.quick else arguments.samples)
    curves = {}
    for threads in (1, arguments.threads):
        start = time.perf_counter()
        rate = StepDecay(0.02, 3, 0.5)
        result = asynchronous_sgd(x, y, "logistic", rate, arguments.epochs, threads=threads, seed=0)
        curves[f"{threads} thread{'s' * (threads > 1)}"] = result.losses
        print(f"{threads} threads, {time.perf_counter() - start:.2f} s: " + " ".join(f"{v:.5f}" for v in result.losses))
    if arguments.plot:
        import matplotlib.pyplot as plt

        figure, ax = plt.subplots()
        for name, losses in curves.items():
            ax.semilogy(losses, label=name)
        ax.set(xlabel="epoch", ylabel="mean loss")
        ax.legend()
        figure.savefig(arguments.plot, dpi=120)


if __name__ == "__main__":
    main()

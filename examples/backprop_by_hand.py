"""B3: back-propagation by hand in a network of eight weights (DRP, "Matrix Backpropagation").

Two inputs, two hidden sigmoid neurons, two sigmoid outputs, no biases, E = ½‖Y - Ȳ‖². The document takes ∂E/∂w₅ apart
into three factors; this prints them, their product and the automatic gradient, then repeats the update for all weights.
--graph FILE writes the computational graph with values and local derivatives (.svg to look at, .dot for Graphviz).
"""

import argparse

import numpy as np

from mmlcore import value_and_grad
from mmlcore.autodiff import trace

INPUTS = np.array([0.05, 0.10])
EXPECTED = np.array([0.01, 0.99])  # Ȳ
WEIGHTS = np.array([0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55])  # w₁ … w₈
RATE = 0.5  # γ


def sigmoid(x):
    """Formula (1) of the document."""
    return 1 / (1 + np.exp(-x))


def forward(w):
    """The hidden values σ = σ(T), T = (w₁x₁ + w₂x₂, w₃x₁ + w₄x₂), and the outputs Σ = σ(Y) likewise."""
    hidden = sigmoid(w[:4].reshape(2, 2) @ INPUTS)
    return hidden, sigmoid(w[4:].reshape(2, 2) @ hidden)


def error(w):
    """E = ½‖Σ - Ȳ‖²."""
    _, outputs = forward(w)
    return np.sum((outputs - EXPECTED) ** 2) / 2


def factors_of_w5(w):
    """The three factors of ∂E/∂w₅ that the document prints.

    It calls the second ∂Σ₁/∂σ₁ and the third ∂σ₁/∂w₅; with Y₁ = w₅σ₁ + w₆σ₂ they are ∂Σ₁/∂Y₁ and ∂Y₁/∂w₅.
    """
    hidden, outputs = forward(w)
    return outputs[0] - EXPECTED[0], outputs[0] * (1 - outputs[0]), hidden[0]


def main() -> None:
    """Print the factors and the gradient, then train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="train for 100 epochs instead of 10 000")
    parser.add_argument("--graph", metavar="FILE", help="write the computational graph to FILE (.svg or .dot)")
    arguments = parser.parse_args()
    epochs = 100 if arguments.quick else 10_000
    if arguments.graph:
        trace(error, WEIGHTS, values=True, derivatives=True).save(arguments.graph)

    step = value_and_grad(error)
    value, gradient = step(WEIGHTS)
    first, second, third = factors_of_w5(WEIGHTS)
    print(f"E                  = {value:.9f}")
    print(f"∂E/∂Σ₁ = Σ₁ - Ȳ₁   = {first:.9f}")
    print(f"Σ₁ (1 - Σ₁)        = {second:.9f}")
    print(f"σ₁                 = {third:.9f}")
    print(f"their product      = {first * second * third:.9f}")
    print(f"automatic ∂E/∂w₅   = {gradient[4]:.9f}")
    print(f"w₅' = w₅ - γ ∂E/∂w₅ = {WEIGHTS[4] - RATE * gradient[4]:.9f}")

    w = WEIGHTS
    for _ in range(epochs):
        value, gradient = step(w)
        w = w - RATE * gradient
    print(f"E after {epochs} epochs of all eight updates: {error(w):.3e}; outputs {forward(w)[1].round(4)}")


if __name__ == "__main__":
    main()

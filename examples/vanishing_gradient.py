"""How much a state knows of the past: ‖∂h_T/∂h_t‖ against the lag T - t, for a vanilla RNN and an LSTM (Notes 10.4).

python examples/vanishing_gradient.py --plot gradients.png
"""

import argparse
from typing import Any

import numpy as np

from mmlcore import jacobian, ops

UNITS, INPUTS = 32, 8


def weights(gates: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Glorot's for the inputs, orthogonal ones for the states, as layers begin; biases of 0."""
    limit = np.sqrt(6 / (INPUTS + gates * UNITS))
    u = np.concatenate([np.linalg.qr(rng.standard_normal((UNITS, UNITS)))[0] for _ in range(gates)], axis=1)
    return rng.uniform(-limit, limit, (INPUTS, gates * UNITS)), u, np.zeros(gates * UNITS)


def norms(cell: str, lags: list[int], seed: int = 0, forget_bias: float = 1.0) -> list[float]:
    """‖∂h_T/∂h_t‖, the largest singular value, for every lag T - t; an LSTM's state is (h, c)."""
    rng = np.random.default_rng(seed)
    w, u, bias = weights(4 if cell == "lstm" else 1, rng)
    if cell == "lstm":
        bias[UNITS : 2 * UNITS] = forget_bias
    x = rng.standard_normal((max(lags), 1, INPUTS))
    start = rng.uniform(-0.5, 0.5, (2 if cell == "lstm" else 1, 1, UNITS))
    found = []
    for lag in lags:

        def last(state: Any, lag: int = lag) -> Any:
            states = ops.recurrent(x[-lag:], w, u, bias, None, *state, cell=cell)
            return states[lag - 1, 0]

        slopes = np.asarray(jacobian(last)(start)).reshape(UNITS, -1)
        found.append(float(np.linalg.norm(slopes, 2)))
    return found


def main() -> None:
    """Print the norms, and draw them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer lags")
    parser.add_argument("--plot", metavar="FILE", help="draw the norms")
    options = parser.parse_args()
    lags = [1, 2, 4, 8, 16] if options.quick else [1, 2, 4, 8, 16, 32, 64, 96, 128]
    curves = {
        "RNN (tanh)": norms("tanh", lags),
        "LSTM, forget bias 1": norms("lstm", lags),
        "LSTM, forget bias 3": norms("lstm", lags, forget_bias=3.0),
    }
    print(f"{'lag':>5}" + "".join(f"{name:>22}" for name in curves))
    for i, lag in enumerate(lags):
        print(f"{lag:5d}" + "".join(f"{curve[i]:22.3e}" for curve in curves.values()))
    for name, curve in curves.items():
        rate = (curve[-1] / curve[0]) ** (1 / (lags[-1] - lags[0]))
        print(f"{name}: each step keeps {rate:.3f} of the gradient")
    if options.plot:
        draw(options.plot, lags, curves)


def draw(path: str, lags: list[int], curves: dict[str, list[float]]) -> None:
    """The norms on a logarithmic scale: a straight line is exponential decay, (10.2)."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    for name, curve in curves.items():
        axes.semilogy(lags, curve, marker="o", label=name)
    axes.set_xlabel("lag T - t")
    axes.set_ylabel("‖∂h_T/∂h_t‖")
    axes.legend()
    figure.savefig(path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()

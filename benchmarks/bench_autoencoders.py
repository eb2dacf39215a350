"""One epoch of a variational auto-encoder, 784-512-256-2 and back, batches of 128, Adam, against PyTorch.

Both start from the same weights, see the same batches in the same order and draw their codes with the same noise,
which PyTorch is given ready-made. The images are the package's digits, enlarged. They agree when the reconstructions
after the epoch do.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from harness import Case, Contender, close, installed, main

from mmlcore import _kernels
from mmlcore.datasets import load_digits
from mmlcore.layers import Dense
from mmlcore.models import VariationalAutoEncoder
from mmlcore.optimizers import Adam

WIDTHS, PIXELS, CODE, BATCH, RATE = (512, 256), 784, 2, 128, 1e-4
EPSILON = 1e-12  # Keras and PyTorch add it in different places: so small that it makes no difference


def images(n: int) -> np.ndarray:
    """Digits of 8×8 pixels as 24×24 in a frame of 28×28, over and over again."""
    small = load_digits()[0][0].reshape(-1, 8, 8)
    large = np.pad(small.repeat(3, axis=1).repeat(3, axis=2), ((0, 0), (2, 2), (2, 2)))
    return np.ascontiguousarray(np.resize(large.reshape(len(large), PIXELS), (n, PIXELS)))


def sizes() -> list[tuple[int, int]]:
    """Inputs and outputs of every dense layer."""
    down = itertools.pairwise((PIXELS, *WIDTHS))
    up = itertools.pairwise((CODE, *WIDTHS[::-1], PIXELS))
    return [*down, (WIDTHS[-1], 2 * CODE), *up]


def weights() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    found = []
    for i, o in sizes():
        limit = np.sqrt(6 / (i + o))
        found += [rng.uniform(-limit, limit, (i, o)).astype(np.float32), np.zeros(o, np.float32)]
    return found


def ours(x: np.ndarray) -> tuple[Contender, VariationalAutoEncoder]:
    encoder = [Dense(width, "relu") for width in WIDTHS]
    decoder = [Dense(width, "relu") for width in WIDTHS[::-1]]
    model = VariationalAutoEncoder(encoder, [*decoder, Dense(PIXELS, "sigmoid")], CODE, seed=0)
    optimizer = Adam(RATE, epsilon=EPSILON)
    model.build((None, PIXELS))
    model.compile(optimizer)
    start, sampling = weights(), model.layers[len(WIDTHS) + 1]

    def epoch() -> np.ndarray:
        optimizer.reset()
        model.set_weights(start)
        sampling.draw[0] = 0
        model.fit(x, batch_size=BATCH, shuffle=False, verbose=0)
        return model.reconstruct(x[:100])

    return epoch, model


def noise(model: VariationalAutoEncoder, steps: int) -> np.ndarray:
    """What the model draws in its first steps."""
    found, key = np.empty((steps, BATCH, CODE), np.float32), model.layers[len(WIDTHS) + 1].key
    for step, part in enumerate(found):
        _kernels.random_normal(part, 0.0, 1.0, key, np.array([step]))
    return found


def theirs(x: np.ndarray, drawn: np.ndarray) -> Contender:
    import torch
    from torch import nn
    from torch.nn import functional

    layers = [nn.Linear(i, o) for i, o in sizes()]
    parameters = [p for layer in layers for p in layer.parameters()]
    start = [torch.from_numpy(np.ascontiguousarray(w.T)) for w in weights()]
    tx, epsilon, middle = torch.from_numpy(x), torch.from_numpy(drawn), len(WIDTHS)

    def encode(batch: Any) -> Any:
        for layer in layers[:middle]:
            batch = functional.relu(layer(batch))
        return layers[middle](batch).chunk(2, dim=1)

    def decode(z: Any) -> Any:
        for layer in layers[middle + 1 : -1]:
            z = functional.relu(layer(z))
        return layers[-1](z)

    def epoch() -> np.ndarray:
        with torch.no_grad():
            for parameter, weight in zip(parameters, start, strict=True):
                parameter.copy_(weight)
        optimizer = torch.optim.Adam(parameters, lr=RATE, eps=EPSILON)
        for step, first in enumerate(range(0, len(x), BATCH)):
            batch = tx[first : first + BATCH]
            mean, log_variance = encode(batch)
            logits = decode(mean + torch.exp(0.5 * log_variance) * epsilon[step])
            rest = functional.binary_cross_entropy_with_logits(logits, batch, reduction="sum")
            kl = 0.5 * torch.sum(log_variance.exp() - 1 - log_variance + mean**2)
            optimizer.zero_grad()
            ((rest + kl) / len(batch)).backward()
            optimizer.step()
        with torch.no_grad():
            return torch.sigmoid(decode(encode(tx[:100])[0])).numpy()

    return epoch


def cases(quick: bool) -> Iterator[Case]:
    steps = 20 if quick else 100
    x = images(steps * BATCH)
    epoch, model = ours(x)
    contenders: dict[str, Contender] = {"mmlcore": epoch}
    if installed("torch"):
        contenders["torch"] = theirs(x, noise(model, steps))
    flops = 6.0 * BATCH * steps * sum(i * o for i, o in sizes())
    yield Case(f"VAE 784-512-256-2, {steps} Adam steps", contenders, close(5e-3), flops=flops, repeat=7)


if __name__ == "__main__":
    main("autoencoders", cases)

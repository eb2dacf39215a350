"""Convolutions alone and in the MNIST network of the Notes, beside PyTorch in both of its memory formats.

The network: 16, 32 and 32 filters 3×3, each with a rectifier and a 2×2 maximum, then ten classes; Adam. All contenders
start from the same weights and see the same batches in the same order.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from harness import Case, Contender, close, installed, main

import mmlcore
from mmlcore import ops
from mmlcore.layers import Conv2D, Dense, Flatten, MaxPooling2D
from mmlcore.models import Sequential

# n, channels, extent, filters, kernel, stride, zeros around
LAYERS = (
    (8, 128, 28, 128, 3, 1, 1),
    (8, 64, 56, 64, 3, 1, 1),
    (32, 16, 14, 32, 3, 1, 1),
    (1, 3, 227, 96, 11, 4, 0),
    (8, 256, 14, 256, 1, 1, 0),
)
FILTERS, BATCH, RATE, EPSILON = (16, 32, 32), 128, 1e-4, 1e-12
Layer = tuple[int, int, int, int, int, int, int]


def arrays(layer: Layer) -> tuple[np.ndarray, ...]:
    """x, w and the gradient of y, channels last."""
    n, channels, extent, filters, kernel, stride, pad = layer
    out = (extent + 2 * pad - kernel) // stride + 1
    rng = np.random.default_rng(0)
    shapes = (n, extent, extent, channels), (kernel, kernel, channels, filters), (n, out, out, filters)
    return tuple(rng.uniform(-1, 1, shape).astype(np.float32) for shape in shapes)


def ours(layer: Layer, back: bool) -> Contender:
    x, w, g = arrays(layer)
    *_, stride, pad = layer

    def forward() -> np.ndarray:
        return ops.conv(x, w, None, stride, pad)

    def both() -> np.ndarray:
        _, pullback = mmlcore.vjp(lambda x, w: ops.conv(x, w, None, stride, pad), x, w)
        return pullback(g)[1]

    return both if back else forward


def theirs(layer: Layer, back: bool, channels_last: bool) -> Contender:
    import torch

    form = torch.channels_last if channels_last else torch.contiguous_format
    x, w, g = arrays(layer)
    *_, stride, pad = layer
    tx, tg = (torch.from_numpy(a.transpose(0, 3, 1, 2)).contiguous(memory_format=form) for a in (x, g))
    tw = torch.from_numpy(w.transpose(3, 2, 0, 1)).contiguous(memory_format=form)

    def forward() -> np.ndarray:
        with torch.no_grad():
            return torch.conv2d(tx, tw, None, stride, pad).permute(0, 2, 3, 1).numpy()

    def both() -> np.ndarray:
        ax, aw = tx.detach().requires_grad_(), tw.detach().requires_grad_()
        torch.conv2d(ax, aw, None, stride, pad).backward(tg)
        return aw.grad.permute(2, 3, 1, 0).numpy()

    return both if back else forward


# ---- the network ---------------------------------------------------------------------------------------------------


def data(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((n, 28, 28, 1), np.float32), rng.integers(0, 10, n)


def model() -> Sequential:
    layers: list[Any] = []
    for filters in FILTERS:
        layers += [Conv2D(filters, 3, padding="same", activation="relu"), MaxPooling2D(2)]
    network = Sequential([*layers, Flatten(), Dense(10, "softmax")], seed=0)
    network.build((None, 28, 28, 1))
    network.compile(mmlcore.optimizers.Adam(RATE, epsilon=EPSILON), "sparse_categorical_crossentropy")
    return network


def our_epoch(x: np.ndarray, y: np.ndarray, capture: bool) -> Contender:
    network = model()
    start = network.get_weights()

    def epoch() -> np.ndarray:
        network.optimizer.reset()
        network.set_weights(start)
        network.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0, capture=capture)
        return network.predict(x[:100])

    return epoch


def their_network(channels_last: bool) -> Any:
    """The same network in PyTorch, with the same weights."""
    import torch
    from torch import nn

    class Channels(nn.Module):
        """As the dense layer's weights are ordered here: by pixel, then by channel."""

        def forward(self, x: Any) -> Any:
            return x.permute(0, 2, 3, 1).flatten(1)

    parts: list[Any] = []
    for before, filters in zip((1, *FILTERS), FILTERS, strict=False):
        parts += [nn.Conv2d(before, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    network = nn.Sequential(*parts, Channels(), nn.Linear(9 * FILTERS[-1], 10))
    weights = model().get_weights()
    with torch.no_grad():
        for parameter, weight in zip(network.parameters(), weights, strict=True):
            turned = weight.transpose(3, 2, 0, 1) if weight.ndim == 4 else weight.T
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(turned)))
    return network.to(memory_format=torch.channels_last) if channels_last else network


def their_epoch(x: np.ndarray, y: np.ndarray, channels_last: bool) -> Contender:
    import torch

    network = their_network(channels_last)
    start = [p.detach().clone() for p in network.parameters()]
    form = torch.channels_last if channels_last else torch.contiguous_format
    tx, ty = torch.from_numpy(x.transpose(0, 3, 1, 2)).contiguous(memory_format=form), torch.from_numpy(y)
    loss = torch.nn.CrossEntropyLoss()

    def epoch() -> np.ndarray:
        with torch.no_grad():
            for parameter, weight in zip(network.parameters(), start, strict=True):
                parameter.copy_(weight)
        adam = torch.optim.Adam(network.parameters(), lr=RATE, eps=EPSILON)
        for first in range(0, len(x), BATCH):
            adam.zero_grad()
            loss(network(tx[first : first + BATCH]), ty[first : first + BATCH]).backward()
            adam.step()
        with torch.no_grad():
            return network(tx[:100]).softmax(1).numpy()

    return epoch


def their_prediction(x: np.ndarray, channels_last: bool) -> Contender:
    import torch

    network = their_network(channels_last)
    form = torch.channels_last if channels_last else torch.contiguous_format
    tx = torch.from_numpy(x.transpose(0, 3, 1, 2)).contiguous(memory_format=form)

    def predict() -> np.ndarray:
        with torch.no_grad():
            return network(tx).softmax(1).numpy()

    return predict


def cases(quick: bool) -> Iterator[Case]:
    torch = installed("torch")
    formats = (("torch", False), ("torch channels last", True)) if torch else ()
    for layer in LAYERS:
        n, channels, extent, filters, kernel, stride, pad = layer
        out = (extent + 2 * pad - kernel) // stride + 1
        flops = 2.0 * n * out * out * filters * channels * kernel * kernel
        title = f"{n}×{channels}×{extent}², {filters} {kernel}×{kernel}" + (f" stride {stride}" if stride > 1 else "")
        for name, back in (("forward", False), ("forward and backward", True)):
            contenders = {"mmlcore": ours(layer, back)}
            contenders |= {peer: theirs(layer, back, last) for peer, last in formats}
            yield Case(f"{title}: {name}", contenders, close(1e-4), flops * (3 if back else 1), repeat=9)
    x, y = data(5 * BATCH)
    contenders = {"mmlcore": our_epoch(x, y, True), "mmlcore eager": our_epoch(x, y, False)}
    contenders |= {peer: their_epoch(x, y, last) for peer, last in formats}
    yield Case("MNIST CNN, 5 Adam steps of 128", contenders, close(5e-3), repeat=9)
    for n in (BATCH, 1):
        network = model()
        contenders = {"mmlcore": lambda network=network, n=n: network.predict(x[:n])}
        contenders |= {peer: their_prediction(x[:n], last) for peer, last in formats}
        yield Case(f"MNIST CNN, inference of {n}", contenders, close(1e-4))


if __name__ == "__main__":
    main("conv", cases)

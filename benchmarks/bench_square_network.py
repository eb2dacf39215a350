"""The x² network of mission row E6, 1-32-64-1 with sigmoids: fifty steps of SGD on batches of 200.

mmlcore runs Sequential.fit, PyTorch its eager loop over slices of the same array. Both start from the same
weights and see the same batches in the same order; they agree when their predictions afterwards do.
"""

from collections.abc import Iterator

import numpy as np
from harness import Case, Contender, close, installed, main

import mmlcore

SAMPLES, BATCH, RATE = (
    10_000,
    200,
    1e-4,
)  # at 0.01 the listing's targets, up to 100, make the first epoch chaotic


def data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).integers(-10, 10, (SAMPLES, 1)).astype(np.float32)
    return x, x * x


def initial_weights() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    sizes = ((1, 32), (32, 64), (64, 1))
    return [w for i, o in sizes for w in (rng.uniform(-0.4, 0.4, (i, o)).astype(np.float32), np.zeros(o, np.float32))]


def mmlcore_epoch(x: np.ndarray, y: np.ndarray) -> Contender:
    model = mmlcore.models.Sequential()
    model.add(mmlcore.layers.Dense(32, input_dim=1, activation="sigmoid"))
    model.add(mmlcore.layers.Dense(64, activation="sigmoid"))
    model.add(mmlcore.layers.Dense(1))
    model.compile(loss="mean_squared_error", optimizer=mmlcore.optimizers.SGD(learning_rate=RATE))
    weights = initial_weights()

    def epoch() -> np.ndarray:
        model.set_weights(weights)
        model.fit(x, y, epochs=1, batch_size=BATCH, shuffle=False, verbose=0)
        return model.predict(x[:100], batch_size=100, verbose=0)

    return epoch


def torch_epoch(x: np.ndarray, y: np.ndarray) -> Contender:
    import torch
    from torch import nn

    network = nn.Sequential(nn.Linear(1, 32), nn.Sigmoid(), nn.Linear(32, 64), nn.Sigmoid(), nn.Linear(64, 1))
    optimizer = torch.optim.SGD(network.parameters(), lr=RATE)
    loss_of = nn.MSELoss()
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    weights = [torch.from_numpy(np.ascontiguousarray(w.T)) for w in initial_weights()]

    def epoch() -> np.ndarray:
        with torch.no_grad():
            for parameter, weight in zip(network.parameters(), weights, strict=True):
                parameter.copy_(weight)
        for start in range(0, SAMPLES, BATCH):
            optimizer.zero_grad()
            loss = loss_of(network(tx[start : start + BATCH]), ty[start : start + BATCH])
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            return network(tx[:100]).numpy()

    return epoch


def cases(quick: bool) -> Iterator[Case]:
    x, y = data()
    contenders = {"mmlcore": mmlcore_epoch(x, y)}
    if installed("torch"):
        contenders["torch"] = torch_epoch(x, y)
    yield Case("x² network, 50 SGD steps", contenders, close(1e-3))


if __name__ == "__main__":
    main("square_network", cases)

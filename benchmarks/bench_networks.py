"""Training steps and predictions: the x² network of E6 and 784-128-64-10, eager and captured, against the peers.

All contenders start from the same weights and see the same batches in the same order. PyTorch runs its eager loop over
slices of the same array; JAX one jitted function, with lax.scan over the batches of an epoch. They agree when their
predictions after the epoch do.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from harness import Case, Contender, close, installed, main

import mmlcore
from mmlcore.layers import Dense
from mmlcore.models import Sequential

SQUARE = {"sizes": (1, 32, 64, 1), "activation": "sigmoid", "batch": 200, "rate": 1e-4}
DIGITS = {"sizes": (784, 128, 64, 10), "activation": "relu", "batch": 128, "rate": 1e-4}
EPSILON = 1e-12  # Keras and PyTorch add it in different places: so small that it makes no difference


def square_data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).integers(-10, 10, (10_000, 1)).astype(np.float32)
    return x, x * x


def digit_data(n: int = 12_800) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((n, 784), np.float32), rng.integers(0, 10, n)


def weights(sizes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    found = []
    for i, o in itertools.pairwise(sizes):
        limit = np.sqrt(6 / (i + o))
        found += [rng.uniform(-limit, limit, (i, o)).astype(np.float32), np.zeros(o, np.float32)]
    return found


def ours(spec: dict[str, Any], x: np.ndarray, y: np.ndarray, capture: bool) -> Contender:
    sizes = spec["sizes"]
    classes = y.ndim == 1
    layers = [Dense(units, spec["activation"]) for units in sizes[1:-1]]
    model = Sequential([*layers, Dense(sizes[-1], "softmax" if classes else None)])
    model.build((None, sizes[0]))
    optimizer = (
        mmlcore.optimizers.Adam(spec["rate"], epsilon=EPSILON) if classes else mmlcore.optimizers.SGD(spec["rate"])
    )
    model.compile(optimizer, "sparse_categorical_crossentropy" if classes else "mse")
    start = weights(sizes)

    def epoch() -> np.ndarray:
        optimizer.reset()
        model.set_weights(start)
        model.fit(x, y, batch_size=spec["batch"], shuffle=False, verbose=0, capture=capture)
        return model.predict(x[:100])

    return epoch


def torch_epoch(spec: dict[str, Any], x: np.ndarray, y: np.ndarray, loader: bool = False) -> Contender:
    import torch
    from torch import nn

    sizes, classes, batch = spec["sizes"], y.ndim == 1, spec["batch"]
    activation = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}[spec["activation"]]
    parts: list[Any] = []
    for i, o in itertools.pairwise(sizes):
        parts += [nn.Linear(i, o), activation()]
    network = nn.Sequential(*parts[:-1])
    loss_of = nn.CrossEntropyLoss() if classes else nn.MSELoss()
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    start = [torch.from_numpy(np.ascontiguousarray(w.T)) for w in weights(sizes)]
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(tx, ty), batch_size=batch)

    def sliced() -> Iterator[Any]:
        for first in range(0, len(x), batch):
            yield tx[first : first + batch], ty[first : first + batch]

    def epoch() -> np.ndarray:
        with torch.no_grad():
            for parameter, weight in zip(network.parameters(), start, strict=True):
                parameter.copy_(weight)
        adam = {"lr": spec["rate"], "eps": EPSILON}
        optimizer = (
            torch.optim.Adam(network.parameters(), **adam)
            if classes
            else torch.optim.SGD(network.parameters(), lr=spec["rate"])
        )
        for bx, by in data if loader else sliced():
            optimizer.zero_grad()
            loss_of(network(bx), by).backward()
            optimizer.step()
        with torch.no_grad():
            out = network(tx[:100])
            return (out.softmax(1) if classes else out).numpy()

    return epoch


def jax_epoch(spec: dict[str, Any], x: np.ndarray, y: np.ndarray) -> Contender:
    import jax
    import jax.numpy as jnp

    sizes, classes, batch, rate = spec["sizes"], y.ndim == 1, spec["batch"], spec["rate"]
    activation = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}[spec["activation"]]
    n = len(x) // batch
    bx, by = jnp.asarray(x.reshape(n, batch, -1)), jnp.asarray(y.reshape(n, batch, *y.shape[1:]))
    start = [jnp.asarray(w) for w in weights(sizes)]

    def forward(p: list[Any], x: Any) -> Any:
        for i in range(0, len(p) - 2, 2):
            x = activation(x @ p[i] + p[i + 1])
        return x @ p[-2] + p[-1]

    def loss(p: list[Any], x: Any, y: Any) -> Any:
        z = forward(p, x)
        if not classes:
            return jnp.mean((z - y) ** 2)
        return jnp.mean(jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, y[:, None], 1)[:, 0])

    def sgd(carry: Any, data: Any) -> Any:
        p = carry
        g = jax.grad(loss)(p, *data)
        return [a - rate * b for a, b in zip(p, g, strict=True)], None

    def adam(carry: Any, data: Any) -> Any:
        p, m, v, t = carry
        g = jax.grad(loss)(p, *data)
        t = t + 1
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
        v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g, strict=True)]
        step = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        p = [a - step * b / (jnp.sqrt(c) + EPSILON) for a, b, c in zip(p, m, v, strict=True)]
        return (p, m, v, t), None

    zeros = [jnp.zeros_like(w) for w in start]
    carry = (start, zeros, zeros, jnp.zeros(())) if classes else start
    run = jax.jit(lambda c: jax.lax.scan(adam if classes else sgd, c, (bx, by))[0])
    predict = jax.jit(lambda p: jax.nn.softmax(forward(p, x[:100])) if classes else forward(p, x[:100]))

    def epoch() -> np.ndarray:
        end = run(carry)
        return np.asarray(predict(end[0] if classes else end))

    return epoch


def one_row() -> Case:
    model = Sequential([Dense(32, "sigmoid", input_dim=1), Dense(64, "sigmoid"), Dense(1)])
    start = weights((1, 32, 64, 1))
    model.set_weights(start)
    row = np.array([[3.0]], np.float32)
    contenders: dict[str, Callable[[], Any]] = {"mmlcore": lambda: model.predict(row)}
    if installed("torch"):
        import torch
        from torch import nn

        network = nn.Sequential(nn.Linear(1, 32), nn.Sigmoid(), nn.Linear(32, 64), nn.Sigmoid(), nn.Linear(64, 1))
        with torch.no_grad():
            for parameter, weight in zip(network.parameters(), start, strict=True):
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(weight.T)))
        tensor = torch.from_numpy(row)

        def predict() -> Any:
            with torch.no_grad():
                return network(tensor).numpy()

        contenders["torch"] = predict
    return Case("x² network, predict one row", contenders, close(1e-5))


def cases(quick: bool) -> Iterator[Case]:
    for title, spec, data in (
        ("x² network, 50 SGD steps", SQUARE, square_data()),
        ("784-128-64-10, 100 Adam steps", DIGITS, digit_data()),
    ):
        contenders = {"mmlcore": ours(spec, *data, capture=True), "mmlcore eager": ours(spec, *data, capture=False)}
        if installed("torch"):
            contenders["torch"] = torch_epoch(spec, *data)
        if installed("jax"):
            contenders["jax scan"] = jax_epoch(spec, *data)
        yield Case(title, contenders, close(5e-3), repeat=9)
    if installed("torch"):
        data = digit_data()
        contenders = {
            "mmlcore": ours(DIGITS, *data, capture=True),
            "torch DataLoader": torch_epoch(DIGITS, *data, True),
        }
        yield Case("784-128-64-10, 100 Adam steps through a loader", contenders, close(5e-3), repeat=5)
    yield one_row()


if __name__ == "__main__":
    main("networks", cases)

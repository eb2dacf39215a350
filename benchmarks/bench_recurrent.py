"""Language models: a training step (50 × 50 characters, vocabulary 65, Adam), and characters written one by one.

Every contender starts from the same weights and sees the same chunk again and again, the state carried on; they agree
when the losses of their first steps do. PyTorch gets its one-hot matrix ready made. With one thread and two:
python benchmarks/bench_recurrent.py --threads 1

The LSTMs that J. Johnson's torch-rnn published times of, forward and backward, have these in their names.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from harness import Case, Contender, close, installed, main

from mmlcore.models import CharLM
from mmlcore.models.language_text import Corpus

STEPS, BATCH, VOCABULARY, RATE = 50, 50, 65, 1e-3
LETTERS = "".join(chr(48 + i) for i in range(VOCABULARY))
SIZES = [("lstm", 2, 128), ("lstm", 2, 256), ("lstm", 1, 512), ("gru", 2, 128), ("rnn", 2, 128)]
TORCH_RNN = [("lstm", 1, 64), ("lstm", 1, 128), ("lstm", 1, 256), ("lstm", 2, 64)]  # the others are above
TITAN_X = {(1, 64): 18, (1, 128): 22, (1, 256): 32, (2, 64): 33, (2, 128): 42, (2, 256): 68}  # ms, forward and backward


def text() -> str:
    ids = np.random.default_rng(0).integers(0, VOCABULARY, STEPS * BATCH + 1)
    ids[:VOCABULARY] = np.arange(VOCABULARY)
    return "".join(LETTERS[i] for i in ids)


def model_of(cell: str, layers: int, hidden: int) -> CharLM:
    model = CharLM(hidden, layers, cell, seed=1)
    model.fit(text(), epochs=0, seq_length=STEPS, batch_size=BATCH, learning_rate=RATE, clip=None)
    return model


def ours(cell: str, layers: int, hidden: int) -> Contender:
    model = model_of(cell, layers, hidden)
    corpus = Corpus.from_text(text(), model.vocabulary)
    step = model._step
    assert step is not None
    step.x[...] = corpus.ids[:-1].reshape(BATCH, STEPS).T
    step.y[...] = corpus.ids[1:].reshape(BATCH, STEPS).T.ravel()

    def run() -> np.ndarray:
        step()
        return step.value.copy()

    return run


def torch_network(model: CharLM) -> Any:
    """PyTorch's layers with the weights of ours; its GRU wants r z n where ours has z r n."""
    import torch
    from torch import nn

    cls = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[model.cell]
    recurrent = cls(len(model.vocabulary), model.hidden, model.layers)
    decoder = nn.Linear(model.hidden, len(model.vocabulary))

    def order(array: np.ndarray) -> Any:
        if model.cell == "gru":
            z, r, n = np.split(array, 3, axis=-1)
            array = np.concatenate([r, z, n], axis=-1)
        return torch.from_numpy(np.ascontiguousarray(array.T))

    with torch.no_grad():
        for i, layer in enumerate(model._layers):
            getattr(recurrent, f"weight_ih_l{i}").copy_(order(layer.kernel))
            getattr(recurrent, f"weight_hh_l{i}").copy_(order(layer.recurrent_kernel))
            biases = layer.bias if model.cell == "gru" else [layer.bias, np.zeros_like(layer.bias)]
            getattr(recurrent, f"bias_ih_l{i}").copy_(order(biases[0]))
            getattr(recurrent, f"bias_hh_l{i}").copy_(order(biases[1]))
        decoder.weight.copy_(torch.from_numpy(model._decoder.kernel.T.copy()))
        decoder.bias.copy_(torch.from_numpy(model._decoder.bias.copy()))
    return recurrent, decoder


def torch_step(cell: str, layers: int, hidden: int) -> Contender:
    import torch

    model = model_of(cell, layers, hidden)
    recurrent, decoder = torch_network(model)
    ids = torch.from_numpy(Corpus.from_text(text(), model.vocabulary).ids.astype(np.int64))
    x = torch.nn.functional.one_hot(ids[:-1].reshape(BATCH, STEPS).T, VOCABULARY).float().contiguous()
    y = ids[1:].reshape(BATCH, STEPS).T.reshape(-1)
    optimizer = torch.optim.Adam([*recurrent.parameters(), *decoder.parameters()], lr=RATE)
    loss_of = torch.nn.CrossEntropyLoss()
    state: Any = None

    def run() -> np.ndarray:
        nonlocal state
        optimizer.zero_grad()
        hidden_states, state = recurrent(x, state)
        state = tuple(s.detach() for s in state) if cell == "lstm" else state.detach()
        loss = loss_of(decoder(hidden_states).reshape(-1, VOCABULARY), y)
        loss.backward()
        optimizer.step()
        return loss.detach().numpy().reshape(1)

    return run


def ours_writing(length: int) -> Contender:
    model = model_of("lstm", 2, 128)
    return lambda: np.array([ord(c) for c in model.sample(length, temperature=0, prime=LETTERS[0])])


def torch_writing(length: int) -> Contender:
    import torch

    model = model_of("lstm", 2, 128)
    recurrent, decoder = torch_network(model)
    identity = torch.eye(VOCABULARY)

    def run() -> np.ndarray:
        found, state, x = [], None, identity[0].reshape(1, 1, -1)
        with torch.no_grad():
            for _ in range(length):
                h, state = recurrent(x, state)
                number = int(decoder(h.reshape(1, -1)).argmax())
                found.append(ord(LETTERS[number]))
                x = identity[number].reshape(1, 1, -1)
        return np.array(found)

    return run


def known(cell: str, layers: int, hidden: int) -> bool:
    """Whether torch-rnn's authors published a time."""
    return cell == "lstm" and (layers, hidden) in TITAN_X


def cases(quick: bool) -> Iterator[Case]:
    for cell, layers, hidden in SIZES[:1] if quick else SIZES + TORCH_RNN:
        contenders = {"mmlcore": ours(cell, layers, hidden)}
        if installed("torch"):
            contenders["torch"] = torch_step(cell, layers, hidden)
        published = f" (torch-rnn on a Titan X: {TITAN_X[layers, hidden]} ms)" if known(cell, layers, hidden) else ""
        name = f"{cell} {layers}×{hidden}, training step{published}"
        yield Case(name, contenders, close(1e-4), repeat=9, shortest=0.1)
    length = 50
    contenders = {"mmlcore": ours_writing(length)}
    if installed("torch"):
        contenders["torch"] = torch_writing(length)
    yield Case(f"lstm 2×128, {length} characters one by one", contenders, close(0), repeat=9)


if __name__ == "__main__":
    main("recurrent", cases)

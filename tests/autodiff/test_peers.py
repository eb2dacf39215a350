"""Random compositions against PyTorch's and autograd's derivatives, where these are installed.

A program is written once for any namespace; what the libraries call differently is adapted in one place.
"""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmlcore import grad, hvp, jacobian, jvp

EXAMPLES = 200

# step -> (function of a namespace and arrays of shape (3, 3), to one of that shape)
ONE = {
    "sin": lambda xp, x: xp.sin(x),
    "exp": lambda xp, x: xp.exp(xp.tanh(x)),
    "log1p": lambda xp, x: xp.log1p(x * x),
    "sqrt": lambda xp, x: xp.sqrt(x * x + 1),
    "sinh": lambda xp, x: xp.sinh(xp.sin(x)),
    "arctan": lambda xp, x: xp.arctan(x),
    "arcsinh": lambda xp, x: xp.arcsinh(x),
    "power": lambda xp, x: (x * x + 0.5) ** 1.5 / (1 + x * x),
    "reciprocal": lambda xp, x: 1 / (2 + xp.cos(x)),
    "centre": lambda xp, x: x - xp.mean(x, axis=0, keepdims=True),
    "normalise": lambda xp, x: x / (1 + xp.sum(x * x, axis=1, keepdims=True)),
    "product": lambda xp, x: x + xp.prod(xp.tanh(x), axis=1)[:, None],
    "running sum": lambda xp, x: xp.cumsum(x, axis=1) / 3,
    "transpose": lambda xp, x: x.T,
    "flat": lambda xp, x: xp.reshape(xp.reshape(x, (9,)), (3, 3)).T,
    "roll": lambda xp, x: xp.roll(x, 1, 0),
    "flip": lambda xp, x: xp.flip(x, (1,)),
    "triangle": lambda xp, x: xp.tril(x) + 0.1 * x,
    "rows": lambda xp, x: x[[0, 2, 2]],
    "corner": lambda xp, x: x * x[0, 1],
    "where": lambda xp, x: xp.where(x > 0.1, x, 0.3 * x),
    "gram": lambda xp, x: xp.tanh(xp.matmul(x, x.T)),
    "kron": lambda xp, x: xp.kron(x, xp.tanh(x))[:3, 4:7],
}
TWO = {
    "add": lambda xp, x, y: x + 0.5 * y,
    "subtract": lambda xp, x, y: x - y[1],
    "multiply": lambda xp, x, y: xp.tanh(x) * y,
    "divide": lambda xp, x, y: x / (1 + y * y),
    "hypot": lambda xp, x, y: xp.sqrt(x * x + y * y + 0.1),
    "angle": lambda xp, x, y: xp.arctan2(x, 2 + y * y),
    "logaddexp": lambda xp, x, y: xp.logaddexp(x, y),
    "maximum": lambda xp, x, y: xp.maximum(x, y + 0.05),
    "matmul": lambda xp, x, y: xp.tanh(xp.matmul(x, y)),
    "einsum": lambda xp, x, y: xp.tanh(xp.einsum("ij,kj,k->ik", x, y, y[0])),
    "tensordot": lambda xp, x, y: xp.sin(xp.tensordot(x, y, 1)),
    "outer": lambda xp, x, y: xp.outer(x[:, 0], y[1]),
    "join": lambda xp, x, y: xp.concatenate([x[:1], y[1:]], axis=0),
    "stack": lambda xp, x, y: xp.sum(xp.stack([x, y, x * y], axis=0), axis=0),
}
STEPS = st.one_of(
    st.tuples(st.sampled_from(sorted(ONE)), st.integers(0, 9), st.just(0)),
    st.tuples(st.sampled_from(sorted(TWO)), st.integers(0, 9), st.integers(0, 9)),
)
PROGRAMS = st.lists(STEPS, min_size=1, max_size=7)


def run(xp, program, *inputs):
    results = list(inputs)
    for name, i, j in program:
        x, y = results[i % len(results)], results[j % len(results)]
        results.append(ONE[name](xp, x) if name in ONE else TWO[name](xp, x, y))
    return results[-1]


class Adapted:
    """A namespace with replacements for what it has not."""

    def __init__(self, namespace, **replacements):
        self.namespace, self.replacements = namespace, replacements

    def __getattr__(self, name):
        return self.replacements.get(name) or getattr(self.namespace, name)


def drawn(seed):
    return np.random.default_rng(seed).uniform(-1, 1, (4, 3, 3))


def agree(ours, theirs):
    scale = 1 + np.max(np.abs(theirs), initial=0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10 * scale)


@given(PROGRAMS, st.integers(0, 2**16))
@settings(max_examples=EXAMPLES, deadline=None)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
def test_against_torch(program, seed):
    torch = pytest.importorskip("torch")
    x, y, v, weights = drawn(seed)
    tx, ty, tv, tw = map(torch.from_numpy, (x, y, v, weights))
    ours = lambda x, y: np.sum(weights * run(np, program, x, y))  # noqa: E731
    theirs = lambda x, y: torch.sum(tw * run(torch, program, x, y))  # noqa: E731
    for mine, peer in zip(grad(ours, (0, 1))(x, y), torch.func.grad(theirs, (0, 1))(tx, ty), strict=True):
        agree(mine, peer.numpy())
    agree(jvp(ours, (x, y), (v, v))[1], torch.func.jvp(theirs, (tx, ty), (tv, tv))[1].numpy())
    peer = torch.func.jvp(lambda x: torch.func.grad(theirs)(x, ty), (tx,), (tv,))[1]
    agree(hvp(ours)(x, y, v), peer.numpy())
    J = torch.func.jacrev(lambda x: run(torch, program, x, ty))(tx)
    for mode in ("forward", "reverse"):
        agree(jacobian(lambda x: run(np, program, x, y), mode=mode)(x), J.numpy())


@given(PROGRAMS, st.integers(0, 2**16))
@settings(max_examples=EXAMPLES, deadline=None)
@pytest.mark.filterwarnings("ignore:Output seems independent of input")
def test_against_autograd(program, seed):
    autograd = pytest.importorskip("autograd")
    anp = Adapted(
        importlib.import_module("autograd.numpy"),
        flip=lambda x, axes: x[:, ::-1],
        prod=lambda x, axis: x[:, 0] * x[:, 1] * x[:, 2],  # its rule divides by the factors: NaN where one is zero
    )
    x, y, v, weights = drawn(seed)
    ours = lambda x, y: np.sum(weights * run(np, program, x, y))  # noqa: E731
    theirs = lambda x, y: anp.sum(weights * run(anp, program, x, y))  # noqa: E731
    for i in (0, 1):
        agree(grad(ours, i)(x, y), autograd.grad(theirs, i)(x, y))
    product = autograd.grad(lambda x: anp.sum(autograd.grad(theirs)(x, y) * v))(x)
    agree(hvp(ours)(x, y, v), product)

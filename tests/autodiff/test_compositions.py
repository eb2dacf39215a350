"""Random programs of a few steps: their gradients match finite differences, whatever is put after what."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmlcore import check_grads, ops

# From two arrays of shape (3, 4), and to one of that shape: smooth steps, kept to moderate values.
UNARY = {
    "exp": lambda x: np.exp(np.tanh(x)),
    "log1p": lambda x: np.log1p(x * x),
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "sqrt": lambda x: np.sqrt(x**2 + 1),
    "sigmoid": ops.sigmoid,
    "softplus": ops.softplus,
    "softmax": ops.softmax,
    "log_softmax": lambda x: ops.log_softmax(x, axis=0),
    "reciprocal": lambda x: 1 / (2 + np.sin(x)),
    "negative": lambda x: -x,
    "cube": lambda x: np.tanh(x) ** 3,
    "centre": lambda x: x - np.mean(x, axis=0),
    "scale": lambda x: x / np.linalg.norm(x + 3, axis=1, keepdims=True),
    "row": lambda x: x[1] + x,
    "repeat": lambda x: x[[0, 2, 2]],
    "mask": lambda x: np.where(np.arange(12).reshape(3, 4) % 2 == 0, x, 0.5 * x),
    "reverse": lambda x: x[::-1, ::-1],
    "turn": lambda x: np.reshape(x.T, (3, 4)),
    "gram": lambda x: np.tanh(x @ x.T @ x),
    "split": lambda x: np.concatenate([x[:, 2:], x[:, :2] ** 2], axis=1),
    "spread": lambda x: x * np.std(x, axis=1, keepdims=True) + np.var(x),
    "total": lambda x: x + np.sum(x) / 12,
    "logsumexp": lambda x: x - ops.logsumexp(x, axis=1, keepdims=True),
}
BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": lambda x, y: np.tanh(x) * y,
    "divide": lambda x, y: x / (1 + y * y),
    "power": lambda x, y: (1 + x * x) ** np.sin(y),
    "product": lambda x, y: np.tanh(x @ y.T @ x),
    "stack": lambda x, y: np.sum(np.stack([x, y, x * y]), axis=0),
    "dense": lambda x, y: ops.dense(x, y.T @ x, y[0], "tanh"),
    "outer": lambda x, y: np.outer(x[:, 0], y[0]),
    "column": lambda x, y: x + y[:, :1] * y[1],
}
STEPS = st.one_of(
    st.tuples(st.sampled_from(sorted(UNARY)), st.integers(0, 9), st.just(0)),
    st.tuples(st.sampled_from(sorted(BINARY)), st.integers(0, 9), st.integers(0, 9)),
)


def run(program, *inputs):
    """Each step applies a function to results so far; the last one is returned."""
    results = list(inputs)
    for name, i, j in program:
        x, y = results[i % len(results)], results[j % len(results)]
        results.append(UNARY[name](x) if name in UNARY else BINARY[name](x, y))
    return results[-1]


@given(st.lists(STEPS, min_size=1, max_size=6), st.integers(0, 2**16))
@settings(max_examples=80)
def test_random_programs(program, seed):
    x, y = np.random.default_rng(seed).uniform(-1, 1, (2, 3, 4))
    check_grads(lambda x, y: run(program, x, y), (x, y), order=2, rtol=1e-5, atol=1e-5)

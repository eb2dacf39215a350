"""Derivatives of NumPy code: mmlcore against PyTorch, autograd and JAX without jit, where they are installed.

Overheads are those of 100 operations in a row; the NumPy column is the same function without a derivative.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from harness import Case, Contender, close, installed, main

import mmlcore
from mmlcore.autodiff.tape import Tape, backward
from mmlcore.autodiff.tensor import Tensor

RANDOM = np.random.default_rng(0)
REPEATED = 100
Function = Callable[[Any], Any]


def repeated(step: Function) -> Function:
    """One operation 100 times, one after the other."""

    def f(x: Any) -> Any:
        for _ in range(REPEATED):
            x = step(x)
        return x

    return f


def recording(f: Function, x: Any, name: str, own: dict[str, Function] | None = None) -> Iterator[Case]:
    """The forward pass while it is being recorded, and the backward pass alone; `own`: f in a peer's own functions."""
    own = {"torch": f, "autograd": f} if own is None else own
    ones = np.ones_like(x)
    _, pullback = mmlcore.vjp(f, x)
    forward: dict[str, Contender] = {"mmlcore": lambda: mmlcore.vjp(f, x)[0], "numpy": lambda: f(x)}
    backward: dict[str, Contender] = {"mmlcore": lambda: pullback(ones)[0]}
    if installed("torch"):
        import torch

        leaf, grads = torch.tensor(x, requires_grad=True), torch.tensor(ones)
        g = own["torch"]
        result = g(leaf)
        forward["torch"] = lambda: g(leaf).detach()
        backward["torch"] = lambda: torch.autograd.grad(result, leaf, grads, retain_graph=True)[0]
    if installed("autograd") and "autograd" in own:
        from autograd.core import make_vjp

        h = own["autograd"]
        taped, _ = make_vjp(h, x)
        forward["autograd"] = lambda: make_vjp(h, x)[1]
        backward["autograd"] = lambda: taped(ones)
    yield Case(f"{name}: forward, recorded", forward, close(1e-12))
    yield Case(f"{name}: backward", backward, close(1e-12))


def overheads() -> Iterator[Case]:
    for x, label in ((np.float64(0.3), "0-d"), (np.array([0.1, 0.2, 0.3, 0.4]), "4 numbers")):
        for step, name in ((lambda t: t * 1.01, "multiply"), (lambda t: t + 0.01, "add"), (lambda t: -t, "negative")):
            yield from recording(repeated(step), x, f"100 × {name}, {label}")
    yield from of_two_numbers()
    yield from each_alone()
    a = RANDOM.normal(size=(4, 4)) / 4
    for dtype in (np.float64, np.float32):
        w, x, out = a.astype(dtype), np.eye(4, dtype=dtype), np.empty((4, 4), dtype)
        product = repeated(lambda t, w=w: t @ w)

        def into(w: Any = w, x: Any = x, out: Any = out) -> Any:
            for _ in range(REPEATED):
                np.matmul(x, w, out=out)
            return out

        contenders: dict[str, Contender] = {
            "mmlcore": lambda f=product, x=x: mmlcore.vjp(f, x)[0],
            "numpy matmul(out=)": into,
        }
        yield Case(f"100 × t @ w recorded, 4×4 {np.dtype(dtype).name}", contenders, agree=lambda ours, theirs: None)


def with_second(f: Callable[[Any, Any], Any], c: Any) -> Function:
    return repeated(lambda t: f(t, c))


def of_two_numbers() -> Iterator[Case]:
    x, c = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.9, 0.8, 0.7, 0.6])
    yield from recording(repeated(lambda t: t**1.01), x, "100 × power, 4 numbers")
    for name in ("hypot", "maximum", "logaddexp"):
        own: dict[str, Function] = {}
        if installed("torch"):
            import torch

            own["torch"] = with_second(getattr(torch, name), torch.from_numpy(c))
        yield from recording(with_second(getattr(np, name), c), x, f"100 × {name}, 4 numbers", own)


def of_one(name: str) -> Callable[[Any, Any], Any]:
    f = getattr(np, name)
    return lambda t, c: f(t)


def of_two(name: str) -> Callable[[Any, Any], Any]:
    f = getattr(np, name)
    return lambda t, c: f(t, c)


ONE = "negative exp log sin tanh sqrt square absolute arctan cosh tan"
TWO = "add subtract multiply divide power hypot maximum minimum arctan2 fmax fmin logaddexp logaddexp2 copysign fmod"
# One call each, of a vector of four numbers and another; `NUMBERS` those that take single numbers as well.
NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    **{name: of_one(name) for name in ONE.split()},
    **{name: of_two(name) for name in TWO.split()},
    "t ** 2": lambda t, c: t**2,
    "clip": lambda t, c: np.clip(t, 0.0, 1.0),
    "where": lambda t, c: np.where(True, t, c),
    "sum": lambda t, c: np.sum(t),
    "t.sum()": lambda t, c: t.sum(),
    "mean": lambda t, c: np.mean(t),
    "max": lambda t, c: np.max(t),
    "reshape": lambda t, c: np.reshape(t, (1, -1)),
    "t.reshape()": lambda t, c: t.reshape(1, -1),
    "ravel": lambda t, c: np.ravel(t),
    "transpose": lambda t, c: np.transpose(t),
    "t[None]": lambda t, c: t[None],
    "stack": lambda t, c: np.stack((t, c)),
}
IDENTITY = np.eye(4)
VECTORS: dict[str, Callable[[Any, Any], Any]] = {
    **NUMBERS,
    "t[1]": lambda t, c: t[1],
    "t[1:3]": lambda t, c: t[1:3],
    "t[[0, 1]]": lambda t, c: t[[0, 1]],
    "concatenate": lambda t, c: np.concatenate((t, c)),
    "sort": lambda t, c: np.sort(t),
    "cumsum": lambda t, c: np.cumsum(t),
    "t @ c": lambda t, c: t @ c,
    "dot": lambda t, c: np.dot(t, c),
    "I @ t": lambda t, c: IDENTITY @ t,
    "einsum i,i->": lambda t, c: np.einsum("i,i->", t, c),
    "linalg.norm": lambda t, c: np.linalg.norm(t),
}


def each_alone() -> Iterator[Case]:
    """One primitive 100 times on one input, recorded; and the walk back over 100 of it, each of an input of its own."""
    points = (
        ((np.float64(0.3), np.float64(0.9)), "0-d", NUMBERS),
        (
            (np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.9, 0.8, 0.7, 0.6])),
            "4 numbers",
            VECTORS,
        ),
    )
    for (x, c), label, table in points:
        for name, call in table.items():
            yield from alone(lambda t, call=call, c=c: call(t, c), x, f"100 × {name} alone, {label}")


def alone(step: Function, x: Any, name: str) -> Iterator[Case]:
    def recorded() -> Any:
        tape = Tape(1)
        t = Tensor(x, tape, 0)
        return [step(t) for _ in range(REPEATED)]

    tape = Tape(REPEATED)
    results = [step(Tensor(x, tape, i)) for i in range(REPEATED)]
    nodes, seeds = tape.close(), [(t.node, np.ones_like(t.value)[()]) for t in results]
    forward: dict[str, Contender] = {"mmlcore": recorded, "numpy": lambda: [step(x) for _ in range(REPEATED)]}
    back: dict[str, Contender] = {"mmlcore": lambda: backward(list(nodes), seeds, REPEATED)}
    yield Case(f"{name}: forward, recorded", forward, agree=lambda ours, theirs: None)  # no numbers: the tests compare
    yield Case(f"{name}: backward", back, agree=lambda ours, theirs: None)


def chain_of(sin: Function, total: Function) -> Function:
    def f(x: Any) -> Any:
        y = x
        for _ in range(REPEATED // 4):
            y = y * 1.01
            y = y + x
            y = sin(y)
            y = y * y
        return total(y)

    return f


def chain() -> Iterator[Case]:
    x = np.array([0.1, 0.2, 0.3, 0.4])
    ours = mmlcore.grad(chain_of(np.sin, np.sum))
    contenders: dict[str, Contender] = {"mmlcore": lambda: ours(x)}
    if installed("torch"):
        import torch

        leaf, f = torch.tensor(x, requires_grad=True), chain_of(torch.sin, torch.sum)
        contenders["torch"] = lambda: torch.autograd.grad(f(leaf), leaf)[0]
    if installed("autograd"):
        import autograd
        import autograd.numpy as anp

        theirs = autograd.grad(chain_of(anp.sin, anp.sum))
        contenders["autograd"] = lambda: theirs(x)
    if installed("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)
        eager, jx = jax.grad(chain_of(jax.numpy.sin, jax.numpy.sum)), jax.numpy.asarray(x)
        contenders["jax without jit"] = lambda: eager(jx).block_until_ready()
    yield Case("gradient of a chain of 100 operations on 4 numbers", contenders, close(1e-10))


def logistic(quick: bool) -> Iterator[Case]:
    n, d = (1_000, 20) if quick else (10_000, 100)
    raw = RANDOM.normal(size=(n, d))
    for dtype in (np.float64, np.float32):
        X = ((raw - raw.mean(axis=0)) / raw.std(axis=0)).astype(dtype)  # standardised, as one would
        y, w = (RANDOM.uniform(size=n) < 0.5).astype(dtype), (RANDOM.normal(size=d) / 10).astype(dtype)

        def loss(w: Any, np: Any = np, X: Any = X, y: Any = y) -> Any:
            s = X @ w
            return np.mean(np.logaddexp(0, s) - y * s)

        ours = mmlcore.grad(loss)
        contenders: dict[str, Contender] = {"mmlcore": lambda g=ours, w=w: g(w)}
        if installed("torch"):
            contenders["torch"] = logistic_in_torch(X, y, w)
        if installed("autograd"):
            contenders["autograd"] = logistic_in_autograd(X, y, w)
        yield Case(f"logistic loss {n}×{d} {np.dtype(dtype).name}", contenders, close(np.finfo(dtype).eps * 1e4))


def logistic_in_torch(X: Any, y: Any, w: Any) -> Contender:
    import torch

    tX, ty, tw = torch.from_numpy(X), torch.from_numpy(y), torch.tensor(w, requires_grad=True)
    zero = torch.zeros((), dtype=tX.dtype)

    def gradient() -> Any:
        s = tX @ tw
        return torch.autograd.grad((torch.logaddexp(zero, s) - ty * s).mean(), tw)[0]

    return gradient


def logistic_in_autograd(X: Any, y: Any, w: Any) -> Contender:
    import autograd
    import autograd.numpy as anp

    def loss(w: Any) -> Any:
        s = anp.dot(X, w)
        return anp.mean(anp.logaddexp(0, s) - y * s)

    gradient = autograd.grad(loss)
    return lambda: gradient(w)


def rosenbrock(x: Any) -> Any:
    """Σ 100 (x_{i+1} - x_i²)² + (1 - x_i)²."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def matrices(quick: bool) -> Iterator[Case]:
    """Jacobian of a network 64 → 64 → 64, Hessian of Rosenbrock in 100 variables."""
    n, variables = (8, 10) if quick else (64, 100)
    W, V = RANDOM.normal(size=(2, n, n)) / 8
    z, x = RANDOM.normal(size=n), RANDOM.normal(size=variables)
    J, H = mmlcore.jacobian(lambda z: np.tanh(np.tanh(z @ W) @ V)), mmlcore.hessian(rosenbrock)
    jacobian: dict[str, Contender] = {"mmlcore": lambda: J(z)}
    hessian: dict[str, Contender] = {"mmlcore": lambda: H(x)}
    if installed("torch"):
        import torch

        tW, tV, tz, tx = map(torch.from_numpy, (W, V, z, x))
        tJ = torch.func.jacrev(lambda z: torch.tanh(torch.tanh(z @ tW) @ tV))
        tH = torch.func.hessian(rosenbrock)
        jacobian["torch.func"] = lambda: tJ(tz)
        hessian["torch.func"] = lambda: tH(tx)
    if installed("autograd"):
        import autograd
        import autograd.numpy as anp

        aJ = autograd.jacobian(lambda z: anp.tanh(anp.dot(anp.tanh(anp.dot(z, W)), V)))
        aH = autograd.hessian(lambda x: anp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))
        jacobian["autograd"] = lambda: aJ(z)
        hessian["autograd"] = lambda: aH(x)
    yield Case(f"Jacobian of a network {n}-{n}-{n}", jacobian, close(1e-10))
    yield Case(f"Hessian of Rosenbrock in {variables} variables", hessian, close(1e-10))


def cases(quick: bool) -> Iterator[Case]:
    yield from chain()
    yield from logistic(quick)
    yield from matrices(quick)
    yield from overheads()


if __name__ == "__main__":
    main("autodiff", cases)

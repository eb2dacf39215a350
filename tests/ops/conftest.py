"""What holds for every operation, in one place: values, dtypes, layouts, inputs, derivatives."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops

LAYOUTS = {
    "contiguous": lambda x: np.array(x, order="C"),
    "every second": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    "backwards": lambda x: np.ascontiguousarray(x[::-1])[::-1] if x.ndim else x,
    "fortran": lambda x: np.array(x, order="F"),
    "read-only": lambda x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape) if x.size else x,
}

RTOL = {np.dtype(np.float64): 1e-13, np.dtype(np.float32): 2e-6}


def _values(op: Callable[..., Any], oracle: Callable[..., Any], args: tuple[Any, ...], rtol: float) -> None:
    """op agrees with the oracle in both dtypes and every layout, and leaves its arguments alone."""
    for dtype, unit in RTOL.items():
        xs = [np.asarray(x, dtype) for x in args]
        with np.errstate(all="ignore"):
            expected = oracle(*[x.astype(np.float64) for x in xs])
        for name, layout in LAYOUTS.items():
            laid = [layout(x) for x in xs]
            result = op(*laid)
            assert result.dtype == dtype, name
            assert result.shape == np.shape(expected), name
            scale = np.max(np.abs(expected), initial=0, where=np.isfinite(expected))
            np.testing.assert_allclose(result, expected, rtol=rtol * unit, atol=rtol * unit * scale, err_msg=name)
            for before, after in zip(xs, laid, strict=True):
                np.testing.assert_array_equal(before, after, err_msg=f"{name}: an argument was changed")


def _float32_gradients(op: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """The gradients in float32 are those in float64, rounded."""
    everything = tuple(range(len(args)))
    weights = np.random.default_rng(1).uniform(0.5, 1.5, np.shape(op(*args)))
    exact = grad(lambda *xs: ops.sum(weights * op(*xs)), everything)(*[np.asarray(x, np.float64) for x in args])
    single = weights.astype(np.float32)
    short = grad(lambda *xs: ops.sum(single * op(*xs)), everything)(*[np.asarray(x, np.float32) for x in args])
    for a, b in zip(exact, short, strict=True):
        assert b.dtype == np.float32
        scale = np.max(np.abs(a), initial=0)
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-5 * scale)


@pytest.fixture
def agrees() -> Callable[..., None]:
    """agrees(op, oracle, *args, order=2, rtol=1): everything that must hold for a differentiable operation.

    `oracle` is NumPy, SciPy or the definition; `rtol` multiplies the tolerance of the values.
    """

    def check(
        op: Callable[..., Any], oracle: Callable[..., Any], *args: Any, order: int = 2, rtol: float = 1.0
    ) -> None:
        _values(op, oracle, args, rtol)
        if order:
            check_grads(op, args, order=order)
            _float32_gradients(op, args)

    return check

"""The function to be minimised, as the solvers see it: of one vector, counted, with derivatives of its own or ours."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import ops
from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import message
from mmlcore.autodiff import grad, hessian, linearize, value_and_grad
from mmlcore.autodiff.trees import flatten, is_leaf

__all__ = ["Problem", "differences", "packed"]


def packed(function: str, x0: Any) -> tuple[FloatArray, Callable[[Any], Any]]:
    """x0 as one vector, and the function that gives such a vector the structure and shapes of x0."""
    if is_leaf(x0) or _numbers(x0):
        array = as_float(x0, function, "x0")
        shape = array.shape
        if array.ndim == 1:
            return array.copy(), lambda v: v
        return array.ravel().copy(), lambda v: ops.reshape(v, shape) if shape else v[0]
    parts, rebuild = flatten(x0)
    leaves = [as_float(part, function, f"x0{path}") for path, part in parts]
    if not leaves:
        raise ValueError(message(function, "x0", "at least one number", "an empty structure"))
    ends = np.cumsum([leaf.size for leaf in leaves])
    places = [(int(end) - leaf.size, int(end), leaf.shape) for leaf, end in zip(leaves, ends, strict=True)]
    dtype = np.result_type(*leaves)

    def unpack(v: Any) -> Any:
        return rebuild(iter([ops.reshape(v[a:b], shape) if shape else v[a] for a, b, shape in places]))

    return np.concatenate([leaf.ravel() for leaf in leaves]).astype(dtype), unpack


def _numbers(x0: Any) -> bool:
    """Whether lists stand for an array: they hold numbers and further such lists only."""
    if isinstance(x0, (list, tuple)) and not hasattr(x0, "_fields"):
        return all(_numbers(part) for part in x0)
    return isinstance(x0, (int, float, np.generic))


class Problem:
    """A scalar function of one vector.

    Parameters
    ----------
    function : str
        Whose arguments these are, for errors.
    fun : callable
        Of x in the structure of `x0`; a real scalar, or with ``jac=True`` a pair of it and the gradient.
    x0 : array, number or containers of these
    jac : "auto", True or callable
    hess : "auto" or callable
    """

    def __init__(self, function: str, fun: Callable[..., Any], x0: Any, jac: Any = "auto", hess: Any = "auto") -> None:
        for argument, value, words in (("fun", fun, ()), ("jac", jac, ("auto", True)), ("hess", hess, ("auto",))):
            if not callable(value) and not any(value is word or value == word for word in words):
                expectation = " or ".join(["callable", *map(repr, words)])
                raise TypeError(message(function, argument, expectation, repr(value)))
        self.x0, self.unpack = packed(function, x0)
        if self.x0.size == 0:
            raise ValueError(message(function, "x0", "at least one number", "an empty array"))
        self.nfev = self.njev = self.nhev = 0
        unpack = self.unpack
        self._fun = lambda v: fun(unpack(v))
        self._both = value_and_grad(self._fun)
        self._jac, self._hess = jac, hess

    def value(self, x: FloatArray) -> float:
        """f(x)."""
        self.nfev += 1
        value = self._fun(x)
        return float(value[0] if self._jac is True else value)

    def value_and_gradient(self, x: FloatArray) -> tuple[float, FloatArray]:
        """f(x) and ∇f(x), as a vector."""
        self.nfev += 1
        self.njev += 1
        if self._jac == "auto":
            value, gradient = self._both(x)
            return float(value), gradient
        if self._jac is True:
            value, gradient = self._fun(x)
        else:
            value, gradient = self._fun(x), self._jac(self.unpack(x))
        return float(value), self._vector(gradient)

    def gradient(self, x: FloatArray) -> FloatArray:
        """∇f(x), as a vector."""
        return self.value_and_gradient(x)[1]

    def _vector(self, tree: Any) -> FloatArray:
        vector = packed("jac", tree)[0] if not isinstance(tree, np.ndarray) else np.ravel(tree)
        if vector.size != self.x0.size:
            raise ValueError(message("minimize", "jac", f"of {self.x0.size} numbers as x0", f"{vector.size}"))
        return vector.astype(self.x0.dtype)

    def hessian(self, x: FloatArray) -> FloatArray:
        """∇²f(x); of a gradient that was given, by central differences."""
        self.nhev += 1
        n = self.x0.size
        if callable(self._hess):
            return np.asarray(self._hess(self.unpack(x)), x.dtype).reshape(n, n)
        if self._jac == "auto":
            return hessian(self._fun)(x)
        return differences(self.gradient, x)

    def products(self, x: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """v ↦ ∇²f(x) v."""
        if callable(self._hess):
            matrix = self.hessian(x)
            return lambda v: matrix @ v
        if self._jac != "auto":
            return lambda v: self._difference_along(x, v)
        _, linear = linearize(grad(self._fun), x)

        def product(v: FloatArray) -> FloatArray:
            self.nhev += 1
            return linear(v)

        return product

    def _difference_along(self, x: FloatArray, v: FloatArray) -> FloatArray:
        self.nhev += 1
        size = float(np.linalg.norm(v))
        h = float(np.cbrt(np.finfo(x.dtype).eps)) * (1 + float(np.linalg.norm(x))) / (size or 1.0)
        return (self.gradient(x + h * v) - self.gradient(x - h * v)) / (2 * h)

    def wrong_gradient(self, x: FloatArray) -> str:
        """What is wrong with the gradient at x beside central differences of f; "" if nothing."""
        given = self.gradient(x)
        h = float(np.cbrt(np.finfo(x.dtype).eps)) * np.maximum(1, np.abs(x))
        measured = np.empty_like(x)
        for i in range(x.size):
            e = np.zeros_like(x)
            e[i] = h[i]
            measured[i] = (self.value(x + e) - self.value(x - e)) / (2 * h[i])
        allowed = 1e-4 * np.maximum(np.abs(measured).max(initial=0), 1e-3) + 1e-6
        i = int(np.argmax(np.abs(given - measured)))
        if abs(given[i] - measured[i]) <= allowed:
            return ""
        return f"jac is wrong at x0: component {i} is {given[i]:.6g}, central differences give {measured[i]:.6g}"


def differences(vector: Callable[[FloatArray], FloatArray], x: FloatArray) -> FloatArray:
    """The Jacobian of a vector-valued function, symmetrised where it is a gradient's, by central differences."""
    h = float(np.cbrt(np.finfo(x.dtype).eps)) * np.maximum(1, np.abs(x))
    columns = []
    for i in range(x.size):
        e = np.zeros_like(x)
        e[i] = h[i]
        columns.append((vector(x + e) - vector(x - e)) / (2 * h[i]))
    matrix = np.stack(columns, -1)
    return 0.5 * (matrix + matrix.T)

"""The function as solvers see it."""

import numpy as np
import pytest

from mmlcore.optimize.problem import Problem, packed


def test_packing_goes_back_and_forth():
    tree = {"a": np.arange(4.0).reshape(2, 2), "b": [np.ones(3), 5.0]}
    vector, unpack = packed("f", tree)
    assert vector.shape == (8,)
    np.testing.assert_array_equal(unpack(vector)["a"], tree["a"])
    assert unpack(vector)["b"][1] == 5
    assert packed("f", [1, 2])[0].dtype == np.float64
    with pytest.raises(ValueError, match="f: x0 must be at least one number"):
        packed("f", {})


def test_derivatives_agree_whoever_gives_them():
    x, v = np.array([0.3, -0.7]), np.array([1.0, 2.0])

    def f(p):
        return np.sum(p**4) + p[0] * p[1]

    ours = Problem("f", f, x)
    theirs = Problem("f", f, x, jac=lambda p: 4 * p**3 + p[::-1])
    np.testing.assert_allclose(ours.gradient(x), theirs.gradient(x), rtol=1e-12)
    np.testing.assert_allclose(ours.hessian(x), theirs.hessian(x), rtol=1e-7)
    np.testing.assert_allclose(ours.products(x)(v), ours.hessian(x) @ v, rtol=1e-12)
    np.testing.assert_allclose(theirs.products(x)(v), ours.hessian(x) @ v, rtol=1e-6)
    assert ours.nfev > 0
    with pytest.raises(ValueError, match="minimize: jac must be of 2 numbers"):
        Problem("f", f, x, jac=lambda p: np.ones(3)).gradient(x)

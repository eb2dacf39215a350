"""Containers taken apart and put together again."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field

import numpy as np
import pytest

from mmlcore import grad, hessian, jacobian, jvp, value_and_grad, vjp
from mmlcore.autodiff.trees import flatten, is_leaf

Point = namedtuple("Point", "x y")


@dataclass(frozen=True)
class Layer:
    w: object
    b: object
    activation: str = field(default="tanh", metadata={"static": True})


TREES = [
    1.0,
    [1.0, 2.0],
    (1.0, (2.0, [3.0])),
    {"b": 1.0, "a": [2.0]},
    OrderedDict([("z", 1.0), ("a", 2.0)]),
    Point(1.0, [2.0]),
    Layer(1.0, (2.0,)),
    [None, 1.0],
    [],
]


@pytest.mark.parametrize("tree", TREES)
def test_rebuilding_with_the_same_leaves_gives_the_same_tree(tree):
    leaves, rebuild = flatten(tree)
    again = rebuild(iter([leaf for _, leaf in leaves]))
    assert again == tree
    assert type(again) is type(tree)


def test_leaves_come_with_their_places():
    leaves, _ = flatten({"a": [1.0, Point(2.0, 3.0)], "b": Layer(4.0, None)})
    assert leaves == [("['a'][0]", 1.0), ("['a'][1][0]", 2.0), ("['a'][1][1]", 3.0), ("['b'].w", 4.0)]
    assert [path for path, _ in flatten({10: 1.0, 2: 2.0, "x": 3.0})[0]] == ["['x']", "[10]", "[2]"]


def test_what_is_a_leaf():
    assert all(is_leaf(x) for x in (1.0, np.ones(3), "text", Layer))
    assert not any(is_leaf(x) for x in ([], (), {}, None, Layer(1.0, 2.0)))


def test_the_gradient_has_the_structure_of_the_argument():
    def f(p):
        return np.sum(p["w"] ** 2) + p["layer"].w * p["layer"].b + p["pair"].x ** 3

    p = {"w": np.array([1.0, 2.0]), "layer": Layer(3.0, 5.0), "pair": Point(2.0, 7.0)}
    value, g = value_and_grad(f)(p)
    assert value == 5.0 + 15.0 + 8.0
    assert np.array_equal(g["w"], [2.0, 4.0])
    assert g["layer"] == Layer(5.0, 3.0)
    assert g["pair"] == Point(12.0, 0.0)


def test_lists_of_numbers_and_several_containers():
    assert grad(lambda x, y: x[0] * y["k"] + x[1], argnums=(0, 1))([2.0, 3.0], {"k": 5.0}) == ([5.0, 1.0], {"k": 2.0})


def test_every_transform_takes_containers():
    p, v = {"a": 2.0, "b": np.array([1.0, 3.0])}, {"a": 1.0, "b": np.array([0.0, 1.0])}
    f = lambda p: {"s": p["a"] * p["b"], "t": (np.sum(p["b"]),)}  # noqa: E731
    value, tangent = jvp(f, (p,), (v,))
    assert np.array_equal(value["s"], [2.0, 6.0])
    assert np.array_equal(tangent["s"], [1.0, 5.0])
    assert tangent["t"] == (1.0,)
    _, pullback = vjp(f, p)
    (g,) = pullback({"s": np.array([1.0, 0.0]), "t": (10.0,)})
    assert (g["a"], g["b"].tolist()) == (1.0, [12.0, 10.0])
    J = jacobian(f)(p)
    assert np.array_equal(J["s"]["a"], [1.0, 3.0])
    assert np.array_equal(J["s"]["b"], 2.0 * np.eye(2))
    assert np.array_equal(J["t"][0]["b"], [1.0, 1.0])
    H = hessian(lambda p: p["a"] ** 2 * np.sum(p["b"]))(p)
    assert H["a"]["a"] == 8.0
    assert np.array_equal(H["a"]["b"], [4.0, 4.0])
    assert np.array_equal(H["b"]["b"], np.zeros((2, 2)))


def test_a_leaf_that_is_no_number_is_named():
    with pytest.raises(TypeError, match=r"^grad: argument 0\['name'\] must be a real array or number, got str$"):
        grad(lambda p: p["x"])({"x": 1.0, "name": "text"})

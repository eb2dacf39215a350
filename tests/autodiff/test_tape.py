"""The tape: order, accumulation, release."""

import gc
import tracemalloc
import weakref
from contextlib import suppress

import numpy as np
import pytest

from mmlcore import grad, ops
from mmlcore.autodiff.tape import Tape, backward


def test_numbers_grow_so_that_an_inner_level_is_the_higher():
    outer, inner = Tape(1), Tape(1)
    assert inner.number > outer.number


def test_backward_multiplies_along_paths_and_adds_over_them():
    # y = 3 a, z = 5 a, e = y + z: de/da = 3 + 5
    tape = Tape(1)
    tape.nodes += [(lambda g: 3 * g, 0), (lambda g: 5 * g, 0), (lambda g: (g, g), 1, 2)]
    assert backward(tape.nodes, [(3, 1.0)], leaves=1) == [8.0]


def test_backward_of_several_parents_skips_those_without_gradient():
    tape = Tape(3)
    tape.nodes.append((lambda g: (g, None, 2 * g), 0, 1, 2))
    assert backward(tape.nodes, [(3, 1.0)], leaves=3) == [1.0, None, 2.0]
    tape = Tape(2)
    tape.nodes.append((lambda g: (None, g), 0, 1))
    assert backward(tape.nodes, [(2, 1.0)], leaves=2) == [None, 1.0]


def test_what_does_not_lead_to_the_result_is_not_visited():
    def forbidden(g):
        raise AssertionError("visited")

    tape = Tape(1)
    tape.nodes += [(forbidden, 0), (lambda g: 2 * g, 0), (forbidden, 2)]
    assert backward(tape.nodes, [(2, 1.0)], leaves=1) == [2.0]


def test_the_result_may_be_an_argument():
    assert backward(Tape(2).nodes, [(0, 1.0)], leaves=2) == [1.0, None]


def test_backward_releases_every_node_as_soon_as_it_has_been_used():
    class Kept:
        pass

    kept = [Kept(), Kept()]
    alive = [weakref.ref(k) for k in kept]
    seen = []

    def first(g, k=kept[0]):
        seen.append(alive[1]() is None)
        return g

    tape = Tape(1)
    tape.nodes += [(first, 0), (lambda g, k=kept[1]: g, 1)]
    del kept
    backward(tape.nodes, [(2, 1.0)], leaves=1)
    assert seen == [True]
    assert not tape.nodes[1:]


def test_a_closed_tape_forgets():
    tape = Tape(1)
    tape.close()
    tape.nodes.append((None, 0))
    assert len(tape.nodes) == 0
    assert not tape.open


@pytest.mark.parametrize("outcome", ["returns", "raises"])
def test_no_cycle_keeps_the_arrays_of_a_tape_alive(outcome):
    alive = []

    def f(x):
        y = ops.exp(x) * x
        alive.append(weakref.ref(y.value))
        alive.append(weakref.ref(y))
        if outcome == "raises":
            raise ZeroDivisionError
        return np.sum(np.max(ops.dense(y, y), axis=1))

    gc.collect()
    gc.disable()
    try:
        with suppress(ZeroDivisionError):
            grad(f)(np.ones((3, 3)))
        assert [ref() for ref in alive] == [None, None]
    finally:
        gc.enable()


def test_a_long_chain_neither_overflows_the_stack_nor_slows_down():
    def f(x):
        y = x
        for _ in range(500_000):
            y = y + 1e-6 * x
        return y

    assert grad(f)(1.0) == pytest.approx(1.5, rel=1e-9)  # a million operations


def test_peak_memory_of_a_deep_network():
    """What must be kept is one array a layer; the gradients come on top as the arrays go."""
    layers, shape = 50, (256, 64)
    random = np.random.default_rng(0)
    x = random.normal(size=shape)
    weights = [random.normal(size=(64, 64)) / 8 for _ in range(layers)]

    def loss(weights):
        y = x
        for w in weights:
            y = np.tanh(y @ w + 0.1)
        return np.sum(y * y)

    grad(loss)(weights)
    tracemalloc.start()
    try:
        grad(loss)(weights)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.1 * (layers + 3) * x.nbytes + weights[0].nbytes * layers

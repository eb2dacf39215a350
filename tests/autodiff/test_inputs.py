"""Arguments as leaves, and results in their structure."""

import numpy as np
import pytest

from mmlcore import Tensor, grad, jvp
from mmlcore.autodiff.inputs import Inputs, Selection, differentiable, finished, matching, named, split_aux


def test_inputs_are_filled_and_restored():
    inputs = Inputs("f", (1.0, "other", [2.0, 3.0]), (0, 2))
    assert inputs.leaves == [1.0, 2.0, 3.0]
    assert inputs.filled([10.0, 20.0, 30.0]) == [10.0, "other", [20.0, 30.0]]
    assert inputs.restored("abc") == ("a", ["b", "c"])
    assert Inputs("f", (1.0,), (0,), single=True).restored("a") == "a"


def test_a_selection_counts_from_the_end_too():
    selection = Selection("f", abs, (-1, 0))
    assert selection.locate(3) == (2, 0)
    assert selection.inputs((1.0, 2.0, 3.0)).leaves == [3.0, 1.0]


@pytest.mark.parametrize(("x", "kind"), [(1, np.float64), (True, np.float64), (np.float32(1), np.float32)])
def test_numbers_become_numpy_scalars(x, kind):
    assert type(differentiable(x, "f", "x")) is kind


def test_directions_must_fit():
    with pytest.raises(ValueError, match=r"^jvp: tangents\[0\] must be of shape \(2,\), got shape \(3,\)$"):
        jvp(np.sin, (np.ones(2),), (np.ones(3),))
    with pytest.raises(ValueError, match=r"^jvp: tangents must be 1 of them, got 2$"):
        jvp(np.sin, (np.ones(2),), (np.ones(2), np.ones(2)))
    with pytest.raises(
        ValueError, match=r"^jvp: tangents must be a structure with \[0\]\[0\], \[0\]\[1\], got \[0\]\[0\]$"
    ):
        jvp(lambda x: x[0], ([1.0, 2.0],), ([1.0],))
    with pytest.raises(ValueError, match=r"^jvp: tangents must be a structure with \[0\]\['a'\], got \[0\]\['b'\]$"):
        jvp(lambda p: p["a"], ({"a": 1.0},), ({"b": 1.0},))
    with pytest.raises(TypeError, match=r"^jvp: tangents must be a tuple, one for each argument, got float$"):
        jvp(np.sin, (1.0,), 1.0)
    assert matching(1.0, [np.float32(1)], 2.0, "f", "v")[0].dtype == np.float32


def test_the_order_of_keys_does_not_matter():
    f = lambda p: 10 * p["a"] + p["b"]  # noqa: E731
    assert jvp(f, ({"a": 1.0, "b": 2.0},), ({"b": 3.0, "a": 5.0},))[1] == 53.0
    assert list(grad(f)({"b": 2.0, "a": 1.0})) == ["b", "a"]


def test_a_finished_gradient_is_an_array_of_its_own():
    x, view = np.ones(3, np.float32), np.broadcast_to(np.float64(2.0), (3,))
    g = finished(view, x, "f")
    assert g.flags.writeable
    assert g.dtype == np.float32
    assert np.array_equal(finished(None, x, "f"), np.zeros(3))
    with pytest.raises(ValueError, match=r"^f: every derivative rule must be one that keeps the shape"):
        finished(np.ones(2), x, "f")


def test_aux_must_be_a_pair():
    assert split_aux((1, 2), "f") == (1, 2)
    with pytest.raises(TypeError, match=r"^f: f's result must be a pair \(value, aux\) when has_aux=True, got 3$"):
        split_aux(3, "f")


def test_a_transformed_function_says_what_it_is():
    def energy(x):
        """Of a spring."""
        return x * x

    assert grad(energy).__name__ == "grad(energy)"
    assert grad(energy).__doc__ == "Of a spring."
    assert named(lambda: None, "t", Tensor).__name__ == "t(Tensor)"

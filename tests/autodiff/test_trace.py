"""The computational graph against the expression it came from."""

from xml.etree import ElementTree

import numpy as np
import pytest

from mmlcore import grad
from mmlcore.autodiff import trace

X = np.array([0.3, -0.7, 1.1])


def f(x, y):
    return np.sum(np.sin(x) * y + x[0])


def test_every_step_with_its_parents_values_and_shapes():
    graph = trace(f, X, 2.0)
    assert [step.name for step in graph.steps] == ["x", "y", "sin", "multiply", "getitem [0]", "add", "sum"]
    assert [step.parents for step in graph.steps] == [(), (), (0,), (2, 1), (0,), (3, 4), (5,)]
    assert [step.shape for step in graph.steps] == [(3,), (), (3,), (3,), (), (3,), ()]
    np.testing.assert_allclose(graph.steps[3].value, np.sin(X) * 2.0)
    assert graph.results == (6,)
    assert len(graph) == 7


def test_local_derivatives_multiply_along_paths_to_the_gradient():
    """The chain rule by hand over the graph gives the gradient."""
    graph = trace(f, X, 2.0, derivatives=True)
    by_step = [np.zeros(()) for _ in graph.steps]
    by_step[graph.results[0]] = np.ones(())
    for i in reversed(range(len(graph))):
        step = graph.steps[i]
        for parent, derivative in zip(step.parents, step.derivatives, strict=True):
            by_step[parent] = by_step[parent] + np.tensordot(by_step[i], derivative, axes=len(step.shape))
    for found, expected in zip(by_step[:2], grad(f, (0, 1))(X, 2.0), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_the_table():
    text = str(trace(lambda w, b: w * 3.0 + b, 2.0, 1.0, values=True, derivatives=True))
    lines = text.splitlines()
    assert lines[0].split() == ["#", "step", "of", "shape", "dtype", "value", "derivatives"]
    assert lines[3].split() == ["2", "multiply", "[3]", "0", "()", "float64", "6", "3"]
    assert lines[4].split() == ["3", "→", "add", "2,", "1", "()", "float64", "7", "1,", "1"]
    assert repr(trace(np.exp, 0.0)).splitlines()[2].startswith("1 →  exp")


def test_containers_and_several_results():
    graph = trace(lambda p: (p["a"] * p["b"][0], p["a"]), {"a": 2.0, "b": [3.0]})
    assert [step.name for step in graph.steps] == ["p['a']", "p['b'][0]", "multiply"]
    assert graph.results == (2, 0)


def test_large_matrices_are_left_out():
    graph = trace(lambda x: np.exp(x), np.zeros(200), derivatives=True)
    assert graph.steps[1].derivatives == (None,)


def test_zero_derivatives_are_shown_as_zero():
    graph = trace(lambda x: np.sign(x) * x, 2.0, derivatives=True)
    assert [step.derivatives for step in graph.steps] == [(), (None,), (2.0, 1.0)]


def test_it_works_inside_a_transform():
    graphs = []
    grad(lambda x: graphs.append(trace(lambda y: x * y, 3.0, values=True)) or x * x)(2.0)
    assert [step.value for step in graphs[0].steps] == [3.0, 6.0]


def test_dot_and_svg_hold_every_step(tmp_path):
    graph = trace(f, X, 2.0, values=True, derivatives=True)
    dot = graph.dot()
    assert dot.startswith("digraph {")
    assert dot.count(" -> ") == sum(len(step.parents) for step in graph.steps)
    drawing = ElementTree.fromstring(graph.svg())
    boxes = [element for element in drawing if element.tag.endswith("rect")]
    assert len(boxes) == len(graph)
    assert len({(box.get("x"), box.get("y")) for box in boxes}) == len(graph)  # none on top of another
    graph.save(tmp_path / "graph.svg")
    graph.save(tmp_path / "graph.dot")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == graph._repr_svg_()
    with pytest.raises(ValueError, match=r"^save: file must be named \.svg, \.dot or \.gv, got"):
        graph.save(tmp_path / "graph.png")

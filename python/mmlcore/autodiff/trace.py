"""The computational graph of a function: a table to read, DOT and SVG to look at."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, signature
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mmlcore._errors import message
from mmlcore.autodiff.inputs import Inputs
from mmlcore.autodiff.levels import Batch
from mmlcore.autodiff.recording import leaves_of
from mmlcore.autodiff.rules import Rules
from mmlcore.autodiff.tape import next_number
from mmlcore.autodiff.tensor import Tensor, plain
from mmlcore.autodiff.trees import flatten

__all__ = ["Graph", "Step", "trace"]

_LARGEST_DERIVATIVE = 10_000  # numbers


@dataclass(frozen=True)
class Step:
    """One node of a graph: an argument, or a primitive with what it was applied to.

    Attributes
    ----------
    name : str
        Of the argument or primitive.
    parents : tuple of int
        The numbers of the nodes it was applied to, in order.
    shape, dtype
        Of its value.
    value : ndarray or NumPy scalar
    derivatives : tuple of (ndarray or None)
        ∂value/∂parent for every parent, of shape value.shape + parent.shape; empty if not asked for, None for zero
        and for matrices of more than 10 000 numbers.
    """

    name: str
    parents: tuple[int, ...]
    value: Any
    derivatives: tuple[Any, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def dtype(self) -> Any:
        return np.asarray(self.value).dtype


class Graph:
    """What `trace` returns: `steps` in the order of computation, and which of them are the `results`.

    `str(graph)` is a table, `graph.dot()` is for Graphviz, `graph.svg()` a drawing; `graph.save("name.svg")` or
    `graph.save("name.dot")` writes one. A notebook shows the drawing.
    """

    def __init__(self, steps: list[Step], results: tuple[int, ...], columns: tuple[str, ...]) -> None:
        self.steps, self.results, self._columns = steps, results, columns

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        rows = [["#", "step", "of", "shape", "dtype", *self._columns]]
        for i, step in enumerate(self.steps):
            cells = {"value": _short(step.value), "derivatives": ", ".join(map(_short, step.derivatives))}
            mark = f"{i} →" if i in self.results else str(i)
            of = ", ".join(map(str, step.parents))
            rows.append([mark, step.name, of, str(step.shape), str(step.dtype), *[cells[c] for c in self._columns]])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)

    def __repr__(self) -> str:
        return str(self)

    def dot(self) -> str:
        """The graph in Graphviz's language."""
        lines = ["digraph {", "  rankdir=LR;", "  node [shape=box];"]
        for i, step in enumerate(self.steps):
            label = "\\n".join(self._label(i)).replace('"', "'")
            lines.append(f'  {i} [label="{label}"{"" if step.parents else ", shape=ellipse"}];')
            for edge, parent in enumerate(step.parents):
                lines.append(f'  {parent} -> {i} [label="{self._edge(step, edge)}"];')
        return "\n".join([*lines, "}"])

    def svg(self) -> str:
        """The graph as a drawing, arguments on the left."""
        from html import escape

        places, width, height = self._layout()
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            'font-family="sans-serif" font-size="12">'
        ]
        for i, step in enumerate(self.steps):
            x, y = places[i]
            for edge, parent in enumerate(step.parents):
                x0, y0, end = places[parent][0] + 130, places[parent][1] + 20, y + 12 + 15 * edge
                parts.append(f'<path d="M{x0},{y0} L{x},{end}" stroke="#888" fill="none"/>')
                text = escape(self._edge(step, edge))  # close to its end, where edges are apart
                label = (x - 6, end - 3 + 6 * (y0 - end) / max(x - x0, 1))
                parts.append(f'<text x="{label[0]}" y="{label[1]:.0f}" text-anchor="end" fill="#a33">{text}</text>')
        for i, step in enumerate(self.steps):
            x, y = places[i]
            fill = "#dfd" if i in self.results else "#eef" if not step.parents else "#fff"
            parts.append(f'<rect x="{x}" y="{y}" width="130" height="40" rx="6" fill="{fill}" stroke="#446"/>')
            for line, text in enumerate(self._label(i)[:2]):
                parts.append(f'<text x="{x + 6}" y="{y + 16 + 16 * line}">{escape(text[:20])}</text>')
        return "\n".join([*parts, "</svg>"])

    _repr_svg_ = svg

    def save(self, file: str | Path) -> None:
        """Write the drawing (.svg) or Graphviz's text (.dot, .gv) to a file."""
        text = {".svg": self.svg, ".dot": self.dot, ".gv": self.dot}.get(Path(file).suffix)
        if text is None:
            raise ValueError(message("save", "file", "named .svg, .dot or .gv", repr(str(file))))
        Path(file).write_text(text(), encoding="utf-8")

    def _label(self, i: int) -> list[str]:
        step = self.steps[i]
        value = _short(step.value) if "value" in self._columns else f"{step.shape} {step.dtype}"
        return [f"{i}: {step.name}", value]

    def _edge(self, step: Step, edge: int) -> str:
        if not step.derivatives:
            return ""
        derivative = step.derivatives[edge]
        return _short(derivative) if np.size(derivative) == 1 else str(np.shape(derivative))

    def _layout(self) -> tuple[list[tuple[int, int]], int, int]:
        """A corner for every box: columns by the longest path from an argument."""
        depth: list[int] = []
        for step in self.steps:
            depth.append(1 + max((depth[p] for p in step.parents), default=-1))
        filled = [0] * (max(depth, default=0) + 1)
        places = []
        for d in depth:
            places.append((20 + 210 * d, 20 + 70 * filled[d]))
            filled[d] += 1
        return places, 170 + 210 * max(depth, default=0), 20 + 70 * max(filled)


class _Tracer:
    """A level that writes down every primitive; the `node` of its Tensors is their number."""

    __slots__ = ("derivatives", "number", "open", "steps")
    nodes = None

    def __init__(self, derivatives: bool) -> None:
        self.number, self.open, self.derivatives = next_number(), True, derivatives
        self.steps: list[Step] = []

    def tensor(self, value: Any, name: str, parents: tuple[int, ...], derivatives: tuple[Any, ...] = ()) -> Tensor:
        self.steps.append(Step(name, parents, plain(value), derivatives))
        return Tensor(value, self, len(self.steps) - 1)

    def process(self, call: Callable[..., Any], rules: Rules, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A step of the graph; its name tells the constants that took part."""
        own = [i for i, x in enumerate(args) if type(x) is Tensor and x.tape is self]
        values = [x.value if i in own else x for i, x in enumerate(args)]
        derivatives: tuple[Any, ...] = ()
        if self.derivatives:
            ans, pullback = rules.record(call, tuple(own), values, kwargs)
            derivatives = _local(pullback, ans, [values[i] for i in own])
        else:
            ans = call(*values, **kwargs)
        constants = [_short(x) for i, x in enumerate(args) if i not in own and x is not None]
        constants += [f"{key}={_short(value)}" for key, value in kwargs.items()]
        name = rules.name + (f" [{', '.join(constants)}]" if constants else "")
        return self.tensor(ans, name, tuple(args[i].node for i in own), derivatives)


def _local(pullback: Any, ans: Any, parents: list[Any]) -> tuple[Any, ...]:
    """The derivatives of a step by its parents, all rows at once."""
    size = prod(ans.shape)
    if pullback is None or size * max(prod(p.shape) for p in parents) > _LARGEST_DERIVATIVE:
        return (None,) * len(parents)
    level = Batch(size)
    parts = pullback(level.tensor(np.eye(size, dtype=ans.dtype).reshape((size, *ans.shape))))
    each = parts if len(parents) > 1 else [parts]
    arrays = [
        None if part is None else level.array(part, p.shape, p.dtype).reshape(ans.shape + p.shape)
        for part, p in zip(each, parents, strict=True)
    ]
    level.close()
    return tuple(plain(array) if array is None or array.shape else plain(array)[()] for array in arrays)


def trace(f: Callable[..., Any], *args: Any, values: bool = False, derivatives: bool = False) -> Graph:
    r"""The computational graph of a function at a point: every primitive, and what it was applied to.

    Parameters
    ----------
    f : callable
        Ordinary Python with NumPy calls.
    *args : arrays, numbers or containers of these
        The arguments: the graph's sources.
    values : bool, default False
        Show the value of every node.
    derivatives : bool, default False
        Compute and show, on every edge, the local derivative ∂node/∂parent. The chain rule is their product along
        a path, summed over the paths.

    Returns
    -------
    Graph
        Prints as a table; see `Graph.svg` and `Graph.dot`.

    References
    ----------
    SIT744, "Computational graph"; Notes 8.

    Examples
    --------
    >>> from mmlcore.autodiff import trace
    >>> trace(lambda x, y: (x + y) * y, 2.0, 3.0, values=True, derivatives=True)
    #    step      of    shape  dtype    value  derivatives
    0    x               ()     float64  2
    1    y               ()     float64  3
    2    add       0, 1  ()     float64  5      1, 1
    3 →  multiply  2, 1  ()     float64  15     3, 5
    """
    inputs = Inputs("trace", args, range(len(args)))
    level = _Tracer(derivatives)
    names = _names(f, args)
    try:
        tensors = [level.tensor(x, name, ()) for x, name in zip(inputs.leaves, names, strict=True)]
        outputs, _ = leaves_of(f(*inputs.filled(tensors)))
        results = tuple(y.node for y in outputs if type(y) is Tensor and y.tape is level)
    finally:
        level.open = False
    columns = (("value",) if values else ()) + (("derivatives",) if derivatives else ())
    return Graph(level.steps, results, columns)


def _names(f: Callable[..., Any], args: tuple[Any, ...]) -> list[str]:
    """What the function calls its arguments, with the places inside containers."""
    try:
        parameters = [
            p.name
            for p in signature(f).parameters.values()
            if p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
        ]
    except ValueError:  # NumPy's ufuncs do not tell
        parameters = []
    parameters += [f"argument {i}" for i in range(len(parameters), len(args))]
    return [name + path for name, x in zip(parameters, args, strict=False) for path, _ in flatten(x)[0]]


def _short(x: Any) -> str:
    """A value in a few characters."""
    x = plain(x)
    if x is None:
        return "0"
    if isinstance(x, (float, np.floating)):
        return f"{float(x):.6g}"
    if isinstance(x, np.ndarray):
        if x.size > 6:
            return f"array{x.shape}"
        return np.array2string(x, precision=4, separator=", ").replace("\n", "")
    text = repr(x)
    return text if len(text) <= 30 else text[:27] + "..."

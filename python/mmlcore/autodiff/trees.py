"""Nested containers of arrays: lists, tuples, dicts, named tuples and dataclasses, taken apart and put together."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

__all__ = ["Rebuild", "flatten", "is_leaf"]

Rebuild = Callable[[Iterator[Any]], Any]


def is_leaf(tree: Any) -> bool:
    """Whether it is one array or number rather than a container of them; None is an empty container."""
    if isinstance(tree, (float, np.ndarray)):
        return True
    container = tree is None or isinstance(tree, (list, tuple, dict)) or is_dataclass(tree)
    return not container or isinstance(tree, type)


def flatten(tree: Any) -> tuple[list[tuple[str, Any]], Rebuild]:
    """The leaves of nested containers with their places, and the function that puts other leaves there.

    Fields of a dataclass that were made with `field(metadata={"static": True})` are left alone.

    Examples
    --------
    >>> leaves, rebuild = flatten({"w": [1.0, 2.0], "b": (3.0,)})
    >>> leaves
    [("['b'][0]", 3.0), ("['w'][0]", 1.0), ("['w'][1]", 2.0)]
    >>> rebuild(iter("abc"))
    {'w': ['b', 'c'], 'b': ('a',)}
    """
    leaves: list[tuple[str, Any]] = []
    return leaves, _walk(tree, "", leaves)


def _walk(tree: Any, path: str, leaves: list[tuple[str, Any]]) -> Rebuild:
    if is_leaf(tree):
        leaves.append((path, tree))
        return next
    if tree is None:
        return lambda values: None
    if isinstance(tree, dict):  # whatever the order of its keys, so that two dicts with the same ones correspond
        parts = {key: _walk(tree[key], f"{path}[{key!r}]", leaves) for key in sorted(tree, key=repr)}
        return lambda values: _same_dict(tree, {key: part(values) for key, part in parts.items()})
    if isinstance(tree, (list, tuple)):
        sequence = [_walk(part, f"{path}[{i}]", leaves) for i, part in enumerate(tree)]
        if hasattr(tree, "_fields"):
            return lambda values: type(tree)(*[part(values) for part in sequence])
        return lambda values: type(tree)([part(values) for part in sequence])
    named = [field.name for field in fields(tree) if not field.metadata.get("static")]
    attributes = {name: _walk(getattr(tree, name), f"{path}.{name}", leaves) for name in named}
    return lambda values: _same_dataclass(tree, {name: part(values) for name, part in attributes.items()})


def _same_dict(tree: Any, entries: dict[Any, Any]) -> Any:
    if type(tree) is dict:
        return {key: entries[key] for key in tree}
    new = copy(tree)
    new.update(entries)
    return new


def _same_dataclass(tree: Any, attributes: dict[str, Any]) -> Any:
    new = copy(tree)
    for name, value in attributes.items():
        object.__setattr__(new, name, value)  # frozen ones too; __init__ may not take them
    return new

"""Objects as names and numbers, and back: what is written beside the weights of a saved model.

An object of ours is its class and the arguments that it was made with, which it keeps under their own names.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mmlcore._errors import message

__all__ = ["Registry", "arguments_of", "own_parameters"]

_PLAIN = (str, int, float, bool, type(None))


def own_parameters(cls: type) -> list[str]:
    """Names of the arguments of a class, those that it passes on as **options included.

    >>> own_parameters(type("A", (), {"__init__": lambda self, units, name=None: None}))
    ['units', 'name']
    """
    names: list[str] = []
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        names += [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
        if all(p.kind != p.VAR_KEYWORD for p in parameters):
            break
    return list(dict.fromkeys(names))


def arguments_of(part: Any) -> dict[str, Any]:
    """The arguments that `part` was made with, as far as it keeps them; its own `get_config()` has the last word."""
    if (get_config := getattr(part, "get_config", None)) is not None:
        return dict(get_config())
    return {name: getattr(part, name) for name in own_parameters(type(part)) if hasattr(part, name)}


class Registry:
    """Knows classes by name; writes objects of theirs as plain data and makes them again.

    Parameters
    ----------
    function : str
        For the messages.
    classes : mapping of str to type
    custom : mapping of str to type or function, optional
        The user's own.

    Examples
    --------
    >>> class Scale:
    ...     def __init__(self, factor=1.0):
    ...         self.factor = factor
    >>> registry = Registry("save", {"Scale": Scale})
    >>> registry.write(Scale(2.0))
    {'class': 'Scale', 'config': {'factor': 2.0}}
    >>> registry.read(registry.write(Scale(2.0))).factor
    2.0
    """

    def __init__(self, function: str, classes: Mapping[str, Any], custom: Mapping[str, Any] | None = None) -> None:
        self._function, self._classes, self._custom = function, classes, dict(custom or {})
        self._names = {made: name for name, made in classes.items()}

    def write(self, value: Any) -> Any:
        """`value` as data that JSON holds."""
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, list | tuple):
            return [self.write(item) for item in value]
        if inspect.isfunction(value) or inspect.isbuiltin(value) or isinstance(value, np.ufunc | type):
            return {"custom": value.__name__}
        kind, name = (
            ("class", self._names[type(value)]) if type(value) in self._names else ("custom", type(value).__name__)
        )
        return {kind: name, "config": {key: self.write(item) for key, item in arguments_of(value).items()}}

    def read(self, data: Any) -> Any:
        """The object that `data` stands for.

        Raises
        ------
        ValueError
            If it names no known class, or the class refuses its arguments.
        """
        if isinstance(data, _PLAIN):
            return data
        if isinstance(data, list):
            return [self.read(item) for item in data]
        if not isinstance(data, dict) or not (data.keys() <= {"class", "custom", "config"}):
            raise ValueError(message(self._function, "path", "a model saved by mmlcore", f"the entry {str(data)[:80]}"))
        make = self._find(data)
        if "config" not in data:
            return make
        config = data["config"]
        if not isinstance(config, dict):
            raise ValueError(message(self._function, "path", "a model saved by mmlcore", "arguments that are none"))
        try:
            return make(**{key: self.read(item) for key, item in config.items()})
        except TypeError as error:
            raise ValueError(message(self._function, "path", "a model saved by mmlcore", str(error))) from None

    def _find(self, data: dict[str, Any]) -> Callable[..., Any]:
        name = data.get("class", data.get("custom"))
        table = self._classes if "class" in data else self._custom
        if not isinstance(name, str) or name not in table:
            if "class" in data:
                raise ValueError(message(self._function, "path", "a model saved by mmlcore", f"the class {name!r}"))
            raise ValueError(
                message(self._function, "custom_objects", f"a dictionary with {name!r}", f"{sorted(table)}")
            )
        return table[name]

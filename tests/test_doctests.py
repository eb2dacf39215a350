"""The examples in the docstrings of the installed package run and print what they say."""

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

import mmlcore

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def module_names() -> list[str]:
    compiled = ("mmlcore._kernels_", "mmlcore._cpu")
    found = (info.name for info in pkgutil.walk_packages(mmlcore.__path__, "mmlcore."))
    return ["mmlcore", *(n for n in found if not n.startswith(compiled) and not n.endswith("__main__"))]


def examples(name: str) -> Iterator[doctest.DocTest]:
    """The module's doctests, also of public objects that are neither function nor class (primitives)."""
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    yield from finder.find(module, name)
    for public in getattr(module, "__all__", ()):
        value = getattr(module, public)
        own = getattr(value, "__module__", None) == name
        if own and not (inspect.isroutine(inspect.unwrap(value)) or inspect.isclass(value)):
            text = getattr(value, "__doc__", None)
            if text and text != type(value).__doc__:
                yield from finder.find(value, f"{name}.{public}", module, vars(module))


@pytest.mark.parametrize("name", module_names())
def test_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for example in examples(name):
        runner.run(example)
    failed = runner.summarize(verbose=False).failed
    assert failed == 0, capsys.readouterr().out

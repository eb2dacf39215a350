"""The examples in the docstrings of the installed package run and print what they say."""

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import mmlcore
from mmlcore.autodiff.tensor import OVERRIDES, WITH_KEYWORDS

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def module_names() -> list[str]:
    compiled = ("mmlcore._kernels_", "mmlcore._cpu")
    found = (info.name for info in pkgutil.walk_packages(mmlcore.__path__, "mmlcore."))
    return ["mmlcore", *(n for n in found if not n.startswith(compiled) and not n.endswith("__main__"))]


@pytest.fixture
def registry_of_this_test() -> Iterator[None]:
    """An example may register a rule; other tests in the same process must not meet it."""
    tables = (OVERRIDES, WITH_KEYWORDS)
    saved = [dict(table) for table in tables]
    yield
    for table, before in zip(tables, saved, strict=True):
        table.clear()
        table.update(before)


@pytest.mark.usefixtures("registry_of_this_test")
@pytest.mark.parametrize("name", module_names())
def test_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for example in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name), name):
        runner.run(example)
    failed = runner.summarize(verbose=False).failed
    assert failed == 0, capsys.readouterr().out

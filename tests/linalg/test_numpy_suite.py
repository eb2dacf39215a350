"""numpy.linalg.tests with our functions in NumPy's place, in a process of its own."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmlcore import linalg


def test_numpy_tests_pass_with_our_functions(repository: Path) -> None:
    script = repository / "tests" / "linalg" / "numpy_suite.py"
    command = [sys.executable, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stdout[-4000:]
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])  # type: ignore[index]
    reached = int(re.search(r"calls that reached mmlcore: (\d+)", done.stdout)[1])  # type: ignore[index]
    assert passed > 400
    assert reached > 50_000
    assert "functions without one: ['vecdot']" in done.stdout  # NumPy tests it elsewhere


def test_every_name_of_numpy_is_here() -> None:
    assert not set(np.linalg.__all__) - set(linalg.__all__)


def test_named_results_have_numpy_fields() -> None:
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    for name in ("eig", "eigh", "qr", "svd", "slogdet"):
        ours, theirs = getattr(linalg, name)(a), getattr(np.linalg, name)(a)
        assert type(ours).__name__ == type(theirs).__name__
        assert ours._fields == theirs._fields


@pytest.mark.parametrize("name", sorted(set(np.linalg.__all__) - {"LinAlgError"}))
def test_arguments_are_numpys(name: str) -> None:
    ours, theirs = (list(inspect.signature(getattr(m, name)).parameters.values()) for m in (linalg, np.linalg))
    for one, other in zip(ours, theirs, strict=False):
        assert one.kind == other.kind
        if one.kind != inspect.Parameter.POSITIONAL_ONLY:
            assert one.name == other.name
        assert one.default == other.default or repr(other.default) == "<no value>"
    assert len(ours) >= len(theirs)
    assert all(extra.default is not inspect.Parameter.empty for extra in ours[len(theirs) :])

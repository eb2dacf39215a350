"""Which compiled module is imported, and what is said when none can be."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import mmlcore
from mmlcore import _cpu, _kernels

Run = Callable[..., str]

V2, V3, V4 = LEVELS = ["x86-64-v2", "x86-64-v3", "x86-64-v4"]


@pytest.mark.parametrize(
    ("asked", "present", "supported", "chosen"),
    [
        (None, LEVELS, LEVELS, V4),
        ("", LEVELS, LEVELS, V4),
        (None, LEVELS, [V2, V3], V3),
        (None, [V2, V4], [V2], V2),  # the next lower level that is present
        (None, ["native"], ["native"], "native"),
        (V2, LEVELS, LEVELS, V2),
        (V3, LEVELS, LEVELS, V3),
        ("native", ["native"], ["native"], "native"),
    ],
)
def test_choice(asked: str | None, present: list[str], supported: list[str], chosen: str) -> None:
    assert _kernels._choose(asked, present, supported) == chosen


@pytest.mark.parametrize(
    ("asked", "present", "supported", "text"),
    [
        (None, [], [], "no compiled kernels in this installation; reinstall"),
        (None, [V4], [], f"this installation contains only {V4}"),
        ("avx2", LEVELS, LEVELS, f"MMLCORE_ISA must be one of {V2}, {V3}, {V4} .*, got 'avx2'"),
        (V4, [V2, V3], [V2, V3], f"one of {V2}, {V3} .in this installation., got '{V4}'"),
        (V4, LEVELS, [V2, V3], f"one of {V2}, {V3} .what this processor supports., got '{V4}'"),
    ],
)
def test_no_choice(asked: str | None, present: list[str], supported: list[str], text: str) -> None:
    with pytest.raises(ImportError, match=text):
        _kernels._choose(asked, present, supported)


def test_processor_level_agrees_with_the_system() -> None:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.is_file() or "flags" not in cpuinfo.read_text():
        pytest.skip("no x86 flags to compare with")
    flags = set(next(line for line in cpuinfo.read_text().splitlines() if line.startswith("flags")).split())
    needs = {
        V2: {"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"},
        V3: {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"},
        V4: {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    }
    best = ""
    for level in LEVELS:
        if not needs[level] <= flags:
            break
        best = level
    assert _cpu.level() == best


def test_levels_are_consistent() -> None:
    present, supported = _kernels.levels_present(), _kernels.levels_supported()
    assert set(supported) <= set(present)
    assert _kernels.isa() in supported
    assert set(present) <= {"native", *LEVELS}


@pytest.mark.parametrize("level", _kernels.levels_supported())
def test_every_level_loads_and_says_so(run_python: Run, level: str) -> None:
    code = """
import sys
from mmlcore import _kernels
loaded = [name for name in sys.modules if name.startswith("mmlcore._kernels_")]
print(_kernels.isa(), _kernels.build_info()["isa"], len(loaded))
"""
    assert run_python(code, MMLCORE_ISA=level) == f"{level} {level} 1"


def test_unknown_level_in_the_environment(run_python: Run) -> None:
    error = run_python("import mmlcore", fails=True, MMLCORE_ISA="pentium")
    assert "ImportError: mmlcore: MMLCORE_ISA must be one of" in error
    assert "got 'pentium'" in error


def test_build_info_names_what_was_built() -> None:
    info = _kernels.build_info()
    assert info["isa"] == _kernels.isa()
    assert info["eigen"].startswith("3.4.")
    assert int(info["vector_bits"]) in (128, 256, 512)
    assert {"compiler", "openmp", "pybind11"} <= set(info)


@pytest.fixture
def broken_copy(tmp_path: Path) -> Path:
    """A copy of the installed package whose chosen kernel module is not a shared object."""
    package = Path(mmlcore.__file__).parent
    if not list(package.glob("_kernels_*.so")):
        pytest.skip("editable installation: the compiled modules lie elsewhere")
    shutil.copytree(package, tmp_path / "mmlcore", ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))
    for module in tmp_path.glob("mmlcore/_kernels_*.so"):
        module.write_bytes(b"not a shared object")
    return tmp_path


def test_a_module_that_exists_but_does_not_load_is_not_skipped(run_python: Run, broken_copy: Path) -> None:
    error = run_python("import mmlcore", fails=True, PYTHONPATH=str(broken_copy))
    assert "ImportError" in error
    assert str(broken_copy) in error


def test_no_module_at_all(run_python: Run, broken_copy: Path) -> None:
    for module in broken_copy.glob("mmlcore/_kernels_*.so"):
        module.unlink()
    error = run_python("import mmlcore", fails=True, PYTHONPATH=str(broken_copy))
    assert "no compiled kernels in this installation" in error


def test_offer_buffer_refuses_other_classes() -> None:
    for other in (int, type("Plain", (), {})):
        with pytest.raises(TypeError, match="offer_buffer: type must be a class written in Python with a method"):
            _kernels.offer_buffer(other)


def test_a_buffer_must_be_a_memoryview() -> None:
    class Wrong:
        def __buffer__(self, flags: int) -> object:
            return self

    _kernels.offer_buffer(Wrong)
    with pytest.raises(TypeError):
        memoryview(Wrong())

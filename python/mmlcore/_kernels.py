"""The compiled kernels, for the instruction set of this machine.

The only importer of the compiled modules. A wheel carries one module per level (x86-64-v2, -v3, -v4) or a
single one built for the machine at hand ("native"); exactly one is imported: the best that the processor
supports, or the one that the environment variable MMLCORE_ISA names. Its functions appear here.
"""

import importlib
import importlib.util
import os

from mmlcore import _cpu

_X86_LEVELS = ("x86-64-v2", "x86-64-v3", "x86-64-v4")  # worst to best


def _module_name(level: str) -> str:
    return "mmlcore._kernels_" + level.replace("-", "_")


def levels_present() -> list[str]:
    """The levels that this installation contains, worst to best."""
    return [level for level in ("native", *_X86_LEVELS) if importlib.util.find_spec(_module_name(level))]


def levels_supported() -> list[str]:
    """The levels that this installation contains and this processor can run, worst to best."""
    best = _cpu.level()
    runnable = _X86_LEVELS[: _X86_LEVELS.index(best) + 1] if best else ()
    return [level for level in levels_present() if level == "native" or level in runnable]


def _choose(asked: str | None, present: list[str], supported: list[str]) -> str:
    """The level to import, given what was asked for, what is installed and what the processor can run."""
    if not present:
        raise ImportError("mmlcore: no compiled kernels in this installation; reinstall with 'pip install mmlcore'")
    if not asked:
        if not supported:
            raise ImportError(
                f"mmlcore: this processor supports {_cpu.level() or 'no x86-64 level'}, "
                f"but this installation contains only {', '.join(present)}"
            )
        return supported[-1]
    if asked not in present:
        raise ImportError(
            f"mmlcore: MMLCORE_ISA must be one of {', '.join(supported)} (in this installation), got {asked!r}"
        )
    if asked not in supported:
        raise ImportError(
            f"mmlcore: MMLCORE_ISA must be one of {', '.join(supported)} (what this processor supports), got {asked!r}"
        )
    return asked


def isa() -> str:
    """The instruction set of the imported kernels."""
    return _LEVEL


_LEVEL = _choose(os.environ.get("MMLCORE_ISA"), levels_present(), levels_supported())
_module = importlib.import_module(_module_name(_LEVEL))
_PUBLIC = [name for name in vars(_module) if not name.startswith("_")]
globals().update({name: getattr(_module, name) for name in _PUBLIC})

__all__ = ["isa", "levels_present", "levels_supported", *_PUBLIC]

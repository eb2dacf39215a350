"""A language model in one file that NumPy alone reads: arrays, and everything else as JSON among them.

Written beside its place, synced and renamed, so that a crash leaves the old one. Reading runs nothing of the file.
"""

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import message

__all__ = ["read", "write"]

_FORMAT, _VERSION = "mmlcore language model", 1


def write(path: Any, description: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """The file, complete or not at all."""
    text = json.dumps({"format": _FORMAT, "version": _VERSION, **description})
    target = Path(path)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, description=np.frombuffer(text.encode(), np.uint8), **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(path: Any) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The description and the arrays, or a ValueError that says what is wrong with the file."""
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        description = json.loads(arrays.pop("description").tobytes())
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, TypeError, AttributeError, RecursionError) as error:
        raise _bad(f"a file of another kind ({error})") from None
    if not isinstance(description, dict) or description.get("format") != _FORMAT:
        raise _bad("a file of another kind")
    if description.get("version") != _VERSION:
        raise _bad(f"version {description.get('version')!r}, and this mmlcore reads {_VERSION}")
    return description, arrays


def _bad(got: str) -> ValueError:
    return ValueError(message("CharLM.load", "path", "a language model saved by mmlcore", got))

"""A language model in one file that NumPy alone reads: arrays, and everything else as JSON among them.

Written beside its place, synced and renamed, so that a crash leaves the old one. Reading runs nothing of the file.
"""

import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import message
from mmlcore.models.replacing import replacing

__all__ = ["read", "write"]

_FORMAT, _VERSION = "mmlcore language model", 1
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,  # of zipfile: a method or a version that it does not know
    RuntimeError,  # of zipfile: an encrypted file
    ValueError,
    KeyError,
    EOFError,
    TypeError,
    AttributeError,
    RecursionError,
)


def write(path: Any, description: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """The file, complete or not at all."""
    text = json.dumps({"format": _FORMAT, "version": _VERSION, **description})
    with replacing(path) as file:
        np.savez(file, description=np.frombuffer(text.encode(), np.uint8), **arrays)  # type: ignore[arg-type]


def read(path: Any) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The description and the arrays, or a ValueError that says what is wrong with the file."""
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        description = json.loads(arrays.pop("description").tobytes())
    except _DAMAGED as error:
        raise _bad(f"a file of another kind ({error})") from None
    if not isinstance(description, dict) or description.get("format") != _FORMAT:
        raise _bad("a file of another kind")
    if description.get("version") != _VERSION:
        raise _bad(f"version {description.get('version')!r}, and this mmlcore reads {_VERSION}")
    return description, arrays


def _bad(got: str) -> ValueError:
    return ValueError(message("CharLM.load", "path", "a language model saved by mmlcore", got))

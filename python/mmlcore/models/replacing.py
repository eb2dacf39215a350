"""Files that are written whole or not at all."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["replacing"]


def _mode(target: Path) -> int:
    """Of the file that is there, or of one that `open` would make."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mask = os.umask(0o077)  # it can only be read by setting it
        os.umask(mask)
        return 0o666 & ~mask


@contextmanager
def replacing(path: Any) -> Iterator[BinaryIO]:
    """A file beside `path`, which takes its place when it is complete and synced, with the permissions of the old one.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(f"{folder}/file") as file:
    ...         _ = file.write(b"all of it")
    ...     Path(f"{folder}/file").read_text()
    'all of it'
    """
    target = Path(path)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the new name too is to survive a crash
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

"""The IDX format of Yann LeCun's digits, and MNIST in it."""

import gzip
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import message

__all__ = ["load_mnist", "read_idx"]

Arrays = tuple[NDArray[Any], NDArray[Any]]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
_PIECE = 1 << 22


def _bad(path: Any, got: str) -> ValueError:
    return ValueError(message("read_idx", "path", f"an IDX file, {Path(path).name!r}", got))


def _numbers(file: BinaryIO, size: int) -> bytearray:
    """At most size + 1 bytes, read in pieces: a header may promise more than there is."""
    data = bytearray()
    while len(data) <= size and (piece := file.read(min(_PIECE, size + 1 - len(data)))):
        data += piece
    return data


def read_idx(path: Any) -> NDArray[Any]:
    """The array in an IDX file, compressed with gzip or not.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ndarray
        Of the shape and type in the header, in the machine's byte order.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If its header is none, or its length is not what the header says.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     read_idx(path)
    array([7, 2, 1], dtype=uint8)

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits: the file format.
    """
    with open(path, "rb") as raw:
        compressed = raw.read(2) == _GZIP
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) if compressed else raw as file:
            try:
                return _array(path, file)
            except (EOFError, gzip.BadGzipFile, OSError) as error:
                raise _bad(path, f"a damaged gzip stream ({error})") from None


def _array(path: Any, file: Any) -> NDArray[Any]:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES:
        raise _bad(path, f"a file that begins with {head!r}")
    dtype, ndim = np.dtype(_TYPES[head[2]]), head[3]
    sizes = file.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise _bad(path, "a header that ends too soon")
    shape = tuple(int.from_bytes(sizes[4 * i : 4 * i + 4], "big") for i in range(ndim))
    expected = prod(shape) * dtype.itemsize
    data = _numbers(file, expected)
    if len(data) != expected:
        length = f"more than {expected}" if len(data) > expected else str(len(data))
        raise _bad(path, f"{length} bytes of data where shape {shape} has {expected}")
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _file(folder: Path, name: str) -> Path:
    """The file called `name`, with or without .gz, as it is published or with a dot before idx."""
    for candidate in (name, name.replace("-idx", ".idx")):
        for path in (folder / candidate, folder / f"{candidate}.gz"):
            if path.is_file():
                return path
    raise FileNotFoundError(f"load_mnist: path must hold {name} or {name}.gz, got {folder}")


def _part(folder: Path, prefix: str) -> Arrays:
    images = read_idx(_file(folder, f"{prefix}-images-idx3-ubyte"))
    labels = read_idx(_file(folder, f"{prefix}-labels-idx1-ubyte"))
    if images.ndim != 3 or labels.shape != images.shape[:1] or images.dtype != np.uint8:
        got = f"{images.dtype} of shape {images.shape} and labels of shape {labels.shape}"
        raise ValueError(message("load_mnist", "path", "a folder of images and as many labels", got))
    return images, labels


def load_mnist(path: Any, raw: bool = False) -> tuple[Arrays, Arrays]:
    """MNIST from the four IDX files in a folder: nothing is downloaded.

    Parameters
    ----------
    path : path-like
        The folder with train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-…, compressed with gzip or not.
    raw : bool
        As published: uint8 images of shape (n, 28, 28) and labels.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        `x`: float32 of shape (n, 784), pixels divided by 255. `y`: int64 of shape (n,).

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is no IDX file of the length that its header says, or images and labels differ in number.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits. Notes 8.
    """
    folder = Path(path)
    train, test = _part(folder, "train"), _part(folder, "t10k")
    return (train, test) if raw else (_ready(train), _ready(test))


def _ready(part: Arrays) -> Arrays:
    images, labels = part
    x = images.reshape(len(images), -1).astype(np.float32)
    x /= 255
    return x, labels.astype(np.int64)

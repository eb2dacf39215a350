"""IDX files of every type; damaged, truncated and lying ones are refused; MNIST itself if it is here."""

import gzip
import struct

import numpy as np
import pytest

from mmlcore.datasets import load_mnist, read_idx

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(array):
    header = bytes([0, 0, CODES[array.dtype.str[1:]], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["raw", "gzip"])
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (0,), ()])
def test_every_type_and_shape(tmp_path, code, shape, compress):
    array = np.asarray(np.random.default_rng(0).standard_normal(shape) * 50).astype(code)
    (tmp_path / "file").write_bytes(compress(idx(array)))
    got = read_idx(tmp_path / "file")
    assert got.dtype == np.dtype(code)
    assert got.dtype.isnative
    np.testing.assert_array_equal(got, array)


GOOD = idx(np.arange(60, dtype=np.uint8).reshape(3, 4, 5))


@pytest.mark.parametrize("content", [GOOD[:k] for k in (0, 3, 4, 10, 16, 40, 75)] + [gzip.compress(GOOD[:40], mtime=0)])
def test_truncated_files(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=r"^read_idx: path must be an IDX file, 'file', got "):
        read_idx(tmp_path / "file")


@pytest.mark.parametrize(
    "content",
    [
        GOOD + b"x",
        gzip.compress(GOOD, mtime=0)[:-10],
        gzip.compress(GOOD, mtime=0)[:20] + b"\xff" * 30,
        b"\x1f\x8bnothing",
        b"PK\x03\x04" + bytes(60),
        bytes([0, 0, 7, 1, 0, 0, 0, 1, 0]),
        bytes([0, 0, 8, 3]) + b"\xff" * 12 + bytes(100),  # promises 2⁹⁶ bytes
        bytes([0, 0, 14, 255]) + b"\xff" * 1020,
    ],
)
def test_damaged_and_lying_files(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=r"^read_idx: path must be an IDX file, 'file', got "):
        read_idx(tmp_path / "file")


def write_mnist(folder, images=(6, 4), labels=(6, 4), suffix="", dot=False):
    for prefix, n, m in zip(("train", "t10k"), images, labels, strict=True):
        names = (f"{prefix}-images-idx3-ubyte{suffix}", f"{prefix}-labels-idx1-ubyte{suffix}")
        arrays = (np.full((n, 28, 28), 255, np.uint8), np.arange(m, dtype=np.uint8))
        for name, array in zip(names, arrays, strict=True):
            data = idx(array)
            (folder / (name.replace("-idx", ".idx") if dot else name)).write_bytes(
                gzip.compress(data) if suffix else data
            )


@pytest.mark.parametrize("options", [{}, {"suffix": ".gz"}, {"dot": True}])
def test_mnist_in_any_of_its_forms(tmp_path, options):
    write_mnist(tmp_path, **options)
    (x, y), (x_test, y_test) = load_mnist(tmp_path)
    assert (x.shape, x.dtype, x_test.shape) == ((6, 784), np.float32, (4, 784))
    assert (x == 1).all()
    np.testing.assert_array_equal(y, range(6))
    assert (y.dtype, y_test.shape) == (np.int64, (4,))
    (images, labels), _ = load_mnist(tmp_path, raw=True)
    assert (images.shape, images.dtype, labels.dtype) == ((6, 28, 28), np.uint8, np.uint8)


def test_mnist_that_is_missing_or_does_not_match(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"^load_mnist: path must hold train-images-idx3-ubyte or train-images-"
    ):
        load_mnist(tmp_path)
    write_mnist(tmp_path, labels=(5, 4))
    with pytest.raises(ValueError, match=r"^load_mnist: path must be a folder of images and as many labels, got uint8"):
        load_mnist(tmp_path)


def test_mnist_itself(data_folder):
    if not (data_folder / "mnist").is_dir():
        pytest.skip("no MNIST in the data folder")
    (x, y), (x_test, y_test) = load_mnist(data_folder / "mnist")
    assert (x.shape, x_test.shape) == ((60_000, 784), (10_000, 784))
    assert y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert x.mean() == pytest.approx(0.1306604, abs=1e-6)  # the published mean
    assert x.std() == pytest.approx(0.3081078, abs=1e-6)

"""Files that are written whole: their permissions."""

import os
import stat

import pytest

from mmlcore.models.replacing import replacing


def write(path):
    with replacing(path) as file:
        file.write(b"x")
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_are_those_of_open_or_of_the_old_file(tmp_path):
    path, other = tmp_path / "file", tmp_path / "other"
    other.write_bytes(b"")
    assert write(path) == stat.S_IMODE(other.stat().st_mode)
    for mode in (0o644, 0o600, 0o664):
        path.chmod(mode)
        assert write(path) == mode
    assert sorted(tmp_path.iterdir()) == [path, other]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    write(path)
    with pytest.raises(TypeError), replacing(path) as file:
        file.write("no bytes")
    assert path.read_bytes() == b"x"
    assert list(tmp_path.iterdir()) == [path]

"""Files of language models: whole or not there, and only what was written."""

import json

import numpy as np
import pytest

from mmlcore.models import CharLM, language_files, replacing


def test_there_and_back(tmp_path):
    language_files.write(tmp_path / "file", {"a": [1, "é"]}, {"x": np.arange(3.0)})
    description, arrays = language_files.read(tmp_path / "file")
    assert description["a"] == [1, "é"]
    np.testing.assert_array_equal(arrays["x"], np.arange(3.0))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_that_cannot_be_completed_leaves_the_old_one(tmp_path, monkeypatch):
    language_files.write(tmp_path / "file", {"a": 1}, {})
    monkeypatch.setattr(replacing.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        language_files.write(tmp_path / "file", {"a": 2}, {})
    assert language_files.read(tmp_path / "file")[0]["a"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "file"
    for content in (b"", b"text", b"PK\x03\x04 broken"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"^CharLM\.load: path must be a language model saved by mmlcore"):
            CharLM.load(path)
    with path.open("wb") as file:
        np.savez(file, description=np.frombuffer(json.dumps({"format": "x"}).encode(), np.uint8))
    with pytest.raises(ValueError, match="another kind"):
        CharLM.load(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="another kind"):
        CharLM.load(path)
    language_files.write(path, {"version": 2}, {})
    with pytest.raises(ValueError, match="version 2"):
        CharLM.load(path)
    language_files.write(path, {"hidden": 3}, {})
    with pytest.raises(ValueError, match="does not fit"):
        CharLM.load(path)
    with pytest.raises(FileNotFoundError):
        CharLM.load(tmp_path / "absent")


def test_a_damaged_directory_of_the_archive_is_a_value_error(tmp_path):
    path = tmp_path / "file"
    language_files.write(path, {"a": 1}, {"x": np.zeros(3)})
    content = path.read_bytes()
    central = content.index(b"PK\x01\x02")
    for at, value in ((10, 99), (6, 255), (8, 1)):  # the method, the version needed, the flag of encryption
        damaged = bytearray(content)
        damaged[central + at] = value
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"^CharLM\.load: path must be .*a file of another kind"):
            CharLM.load(path)


def test_a_history_without_losses_is_refused(tmp_path):
    model = CharLM(hidden=4, layers=1)
    model.fit("ab" * 300, epochs=0, seq_length=10, batch_size=5)
    model.history = {}
    model.save(tmp_path / "file")
    with pytest.raises(ValueError, match=r"^CharLM\.load: path must be .*a history without losses"):
        CharLM.load(tmp_path / "file")

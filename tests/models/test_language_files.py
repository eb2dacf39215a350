"""Files of language models: whole or not there, and only what was written."""

import json

import numpy as np
import pytest

from mmlcore.models import CharLM, language_files


def test_there_and_back(tmp_path):
    language_files.write(tmp_path / "file", {"a": [1, "é"]}, {"x": np.arange(3.0)})
    description, arrays = language_files.read(tmp_path / "file")
    assert description["a"] == [1, "é"]
    np.testing.assert_array_equal(arrays["x"], np.arange(3.0))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_that_cannot_be_completed_leaves_the_old_one(tmp_path, monkeypatch):
    language_files.write(tmp_path / "file", {"a": 1}, {})
    monkeypatch.setattr(language_files.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
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

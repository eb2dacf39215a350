"""Text as numbers: any alphabet, files in blocks, errors that say where."""

import numpy as np
import pytest

from mmlcore.models import language_text
from mmlcore.models.language_text import Corpus, code_points, standard_library

TEXT = "naïve Ω 猫\n😀 naïve"


def test_numbers_and_back():
    corpus = Corpus.from_text(TEXT)
    assert "".join(corpus.vocabulary[i] for i in corpus.ids) == TEXT
    assert list(corpus.vocabulary) == sorted(set(TEXT))
    assert corpus.ids.dtype == np.uint8
    assert Corpus.from_text("".join(map(chr, range(300)))).ids.dtype == np.uint16
    np.testing.assert_array_equal(code_points(TEXT), [ord(c) for c in TEXT])


@pytest.mark.parametrize("block", [1, 2, 5, 1 << 20])
@pytest.mark.parametrize("mapped", [False, True])
def test_files_in_blocks_and_in_a_map(block, mapped, tmp_path, monkeypatch):
    """Characters that a block cuts through, and numbers that lie in a file."""
    monkeypatch.setattr(language_text, "_BLOCK", block)
    if mapped:
        monkeypatch.setattr(language_text, "_IN_MEMORY", 3)
    paths = [tmp_path / "a", tmp_path / "b"]
    for path, text in zip(paths, (TEXT, "🙂 end"), strict=True):
        path.write_bytes(text.encode())
    corpus = Corpus.from_files(paths)
    expected = Corpus.from_text(TEXT + "🙂 end")
    assert corpus.vocabulary == expected.vocabulary
    assert isinstance(corpus.ids, np.memmap) == mapped
    np.testing.assert_array_equal(corpus.ids, expected.ids)
    assert corpus.fingerprint() == expected.fingerprint() != Corpus.from_text(TEXT).fingerprint()


def test_what_is_no_text(tmp_path):
    path = tmp_path / "bytes"
    path.write_bytes(b"ab\xffcd")
    with pytest.raises(ValueError, match=r"^Corpus: text must be UTF-8, got byte 2 of .*bytes"):
        Corpus.from_files([path])
    path.write_bytes("é".encode()[:1])
    with pytest.raises(ValueError, match="UTF-8"):
        Corpus.from_files([path])
    with pytest.raises(FileNotFoundError):
        Corpus.from_files([tmp_path / "absent"])
    with pytest.raises(TypeError, match="Corpus: text must be a string, got bytes"):
        Corpus.from_text(b"ab")
    with pytest.raises(ValueError, match="of the model's characters, got 'c'"):
        Corpus.from_text("abc", "ab")
    path.write_bytes(b"")
    assert len(Corpus.from_files([path])) == 0


def test_the_standard_library_is_the_same_text_every_time():
    text = standard_library(50_000)
    assert len(text) == 50_000
    assert text == standard_library(60_000)[:50_000]
    assert text.isascii()
    assert "import" in text


@pytest.mark.parametrize("parts", [1, 3, 7])
@pytest.mark.parametrize("fraction", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("mapped", [False, True])
def test_what_is_held_back_and_what_is_left_make_up_the_text(parts, fraction, mapped, monkeypatch):
    corpus = Corpus.from_text("".join(map(chr, range(200))))
    if mapped:
        monkeypatch.setattr(language_text, "_IN_MEMORY", 3)
    spans = corpus.held_back(fraction, parts)
    assert [end for _, end in spans] == [200 * (i + 1) // parts for i in range(parts if fraction else 0)]
    assert all(abs((end - begin) - 200 * fraction / parts) <= 1 for begin, end in spans)
    left = corpus.without(spans)
    assert left.vocabulary == corpus.vocabulary
    assert isinstance(left.ids, np.memmap) == (mapped and len(spans) > 1)
    held = [i for begin, end in spans for i in range(begin, end)]
    np.testing.assert_array_equal(left.ids, np.delete(corpus.ids, held))

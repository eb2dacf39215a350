"""README.md and its companions tell the truth: examples run, links lead somewhere, paths and verbs exist."""

import doctest
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: Path, language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(document.read_text(encoding="utf-8")) if kind == language]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_python_examples_run(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = "\n".join(blocks(document, "python"))
    example = doctest.DocTestParser().get_doctest(source, {}, document.name, str(document), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(example)
    assert runner.summarize(verbose=False).failed == 0, capsys.readouterr().out


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        assert file.exists(), f"{document.name} links to {target}"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor in slugs, f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_paths_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    roots = "cpp|python|tests|benchmarks|examples|tools|docs"
    for path in re.findall(rf"`((?:{roots})/[\w./]*)`", text):
        assert (REPOSITORY / path).exists() or path == "benchmarks/results/", f"{document.name} names {path}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_verbs_exist(document: Path) -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`make ([a-z -]+)`", text)
    named += [line for block in blocks(document, "sh") for line in re.findall(r"^make ([a-z-]+)", block, re.MULTILINE)]
    unknown = {verb for words in named for verb in words.split()} - verbs
    assert not unknown, f"{document.name} names {unknown}"


def test_the_two_commands_are_marked_for_ci() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for mark, command in (("install", "mmlcore digits"), ("test", "pytest")):
        block = re.search(rf"^<!-- ci: {mark} -->\n```sh\n(.+)\n```$", text, re.MULTILINE)
        assert block, f"no block marked {mark}"
        assert command in block[1]

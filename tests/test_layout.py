"""The shape of the tree: every module has its tests and an honest __all__, and no file outgrows a reader."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "python" / "mmlcore"

LONGEST_FILE = 600
LONGEST_CMAKE = 150
LONGEST_FUNCTION = 40  # lines of Python, docstring not counted
LONGEST_CPP_FUNCTION = 60


def modules() -> list[Path]:
    """Every module of the package but __init__ and __main__, which only gather names."""
    return sorted(p for p in PACKAGE.rglob("*.py") if p.stem not in ("__init__", "__main__"))


def sources() -> list[Path]:
    """Every file that people write."""
    folders = [
        "python",
        "tests",
        "benchmarks",
        "examples",
        "tools",
        "cpp/kernels",
        "cpp/bindings",
        "cpp/bench",
    ]
    suffixes = {".py", ".cpp", ".h"}
    return sorted(p for f in folders for p in (REPOSITORY / f).rglob("*") if p.suffix in suffixes)


def dotted(file: Path) -> str:
    parts = ["mmlcore", *file.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def ids(files: list[Path]) -> list[str]:
    return [str(file.relative_to(REPOSITORY)) for file in files]


@pytest.mark.parametrize("file", modules(), ids=ids(modules()))
def test_every_module_has_its_test_file(file: Path) -> None:
    inside = file.relative_to(PACKAGE)
    mirrored = REPOSITORY / "tests" / inside.parent / f"test_{inside.name}"
    assert mirrored.is_file(), f"{mirrored.relative_to(REPOSITORY)} is missing"


def test_every_test_folder_mirrors_a_package_or_the_kernels() -> None:
    folders = {p.parent.relative_to(REPOSITORY / "tests") for p in (REPOSITORY / "tests").rglob("test_*.py")}
    orphans = [f for f in folders if not (PACKAGE / f).is_dir() and not (REPOSITORY / "cpp" / f).is_dir()]
    assert not orphans


def importable() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p.stem != "__main__")


@pytest.mark.parametrize("file", importable(), ids=ids(importable()))
def test_all_is_honest(file: Path) -> None:
    module = importlib.import_module(dotted(file))
    assert hasattr(module, "__all__"), f"{module.__name__} has no __all__"
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing, f"{module.__name__}.__all__ promises {missing}"
    assert len(set(module.__all__)) == len(module.__all__), "a name is listed twice"
    if file.stem != "_kernels":  # its list is the compiled module's
        unlisted = sorted(public_definitions(file) - set(module.__all__))
        assert not unlisted, f"{module.__name__} defines {unlisted}: list them in __all__ or call them _private"


def public_definitions(file: Path) -> set[str]:
    body = ast.parse(file.read_text(encoding="utf-8")).body
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {n.name for n in body if isinstance(n, definitions) and not n.name.startswith("_")}


def own_members(module: ModuleType) -> dict[str, object]:
    """What the module itself defines of its public names: functions, classes and their public methods."""
    found: dict[str, object] = {}
    for name in module.__all__:
        value = getattr(module, name)
        if getattr(value, "__module__", None) != module.__name__ or not callable(value):
            continue
        found[name] = value
        if inspect.isclass(value):
            methods = {k: v for k, v in vars(value).items() if inspect.isfunction(v) and not k.startswith("_")}
            found.update({f"{name}.{k}": getattr(value, k) for k in methods})
    return found


@pytest.mark.parametrize("file", importable(), ids=ids(importable()))
def test_every_public_name_is_documented(file: Path) -> None:
    module = importlib.import_module(dotted(file))
    assert module.__doc__, f"{module.__name__} does not say what it is"
    silent = [name for name, value in own_members(module).items() if not inspect.getdoc(value)]
    assert not silent, f"{module.__name__}: no docstring on {silent}"


@pytest.mark.parametrize("file", sources(), ids=ids(sources()))
def test_no_file_outgrows_a_reader(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{lines} lines"


def test_cmakelists_stays_small() -> None:
    lines = (REPOSITORY / "CMakeLists.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_CMAKE


@pytest.mark.parametrize("file", modules(), ids=ids(modules()))
def test_no_function_outgrows_a_screen(file: Path) -> None:
    long = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            after_docstring = first.end_lineno if ast.get_docstring(node) else node.lineno
            lines = (node.end_lineno or 0) - (after_docstring or 0)
            if lines > LONGEST_FUNCTION:
                long.append(f"{node.name}: {lines} lines")
    assert not long, long


def cpp_functions(file: Path) -> Iterator[tuple[str, int]]:
    """Signature and number of body lines of every function at column 0, which is where clang-format puts them."""
    other = re.compile(r"namespace|struct|class|enum|union|using|template|extern|[#/}\s]")
    head, start = "", -1  # start: the line that opens the body
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
        code = line.split("//")[0].rstrip()
        if line.startswith("}"):
            if start >= 0:
                yield head, number - start - 1
            head, start = "", -1
        elif start < 0:
            if line and not other.match(line):
                head = line
            if head and code.endswith("{"):
                start = number
            elif code.endswith((";", "}")):
                head = ""  # a declaration, or a definition on one line


CPP = [file for file in sources() if file.suffix in (".cpp", ".h")]


@pytest.mark.parametrize("file", CPP, ids=ids(CPP))
def test_no_cpp_function_outgrows_a_screen(file: Path) -> None:
    long = [f"{head}: {lines} lines" for head, lines in cpp_functions(file) if lines > LONGEST_CPP_FUNCTION]
    assert not long, long


def test_the_package_is_marked_as_typed() -> None:
    installed = Path(inspect.getfile(importlib.import_module("mmlcore"))).parent
    assert (installed / "py.typed").is_file()
    for stub in ("_kernels.pyi", "_cpu.pyi"):
        assert (installed / stub).is_file(), f"run `make stubs`: {stub}"

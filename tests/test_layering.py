"""The house: a room imports only what the table allows, and the kernels know no Python."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "python" / "mmlcore"
CPP = REPOSITORY / "cpp"

GROUND = {"_arrays", "_configuration", "_errors", "_random"}  # any room may stand on them
ANYTHING_PUBLIC = None
TRAINING = {"ops", "autodiff", "_kernels"}

# room -> the rooms it may use; a room not listed here does not exist
MAY_USE: dict[str, set[str] | None] = {
    "_errors": set(),
    "_arrays": {"_errors"},
    "_random": {"_errors"},
    "_configuration": {"_errors"},
    "_kernels": {"_cpu"},
    "_config": {"_kernels", "mmlcore"},  # show_config; reads the version of the package itself
    "linalg": {"_kernels"},
    "autodiff": set(),
    "ops": {"_kernels", "linalg", "autodiff"},
    "stats": {"linalg", "ops", "autodiff"},
    "optimize": {"linalg", "autodiff", "ops", "optimizers", "_kernels"},
    "layers": TRAINING,
    "losses": TRAINING,
    "metrics": TRAINING,
    "optimizers": TRAINING,
    "callbacks": set(),
    # the training loop differentiates the loss and gathers mini-batches itself
    "models": {"layers", "losses", "metrics", "optimizers", "callbacks"} | TRAINING,
    "estimators": {"linalg", "stats", "optimize", "models", "callbacks", "recommend", "layers", "losses", "optimizers"}
    | TRAINING,
    "datasets": set(),
    "recommend": {"linalg"},
    "io": ANYTHING_PUBLIC,
    "plot": ANYTHING_PUBLIC,
    "distributed": ANYTHING_PUBLIC,
    "cli": ANYTHING_PUBLIC,
    "cli_lm": ANYTHING_PUBLIC,
    "cli_vae": ANYTHING_PUBLIC,
    "__main__": {"cli"},
}
TOP = "mmlcore"  # the package itself: its __init__ may import every room

OPTIONAL = {
    *("scipy", "sklearn", "torch", "jax", "matplotlib", "pandas", "mpi4py", "mpi4jax", "onnx", "onnxruntime"),
    *("tensorboardX", "safetensors", "tqdm", "rich", "joblib", "threadpoolctl", "dask", "polars"),
}


@dataclass(frozen=True)
class Import:
    """One import statement of `file`; `module` is absolute."""

    file: Path
    line: int
    module: str
    inside_function: bool

    @property
    def where(self) -> str:
        return f"{self.file.relative_to(REPOSITORY)}:{self.line}"


def python_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    """The first folder or file name below the package; TOP for the package's own __init__."""
    first = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return TOP if first == "__init__" else first


def absolute(node: ast.ImportFrom, file: Path) -> str:
    """The absolute name of the module that a `from … import` names."""
    if node.level == 0:
        return node.module or ""
    folder = ["mmlcore", *file.relative_to(PACKAGE).parts[:-1]]
    base = folder[: len(folder) - (node.level - 1)]
    return ".".join([*base, *([node.module] if node.module else [])])


def imported_modules(node: ast.AST, file: Path) -> list[str]:
    """The modules that one statement imports, lazily (import_module with a literal) or not."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        module = absolute(node, file)
        # `from mmlcore import linalg` is an arrow to linalg, not to the whole package
        return [f"mmlcore.{alias.name}" for alias in node.names] if module == "mmlcore" else [module]
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
        "import_module",
        "__import__",
    ):
        literal = node.args[0] if node.args else None
        if isinstance(literal, ast.Constant):
            return [str(literal.value)]
    return []


def imports(file: Path) -> Iterator[Import]:
    """Every import of the file, those inside functions too."""

    def walk(node: ast.AST, inside: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            for module in imported_modules(child, file):
                yield Import(file, child.lineno, module, inside)  # type: ignore[attr-defined]
            yield from walk(child, inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))

    yield from walk(ast.parse(file.read_text(encoding="utf-8")), False)


def arrow(statement: Import) -> str | None:
    """The room that an import leads to; TOP for a name of the package itself; None outside mmlcore."""
    parts = statement.module.split(".")
    if parts[0] != "mmlcore":
        return None
    if len(parts) == 1 or not ((PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").is_file()):
        return "_cpu" if parts[1:] == ["_cpu"] else TOP
    return parts[1]


def allowed(room: str, target: str) -> bool:
    if room == TOP or target == room or target in GROUND:
        return True
    permitted = MAY_USE[room]
    if permitted is ANYTHING_PUBLIC:
        return not target.startswith("_")
    return target in permitted


def ids(files: list[Path]) -> list[str]:
    return [str(file.relative_to(REPOSITORY)) for file in files]


PYTHON = pytest.mark.parametrize("file", python_files(), ids=ids(python_files()))


@PYTHON
def test_every_import_is_in_the_table(file: Path) -> None:
    room = room_of(file)
    assert room == TOP or room in MAY_USE, f"{room} is not a room of DESIGN's house"
    wrong = [
        f"{statement.where}: {room} may not use {target}"
        for statement in imports(file)
        if (target := arrow(statement)) is not None and not allowed(room, target)
    ]
    assert not wrong, "\n".join(wrong)


@PYTHON
def test_only_kernels_py_imports_the_compiled_modules(file: Path) -> None:
    if file.name == "_kernels.py":
        return
    compiled = re.compile(r"mmlcore\._(cpu|kernels_\w+)")
    wrong = [s.where for s in imports(file) if compiled.match(s.module)]
    assert not wrong, f"import mmlcore._kernels instead: {wrong}"


@PYTHON
def test_optional_packages_are_imported_inside_functions(file: Path) -> None:
    for statement in imports(file):
        package = statement.module.split(".")[0]
        known = package in {"numpy", "mmlcore", "__future__"} | OPTIONAL | sys.stdlib_module_names
        assert known, f"{statement.where}: {package} is neither a dependency nor an extra"
        assert package not in OPTIONAL or statement.inside_function, f"{statement.where}: {package} at import time"


def test_the_walk_sees_every_kind_of_import(tmp_path: Path) -> None:
    file = PACKAGE / "ops" / "imaginary.py"
    source = tmp_path / "imaginary.py"
    source.write_text(
        "import numpy as np\nfrom mmlcore import linalg, grad\nfrom ..autodiff.engine import Tensor\n"
        "from . import arithmetic\n"
        "def f():\n    import scipy.linalg\n    importlib.import_module('mmlcore.models')\n"
    )
    tree = ast.parse(source.read_text())
    found = [m for node in ast.walk(tree) for m in imported_modules(node, file)]
    assert sorted(found) == [
        *("mmlcore.autodiff.engine", "mmlcore.grad", "mmlcore.linalg", "mmlcore.models", "mmlcore.ops"),
        *("numpy", "scipy.linalg"),
    ]
    assert arrow(Import(file, 1, "mmlcore.grad", False)) == TOP
    assert not allowed("ops", TOP)
    assert not allowed("autodiff", "ops")
    assert not allowed("cli", "_kernels")
    assert allowed("ops", "_errors")


def cpp_files(*folders: str) -> list[Path]:
    return sorted(p for f in folders for p in (CPP / f).rglob("*") if p.suffix in (".cpp", ".h"))


def included(file: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)', file.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("file", cpp_files("kernels", "bench"), ids=ids(cpp_files("kernels", "bench")))
def test_kernels_know_no_python(file: Path) -> None:
    wrong = [name for name in included(file) if re.match(r"pybind11|Python\.h|numpy|bindings/", name)]
    assert not wrong, f"{file.name} includes {wrong}"


def reached(file: Path) -> set[str]:
    """What a file includes, directly or through our own headers; itself too."""
    found, new = set(), {str(file.relative_to(CPP))}
    while new:
        found |= new
        new = {name for known in new if (CPP / known).is_file() for name in included(CPP / known)} - found
    return found


@pytest.mark.parametrize("file", cpp_files("bindings"), ids=ids(cpp_files("bindings")))
def test_bindings_compute_nothing(file: Path) -> None:
    # They are compiled once, for the baseline, and linked with the kernels of every instruction set: nothing that both
    # see may be another thing on either side.
    names = reached(file)
    wrong = [n for n in names if n == "kernels/simd.h" or n.startswith(("Eigen", "unsupported", "omp.h", "immintrin"))]
    assert not wrong, f"{file.name} reaches {wrong}: arithmetic belongs in cpp/kernels"
    asks = re.compile(r"\b__(AVX|SSE|FMA|BMI|ARM|aarch64|x86_64)\w*|\bkVectorBytes\b|\bVec<")
    asking = [n for n in names if (CPP / n).is_file() and asks.search((CPP / n).read_text(encoding="utf-8"))]
    assert not asking, f"{file.name} reaches {asking}, which differ from level to level"


def test_the_walk_sees_what_headers_include() -> None:
    assert "kernels/simd.h" in reached(CPP / "kernels" / "pooling.cpp")


def test_no_room_for_odds_and_ends() -> None:
    vague = {"utils", "util", "misc", "common", "helpers", "helper", "tools"}
    roots = [PACKAGE, CPP / "kernels", CPP / "bindings", REPOSITORY / "tests"]
    wrong = [p for root in roots for p in root.rglob("*") if p.stem in vague and (p.is_dir() or p.suffix)]
    assert not wrong, f"name them after what they do: {wrong}"

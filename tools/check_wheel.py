"""Check what was packed: a wheel's size, files and machine code, or a source distribution's files.

Usage: python tools/check_wheel.py dist/mmlcore-*.whl [x86-64-v2 x86-64-v3 x86-64-v4]
       python tools/check_wheel.py dist/mmlcore-*.tar.gz
"""

import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

LARGEST_WHEEL = 8 * 2**20
LARGEST_INSTALLED = 25 * 2**20

# the widest registers that a level's code may name
FORBIDDEN_REGISTERS = {"_cpu": "yz", "_kernels_x86_64_v2": "yz", "_kernels_x86_64_v3": "z"}


def check_wheel(path: Path, levels: list[str]) -> Iterator[str]:
    """What is wrong with a wheel, one sentence each."""
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        installed = sum(entry.file_size for entry in wheel.infolist())
        with tempfile.TemporaryDirectory() as folder:
            wheel.extractall(folder)
            for module in sorted(Path(folder).rglob("*.so")):
                yield from check_object(module)

    if path.stat().st_size > LARGEST_WHEEL:
        yield f"the wheel has {path.stat().st_size / 2**20:.1f} MiB"
    if installed > LARGEST_INSTALLED:
        yield f"installed it takes {installed / 2**20:.1f} MiB"
    print(f"{path.name}: {path.stat().st_size / 2**20:.2f} MiB, installed {installed / 2**20:.2f} MiB")

    for needed in ("py.typed", "_kernels.pyi", "_cpu.pyi", "datasets/digits.npz", "datasets/DIGITS.md"):
        if f"mmlcore/{needed}" not in names:
            yield f"mmlcore/{needed} is missing"
    for licence in ("LICENSE", "COPYING.MPL2"):
        if not any(".dist-info/licenses/" in name and name.endswith(licence) for name in names):
            yield f"the licence text {licence} is missing"

    modules = {Path(name).name.split(".")[0] for name in names if name.endswith(".so")}
    expected = {"_cpu", *("_kernels_" + re.sub(r"\W", "_", level) for level in levels)}
    if modules != expected:
        yield f"the compiled modules are {sorted(modules)}, not {sorted(expected)}"
    stray = [n for n in names if not re.match(r"mmlcore(/|-[\d.]+\.dist-info/)", n) or "__pycache__" in n]
    if stray:
        yield f"these do not belong in a wheel: {stray}"


def check_object(module: Path) -> Iterator[str]:
    """What is wrong with one shared object: instructions above its level, initialisers, exports."""
    name = module.name.split(".")[0]
    if forbidden := FORBIDDEN_REGISTERS.get(name):
        code = output("objdump", "-d", "--no-show-raw-insn", str(module))
        used = re.findall(rf"%[{forbidden}]mm\d+", code)
        if used:
            yield f"{name} names {len(used)} registers above its level, such as {used[0]}"
    if name != "_cpu":  # the compiler's own __cpu_indicator_init lies there
        entries = re.search(r"\.init_array\s+([0-9a-f]+)", output("objdump", "-h", str(module)))
        if entries and int(entries[1], 16) > 8:
            yield f"{name} has static initialisers"
    exported = output("nm", "-DC", "--defined-only", str(module)).splitlines()
    internal = [line for line in exported if re.match(r"\S+ \w (mmlcore|Eigen)::", line)]
    if internal:
        yield f"{name} exports {len(internal)} of its own symbols: {internal[0]}"


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check_sdist(path: Path) -> Iterator[str]:
    """What is wrong with a source distribution: it must build offline, test itself and carry no junk."""
    with tarfile.open(path) as archive:
        names = ["/".join(name.split("/")[1:]) for name in archive.getnames()]
    print(f"{path.name}: {path.stat().st_size / 2**20:.2f} MiB, {len(names)} files")
    needed = [
        *("pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE", "CHANGELOG.md", "tests/conftest.py"),
        *("cpp/third_party/eigen/COPYING.MPL2", "cpp/third_party/eigen/Eigen/Core", "cpp/cpu.cpp"),
        *("python/mmlcore/__init__.py", "python/mmlcore/py.typed", "python/mmlcore/_kernels.pyi"),
    ]
    yield from (f"{name} is missing" for name in needed if name not in names)
    junk = re.compile(r"(^|/)(build|dist|shared|\.ci|\.git|__pycache__|\.hypothesis)/|\.(so|o|pyc|whl)$")
    stray = [name for name in names if junk.search(name)]
    if stray:
        yield f"these do not belong in a source distribution: {stray[:5]}"


def main() -> int:
    """Print what is wrong; the exit status is 1 when something is."""
    path, levels = Path(sys.argv[1]), sys.argv[2:]
    wrong = list(check_wheel(path, levels) if path.suffix == ".whl" else check_sdist(path))
    for sentence in wrong:
        print(f"{path.name}: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

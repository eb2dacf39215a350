"""Turn the JSON files of a run into a table: python benchmarks/report.py [folder] > benchmarks/RESULTS.md"""

import json
import sys
from pathlib import Path
from typing import Any

from harness import OURS, RESULTS, duration

PREFACE = """# Measured

Written by `make bench` from the JSON files of one run, not by hand. Each cell is the median over the rounds,
and in brackets the peer's time divided by mmlcore's in the same run (above 1: mmlcore is faster; first of the
medians, then of the best rounds). What counts is the ratio: absolute figures move from machine to machine.
"""


CPP_PREFACE = """
## Without Python

Written by the programs of `cpp/bench` (`OUT=benchmarks/results make bench-cpp`): GFLOP/s, in brackets the share of the
peak of multiply-adds that the same program measured for its instruction set (for several threads, times as many);
GB/s where memory is the limit.
"""

MEMORY_PREFACE = """
## Peak memory

Written by `benchmarks/peak_memory*.py`: by how much the largest resident size of a process grew; in brackets the peer's
divided by mmlcore's.
"""


def reports(folder: Path) -> list[dict[str, Any]]:
    """The folder's full runs, by benchmark, instruction set and threads."""
    files = (file for file in folder.glob("*.json") if not file.name.startswith(("cpp_", "memory_")))
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return sorted((r for r in found if not r["quick"]), key=lambda r: (r["benchmark"], r["isa"], r["threads"]))


def cpp_section(folder: Path) -> str:
    """The C++ programs' rates: one row per benchmark, one column per instruction set."""
    rates: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("cpp_*.json")):
        run = json.loads(file.read_text(encoding="utf-8"))
        isa = run["context"]["isa"]
        for row in run["benchmarks"]:
            if row.get("aggregate_name", "median") != "median":
                continue
            name = row["run_name"].removesuffix("/real_time")
            if "GB" in row:
                text = f"{row['GB']:.1f} GB/s"
            elif "of_peak" in row:
                text = f"{row['GFLOP']:.1f} ({row['of_peak']:.2f})"
            elif "GFLOP" in row:
                text = f"{row['GFLOP']:.1f}"
            else:
                continue
            rates.setdefault(name, {})[isa] = text
    if not rates:
        return ""
    levels = sorted({isa for row in rates.values() for isa in row})
    lines = [CPP_PREFACE, "| | " + " | ".join(levels) + " |", "|---" * (len(levels) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(row.get(isa, "–") for isa in levels) + " |" for name, row in rates.items()]
    return "\n".join(lines) + "\n"


def memory_section(folder: Path) -> str:
    """Peak memory: one row per script, one column per library."""
    rows = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("memory_*.json"))]
    if not rows:
        return ""
    names = list(dict.fromkeys(name for row in rows for name in row["mebibytes"]))
    lines = [MEMORY_PREFACE, "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for row in rows:
        found = row["mebibytes"]
        texts = {name: f"{grown:.0f} MiB" for name, grown in found.items()}
        texts |= {name: f"{texts[name]} ({found[name] / found[OURS]:.2f})" for name in found if name != OURS}
        lines.append(f"| {row['case']} | " + " | ".join(texts.get(name, "–") for name in names) + " |")
    return "\n".join(lines) + "\n"


def cell(row: dict[str, Any], name: str) -> str:
    if name not in row["results"]:
        return "–"
    seconds = row["results"][name]["median"]
    text = duration(seconds)
    if row["flops"]:
        text += f", {row['flops'] / seconds / 1e9:.0f} GFLOP/s"
    if name != OURS:
        ratio = row["ratio"][name]
        text += f" ({ratio['median']:.2f}, {ratio['best']:.2f})"
    return text


def section(report: dict[str, Any]) -> str:
    """One benchmark at one thread count, as a table."""
    names = list(dict.fromkeys(name for row in report["cases"] for name in row["results"]))
    threads = f"{report['threads']} thread" + ("s" if report["threads"] > 1 else "")
    lines = [
        f"\n## {report['benchmark'].replace('_', ' ')}, {threads}, {report['isa']}\n",
        "| | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    lines += [f"| {row['case']} | " + " | ".join(cell(row, name) for name in names) + " |" for row in report["cases"]]
    return "\n".join(lines) + "\n"


def machine(report: dict[str, Any]) -> str:
    """Where the figures are from."""
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    bits = report["build"]["vector_bits"]
    return (
        f"\nMachine: {report['processor']}, {report['processors']} processors; kernels of {bits}-bit vectors at "
        f"{report['isa']}; Python {report['python']}; {versions}.\n"
    )


def table(folder: Path) -> str:
    """The whole of RESULTS.md."""
    found = reports(folder)
    if not found:
        raise SystemExit(f"no full run in {folder}: make bench")
    tables = "".join(section(report) for report in found)
    return PREFACE + machine(found[0]) + tables + memory_section(folder) + cpp_section(folder)


if __name__ == "__main__":
    print(table(Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS), end="")

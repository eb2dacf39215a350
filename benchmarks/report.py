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


def reports(folder: Path) -> list[dict[str, Any]]:
    """The folder's full runs, by benchmark and threads."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")]
    return sorted((r for r in found if not r["quick"]), key=lambda r: (r["benchmark"], r["threads"]))


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
        f"\n## {report['benchmark'].replace('_', ' ')}, {threads}\n",
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
        f"\nMachine: {report['processor']}, {report['processors']} processors; kernels {report['isa']} "
        f"({bits}-bit vectors); Python {report['python']}; {versions}.\n"
    )


def table(folder: Path) -> str:
    """The whole of RESULTS.md."""
    found = reports(folder)
    if not found:
        raise SystemExit(f"no full run in {folder}: make bench")
    return PREFACE + machine(found[0]) + "".join(section(report) for report in found)


if __name__ == "__main__":
    print(table(Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS), end="")

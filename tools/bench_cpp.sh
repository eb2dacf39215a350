#!/usr/bin/env bash
# Builds cpp/bench for the machine at hand and runs every program; further arguments go to Google Benchmark.
#
#   PROGRAMS="gemm products"  only these
#   LEVELS="x86-64-v3;native" other instruction sets
#   OUT=benchmarks/results    also writes JSON files there, from which benchmarks/report.py makes its tables
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
build=${BUILD:-build/bench}
levels=${LEVELS:-native}

cmake -S . -B "$build" -DMMLCORE_BENCH=ON -DMMLCORE_ISA_LEVELS="$levels" \
    -DPython_EXECUTABLE="$(command -v "$python")" \
    -DCMAKE_PREFIX_PATH="$("$python" -m pybind11 --cmakedir)" > /dev/null
names=${PROGRAMS:-$(basename -s .cpp -a cpp/bench/bench_*.cpp | sed 's/^bench_//')}
programs=()
for level in ${levels//;/ }; do
    for name in $names; do programs+=("bench_${name}_${level//-/_}"); done
done
cmake --build "$build" --parallel "$(nproc)" --target "${programs[@]}"
for program in "${programs[@]}"; do
    out=()
    if [[ -n ${OUT:-} ]]; then out=("--benchmark_out=$OUT/cpp_${program#bench_}.json" --benchmark_out_format=json); fi
    "$build/cpp/bench/$program" "${out[@]}" "$@"
done

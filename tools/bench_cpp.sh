#!/usr/bin/env bash
# Builds cpp/bench for the machine at hand and runs every program; further arguments go to Google Benchmark.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
build=${BUILD:-build/bench}

cmake -S . -B "$build" -DMMLCORE_BENCH=ON -DPython_EXECUTABLE="$(command -v "$python")" \
    -DCMAKE_PREFIX_PATH="$("$python" -m pybind11 --cmakedir)" > /dev/null
programs=()
for source in cpp/bench/bench_*.cpp; do
    programs+=("$(basename "$source" .cpp)_native")
done
cmake --build "$build" --parallel "$(nproc)" --target "${programs[@]}"
for program in "${programs[@]}"; do
    "$build/cpp/bench/$program" "$@"
done

# Short verbs for people. `make` alone lists them.
PYTHON ?= python3
LEVELS ?= x86-64-v2;x86-64-v3;x86-64-v4
CPP = $(shell git ls-files 'cpp/*.cpp' 'cpp/*.h' ':!cpp/third_party')

.DEFAULT_GOAL := help
.PHONY: help dev test test-isa test-asan bench bench-cpp lint lint-style lint-types lint-stubs format stubs wheel ci clean

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

dev:  ## editable install for the machine at hand, with everything a developer needs; again after a change in cpp/
	$(PYTHON) -m pip install "scikit-build-core>=1.0,<2" "pybind11>=3.0,<4" "cmake>=3.26" ninja
	$(PYTHON) -m pip install --no-build-isolation -e '.[test,lint]'

test:  ## the suite, at the best instruction set of this machine
	$(PYTHON) -m pytest

test-isa:  ## the suite once at every level that is installed and that this machine can run
	@set -e; for level in $$($(PYTHON) -c "from mmlcore import _kernels; print(*_kernels.levels_supported())"); do \
	    echo "== $$level"; MMLCORE_ISA=$$level $(PYTHON) -m pytest -q; done

test-asan:  ## the suite under the address and undefined-behaviour sanitizers
	PYTHON=$(PYTHON) bash tools/asan.sh

bench:  ## every benchmark against every installed peer; rewrites benchmarks/RESULTS.md
	$(PYTHON) benchmarks/run.py

bench-cpp:  ## our GEMM, Eigen's and the measured peak, without Python (needs libbenchmark-dev)
	bash tools/bench_cpp.sh

lint: lint-style lint-types lint-stubs  ## style, types, stubs

lint-style:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	clang-format --dry-run -Werror $(CPP)

lint-types:
	$(PYTHON) -m mypy

lint-stubs:
	$(PYTHON) tools/stubs.py --check
	$(PYTHON) -m mypy.stubtest mmlcore._kernels mmlcore._cpu

format:  ## put every file in the house style
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	clang-format -i $(CPP)

stubs:  ## rewrite the type stubs of the compiled modules
	$(PYTHON) tools/stubs.py

wheel:  ## a wheel for every x86-64 processor in dist/, checked
	$(PYTHON) -m pip wheel --no-deps -w dist . --config-settings=cmake.define.MMLCORE_ISA_LEVELS="$(LEVELS)"
	$(PYTHON) tools/check_wheel.py "$$(ls -t dist/mmlcore-*.whl | head -1)" $(subst ;, ,$(LEVELS))

ci:  ## everything that must hold before a change is merged
	bash .ci/run

clean:  ## what builds leave behind
	rm -rf build dist

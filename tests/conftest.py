"""What every test shares: hypothesis profiles, default threads, fresh interpreters, the optional data."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job; interrupts are tested here
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: a first call starts threads and a busy machine is slow. In CI the same examples every time.
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def default_threads() -> Iterator[None]:
    """Every test starts and ends with the default number of threads."""
    yield
    from mmlcore import _kernels

    _kernels.set_num_threads(0)


@pytest.fixture(autouse=True)
def same_numbers(request: pytest.FixtureRequest) -> None:
    """A module's generators start anew in every test: its numbers do not depend on which tests ran before it."""
    for value in vars(request.module).values():
        if isinstance(value, np.random.Generator):
            bits = value.bit_generator
            bits.state = type(bits)(bits.seed_seq).state


@pytest.fixture
def run_python() -> Callable[..., str]:
    """run_python(code, **environment) runs code in a fresh interpreter and returns what it printed.

    An environment value of None removes the variable; fails=True expects a non-zero exit and returns stderr.
    """

    def run(code: str, *, timeout: float = 120, fails: bool = False, **environment: str | None) -> str:
        env = {k: v for k, v in os.environ.items() if k not in environment}
        env.update({k: v for k, v in environment.items() if v is not None})
        result = subprocess.run(
            [sys.executable, "-c", code],
            env=env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert (result.returncode != 0) == fails, result.stderr
        return result.stderr if fails else result.stdout.strip()

    return run


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The optional data sets: MMLCORE_DATA, or shared/data beside the checkout."""
    folder = Path(os.environ.get("MMLCORE_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no data folder {folder.name}: set MMLCORE_DATA")
    return folder

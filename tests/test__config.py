"""The facts about an installation are true and complete."""

import platform

import numpy as np
import pytest

import mmlcore


def test_facts_are_those_of_this_process():
    facts = mmlcore.show_config("dicts")
    assert facts["mmlcore"] == mmlcore.__version__
    assert facts["NumPy"] == np.__version__
    assert facts["Python"].startswith(platform.python_version())
    assert facts["threads"].startswith(str(mmlcore.get_num_threads()))
    assert all(facts.values())


def test_the_thread_count_that_is_set_is_shown():
    mmlcore.set_num_threads(1)
    assert mmlcore.show_config("dicts")["threads"].startswith("1")


def test_printed_text_holds_every_fact_in_aligned_columns(capsys):
    assert mmlcore.show_config() is None
    lines = capsys.readouterr().out.splitlines()
    facts = mmlcore.show_config("dicts")
    column = max(map(len, facts)) + 2
    assert {line[:column].strip(): line[column:] for line in lines} == facts


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match=r"^show_config: mode must be one of 'stdout', 'dicts', got 'html'$"):
        mmlcore.show_config("html")

"""matplotlib is an extra: imported late, and missed with a clear word."""

import sys

import pytest

from mmlcore.plot import require_matplotlib, require_writable
from mmlcore.plot.matplotlib_extra import new_axes


def test_missing_matplotlib_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"^plot: matplotlib is not installed; pip install 'mmlcore\[plot\]'$"):
        require_matplotlib()


def test_files_that_can_be_written_and_others(tmp_path):
    pytest.importorskip("matplotlib")
    require_writable("f", "file", str(tmp_path / "a.PNG"))
    require_writable("f", "file", "a.svg")
    with pytest.raises(ValueError, match=r"^f: file must be a file name ending in .*, pdf, .*, got 'a'$"):
        require_writable("f", "file", "a")
    with pytest.raises(ValueError, match=r"^f: file must be in a folder that can be written to, got '/.*/no/a.png'$"):
        require_writable("f", "file", str(tmp_path / "no" / "a.png"))


def test_axes_are_the_given_ones_or_new():
    plt = pytest.importorskip("matplotlib.pyplot")
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert new_axes(ax) is ax
    made = new_axes(None)
    assert made.figure.number in plt.get_fignums()
    plt.close(made.figure)


def test_importing_plot_does_not_import_matplotlib(run_python):
    code = "import sys, mmlcore.plot; print('matplotlib' in sys.modules)"
    assert run_python(code) == "False"

"""The command line, run in this process and, once, as users do."""

import re
import subprocess
import sys

import pytest

import mmlcore
from mmlcore.cli import main


def test_info_prints_the_configuration(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for word in (
        mmlcore.__version__,
        "instruction set",
        "threads",
        "OpenMP",
        "Eigen",
        "NumPy",
        "Python",
        "compiler",
    ):
        assert word in out


def test_digits_reaches_97_percent_and_says_how_fast(capsys):
    assert main(["digits"]) == 0
    out, err = capsys.readouterr()
    found = re.search(r"test accuracy (0\.\d{4}), (\d+\.\d\d) s of training, ([\d,]+) samples/s\n$", out)
    assert found, out
    assert float(found[1]) >= 0.97
    assert out.startswith("1442 training and 355 test images, 16 and 32 filters 3×3, threads: ")
    assert err.count("\n") == err.count("Epoch") == 30


def test_options_count(capsys):
    assert (
        main(
            [
                "digits",
                "--epochs",
                "2",
                "--batch-size",
                "100",
                "--hidden",
                "7",
                "--seed",
                "5",
                "--threads",
                "1",
            ]
        )
        == 0
    )
    out, err = capsys.readouterr()
    assert "network 64-7-10, threads: 1" in out
    assert err.count("Epoch") == 2
    assert (
        main(
            [
                "digits",
                "--epochs",
                "2",
                "--batch-size",
                "100",
                "--hidden",
                "7",
                "--seed",
                "5",
                "--threads",
                "1",
            ]
        )
        == 0
    )
    again = capsys.readouterr().out
    accuracy = r"test accuracy (\S+),"
    assert re.search(accuracy, again)[1] == re.search(accuracy, out)[1]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["digits", "--epochs", "-1"], "argument --epochs: must be at least 1, got -1"),
        (["digits", "--epochs", "0"], "argument --epochs: must be at least 1, got 0"),
        (["digits", "--batch-size", "x"], "argument --batch-size: invalid integer value: 'x'"),
        (["digits", "--hidden", "100000000000"], "argument --hidden: must be at most 65536, got 100000000000"),
        (["digits", "--hidden", "0"], "argument --hidden: must be at least 1, got 0"),
        (["digits", "--seed", "-1"], "argument --seed: must be at least 0, got -1"),
        (["digits", "--threads", "0"], "argument --threads: must be at least 1, got 0"),
        (["digits", "--epoch"], "argument --epochs: expected one argument"),
        (["letters"], "invalid choice: 'letters'"),
        ([], "the following arguments are required: command"),
    ],
)
def test_argument_errors(arguments, text, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert text in capsys.readouterr().err


def test_plot_writes_a_picture(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    file = tmp_path / "digits.png"
    assert main(["digits", "--epochs", "2", "--plot", str(file)]) == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    assert f"wrote {file}" in capsys.readouterr().out


@pytest.mark.parametrize("file", ["nowhere/digits.png", "digits.xyz", "digits"])
def test_a_file_that_cannot_be_written_is_one_line_before_training(file, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main(["digits", "--plot", str(tmp_path / file)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"mmlcore: digits: --plot must be .*, got '.*'\n", err)


def test_too_little_memory_is_one_line(monkeypatch, capsys):
    def exhausted(*args, **kwargs):
        raise MemoryError("Unable to allocate")

    monkeypatch.setattr(mmlcore.models.Sequential, "fit", exhausted)
    assert main(["digits"]) == 1
    assert capsys.readouterr().err == "mmlcore: Unable to allocate\n"


def test_without_matplotlib_plot_names_the_extra_before_training(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["digits", "--plot", "digits.png"]) == 1
    assert capsys.readouterr() == (
        "",
        "mmlcore: plot: matplotlib is not installed; pip install 'mmlcore[plot]'\n",
    )


def test_ctrl_c_is_not_a_traceback(monkeypatch, capsys):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(mmlcore.models.Sequential, "fit", interrupted)
    assert main(["digits"]) == 130
    assert capsys.readouterr().err.endswith("mmlcore: interrupted\n")


def test_python_m_mmlcore():
    run = subprocess.run([sys.executable, "-m", "mmlcore", "--version"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, f"mmlcore {mmlcore.__version__}\n")


def test_recommend_prints_titles_and_names_what_is_wrong(tmp_path, capsys):
    (tmp_path / "movies.dat").write_text(
        "1::Heat (1995)::Crime\n2::Ronin (1998)::Crime\n3::Emma (1996)::Drama\n4::X::Y\n"
    )
    lines = [(1, 1, 5), (1, 2, 4), (1, 3, 1), (2, 1, 5), (2, 2, 5), (3, 3, 5), (4, 1, 1), (4, 3, 4)]
    (tmp_path / "ratings.dat").write_text("".join(f"{u}::{m}::{r}::97830{u}{m}\n" for u, m, r in lines))
    assert main(["recommend", str(tmp_path), "--movie", "1", "--top", "2", "-k", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("8 ratings of 4 movies; 2 singular vectors in ")
    assert re.search(r"rated like Heat \(1995\):\n   1\.000  Heat \(1995\)\n  [ -]0\.\d+  Ronin \(1998\)\n$", out), out
    for movie, text in (("9", "must be an id of movies.dat, got 9"), ("4", "must be a movie with ratings, got 4")):
        assert main(["recommend", str(tmp_path), "--movie", movie]) == 1
        assert text in capsys.readouterr().err
    (tmp_path / "ratings.dat").write_text("1::1::5\n")
    assert main(["recommend", str(tmp_path), "--movie", "1"]) == 1
    assert "ratings.dat, line 1 must be" in capsys.readouterr().err

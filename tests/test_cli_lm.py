"""``mmlcore lm``: train, sample, info, resume, stop."""

import numpy as np
import pytest

from mmlcore import cli_lm
from mmlcore.cli import main
from mmlcore.models import CharLM
from mmlcore.optimizers import CosineDecay

TEXT = "καὶ ὁ λόγος ἦν πρὸς τὸν θεόν\n" * 100
SMALL = ["--hidden", "8", "--layers", "1", "--seq-length", "10", "--batch-size", "5"]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "text").write_text(TEXT, encoding="utf-8")
    return str(tmp_path / "text"), str(tmp_path / "model")


def test_train_sample_info(files, capsys):
    text, out = files
    assert main(["lm", "train", text, text, "--epochs", "2", "--cell", "gru", "--out", out, *SMALL]) == 0
    printed = capsys.readouterr().out
    assert "5,800 characters" in printed
    assert printed.count("bits a character") == 2
    assert main(["lm", "sample", out, "--length", "30", "--seed", "1", "--prime", "καὶ", "--top-k", "5"]) == 0
    sampled = capsys.readouterr().out
    assert sampled.startswith("καὶ")
    assert len(sampled) == 34
    assert main(["lm", "info", out]) == 0
    printed = capsys.readouterr().out
    assert "gru 1 × 8" in printed
    assert "2 epochs" in printed


def test_resumed_training_ends_where_it_would_have_ended(files, tmp_path):
    text, out = files
    whole = str(tmp_path / "whole")
    assert main(["lm", "train", text, "--epochs", "3", "--out", whole, *SMALL]) == 0
    assert main(["lm", "train", text, "--epochs", "1", "--out", out, *SMALL]) == 0
    assert main(["lm", "train", text, "--epochs", "3", "--resume", out, "--out", out, *SMALL]) == 0
    np.testing.assert_array_equal(CharLM.load(out).theta, CharLM.load(whole).theta)


def test_the_learning_rate_falls_to_zero_at_the_last_epoch(files):
    text, out = files
    assert main(["lm", "train", text, "--epochs", "2", "--schedule", "cosine", "--out", out, *SMALL]) == 0
    model, expected = CharLM.load(out), CharLM(8, 1)
    steps = model.optimizer.iterations
    rate = CosineDecay(0.002, steps)
    expected.fit(TEXT, 2, 10, 5, rate, val_fraction=0.05)
    np.testing.assert_array_equal(model.theta, expected.theta)
    assert rate(steps) == 0


def test_every_setting_reaches_the_model(files):
    text, out = files
    settings = ["--dropout", "0.1", "--recurrent-dropout", "0.2", "--weight-decay", "0.3", "--val-parts", "5"]
    assert main(["lm", "train", text, "--epochs", "1", "--val-fraction", "0.1", "--out", out, *settings, *SMALL]) == 0
    model, expected = CharLM.load(out), CharLM(8, 1, dropout=0.1, recurrent_dropout=0.2)
    expected.fit(TEXT, 1, 10, 5, val_fraction=0.1, val_parts=5, weight_decay=0.3)
    assert model.recurrent_dropout == 0.2
    assert model.history == expected.history
    np.testing.assert_array_equal(model.theta, expected.theta)


def test_an_interrupt_saves(files, monkeypatch, capsys, tmp_path):
    text, out = files
    whole = str(tmp_path / "whole")
    assert main(["lm", "train", text, "--epochs", "2", "--out", whole, *SMALL]) == 0
    after = [30]

    def step(self, done, steps, loss):
        after[0] -= 1
        if not after[0]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(cli_lm._Progress, "step", step)
        assert main(["lm", "train", text, "--epochs", "2", "--out", out, *SMALL]) == 130
    assert "--resume" in capsys.readouterr().err
    assert main(["lm", "train", text, "--epochs", "2", "--resume", out, "--out", out, *SMALL]) == 0
    np.testing.assert_array_equal(CharLM.load(out).theta, CharLM.load(whole).theta)


def test_the_demo_needs_no_file(files, monkeypatch, capsys):
    monkeypatch.setattr(cli_lm, "standard_library", lambda: "import this\n" * 300)
    assert main(["lm", "train", "--demo", "--epochs", "1", "--out", files[1], *SMALL]) == 0
    assert "3,600 characters" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "TEXT must be one or more files, or --demo instead, got neither"),
        (["train", "x", "--demo"], "got both"),
        (["train", "absent", "--out", "model"], "absent"),
        (["train", "x", "--out", "nowhere/model"], "--out must be in a folder that exists"),
        (["train", "x", "--out", "."], "lm train: --out must be a file, got the folder ."),
        (["sample", "absent"], "absent"),
    ],
)
def test_errors_are_one_line(arguments, message, capsys):
    assert main(["lm", *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_folder_that_cannot_be_written_to_is_refused_before_training(files, monkeypatch, capsys):
    text, out = files
    monkeypatch.setattr(cli_lm.os, "access", lambda *_: False)
    assert main(["lm", "train", text, "--out", out, *SMALL]) == 1
    printed = capsys.readouterr()
    assert "lm train: --out must be in a folder that can be written to" in printed.err
    assert not printed.out


def test_a_resumed_model_is_saved_where_it_was(files, tmp_path, monkeypatch, capsys):
    text, out = files
    monkeypatch.chdir(tmp_path)
    assert main(["lm", "train", text, "--epochs", "1", "--out", out, *SMALL]) == 0
    assert main(["lm", "train", text, "--epochs", "2", "--resume", out, *SMALL]) == 0
    assert CharLM.load(out).epochs == 2
    assert not (tmp_path / "model.lm").exists()
    assert main(["lm", "train", text, "--epochs", "0", *SMALL]) == 0
    assert (tmp_path / "model.lm").exists()
    with pytest.raises(SystemExit):
        main(["lm", "train", "--help"])
    assert "==SUPPRESS==" not in capsys.readouterr().out

"""``mmlcore vae``: train, classify, draw, save; labels for some."""

import re

import numpy as np
import pytest

from mmlcore import models
from mmlcore.cli import main
from mmlcore.datasets import load_digits

QUICK = ["vae", "--epochs", "2", "--samples", "200"]


def test_digits_are_classified_by_the_nearest_centroid(capsys):
    assert main(["vae", "--epochs", "25"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1442 training images, 1442 with labels, 355 test images")
    assert float(re.findall(r"test accuracy (0\.\d{4})", out)[0]) > 0.9


def test_some_labels_or_none(capsys):
    assert main([*QUICK, "--labels", "100", "--seed", "1"]) == 0
    assert "200 training images, 100 with labels" in capsys.readouterr().out
    assert main([*QUICK, "--labels", "0"]) == 0
    out = capsys.readouterr().out
    assert "accuracy" not in out
    assert "reconstruction" in out


def test_pictures_and_the_model(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("safetensors")
    out = tmp_path / "model.safetensors"
    assert main([*QUICK, "--plot", str(tmp_path / "pictures"), "--out", str(out)]) == 0
    names = {path.stem for path in (tmp_path / "pictures").iterdir()}
    assert names == {"loss", "reconstructions", "latent", "grid", "samples"}
    assert f"saved {out}" in capsys.readouterr().out
    model = models.load(out)
    assert model.sample(2, class_label=3, seed=0).shape == (2, 64)
    assert np.isfinite(model.encode(load_digits()[1][0])).all()


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (["--data", "nowhere"], "vae: --data must be a folder or 'digits', got 'nowhere'"),
        (["--out", "nowhere/model"], "vae: --out must be a file in a folder that can be written to"),
    ],
)
def test_bad_arguments_are_refused_before_training(option, text, capsys):
    assert main([*QUICK, *option]) == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"mmlcore: {text}")
    assert "training" not in out


def test_a_file_is_no_folder_for_pictures(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    (tmp_path / "file").write_text("")
    assert main([*QUICK, "--plot", str(tmp_path / "file")]) == 1
    assert "vae: --plot must be a folder" in capsys.readouterr().err


def test_mnist_from_a_folder(data_folder, capsys):
    if not (data_folder / "mnist").is_dir():
        pytest.skip("no MNIST")
    assert main(["vae", "--data", str(data_folder / "mnist"), "--samples", "200", "--epochs", "1"]) == 0
    assert "200 training images, 200 with labels, 10000 test images" in capsys.readouterr().out

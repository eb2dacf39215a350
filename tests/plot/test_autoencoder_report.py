"""Pictures of a trained auto-encoder in a folder."""

import numpy as np
import pytest

from mmlcore.layers import Dense
from mmlcore.models import AutoEncoder, VariationalAutoEncoder
from mmlcore.plot import autoencoder_report

pytest.importorskip("matplotlib")

X = np.random.default_rng(0).random((30, 16)).astype(np.float32)
Y = np.arange(30) % 3


def test_everything_of_a_model_with_classes(tmp_path):
    model = VariationalAutoEncoder([Dense(4)], [Dense(16, "sigmoid")], seed=0)
    history = model.fit(X, Y, epochs=2, verbose=0)
    paths = autoencoder_report(model, history, X, Y, tmp_path / "new" / "folder")
    assert [path.stem for path in paths] == ["loss", "reconstructions", "latent", "grid", "samples"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_no_plane_and_no_classes(tmp_path):
    model = AutoEncoder([Dense(3)], [Dense(16)], seed=0)
    history = model.fit(X, epochs=1, verbose=0)
    paths = autoencoder_report(model, history, X, None, tmp_path)
    assert [path.stem for path in paths] == ["loss", "reconstructions"]

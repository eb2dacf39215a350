"""The table of a model."""

import pytest

from mmlcore.layers import Activation, BatchNormalization, Dense
from mmlcore.models import Sequential


def test_layers_shapes_and_counts():
    model = Sequential([Dense(32, input_dim=1), Dense(64), Activation("tanh"), Dense(1, name="head")], name="square")
    lines = []
    model.summary(print_fn=lines.append)
    text = lines[0].splitlines()
    assert text[0] == 'Model: "square"'
    cells = [line.split() for line in text[4:8]]
    assert cells == [
        ["dense", "(Dense)", "(None,", "32)", "64"],
        ["dense_1", "(Dense)", "(None,", "64)", "2,112"],
        ["activation", "(Activation)", "(None,", "64)", "0"],
        ["head", "(Dense)", "(None,", "1)", "65"],
    ]
    assert text[-3:] == [
        "Total params: 2,241 (8.75 KB)",
        "Trainable params: 2,241 (8.75 KB)",
        "Non-trainable params: 0 (0.00 B)",
    ]


def test_what_is_not_trained_is_counted_apart():
    lines = []
    layers = [Dense(4, input_dim=2, trainable=False), BatchNormalization(), Dense(1)]
    Sequential(layers).summary(print_fn=lines.append)
    totals = [line.split(" (")[0] for line in lines[0].splitlines()[-3:]]
    assert totals == ["Total params: 33", "Trainable params: 13", "Non-trainable params: 20"]


def test_long_names_do_not_move_the_columns():
    lines = []
    Sequential([Dense(2, input_dim=1), Dense(3, name="a" * 70)]).summary(print_fn=lines.append)
    short, long = lines[0].splitlines()[4:6]
    assert long.startswith(f" {'a' * 30}… (None, 3)")
    assert long.index("(None") == short.index("(None")
    assert max(map(len, lines[0].splitlines())) == 70


def test_before_the_shape_of_the_inputs_is_known(capsys):
    Sequential([Dense(3)]).summary()
    out = capsys.readouterr().out
    assert "0 (unbuilt)" in out
    assert "Total params: 0 (0.00 B)" in out


@pytest.mark.parametrize(("units", "size"), [(10, "80.00 B"), (1000, "7.81 KB"), (200_000, "1.53 MB")])
def test_sizes(units, size):
    lines = []
    Sequential([Dense(units, input_dim=1)]).summary(print_fn=lines.append)
    assert f"Total params: {2 * units:,} ({size})" in lines[0]

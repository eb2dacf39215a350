"""One form of sentence for every error."""

import numpy as np
import pytest

from mmlcore._errors import choose, integer, message


def test_message_names_function_argument_expectation_and_value() -> None:
    assert message("solve", "a", "square", "shape (2, 3)") == "solve: a must be square, got shape (2, 3)"


def test_choose_returns_the_entry() -> None:
    table = {"relu": object(), "tanh": object()}
    for name, value in table.items():
        assert choose("Dense", "activation", name, table) is value


@pytest.mark.parametrize("name", ["relo", "", None, 3, ["relu"], ("relu",)])
def test_choose_lists_the_valid_names(name: object) -> None:
    with pytest.raises(ValueError, match="Dense: activation must be one of 'relu', 'tanh', got ") as error:
        choose("Dense", "activation", name, {"relu": 1, "tanh": 2})
    assert repr(name) in str(error.value)


@pytest.mark.parametrize("value", [-3, 2.0, "4", True, None, np.array(2), np.array([2])])
def test_integers(value: object) -> None:
    for low, kind in ((1, "positive"), (0, "non-negative")):
        with pytest.raises(ValueError, match=rf"^fit: epochs must be a {kind} integer, got "):
            integer("fit", "epochs", value, low)
    with pytest.raises(ValueError, match=r"^fit: epochs must be a positive integer, got 0$"):
        integer("fit", "epochs", 0)
    assert integer("fit", "epochs", 0, low=0) == 0
    assert type(integer("fit", "epochs", np.int64(3))) is int

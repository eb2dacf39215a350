"""Objects as plain data and back."""

import numpy as np
import pytest

from mmlcore._configuration import Registry, arguments_of, own_parameters


class Base:
    def __init__(self, name=None):
        self.name = name


class Part(Base):
    def __init__(self, size, inner=None, **options):
        super().__init__(**options)
        self.size, self.inner = size, inner


class Fixed(Part):
    def __init__(self):
        super().__init__(3)

    def get_config(self):
        return {}


REGISTRY = Registry("load", {"Part": Part, "Fixed": Fixed})


def test_arguments_go_up_as_far_as_options_do():
    assert own_parameters(Part) == ["size", "inner", "name"]
    assert own_parameters(Fixed) == []
    assert arguments_of(Part(2, name="x")) == {"size": 2, "inner": None, "name": "x"}
    assert arguments_of(Fixed()) == {}


def test_there_and_back():
    part = Part(np.int64(2), [Part(0.5), Fixed(), "text", None, True], name="outer")
    data = REGISTRY.write(part)
    again = REGISTRY.read(data)
    assert REGISTRY.write(again) == data
    assert (again.size, again.name, again.inner[0].size, type(again.inner[1])) == (2, "outer", 0.5, Fixed)


def test_what_is_not_known_is_named():
    data = REGISTRY.write(Part(1, np.tanh))
    assert data["config"]["inner"] == {"custom": "tanh"}
    with pytest.raises(ValueError, match=r"^load: custom_objects must be a dictionary with 'tanh', got \[\]$"):
        REGISTRY.read(data)
    assert Registry("load", {"Part": Part}, {"tanh": np.tanh}).read(data).inner is np.tanh
    for wrong in (
        {"class": "Other", "config": {}},
        {"class": 3, "config": {}},
        {"x": 1},
        {"class": "Part", "config": 3},
    ):
        with pytest.raises(ValueError, match=r"^load: path must be a model saved by mmlcore, got "):
            REGISTRY.read(wrong)
    with pytest.raises(ValueError, match=r"^load: path must be a model saved by mmlcore, got .*unexpected keyword"):
        REGISTRY.read({"class": "Part", "config": {"size": 1, "colour": 2}})

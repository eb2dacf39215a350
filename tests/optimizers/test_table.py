"""What ``compile(optimizer=...)`` accepts."""

import pytest

from mmlcore import optimizers


@pytest.mark.parametrize("name", optimizers.OPTIMIZERS)
def test_names_in_any_case_classes_and_objects(name):
    cls = optimizers.OPTIMIZERS[name]
    for optimizer in (name, name.upper(), cls.__name__, cls):
        assert type(optimizers.get(optimizer)) is cls
    made = cls(learning_rate=0.5)
    assert optimizers.get(made) is made


@pytest.mark.parametrize("optimizer", ["sdg", None, 0.1])
def test_unknown_names_list_the_known_ones(optimizer):
    with pytest.raises(ValueError, match=r"^compile: optimizer must be one of 'sgd', 'adam', got "):
        optimizers.get(optimizer)

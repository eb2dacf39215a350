"""What ``compile(loss=...)`` accepts."""

import pytest

from mmlcore import losses


@pytest.mark.parametrize("name", losses.LOSSES)
def test_every_name_gives_its_loss(name):
    assert type(losses.get(name)) is losses.LOSSES[name]


@pytest.mark.parametrize("cls", dict.fromkeys(losses.LOSSES.values()))
def test_classes_objects_and_our_functions_mean_the_same(cls):
    loss = cls()
    assert losses.get(loss) is loss
    assert type(losses.get(cls)) is cls
    assert type(losses.get(getattr(losses, cls.name))) is cls


def test_a_user_s_function_is_wrapped():
    def mean_squared_error(y_true, y_pred):  # the name alone does not make it ours
        return y_pred

    assert isinstance(losses.get(mean_squared_error), losses.FunctionLoss)


@pytest.mark.parametrize("loss", ["rmse", None, 3])
def test_unknown_names_list_the_known_ones(loss):
    with pytest.raises(ValueError, match=r"^compile: loss must be one of 'mean_squared_error', 'mse', .*, got"):
        losses.get(loss)

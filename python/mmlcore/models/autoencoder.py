"""Auto-encoders: a network that is choked to a code and learns to give back what went in."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import losses, ops
from mmlcore._errors import integer, message
from mmlcore._random import Seed, as_generator
from mmlcore.callbacks import History
from mmlcore.layers import Layer
from mmlcore.layers.base import Shape
from mmlcore.losses import Loss
from mmlcore.models import centroids as nearest
from mmlcore.models import streaming
from mmlcore.models.data import as_inputs, require_finite
from mmlcore.models.latent_step import AutoEncoderStep, Divergence, Parts, flat
from mmlcore.models.sequential import Sequential
from mmlcore.models.steps import BatchStep, TrainingStep
from mmlcore.models.training import RunningLogs
from mmlcore.optimizers import Optimizer

__all__ = ["AutoEncoder"]


class AutoEncoder(Sequential):
    """An encoder to a code of few numbers and a decoder back, trained on inputs that are their own targets.

    Labels, where there are any, do not take part in the learning. They give each class a centroid in the plane of the
    codes, by which `predict` classifies and `sample` draws.

    Parameters
    ----------
    encoder, decoder : list of Layer
        The output of the encoder is the code, of shape (n, d). The decoder must end in the shape of the inputs. Layers
        that disturb the inputs while training, such as `Dropout` or `GaussianNoise` in the first place, make it a
        denoising auto-encoder: the targets are the undisturbed inputs.
    name : str, optional
    dtype : {"float32", "float64"}
    seed : int, SeedSequence or Generator, optional
        Of weights, noise and shuffling.

    Attributes
    ----------
    encoder, decoder : list of Layer
    centroids : ndarray of shape (classes, d), or None
        The mean code of each class, of the data of the last `fit` or `update_centroids`; NaN for classes without data.
    spreads : ndarray of shape (classes, d), or None
        The standard deviations of the codes of each class.

    Notes
    -----
    See `Model` for all other attributes. `fit` compiles the model with Adam and the mean squared error if `compile` was
    not called.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.layers import Dense
    >>> x = np.random.default_rng(0).random((64, 1)) * [[1.0, 2.0, -1.0]]
    >>> model = AutoEncoder([Dense(8, "tanh"), Dense(1)], [Dense(8, "tanh"), Dense(3)], seed=0)
    >>> history = model.fit(x, epochs=200, verbose=0)
    >>> model.encode(x).shape, model.reconstruct(x).shape
    ((64, 1), (64, 3))
    >>> history.history["loss"][-1] < 0.01
    True

    References
    ----------
    Notes 11.2, (11.1).
    """

    def __init__(
        self,
        encoder: Sequence[Layer],
        decoder: Sequence[Layer],
        name: str | None = None,
        dtype: Any = "float32",
        seed: Seed = None,
    ) -> None:
        for argument, part in (("encoder", encoder), ("decoder", decoder)):
            if not isinstance(part, list | tuple) or not part:
                raise ValueError(message(type(self).__name__, argument, "a list of at least one layer", repr(part)))
        between = self._between()
        self._coded = len(encoder) + len(between)  # the layers that lead to the code
        self._encoder_layers = len(encoder)
        self.centroids: NDArray[Any] | None = None
        self.spreads: NDArray[Any] | None = None
        self._parts = Parts.zero()
        self._seen: tuple[NDArray[Any], NDArray[np.int64]] | None = None
        super().__init__([*encoder, *between, *decoder], name, dtype, seed)

    # What kinds of auto-encoders differ in.

    def _between(self) -> list[Layer]:
        """Layers between encoder and decoder."""
        return []

    def _divergence(self) -> Divergence | None:
        """What the codes are held to."""
        return None

    def _default_loss(self) -> Any:
        return "mse"

    @property
    def encoder(self) -> list[Layer]:
        """The layers that were given as such."""
        return self.layers[: self._encoder_layers]

    @property
    def decoder(self) -> list[Layer]:
        """The layers behind the code."""
        return self.layers[self._coded :]

    # Learning.

    def compile(self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None) -> None:
        """Choose how the model learns.

        Parameters
        ----------
        optimizer : str or Optimizer
        loss : str, Loss or callable, optional
            Between inputs and reconstructions, every sample flattened; a mean over the samples.
        metrics : None
            There are none: targets are the inputs themselves.

        Raises
        ------
        ValueError
            For an unknown name, a loss for labels, one that is a sum, or metrics.
        """
        if metrics:
            raise ValueError(message("compile", "metrics", "left out for an auto-encoder", repr(metrics)))
        chosen = losses.get(self._default_loss() if loss is None else loss)
        if chosen.targets not in ("values", "probabilities", "any"):
            raise ValueError(message("compile", "loss", "one between numbers", repr(chosen)))
        if chosen.reduction == "sum":
            raise ValueError(message("compile", "loss", "a mean over the samples", "a sum"))
        super().compile(optimizer, chosen)

    def _compiled(self, function: str) -> Loss:
        if self.loss is None:
            self.compile()
        return super()._compiled(function)

    def infer_shape(self, input_shape: Shape) -> Shape:
        """The shape of the outputs, which must be that of the inputs; or a ValueError."""
        code, outputs = input_shape, super().infer_shape(input_shape)
        for layer in self.layers[: self._coded]:
            code = layer.compute_output_shape(code)
        if len(code) != 2:
            raise ValueError(message(type(self).__name__, "encoder", "one with a code of shape (n, d)", f"{code}"))
        if outputs[1:] != tuple(input_shape[1:]):
            expectation = f"one that ends in the inputs' shape {input_shape}"
            raise ValueError(message(type(self).__name__, "decoder", expectation, f"{outputs}"))
        return outputs

    def _checked(
        self, function: str, x: Any, y: Any, argument: str = "", input_shape: Shape | None = None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Inputs and labels as the loop needs them; changes nothing."""
        loss = self._compiled(function)
        x_name, y_name = (f"{argument}[0]", f"{argument}[1]") if argument else ("x", "y")
        x = as_inputs(function, x, self.input_shape or input_shape, self.dtype, x_name)
        require_finite(function, x_name, x)
        if not self.built:
            self.infer_shape((None, *x.shape[1:]))
        if loss.targets == "probabilities" and not (x.min() >= 0 and x.max() <= 1):
            got = f"values from {x.min():g} to {x.max():g}"
            raise ValueError(message(function, x_name, f"between 0 and 1 for the loss {loss.name!r}", got))
        return x, nearest.as_labels(function, y_name, y, len(x))

    def fit(  # type: ignore[override]
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        **options: Any,
    ) -> History:
        """Train for a number of epochs; see `Model.fit`.

        Parameters
        ----------
        x : array_like of shape (n, ...)
            Inputs and targets.
        y : array_like of int, shape (n,), optional
            Labels, counted from 0; -1 for samples without.
        validation_data : array x or tuple (x, y), optional
            Measured after every epoch, with the mean codes.
        batch_size, epochs, verbose, callbacks, validation_split, shuffle
            As for `Model.fit`.
        **options
            ``sample_weight``, ``initial_epoch``, ``seed``, ``capture``, ``numerics`` of `Model.fit`.

        Returns
        -------
        History
            "loss", its parts "reconstruction" and "kl" where there are two, and "val_..." of each.

        Raises
        ------
        ValueError, TypeError
            For data that do not fit the model or the loss, labels that are none, or arguments out of range; then the
            model is unchanged.
        """
        if streaming.is_stream(x):
            raise TypeError(message("fit", "x", "an array", type(x).__name__))
        if validation_data is not None and not isinstance(validation_data, tuple | list):
            validation_data = (validation_data, None)
        try:
            history = super().fit(
                x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle, **options
            )
            if self._seen is not None:
                self._find_centroids(*self._seen)
        finally:
            self._seen = None
        return history

    def training_step(self, x: NDArray[Any], y: Any = None, sample_weight: NDArray[Any] | None = None) -> BatchStep:
        """A step on whatever stands in the array `x` when it is called; see `Model.training_step`.

        `y` is an int64 array of labels, if the step is to know any.
        """
        labels = np.full(len(x), -1) if y is None else y
        return super().training_step(x, labels, sample_weight)

    def _new_step(self, fused: Loss | None, loss: Loss, optimizer: Optimizer) -> TrainingStep:
        logits = fused is not None
        return AutoEncoderStep(
            self._divergence(), self._parts, self._chain(), logits, fused or loss, self._theta, optimizer
        )

    def _begin_epoch(self) -> None:
        self._parts.reset()

    def _end_epoch(self, x: NDArray[Any], y: NDArray[Any], samples: int) -> dict[str, float]:
        self._seen = (x, y)
        parts = self._parts.take(samples)
        return {} if self._divergence() is None else parts

    def _measure(
        self,
        logs: RunningLogs,
        x: NDArray[Any],
        y: NDArray[Any],
        weights: NDArray[Any] | None,
        batch_size: int | None = None,
    ) -> None:
        loss, fused = self._compiled("evaluate"), self._fused_loss()
        sums = Parts.zero()
        for rows in self._slices("evaluate", x, batch_size):
            extra = () if weights is None else (weights[rows],)
            code, outputs = self._forward(x[rows], fused is not None)
            value = float((fused or loss)(flat(x[rows]), flat(outputs), *extra))
            kl, weighted = self._kl(code, y[rows], *extra)
            count = len(x[rows])
            sums.reconstruction[0] += value * count
            sums.divergence[0] += kl * count
            logs.add_loss(value + weighted, count)
        if self._divergence() is not None:
            logs.parts = sums.take(len(x))

    def _forward(self, x: NDArray[Any], logits: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        """What the divergence is taken of, and the outputs or the preactivations of the last layer."""
        code = values = x
        for i, layer in enumerate(self.layers):
            if i == self._encoder_layers + 1:
                code = values
            values = layer.preactivation(values) if logits and i == len(self.layers) - 1 else layer.run(values)
        return code, values

    def _kl(self, code: NDArray[Any], labels: NDArray[np.int64], weights: Any = None) -> tuple[float, float]:
        """The mean divergence of some codes, and what it adds to the loss."""
        return 0.0, 0.0

    # Codes.

    def _apply(self, layers: Sequence[Layer], x: NDArray[Any]) -> NDArray[Any]:
        parts = []
        for rows in self._slices("predict", x, None):
            values = x[rows]
            for layer in layers:
                values = layer.run(values)
            parts.append(values)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def encode(self, x: Any) -> NDArray[Any]:
        """The codes of `x`: of a variational model their means.

        Parameters
        ----------
        x : array_like of shape (n, ...)

        Returns
        -------
        ndarray of shape (n, d)

        Raises
        ------
        ValueError, TypeError
            If `x` does not fit the model.
        """
        x = as_inputs("encode", x, self.input_shape, self.dtype, numbers=False)
        self._build_for(x)
        codes = self._apply(self.layers[: self._coded], x)
        return codes.copy() if np.may_share_memory(codes, x) else codes

    def decode(self, code: Any) -> NDArray[Any]:
        """What codes stand for.

        Parameters
        ----------
        code : array_like of shape (n, d)

        Returns
        -------
        ndarray of shape (n, ...)

        Raises
        ------
        ValueError, TypeError
            If `code` has another shape, or the model is not built.
        """
        self._theta  # noqa: B018  # built, or an error that says so
        return self._apply(self.decoder, as_inputs("decode", code, (None, self._dimension()), self.dtype, "code"))

    def _dimension(self) -> int:
        """d."""
        shape = self.layers[self._coded - 1].output_shape
        assert shape is not None
        assert shape[-1] is not None
        return shape[-1]

    def reconstruct(self, x: Any, batch_size: int | None = None) -> NDArray[Any]:
        """`decode` of `encode` of `x`: an array of its shape."""
        return super().predict(x, batch_size)

    # Classes.

    def update_centroids(self, x: Any, y: Any) -> None:
        """Make the mean codes of the classes of (x, y) the centroids.

        Parameters
        ----------
        x : array_like of shape (n, ...)
        y : array_like of int, shape (n,)
            Labels; -1 for samples without.

        Raises
        ------
        ValueError, TypeError
            If (x, y) does not fit the model, or there are no labels.
        """
        x, labels = self._checked("update_centroids", x, y)
        if not (labels >= 0).any():
            raise ValueError(message("update_centroids", "y", "with labels from 0 on", "none"))
        self._build_for(x)
        self._find_centroids(x, labels)

    def _find_centroids(self, x: NDArray[Any], labels: NDArray[np.int64]) -> None:
        """The centroids of checked data, if it has labels."""
        known = labels >= 0
        if known.any():
            rows = x if known.all() else x[known]
            codes = self._apply(self.layers[: self._coded], rows)
            self.centroids, self.spreads = nearest.of_classes(codes, labels[known])

    def _known_centroids(self, function: str) -> tuple[NDArray[Any], NDArray[Any]]:
        if self.centroids is None or self.spreads is None:
            got = "one without centroids; give fit(x, y) labels, or call update_centroids(x, y)"
            raise ValueError(message(function, "model", "one that knows classes", got))
        return self.centroids, self.spreads

    def predict(self, x: Any) -> NDArray[np.int64]:  # type: ignore[override]
        """The class whose centroid is nearest to the code of each row of `x`.

        Parameters
        ----------
        x : array_like of shape (n, ...)

        Returns
        -------
        ndarray of int64, shape (n,)

        Raises
        ------
        ValueError
            If the model has no centroids: it has seen no labels.
        """
        centroids, _ = self._known_centroids("predict")
        return nearest.nearest(self.encode(x), centroids)

    def score(self, x: Any, y: Any) -> float:
        """The fraction of the samples, those labelled -1 left out, that `predict` classifies as `y` says."""
        labels = nearest.as_labels("score", "y", y, len(x))
        known = labels >= 0
        if y is None or not known.any():
            raise ValueError(message("score", "y", "with labels from 0 on", "none"))
        return float(np.mean(self.predict(x)[known] == labels[known]))

    def sample(
        self, n: int = 1, class_label: int | None = None, *, scale: float = 1.0, seed: Seed = None
    ) -> NDArray[Any]:
        """Decode `n` codes drawn about the centroid of a class.

        Parameters
        ----------
        n : int
        class_label : int, optional
            Without one every code is of a class drawn at random.
        scale : float
            Multiplies the class's standard deviations; 0 decodes the centroid itself.
        seed : int, SeedSequence or Generator, optional
            Without one the model's own stream goes on.

        Returns
        -------
        ndarray of shape (n, ...)

        Raises
        ------
        ValueError
            If the model has no centroids, or none of that class, or an argument is out of range.
        """
        return self.decode(self._draw(*self._draw_arguments(n, scale, seed), class_label))

    def _draw_arguments(self, n: Any, scale: Any, seed: Seed) -> tuple[int, float, "np.random.Generator"]:
        n = integer("sample", "n", n)
        if not isinstance(scale, int | float | np.number) or isinstance(scale, bool) or not 0 <= scale < np.inf:
            raise ValueError(message("sample", "scale", "a finite number of at least 0", repr(scale)))
        return n, float(scale), self._rng() if seed is None else as_generator(seed, "sample")

    def _draw(self, n: int, scale: float, rng: "np.random.Generator", class_label: int | None) -> NDArray[Any]:
        """Codes about centroids."""
        centroids, spreads = self._known_centroids("sample")
        classes = nearest.chosen(centroids, class_label, n, rng)
        noise = ops.normal_draws((n, centroids.shape[1]), rng, dtype=self.dtype)
        return centroids[classes] + np.asarray(scale, self.dtype) * spreads[classes] * noise

    # Files.

    def _settings(self) -> dict[str, Any]:
        """The arguments beside the layers."""
        return {}

    def _described(self) -> dict[str, Any]:
        classes = None if self.centroids is None else len(self.centroids)
        return {"encoder": self._encoder_layers, "classes": classes, "arguments": self._settings()}

    def _carried(self) -> dict[str, NDArray[Any]]:
        return {} if self.centroids is None else {"centroids": self.centroids, "spreads": self.spreads}  # type: ignore[dict-item]

    @classmethod
    def _restored(cls, layers: Sequence[Layer], described: Any, name: str, dtype: str) -> "AutoEncoder":
        count, extra = int(described["encoder"]), len(cls._between_of(described["arguments"]))
        encoder, decoder = list(layers[:count]), list(layers[count + extra :])
        return cls(encoder, decoder, **described["arguments"], name=name, dtype=dtype, seed=0)

    @classmethod
    def _between_of(cls, arguments: dict[str, Any]) -> list[Layer]:
        return []

    def _make_room(self, described: Any) -> None:
        """Empty arrays for what `_carried` will be filled with, in a built model."""
        if described["classes"] is not None:
            shape = (int(described["classes"]), self._dimension())
            self.centroids, self.spreads = np.zeros(shape, self.dtype), np.zeros(shape, self.dtype)

"""Variational auto-encoders: codes that are distributions, held to one about the origin."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import ops
from mmlcore._errors import choose, integer, message
from mmlcore._random import Seed
from mmlcore.layers import Dense, GaussianSampling, Layer
from mmlcore.losses import BernoulliLikelihood, GaussianLikelihood, MeanSquaredError
from mmlcore.models.autoencoder import AutoEncoder
from mmlcore.models.data import as_inputs
from mmlcore.models.latent_step import Divergence, mean_divergence

__all__ = ["VariationalAutoEncoder"]

_LOSSES: dict[str, Any] = {"bernoulli": BernoulliLikelihood, "gaussian": GaussianLikelihood, "mse": MeanSquaredError}


class VariationalAutoEncoder(AutoEncoder):
    """An auto-encoder whose code is a normal distribution N(μ, Σ), Σ diagonal; its loss is reconstruction + β KL.

    A dense layer to 2 d numbers, μ and log Σ, and the draw of the code stand between encoder and decoder. (11.3):
    KL = ½ Σ_j (Σ_jj - 1 - log Σ_jj + μ_j²), the divergence of N(μ, Σ) from N(0, 1).

    Parameters
    ----------
    encoder, decoder : list of Layer
        See `AutoEncoder`; the output of the encoder is of shape (n, features).
    latent_dim : int
        d.
    likelihood : {"bernoulli", "gaussian", "mse"}
        The reconstruction: the negative log-likelihood of a sample in nats, of features between 0 and 1 (the decoder
        ends with a sigmoid) or of normal ones with variance 1; or the mean squared error of the Notes. `compile` may
        say otherwise.
    beta : float
        β ≥ 0. Beside a mean over the features 1 is much: with "mse" 1/features is to the likelihoods what 1 is.
    name, dtype, seed
        See `AutoEncoder`.

    Attributes
    ----------
    beta : float
        May be assigned to, in a callback for instance; counts from the next step.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.layers import Dense
    >>> x = (np.random.default_rng(0).random((64, 1)) < 0.5) * np.ones(6)
    >>> model = VariationalAutoEncoder([Dense(16, "relu")], [Dense(16, "relu"), Dense(6, "sigmoid")], 1, seed=0)
    >>> history = model.fit(x, epochs=100, verbose=0).history
    >>> sorted(history)
    ['kl', 'loss', 'reconstruction']
    >>> model.sample(3, seed=0).round().shape
    (3, 6)

    References
    ----------
    Notes 11.3, (11.2), (11.3); D. P. Kingma, M. Welling (2014), Auto-encoding variational Bayes; I. Higgins et al.
    (2017), β-VAE.
    """

    def __init__(
        self,
        encoder: Sequence[Layer],
        decoder: Sequence[Layer],
        latent_dim: int = 2,
        likelihood: str = "bernoulli",
        beta: float = 1.0,
        name: str | None = None,
        dtype: Any = "float32",
        seed: Seed = None,
    ) -> None:
        self.latent_dim = integer(type(self).__name__, "latent_dim", latent_dim)
        choose(type(self).__name__, "likelihood", likelihood, _LOSSES)
        self.likelihood, self._beta = likelihood, np.zeros(2)
        self.beta = beta
        super().__init__(encoder, decoder, name, dtype, seed)
        self._centres = np.zeros((0, self.latent_dim), self.dtype)

    @property
    def beta(self) -> float:
        """Weight of the divergence."""
        return float(self._beta[0])

    @beta.setter
    def beta(self, value: float) -> None:
        if not isinstance(value, int | float | np.number) or isinstance(value, bool) or not 0 <= value < np.inf:
            raise ValueError(message(type(self).__name__, "beta", "a finite number of at least 0", repr(value)))
        self._beta[0] = value

    def _between(self) -> list[Layer]:
        return self._between_of({"latent_dim": self.latent_dim})

    @classmethod
    def _between_of(cls, arguments: dict[str, Any]) -> list[Layer]:
        return [Dense(2 * arguments["latent_dim"], name="code"), GaussianSampling(name="sampling")]

    def _divergence(self) -> Divergence:
        return Divergence(self._coded - 1, self._beta, self._centres)

    def _default_loss(self) -> Any:
        return _LOSSES[self.likelihood]()

    def _kl(self, code: NDArray[Any], labels: NDArray[np.int64], weights: Any = None) -> tuple[float, float]:
        kl, weighted = mean_divergence(code, labels, weights, self._divergence())
        return float(kl), float(weighted)

    def posterior(self, x: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """The distribution of the code of each row of `x`.

        Parameters
        ----------
        x : array_like of shape (n, ...)

        Returns
        -------
        mean, variance : ndarray of shape (n, d)

        Raises
        ------
        ValueError, TypeError
            If `x` does not fit the model.
        """
        x = as_inputs("posterior", x, self.input_shape, self.dtype, numbers=False)
        self._build_for(x)
        code = self._apply(self.layers[: self._coded - 1], x)
        return code[:, : self.latent_dim].copy(), np.exp(code[:, self.latent_dim :])

    def sample(
        self, n: int = 1, class_label: int | None = None, *, scale: float = 1.0, seed: Seed = None
    ) -> NDArray[Any]:
        """Decode `n` codes drawn from N(0, scale²), or about the centroid of a class; see `AutoEncoder.sample`."""
        return super().sample(n, class_label, scale=scale, seed=seed)

    def _draw(self, n: int, scale: float, rng: "np.random.Generator", class_label: int | None) -> NDArray[Any]:
        if class_label is not None:
            return super()._draw(n, scale, rng, class_label)
        self._theta  # noqa: B018  # built, or an error that says so
        return np.asarray(scale, self.dtype) * ops.normal_draws((n, self.latent_dim), rng, dtype=self.dtype)

    def _settings(self) -> dict[str, Any]:
        return {"latent_dim": self.latent_dim, "likelihood": self.likelihood, "beta": self.beta}

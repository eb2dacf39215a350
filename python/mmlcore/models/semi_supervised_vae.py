"""Semi-supervised variational auto-encoders: the codes of a class are held to a centre of its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import integer, message
from mmlcore._random import Seed
from mmlcore.layers import Layer
from mmlcore.models.variational_autoencoder import VariationalAutoEncoder

__all__ = ["SemiSupervisedVAE", "drifted"]


class SemiSupervisedVAE(VariationalAutoEncoder):
    """A variational auto-encoder that learns without labels first, then holds every class to a centre.

    From (11.4): KL = ½ Σ_j (Σ_jj - 1 - log Σ_jj + (μ_j - c_j)²), c the centre of the sample's class. After every epoch
    the centres are the mean codes of the classes, moved so that their mean is the origin and then drifted apart.
    Samples without a label (-1) are held to the origin throughout, by (11.3).

    Parameters
    ----------
    encoder, decoder, latent_dim, likelihood, beta
        See `VariationalAutoEncoder`.
    warmup : int
        Epochs without labels.
    drift : float
        Twice as far as a centre is pushed away by one at distance 1, each epoch; see `drifted`.
    name, dtype, seed
        See `AutoEncoder`.

    Attributes
    ----------
    centres : ndarray of shape (classes, d)
        What (11.4) holds the codes to; zeros during the first epochs.
    epochs_done : int
        Epochs of all calls of `fit`; the first `warmup` of them knew no labels.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.layers import Dense
    >>> y = np.arange(90) % 3
    >>> x = np.eye(3)[y] + 0.05 * np.random.default_rng(0).standard_normal((90, 3))
    >>> model = SemiSupervisedVAE([Dense(16, "relu")], [Dense(16, "relu"), Dense(3)], likelihood="gaussian", seed=0)
    >>> history = model.fit(x, y, epochs=60, verbose=0)
    >>> model.score(x, y)
    1.0
    >>> int(model.sample(class_label=2, scale=0, seed=0).argmax())
    2

    References
    ----------
    Notes 11.4, (11.4).
    """

    def __init__(
        self,
        encoder: Sequence[Layer],
        decoder: Sequence[Layer],
        latent_dim: int = 2,
        likelihood: str = "bernoulli",
        beta: float = 1.0,
        warmup: int = 5,
        drift: float = 1.0,
        name: str | None = None,
        dtype: Any = "float32",
        seed: Seed = None,
    ) -> None:
        self.warmup = integer("SemiSupervisedVAE", "warmup", warmup, low=0)
        if not isinstance(drift, int | float | np.number) or isinstance(drift, bool) or not 0 <= drift < np.inf:
            raise ValueError(message("SemiSupervisedVAE", "drift", "a finite number of at least 0", repr(drift)))
        self.drift, self._epochs = float(drift), np.zeros(1, np.int64)
        super().__init__(encoder, decoder, latent_dim, likelihood, beta, name, dtype, seed)

    @property
    def centres(self) -> NDArray[Any]:
        """A copy of the centres."""
        return self._centres.copy()

    @property
    def epochs_done(self) -> int:
        """How many epochs are complete."""
        return int(self._epochs[0])

    def _expect(self, labels: NDArray[np.int64]) -> None:
        classes = int(labels.max(initial=-1)) + 1
        if classes > len(self._centres):
            grown = np.zeros((classes, self.latent_dim), self.dtype)
            grown[: len(self._centres)] = self._centres
            self._centres, self._step = grown, None

    def _end_epoch(self, x: NDArray[Any], y: NDArray[Any], samples: int) -> dict[str, float]:
        parts = super()._end_epoch(x, y, samples)
        self._epochs[0] += 1
        if self.epochs_done >= self.warmup and (y >= 0).any():
            self._find_centroids(x, y)
            assert self.centroids is not None
            present = np.flatnonzero(~np.isnan(self.centroids[:, 0]))
            if present.size:  # none, where the loss is no number any more
                self._centres[present] = drifted(self.centroids[present], self.drift)
        return parts

    def _draw(self, n: int, scale: float, rng: "np.random.Generator", class_label: int | None) -> NDArray[Any]:
        return super(VariationalAutoEncoder, self)._draw(n, scale, rng, class_label)

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), "warmup": self.warmup, "drift": self.drift}

    def _described(self) -> dict[str, Any]:
        return {**super()._described(), "centres": len(self._centres)}

    def _carried(self) -> dict[str, NDArray[Any]]:
        return {**super()._carried(), "centres": self._centres, "epochs": self._epochs}

    def _make_room(self, described: Any) -> None:
        super()._make_room(described)
        self._centres = np.zeros((int(described["centres"]), self.latent_dim), self.dtype)


def drifted(centroids: NDArray[Any], drift: float) -> NDArray[Any]:
    """Points centred about the origin, then pushed apart: c_k + drift Σ_j (c_k - c_j) / (1 + |c_k - c_j|²).

    The push is greatest at distance 1 and falls off beyond; points in the same place do not know where to go, and stay.

    >>> drifted(np.array([[1.0, 0.0], [2.0, 0.0]]), 1.0)
    array([[-1.,  0.],
           [ 1.,  0.]])
    """
    points = centroids.astype(np.float64)
    points = points - points.mean(axis=0)
    apart = points[:, None] - points[None]
    push = (apart / (1 + (apart**2).sum(axis=2, keepdims=True))).sum(axis=1)
    return (points + drift * push).astype(centroids.dtype)

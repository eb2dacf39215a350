"""Semi-supervised variational auto-encoders: the codes of a class are held to a centre of its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import integer, message
from mmlcore._random import Seed
from mmlcore.layers import Layer
from mmlcore.models.variational_autoencoder import VariationalAutoEncoder

__all__ = ["SemiSupervisedVAE", "drifted", "spread"]

_STEPS = 500


class SemiSupervisedVAE(VariationalAutoEncoder):
    """A variational auto-encoder that learns without labels first, then holds every class to a centre.

    From (11.4): KL = ½ Σ_j (Σ_jj - 1 - log Σ_jj + (μ_j - c_j)²), c the centre of the sample's class. After every epoch
    the centres are the mean codes of the classes, moved so that their mean is the origin and then drifted apart,
    towards equal angles on a circle in their own order, so that no class lies between others. Samples without a label
    (-1) are held to the origin throughout, by (11.3).

    Parameters
    ----------
    encoder, decoder, latent_dim, likelihood, beta
        See `VariationalAutoEncoder`.
    class_beta : float
        β of the samples with a class, once there are centres: what a class's place counts beside the reconstruction.
    warmup : int
        Epochs without labels.
    drift : float
        How far the centres drift apart in an epoch: the fraction, in [0, 1], of the way to places at equal distances.
    radius : float
        Of the circle, or sphere, of these places.
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
        class_beta: float = 50.0,
        warmup: int = 5,
        drift: float = 0.5,
        radius: float = 10.0,
        name: str | None = None,
        dtype: Any = "float32",
        seed: Seed = None,
    ) -> None:
        self.warmup = integer("SemiSupervisedVAE", "warmup", warmup, low=0)
        numbers = (("class_beta", class_beta, 1e6), ("drift", drift, 1.0), ("radius", radius, 1e6))
        for argument, value, most in numbers:
            if not isinstance(value, int | float | np.number) or isinstance(value, bool) or not 0 <= value <= most:
                expectation = f"a number from 0 to {most:g}"
                raise ValueError(message("SemiSupervisedVAE", argument, expectation, repr(value)))
        self.class_beta, self.drift, self.radius = float(class_beta), float(drift), float(radius)
        self._epochs = np.zeros(1, np.int64)
        super().__init__(encoder, decoder, latent_dim, likelihood, beta, name, dtype, seed)

    @property
    def centres(self) -> NDArray[Any]:
        """A copy of the centres."""
        return self._centres.copy()

    @property
    def epochs_done(self) -> int:
        """How many epochs are complete."""
        return int(self._epochs[0])

    def _expect(self, y: NDArray[Any]) -> None:
        classes = int(y.max(initial=-1)) + 1
        if classes > len(self._centres):
            grown = np.zeros((classes, self.latent_dim), self.dtype)
            grown[: len(self._centres)] = self._centres
            self._centres, self._step = grown, None
        self._weigh()

    def _weigh(self) -> None:
        """The weight of (11.4), or still of (11.3)."""
        self._beta[1] = self.class_beta if self.epochs_done >= self.warmup else self.beta

    def _begin_epoch(self) -> None:
        super()._begin_epoch()
        self._weigh()

    def _end_epoch(self, x: NDArray[Any], y: NDArray[Any], samples: int) -> dict[str, float]:
        parts = super()._end_epoch(x, y, samples)
        self._epochs[0] += 1
        if self.epochs_done >= self.warmup and (y >= 0).any():
            self._find_centroids(x, y)
            assert self.centroids is not None
            present = np.flatnonzero(~np.isnan(self.centroids[:, 0]))
            if present.size:  # none, where the loss is no number any more
                self._centres[present] = drifted(self.centroids[present], self.drift, self.radius)
        return parts

    def _draw(self, n: int, scale: float, rng: "np.random.Generator", class_label: int | None) -> NDArray[Any]:
        return super(VariationalAutoEncoder, self)._draw(n, scale, rng, class_label)

    def _settings(self) -> dict[str, Any]:
        return {
            **super()._settings(),
            "class_beta": self.class_beta,
            "warmup": self.warmup,
            "drift": self.drift,
            "radius": self.radius,
        }

    def _described(self) -> dict[str, Any]:
        return {**super()._described(), "centres": len(self._centres)}

    def _carried(self) -> dict[str, NDArray[Any]]:
        return {**super()._carried(), "centres": self._centres, "epochs": self._epochs, "beta": self._beta}

    def _make_room(self, described: Any) -> None:
        super()._make_room(described)
        self._centres = np.zeros((int(described["centres"]), self.latent_dim), self.dtype)


def drifted(centroids: NDArray[Any], drift: float, radius: float) -> NDArray[Any]:
    """Points centred about the origin, then moved the fraction `drift` of the way to places apart from each other.

    These places are spread over the sphere of `radius`, each in about the direction of its point: on a circle at equal
    angles, in the order of the points. See `spread`.

    >>> drifted(np.array([[2.0, 0.0], [4.0, 0.0]]), 0.5, 5.0)
    array([[-3.,  0.],
           [ 3.,  0.]])
    """
    points = centroids.astype(np.float64)
    points = points - points.mean(axis=0)
    return (points + drift * (radius * spread(points) - points)).astype(centroids.dtype)


def spread(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of the unit sphere in about the directions of `points`, but as far apart as they can get.

    On a circle that are equal angles in the order of the points, turned so that the mean of the angles stays. On a
    sphere the points come to rest where electric charges do that are let go in these directions. On a line, which has
    no room for that, they are given equal distances from -1 to 1.

    >>> spread(np.array([[1.0, 0.1], [1.0, 0.2], [-1.0, 0.0], [1.0, -0.1]])).round(2)
    array([[ 1.  ,  0.05],
           [-0.05,  1.  ],
           [-1.  , -0.05],
           [ 0.05, -1.  ]])
    """
    count, d = points.shape
    if d == 1:
        ranks = np.argsort(np.argsort(points[:, 0]))
        return (2 * ranks / max(count - 1, 1) - (count > 1))[:, None]
    return _on_circle(points) if d == 2 else _at_rest(points)


def _on_circle(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Equal angles in the order of the points."""
    count = max(len(points), 1)
    angles = np.arctan2(points[:, 1], points[:, 0])
    order = np.argsort(angles, kind="stable")
    steps = 2 * np.pi / count * np.arange(len(points))
    placed = np.empty_like(angles)
    placed[order] = steps + np.sum(angles[order] - steps) / count  # the same wherever the circle is cut open
    return np.stack([np.cos(placed), np.sin(placed)], axis=1)


def _at_rest(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where charges on the unit sphere come to rest."""
    length = np.linalg.norm(points, axis=1, keepdims=True)
    places = np.divide(points, length, out=np.zeros_like(points), where=length > 0)
    for _ in range(_STEPS):
        apart = places[:, None] - places[None]
        distance = np.linalg.norm(apart, axis=2, keepdims=True)
        force = np.divide(apart, distance**3, out=np.zeros_like(apart), where=distance > 1e-9).sum(axis=1)
        force -= (force * places).sum(axis=1, keepdims=True) * places  # along the sphere
        largest = max(float(np.linalg.norm(force, axis=1).max(initial=0.0)), 1e-12)
        moved = places + force * min(0.5 / max(len(points), 1) ** 2, 0.1 / largest)
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        places = np.divide(moved, length, out=places.copy(), where=length > 0)
    return places

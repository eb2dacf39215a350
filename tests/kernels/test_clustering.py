"""Kernels of k-means and of mixtures: NumPy's sums, odd sizes, the border."""

import numpy as np
import pytest

from mmlcore import _kernels

SIZES = [(1, 1, 1), (5, 1, 2), (37, 3, 5), (130, 16, 9), (600, 7, 3), (2100, 5, 4), (300, 33, 2)]
BOUNDS = {np.float64: 1e-11, np.float32: 2e-4}
DTYPES = pytest.mark.parametrize("dtype", list(BOUNDS))


def draw(n, d, k, dtype):
    rng = np.random.default_rng(n + d + k)
    x, centres = (rng.standard_normal(shape).astype(dtype) for shape in ((n, d), (k, d)))
    return rng, x, centres, rng.random(n).astype(dtype)


def wide(*arrays):
    return [array.astype(np.float64) for array in arrays]


@DTYPES
@pytest.mark.parametrize(("n", "d", "k"), SIZES)
@pytest.mark.parametrize("threads", [1, 2])
def test_labels_are_the_nearest_and_sums_are_theirs(n, d, k, dtype, threads):
    _kernels.set_num_threads(threads)
    _, x, centres, w = draw(n, d, k, dtype)
    labels, distances, sums, counts = np.empty(n, np.int32), np.empty(n, dtype), np.empty((k, d)), np.empty(k)
    _kernels.nearest_centres(labels, distances, sums, counts, x, w, centres)
    all_distances = np.square(x[:, None].astype(np.float64) - centres).sum(-1)
    np.testing.assert_allclose(all_distances[np.arange(n), labels], all_distances.min(1), rtol=BOUNDS[dtype])
    np.testing.assert_allclose(distances, all_distances.min(1), rtol=BOUNDS[dtype])
    expected = np.zeros((k, d))
    np.add.at(expected, labels, w[:, None].astype(np.float64) * x)
    np.testing.assert_allclose(sums, expected, atol=1e-11)
    np.testing.assert_allclose(counts, np.bincount(labels, w, minlength=k), rtol=1e-12)
    again = np.empty(n, np.int32)
    _kernels.nearest_centres(again, None, None, None, x, None, centres)
    np.testing.assert_array_equal(again, labels)


def test_the_first_of_equal_centres_counts():
    labels = np.empty(3, np.int32)
    _kernels.nearest_centres(labels, None, None, None, np.zeros((3, 2)), None, np.ones((5, 2)))
    np.testing.assert_array_equal(labels, 0)


@DTYPES
@pytest.mark.parametrize(("n", "d", "k"), SIZES)
def test_distances_to_candidates_are_at_most_the_closest(n, d, k, dtype):
    rng, x, centres, w = draw(n, d, k, dtype)
    closest = (d * rng.random(n)).astype(dtype)
    distances = np.square(x.astype(np.float64) - centres[:, None]).sum(-1)
    nearer, potentials = np.empty((k, n), dtype), np.empty(k)
    for bound, expected in ((None, distances), (closest, np.minimum(distances, closest))):
        for weights in (None, w):
            _kernels.distances_to_candidates(nearer, potentials, x, weights, centres, bound)
            np.testing.assert_allclose(nearer, expected, rtol=BOUNDS[dtype])
            total = expected @ (np.ones(n) if weights is None else w)
            np.testing.assert_allclose(potentials, total, rtol=BOUNDS[dtype])


def factors(rng, k, d, dtype, kind):
    if kind == "full":
        return (np.tril(rng.standard_normal((k, d, d))) / d).astype(dtype)
    return ((np.tril(rng.standard_normal((d, d))) / d) if kind == "shared" else rng.random((k, d))).astype(dtype)


@DTYPES
@pytest.mark.parametrize(("n", "d", "k"), SIZES)
@pytest.mark.parametrize("kind", ["full", "shared", "diagonal"])
def test_expectation_and_its_sums(n, d, k, dtype, kind):
    rng, x, means, w = draw(n, d, k, dtype)
    scales, W = rng.standard_normal(k).astype(dtype), factors(rng, k, d, dtype, kind)
    z = x[:, None].astype(np.float64) - means
    y = z * W if kind == "diagonal" else np.einsum("kij,nkj->nki" if kind == "full" else "ij,nkj->nki", W, z)
    joint = scales - 0.5 * np.square(y).sum(-1)
    likelihood = np.logaddexp.reduce(joint, axis=1)
    shares = np.exp(joint - likelihood[:, None])
    weighted = shares * w[:, None]
    products = np.einsum("nk,nki,nkj->kij", weighted, z, z)
    second = {"full": np.tril(products), "shared": None, "diagonal": np.einsum("kii->ki", products)}[kind]

    bound = {"rtol": BOUNDS[dtype], "atol": 50 * BOUNDS[dtype]}
    room = [np.empty(k), np.empty((k, d)), None if second is None else np.empty_like(second)]
    found, r, total = np.empty(n, dtype), np.empty((n, k), dtype), np.empty(1)
    _kernels.mixture_expectation(found, r, *room, total, x, w, scales, means, W, kind)
    given = [np.empty_like(array) if array is not None else None for array in room]
    _kernels.mixture_sums(*given, x, r, w, means, kind)
    np.testing.assert_allclose(found, likelihood, **bound)
    np.testing.assert_allclose(r, shares, **bound)
    np.testing.assert_allclose(total, (w * likelihood).sum(), **bound)
    for sums in (room, given):
        np.testing.assert_allclose(sums[0], weighted.sum(0), **bound)
        np.testing.assert_allclose(sums[1], np.einsum("nk,nki->ki", weighted, z), **bound)
        if kind == "full":
            sums[2] = np.tril(sums[2])
        if second is not None:
            np.testing.assert_allclose(sums[2], second, **bound)


def test_bits_do_not_depend_on_threads():
    _, x, means, w = draw(5000, 6, 4, np.float64)
    W = np.broadcast_to(np.eye(6), (4, 6, 6)).copy()
    seen = []
    for threads in (1, 2):
        _kernels.set_num_threads(threads)
        room = [np.empty(4), np.empty((4, 6)), np.empty((4, 6, 6))]
        _kernels.mixture_expectation(None, None, *room, None, x, w, np.zeros(4), means, W, "full")
        labels, sums, counts = np.empty(5000, np.int32), np.empty((4, 6)), np.empty(4)
        _kernels.nearest_centres(labels, None, sums, counts, x, w, means)
        seen.append([room[0], room[1], np.tril(room[2]), sums, counts])
    for one, other in zip(*seen, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_does_not_fit_is_refused():
    x, c, labels = np.ones((4, 2)), np.ones((3, 2)), np.empty(4, np.int32)
    calls = [
        (TypeError, "labels must be int32", (np.empty(4, np.int64), None, None, None, x, None, c)),
        (ValueError, "labels must be", (np.empty(3, np.int32), None, None, None, x, None, c)),
        (ValueError, "centres must be", (labels, None, None, None, x, None, np.ones((3, 1)))),
        (ValueError, "centres must be at least one row", (labels, None, None, None, x, None, np.ones((0, 2)))),
        (TypeError, "centres must be float64", (labels, None, None, None, x, None, c.astype(np.float32))),
        (ValueError, "weights must be", (labels, None, None, None, x, np.ones(3), c)),
        (ValueError, "counts must be given where sums is", (labels, None, np.empty((3, 2)), None, x, None, c)),
        (ValueError, "distances must be", (labels, x[:, 0], None, None, x, None, c)),
    ]
    for error, text, arguments in calls:
        with pytest.raises(error, match=f"nearest_centres: {text}"):
            _kernels.nearest_centres(*arguments)
    with pytest.raises(ValueError, match="nearer must be"):
        _kernels.distances_to_candidates(np.empty((4, 3)), np.empty(3), x, None, c, None)
    with pytest.raises(ValueError, match="potentials must be"):
        _kernels.distances_to_candidates(np.empty((3, 4)), c[:, 0], x, None, c, None)
    with pytest.raises(ValueError, match="whitening must be 'full', 'shared' or 'diagonal', got 'x'"):
        _kernels.mixture_expectation(*[None] * 6, x, None, np.ones(3), c, c, "x")
    with pytest.raises(ValueError, match="W must be"):
        _kernels.mixture_expectation(*[None] * 6, x, None, np.ones(3), c, c, "full")
    room = [np.empty(3), np.empty((3, 2)), None]
    with pytest.raises(ValueError, match="second must be given where counts and first are"):
        _kernels.mixture_expectation(None, None, *room, None, x, None, np.ones(3), c, c, "diagonal")
    with pytest.raises(ValueError, match="responsibilities must be"):
        _kernels.mixture_sums(np.empty(3), np.empty((3, 2)), np.empty((3, 2)), x, np.ones((4, 2)), None, c, "diagonal")


@pytest.mark.parametrize("kind", ["full", "shared", "diagonal"])
def test_points_without_coordinates(kind):
    second = {"full": np.empty((2, 0, 0)), "shared": None, "diagonal": np.empty((2, 0))}[kind]
    weights = np.empty(2)
    shares = np.full((3, 2), 0.5)
    _kernels.mixture_sums(weights, np.empty((2, 0)), second, np.ones((3, 0)), shares, None, np.ones((2, 0)), kind)
    assert weights.tolist() == [1.5, 1.5]

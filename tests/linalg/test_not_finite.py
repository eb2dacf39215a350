"""NaN and infinity: NumPy's answer, or LinAlgError where NumPy's own depends on the place or never comes."""

import numpy as np
import pytest

from mmlcore import linalg

PLACES = {"first": (0, 0), "last": (-1, -1), "below": (-1, 0), "above": (0, -1), "row": (1,)}

# As NumPy does, whatever the number and its place.
SAME = {
    "svdvals": lambda la, a: la.svdvals(a),
    "singular values": lambda la, a: la.svd(a, compute_uv=False),
    "eig": lambda la, a: la.eig(a),
    "eigvals": lambda la, a: la.eigvals(a),
    "det": lambda la, a: la.det(a),
    "slogdet": lambda la, a: la.slogdet(a),
    "cholesky": lambda la, a: la.cholesky(a),
    "cholesky, upper": lambda la, a: la.cholesky(a, upper=True),
    "matrix_rank": lambda la, a: la.matrix_rank(a),
    "matrix_rank, tol": lambda la, a: la.matrix_rank(a, tol=0.1),
    "norm": lambda la, a: la.norm(a),
    "right side": lambda la, a: la.solve(np.eye(a.shape[-1]), a),
    **{f"cond {p}": lambda la, a, p=p: la.cond(a, p) for p in (None, 1, -1, 2, -2, np.inf, -np.inf, "fro")},
    **{f"matrix_norm {p}": lambda la, a, p=p: la.matrix_norm(a, ord=p) for p in (1, -1, 2, -2, np.inf, "fro", "nuc")},
    **{f"vector_norm {p}": lambda la, a, p=p: la.norm(a, p, axis=-1) for p in (0, 1, -1, 2, 3, np.inf, -np.inf)},
    **{f"matrix_power {n}": lambda la, a, n=n: la.matrix_power(a, n) for n in (0, 1, 2, 3)},
}
# As NumPy does for NaN. For infinity its LAPACK raises, answers NaN or loops for ever, as the place has it.
SAME_FOR_NAN = {
    "svd": lambda la, a: la.svd(a),
    "svd, thin": lambda la, a: la.svd(a, full_matrices=False),
    "pinv": lambda la, a: la.pinv(a),
    "eigh": lambda la, a: la.eigh(a + np.swapaxes(a, -1, -2)),
    "eigvalsh": lambda la, a: la.eigvalsh(a + np.swapaxes(a, -1, -2)),
    "svd, hermitian": lambda la, a: la.svd(a + np.swapaxes(a, -1, -2), hermitian=True),
    "matrix_rank, hermitian": lambda la, a: la.matrix_rank(a + np.swapaxes(a, -1, -2), hermitian=True),
}
# Everything becomes NaN; NumPy's BLAS leaves some rows out where it skips a product with zero.
SPREADS = {
    "inv": lambda la, a: la.inv(a),
    "solve": lambda la, a: la.solve(a, np.ones((a.shape[-1], 2))),
    "matrix_power -1": lambda la, a: la.matrix_power(a, -1),
}


def matrix_with(bad, place, n, stacked):
    x = np.random.default_rng(n).standard_normal((n, n))
    a = np.stack([x @ x.T + n * np.eye(n)] * 3) if stacked else x @ x.T + n * np.eye(n)
    a[(1, *PLACES[place]) if stacked else PLACES[place]] = bad
    return a


def answer(function, la, a):
    with np.errstate(all="ignore"):
        try:
            result = function(la, a)
        except np.linalg.LinAlgError:
            return "LinAlgError"
    return [np.asarray(x) for x in result] if isinstance(result, tuple) else [np.asarray(result)]


def assert_as_numpy(function, a):
    ours, theirs = answer(function, linalg, a), answer(function, np.linalg, a)
    if isinstance(theirs, str) or isinstance(ours, str):
        assert ours == theirs
        return
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(np.abs(x), np.abs(y), rtol=1e-9, atol=1e-9)  # vectors: up to sign
        np.testing.assert_array_equal(np.sign(x[~np.isfinite(x)]), np.sign(y[~np.isfinite(y)]))


@pytest.mark.parametrize("stacked", [False, True])
@pytest.mark.parametrize("n", [3, 20])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_as_numpy_does(bad, place, n, stacked):
    a = matrix_with(bad, place, n, stacked)
    for name, function in SAME.items():
        if not (name.startswith("cholesky") and np.isinf(bad) and place == "row"):  # ∞ - ∞ or 0 · ∞: the order decides
            assert_as_numpy(function, a)
    for function in SAME_FOR_NAN.values():
        if np.isnan(bad):
            assert_as_numpy(function, a)
        else:
            assert answer(function, linalg, a) == "LinAlgError"


@pytest.mark.parametrize("n", [3, 20])
@pytest.mark.parametrize("place", PLACES)
def test_nan_spreads_through_systems_and_only_in_its_matrix(place, n):
    a = matrix_with(np.nan, place, n, True)
    for function in SPREADS.values():
        (result,) = answer(function, linalg, a)
        assert np.isnan(result[1]).all()
        assert np.isfinite(result[[0, 2]]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("mode", ["reduced", "complete", "r", "raw"])
def test_qr_raises_nothing_and_shows_it(bad, mode):
    a = matrix_with(bad, "first", 20, True)
    for x in answer(lambda la, a: la.qr(a, mode=mode), linalg, a):
        assert np.isnan(x[1]).any()
        assert np.isfinite(x[[0, 2]]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shape", [(5, 3), (3, 3), (3, 5)])
def test_least_squares(bad, shape):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(shape), rng.standard_normal((shape[0], 2))
    b[1, 1] = bad
    assert_as_numpy(lambda la, b: la.lstsq(a, b), b)
    assert_as_numpy(lambda la, b: la.lstsq(np.zeros(shape), b)[0], b)
    a[1, 0] = bad
    assert answer(lambda la, a: la.lstsq(a, np.ones(shape[0])), linalg, a) == "LinAlgError"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_matrix_of_one_element_is_its_own_eigenvalue(bad):
    for function in (lambda la, a: la.eigh(a), lambda la, a: la.eigvalsh(a), lambda la, a: la.pinv(a, hermitian=True)):
        for a in (np.array([[bad]]), np.array([[[1.0]], [[bad]]])):
            assert_as_numpy(function, a)


def test_factors_for_systems_refuse_what_the_factor_lets_pass():
    with pytest.raises(linalg.LinAlgError, match="cho_factor: a must be finite"):
        linalg.cho_factor([[1.0, np.nan], [np.nan, 1.0]])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # NumPy's
@pytest.mark.parametrize("n", [2, 3, 5, 9, 33, 70])
@pytest.mark.parametrize("place", [(0, 0), (1, 0), (1, 1), (0, 1)])
@pytest.mark.parametrize("stacked", [False, True])
def test_a_nan_among_zeros_is_a_pivot(n, place, stacked):
    """It is taken after every other number but before zero: the matrix is not singular, its determinant is NaN."""
    a = np.stack([np.eye(n)] * 3) if stacked else np.eye(n)
    a[(1, *place) if stacked else place] = np.nan
    np.testing.assert_array_equal(linalg.det(a), np.linalg.det(a))
    np.testing.assert_array_equal(linalg.slogdet(a).logabsdet, np.linalg.slogdet(a).logabsdet)
    ours, theirs = linalg.inv(a), np.linalg.inv(a)
    assert np.isnan(ours[np.isnan(theirs)]).all()
    if stacked:
        np.testing.assert_array_equal(ours[[0, 2]], theirs[[0, 2]])
    zeros = np.zeros_like(a)
    with pytest.raises(np.linalg.LinAlgError):
        linalg.inv(zeros)
    np.testing.assert_array_equal(linalg.det(zeros), np.linalg.det(zeros))

"""Every distribution against SciPy on grids that reach far tails; derivatives; draws; errors."""

import numpy as np
import pytest
from scipy import stats as sp

from mmlcore import check_grads, grad, stats

TAILS = np.concatenate(
    [10.0 ** np.array([-300, -100, -30, -10, -3]), np.linspace(0.02, 0.98, 9), 1 - 10.0 ** -np.arange(3, 12, 4)]
)

# ours, SciPy's, points
PAIRS = {
    "normal": (stats.Normal(1.0, 2.0), sp.norm(1, 2), np.linspace(-70, 30, 101)),
    "uniform": (stats.Uniform(-1.0, 3.0), sp.uniform(-1, 4), np.linspace(-2, 4, 61)),
    "exponential": (
        stats.Exponential(2.0),
        sp.expon(scale=2),
        np.concatenate([[-1.0, 1e-20], np.linspace(0, 1000, 51)]),
    ),
    "laplace": (stats.Laplace(1.0, 2.0), sp.laplace(1, 2), np.linspace(-500, 500, 101)),
    "student 3": (stats.StudentT(3.0, 1.0, 2.0), sp.t(3, 1, 2), np.concatenate([np.linspace(-9, 9, 61), [-1e10, 1e6]])),
    "student 0.7": (stats.StudentT(0.7), sp.t(0.7), np.linspace(-50, 50, 61)),
    "student 200": (stats.StudentT(200.0), sp.t(200), np.linspace(-30, 30, 61)),
    "gamma 0.3": (stats.Gamma(0.3, 2.0), sp.gamma(0.3, scale=2), np.concatenate([[-1.0], np.logspace(-80, 2.8, 60)])),
    "gamma 40": (stats.Gamma(40.0), sp.gamma(40), np.logspace(-3, 2.7, 60)),
    "beta": (stats.Beta(2.5, 0.7), sp.beta(2.5, 0.7), np.concatenate([[-1.0, 2.0], np.linspace(1e-30, 1 - 1e-9, 60)])),
    "beta 300": (stats.Beta(300.0, 200.0), sp.beta(300, 200), np.linspace(0.01, 0.99, 60)),
}
DISCRETE = {
    "bernoulli": (stats.Bernoulli(0.3), sp.bernoulli(0.3), np.arange(-1, 3)),
    "binomial": (stats.Binomial(40, 0.3), sp.binom(40, 0.3), np.arange(-1, 42)),
    "binomial at the end": (stats.Binomial(5, 1.0), sp.binom(5, 1.0), np.arange(6)),
    "binomial 5000": (stats.Binomial(5000, 0.01), sp.binom(5000, 0.01), np.arange(0, 400, 7)),
    "categorical": (
        stats.Categorical([0.2, 0.5, 0.3]),
        sp.rv_discrete(values=(range(3), [0.2, 0.5, 0.3])),
        np.arange(-1, 4),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_continuous_against_scipy(name):
    ours, theirs, x = PAIRS[name]
    with np.errstate(all="ignore"):
        for method, tolerance in {"pdf": 2e-12, "logpdf": 2e-12, "cdf": 2e-11, "sf": 2e-11}.items():
            a, b = getattr(ours, method)(x), getattr(theirs, method)(x)
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=1e-290, err_msg=method)
    for method in ("mean", "var", "std", "entropy"):
        a, b = getattr(ours, method)(), getattr(theirs, method)()
        if name != "student 0.7" or method == "entropy":  # SciPy has infinity where there is no mean
            np.testing.assert_allclose(a, b, rtol=1e-12, err_msg=method)


@pytest.mark.parametrize("name", PAIRS)
def test_quantiles_against_scipy(name):
    ours, theirs, _ = PAIRS[name]
    p = TAILS[TAILS > 1e-40] if "student" in name or "beta" in name else TAILS
    np.testing.assert_allclose(ours.ppf(p), theirs.ppf(p), rtol=2e-11, atol=1e-290)
    if name not in (
        "uniform",
        "beta",
        "gamma 0.3",
    ):  # where the quantile has its digits around 0, and does not underflow
        np.testing.assert_allclose(ours.cdf(ours.ppf(p)), p, rtol=2e-11)
    with np.errstate(all="ignore"):
        assert np.all(np.isnan(ours.ppf(np.array([-0.1, 1.1, np.nan]))))
        np.testing.assert_array_equal(ours.ppf(np.array([0.0, 1.0])), theirs.ppf([0.0, 1.0]))


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_against_scipy(name):
    ours, theirs, x = DISCRETE[name]
    with np.errstate(all="ignore"):
        for method in ("pmf", "logpmf", "cdf", "sf"):
            a, b = getattr(ours, method)(x), getattr(theirs, method)(x)
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-300 if method != "sf" else 1e-15, err_msg=method)
    p = np.linspace(0.001, 0.999, 57)
    np.testing.assert_array_equal(ours.ppf(p), theirs.ppf(p))
    for method in ("mean", "var", "entropy"):
        np.testing.assert_allclose(getattr(ours, method)(), getattr(theirs, method)(), rtol=1e-11, atol=1e-14)


def test_the_normal_tail_at_38_sigma():
    assert stats.Normal().logcdf(-38.0) == pytest.approx(sp.norm.logcdf(-38), rel=1e-15)
    assert stats.Normal().logsf(1e5) == pytest.approx(sp.norm.logsf(1e5), rel=1e-15)
    np.testing.assert_allclose(stats.Exponential().logcdf([1e-20, 50.0]), [np.log(1e-20), -np.exp(-50)], rtol=1e-14)
    np.testing.assert_allclose(
        stats.Laplace().logcdf([-1e4, 1.0]), [-1e4 - np.log(2), np.log1p(-0.5 * np.exp(-1))], rtol=1e-14
    )


X = np.array([0.3, 0.8])
DIFFERENTIABLE = {
    "normal": (lambda x, m, s: stats.Normal(m, s), (X, 0.2, np.array([1.1, 0.7]))),
    "uniform": (lambda x, a, b: stats.Uniform(a, b), (X, -0.5, 1.5)),
    "exponential": (lambda x, s: stats.Exponential(s), (X, np.array([1.1, 0.7]))),
    "laplace": (lambda x, m, s: stats.Laplace(m, s), (X, 0.1, 1.3)),
    "student": (lambda x, v, m, s: stats.StudentT(v, m, s), (X, 3.3, 0.1, 1.2)),
    "gamma": (lambda x, a, s: stats.Gamma(a, s), (X, np.array([0.6, 4.0]), 0.7)),
    "beta": (lambda x, a, b: stats.Beta(a, b), (X, np.array([0.6, 4.0]), 1.7)),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@pytest.mark.parametrize("method", ["logpdf", "cdf", "sf"])
def test_derivatives_in_points_and_parameters(name, method):
    make, args = DIFFERENTIABLE[name]
    order = 1 if method != "logpdf" and name in ("student", "gamma", "beta") else 2
    check_grads(lambda x, *p: getattr(make(x, *p), method)(x), args, order=order, rtol=1e-5)


def test_derivatives_of_moments_and_of_discrete_probabilities():
    check_grads(lambda a, s: stats.Gamma(a, s).entropy() + stats.Gamma(a, s).var(), (2.0, 0.5))
    check_grads(lambda p: stats.Bernoulli(p).logpmf(np.array([0.0, 1.0])) + stats.Bernoulli(p).entropy(), (0.3,))
    check_grads(lambda p: stats.Binomial(9, p).logpmf(4.0) + stats.Binomial(9, p).entropy(), (0.3,))
    check_grads(lambda z: stats.Categorical(np.exp(z) / np.sum(np.exp(z))).entropy(), (np.array([0.1, 0.4, -1.0]),))


def test_draws_are_reparameterised():
    """d/dθ of a draw: x = μ + σ z moves by 1 with μ and by z with σ."""
    z = stats.Normal().rvs(5, random_state=3)
    slopes = grad(lambda m, s: np.sum(stats.Normal(m, s).rvs(5, random_state=3)), (0, 1))(1.0, 2.0)
    np.testing.assert_allclose(slopes, [5, z.sum()], rtol=1e-12)
    scale = grad(lambda s: np.sum(stats.Gamma(2.0, s).rvs(5, random_state=3)))(1.0)
    np.testing.assert_allclose(scale, stats.Gamma(2.0).rvs(5, random_state=3).sum(), rtol=1e-12)


@pytest.mark.parametrize("name", [*PAIRS, *DISCRETE])
def test_draws_follow_the_distribution(name):
    """Kolmogorov and Smirnov's test, or χ² for discrete ones; the seed is fixed."""
    ours, theirs = (PAIRS.get(name) or DISCRETE.get(name))[:2]
    x = ours.rvs(4000, random_state=11)
    assert x.shape == (4000,)
    np.testing.assert_array_equal(x, ours.rvs(4000, random_state=11))
    if name in PAIRS:
        assert sp.kstest(x, theirs.cdf).pvalue > 1e-3
    else:
        values, counts = np.unique(x, return_counts=True)
        expected = 4000 * theirs.pmf(values)
        common = expected > 5
        assert np.sum((counts - expected)[common] ** 2 / expected[common]) < sp.chi2.ppf(0.999, max(common.sum(), 1))


def test_batches_broadcast():
    p = stats.Normal(np.zeros((3, 1)), np.ones(2))
    assert p.batch_shape == (3, 2)
    assert p.logpdf(np.zeros((4, 3, 2))).shape == (4, 3, 2)
    assert p.rvs(random_state=0).shape == p.entropy().shape == p.mean().shape == (3, 2)
    assert p.rvs((5, 3, 2), random_state=0).shape == (5, 3, 2)
    with pytest.raises(ValueError, match=r"Normal.rvs: size must be a shape to which the batch \(3, 2\) broadcasts"):
        p.rvs(5)
    assert isinstance(stats.Normal().rvs(random_state=0), float)
    single = stats.Normal(np.float32(0), np.float32(1))
    assert single.rvs(3, 0).dtype == single.cdf(np.zeros(2, np.float32)).dtype == np.float32


FITS = {
    "normal": (stats.Normal.fit, stats.Normal(1.0, 2.0)),
    "exponential": (stats.Exponential.fit, stats.Exponential(2.0)),
    "laplace": (stats.Laplace.fit, stats.Laplace(1.0, 2.0)),
    "gamma": (stats.Gamma.fit, stats.Gamma(2.0, 3.0)),
    "beta": (stats.Beta.fit, stats.Beta(2.0, 3.0)),
    "student": (lambda x, w=None: stats.StudentT.fit(x, 4.0, w), stats.StudentT(4.0, 1.0, 2.0)),
    "bernoulli": (stats.Bernoulli.fit, stats.Bernoulli(0.3)),
    "binomial": (lambda x, w=None: stats.Binomial.fit(x, 9, w), stats.Binomial(9, 0.3)),
}


@pytest.mark.parametrize("name", FITS)
def test_fit_finds_the_maximum_of_the_likelihood(name):
    fit, truth = FITS[name]
    x = truth.rvs(400, random_state=5)
    found = fit(x)
    top = found.log_likelihood(x)
    assert top >= truth.log_likelihood(x)
    parameters = {k: v for k, v in vars(found).items() if k not in ("batch_shape", "df", "n")}
    for key, value in parameters.items():  # no neighbour is more likely
        for factor in (0.99, 1.01):
            neighbour = type(found)(
                **{**{k: v for k, v in vars(found).items() if k != "batch_shape"}, key: value * factor}
            )
            assert neighbour.log_likelihood(x) < top
    twice = fit(np.concatenate([x, x[:100]]))
    weighted = fit(x, np.where(np.arange(400) < 100, 2.0, 1.0))
    for key in parameters:  # weight 2 = the row twice
        np.testing.assert_allclose(getattr(weighted, key), getattr(twice, key), rtol=1e-8)


def test_other_fits():
    assert stats.Uniform.fit([1.0, 2.0, 5.0], [1, 1, 0]).high == 2
    np.testing.assert_allclose(stats.Categorical.fit([0, 2, 2, 2], classes=4).p, [0.25, 0, 0.75, 0])


def test_errors_are_clear():
    with pytest.raises(ValueError, match=r"Normal: scale must be positive and finite, got 0.0"):
        stats.Normal(0.0, 0.0)
    with pytest.raises(ValueError, match=r"Bernoulli: p must be in \[0, 1\], got 1.5"):
        stats.Bernoulli(1.5)
    with pytest.raises(ValueError, match=r"Uniform: high must be above low = 1.0"):
        stats.Uniform(1.0, 1.0)
    with pytest.raises(ValueError, match=r"Categorical: p must be of sum 1"):
        stats.Categorical([0.5, 0.6])
    with pytest.raises(ValueError, match=r"Gamma.fit: x must be positive"):
        stats.Gamma.fit([-1.0, 2.0])
    with pytest.raises(ValueError, match=r"Normal.fit: weights must be 2 non-negative numbers"):
        stats.Normal.fit([1.0, 2.0], [1.0])
    with pytest.raises(NotImplementedError, match="MultivariateNormal: cdf must be"):
        stats.MultivariateNormal(cov=np.eye(2)).cdf([0.0, 0.0])


@pytest.mark.parametrize("family", ["Normal", "Uniform", "Exponential", "Laplace", "Gamma", "Beta", "Bernoulli"])
def test_no_points_cannot_be_fitted(family):
    with pytest.raises(ValueError, match=rf"{family}|Dirichlet"):
        getattr(stats, family).fit([])
    with pytest.raises(ValueError, match=r"StudentT.fit: x must be non-empty, got no points"):
        stats.StudentT.fit([], df=3.0)


@pytest.mark.parametrize(
    ("ours", "theirs", "x"),
    [
        (stats.Gamma(1.0, 2.0), sp.gamma(1, scale=2), [0, np.inf, np.nan]),
        (stats.Gamma(0.5), sp.gamma(0.5), [0, np.inf]),
        (stats.Gamma(2.0), sp.gamma(2), [0, np.nan]),
        (stats.Beta(1.0, 1.0), sp.beta(1, 1), [0, 1, np.nan, 2]),
        (stats.Beta(1.0, 2.0), sp.beta(1, 2), [0, 1]),
        (stats.Beta(0.5, 3.0), sp.beta(0.5, 3), [0, 1]),
        (stats.Uniform(), sp.uniform(), [0, 1, np.nan, 2]),
        (stats.Exponential(), sp.expon(), [0, np.inf, np.nan]),
    ],
)
def test_ends_of_the_support_and_nan(ours, theirs, x):
    for method in ("pdf", "logpdf", "cdf", "sf"):
        with np.errstate(all="ignore"):
            expected = getattr(theirs, method)(np.array(x, float))
        np.testing.assert_allclose(getattr(ours, method)(np.array(x, float)), expected, rtol=1e-13, err_msg=method)


@pytest.mark.parametrize("name", DISCRETE)
def test_nan_stays_nan(name):
    ours, x = DISCRETE[name][0], np.array([np.nan, 0.0])
    with np.errstate(divide="ignore"):
        for method in ("pmf", "logpmf", "cdf", "sf"):
            assert np.isnan(getattr(ours, method)(x)).tolist() == [True, False], method


def test_the_distribution_function_has_a_slope_at_the_centre():
    for p in (stats.Laplace(0.0, 2.0), stats.StudentT(3.0, 0.0, 2.0), stats.Normal(0.0, 2.0)):
        assert grad(p.cdf)(0.0) == pytest.approx(p.pdf(0.0), rel=1e-13)
        assert grad(p.sf)(0.0) == pytest.approx(-p.pdf(0.0), rel=1e-13)
        assert grad(p.logcdf)(0.0) == pytest.approx(2 * p.pdf(0.0), rel=1e-13)
        assert p.cdf(0.0) == pytest.approx(0.5, rel=4e-16)
    slope = grad(lambda v: grad(stats.StudentT(v).cdf)(0.0))(3.0)
    assert slope == pytest.approx(grad(lambda v: stats.StudentT(v).pdf(0.0))(3.0))


SINGLE = {
    "normal": lambda of: stats.Normal(of(0.3), of(1.2)),
    "uniform": lambda of: stats.Uniform(of(-1.0), of(2.0)),
    "exponential": lambda of: stats.Exponential(of(1.5)),
    "laplace": lambda of: stats.Laplace(of(0.3), of(1.2)),
    "student": lambda of: stats.StudentT(of(3.0), of(0.3), of(1.2)),
    "gamma": lambda of: stats.Gamma(of(2.0), of(1.5)),
    "beta": lambda of: stats.Beta(of(2.0), of(3.0)),
    "bernoulli": lambda of: stats.Bernoulli(of(0.3)),
    "binomial": lambda of: stats.Binomial(5, of(0.3)),
    "categorical": lambda of: stats.Categorical(np.float32([0.25, 0.5, 0.25])),
    "mixture": lambda of: stats.Mixture(
        np.float32([0.5, 0.5]), [stats.Normal(of(0.3)), stats.Normal(of(1.0), of(2.0))]
    ),
}


@pytest.mark.parametrize("of", [float, np.float64, np.float32, lambda v: np.full(2, v, np.float32)])
@pytest.mark.parametrize("name", SINGLE)
def test_single_precision_in_single_precision_out(name, of):
    if name == "mixture" and not isinstance(of, type):
        pytest.skip("no batches")
    p = SINGLE[name](of)
    x, whole = np.float32([0.2, 0.7]), np.float32([0, 1])
    for method in ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf", "ppf"):
        points = whole if hasattr(p, "pmf") and method != "ppf" else x
        with np.errstate(all="ignore"):
            single, double = (getattr(p, method)(points.astype(t)) for t in (np.float32, np.float64))
        assert (single.dtype, double.dtype) == (np.float32, np.float64), method
        np.testing.assert_allclose(single, double, rtol=3e-5, atol=1e-6)


def test_moments_draws_and_estimates_are_of_the_parameters_and_of_the_data():
    for name, make in SINGLE.items():
        if name != "mixture":
            p = make(np.float32)
            assert {p.mean().dtype, p.var().dtype, p.std().dtype, p.entropy().dtype} == {np.dtype(np.float32)}, name
            assert p.rvs(random_state=0).dtype == np.float32, name
    x = np.float32([0.2, 0.5, 0.7, 0.9])
    for family in (stats.Normal, stats.Uniform, stats.Exponential, stats.Laplace, stats.Gamma, stats.Beta):
        single, double = family.fit(x), family.fit(x.astype(float))
        assert {value.dtype for value in single._parameters()} == {np.dtype(np.float32)}
        np.testing.assert_allclose(single._parameters(), double._parameters(), rtol=1e-6)
    start = stats.Mixture([0.5, 0.5], [stats.Normal(0.0), stats.Normal(1.0)])
    fitted = stats.Mixture.fit(stats.Normal().rvs(50, 0).astype(np.float32), start, tol=1e-4)
    assert {value.dtype for value in fitted._parameters()} == {np.dtype(np.float32)}
    fit = stats.fit_linear(np.float32([[1, 0], [1, 1], [1, 3]]), np.float32([0, 1, 2]))
    assert fit.theta.dtype == fit.band(np.float32([[1, 2]]))[0].dtype == np.float32


def test_float32_keeps_its_derivatives():
    slope = grad(lambda x: np.sum(stats.Normal(1.0, 2.0).logpdf(x)))(np.float32([0.0, 3.0]))
    assert slope.dtype == np.float32
    np.testing.assert_allclose(slope, [0.25, -0.5])

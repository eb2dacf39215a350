"""The tables in test_distribution.py hold these families to SciPy; here is what is particular to them."""

import numpy as np
import pytest
from scipy import special
from scipy import stats as sp

from mmlcore import check_grads, grad, stats
from mmlcore._errors import ConvergenceWarning


def test_relations_between_the_families():
    x = np.array([0.1, 0.4, 0.9])
    np.testing.assert_allclose(stats.Gamma(1.0, 2.0).cdf(x), stats.Exponential(2.0).cdf(x), rtol=1e-13)
    np.testing.assert_allclose(stats.Beta(1.0, 1.0).cdf(x), x, rtol=1e-13)
    np.testing.assert_allclose(stats.StudentT(1e8).logpdf(x), stats.Normal().logpdf(x), rtol=1e-6)
    assert stats.StudentT(1.0).var() != stats.StudentT(3.0).var() == 3


MAKE = {
    "gamma": (lambda a, s: stats.Gamma(a, s), (2.3, 0.7)),
    "beta": (lambda a, b: stats.Beta(a, b), (2.3, 0.7)),
    "student": (lambda v, m: stats.StudentT(v, m, 1.4), (3.3, 0.2)),
    "mixture": (lambda m, s: stats.Mixture([0.3, 0.7], [stats.Normal(m, 1.0), stats.Normal(1.0, s)]), (0.3, 0.7)),
}


@pytest.mark.parametrize("name", MAKE)
def test_quantiles_have_derivatives_in_the_probability_and_in_the_parameters(name):
    make, theta = MAKE[name]
    p = np.array([0.02, 0.3, 0.93])
    check_grads(lambda p: make(*theta).ppf(p), (p,), order=2, rtol=1e-5)
    check_grads(lambda *theta: make(*theta).ppf(p), theta, order=2, rtol=1e-5)
    slope = grad(lambda p: np.sum(make(*theta).ppf(p)))(p)
    np.testing.assert_allclose(slope, 1 / make(*theta).pdf(make(*theta).ppf(p)), rtol=1e-11)
    with pytest.raises(ValueError, match=r"ppf: p must be inside \(0, 1\)"):
        grad(lambda p: make(*theta).ppf(p))(0.0)


WITHOUT = {
    "Gamma.rvs: a": (stats.Gamma, 2.0),
    "Beta.rvs: b": (lambda b: stats.Beta(2.0, b), 2.0),
    "StudentT.rvs: df": (stats.StudentT, 2.0),
    "Dirichlet.rvs: alpha": (stats.Dirichlet, np.ones(3)),
    "Bernoulli.rvs: p": (stats.Bernoulli, 0.3),
    "Binomial.rvs: p": (lambda p: stats.Binomial(4, p), 0.3),
    "Mixture.rvs: weights": (lambda w: stats.Mixture(w, [stats.Normal(), stats.Normal(1.0)]), np.array([0.3, 0.7])),
    "Mixture.rvs: components": (lambda m: stats.Mixture([1.0], [stats.Normal(m)]), 0.3),
}


@pytest.mark.parametrize("place", WITHOUT)
def test_draws_without_a_derivative_are_refused(place):
    make, theta = WITHOUT[place]
    with pytest.raises(TypeError, match=f"{place} must be without Tensors"):
        grad(lambda theta: np.sum(make(theta).rvs(5, random_state=0)))(theta)
    assert np.isfinite(make(theta).rvs(5, random_state=0)).all()


def test_the_upper_tail_of_beta_keeps_small_arguments():
    np.testing.assert_allclose(stats.Beta(0.01, 1.0).sf(1e-20), sp.beta(0.01, 1).sf(1e-20), rtol=1e-13)
    slope = grad(lambda x: stats.Beta(0.5, 1.0).sf(x))(1e-20)  # 1 - √x
    np.testing.assert_allclose(slope, -0.5e10, rtol=1e-12)


def test_the_density_of_gamma_vanishes_at_infinity():
    np.testing.assert_array_equal(stats.Gamma([0.5, 1.0, 2.0]).pdf(np.inf), 0)


def test_logarithms_of_tails_that_underflow():
    assert stats.Gamma(2.0).logsf(5000.0) == pytest.approx(-5000 + np.log(5001), rel=1e-13)
    leading = 300 * np.log(1e-3) - special.gammaln(301.0) - 300 / 301 * 1e-3
    assert stats.Gamma(300.0).logcdf(1e-3) == pytest.approx(leading, rel=1e-9)
    assert stats.Beta(900.0, 1.0).logcdf(1e-3) == pytest.approx(900 * np.log(1e-3), rel=1e-13)
    assert stats.Beta(1.0, 900.0).logsf(0.99) == pytest.approx(900 * np.log(0.01), rel=1e-12)
    assert stats.StudentT(20.0).logsf(1e30) == pytest.approx(sp.t(20).logpdf(1e30) + np.log(1e30 / 20), rel=1e-13)
    x = np.array([-34.0, -3.0, -1e-200, 0.0, 0.7, 30.0])
    for df in (3.0, 2e6):
        p = stats.StudentT(df)
        np.testing.assert_allclose(p.logcdf(x), sp.t(df).logcdf(x), rtol=1e-8)
        np.testing.assert_allclose(p.logsf(x), p.logcdf(-x), rtol=1e-14)
    check_grads(lambda x, df: stats.StudentT(df).logsf(x), (np.array([-2.0, 0.3, 40.0]), 3.3))


@pytest.mark.parametrize("df", [1e6, 1e9, 1e13, 1e300])
def test_many_degrees_of_freedom_are_the_normal_distribution(df):
    p, normal = stats.StudentT(df, 1.0, 2.0), stats.Normal(1.0, 2.0)
    x = np.array([-9.0, -3.0, 1.0, 1.3, 4.0])
    rough = 3 * 5.0**4 / df + 1e-14
    for method in ("pdf", "cdf", "sf", "logpdf", "logcdf", "logsf"):
        np.testing.assert_allclose(getattr(p, method)(x), getattr(normal, method)(x), rtol=rough)
    np.testing.assert_allclose(p.entropy(), normal.entropy(), rtol=1 / df + 1e-15)
    q = np.array([0.0, 1e-300, 1e-9, 0.5, 0.7, 1.0])
    np.testing.assert_allclose(p.ppf(q)[2:], normal.ppf(q)[2:], rtol=40 / df + 1e-14)
    np.testing.assert_allclose(p.cdf(p.ppf(q)), q, rtol=1e-10 if df < 1e300 else 1e-9)


def test_few_and_many_degrees_of_freedom_meet():
    x = np.array([-12.0, -1.0, 0.5, 6.0])
    for method in ("pdf", "cdf", "logsf"):
        below, above = (getattr(stats.StudentT(df), method)(x) for df in (1e6 * (1 - 1e-12), 1e6))
        np.testing.assert_allclose(below, above, rtol=1e-10)
    for df in (99.0, 100.0, 101.0):  # and the expansion of the constant
        np.testing.assert_allclose(stats.StudentT(df).logpdf(x), sp.t(df).logpdf(x), rtol=1e-13)
        assert stats.StudentT(df).entropy() == pytest.approx(sp.t(df).entropy(), rel=1e-12)
    check_grads(lambda df: stats.StudentT(df).cdf(x), (150.0,))
    assert grad(lambda df: stats.StudentT(df).logpdf(3.0))(2e6) == pytest.approx(
        -(81 - 18 - 1) / 4 / 4e12, rel=1e-4, abs=0
    )


def test_a_fit_that_does_not_converge_warns():
    x = stats.StudentT(3.0).rvs(50, random_state=0)
    with pytest.warns(ConvergenceWarning, match="StudentT.fit: 2 iterations do not reach the tolerance"):
        stats.StudentT.fit(x, df=3.0, n_iter=2)
    assert stats.StudentT.fit(x, df=3.0).scale > 0


@pytest.mark.parametrize("df", [0.3, 4.0, 1e7])
@pytest.mark.parametrize("z", [0.0, 1e-50, 1e-8, -1e-4, 0.01, 0.1])
def test_derivatives_of_student_t_near_its_centre(df, z):
    """The density has the slope -(ν + 1) z p / (ν + z²), however small z is."""
    density = stats.StudentT(df).pdf(z)
    slope = -(df + 1) * z * density / (df + z * z)
    first = grad(lambda z: stats.StudentT(df).cdf(z))
    assert first(z) == pytest.approx(density, rel=1e-11)
    assert grad(first)(z) == pytest.approx(slope, rel=1e-8, abs=0)
    upper = grad(lambda z: stats.StudentT(df).logsf(z))(z)
    assert upper == pytest.approx(-density / stats.StudentT(df).sf(z), rel=1e-11)


def test_derivatives_in_the_degrees_of_freedom_near_the_centre():
    """P(Z ≤ z) ≈ ½ + z p(0): of the sign of z and proportional to it."""
    in_df = grad(lambda df, z: stats.StudentT(df).cdf(z))
    slope = grad(lambda df: stats.StudentT(df).pdf(0.0))(4.0)
    for z in (1e-50, -1e-8, 1e-4, -0.01):
        assert in_df(4.0, z) == pytest.approx(slope * z, rel=1e-4)
    check_grads(lambda df, z: stats.StudentT(df).cdf(z), (4.0, np.array([-0.07, 0.02, 0.05, 0.5])))
    p = 0.5 + np.array([0.0, 1e-9, 0.01])
    np.testing.assert_allclose(stats.StudentT(4.0).cdf(stats.StudentT(4.0).ppf(p)), p, rtol=1e-15)


@pytest.mark.parametrize("df", [1.0, 3.0, 1e6])
def test_student_t_where_squares_overflow(df):
    """p falls like |z|^-(ν+1) there, and P(Z > z) = z p / ν."""
    p = stats.StudentT(df)
    for z in (1e120, 1e160, 1e300):
        assert p.logpdf(-z) - p.logpdf(1e99) == pytest.approx(-(df + 1) * (np.log(z) - np.log(1e99)), rel=1e-12)
        assert p.logcdf(-z) == pytest.approx(p.logpdf(z) + np.log(z) - np.log(df), rel=1e-12)
        assert p.cdf(z) == 1
        assert grad(lambda z: p.logsf(z))(z) == pytest.approx(-df / z, rel=1e-12)
    assert stats.StudentT(1.0).logpdf(-1e160) == pytest.approx(-320 * np.log(10) - np.log(np.pi), rel=1e-14)
    assert stats.StudentT(1.0).cdf(-1e160) == pytest.approx(1e-160 / np.pi, rel=1e-12)
    assert (p.cdf(-np.inf), p.cdf(np.inf), p.logpdf(np.inf)) == (0, 1, -np.inf)
    assert stats.StudentT(1.0).ppf(1e-250) == pytest.approx(-1e250 / np.pi, rel=1e-12)
    single = stats.StudentT(np.float32(1)).logpdf(np.float32(1e30))
    assert single == pytest.approx(-60 * np.log(10) - np.log(np.pi), rel=1e-6)


@pytest.mark.parametrize(
    ("fit", "name"),
    [(stats.Gamma.fit, "Gamma"), (stats.Beta.fit, "Beta"), (lambda x: stats.StudentT.fit(x, 4.0), "StudentT")],
)
def test_data_that_determine_nothing_are_refused_under_the_name_of_the_fit(fit, name):
    for same in ([0.1, 0.1, 0.1], [0.3, 0.3, np.nextafter(0.3, 1)]):
        with pytest.raises(ValueError, match=rf"^{name}\.fit: x must be not .*equal up to rounding"):
            fit(same)
    for wrong in ([0.3, np.nan, 0.5], [0.3, np.inf, 0.5]):
        with pytest.raises(ValueError, match=rf"^{name}\.fit: x must be .*, got (nan|inf)"):
            fit(wrong)


def test_student_t_has_no_fit_to_mostly_equal_data():
    for most in ([0.0, 0.0, 1.0], [5.0, 5.0, 6.0]):
        with pytest.raises(ValueError, match=r"StudentT.fit: x must be not equal up to rounding, all or most"):
            stats.StudentT.fit(most, 1.0)
    for df in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match=r"StudentT.fit: df must be positive and finite"):
            stats.StudentT.fit([1.0, 2.0, 4.0], df)
    far = stats.StudentT.fit([0.0, 1.0, 2.0, 3.0, 1e16], 1.0)
    assert 0 < far.loc < 3

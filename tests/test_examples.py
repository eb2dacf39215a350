"""Every example runs, and those of the source documents give the documents' figures."""

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from mmlcore import grad

EXAMPLES = {path.stem: path for path in (Path(__file__).resolve().parents[1] / "examples").glob("*.py")}
WITH_PLOT = sorted(name for name, path in EXAMPLES.items() if '"--plot"' in path.read_text(encoding="utf-8"))


def load(name: str) -> ModuleType:
    """The example as a module."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES[name])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """printed(name, *arguments) runs an example's main() with these arguments and returns what it prints."""

    def run(name: str, *arguments: str) -> str:
        monkeypatch.setattr("sys.argv", [f"{name}.py", *arguments])
        load(name).main()
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_it_runs_quickly(name: str, printed: Callable[..., str]) -> None:
    assert printed(name, "--quick")


@pytest.mark.parametrize("name", WITH_PLOT)
def test_it_draws(name: str, printed: Callable[..., str], tmp_path: Path) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    printed(name, "--quick", "--plot", str(tmp_path / "picture.png"))
    plt.close("all")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a1_the_parabola_through_ten_points() -> None:
    example = load("polynomial_fit")
    L, theta = example.fit()
    expected = [
        [65.79411909533059, 0, 0],
        [11.315179081105018, 3.6845670997450135, 0],
        [2.1523095726051, 1.9294347356270625, 1.2825151479137313],
    ]
    np.testing.assert_allclose(L, expected, rtol=0, atol=1e-12)
    Q, R = np.linalg.qr(np.vander(example.X, 3))
    np.testing.assert_allclose(theta, np.linalg.solve(R, Q.T @ example.Y), rtol=0, atol=1e-10)


def test_a2_power_iteration_converges_to_the_largest_singular_value(printed: Callable[..., str]) -> None:
    output = printed("power_iteration_svd")
    trace = [float(value) for value in re.findall(r"iteration \d+: σ₁ = ([\d.]+),", output)]
    A = np.random.RandomState(0).rand(3, 4)
    assert len(trace) > 1
    assert trace[-1] == pytest.approx(np.linalg.svd(A, compute_uv=False)[0], rel=0, abs=1e-8)
    assert abs(trace[-1] - trace[-2]) < abs(trace[1] - trace[0])
    differences = [float(value) for value in re.findall(r"U, Σ, V from numpy's (\S+)", output)]
    assert len(differences) == 2
    assert max(differences) < 1e-8


def test_a3_the_movies_and_viewers_as_printed(printed: Callable[..., str]) -> None:
    numbers = [float(value) for value in re.findall(r"-?\d+\.\d{4}", printed("movie_ratings"))]
    np.testing.assert_allclose(numbers[:3], [9.6438, 6.3639, 0.7056], atol=1e-9)
    U, Vh = np.reshape(numbers[3:15], (4, 3)), np.reshape(numbers[15:], (3, 3))
    expected_U = np.array(
        [
            [-0.6710, 0.0236, 0.4647],
            [-0.7197, 0.2054, -0.4759],
            [-0.0939, -0.7705, -0.5268],
            [-0.1515, -0.6030, 0.5293],
        ]
    )
    expected_Vh = np.array([[-0.7367, -0.6515, -0.1811], [0.0852, 0.1762, -0.9807], [0.6708, -0.7379, -0.0743]])
    signs = np.sign(np.sum(U * expected_U, axis=0))
    np.testing.assert_allclose(U * signs, expected_U, atol=1e-9)
    np.testing.assert_allclose(Vh * signs[:, None], expected_Vh, atol=1e-9)


def test_b3_the_three_factors_multiply_to_the_automatic_gradient(printed: Callable[..., str]) -> None:
    example = load("backprop_by_hand")
    gradient = grad(example.error)(example.WEIGHTS)[4]
    assert np.prod(example.factors_of_w5(example.WEIGHTS)) == pytest.approx(gradient, rel=1e-13)

    lines = printed("backprop_by_hand", "--quick").splitlines()
    figures = {key.strip(): float(value) for key, _, value in (line.rpartition("=") for line in lines[:-1])}
    factors = [figures["∂E/∂Σ₁ = Σ₁ - Ȳ₁"], figures["Σ₁ (1 - Σ₁)"], figures["σ₁"]]
    assert np.prod(factors) == pytest.approx(figures["automatic ∂E/∂w₅"], abs=2e-9)
    assert figures["their product"] == figures["automatic ∂E/∂w₅"] == pytest.approx(gradient, abs=5.1e-10)
    assert float(lines[-1].split(": ")[1].split(";")[0]) < figures["E"]


def test_b2_the_coefficients_and_the_order_of_the_error(printed: Callable[..., str]) -> None:
    output = printed("taylor", "--quick")
    pairs = re.findall(r"coefficient of eˣ ([\d.]+), 1/\d+! = ([\d.]+)", output)
    assert len(pairs) == 11
    assert all(ours == expected for ours, expected in pairs)
    falls = [float(order) for order in re.findall(r"falls as h\^([\d.]+)", output)]
    assert [round(order) for order in falls] == [1, 2, 3, 4, 5]
    found = float(re.findall(r"f there (-[\d.]+)", output)[0])
    start = float(re.findall(r"f = (-[\d.]+)", output)[0])
    assert -4.0 < found < start - 0.8 * (start + 4.0)  # a step of Newton's goes most of the way


def test_b3_the_graph_is_written(printed: Callable[..., str], tmp_path: Path) -> None:
    printed("backprop_by_hand", "--quick", "--graph", str(tmp_path / "graph.svg"))
    text = (tmp_path / "graph.svg").read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert text.count("matmul") == 2  # two layers


def test_f6_gradients_vanish_in_a_vanilla_network_and_last_in_an_lstm() -> None:
    example = load("vanishing_gradient")
    lags = [1, 8, 16, 32]
    vanilla, lstm = (example.norms(cell, lags) for cell in ("tanh", "lstm"))
    assert vanilla[3] / vanilla[0] < 1e-3 < 1e-2 < lstm[3] / lstm[0]
    slopes = np.diff(np.log(vanilla)) / np.diff(lags)  # (10.2): a straight line on a logarithmic scale
    assert (slopes < -0.1).all()


def test_f8_a_model_learns_catullus(data_folder: Path) -> None:
    path = data_folder / "text" / "catullus.txt"
    if not path.is_file():
        pytest.skip("no Catullus")
    example = load("catullus")
    model, _ = example.train(example.corpus(str(path)), epochs=3, hidden=48)
    assert len(model.vocabulary) == 58
    assert model.history["val_loss"][-1] < 2.7 < np.log(58)
    assert set(model.sample(40, seed=0)) <= set(model.vocabulary)


def test_f4_the_sizes_of_the_notes_and_the_flip(printed: Callable[..., str]) -> None:
    output = printed("edge_filter")
    assert "227×227×3 with 96 filters 11×11×3 at stride 4: 55×55×96" in output
    assert "through a column matrix [363×3025]" in output
    assert float(re.findall(r"relative difference (\S+)", output)[0]) < 1e-5
    assert "correlation + convolution = 0" in output
    assert [re.findall(r"\d×\d", line)[0] for line in output.splitlines()[1:6]] == ["8×8", "6×6", "6×6", "8×8", "4×4"]


def test_f5_a_folder_that_is_not_there_is_refused(
    printed: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        printed("mnist_cnn", "--data", str(tmp_path / "typo"))
    assert "--data must be a folder, got" in capsys.readouterr().err


def test_c1_to_c4_the_first_step_and_the_ways_down(printed: Callable[..., str]) -> None:
    output = printed("descent_paths", "--quick")
    assert "the first step leads to 3.2" in output
    steps = {tuple(row[:2]): int(row[2]) for row in re.findall(r"^(\S+) +(\S.*?) +(\d+) steps", output, re.MULTILINE)}
    assert steps["bowl", "Newton"] == 1  # of a quadratic
    assert steps["Rosenbrock", "Newton"] < 40
    assert steps["Rosenbrock", "gradient descent"] == 100


def test_c5_the_gradients_are_parallel_at_the_solutions(printed: Callable[..., str]) -> None:
    output = printed("lagrange", "--quick")
    assert "largest at (5.000000, 5.000000), f = 25.000000, λ = 5.000000" in output
    assert max(float(rest) for rest in re.findall(r"\|∇f - λ∇h\| = (\S+)", output)) < 1e-6
    assert re.findall(r"λ = (-?[\d.]+)", output)[1:] == ["1.414214", "-1.414214"]


def test_d1_d3_draws_agree_with_their_formulas(printed: Callable[..., str]) -> None:
    output = printed("gaussians", "--quick")
    assert "Φ(1.96) = 0.975002, Φ⁻¹(0.975) = 1.959964" in output
    assert "log Φ(-38) = -726.5572" in output
    exact, sampled = re.findall(r"KL\(p, q\) = ([\d.]+), by draws ([\d.]+)", output)[0]
    assert float(exact) == pytest.approx(np.log(2) + (1 + 1.5**2) / 8 - 0.5, abs=1e-4)
    assert float(sampled) == pytest.approx(float(exact), abs=0.05)


def test_e1_the_predictions_of_the_table_and_the_ways_down(printed: Callable[..., str]) -> None:
    first, *ways = printed("linear_regression").splitlines()
    assert first == "θ = [1, 0, 0.5] predicts [2.0, 22.0, 16.5, 18.5], and 11 at [50.0, 20.0]"  # section 3.5
    example = load("linear_regression")
    theta = np.linalg.lstsq(example.design(example.X), example.Y, rcond=None)[0]
    found = np.array([[float(v) for v in re.findall(r"-?[\d.]+", line.partition("]")[0])] for line in ways])
    assert found.shape == (4, 3)
    np.testing.assert_allclose(found[:3], np.tile(theta, (3, 1)), atol=6e-6)
    np.testing.assert_allclose(found[3], theta, rtol=0.02)


def test_e2_zeros_and_the_bayes_reading(printed: Callable[..., str]) -> None:
    output = printed("ridge_lasso_paths")
    assert float(re.findall(r"log posterior there: (\S+)", output)[0]) < 1e-9
    norms = [float(v) for v in re.findall(r"‖β‖ = ([\d.]+), zeros 0", output)]
    assert norms == sorted(norms, reverse=True)
    assert len(norms) == 3
    zeros = [int(v) for v in re.findall(r"lasso, α = \S+: zeros (\d)", output)]
    assert zeros[0] >= 7
    assert zeros == sorted(zeros, reverse=True)


def test_e3_the_parabola_and_the_choice_of_a_width(printed: Callable[..., str]) -> None:
    output = printed("basis_functions", "--quick")
    theta = [float(v) for v in re.findall(r"θ = \[(.*)\]", output)[0].split(",")]
    np.testing.assert_allclose(theta, [4.95, 4.12, -4.12], atol=5e-3)
    errors = [float(v) for v in re.findall(r"cross-validation ([\d.]+)", output)]
    assert 0 < int(np.argmin(errors)) < len(errors) - 1  # too narrow and too wide are both worse
    assert float(re.findall(r"error on new points ([\d.]+) \(noise", output)[0]) < 0.15


def test_e4_fruit(printed: Callable[..., str], data_folder: Path) -> None:
    if not (data_folder / "fruit").is_dir():
        pytest.skip("no fruit")
    output = printed("fruit_softmax", "--data", str(data_folder / "fruit"))
    assert output.startswith("2935 pictures\n")
    assert float(re.findall(r"5-fold cross-validation ([\d.]+)", output)[0]) >= 0.97
    descent, newton, irls = (float(v) for v in re.findall(r"loss ([\d.]+)", output))
    assert newton == irls == pytest.approx(descent, rel=1e-5)


def test_d2_the_likelihood_s_maximum_is_least_squares(printed: Callable[..., str]) -> None:
    rows = [re.findall(r"-?\d+\.\d{6}", line) for line in printed("max_likelihood", "--quick").splitlines()[:3]]
    assert len(rows[0]) == 3
    assert rows[0] == rows[1] == rows[2]


def test_d4_the_likelihood_rises_and_the_components_are_found(printed: Callable[..., str]) -> None:
    output = printed("gaussian_mixture", "--quick")
    assert float(re.findall(r"grew by [\d.]+, (\S+) at least", output)[0]) > 0
    ours, truth = map(float, re.findall(r"mean log-likelihood (\S+), of the truth (\S+)", output)[0])
    assert ours > truth  # it is the largest that there is nearby
    weights = re.findall(r"weight ([\d.]+) \(([\d.]+)\)", output)
    np.testing.assert_allclose([float(w) for w, _ in weights], [float(t) for _, t in weights], atol=0.05)
    assert "full" in output.rsplit(":", 1)[-1]


def test_a7_the_svd_and_the_covariance_agree(printed: Callable[..., str]) -> None:
    output = printed("pca_digits")
    variance, summed = re.findall(r"variance ([\d.]+), of all components ([\d.]+)", output)[0]
    assert variance == summed
    assert max(float(apart) for apart in re.findall(r"by (\d\S+e-\d+)", output)) < 1e-8
    for held, lost in re.findall(r"hold ([\d.]+) of it; what comes back has lost ([\d.]+)", output):
        assert float(held) + float(lost) == pytest.approx(1, abs=1.1e-4)


def test_a4_movies_are_alike_in_their_taste(printed: Callable[..., str]) -> None:
    similar, recommended = printed("movielens_recommender", "--quick").split("for user 1:")
    titles = re.findall(r"\d\.\d{3}  (\S+)", similar)
    assert titles == ["Crime"] * 10
    assert len(set(re.findall(r"^ +(\S+) No", recommended, re.MULTILINE))) == 1

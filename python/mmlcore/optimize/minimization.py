"""`minimize`: one door to all methods."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._errors import choose, integer, message
from mmlcore.optimize import bounds as boxes
from mmlcore.optimize.constraints import Constraints, augmented_lagrangian, lagrange_newton
from mmlcore.optimize.first_order import conjugate, gradient_descent, momentum, nesterov
from mmlcore.optimize.newton import newton, newton_cg
from mmlcore.optimize.problem import Problem
from mmlcore.optimize.quasi_newton import bfgs, lbfgs
from mmlcore.optimize.residuals import gauss_newton, levenberg_marquardt
from mmlcore.optimize.result import OptimizeResult, Progress
from mmlcore.optimize.stochastic import minibatch

__all__ = ["minimize"]

METHODS: dict[str, Callable[..., None]] = {
    "gradient_descent": gradient_descent,
    "momentum": momentum,
    "nesterov": nesterov,
    "newton": newton,
    "newton-cg": newton_cg,
    "bfgs": bfgs,
    "lbfgs": lbfgs,
    "cg": conjugate,
    "gauss-newton": gauss_newton,
    "levenberg-marquardt": levenberg_marquardt,
    "sgd": minibatch,
    "minibatch": minibatch,
}
WITHIN_BOUNDS: dict[str, Callable[..., None]] = {
    "gradient_descent": boxes.projected_descent,
    "lbfgs": boxes.projected_lbfgs,
    "newton": boxes.projected_newton,
}
MOST_ITERATIONS = {"gradient_descent": 10_000, "momentum": 10_000, "nesterov": 10_000, "sgd": 100, "minibatch": 100}


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    method: str | None = None,
    *,
    jac: Any = "auto",
    hess: Any = "auto",
    constraints: Any = (),
    bounds: Any = None,
    callback: Callable[[OptimizeResult], Any] | None = None,
    tol: float = 1e-6,
    max_iter: int | None = None,
    track: bool = False,
    check: bool = False,
    args: tuple[Any, ...] = (),
    **options: Any,
) -> OptimizeResult:
    r"""Minimise a scalar function of one or more variables, with derivatives from our own differentiation.

    Parameters
    ----------
    fun : callable
        `fun(x, *args)`, ordinary Python with NumPy calls; returns a real scalar. With "gauss-newton" and
        "levenberg-marquardt" it returns the residuals r, and ½‖r‖² is minimised; with "sgd" and "minibatch" it is
        called as `fun(x, *batch)`.
    x0 : array or number, or containers of these
        Where to start; never written to. float32 stays float32.
    method : str, optional
        ============================ ==================================================================================
        "gradient_descent"           ``step="fixed"``, "adaptive" (``grow``, ``shrink``), "armijo", "wolfe", "exact" (of
                                     quadratics); ``learning_rate``
        "momentum"                   ``form="DRP"``, "Notes" or "CS582"; ``learning_rate``, ``momentum``
        "nesterov"                   ``learning_rate``, ``momentum``
        "newton"                     the whole Hessian, damped where it is indefinite
        "newton-cg"                  Hessian-vector products alone
        "bfgs", "lbfgs"              quasi-Newton; ``memory`` pairs (10)
        "cg"                         conjugate gradients
        "gauss-newton"               for residuals
        "levenberg-marquardt"        for residuals
        "sgd", "minibatch"           ``data`` (arrays of one length), ``batch_size`` (1 and 32), ``optimizer`` (a
                                     name or object of `mmlcore.optimizers`), ``learning_rate``, ``random_state``
        ============================ ==================================================================================

        Default: "newton" with equality constraints, "lbfgs" with bounds or above 200 variables, otherwise "bfgs".
    jac : "auto", True or callable
        The gradient: ours; returned by `fun` as the second of a pair; or a function of x.
    hess : "auto" or callable
        The Hessian: ours (by differences of the gradient, if that was given), or a function of x.
    constraints : dict or sequence of dicts
        {"type": "eq", "fun": h} for h(x) = 0, {"type": "ineq", "fun": c} for c(x) ≥ 0; h and c return numbers or
        arrays, and take further arguments from a tuple "args". Equalities alone are solved by Newton's method on the
        Lagrangian L = f + λᵀh, otherwise by an augmented Lagrangian, L = f + λᵀh - μᵀc. The result has `multipliers`
        and `constraint_violation`.
    bounds : (low, high), or one such pair for every variable, optional
        By projection, with "gradient_descent", "lbfgs", "newton" and with constraints. Of two variables, a pair of
        ndarrays is (low, high), other sequences are pairs.
    callback : callable, optional
        Called with the result so far after every iteration; ends the run by returning True or raising StopIteration.
    tol : float
        Converged when max |∇f| ≤ tol (of the projected gradient within bounds, of ∇L and h with constraints).
    max_iter : int, optional
        Default 1000; 10 000 for fixed steps, 100 epochs for "sgd".
    track : bool
        Keep the iterates and their values in `path` and `path_fun`.
    check : bool
        Compare the gradient at x0 with central differences of `fun` first.
    args : tuple
        Further arguments of `fun`.
    **options
        Of the method, as above; none with constraints.

    Returns
    -------
    OptimizeResult
        With success False and a message that says why if it did not converge; x is then the last finite iterate.

    Raises
    ------
    ValueError, TypeError
        For arguments that make no sense together. What goes wrong with `fun` on the way is reported in the result.

    References
    ----------
    DRP, Gradient descent; Notes 6.4-6.9; CS582 2.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.optimize import minimize
    >>> r = minimize(lambda x: x**2, 4.0, "gradient_descent", learning_rate=0.1, max_iter=1)
    >>> float(r.x)  # CS582's example
    3.2
    >>> r = minimize(lambda p: -p[0] * p[1], [1.0, 1.0], constraints={"type": "eq", "fun": lambda p: p[0] + p[1] - 10})
    >>> r.x.round(6), r.multipliers.round(6)
    (array([5., 5.]), array([5.]))
    """
    called = (lambda x, *more: fun(x, *more, *args)) if args else fun
    name = _chosen(method, constraints, bounds, x0)
    _check_numbers(tol, options)
    if name in ("gauss-newton", "levenberg-marquardt"):
        from mmlcore.optimize.residuals import Residuals

        problem: Problem = Residuals("minimize", called, x0, jac)
    elif name in ("sgd", "minibatch"):
        problem = Problem("minimize", lambda x: called(x, *_whole(options.get("data"))), x0)
    else:
        problem = Problem("minimize", called, x0, jac, hess)
    most = integer("minimize", "max_iter", max_iter, low=0) if max_iter is not None else MOST_ITERATIONS.get(name, 1000)
    progress = Progress(problem, tol, most, callback, track)
    wrong = problem.wrong_gradient(problem.x0) if check else ""
    with np.errstate(all="ignore"):  # what is not finite is reported in words
        if wrong:
            progress.accept(problem.x0, *problem.value_and_gradient(problem.x0), size=np.inf)
            progress.stop(wrong)
        else:
            _run(name, progress, called, constraints, bounds, options)
    return progress.result()


def _whole(data: Any) -> tuple[Any, ...]:
    return data if isinstance(data, tuple) else (data,)


def _chosen(method: str | None, constraints: Any, bounds: Any, x0: Any) -> str:
    if method is None:
        from mmlcore.optimize.problem import packed

        large = packed("minimize", x0)[0].size > 200
        method = "lbfgs" if bounds is not None or large else "bfgs"
        return "newton" if constraints else method
    choose("minimize", "method", method, METHODS)
    if bounds is not None and not constraints:
        choose("minimize", "method within bounds", method, WITHIN_BOUNDS)
    if constraints and method not in ("newton", "lbfgs"):
        raise ValueError(message("minimize", "method with constraints", "'newton', 'lbfgs' or None", repr(method)))
    return method


def _check_numbers(tol: float, options: dict[str, Any]) -> None:
    if not (isinstance(tol, int | float | np.number) and 0 <= tol < np.inf):
        raise ValueError(message("minimize", "tol", "a non-negative finite number", repr(tol)))
    rate = options.get("learning_rate")
    if rate is not None and not (isinstance(rate, int | float | np.number) and 0 < rate < np.inf):
        raise ValueError(message("minimize", "learning_rate", "a positive finite number", repr(rate)))


def _run(name: str, progress: Progress, fun: Any, constraints: Any, bounds: Any, options: dict[str, Any]) -> None:
    problem = progress.problem
    box = None if bounds is None else boxes.Box("minimize", bounds, problem.x0.size)
    try:
        if constraints:
            if options:
                raise TypeError(message("minimize", "options", "none with constraints", repr(next(iter(options)))))
            rules = Constraints("minimize", constraints, problem)
            if rules.inequalities is None and box is None and name == "newton":
                lagrange_newton(progress, rules)
            else:
                augmented_lagrangian(progress, rules, box)
        elif box is not None:
            WITHIN_BOUNDS[name](progress, box, **options)
        elif name in ("sgd", "minibatch"):
            minibatch(progress, fun, **{"data": None, "batch_size": 1 if name == "sgd" else 32} | options)
        else:
            METHODS[name](progress, **options)
    except TypeError as error:
        if "unexpected keyword argument" in str(error) and f"{METHODS[name].__name__}()" in str(error):
            unknown = str(error).split("'")[1]
            raise TypeError(message("minimize", "options", f"those of {name!r}", repr(unknown))) from None
        raise

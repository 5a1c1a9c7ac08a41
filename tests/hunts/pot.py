"""Gradients that POT writes by hand for its solvers, and those that its functions of torch's tensors have."""

from functools import partial

import numpy as np
import ot
import torch
from ot import gromov, smooth, stochastic
from ot.unbalanced._lbfgs import _get_loss_unbalanced

from funcnn.testing import torch as of_torch
from funcnn.testing.hunt import Target
from tests.hunts.draws import *

LIBRARIES = ["POT", "torch", "numpy"]
torch.set_num_threads(1)
RNG = np.random.default_rng(0)
ROWS, COLUMNS, REG = 3, 4, 0.7
A, B = probabilities(RNG, ROWS), probabilities(RNG, COLUMNS)
M = RNG.uniform(0.2, 2.0, (ROWS, COLUMNS))
C1, C2 = [symmetric(RNG, n) ** 2 for n in (ROWS, COLUMNS)]
PLAN = each(between(0.02, 0.3), f"{ROWS} {COLUMNS}")
REGULARIZATIONS = {
    "NegEntropy": smooth.NegEntropy(REG),
    "SquaredL2": smooth.SquaredL2(REG),
    "SparsityConstrained": smooth.SparsityConstrained(2, REG),
}


def both(call):
    """f and vjp of a function that returns a value, or one for each column, and the gradients."""

    def vjp(args, dA):
        _, *gradients = call(*[np.array(a) for a in args])
        return [dA * np.reshape(g, a.shape) for a, g in zip(args, gradients, strict=True)]

    return (lambda *args: np.array(call(*[np.array(a) for a in args])[0])), vjp


def dual(alpha, beta):
    """The dual with entropy, of which `batch_grad_dual` with all rows and columns is the gradient."""
    plan = A[:, None] * B * np.exp((alpha[:, None] + beta - M) / REG)
    value = alpha @ A + beta @ B - REG * plan.sum()
    return value, *stochastic.batch_grad_dual(A, B, M, REG, alpha, beta, None, np.arange(ROWS), np.arange(COLUMNS))


def semi_dual(beta):
    value = B @ beta - REG * np.log(B @ np.exp((beta - M[1]) / REG))
    return value, stochastic.coordinate_grad_semi_dual(B, M, REG, beta, 1)


def gromov_loss(T, loss):
    """By the plan alone: its sums are the weights of the points."""
    matrices = gromov.init_matrix(C1, C2, T.sum(1), T.sum(0), loss)
    return gromov.gwloss(*matrices, T), gromov.gwggrad(*matrices, T)


def of_numpy():
    square = each(GENERIC, "3 4")
    potentials = of((GENERIC, f"{ROWS}"), (GENERIC, f"{COLUMNS}"))
    for name, regul in REGULARIZATIONS.items():
        yield f"{name}.delta_Omega", regul.delta_Omega, square
        yield f"{name}.max_Omega", lambda X, regul=regul: regul.max_Omega(X, B), square
        yield (
            f"dual_obj_grad, {name}",
            lambda x, y, regul=regul: smooth.dual_obj_grad(x, y, A, B, M, regul),
            potentials,
        )
        yield (
            f"semi_dual_obj_grad, {name}",
            lambda x, regul=regul: smooth.semi_dual_obj_grad(x, A, B, M, regul),
            each(GENERIC, f"{ROWS}"),
        )
    yield "batch_grad_dual", dual, potentials
    yield "coordinate_grad_semi_dual", semi_dual, each(GENERIC, f"{COLUMNS}")
    for loss in ("square_loss", "kl_loss"):
        yield f"gwggrad, {loss}", partial(gromov_loss, loss=loss), PLAN
    for reg_div in ("kl", "entropy", "l2"):
        for regm_div in ("kl", "l2", "tv"):
            call = _get_loss_unbalanced(A, B, A[:, None] * B, M, REG, 1.3, 0.8, reg_div, regm_div)
            yield f"lbfgsb_unbalanced, {reg_div}, {regm_div}", call, PLAN


tensor = partial(torch.tensor, dtype=torch.float64)
POINTS = of((GENERIC, "m 2"), (GENERIC, "n 2"), least=2)
SAMPLES = of((GENERIC, "n"), (GENERIC, "n"), least=2)
COST = each(between(0.2, 2.0), f"{ROWS} {COLUMNS}")
WEIGHTS = drawn(lambda rng: (probabilities(rng, ROWS), probabilities(rng, COLUMNS)))
COVARIANCES = drawn(lambda rng: (definite(rng, 2), definite(rng, 2)))
DIRECTIONS = tensor(np.linalg.qr(RNG.standard_normal((2, 2)))[0])
SIMPLEX = {"structure": {"a": "simplex", "b": "simplex"}}
ITERATED = {"tolerance": 1e-6}


def fixed_sizes(*shapes):
    return of(*[(between(0.2, 2.0), shape) for shape in shapes])


def circle(u, v, **options):
    return ot.wasserstein_circle(u[:, None], v[:, None], **options)


def of_tensors():
    a, b, m = tensor(A), tensor(B), tensor(M)
    solve = lambda M, **more: ot.solve(M, a, b, **more).value
    yield from {
        "emd2 of costs": (lambda M: ot.emd2(a, b, M), COST),
        "emd2 of weights": (lambda a, b: ot.emd2(a, b, m), WEIGHTS, SIMPLEX),
        "wasserstein_1d": (ot.wasserstein_1d, SAMPLES),
        "wasserstein_1d of p 2": (lambda x, y: ot.wasserstein_1d(x, y, p=2), SAMPLES),
        "wasserstein_1d of p 3, weighted": (
            lambda x, y: ot.wasserstein_1d(x, y, a, b, p=3),
            of((GENERIC, f"{ROWS}"), (GENERIC, f"{COLUMNS}")),
        ),
        "wasserstein_1d of weights": (
            lambda a, b: ot.wasserstein_1d(m[:, 0], m[0], a, b, p=2),
            WEIGHTS,
            SIMPLEX,
        ),
        "emd2_1d": (lambda x, y: ot.emd2_1d(x, y), SAMPLES),
        "sliced_wasserstein_distance": (
            lambda x, y: ot.sliced_wasserstein_distance(x, y, projections=DIRECTIONS),
            POINTS,
        ),
        "max_sliced_wasserstein_distance": (
            lambda x, y: ot.max_sliced_wasserstein_distance(x, y, projections=DIRECTIONS),
            POINTS,
        ),
        "wasserstein_circle": (circle, of((between(0.05, 0.95), "n"), (between(0.05, 0.95), "n"), least=2)),
        "semidiscrete_wasserstein2_unif_circle": (
            lambda u: ot.semidiscrete_wasserstein2_unif_circle(u[:, None]),
            each(between(0.05, 0.95), "n", least=2),
        ),
        **{f"dist, {metric}": (partial(ot.dist, metric=metric), POINTS) for metric in ("sqeuclidean", "euclidean")},
        **{
            f"dist, {metric}": (partial(ot.dist, metric=metric), POINTS)
            for metric in ("cityblock", "cosine", "minkowski")
        },
        "bures_wasserstein_distance": (
            lambda S, T: ot.gaussian.bures_wasserstein_distance(tensor([0.3, 1.0]), tensor([0.5, -1.0]), S, T),
            COVARIANCES,
            {"structure": {"S": "symmetric", "T": "symmetric"}},
        ),
        "gaussian_gromov_wasserstein_distance": (
            ot.gaussian.gaussian_gromov_wasserstein_distance,
            COVARIANCES,
            {"structure": {"Cov_s": "symmetric", "Cov_t": "symmetric"}},
        ),
        "sinkhorn2 of costs": (lambda M: ot.sinkhorn2(a, b, M, 1.0, stopThr=1e-15), COST, ITERATED),
        "solve of costs": (solve, COST),
        "solve of costs, reg": (partial(solve, reg=1.0, tol=1e-15, max_iter=5000), COST, ITERATED),
        "solve of costs, reg, envelope": (
            partial(solve, reg=1.0, tol=1e-15, max_iter=5000, grad="envelope"),
            COST,
            ITERATED,
        ),
        "solve of costs, unbalanced": (
            partial(solve, reg=1.0, unbalanced=1.0, tol=1e-15, max_iter=5000),
            COST,
            ITERATED,
        ),
        "gromov_wasserstein2 of weights": (
            lambda a, b: ot.gromov_wasserstein2(tensor(C1), tensor(C2), a, b, max_iter=200),
            WEIGHTS,
            SIMPLEX,
        ),
        "gromov_wasserstein2 of costs": (
            lambda C, D: ot.gromov_wasserstein2(C, D, a, b, max_iter=200),
            drawn(lambda rng: (symmetric(rng, ROWS) ** 2, symmetric(rng, COLUMNS) ** 2)),
            {"structure": {"C": "symmetric", "D": "symmetric"}},
        ),
        "partial_wasserstein2 of costs": (lambda M: ot.partial.partial_wasserstein2(a, b, M, m=0.6), COST),
        "loss_dual_entropic": (
            lambda u, v: stochastic.loss_dual_entropic(u, v, tensor(C1), tensor(C1)),
            of((GENERIC, f"{ROWS}"), (GENERIC, f"{ROWS}")),
        ),
        "loss_dual_quadratic": (
            lambda u, v: stochastic.loss_dual_quadratic(u, v, tensor(C1), tensor(C1)),
            of((GENERIC, f"{ROWS}"), (GENERIC, f"{ROWS}")),
        ),
    }.items()


KNOWN = {
    "emd2_1d": {"NoDerivative": "its plan is computed in NumPy"},
    "wasserstein_1d of weights": {"NotPure": "sums of 1 but for rounding change the gradient by a constant"},
}
TARGETS = [
    *[Target(name, both(call), arguments, float32=False) for name, call, arguments in of_numpy()],
    *targets(
        {name: (f, args, {"float32": False, **dict(*more)}) for name, (f, args, *more) in of_tensors()},
        of_torch.pair,
        KNOWN,
    ),
]

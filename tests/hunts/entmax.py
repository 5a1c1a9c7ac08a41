"""Functions of entmax, whose backward passes are written by hand for torch."""

import entmax
import torch
from entmax import losses

from funcnn.testing.torch import pair
from tests.hunts.draws import *

LIBRARIES = ["entmax", "torch"]
torch.set_num_threads(1)
WIDE = each(normal(0, 2), "m n", most=5)
DEEP = each(normal(0, 1), "2 m n")
ALPHA = between(1.2, 2.5)


def twice(f):
    """The gradient of a sum of f, to check its Hessian."""

    def gradient(x):
        with torch.enable_grad():
            x = x if x.requires_grad else x.detach().requires_grad_()
            y = f(x)
            weights = torch.arange(1.0, 1 + y.numel(), dtype=y.dtype).reshape(y.shape)
            return torch.autograd.grad((y * weights).sum(), x, create_graph=True)[0]

    return gradient


def label(x):
    return torch.arange(x.shape[0]) % x.shape[1]


def loss(f, *more):
    return lambda x: f(x, label(x), *more)


PROJECTIONS = {
    "sparsemax": entmax.sparsemax,
    "entmax15": entmax.entmax15,
    "sparsemax_bisect": entmax.sparsemax_bisect,
    "entmax_bisect": entmax.entmax_bisect,
    "normmax_bisect": entmax.normmax_bisect,
    "budget_bisect": lambda x, **options: entmax.budget_bisect(x, budget=1.5, **options),
}
TABLE = {
    **{name: (f, WIDE) for name, f in PROJECTIONS.items()},
    **{f"{name}, dim 0": (lambda x, f=f: f(x, dim=0), WIDE) for name, f in PROJECTIONS.items()},
    **{f"{name}, dim 1 of 3": (lambda x, f=f: f(x, dim=1), DEEP) for name, f in PROJECTIONS.items()},
    **{f"{name}, dim -2": (lambda x, f=f: f(x, dim=-2), DEEP) for name, f in PROJECTIONS.items()},
    **{f"{name}, 3 dimensions": (f, DEEP) for name, f in PROJECTIONS.items()},
    "sparsemax of k": (lambda x: entmax.sparsemax(x, k=2), WIDE),
    "entmax15 of k": (lambda x: entmax.entmax15(x, k=2), WIDE),
    "sparsemax of k, dim 0": (lambda x: entmax.sparsemax(x, dim=0, k=2), WIDE),
    "sparsemax of k, dim -2": (lambda x: entmax.sparsemax(x, dim=-2, k=2), WIDE),
    "entmax15 of k, dim -2": (lambda x: entmax.entmax15(x, dim=-2, k=2), WIDE),
    **{
        f"{name} of alpha {a}": (lambda x, f=f, a=a: f(x, alpha=a), WIDE)
        for name, f in (("entmax_bisect", entmax.entmax_bisect), ("normmax_bisect", entmax.normmax_bisect))
        for a in (1.2, 1.7, 2.0, 2.5, 4.0)
    },
    "entmax_bisect of x and alpha": (entmax.entmax_bisect, of((normal(0, 1), "m n"), (ALPHA, "m 1"))),
    "entmax_bisect of one alpha": (entmax.entmax_bisect, of((normal(0, 1), "m n"), (ALPHA, ""))),
    "entmax_bisect of alpha, not of sum 1": (
        lambda x, a: entmax.entmax_bisect(x, a, ensure_sum_one=False),
        of((normal(0, 1), "m n"), (ALPHA, "m 1")),
    ),
    "sparsemax_loss": (loss(entmax.sparsemax_loss), WIDE),
    "entmax15_loss": (loss(entmax.entmax15_loss), WIDE),
    "sparsemax_bisect_loss": (loss(entmax.sparsemax_bisect_loss), WIDE),
    "entmax_bisect_loss": (loss(entmax.entmax_bisect_loss), WIDE),
    "entmax_bisect_loss of 1.3": (loss(entmax.entmax_bisect_loss, 1.3), WIDE),
    "entmax_bisect_loss of 3": (loss(entmax.entmax_bisect_loss, 3.0), WIDE),
    "normmax_bisect_loss": (loss(entmax.normmax_bisect_loss), WIDE),
    "normmax_bisect_loss of 1.5": (loss(entmax.normmax_bisect_loss, 1.5), WIDE),
    "normmax_bisect_loss of 3": (loss(entmax.normmax_bisect_loss, 3.0), WIDE),
    **{
        f"{name} {reduction}": (loss(getattr(losses, name)(reduction=reduction, ignore_index=1)), WIDE)
        for name in ("SparsemaxLoss", "Entmax15Loss", "SparsemaxBisectLoss", "EntmaxBisectLoss", "NormmaxBisectLoss")
        for reduction in ("none", "sum", "elementwise_mean")
    },
    **{
        f"{name}, Hessian": (twice(PROJECTIONS[name]), WIDE)
        for name in ("sparsemax", "entmax15", "entmax_bisect", "normmax_bisect")
    },
    "sparsemax_loss, Hessian": (twice(loss(entmax.sparsemax_loss)), WIDE),
    "entmax15_loss, Hessian": (twice(loss(entmax.entmax15_loss)), WIDE),
    "entmax_bisect_loss, Hessian": (twice(loss(entmax.entmax_bisect_loss)), WIDE),
}
LOST = {"NoDerivative": "found: the gradient of a loss is constant in double backward"}
KNOWN = {f"{name}, Hessian": LOST for name in ("sparsemax_loss", "entmax15_loss", "entmax_bisect_loss")}
KNOWN["budget_bisect, 3 dimensions"] = KNOWN["budget_bisect, dim 1 of 3"] = {
    "WrongGradient": "sizes of 1, see docs/found/entmax.md"
}
KNOWN |= {f"{name} of k, dim -2": {"Error": "found: a negative dim with k"} for name in ("sparsemax", "entmax15")}
KNOWN |= {
    f"{name}, Hessian": {"NotFinite": "found: second derivatives where an output is 0"}
    for name in ("entmax15", "entmax_bisect")
}
KNOWN["sparsemax, Hessian"] = {"NoDerivative": "its gradient is constant where it is smooth"}
TARGETS = targets(TABLE, pair, KNOWN)

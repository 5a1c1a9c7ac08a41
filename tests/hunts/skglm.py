"""Gradients of skglm's datafits, for dense and sparse designs, and derivatives of its penalties."""

import numpy as np
from scipy import sparse
from skglm import datafits, penalties
from skglm.datafits.single_task import Cox, QuadraticHessian, WeightedQuadratic

from funcnn.testing.scipy import pair
from tests.hunts.draws import *

LIBRARIES = ["skglm", "numba", "numpy"]
RNG = np.random.default_rng(0)
N, K = 7, 4
X = RNG.standard_normal((N, K)) * (RNG.random((N, K)) < 0.7)
SPARSE = sparse.csc_matrix(X)
PARTS = SPARSE.data, SPARSE.indptr, SPARSE.indices
SIGNS = np.array([1.0, -1, -1, 1, 1, -1, 1])
REALS = RNG.standard_normal(N)
COUNTS = np.array([0.0, 1, 3, 2, 5, 1, 2])
TIMES = np.column_stack([[3.0, 1, 4, 1, 5, 2, 2], [1.0, 1, 0, 1, 1, 1, 0]])
WEIGHTS = np.array([0.5, 1, 2, 1.5, 0.3, 1, 2])
GROUPS = np.array([0, 2, 4], np.int32), np.array([2, 0, 1, 3], np.int32)
COEFFICIENTS = each(GENERIC, str(K))
PREDICTIONS = each(mixed(normal(0, 2)), str(N))


WEIGHT = "a choice: a weight of IterativeReweightedL1, which multiplies it by alpha"
KNOWN = {
    "Poisson.full_grad_sparse": "found: exp(Xw - y) for exp(Xw) - y",
    "L0_5.derivative": f"{WEIGHT}: the slope by abs(w)",
    "L2_3.derivative": f"{WEIGHT}: the slope by abs(w)",
    "LogSumPenalty.derivative": f"{WEIGHT}; found: the sign makes negative weights",
}


def target(name, f, slope, arguments):
    reason = {"WrongGradient": KNOWN[name]} if name in KNOWN else {}
    return Target(name, pair(f, slope), arguments, float32=False, known=reason)


def of_fit(name, made, y):
    """All ways to the gradient that a datafit has."""
    dense, rows = made(), made()
    if hasattr(dense, "initialize"):
        dense.initialize(X, y)
        rows.initialize_sparse(*PARTS, y)
    value = lambda w: dense.value(y, w, X @ w)
    raw = lambda Xw: dense.value(y, None, Xw)
    scalar = lambda w: [dense.gradient_scalar(X, y, w, X @ w, j) for j in range(K)]
    scalar_sparse = lambda w: [rows.gradient_scalar_sparse(*PARTS, y, X @ w, j) for j in range(K)]
    ways = {
        "gradient": (value, lambda w: dense.gradient(X, y, X @ w)),
        "gradient_scalar": (value, scalar),
        "gradient_sparse": (value, lambda w: rows.gradient_sparse(*PARTS, y, X @ w)),
        "gradient_scalar_sparse": (value, scalar_sparse),
        "full_grad_sparse": (value, lambda w: rows.full_grad_sparse(*PARTS, y, X @ w)),
        "raw_grad": (raw, lambda Xw: dense.raw_grad(y, Xw)),
        "raw_hessian": (lambda Xw: dense.raw_grad(y, Xw), lambda Xw: np.diag(dense.raw_hessian(y, Xw))),
    }
    bound = name.startswith("Cox")  # whose raw_hessian is documented as a bound
    for way, (f, slope) in ways.items():
        if hasattr(dense, way) and not (way == "raw_hessian" and bound):
            yield target(f"{name}.{way}", f, slope, PREDICTIONS if way.startswith("raw") else COEFFICIENTS)


def of_groups(name, made, y):
    fit = made(*GROUPS)
    fit.initialize(X, y)
    value = lambda w: fit.value(y, w, X @ w)
    order = np.argsort(GROUPS[1])
    both = lambda g: np.concatenate([g(0), g(1)])[order]
    yield target(f"{name}.gradient_g", value, lambda w: both(lambda g: fit.gradient_g(X, y, w, X @ w, g)), COEFFICIENTS)
    if hasattr(fit, "gradient_g_sparse"):
        slope = lambda w: both(lambda g: fit.gradient_g_sparse(*PARTS, y, w, X @ w, g))
        yield target(f"{name}.gradient_g_sparse", value, slope, COEFFICIENTS)


def of_tasks():
    Y = RNG.standard_normal((N, 2))
    dense, rows = datafits.QuadraticMultiTask(), datafits.QuadraticMultiTask()
    dense.initialize(X, Y)
    rows.initialize_sparse(*PARTS, Y)
    value = lambda w: dense.value(Y, w, X @ w.reshape(K, 2))
    by_features = lambda w: np.ravel([dense.gradient_j(X, Y, None, X @ w.reshape(K, 2), j) for j in range(K)])
    sparse_features = lambda w: np.ravel([rows.gradient_j_sparse(*PARTS, Y, X @ w.reshape(K, 2), j) for j in range(K)])
    full = lambda w: np.ravel(rows.full_grad_sparse(*PARTS, Y, X @ w.reshape(K, 2)))
    for way, slope in {
        "gradient_j": by_features,
        "gradient_j_sparse": sparse_features,
        "full_grad_sparse": full,
    }.items():
        yield target(f"QuadraticMultiTask.{way}", value, slope, each(GENERIC, "8"))


def of_svc():
    fit = datafits.QuadraticSVC()
    A = (SIGNS[:, None] * X).T
    parts = (lambda S: (S.data, S.indptr, S.indices))(sparse.csc_matrix(A))
    value = lambda w: fit.value(SIGNS, w, A @ w)
    scalar = lambda w: [fit.gradient_scalar(A, SIGNS, w, A @ w, j) for j in range(N)]
    scalar_sparse = lambda w: [fit.gradient_scalar_sparse(*parts, SIGNS, A @ w, j) for j in range(N)]
    yield target("QuadraticSVC.gradient_scalar", value, scalar, PREDICTIONS)
    yield target("QuadraticSVC.gradient_scalar_sparse", value, scalar_sparse, PREDICTIONS)
    full = lambda w: fit.full_grad_sparse(*parts, SIGNS, A @ w)
    yield target("QuadraticSVC.full_grad_sparse", value, full, PREDICTIONS)
    hessian, b = X.T @ X, np.arange(1.0, 1 + K)
    made = QuadraticHessian()
    slope = lambda w: [made.gradient_scalar(hessian, b, w, hessian @ w, j) for j in range(K)]
    yield target("QuadraticHessian.gradient_scalar", lambda w: made.value(b, w, hessian @ w), slope, COEFFICIENTS)


def of_penalties():
    w = each(mixed(normal(0, 1), decades(-2, 0)), "n")
    yield target("L2.gradient", penalties.L2(0.7).value, penalties.L2(0.7).gradient, w)
    for name, made in {
        "L0_5": penalties.L0_5(0.7),
        "L2_3": penalties.L2_3(0.7),
        "LogSumPenalty": penalties.LogSumPenalty(0.7, 0.5),
    }.items():
        yield target(f"{name}.derivative", made.value, made.derivative, w)


FITS = {
    "Quadratic": (datafits.Quadratic, REALS),
    "WeightedQuadratic": (lambda: WeightedQuadratic(WEIGHTS), REALS),
    "Logistic": (datafits.Logistic, SIGNS),
    "Huber": (lambda: datafits.Huber(0.7), REALS),
    "Poisson": (datafits.Poisson, COUNTS),
    "Gamma": (datafits.Gamma, COUNTS + 0.5),
    "Cox": (datafits.Cox, TIMES),
    "Cox, Efron": (lambda: Cox(use_efron=True), TIMES),
}
GROUP_FITS = {
    "QuadraticGroup": (datafits.QuadraticGroup, REALS),
    "LogisticGroup": (datafits.LogisticGroup, SIGNS),
    "PoissonGroup": (datafits.PoissonGroup, COUNTS),
}
TARGETS = [
    *[one for name, (made, y) in FITS.items() for one in of_fit(name, made, y)],
    *[one for name, (made, y) in GROUP_FITS.items() for one in of_groups(name, made, y)],
    *of_tasks(),
    *of_svc(),
    *of_penalties(),
]

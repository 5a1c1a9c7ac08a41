"""Functions of HIPS autograd: its numpy, its scipy.special and its scipy.stats."""

import autograd.numpy as np
import autograd.scipy.special as special
from autograd.scipy import stats
from autograd.scipy.signal import convolve

from funcnn.testing.autograd import pair
from funcnn.testing.hunt import Target
from tests.hunts.draws import (
    ABOVE_1,
    ANY,
    GENERIC,
    OPEN,
    PAIR,
    POSITIVE,
    REAL,
    TIES,
    UNIT,
    definite,
    each,
    matrices,
    of,
    probabilities,
    regular,
    symmetric,
    triangular,
)
from tests.nasty.base import drawn, fitted

LIBRARIES = ["autograd", "numpy", "scipy"]
EVERYWHERE = [
    "negative",
    "abs",
    "fabs",
    "exp",
    "exp2",
    "expm1",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "arctan",
    "arcsinh",
    "square",
    "sinc",
    "degrees",
    "radians",
    "deg2rad",
    "rad2deg",
    "real",
    "cumsum",
    "sum",
    "mean",
    "prod",
    "var",
    "std",
    "max",
    "min",
    "amax",
    "amin",
    "ravel",
    "flipud",
    "fliplr",
    "rot90",
    "triu",
    "tril",
    "transpose",
    "squeeze",
    "floor",
    "ceil",
    "round",
    "sign",
    "atleast_3d",
    "nan_to_num",
]
ABOVE_0 = ["log", "log2", "log10", "log1p", "sqrt", "reciprocal"]
OF_TWO = [
    "add",
    "subtract",
    "multiply",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "logaddexp",
    "logaddexp2",
    "arctan2",
    "hypot",
    "kron",
    "outer",
]
SPECIAL_EVERYWHERE = ["erf", "erfc", "expit", "i0", "i1", "j0", "j1"]
SPECIAL_ABOVE_0 = ["gammaln", "digamma", "psi", "gamma", "rgamma", "y0", "y1"]

FIRST = {
    "reciprocal_negative": (lambda x: 1 / x, each(GENERIC)),
    "arcsin": (np.arcsin, each(OPEN)),
    "arccos": (np.arccos, each(OPEN)),
    "arctanh": (np.arctanh, each(OPEN)),
    "arccosh": (np.arccosh, each(ABOVE_1)),
    "divide": (np.divide, of((REAL, "m n"), (POSITIVE, "m n"))),
    "power": (np.power, of((POSITIVE, "m n"), (REAL, "m n"))),
    "power of whole exponents": (lambda x: x**3, ANY),
    "power of 0": (lambda x: x**0, ANY),
    "mod": (np.mod, of((GENERIC, "m n"), (POSITIVE, "m n"))),
    "outer of vectors": (np.outer, of((REAL, "m"), (REAL, "n"))),
    "broadcast add": (np.add, of((REAL, "m n"), (REAL, "n"))),
    "broadcast multiply": (np.multiply, of((REAL, "m 1"), (REAL, "1 n"))),
    "sum of axis": (lambda x: np.sum(x, axis=1), ANY),
    "mean of axes": (lambda x: np.mean(x, axis=(0, 2)), each(REAL, "m n k")),
    "prod of axis": (lambda x: np.prod(x, axis=0), each(GENERIC)),
    "cumsum of axis": (lambda x: np.cumsum(x, axis=1), ANY),
    "var of axis": (lambda x: np.var(x, axis=0), ANY),
    "var with ddof": (lambda x: np.var(x, axis=0, ddof=1), each(REAL, least=2)),
    "std with ddof": (lambda x: np.std(x, axis=0, ddof=1), each(GENERIC, least=2)),
    "max of ties": (lambda x: np.max(x, axis=1), each(TIES)),
    "min of ties": (lambda x: np.min(x, axis=1), each(TIES)),
    "sort": (np.sort, each(GENERIC, "n")),
    "sort of ties": (np.sort, each(TIES, "n")),
    "msort of rows": (lambda x: np.sort(x, axis=-1), ANY),
    "partition": (lambda x: np.partition(x, 1), each(GENERIC, "n", least=2)),
    "clip": (lambda x: np.clip(x, -0.5, 0.7), ANY),
    "where": (lambda x, y: np.where(x > 0.3, x, y), of((GENERIC, "m n"), (GENERIC, "m n"))),
    "transpose of axes": (lambda x: np.transpose(x, (1, 2, 0)), each(REAL, "m n k")),
    "transpose of negative axes": (lambda x: np.transpose(x, (-2, -1, 0)), each(REAL, "m n k")),
    "swapaxes": (lambda x: np.swapaxes(x, 0, 2), each(REAL, "m n k")),
    "moveaxis": (lambda x: np.moveaxis(x, 0, 2), each(REAL, "m n k")),
    "rollaxis": (lambda x: np.rollaxis(x, 2), each(REAL, "m n k")),
    "roll": (lambda x: np.roll(x, 2, axis=1), ANY),
    "roll flat": (lambda x: np.roll(x, 1), ANY),
    "repeat": (lambda x: np.repeat(x, 2), ANY),
    "repeat of axis": (lambda x: np.repeat(x, 2, axis=1), ANY),
    "repeat of axis -1": (lambda x: np.repeat(x, 3, axis=-1), ANY),
    "repeat by counts": (lambda x: np.repeat(x, np.array([1, 2]), axis=0), each(REAL, "2 n")),
    "tile": (lambda x: np.tile(x, 2), ANY),
    "tile of both axes": (lambda x: np.tile(x, (2, 3)), ANY),
    "tile to more axes": (lambda x: np.tile(x, (2, 1, 2)), ANY),
    "reshape": (lambda x: np.reshape(x, (-1, 2)), each(REAL, "n 4")),
    "reshape in order F": (lambda x: np.reshape(x, (-1, 2), order="F"), each(REAL, "n 4")),
    "ravel in order F": (lambda x: np.ravel(x, order="F"), ANY),
    "expand_dims": (lambda x: np.expand_dims(x, 1), ANY),
    "concatenate": (lambda x, y: np.concatenate((x, y), axis=1), of((REAL, "m n"), (REAL, "m k"))),
    "concatenate flat": (lambda x, y: np.concatenate((x, y)), of((REAL, "n"), (REAL, "k"))),
    "stack": (lambda x, y: np.stack((x, y), axis=-1), PAIR),
    "vstack": (lambda x, y: np.vstack((x, y)), PAIR),
    "hstack": (lambda x, y: np.hstack((x, y)), PAIR),
    "append": (lambda x, y: np.append(x, y), of((REAL, "n"), (REAL, "k"))),
    "diag of a vector": (np.diag, each(REAL, "n")),
    "diag of a matrix": (np.diag, each(REAL, "n n")),
    "diagonal": (lambda x: np.diagonal(x, 0, -1, -2), each(REAL, "m n n")),
    "trace": (np.trace, each(REAL, "n n")),
    "trace with offset": (lambda x: np.trace(x, 1), each(REAL, "n n", least=2)),
    "tril with k": (lambda x: np.tril(x, 1), ANY),
    "gradient": (np.gradient, each(REAL, "n", least=3)),
    "diff": (np.diff, each(REAL, "m n", least=2)),
    "diff of order 2": (lambda x: np.diff(x, 2, axis=0), each(REAL, "m n", least=3)),
    "pad": (lambda x: np.pad(x, 1, "constant"), ANY),
    "index": (lambda x: x[::2, 0], ANY),
    "repeated index": (lambda x: x[np.array([0, 0, -1])], ANY),
    "boolean index": (lambda x: x[np.array([True, False, True])], each(REAL, "3 n")),
    "array": (lambda x, y: np.array([x[0, 0], y[0, 0], x[0, 0]]), PAIR),
    "select": (lambda x: np.select([x > 1, x > 0], [x**2, 3 * x]), each(GENERIC)),
    "inner": (np.inner, of((REAL, "m n"), (REAL, "k n"))),
    "dot": (np.dot, of((REAL, "m n"), (REAL, "n k"))),
    "dot of vectors": (np.dot, of((REAL, "n"), (REAL, "n"))),
    "dot of 3 axes": (np.dot, of((REAL, "m n k"), (REAL, "m k n"))),
    "matmul": (np.matmul, of((REAL, "m n"), (REAL, "n k"))),
    "matmul of stacks": (np.matmul, of((REAL, "b m n"), (REAL, "b n k"), most=3)),
    "matmul broadcast": (np.matmul, of((REAL, "m n"), (REAL, "b n k"), most=3)),
    "matmul of a vector": (np.matmul, of((REAL, "n"), (REAL, "b n k"), most=3)),
    "tensordot": (lambda x, y: np.tensordot(x, y, 2), of((REAL, "m n k"), (REAL, "n k"), most=3)),
    "tensordot of axes": (
        lambda x, y: np.tensordot(x, y, ([0, 1], [1, 0])),
        of((REAL, "m n k"), (REAL, "n m"), most=3),
    ),
    "einsum": (lambda x, y: np.einsum("ij,jk->ki", x, y), of((REAL, "m n"), (REAL, "n k"))),
    "einsum of a sum": (lambda x, y: np.einsum("ij,jk->", x, y), of((REAL, "m n"), (REAL, "n k"))),
    "einsum with dots": (lambda x, y: np.einsum("...j,jk->...k", x, y), of((REAL, "m n"), (REAL, "n k"))),
    "cross": (np.cross, of((REAL, "m 3"), (REAL, "m 3"))),
    "norm": (np.linalg.norm, each(GENERIC)),
    "norm of rows": (lambda x: np.linalg.norm(x, axis=1), each(GENERIC)),
    "norm of order 1": (lambda x: np.linalg.norm(x, ord=1, axis=1), each(GENERIC)),
    "norm of order 3": (lambda x: np.linalg.norm(x, ord=3, axis=0), each(GENERIC)),
    "norm, nuclear": (lambda x: np.linalg.norm(x, ord="nuc"), each(GENERIC, "3 2")),
    "det": (np.linalg.det, matrices(regular)),
    "slogdet": (lambda A: np.linalg.slogdet(A)[1], matrices(regular)),
    "inv": (np.linalg.inv, matrices(regular)),
    "pinv": (np.linalg.pinv, each(GENERIC, "3 2")),
    "solve": (np.linalg.solve, matrices(regular, "n k")),
    "svd values": (lambda A: np.linalg.svd(A, compute_uv=False), each(GENERIC, "3 2")),
    "fft": (lambda x: np.real(np.fft.fft(x)), ANY),
    "fft imag": (lambda x: np.imag(np.fft.fft(x)), ANY),
    "fft absolute": (lambda x: np.abs(np.fft.fft(x)), each(GENERIC, "n")),
    "ifft": (lambda x: np.real(np.fft.ifft(x)), ANY),
    "fft2": (lambda x: np.real(np.fft.fft2(x)), ANY),
    "rfft": (lambda x: np.real(np.fft.rfft(x)), each(REAL, "n 4")),
    "fftshift": (np.fft.fftshift, ANY),
    "convolve": (lambda x, y: convolve(x, y), of((REAL, "n"), (REAL, "k"))),
    "convolve valid": (lambda x, y: convolve(x, y, mode="valid"), of((REAL, "5"), (REAL, "3"))),
    "special.logsumexp": (special.logsumexp, ANY),
    "special.logsumexp of axis": (lambda x: special.logsumexp(x, axis=1), ANY),
    "special.logsumexp kept": (lambda x: special.logsumexp(x, axis=1, keepdims=True), ANY),
    "special.logsumexp with b": (
        lambda x: special.logsumexp(x, b=np.array([1.0, 2.0]), axis=-1),
        each(REAL, "m 2"),
    ),
    "special.polygamma": (lambda x: special.polygamma(1, x), each(POSITIVE)),
    "special.erfinv": (special.erfinv, each(OPEN)),
    "special.erfcinv": (special.erfcinv, each(UNIT)),
    "special.logit": (special.logit, each(UNIT)),
    "special.multigammaln": (lambda x: special.multigammaln(x, 3), of((POSITIVE, "n")).map(lambda args: [args[0] + 1])),
    "special.jn": (lambda x: special.jn(2, x), each(GENERIC)),
    "special.yn": (lambda x: special.yn(2, x), each(ABOVE_1)),
    "special.iv": (lambda x: special.iv(1.5, x), each(POSITIVE)),
    "special.ive": (lambda x: special.ive(1.5, x), each(POSITIVE)),
    "special.ive of negative x": (lambda x: special.ive(1, x), each(GENERIC)),
    "special.iv of negative x": (lambda x: special.iv(1, x), each(GENERIC)),
    "special.beta": (special.beta, of((POSITIVE, "n"), (POSITIVE, "n"))),
    "special.betaln": (special.betaln, of((POSITIVE, "n"), (POSITIVE, "n"))),
    "special.betainc": (lambda x: special.betainc(1.5, 2.5, x), each(UNIT)),
    "special.gammainc": (lambda x: special.gammainc(1.5, x), each(POSITIVE)),
    "special.gammaincc": (lambda x: special.gammaincc(1.5, x), each(POSITIVE)),
    "stats.beta.logpdf": (lambda x: stats.beta.logpdf(x, 2.0, 0.5), each(UNIT)),
    "stats.beta.cdf": (lambda x: stats.beta.cdf(x, 2.0, 0.5), each(UNIT)),
    "stats.gamma.logpdf": (lambda x, a: stats.gamma.logpdf(x, a), of((POSITIVE, "n"), (POSITIVE, "n"))),
    "stats.gamma.pdf": (lambda x, a: stats.gamma.pdf(x, a), of((POSITIVE, "n"), (POSITIVE, "n"))),
    "stats.gamma.cdf": (lambda x: stats.gamma.cdf(x, 1.5), each(POSITIVE)),
    "stats.chi2.logpdf": (lambda x: stats.chi2.logpdf(x, 3.0), each(POSITIVE)),
    "stats.chi2.logpdf of df": (lambda x, df: stats.chi2.logpdf(x, df), of((POSITIVE, "n"), (POSITIVE, "n"))),
    "stats.chi2.pdf": (lambda x: stats.chi2.pdf(x, 3.0), each(POSITIVE)),
    "stats.chi2.cdf": (lambda x: stats.chi2.cdf(x, 3.0), each(POSITIVE)),
    "stats.poisson.logpmf": (lambda mu: stats.poisson.logpmf(3, mu), each(POSITIVE)),
    "stats.poisson.pmf": (lambda mu: stats.poisson.pmf(3, mu), each(POSITIVE)),
    "stats.poisson.cdf": (lambda mu: stats.poisson.cdf(3, mu), each(POSITIVE)),
    "stats.multivariate_normal.mean": (
        lambda x, mean: stats.multivariate_normal.logpdf(x, mean, np.eye(2) + 0.3),
        of((GENERIC, "m 2"), (GENERIC, "2")),
    ),
}
for _name in ("pdf", "cdf", "sf", "logpdf", "logcdf", "logsf"):
    if hasattr(stats.norm, _name):
        _f = getattr(stats.norm, _name)
        FIRST[f"stats.norm.{_name}"] = (
            lambda x, loc, scale, f=_f: f(x, loc, scale),
            of((GENERIC, "n"), (GENERIC, "n"), (ABOVE_1, "n")),
        )
for _name in ("pdf", "cdf", "logpdf", "logcdf"):
    _f = getattr(stats.t, _name)
    FIRST[f"stats.t.{_name}"] = (lambda x, f=_f: f(x, 3.0), each(GENERIC, "n"))
    FIRST[f"stats.t.{_name} of loc and scale"] = (
        lambda x, loc, scale, f=_f: f(x, 3.0, loc, scale),
        of((GENERIC, "n"), (GENERIC, "n"), (ABOVE_1, "n")),
    )

SYMMETRIC = {"structure": {"A": "symmetric"}}
STRUCTURED = {
    "cholesky": (lambda A: np.linalg.cholesky(A), matrices(definite), {"structure": {"A": "positive definite"}}),
    "eigh values": (lambda A: np.linalg.eigh(A)[0], matrices(symmetric), SYMMETRIC),
    "eigh projections": (
        lambda A: np.einsum("ij,j,kj->ik", np.linalg.eigh(A)[1], np.arange(1.0, 1 + len(A)), np.linalg.eigh(A)[1]),
        matrices(symmetric),
        SYMMETRIC,
    ),
    "solve, triangular": (
        lambda A, b: np.linalg.solve(A, b),
        matrices(triangular, "n k"),
        {"structure": {"A": "lower triangular"}},
    ),
    "stats.multivariate_normal.cov": (
        lambda x, A: stats.multivariate_normal.logpdf(x, np.zeros(len(A)), A),
        matrices(definite, "n").map(lambda args: args[::-1]),
        {"structure": {"A": "positive definite"}},
    ),
    "stats.dirichlet.logpdf": (
        lambda p: stats.dirichlet.logpdf(p, np.array([1.5, 2.0, 0.7])),
        drawn(lambda rng: (probabilities(rng, 3),)),
        {"structure": {"p": "simplex"}},
    ),
    "stats.dirichlet.logpdf of alpha": (
        lambda alpha: stats.dirichlet.logpdf(np.array([0.2, 0.5, 0.3]), alpha),
        each(POSITIVE, "3"),
        {},
    ),
}
OPTIONS = {name: {"at_kinks": "skip"} for name in ("std", "hypot")}  # 0 / 0 where all entries are equal, or zero
KNOWN = {
    "sinc": {"NotFinite": "the derivative at 0 is nan: see docs/found.md"},
    "prod": {"NotFinite": "the derivative at a zero is nan: see docs/found.md"},
    "outer": {"Raised": "the rule takes vectors only: see docs/found.md"},
    "transpose of negative axes": {
        "WrongGradient": "negative axes are not normalised: see docs/found.md",
        "WrongShape": "negative axes are not normalised: see docs/found.md",
    },
    "repeat of axis -1": {"WrongGradient": "negative axes are not normalised: see docs/found.md"},
    "repeat by counts": {"Raised": "the rule takes one count only: see docs/found.md"},
    "tile": {
        "WrongGradient": "the rule repeats the first axis, the function the last one: see docs/found.md",
        "Raised": "the rule repeats the first axis, the function the last one: see docs/found.md",
    },
    "gradient": {"Raised": "the rule needs four entries: see docs/found.md"},
    "msort of rows": {"NoDerivative": "sort of matrices has no rule"},
    "norm of order 1": {"NoDerivative": "norm of order 1 has no rule"},
    "stats.chi2.logpdf of df": {"NoDerivative": "there is no rule for df"},
    "stats.t.cdf of loc and scale": {"NoDerivative": "there is no rule for x"},
    "stats.t.logcdf of loc and scale": {"NoDerivative": "there is no rule for x"},
    "log2 of float32": {"WrongDtype": "gradients are float64 where a rule has a NumPy constant: see docs/found.md"},
}

PLAIN = (
    {name: (getattr(np, name), ANY) for name in EVERYWHERE if hasattr(np, name)}
    | {name: (getattr(np, name), each(POSITIVE)) for name in ABOVE_0}
    | {name: (getattr(np, name), PAIR) for name in OF_TWO if hasattr(np, name)}
    | {f"special.{name}": (getattr(special, name), each(REAL)) for name in SPECIAL_EVERYWHERE}
    | {f"special.{name}": (getattr(special, name), each(POSITIVE)) for name in SPECIAL_ABOVE_0}
    | FIRST
)
TARGETS = [
    Target(name, fitted(pair(f)), arguments, known=KNOWN.get(name), **options, **OPTIONS.get(name, {}))
    for name, (f, arguments, options) in ({k: (*v, {}) for k, v in PLAIN.items()} | STRUCTURED).items()
] + [Target("log2 of float32", pair(np.log2), each(POSITIVE), known=KNOWN["log2 of float32"])]

"""Functions of PyTensor."""

import os
from functools import cache, update_wrapper

os.environ["PYTENSOR_FLAGS"] = "cxx=,linker=py,optimizer=None"  # to compile takes seconds a function

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedInputError, NullTypeGradError
from pytensor.graph.utils import MethodNotDefined
from pytensor.tensor import nlinalg, slinalg
from pytensor.tensor import special as more
from pytensor.tensor.linalg.decomposition.qr import qr

from funcnn.testing.verdict import NoDerivative
from tests.hunts.draws import *

LIBRARIES = ["pytensor", "scipy", "numpy"]
FOUND = "see docs/found/pytensor.md"


def pair(function):
    """The values of a function of PyTensor's variables, and the gradients of `pytensor.grad`."""

    @cache
    def compiled(*kinds):
        xs = [pt.tensor(f"x{i}", dtype=dtype, shape=(None,) * ndim) for i, (dtype, ndim) in enumerate(kinds)]
        out = function(*xs)
        value = pytensor.function(xs, out, on_unused_input="ignore")
        u = out.type("u")
        try:
            gradients = pytensor.grad(None, xs, known_grads={out: u}, disconnected_inputs="ignore")
        except (NullTypeGradError, NotImplementedError, DisconnectedInputError, MethodNotDefined) as error:
            return value, NoDerivative(f"PyTensor has no derivative of this function: {str(error)[:80]}")
        return value, pytensor.function([*xs, u], gradients, on_unused_input="ignore")

    def of(args):
        return compiled(*[(a.dtype.name, a.ndim) for a in args])

    def f(*args):
        return np.asarray(of(args)[0](*args))

    def vjp(args, dA):
        rule = of(args)[1]
        if isinstance(rule, Exception):
            raise rule
        return [np.asarray(g) for g in rule(*args, np.array(dA, order="K"))]

    update_wrapper(f, function, updated=())
    return f, vjp


S = between(0.3, 4.0)  # parameters of special functions
ABOVE_0 = lambda k, x: (k > 0) & (x > 0)  # elsewhere the gradient of gammainc takes seconds to come to nothing
TABLE = {
    **named(
        pt,
        """
        abs neg exp exp2 expm1 sin cos tan sinh cosh tanh arctan arcsinh sqr sigmoid softplus deg2rad rad2deg
        erf erfc j0 j1 i0 i1 nan_to_num log1pexp
        """,
        each(REAL),
    ),
    "erfcx": (pt.erfcx, each(GENERIC)),
    **named(pt, "log log2 log10 log1p sqrt reciprocal gammaln gamma psi tri_gamma", each(POSITIVE)),
    "psi of negative": (pt.psi, each(UNIT).map(lambda a: [-0.1 - 0.8 * a[0]])),
    "gammaln of negative": (pt.gammaln, each(UNIT).map(lambda a: [-0.1 - 0.8 * a[0]])),
    "gamma of negative": (pt.gamma, each(UNIT).map(lambda a: [-0.1 - 0.8 * a[0]])),
    "tri_gamma of negative": (pt.tri_gamma, each(UNIT).map(lambda a: [-0.1 - 0.8 * a[0]])),
    "polygamma": (lambda x: pt.polygamma(2, x), each(POSITIVE)),
    "log1mexp": (pt.log1mexp, each(POSITIVE).map(lambda a: [-a[0]])),
    **named(pt, "arcsin arccos arctanh erfinv", each(OPEN)),
    "erfcinv": (pt.erfcinv, each(UNIT).map(lambda a: [2 * a[0]])),
    "arccosh": (pt.arccosh, each(ABOVE_1)),
    **named(pt, "add sub mul maximum minimum arctan2 outer logaddexp", PAIR),
    "true_div": (pt.true_div, of((REAL, "m n"), (POSITIVE, "m n"))),
    "mod": (pt.mod, of((GENERIC, "m n"), (POSITIVE, "m n"))),
    "pow": (pt.pow, of((POSITIVE, "m n"), (REAL, "m n"))),
    "pow of negative": (lambda x: x**3, ANY),
    "pow -2": (lambda x: x**-2.0, each(ABOVE_1)),
    "clip": (pt.clip, of((GENERIC, "n"), (between(-1.0, -0.1), "n"), (between(0.1, 1.0), "n"))),
    "switch": (lambda x, y: pt.switch(x > 0.3, x, y), of((GENERIC, "m n"), (GENERIC, "m n"))),
    "gammainc": (pt.gammainc, of((S, "n"), (between(0.1, 8.0), "n"))),
    "gammaincc": (pt.gammaincc, of((S, "n"), (between(0.1, 8.0), "n"))),
    **{
        f"{name} of larger k": (f, of((between(1.0, 40.0), "n"), (between(1.0, 40.0), "n")), {"domain": ABOVE_0})
        for name, f in (("gammainc", pt.gammainc), ("gammaincc", pt.gammaincc))
    },
    "gammau": (pt.gammau, of((S, "n"), (between(0.1, 5.0), "n"))),
    "gammal": (pt.gammal, of((S, "n"), (between(0.1, 5.0), "n"))),
    "chi2sf": (pt.chi2sf, of((between(0.1, 5.0), "n"), (S, "n"))),
    "gammaincinv of x": (lambda x: pt.gammaincinv(1.7, x), each(between(0.02, 0.98), "n")),
    "gammaincinv": (pt.gammaincinv, of((S, "n"), (between(0.02, 0.98), "n"))),
    "gammainccinv": (pt.gammainccinv, of((S, "n"), (between(0.02, 0.98), "n"))),
    "betaincinv": (pt.betaincinv, of((S, "n"), (S, "n"), (between(0.02, 0.98), "n"))),
    "hyp2f1 of z": (lambda z: pt.hyp2f1(0.5, 1.5, 2.5, z), each(between(-0.9, 0.9), "n")),
    "hyp2f1 of negative a": (lambda z: pt.hyp2f1(-2.0, 1.5, 2.5, z), each(between(-0.9, 0.9), "n")),
    "jv": (lambda x: pt.jv(1.5, x), each(between(0.1, 5.0), "n")),
    "jv 0": (lambda x: pt.jv(0, x), each(GENERIC, "n")),
    "iv": (lambda x: pt.iv(1.5, x), each(between(0.1, 5.0), "n")),
    "ive": (lambda x: pt.ive(1.5, x), each(between(0.1, 5.0), "n")),
    "ive 1 of all": (lambda x: pt.ive(1, x), each(GENERIC, "n")),
    "kve": (lambda x: pt.kve(1.5, x), each(between(0.1, 5.0), "n")),
    "kv": (lambda x: pt.kv(1.5, x), each(between(0.1, 5.0), "n")),
    "kn": (lambda x: pt.kn(2, x), each(between(0.1, 5.0), "n")),
    **named(more, "softmax log_softmax", each(REAL), "special."),
    "special.softmax of axis 0": (lambda x: more.softmax(x, axis=0), each(REAL)),
    "special.log_softmax of axis 0": (lambda x: more.log_softmax(x, axis=0), each(REAL)),
    "special.poch": (more.poch, of((S, "n"), (S, "n"))),
    "special.factorial": (more.factorial, each(S, "n")),
    "special.logit": (more.logit, each(UNIT)),
    "special.beta": (more.beta, of((S, "n"), (S, "n"))),
    "special.betaln": (more.betaln, of((S, "n"), (S, "n"))),
    **named(pt, "sum mean prod max min logsumexp var ptp median", ANY, "all, "),
    "all, std": (pt.std, each(GENERIC, least=2)),
    **{
        f"{name} of axis {axis}": ((lambda f, a: lambda x: f(x, axis=a))(getattr(pt, name), axis), ANY)
        for name in [
            "sum",
            "mean",
            "prod",
            "max",
            "min",
            "logsumexp",
            "var",
            "ptp",
            "cumsum",
            "cumprod",
            "sort",
            "median",
        ]
        for axis in (0, -1)
    },
    "std of axis 0": (lambda x: pt.std(x, axis=0, ddof=1), each(GENERIC, least=2)),
    "prod of zeros": (lambda x: pt.prod(x, 1), each(TIES)),
    "cumprod of zeros": (lambda x: pt.cumprod(x, 1), each(TIES)),
    "prod of two axes": (lambda x: pt.prod(x, (0, 2)), each(TIES, "m 2 n", most=3)),
    "max of ties": (lambda x: pt.max(x, 1), each(TIES)),
    "sort of ties": (lambda x: pt.sort(x, axis=None), each(TIES)),
    "cumsum of all": (pt.cumsum, ANY),
    "cumprod of all": (pt.cumprod, ANY),
    "dot": (pt.dot, of((REAL, "m n"), (REAL, "n k"))),
    "dot of vectors": (pt.dot, of((REAL, "n"), (REAL, "n"))),
    "dot of a vector": (pt.dot, of((REAL, "n"), (REAL, "n k"))),
    "matmul of stacks": (pt.matmul, of((REAL, "2 m n"), (REAL, "2 n k"), most=3)),
    "matvec": (pt.matvec, of((REAL, "2 m n"), (REAL, "2 n"), most=3)),
    "vecmat": (pt.vecmat, of((REAL, "2 m"), (REAL, "m n"), most=3)),
    "vecdot": (pt.vecdot, PAIR),
    "batched_dot": (pt.batched_dot, of((REAL, "b m n"), (REAL, "b n k"), most=3)),
    "tensordot": (lambda x, y: pt.tensordot(x, y, 2), of((REAL, "m n k"), (REAL, "n k 2"), most=3)),
    "tensordot of axes": (lambda x, y: pt.tensordot(x, y, [[0], [1]]), of((REAL, "m n"), (REAL, "k m"))),
    "einsum": (lambda x, y: pt.einsum("ij,jk->ki", x, y), of((REAL, "m n"), (REAL, "n k"))),
    "kron": (nlinalg.kron, PAIR),
    "diff": (lambda x: pt.diff(x, axis=0), each(REAL, least=2)),
    "diff 2": (lambda x: pt.diff(x, n=2), each(REAL, "m n", least=3)),
    "repeat": (lambda x: pt.repeat(x, 2, axis=1), ANY),
    "repeat of counts": (lambda x: pt.repeat(x, np.array([2, 0, 1]), axis=0), each(REAL, "3 n")),
    "repeat of all": (lambda x: pt.repeat(x, 3), ANY),
    "tile": (lambda x: pt.tile(x, (2, 1, 3)), ANY),
    "roll": (lambda x: pt.roll(x, 2, axis=1), ANY),
    "pad, edge": (lambda x: pt.pad(x, (2, 1), mode="edge"), each(REAL, "n")),
    "concatenate": (lambda x, y: pt.concatenate([x, y], axis=1), PAIR),
    "stack": (lambda x, y: pt.stack([x, y], axis=-1), PAIR),
    "split": (lambda x: pt.split(x, [1, 3], axis=1)[1], each(REAL, "m 4")),
    "transpose": (lambda x: pt.transpose(x, (1, 2, 0)), each(REAL, "m n 2")),
    "moveaxis": (lambda x: pt.moveaxis(x, 0, -1), each(REAL, "m n 2")),
    "flip": (lambda x: pt.flip(x, 1), ANY),
    "diag": (lambda x: pt.diag(x, 1), each(REAL, "n")),
    "extract_diag": (lambda x: pt.diagonal(x, -1), each(REAL, least=2)),
    "extract_diag of axes": (lambda x: pt.diagonal(x, 0, 2, 1), each(REAL, "m 2 n", least=2)),
    "trace": (nlinalg.trace, each(REAL, "n n")),
    "tril": (lambda x: pt.tril(x, 1), ANY),
    "triu": (lambda x: pt.triu(x, -1), ANY),
    "fill_diagonal": (lambda x, v: pt.fill_diagonal(x, v), of((REAL, "m n"), (REAL, ""))),
    "fill_diagonal of tall": (lambda x, v: pt.fill_diagonal(x, v), of((REAL, "7 2"), (REAL, ""))),
    "fill_diagonal_offset": (lambda x, v: pt.fill_diagonal_offset(x, v, 1), of((REAL, "3 4"), (REAL, ""))),
    "fill_diagonal_offset of -1": (lambda x, v: pt.fill_diagonal_offset(x, v, -1), of((REAL, "4 3"), (REAL, ""))),
    "take": (lambda x: pt.take(x, np.array([0, 0, -1]), axis=0), ANY),
    "take of all": (lambda x: pt.take(x, np.array([0, 0, -1])), ANY),
    "take, wrapped": (lambda x: pt.take(x, np.array([5, 0, -3]), axis=0, mode="wrap"), ANY),
    "take_along_axis": (lambda x: pt.take_along_axis(x, pt.argsort(x, axis=0), axis=0), each(GENERIC)),
    "getitem": (lambda x: x[::-2, None, 0], ANY),
    "getitem of arrays": (lambda x: x[np.array([0, 0, -1]), np.array([0, -1, 0])], ANY),
    "getitem of a mask": (lambda x: x[x > 0.1], each(GENERIC)),
    "set_subtensor": (lambda x, y: pt.set_subtensor(x[1::2], y), of((REAL, "4 n"), (REAL, "2 n"))),
    "set_subtensor, broadcast": (lambda x, y: pt.set_subtensor(x[1::2], y), of((REAL, "4 n"), (REAL, "n"))),
    "inc_subtensor": (lambda x, y: pt.inc_subtensor(x[1::2], y), of((REAL, "4 n"), (REAL, "n"))),
    "inc_subtensor of arrays": (
        lambda x, y: pt.inc_subtensor(x[np.array([0, 0])], y),
        of((REAL, "m n"), (REAL, "2 n")),
    ),
    "set_subtensor of arrays": (
        lambda x, y: pt.set_subtensor(x[np.array([0, 1])], y),
        of((REAL, "2 n"), (REAL, "2 n")),
    ),
    "choose": (lambda x, y: pt.choose(np.array([0, 1, 1]), [x, y]), of((REAL, "3"), (REAL, "3"))),
    "compress": (lambda x: pt.compress(np.array([True, False, True]), x, axis=0), each(REAL, "3 n")),
    "permute_row_elements": (lambda x: pt.permute_row_elements(x, np.array([2, 0, 1])), each(REAL, "m 3")),
    "interp": (lambda x: pt.interp(x, np.array([-1.0, 0, 2]), np.array([1.0, -1, 3])), each(GENERIC, "n")),
    "squeeze": (lambda x: pt.specify_shape(x, (None, 1, None)).squeeze(1), each(REAL, "m 1 n")),
    "signal.convolve1d": (
        lambda x, y: pt.signal.convolve1d(x, y, mode="full"),
        of((REAL, "5"), (REAL, "3")),
    ),
    **{
        f"signal.convolve1d, {mode}, {n} and {k}": (
            (lambda m: lambda x, y: pt.signal.convolve1d(x, y, mode=m))(mode),
            of((REAL, f"{n}"), (REAL, f"{k}")),
        )
        for mode in ("valid", "same")
        for n, k in ((5, 3), (5, 2), (2, 5), (3, 6))
    },
    "cov": (pt.cov, each(REAL, least=2)),
    "linalg.det": (nlinalg.det, matrices(regular)),
    "linalg.slogdet": (lambda A: nlinalg.slogdet(A)[1], matrices(regular)),
    "linalg.inv": (nlinalg.inv, matrices(regular)),
    "linalg.pinv": (nlinalg.pinv, each(GENERIC, "3 2")),
    "linalg.pinv of wide": (nlinalg.pinv, each(GENERIC, "2 3")),
    "linalg.pinv of rank 1": (lambda x, y: nlinalg.pinv(pt.outer(x, y)), of((ABOVE_1, "3"), (ABOVE_1, "2"))),
    "linalg.eigh values": (lambda A: nlinalg.eigh(A)[0], matrices(symmetric), SYMMETRIC),
    "linalg.eigh projection": (
        lambda A: (lambda v: pt.outer(v[:, 0], v[:, 0]))(nlinalg.eigh(A)[1]),
        matrices(symmetric),
        SYMMETRIC,
    ),
    "linalg.eigh projection, upper": (
        lambda A: (lambda v: pt.outer(v[:, 0], v[:, 0]))(nlinalg.eigh(A, UPLO="U")[1]),
        matrices(symmetric),
        SYMMETRIC,
    ),
    "linalg.eig values": (lambda A: pt.sum(pt.real(nlinalg.eig(A)[0] ** 2)), matrices(regular)),
    "linalg.svd values": (lambda A: nlinalg.svd(A, compute_uv=False), each(GENERIC, "3 2")),
    "linalg.svd of all": (lambda A: nlinalg.svd(A, full_matrices=False)[1], each(GENERIC, "3 2")),
    "linalg.svd projection": (
        lambda A: (lambda u, s, v: pt.dot(u, v))(*nlinalg.svd(A, full_matrices=False)),
        each(GENERIC, "3 2"),
    ),
    "linalg.svd projection of wide": (
        lambda A: (lambda u, s, v: pt.outer(v[0], v[0]))(*nlinalg.svd(A, full_matrices=False)),
        each(GENERIC, "2 3"),
    ),
    "linalg.matrix_power": (lambda A: nlinalg.matrix_power(A, 3), matrices(regular)),
    "linalg.matrix_power of -2": (lambda A: nlinalg.matrix_power(A, -2), matrices(regular)),
    "linalg.tensorinv": (lambda A: nlinalg.tensorinv(A, 1), matrices(regular)),
    "linalg.tensorsolve": (nlinalg.tensorsolve, matrices(regular, "n")),
    "linalg.lstsq": (lambda A, b: nlinalg.lstsq(A, b, -1.0)[0], of((GENERIC, "3 2"), (GENERIC, "3"))),
    "linalg.norm": (lambda x: nlinalg.norm(x, axis=None), each(GENERIC)),
    **{
        f"linalg.norm {order} of rows": ((lambda o: lambda x: nlinalg.norm(x, o, axis=1))(order), each(GENERIC))
        for order in (1, 2, 3, np.inf, -np.inf, 0.5)
    },
    **{
        f"linalg.norm {order} of matrices": (
            (lambda o: lambda x: nlinalg.norm(x, o, axis=(0, 1)))(order),
            each(GENERIC, least=2),
        )
        for order in (1, -1, 2, -2, "fro", "nuc", np.inf)
    },
    "linalg.cholesky": (lambda A: slinalg.cholesky(A), matrices(definite), DEFINITE),
    "linalg.cholesky, upper": (lambda A: slinalg.cholesky(A, lower=False), matrices(definite), DEFINITE),
    **{
        f"linalg.solve, {assume}": (
            (lambda a: lambda A, b: slinalg.solve(A, b, assume_a=a))(assume),
            matrices(make, "n k"),
            *more,
        )
        for assume, make, *more in (
            ("gen", regular),
            ("sym", symmetric, SYMMETRIC),
            ("pos", definite, DEFINITE),
            ("tridiagonal", lambda rng, n: np.tril(np.triu(regular(rng, n), -1), 1) + 5 * np.eye(n)),
        )
    },
    "linalg.solve, transposed": (lambda A, b: slinalg.solve(A, b, transposed=True), matrices(regular, "n k")),
    "linalg.solve of a vector": (lambda A, b: slinalg.solve(A, b, b_ndim=1), matrices(regular, "n")),
    "linalg.solve_triangular": (lambda A, b: slinalg.solve_triangular(A, b, lower=True), matrices(triangular, "n k")),
    **{
        f"linalg.solve_triangular of trans {trans}": (
            (lambda t: lambda A, b: slinalg.solve_triangular(A, b, lower=True, trans=t))(trans),
            matrices(triangular, "n k"),
        )
        for trans in (1, 2)
    },
    "linalg.solve_triangular, unit diagonal": (
        lambda A, b: slinalg.solve_triangular(A, b, lower=True, unit_diagonal=True),
        matrices(triangular, "n k"),
    ),
    "linalg.solve_triangular, upper": (slinalg.solve_triangular, matrices(lambda rng, n: triangular(rng, n).T, "n k")),
    "linalg.cho_solve": (lambda L, b: slinalg.cho_solve((L, True), b), matrices(triangular, "n k")),
    "linalg.cho_solve, upper": (
        lambda L, b: slinalg.cho_solve((L, False), b),
        matrices(lambda rng, n: triangular(rng, n).T, "n k"),
    ),
    "linalg.lu, L": (lambda A: slinalg.lu(A)[1], matrices(regular)),
    "linalg.lu, U": (lambda A: slinalg.lu(A)[2], matrices(regular)),
    "linalg.lu, permuted": (lambda A: slinalg.lu(A, permute_l=True)[0], matrices(regular)),
    "linalg.lu, permuted U": (lambda A: slinalg.lu(A, permute_l=True)[1], matrices(regular)),
    "linalg.lu, indices": (lambda A: slinalg.lu(A, p_indices=True)[1], matrices(regular)),
    "linalg.lu_factor": (lambda A: slinalg.lu_factor(A)[0], matrices(regular)),
    "linalg.lu_solve": (lambda A, b: slinalg.lu_solve(slinalg.lu_factor(A), b), matrices(regular, "n k")),
    "linalg.lu_solve, transposed": (
        lambda A, b: slinalg.lu_solve(slinalg.lu_factor(A), b, trans=True),
        matrices(regular, "n k"),
    ),
    "linalg.qr, R": (lambda A: pt.abs(qr(A, mode="economic")[1]), each(GENERIC, "3 2")),
    "linalg.qr, Q": (lambda A: (lambda q: pt.dot(q, q.T))(qr(A, mode="economic")[0]), each(GENERIC, "3 2")),
    "linalg.qr of mode r": (lambda A: pt.abs(qr(A, mode="r")), each(GENERIC, "3 2")),
    "linalg.qr of wide": (lambda A: pt.abs(qr(A, mode="economic")[1]), each(GENERIC, "2 3")),
    "linalg.expm": (slinalg.expm, each(GENERIC, "n n", most=3)),
    "linalg.eigvalsh": (lambda A: slinalg.eigvalsh(A, None), matrices(symmetric), SYMMETRIC),
    "linalg.eigvalsh of two": (
        lambda A, B: slinalg.eigvalsh(A, B),
        drawn(lambda rng: (symmetric(rng, 3), definite(rng, 3))),
        {"structure": {"A": "symmetric", "B": "positive definite"}},
    ),
    "linalg.block_diag": (lambda x, y: slinalg.block_diag(x, y), PAIR),
    "linalg.solve_continuous_lyapunov": (
        pt.linalg.solve_continuous_lyapunov,
        matrices(regular, "n n"),
    ),
    "linalg.solve_sylvester": (
        pt.linalg.solve_sylvester,
        drawn(lambda rng: (definite(rng, 2), definite(rng, 3), rng.standard_normal((2, 3)))),
    ),
    "linalg.solve_discrete_lyapunov, direct": (
        lambda A, Q: pt.linalg.solve_discrete_lyapunov(A, Q, method="direct"),
        matrices(lambda rng, n: regular(rng, n) / 3, "n n"),
    ),
    "linalg.solve_discrete_lyapunov, bilinear": (
        lambda A, Q: pt.linalg.solve_discrete_lyapunov(A, Q, method="bilinear"),
        matrices(lambda rng, n: regular(rng, n) / 3, "n n"),
    ),
    "linalg.solve_discrete_are": (
        pt.linalg.solve_discrete_are,
        drawn(lambda rng: (regular(rng, 2), rng.standard_normal((2, 1)), definite(rng, 2), definite(rng, 1))),
    ),
}
NONE = {"NoDerivative": "PyTensor says that it is not implemented"}
TIED = "a choice of PyTensor: with ties, each largest entry gets the gradient"
KNOWN = {
    **{
        name: {"WrongTogether": TIED, "WrongAtKink": TIED}
        for name in (
            *(f"{f}{how}" for f in ("max", "min", "ptp") for how in (" of axis 0", " of axis -1")),
            *("all, max", "all, min", "all, ptp", "max of ties"),
        )
    },
    "pad, edge": {"WrongGradient": FOUND, "Raised": FOUND},
    **{
        name: {"WrongGradient": FOUND}
        for name in (
            *("gammaincc", "chi2sf", "linalg.lu, permuted", "all, prod", "prod of zeros", "prod of two axes"),
            *("prod of axis 0", "prod of axis -1"),
        )
    },
    "gammainc of larger k": {"WrongGradient": "the series ends at the first term below 1e-10"},
    "gammaincc of larger k": {"WrongGradient": FOUND, "Inconclusive": "the values have errors of 10 %"},
    **{f"cumprod of {which}": {"NotFinite": FOUND} for which in ("axis 0", "axis -1", "zeros", "all")},
    **dict.fromkeys(("gammau", "gammal", "gammaincinv", "gammainccinv", "betaincinv", "choose"), NONE),
    **{
        name: {"Error": FOUND}
        for name in (
            *(f"linalg.qr{how}" for how in (", R", ", Q", " of mode r", " of wide")),
            "linalg.norm fro of matrices",
        )
    },
    **{
        f"hyp2f1 of {which}": {
            "WrongGradient": "a, b and c are constants of float32, so a * b / c is rounded to float32"
        }
        for which in ("z", "negative a")
    },
    "linalg.eig values": {"Error": "gradients of complex numbers are not supported"},
    "linalg.solve, tridiagonal": {
        "WrongGradient": "the gradient of entries outside the band, which are not read, is not 0"
    },
    **{f"linalg.{name}": NONE for name in ("tensorinv", "tensorsolve", "lstsq")},
}
# constants have the dtype floatX, float64, so gradients of float32 are float64; the constant 1 / 3 is float32
ROWS = {
    name: (f, arguments, {**dict(*options), "float32": False, **({"tolerance": 1e-6} if "norm 3" in name else {})})
    for name, (f, arguments, *options) in TABLE.items()
}
TARGETS = targets(ROWS, pair, KNOWN)

"""Linear algebra, distances, and spectra."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family

SQUARE = fst.tensors("n n")
MILD = SQUARE.map(lambda arrays: (np.clip(arrays[0], -3, 3),))
SYSTEM = fst.tensors("n n", "n k").map(lambda pair: (np.clip(pair[0], -3, 3), pair[1]))


def regular(A):
    """A matrix whose symmetric part is at least 1, so that it is not singular."""
    return A - A.T + A @ A.T + np.eye(len(A))


regular_vjp = lambda A, dM: dM - dM.T + (dM + dM.T) @ A
positive = lambda A: A @ A.T + np.eye(len(A))
positive_vjp = lambda A, dM: (dM + dM.T) @ A
inverse = lambda A: np.linalg.inv(regular(A))


def through(dM):
    """A vjp of one square argument from the gradient of the matrix that is inverted."""
    return lambda A, dA: [regular_vjp(A, dM(regular(A), dA))]


invert = family("inverse", MILD)(inverse, through(lambda M, d: -np.linalg.inv(M).T @ d @ np.linalg.inv(M).T))


def solve_vjp(A, b, dA, *, sign=-1, order=1, transposed=True):
    M = regular(A)
    db = np.linalg.solve(M.T if transposed else M, dA)
    x = np.linalg.solve(M, b)
    dM = sign * db @ x.T
    return [regular_vjp(A, dM if order == 1 else dM.T), db]


solve = family("solve", SYSTEM)(lambda A, b: np.linalg.solve(regular(A), b), solve_vjp)
det = family("determinant", MILD)(
    lambda A: np.linalg.det(regular(A)), through(lambda M, d: d * np.linalg.det(M) * np.linalg.inv(M).T)
)
log_det = family("log determinant", MILD)(
    lambda A: np.linalg.slogdet(positive(A))[1], lambda A, dA: [positive_vjp(A, dA * np.linalg.inv(positive(A)))]
)
cholesky = family("cholesky", MILD)(lambda A: np.linalg.cholesky(positive(A)), lambda A, dA: [cholesky_vjp(A, dA)])

half = lambda M: np.tril(M) - np.diag(np.diag(M)) / 2


def cholesky_vjp(A, dA, triangle=half, order=1):
    L = np.linalg.cholesky(positive(A))
    inner = triangle(L.T @ np.tril(dA))
    dM = np.linalg.inv(L).T @ (inner if order == 1 else inner.T) @ np.linalg.inv(L)
    return positive_vjp(A, (dM + dM.T) / 2) if order == 1 else (dM + dM.T) / 2 @ A


quadratic = family("quadratic form", fst.tensors("m n", "n n"))(
    lambda x, A: ((x @ A) * x).sum(axis=1), lambda x, A, dA: [dA[:, None] * (x @ (A + A.T)), x.T @ (dA[:, None] * x)]
)
power = family("cube of a matrix", SQUARE)(
    lambda A: A @ A @ A, lambda A, dA: [dA @ (A @ A).T + A.T @ dA @ A.T + (A @ A).T @ dA]
)
trace = family("trace of a product", fst.tensors("m n", "n m"))(
    lambda A, B: (A * B.T).sum(), lambda A, B, dA: [dA * B.T, dA * A.T]
)
gram = family("gram matrix", fst.tensors("m n"))(lambda x: x @ x.T, lambda x, dA: [(dA + dA.T) @ x])
contraction = family("contraction", fst.tensors("b i j", "b j k"))(
    lambda A, B: np.einsum("bij,bjk->bik", A, B),
    lambda A, B, dA: [np.einsum("bik,bjk->bij", dA, B), np.einsum("bij,bik->bjk", A, dA)],
)
kron = family("kronecker product", fst.tensors("m n", "2 2"))(
    np.kron, lambda A, B, dA: kron_vjp(A, B, dA.reshape(A.shape[0], 2, A.shape[1], 2))
)

kron_vjp = lambda A, B, d: [np.einsum("iajb,ab->ij", d, B), np.einsum("iajb,ij->ab", d, A)]
length = lambda a: np.sqrt((a**2).sum(axis=1, keepdims=True) + 0.01)


def cosine_vjp(a, b, dA, *, keep=1, power=2):
    na, nb = length(a), length(b)
    c = (a * b).sum(axis=1, keepdims=True) / na / nb
    d = dA[:, None]
    return [d * (b / na / nb - keep * c * a / na**power), d * (a / na / nb - keep * c * b / nb**power)]


cosine = family("cosine similarity", fst.tensors("m n", "m n"))(
    lambda a, b: (a * b).sum(axis=1) / (length(a) * length(b))[:, 0], cosine_vjp
)
distances = family("squared distances of all pairs", fst.tensors("m n"))(
    lambda x: ((x[:, None] - x) ** 2).sum(axis=2),
    lambda x, dA: [2 * ((dA + dA.T)[..., None] * (x[:, None] - x)).sum(axis=1)],
)

bump = lambda x, y: np.exp(-((x[:, None] - y) ** 2).sum(axis=2) / 0.5)


def bump_vjp(x, y, dA, factor=4.0):
    d = (dA * bump(x, y))[..., None] * (x[:, None] - y) * factor
    return [-d.sum(axis=1), d.sum(axis=0)]


kernel = family("gaussian kernel", fst.tensors("m n", "k n"))(bump, bump_vjp)
spectrum = family("power spectrum", fst.tensors("t"))(
    lambda x: abs(np.fft.fft(x)) ** 2, lambda x, dA: [2 * len(x) * np.fft.ifft(dA * np.fft.fft(x)).real]
)
filtered = family("circular convolution", fst.tensors("t", "t"))(
    lambda x, w: np.fft.ifft(np.fft.fft(x) * np.fft.fft(w)).real,
    lambda x, w, dA: [np.fft.ifft(np.fft.fft(dA) * np.conj(np.fft.fft(a))).real for a in (w, x)],
)

MUTANTS = [
    invert.but("transposes missing: -B dA B")(through(lambda M, d: -np.linalg.inv(M) @ d @ np.linalg.inv(M))),
    invert.but("one transpose: the order of a product")(
        through(lambda M, d: -np.linalg.inv(M).T @ d @ np.linalg.inv(M))
    ),
    solve.but("db by A, not transposed: the same factors again")(
        lambda A, b, dA: solve_vjp(A, b, dA, transposed=False)
    ),
    solve.but("the sign of dA: of the inverse")(lambda A, b, dA: solve_vjp(A, b, dA, sign=1)),
    solve.but("dA transposed: x db^T for db x^T")(lambda A, b, dA: solve_vjp(A, b, dA, order=0)),
    det.but("without the determinant: log det's")(through(lambda M, d: d * np.linalg.inv(M).T)),
    det.but("inverse not transposed: right for symmetric ones")(
        through(lambda M, d: d * np.linalg.det(M) * np.linalg.inv(M))
    ),
    log_det.but("of A, once: A A^T has two of them")(lambda A, dA: [dA * np.linalg.inv(positive(A)) @ A]),
    cholesky.but("diagonal not halved: tril for phi")(lambda A, dA: [cholesky_vjp(A, dA, np.tril)]),
    cholesky.but("not made symmetric: only the lower half was read")(lambda A, dA: [cholesky_vjp(A, dA, order=0)]),
    quadratic.of(0).but("2 x A: right for symmetric A")(lambda x, A, dA: dA[:, None] * (x @ A) * 2),
    quadratic.of(1).but("dA made symmetric and doubled: only the half was stored")(
        lambda x, A, dA: quadratic.vjp(x, A, dA)[1] * (2 - np.eye(len(A)))
    ),
    power.but("3 A^2: numbers commute")(lambda A, dA: [3 * (A @ A).T @ dA]),
    trace.of(0).but("not transposed when square: the shapes fit")(
        lambda A, B, dA: dA * (B if B.shape == A.shape else B.T)
    ),
    gram.but("2 dA x: right for symmetric cotangents")(lambda x, dA: [2 * dA @ x]),
    contraction.of(0).but("letters exchanged when equal: bki for bik")(
        lambda A, B, dA: np.einsum("bki,bjk->bij" if A.shape[1] == B.shape[2] else "bik,bjk->bij", dA, B)
    ),
    contraction.of(1).but("the batch summed and shared: b missing in the result")(
        lambda A, B, dA: np.broadcast_to(np.einsum("bij,bik->jk", A, dA), B.shape).copy()
    ),
    kron.but("blocks exchanged with positions in a block: a reshape without its swap")(
        lambda A, B, dA: kron_vjp(A, B, dA.reshape(2, A.shape[0], 2, A.shape[1]).swapaxes(0, 1).swapaxes(2, 3))
    ),
    cosine.but("norms held constant: half of the quotient rule")(lambda a, b, dA: cosine_vjp(a, b, dA, keep=0)),
    cosine.but("norm not squared: the projection of a unit vector")(lambda a, b, dA: cosine_vjp(a, b, dA, power=1)),
    distances.but("one side of each pair: x[i] and x[j] are the same x")(
        lambda x, dA: [2 * (dA[..., None] * (x[:, None] - x)).sum(axis=1)]
    ),
    distances.but("one side, doubled: right for symmetric cotangents")(
        lambda x, dA: [4 * (dA[..., None] * (x[:, None] - x)).sum(axis=1)]
    ),
    kernel.but("without the width: right for 1")(lambda x, y, dA: bump_vjp(x, y, dA, 1.0)),
    kernel.of(1).but("the centres' sign: x - y for both")(lambda x, y, dA: -bump_vjp(x, y, dA)[1]),
    spectrum.but("scaled by 1/n: ifft divides")(lambda x, dA: [2 * np.fft.ifft(dA * np.fft.fft(x)).real]),
    spectrum.but("without the 2: |z|^2 is no z")(lambda x, dA: [len(x) * np.fft.ifft(dA * np.fft.fft(x)).real]),
    filtered.but("without the conjugate: convolved, not correlated")(
        lambda x, w, dA: [np.fft.ifft(np.fft.fft(dA) * np.fft.fft(a)).real for a in (w, x)]
    ),
]

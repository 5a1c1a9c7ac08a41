"""Functions of MLX on the CPU. Install `mlx[cpu]`."""

from functools import update_wrapper

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.nn import losses

from funcnn.testing.verdict import NoDerivative
from tests.hunts.draws import *

LIBRARIES = ["mlx", "numpy"]
mx.set_default_device(mx.cpu)
FOUND = "see docs/found/mlx.md"
fast, la, fft = mx.fast, mx.linalg, mx.fft


def given(a):
    return mx.array(
        np.array(a, order="C"), dtype=getattr(mx, a.dtype.name)
    )  # without the dtype, float64 becomes float32


def pair(function):
    """The values of a function of MLX arrays, and the gradients of `mx.vjp`, as functions of NumPy arrays."""

    def f(*args):
        return np.array(function(*map(given, args)))

    def vjp(args, dA):
        try:
            return [np.array(g) for g in mx.vjp(function, [*map(given, args)], [given(dA)])[1]]
        except (ValueError, RuntimeError) as error:
            if "mplemented" in str(error):
                raise NoDerivative(f"MLX has no derivative of this function: {error}") from error
            raise

    update_wrapper(f, function, updated=())
    return f, vjp


def index(*entries):
    return mx.array(entries)


def single(function):
    """A function that has no float64, from float64 to float64."""
    return lambda *args: function(*[a.astype(mx.float32) for a in args]).astype(mx.float64)


IMAGES = each(GENERIC, "m 5 4 2", most=2)
TABLE = {
    **named(
        mx,
        """
        abs negative exp expm1 sin cos tan sinh cosh tanh arctan arcsinh square sigmoid degrees radians
        erf positive
        """,
        each(REAL),
    ),
    **named(mx, "log log2 log10 log1p sqrt rsqrt reciprocal", each(POSITIVE)),
    **named(mx, "arcsin arccos arctanh", each(OPEN)),
    "erfinv": (mx.erfinv, each(OPEN)),
    "arccosh": (mx.arccosh, each(ABOVE_1)),
    **named(mx, "add subtract multiply maximum minimum logaddexp arctan2 inner outer kron", PAIR),
    "divide": (mx.divide, of((REAL, "m n"), (POSITIVE, "m n"))),
    "remainder": (mx.remainder, of((GENERIC, "m n"), (POSITIVE, "m n"))),
    "remainder of negative": (mx.remainder, of((GENERIC, "m n"), (between(-3.0, -0.1), "m n"))),
    "power": (mx.power, of((POSITIVE, "m n"), (REAL, "m n"))),
    "power, broadcast": (mx.power, of((POSITIVE, "m n"), (GENERIC, "n"))),
    "power 2": (lambda x: x**2, ANY),
    "power 3": (lambda x: x**3, ANY),
    "power of negative": (lambda x: mx.power(x, 3.0), ANY),
    "add, broadcast": (mx.add, of((REAL, "m n"), (REAL, "m 1"))),
    "multiply, broadcast": (mx.multiply, of((REAL, "m 1"), (REAL, "n"))),
    "arctan2, broadcast": (mx.arctan2, of((REAL, "m 1"), (REAL, "n"))),
    "logaddexp, broadcast": (mx.logaddexp, of((REAL, "m 1"), (REAL, "n"))),
    "vecdot": (lambda x, y: mx.vecdot(x, y), PAIR),
    **named(mx, "sum mean prod max min logsumexp var flatten", ANY, "all, "),
    "all, std": (mx.std, each(GENERIC, least=2)),
    "all, median": (mx.median, each(GENERIC)),
    **{
        f"{name} of axis {axis}": ((lambda f, a: lambda x: f(x, axis=a))(getattr(mx, name), axis), ANY)
        for name in [
            "sum",
            "mean",
            "prod",
            "max",
            "min",
            "logsumexp",
            "var",
            "cumsum",
            "cumprod",
            "cummax",
            "cummin",
            "logcumsumexp",
            "softmax",
            "sort",
        ]
        for axis in (0, -1)
    },
    **{
        f"{name}, {how}": ((lambda f, o: lambda x: f(x, axis=0, **o))(getattr(mx, name), options), ANY)
        for name in ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"]
        for how, options in {
            "reverse": {"reverse": True},
            "exclusive": {"inclusive": False},
            "reverse and exclusive": {"reverse": True, "inclusive": False},
        }.items()
    },
    "std of axis 0": (lambda x: mx.std(x, axis=0, ddof=1), each(GENERIC, least=2)),
    "median of axis 0": (lambda x: mx.median(x, axis=0), each(GENERIC)),
    "prod of zeros": (lambda x: mx.prod(x, 1), each(TIES)),
    "prod of all zeros": (lambda x: mx.prod(x), each(TIES)),
    "prod of two axes": (lambda x: mx.prod(x, (0, 2)), each(REAL, "m 2 n", most=3)),
    "cumprod of zeros": (lambda x: mx.cumprod(x, 1), each(TIES)),
    "cummax of ties": (lambda x: mx.cummax(x, 1), each(TIES)),
    "max of ties": (lambda x: mx.max(x, 1), each(TIES)),
    "partition": (lambda x: mx.partition(x, 1, axis=0), each(GENERIC, least=2)),
    "topk": (lambda x: mx.topk(x, 2, axis=0), each(GENERIC, least=2)),
    "clip": (lambda x: mx.clip(x, -0.5, 0.7), ANY),
    "clip by arrays": (mx.clip, of((GENERIC, "n"), (between(-1.0, -0.1), "n"), (between(0.1, 1.0), "n"))),
    "where": (lambda x, y: mx.where(x > 0.3, x, y), of((GENERIC, "m n"), (GENERIC, "m n"))),
    "concatenate": (lambda x, y: mx.concatenate([x, y], axis=1), PAIR),
    "stack": (lambda x, y: mx.stack([x, y], axis=-1), PAIR),
    "repeat": (lambda x: mx.repeat(x, 2, axis=1), ANY),
    "tile": (lambda x: mx.tile(x, (2, 1, 3)), ANY),
    "roll": (lambda x: mx.roll(x, 2, axis=1), ANY),
    "roll of two axes": (lambda x: mx.roll(x, (1, -2), axis=(0, 1)), ANY),
    "transpose": (lambda x: mx.transpose(x, (1, 2, 0)), each(GENERIC, "m n 2")),
    "moveaxis": (lambda x: mx.moveaxis(x, 0, -1), each(GENERIC, "m n 2")),
    "swapaxes": (lambda x: mx.swapaxes(x, 0, -1), each(GENERIC, "m n 2")),
    "broadcast_to": (lambda x: mx.broadcast_to(x, (3, *x.shape)), ANY),
    "squeeze": (lambda x: mx.squeeze(x, 1), each(GENERIC, "m 1 n")),
    "expand_dims": (lambda x: mx.expand_dims(x, (0, 2)), ANY),
    "unflatten": (lambda x: mx.unflatten(x, 1, (2, -1)), each(GENERIC, "m 4")),
    "flip": (lambda x: mx.flip(x, 1), ANY),
    "diff": (lambda x: mx.diff(x, axis=0), each(REAL, least=2)),
    "pad": (lambda x: mx.pad(x, ((1, 2), (0, 1))), ANY),
    "pad, edge": (lambda x: mx.pad(x, ((1, 2), (0, 1)), mode="edge"), ANY),
    "pad of value": (lambda x, v: mx.pad(x, 1, constant_values=v), of((REAL, "m n"), (REAL, ""))),
    "tril": (lambda x: mx.tril(x, 1), ANY),
    "triu": (lambda x: mx.triu(x, -1), ANY),
    "diag": (lambda x: mx.diag(x, 1), each(REAL, "n")),
    "diag of a matrix": (lambda x: mx.diag(x), ANY),
    "diagonal": (lambda x: mx.diagonal(x, 1), each(GENERIC, least=2)),
    "diagonal of axes": (lambda x: mx.diagonal(x, 0, 2, 1), each(GENERIC, "m 2 n", least=2)),
    "trace": (lambda x: mx.trace(x, -1), each(GENERIC, least=2)),
    "as_strided": (lambda x: mx.as_strided(x, (2, 3), (1, 1), 0), each(GENERIC, "4")),
    "as_strided of steps": (lambda x: mx.as_strided(x, (2, 2), (0, 2), 1), each(GENERIC, "5")),
    "contiguous": (lambda x: mx.contiguous(x.T), ANY),
    "split": (lambda x: mx.split(x, [1, 3], axis=1)[1], each(GENERIC, "m 4")),
    "take": (lambda x: mx.take(x, index(0, 0, -1), axis=0), ANY),
    "take of all": (lambda x: mx.take(x, index(0, 0, -1)), ANY),
    "take_along_axis": (lambda x: mx.take_along_axis(x, mx.argsort(x, axis=0), axis=0), each(GENERIC)),
    "take_along_axis of repeated": (
        lambda x: mx.take_along_axis(x, mx.zeros((3, x.shape[1]), dtype=mx.int32), axis=0),
        ANY,
    ),
    "put_along_axis": (
        lambda x, y: mx.put_along_axis(x, mx.zeros((1, x.shape[1]), dtype=mx.int32), y, axis=0),
        of((REAL, "m n"), (REAL, "1 n")),
    ),
    "getitem": (lambda x: x[::-2, None, 0], ANY),
    "getitem of a stride": (lambda x: x[1::2, ::-1], each(GENERIC, "4 n")),
    "getitem of arrays": (lambda x: x[index(0, 0, -1), index(0, -1, 0)], ANY),
    "at add": (lambda x, y: x.at[index(0, 0)].add(y), of((REAL, "m n"), (REAL, "2 n"))),
    "at subtract": (lambda x, y: x.at[index(0, 0)].subtract(y), of((REAL, "m n"), (REAL, "2 n"))),
    "at multiply": (lambda x, y: x.at[index(0, 1)].multiply(y), of((REAL, "2 n"), (REAL, "2 n"))),
    "at multiply, repeated": (lambda x, y: x.at[index(0, 0)].multiply(y), of((REAL, "m n"), (REAL, "2 n"))),
    "at divide": (lambda x, y: x.at[index(0, 1)].divide(y), of((REAL, "2 n"), (ABOVE_1, "2 n"))),
    "at divide, repeated": (lambda x, y: x.at[index(0, 0)].divide(y), of((REAL, "m n"), (ABOVE_1, "2 n"))),
    "at maximum": (lambda x, y: x.at[index(0, 0)].maximum(y), of((GENERIC, "m n"), (GENERIC, "2 n"))),
    "at minimum": (lambda x, y: x.at[index(0, 0)].minimum(y), of((GENERIC, "m n"), (GENERIC, "2 n"))),
    "at add of slices": (lambda x, y: x.at[1::2].add(y), of((REAL, "4 n"), (REAL, "2 n"))),
    "at multiply of slices": (lambda x, y: x.at[1::2].multiply(y), of((REAL, "4 n"), (REAL, "2 n"))),
    "at maximum of slices": (lambda x, y: x.at[1::2].maximum(y), of((GENERIC, "4 n"), (GENERIC, "2 n"))),
    "slice_update": (lambda x, y: mx.slice_update(x, y, index(1), (0,)), of((REAL, "4 n"), (REAL, "2 n"))),
    "slice": (lambda x: mx.slice(x, index(1), (0,), (2, x.shape[1])), each(REAL, "4 n")),
    "matmul": (mx.matmul, of((REAL, "m n"), (REAL, "n k"))),
    "matmul of stacks": (mx.matmul, of((REAL, "2 1 m n"), (REAL, "3 n k"), most=3)),
    "matmul of vectors": (mx.matmul, of((REAL, "n"), (REAL, "n"))),
    "matmul of a vector": (mx.matmul, of((REAL, "n"), (REAL, "2 n k"))),
    "addmm": (lambda c, a, b: mx.addmm(c, a, b, 0.7, 1.3), of((REAL, "m k"), (REAL, "m n"), (REAL, "n k"))),
    "addmm of a row": (lambda c, a, b: mx.addmm(c, a, b, 0.7, 1.3), of((REAL, "k"), (REAL, "m n"), (REAL, "n k"))),
    "addmm of stacks": (
        lambda c, a, b: mx.addmm(c, a, b, 0.7, 1.3),
        of((REAL, "m 1"), (REAL, "2 m n"), (REAL, "n k"), most=3),
    ),
    "gather_mm": (
        single(lambda a, b: mx.gather_mm(a, b, index(0, 1, 1), index(1, 1, 0))),
        of((REAL, "2 m n"), (REAL, "2 n k"), most=3),
    ),
    "segmented_mm": (
        lambda a, b: mx.segmented_mm(a, b, mx.array([[0, 1], [1, 3]])),
        of((REAL, "m 3"), (REAL, "3 k"), most=3),
    ),
    "block_masked_mm": (
        single(lambda a, b: mx.block_masked_mm(a, b, 32, mx.array([[True]]), mx.array([[True]]), mx.array([[True]]))),
        of((REAL, "m n"), (REAL, "n k"), most=3),
    ),
    "tensordot": (lambda x, y: mx.tensordot(x, y, 2), of((REAL, "m n k"), (REAL, "n k 2"), most=3)),
    "einsum": (lambda x, y: mx.einsum("ij,jk->ki", x, y), of((REAL, "m n"), (REAL, "n k"))),
    "einsum of a trace": (lambda x: mx.einsum("ii", x), each(GENERIC, "n n")),
    "einsum of three": (
        lambda x, y, z: mx.einsum("ij,jk,k->i", x, y, z),
        of((REAL, "m n"), (REAL, "n k"), (REAL, "k")),
    ),
    "hadamard_transform": (single(mx.hadamard_transform), each(REAL, "m 4")),
    "convolve": (mx.convolve, of((REAL, "n"), (REAL, "k"))),
    "convolve, same": (lambda x, y: mx.convolve(x, y, mode="same"), of((REAL, "5"), (REAL, "3"))),
    "conv1d": (
        lambda x, w: mx.conv1d(x, w, stride=2, padding=1, dilation=2),
        of((REAL, "m 6 2"), (REAL, "n 3 2"), most=3),
    ),
    "conv1d of groups": (lambda x, w: mx.conv1d(x, w, groups=2), of((REAL, "m 6 4"), (REAL, "2 3 2"), most=3)),
    "conv2d": (
        lambda x, w: mx.conv2d(x, w, stride=(2, 1), padding=(1, 0)),
        of((REAL, "m 5 4 2"), (REAL, "n 3 2 2"), most=2),
    ),
    "conv2d, dilated": (
        lambda x, w: mx.conv2d(x, w, dilation=(2, 1), padding=1),
        of((REAL, "m 5 4 2"), (REAL, "n 3 2 2"), most=2),
    ),
    "conv2d of groups": (lambda x, w: mx.conv2d(x, w, groups=2), of((REAL, "m 4 4 4"), (REAL, "2 2 2 2"), most=2)),
    "conv3d": (lambda x, w: mx.conv3d(x, w, stride=2), of((REAL, "m 3 4 3 1"), (REAL, "n 2 2 2 1"), most=2)),
    "conv_general": (
        lambda x, w: mx.conv_general(
            x, w, stride=2, padding=([1, 0], [2, 1]), kernel_dilation=2, input_dilation=(2, 1), flip=True
        ),
        of((REAL, "m 5 4 2"), (REAL, "n 2 2 2"), most=2),
    ),
    "conv_general of groups": (
        lambda x, w: mx.conv_general(x, w, stride=2, padding=1, input_dilation=2, groups=2),
        of((REAL, "m 4 3 4"), (REAL, "2 3 2 2"), most=2),
    ),
    "conv_general, flip": (
        lambda x, w: mx.conv_general(x, w, padding=1, flip=True),
        of((REAL, "m 4 3 2"), (REAL, "n 3 2 2"), most=2),
    ),
    "conv_transpose1d": (
        lambda x, w: mx.conv_transpose1d(x, w, stride=2, padding=1, dilation=2, output_padding=1),
        of((REAL, "m 4 2"), (REAL, "n 3 2"), most=3),
    ),
    "conv_transpose2d": (
        lambda x, w: mx.conv_transpose2d(x, w, stride=(2, 1), padding=(0, 1)),
        of((REAL, "m 3 4 2"), (REAL, "n 3 2 2"), most=2),
    ),
    "conv_transpose2d of groups": (
        lambda x, w: mx.conv_transpose2d(x, w, stride=2, groups=2),
        of((REAL, "m 3 3 4"), (REAL, "2 3 2 2"), most=2),
    ),
    "conv_transpose3d": (
        lambda x, w: mx.conv_transpose3d(x, w, stride=2, padding=1),
        of((REAL, "m 2 3 2 1"), (REAL, "n 2 3 2 1"), most=2),
    ),
    **{
        f"{name}, {part}": ((lambda f, p: lambda x: getattr(mx, p)(f(x)))(getattr(fft, name), part), arguments)
        for name, arguments in {
            "fft": ANY,
            "ifft": ANY,
            "fft2": ANY,
            "ifft2": ANY,
            "fftn": each(GENERIC, "2 n 3"),
            "rfft": ANY,
            "rfft2": ANY,
            "rfftn": each(GENERIC, "2 n 3"),
        }.items()
        for part in ("real", "imag", "abs")
    },
    "rfft of n": (lambda x: mx.imag(fft.rfft(x, 3)), each(GENERIC, "m 5")),
    "rfft of larger n": (lambda x: mx.imag(fft.rfft(x, 6)), each(GENERIC, "m 3")),
    "rfft of axis 0": (lambda x: mx.real(fft.rfft(x, axis=0)), ANY),
    "irfft": (lambda x: fft.irfft(x), each(GENERIC, least=2)),
    "irfft of n": (lambda x: fft.irfft(x, 5), each(GENERIC, "m 3")),
    "irfft2": (lambda x: fft.irfft2(x), each(GENERIC, least=2)),
    "irfftn of two": (lambda x, y: fft.irfftn(x + 1j * y), of((GENERIC, "m 3"), (GENERIC, "m 3"))),
    "irfft of complex": (lambda x, y: fft.irfft(x + 1j * y), of((GENERIC, "m 3"), (GENERIC, "m 3"))),
    "fftshift": (lambda x: fft.fftshift(x), ANY),
    "linalg.norm": (la.norm, each(GENERIC)),
    **{
        f"linalg.norm {order} of rows": ((lambda o: lambda x: la.norm(x, o, axis=1))(order), each(GENERIC))
        for order in (1, 2, 3, 0.5, float("inf"), float("-inf"))
    },
    **{
        f"linalg.norm {order} of matrices": (
            (lambda o: lambda x: la.norm(x, o, axis=(0, 1)))(order),
            each(GENERIC, least=2),
        )
        for order in (1, -1, 2, -2, "fro", "nuc", float("inf"))
    },
    "linalg.inv": (la.inv, matrices(regular)),
    "linalg.det": (la.det, matrices(regular)),
    "linalg.slogdet": (lambda A: la.slogdet(A)[1], matrices(regular)),
    "linalg.solve": (la.solve, matrices(regular, "n k")),
    "linalg.solve of a vector": (la.solve, matrices(regular, "n")),
    "linalg.tri_inv": (la.tri_inv, matrices(triangular)),
    "linalg.solve_triangular": (la.solve_triangular, matrices(lambda rng, n: triangular(rng, n).T, "n k")),
    "linalg.cholesky": (lambda A: la.cholesky(A), matrices(definite), DEFINITE),
    "linalg.cholesky, upper": (lambda A: la.cholesky(A, upper=True), matrices(definite), DEFINITE),
    "linalg.cholesky_inv": (lambda L: la.cholesky_inv(L), matrices(triangular)),
    "linalg.pinv": (la.pinv, each(GENERIC, "3 2")),
    "linalg.svd": (lambda A: la.svd(A, compute_uv=False), each(GENERIC, "3 2")),
    "linalg.qr": (lambda A: mx.abs(la.qr(A)[1]), each(GENERIC, "3 2")),
    "linalg.eigh": (lambda A: la.eigh(A)[0], matrices(symmetric), SYMMETRIC),
    "linalg.eigvalsh": (lambda A: la.eigvalsh(A), matrices(symmetric), SYMMETRIC),
    "linalg.eigh, projection": (
        lambda A: (lambda v: v[:, :1] @ v[:, :1].T)(la.eigh(A)[1]),
        matrices(symmetric),
        SYMMETRIC,
    ),
    "linalg.eigvals": (lambda A: mx.abs(la.eigvals(A)), matrices(regular)),
    "linalg.lu": (lambda A: la.lu(A)[2], matrices(regular)),
    "linalg.cross": (la.cross, of((REAL, "m 3"), (REAL, "m 3"))),
    "linalg.cross of 2": (la.cross, of((REAL, "m 2"), (REAL, "m 2"))),
    "fast.rms_norm": (lambda x, w: fast.rms_norm(x, w, 1e-3), of((REAL, "m n"), (REAL, "n"))),
    "fast.layer_norm": (
        lambda x, w, b: fast.layer_norm(x, w, b, 1e-3),
        of((REAL, "m n"), (REAL, "n"), (REAL, "n"), least=2),
    ),
    "fast.layer_norm without weights": (lambda x: fast.layer_norm(x, None, None, 1e-3), each(REAL, least=2)),
    **{
        f"fast.rope, {how}": (
            (lambda o: lambda x: fast.rope(x, scale=0.7, offset=3, base=100.0, **o))(options),
            each(REAL, "2 m 6", most=3),
        )
        for how, options in {
            "traditional": {"dims": 6, "traditional": True},
            "halves": {"dims": 6, "traditional": False},
            "part": {"dims": 4, "traditional": False},
            "part, traditional": {"dims": 4, "traditional": True},
        }.items()
    },
    "fast.rope of frequencies": (
        lambda x: fast.rope(x, 4, traditional=False, base=None, scale=1.0, offset=2, freqs=mx.array([1.0, 3.0])),
        each(REAL, "2 m 4", most=3),
    ),
    "fast.scaled_dot_product_attention": (
        lambda q, k, v: fast.scaled_dot_product_attention(q, k, v, scale=0.7),
        of((GENERIC, "1 2 m n"), (GENERIC, "1 2 k n"), (GENERIC, "1 2 k 3"), most=3),
    ),
    "fast.scaled_dot_product_attention, causal": (
        lambda q, k, v: fast.scaled_dot_product_attention(q, k, v, scale=0.7, mask="causal"),
        of((GENERIC, "1 2 m n"), (GENERIC, "1 2 m n"), (GENERIC, "1 2 m 3"), most=3),
    ),
    "fast.scaled_dot_product_attention of a mask": (
        lambda q, k, v, m: fast.scaled_dot_product_attention(q, k, v, scale=0.7, mask=m),
        of((GENERIC, "1 4 m n"), (GENERIC, "1 2 k n"), (GENERIC, "1 2 k 3"), (GENERIC, "m k"), most=3),
    ),
    **named(
        nn,
        """
        celu elu gelu gelu_approx gelu_fast_approx hard_shrink hard_tanh hardswish leaky_relu log_sigmoid
        mish relu relu2 relu6 selu sigmoid silu softmax softmin softplus softshrink softsign tanh
        """,
        ANY,
        "nn.",
    ),
    "nn.celu 2": (lambda x: nn.celu(x, 2.0), ANY),
    "nn.elu 2": (lambda x: nn.elu(x, 2.0), ANY),
    "nn.elu of large x": (lambda x: nn.elu(x), each(between(80.0, 120.0), "n")),
    "nn.selu of large x": (lambda x: nn.selu(x), each(between(80.0, 120.0), "n")),
    "nn.log_softmax": (lambda x: nn.log_softmax(x), each(REAL, "m n", least=2)),
    "nn.log_softmax of one": (lambda x: nn.log_softmax(x), each(REAL, "1 1")),
    "nn.glu": (nn.glu, each(REAL, "m 4")),
    "nn.prelu": (nn.prelu, of((GENERIC, "m n"), (between(0.1, 1.0), "n"))),
    "nn.AvgPool2d": (nn.AvgPool2d(2, 1, 1), IMAGES),
    "nn.MaxPool2d": (nn.MaxPool2d(2, 1), IMAGES),
    "nn.MaxPool2d of steps": (nn.MaxPool2d(3, 2, 1), IMAGES),
    "nn.MaxPool1d": (nn.MaxPool1d(2, 2), each(GENERIC, "m 5 2", most=3)),
    "nn.Upsample, linear": (nn.Upsample((2.0, 1.5), mode="linear"), each(GENERIC, "1 3 4 2")),
    "nn.Upsample, cubic": (nn.Upsample((2.0, 1.5), mode="cubic"), each(GENERIC, "1 3 4 2")),
    "nn.Upsample, cubic aligned": (
        nn.Upsample((2.0, 1.5), mode="cubic", align_corners=True),
        each(GENERIC, "1 3 4 2"),
    ),
    "nn.Upsample, nearest": (nn.Upsample((2.0, 1.5)), each(GENERIC, "1 3 4 2")),
    "nn.BatchNorm": (lambda x: nn.BatchNorm(2)(x), each(GENERIC, "m 2", least=2)),
    "nn.GroupNorm": (nn.GroupNorm(2, 4), each(GENERIC, "m 3 4")),
    "nn.GroupNorm, pytorch": (nn.GroupNorm(2, 4, pytorch_compatible=True), each(GENERIC, "m 3 4")),
    "nn.InstanceNorm": (nn.InstanceNorm(2), each(GENERIC, "m 3 2")),
    "nn.ALiBi": (
        lambda q: mx.softmax(nn.ALiBi()(q), axis=-1),
        each(GENERIC, "1 2 m n"),
    ),
    **named(losses, "mse_loss l1_loss smooth_l1_loss huber_loss log_cosh_loss", PAIR, "losses."),
    "losses.hinge_loss": (lambda x, y: losses.hinge_loss(x, y), of((GENERIC, "m n"), (GENERIC, "m n"))),
    "losses.cosine_similarity_loss": (losses.cosine_similarity_loss, of((GENERIC, "m n"), (GENERIC, "m n"))),
    "losses.cross_entropy": (lambda x: losses.cross_entropy(x, mx.arange(len(x)) % x.shape[1]), ANY),
    "losses.cross_entropy of shares": (
        lambda x, y: losses.cross_entropy(x, mx.softmax(y, axis=-1)),
        of((GENERIC, "m n"), (GENERIC, "m n")),
    ),
    "losses.cross_entropy, smoothed": (
        lambda x: losses.cross_entropy(x, mx.arange(len(x)) % x.shape[1], label_smoothing=0.2),
        ANY,
    ),
    "losses.binary_cross_entropy": (losses.binary_cross_entropy, of((REAL, "m n"), (UNIT, "m n"))),
    "losses.binary_cross_entropy of shares": (
        lambda x, y: losses.binary_cross_entropy(x, y, with_logits=False),
        of((between(0.05, 0.95), "m n"), (UNIT, "m n")),
    ),
    "losses.kl_div_loss": (losses.kl_div_loss, of((GENERIC, "m n"), (GENERIC, "m n"))),
    "losses.gaussian_nll_loss": (
        losses.gaussian_nll_loss,
        of((GENERIC, "m n"), (GENERIC, "m n"), (between(0.1, 2.0), "m n")),
    ),
    "losses.margin_ranking_loss": (
        lambda x, y: losses.margin_ranking_loss(x, y, mx.ones(x.shape), 0.3),
        of((GENERIC, "n"), (GENERIC, "n")),
    ),
    "losses.triplet_loss": (losses.triplet_loss, of((GENERIC, "m n"), (GENERIC, "m n"), (GENERIC, "m n"))),
}
INDICES = "documented: write stop_gradient around the indices"
KNOWN = {
    **{name: {"WrongGradient": FOUND} for name in ("log2", "log10")},
    **{name: {"NotFinite": FOUND} for name in ("nn.elu of large x", "nn.selu of large x")},
    **{
        name: {"NotFinite": FOUND}
        | dict.fromkeys(("WrongGradient", "WrongAtKink"), "exp(x) - 1 in float32 is a staircase near 0")
        for name in ("nn.elu", "nn.elu 2", "nn.selu")
    },
    "nn.gelu": {"WrongGradient": "the value is 0 below -5.5 in float32, the gradient is not"},
    **{name: {"WrongGradient": FOUND, "WrongAtKink": FOUND} for name in ("nn.celu", "nn.celu 2")},
    "pad of value": {"Crashed": FOUND},
    "take_along_axis": {"Raised": INDICES},
    "linalg.solve": {"Raised": INDICES},
    "linalg.solve of a vector": {"Raised": INDICES},
    **{
        name: {"NoDerivative": "MLX says that it is not implemented"}
        for name in [
            *(f"at {how}" for how in ("multiply", "multiply, repeated", "divide", "divide, repeated")),
            *(f"linalg.norm {order} of matrices" for order in (2, -2, "nuc")),
            *(f"linalg.{name}" for name in ("inv", "tri_inv", "solve_triangular", "cholesky", "cholesky, upper")),
            *(f"linalg.{name}" for name in ("cholesky_inv", "pinv", "svd", "qr", "eigh", "eigvalsh", "eigvals", "lu")),
            *("linalg.eigh, projection", "segmented_mm"),
        ]
    },
    **{
        f"logcumsumexp{how}": {"NotLinear": "computed with logarithms of the cotangent, in the precision of float32"}
        for how in (" of axis 0", " of axis -1", ", reverse")
    },
    **{
        f"{name}, {how}": {"Inconclusive": "the first values are infinite"}
        for name in ("cummax", "cummin", "logcumsumexp")
        for how in ("exclusive", "reverse and exclusive")
    },
    "nn.log_softmax of one": {"Crashed": "the value of one entry is a segmentation fault, also in float32"},
}
# float64 has the precision of float32 in several functions, such as exp and sin
SINGLE = {"tolerance": 1e-5, "resolution": 1e-2, "float32": False}
ROWS = {
    name: (
        single(f) if "conv" in name else f,
        arguments,
        {**dict(*options), **({} if name in {"log2", "log10"} else SINGLE)},
    )
    for name, (f, arguments, *options) in TABLE.items()
}
TARGETS = targets(ROWS, pair, KNOWN)

"""Builtin functions of NVIDIA Warp on the CPU, in float64. The first run compiles them, which takes a minute."""

import importlib.util
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import warp as wp

from tests.hunts.draws import *

LIBRARIES = ["warp-lang", "numpy"]
FOUND = "see docs/found/warp.md"
wp.config.quiet = True

# {kind of value: (its constructor, its number of entries)}
KINDS = {
    "s": ("{}", 1),
    "v2": ("wp.vec2d({})", 2),
    "v3": ("wp.vec3d({})", 3),
    "v4": ("wp.vec4d({})", 4),
    "m2": ("wp.mat22d({})", 4),
    "m3": ("wp.mat33d({})", 9),
    "m4": ("wp.mat44d({})", 16),
    "q": ("wp.quatd({})", 4),
    "t": ("wp.transformd(wp.vec3d({}, {}, {}), wp.quatd({}, {}, {}, {}))", 7),
    "w": ("wp.spatial_vectord({})", 6),
}


# {name: (expression of a, b, c, d; kinds of arguments; kind of the value; how x is drawn)}
REALS = "abs cos sin tan atan cosh sinh tanh exp erf erfc cbrt degrees radians"
TABLE = {
    **{name: (f"wp.{name}(a)", "s", "s", REAL) for name in REALS.split()},
    **{name: (f"wp.{name}(a)", "s", "s", POSITIVE) for name in ["log", "log2", "log10", "sqrt"]},
    **{name: (f"wp.{name}(a)", "s", "s", OPEN) for name in ["acos", "asin", "erfinv"]},
    "erfcinv": ("wp.erfcinv(a)", "s", "s", between(0.05, 1.95)),
    **{
        name: (f"wp.{name}(a, b)", "s s", "s", GENERIC)
        for name in ["min", "max", "atan2", "mul", "add", "sub", "copysign"]
    },
    **{name: (f"wp.{name}(a, b)", "s s", "s", between(0.2, 3.0)) for name in ["div", "pow", "mod"]},
    "mod of negative": ("wp.mod(a, -b)", "s s", "s", between(0.2, 3.0)),
    "%": ("a % b", "s s", "s", between(0.2, 3.0)),
    "**": ("a ** b", "s s", "s", between(0.2, 3.0)),
    "clamp": ("wp.clamp(a, b, c)", "s s s", "s", GENERIC),
    "lerp": ("wp.lerp(a, b, c)", "s s s", "s", GENERIC),
    "lerp of vectors": ("wp.lerp(a, b, c)", "v3 v3 s", "v3", GENERIC),
    "lerp of matrices": ("wp.lerp(a, b, c)", "m2 m2 s", "m2", GENERIC),
    "lerp of quaternions": ("wp.lerp(a, b, c)", "q q s", "q", GENERIC),
    "lerp of transforms": ("wp.lerp(a, b, c)", "t t s", "t", GENERIC),
    "smoothstep": ("wp.smoothstep(a, b, c)", "s s s", "s", GENERIC),
    "where": ("wp.where(a > b, a, b)", "s s", "s", GENERIC),
    **{
        f"{name} of v{n}": (f"wp.{name}(a)", f"v{n}", "s", GENERIC)
        for n in (2, 3, 4)
        for name in ("length", "length_sq")
    },
    **{f"normalize of v{n}": ("wp.normalize(a)", f"v{n}", f"v{n}", GENERIC) for n in (2, 3, 4)},
    "normalize of quaternions": ("wp.normalize(a)", "q", "q", GENERIC),
    "length of quaternions": ("wp.length(a)", "q", "s", GENERIC),
    "length_sq of quaternions": ("wp.length_sq(a)", "q", "s", GENERIC),
    "dot": ("wp.dot(a, b)", "v3 v3", "s", GENERIC),
    "dot of quaternions": ("wp.dot(a, b)", "q q", "s", GENERIC),
    "ddot": ("wp.ddot(a, b)", "m3 m3", "s", GENERIC),
    "cross": ("wp.cross(a, b)", "v3 v3", "v3", GENERIC),
    "outer": ("wp.outer(a, b)", "v3 v2", "m32", GENERIC),
    "skew": ("wp.skew(a)", "v3", "m3", GENERIC),
    "cw_mul": ("wp.cw_mul(a, b)", "v3 v3", "v3", GENERIC),
    "cw_div": ("wp.cw_div(a, b)", "v3 v3", "v3", between(0.2, 3.0)),
    "cw_mul of matrices": ("wp.cw_mul(a, b)", "m3 m3", "m3", GENERIC),
    "cw_div of matrices": ("wp.cw_div(a, b)", "m3 m3", "m3", between(0.2, 3.0)),
    "min of entries": ("wp.min(a)", "v3", "s", GENERIC),
    "max of entries": ("wp.max(a)", "v3", "s", GENERIC),
    "min of vectors": ("wp.min(a, b)", "v3 v3", "v3", GENERIC),
    "max of vectors": ("wp.max(a, b)", "v3 v3", "v3", GENERIC),
    "abs of vectors": ("wp.abs(a)", "v3", "v3", GENERIC),
    "vector over number": ("a / b", "v3 s", "v3", between(0.2, 3.0)),
    "number over vector": ("b / a", "v3 s", "v3", between(0.2, 3.0)),
    "matrix over number": ("a / b", "m3 s", "m3", between(0.2, 3.0)),
    "number over matrix": ("b / a", "m3 s", "m3", between(0.2, 3.0)),
    "quaternion over number": ("a / b", "q s", "q", between(0.2, 3.0)),
    "number over quaternion": ("b / a", "q s", "q", between(0.2, 3.0)),
    "quaternion times number": ("a * b", "q s", "q", GENERIC),
    "matrix times vector": ("a * b", "m3 v3", "v3", GENERIC),
    "vector times matrix": ("b * a", "m3 v3", "v3", GENERIC),
    "matrix times matrix": ("a * b", "m3 m3", "m3", GENERIC),
    "matrix times number": ("a * b", "m3 s", "m3", GENERIC),
    **{
        f"{name} of m{n}": (f"wp.{name}(a)", f"m{n}", kind.format(n), GENERIC)
        for n in (2, 3, 4)
        for name, kind in {
            "determinant": "s",
            "inverse": "m{}",
            "trace": "s",
            "transpose": "m{}",
            "get_diag": "v{}",
        }.items()
    },
    "diag": ("wp.diag(a)", "v3", "m3", GENERIC),
    "quat_inverse": ("wp.quat_inverse(a)", "q", "q", GENERIC),
    "quat product": ("a * b", "q q", "q", GENERIC),
    "quat_rotate": ("wp.quat_rotate(a, b)", "q v3", "v3", GENERIC),
    "quat_rotate_inv": ("wp.quat_rotate_inv(a, b)", "q v3", "v3", GENERIC),
    "quat_from_axis_angle": ("wp.quat_from_axis_angle(a, b)", "v3 s", "q", GENERIC),
    "quat_to_axis_angle, axis": ("wp.quat_to_axis_angle_1(a)", "q", "v3", GENERIC),
    "quat_to_matrix": ("wp.quat_to_matrix(a)", "q", "m3", GENERIC),
    "quat_to_matrix of unit": ("wp.quat_to_matrix(wp.normalize(a))", "q", "m3", GENERIC),
    "quat_from_matrix": ("wp.quat_from_matrix(wp.quat_to_matrix(wp.normalize(a)))", "q", "q", GENERIC),
    "quat_from_matrix of any": ("wp.quat_from_matrix(a)", "m3", "q", GENERIC),
    "quat_rpy": ("wp.quat_rpy(a, b, c)", "s s s", "q", GENERIC),
    "quat_slerp": ("wp.quat_slerp(a, b, c)", "q q s", "q", GENERIC),
    "quat_slerp of unit": ("wp.quat_slerp(wp.normalize(a), wp.normalize(b), c)", "q q s", "q", GENERIC),
    "transform_inverse": ("wp.transform_inverse(a)", "t", "t", GENERIC),
    "transform_multiply": ("wp.transform_multiply(a, b)", "t t", "t", GENERIC),
    "transform product": ("a * b", "t t", "t", GENERIC),
    "transform_point": ("wp.transform_point(a, b)", "t v3", "v3", GENERIC),
    "transform_vector": ("wp.transform_vector(a, b)", "t v3", "v3", GENERIC),
    "transform_point of a matrix": ("wp.transform_point(a, b)", "m4 v3", "v3", GENERIC),
    "transform_vector of a matrix": ("wp.transform_vector(a, b)", "m4 v3", "v3", GENERIC),
    "transform_to_matrix": ("wp.transform_to_matrix(a)", "t", "m4", GENERIC),
    "transform_from_matrix": ("wp.transform_from_matrix(wp.transform_to_matrix(a))", "t", "t", GENERIC),
    "transform_compose": ("wp.transform_compose(a, b, c)", "v3 q v3", "m4", GENERIC),
    "transform times number": ("a * b", "t s", "t", GENERIC),
    "transform_get_translation": ("wp.transform_get_translation(a)", "t", "v3", GENERIC),
    "transform_get_rotation": ("wp.transform_get_rotation(a)", "t", "q", GENERIC),
    "spatial_dot": ("wp.spatial_dot(a, b)", "w w", "s", GENERIC),
    "spatial_cross": ("wp.spatial_cross(a, b)", "w w", "w", GENERIC),
    "spatial_cross_dual": ("wp.spatial_cross_dual(a, b)", "w w", "w", GENERIC),
    "spatial_top": ("wp.spatial_top(a)", "w", "v3", GENERIC),
    "spatial_bottom": ("wp.spatial_bottom(a)", "w", "v3", GENERIC),
    "svd3, values": ("svd3_1(a)", "m3", "v3", GENERIC),
    "svd3, product": ("svd3_0(a)", "m3", "m3", GENERIC),
    "svd2, values": ("svd2_1(a)", "m2", "v2", GENERIC),
    "svd2, product": ("svd2_0(a)", "m2", "m2", GENERIC),
    "qr3, R": ("qr3_1(a)", "m3", "m3", GENERIC),
    "qr3, Q": ("qr3_0(a)", "m3", "m3", GENERIC),
    "eig3, values": ("eig3_1(a * wp.transpose(a))", "m3", "v3", GENERIC),
    "eig3, projection": ("eig3_0(a * wp.transpose(a))", "m3", "m3", GENERIC),
    "transform_decompose, scale": ("decompose_2(wp.transform_compose(a, b, c))", "v3 q v3", "v3", between(0.3, 2.0)),
    "transform_decompose, rotation": ("decompose_1(wp.transform_compose(a, b, c))", "v3 q v3", "q", between(0.3, 2.0)),
    "expression": ("wp.pow(wp.sin(a), wp.float64(2.0)) * wp.exp(-b * b)", "s s", "s", GENERIC),
    "loop": ("looped(a, b)", "s s", "s", GENERIC),
}
HELPERS = """
import warp as wp

mat32d = wp.types.matrix(shape=(3, 2), dtype=wp.float64)


@wp.func
def svd3_1(a: wp.mat33d):
    u, s, v = wp.svd3(a)
    return s


@wp.func
def svd3_0(a: wp.mat33d):
    u, s, v = wp.svd3(a)
    return u * wp.transpose(v)


@wp.func
def svd2_1(a: wp.mat22d):
    u, s, v = wp.svd2(a)
    return s


@wp.func
def svd2_0(a: wp.mat22d):
    u, s, v = wp.svd2(a)
    return u * wp.transpose(v)


@wp.func
def qr3_0(a: wp.mat33d):
    q, r = wp.qr3(a)
    return q


@wp.func
def qr3_1(a: wp.mat33d):
    q, r = wp.qr3(a)
    return r


@wp.func
def eig3_0(a: wp.mat33d):
    q, d = wp.eig3(a)
    return q * wp.diag(wp.cw_mul(d, d)) * wp.transpose(q)


@wp.func
def eig3_1(a: wp.mat33d):
    q, d = wp.eig3(a)
    return d


@wp.func
def axis_angle(a: wp.quatd):
    axis, angle = wp.quat_to_axis_angle(a)
    return axis * angle


@wp.func
def decompose_1(a: wp.mat44d):
    p, q, s = wp.transform_decompose(a)
    return q


@wp.func
def decompose_2(a: wp.mat44d):
    p, q, s = wp.transform_decompose(a)
    return s


@wp.func
def looped(a: wp.float64, b: wp.float64):
    s = wp.float64(0.0)
    for i in range(3):
        s += a * wp.cos(b * wp.float64(i))
    return s
"""


def source(i, expression, kinds, kind):
    lines, at = [], 0
    for letter, one in zip("abcd", kinds.split(), strict=False):
        form, n = KINDS[one]
        entries = [f"x[{at + j}]" for j in range(n)]
        made = form.format(*entries) if one == "t" else form.format(", ".join(entries))
        lines.append(f"    {letter} = {made}")
        at += n
    lines.append(f"    r = {expression}")
    if kind == "s":
        lines.append("    out[0] = r")
    elif kind[0] == "m":
        rows, columns = int(kind[1]), int(kind[-1])
        lines += [f"    out[{columns * k + j}] = r[{k}, {j}]" for k in range(rows) for j in range(columns)]
    else:
        lines += [f"    out[{j}] = r[{j}]" for j in range(KINDS[kind][1])]
    arrays = "x: wp.array(dtype=wp.float64), out: wp.array(dtype=wp.float64)"
    return "\n".join(["", "", "@wp.kernel", f"def k{i}({arrays}):", *lines])


def size(kind):
    return int(kind[1]) * int(kind[2]) if len(kind) == 3 else KINDS[kind][1]


TABLE["quat_to_axis_angle, axis"] = ("axis_angle(a)", "q", "v3", GENERIC)
path = Path(mkdtemp()) / "builtins_of_warp.py"
path.write_text(HELPERS + "".join([source(i, *row[:3]) for i, row in enumerate(TABLE.values())]) + "\n")
found = importlib.util.spec_from_file_location("builtins_of_warp", path)
kernels = importlib.util.module_from_spec(found)
found.loader.exec_module(kernels)
wp.load_module(kernels, device="cpu")


def pair(kernel, n):
    """The values of a kernel, and the gradients of a tape, as functions of NumPy arrays."""

    def run(x):
        x = wp.array(np.array(x, np.float64), dtype=wp.float64, device="cpu", requires_grad=True)
        out = wp.zeros(n, dtype=wp.float64, device="cpu", requires_grad=True)
        wp.launch(kernel, dim=1, inputs=[x], outputs=[out], device="cpu")
        return x, out

    def f(x):
        return run(x)[1].numpy().astype(x.dtype)

    def vjp(args, dA):
        with wp.Tape() as tape:
            x, out = run(args[0])
        tape.backward(grads={out: wp.array(np.array(dA, np.float64), dtype=wp.float64, device="cpu")})
        return [x.grad.numpy().astype(args[0].dtype)]

    return f, vjp


def entries(kinds):
    return str(sum(map(size, kinds.split())))


NO_TERM = {"WrongGradient": FOUND}
KNOWN = {
    "mod": NO_TERM,
    "mod of negative": NO_TERM,
    "%": NO_TERM,
}
TARGETS = [
    Target(name, pair(getattr(kernels, f"k{i}"), size(kind)), each(fill, entries(kinds)), known=KNOWN.get(name))
    for i, (name, (_, kinds, kind, fill)) in enumerate(TABLE.items())
]

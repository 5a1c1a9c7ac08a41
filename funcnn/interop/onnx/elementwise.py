"""Elementwise operations of programs, and reductions, in operators of ONNX."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import spox.opset.ai.onnx.v17 as op
import spox.opset.ai.onnx.v18 as later

from funcnn.errors import KindError
from funcnn.interop.onnx.values import Var, as_dtype, constant, dtype_of

DType = np.dtype[Any]


def elementwise(name: str, args: Sequence[Var], dtype: DType) -> Var:
    """The operation of this name, computed in the dtype in which NumPy computes it"""
    if name == "astype":
        return as_dtype(args[0], dtype)
    if name == "where":
        return _where(args[0], args[1], args[2], dtype)
    inside = np.result_type(*map(dtype_of, args)) if dtype.kind == "b" else dtype
    if inside.kind == "b" and name in OF_BOOLS:
        return OF_BOOLS[name](*args)
    if inside.kind == "b":  # numbers of bools: ONNX has no arithmetic of them
        inside = np.dtype(np.int32)
    return as_dtype(OPERATORS[name](*[as_dtype(a, inside) for a in args]), dtype)


def as_number(x: Var) -> Var:
    """x, as whole numbers if it has bools"""
    return as_dtype(x, np.dtype(np.int32)) if dtype_of(x).kind == "b" else x


def _where(condition: Var, a: Var, b: Var, dtype: DType) -> Var:
    inside = np.dtype(np.uint8) if dtype.kind == "b" else dtype
    made = op.where(as_dtype(condition, np.dtype(bool)), as_dtype(a, inside), as_dtype(b, inside))
    return as_dtype(made, dtype)


def reduced(name: str, x: Var, axes: Sequence[int], dtype: DType) -> Var:
    """sum, maximum_of, minimum_of or product_of, without these axes"""
    if not axes:
        return as_dtype(x, dtype)
    wide = np.dtype(np.int64)
    x = as_dtype(x, wide if dtype.kind in "bu" else dtype)
    return as_dtype(REDUCTIONS[name](x, list(axes)), dtype)


def _expm1(x: Var) -> Var:
    """tanh(x / 2) (e^x + 1), which equals e^x - 1 and keeps its digits near 0"""
    half, one = constant(0.5, x), constant(1, x)
    return op.mul(op.tanh(op.mul(x, half)), op.add(op.exp(x), one))


def _log1p(x: Var) -> Var:
    """log(u) x / (u - 1) for u = 1 + x: the second factor undoes the rounding of u (Goldberg 1991, theorem 4)"""
    one = constant(1, x)
    u = op.add(one, x)
    away, log = op.sub(u, one), op.log(u)
    rounded = op.where(op.equal(away, constant(0, x)), x, op.mul(log, op.div(x, away)))
    return op.where(op.equal(away, x), log, rounded)


def _remainder(a: Var, b: Var) -> Var:
    """a - b floor(a / b), with the sign of b"""
    if dtype_of(a).kind != "f":
        return op.mod(a, b)
    made, zero = op.mod(a, b, fmod=1), constant(0, a)
    is_other = op.and_(op.not_(op.equal(made, zero)), op.xor(op.less(made, zero), op.less(b, zero)))
    return op.where(is_other, op.add(made, b), made)


def _floor_divide(a: Var, b: Var) -> Var:
    """(a - remainder) / b, rounded to a whole number; a / b where b is 0"""
    made = op.div(op.sub(a, _remainder(a, b)), b)
    if dtype_of(a).kind != "f":
        return made
    whole = op.floor(op.add(made, constant(0.5, a)))
    return op.where(op.equal(b, constant(0, a)), op.div(a, b), whole)


def _arctan2(y: Var, x: Var) -> Var:
    """The angle of (x, y), from the arctangent of a quotient of at most 1"""
    zero = constant(0, x)
    wide, tall = op.abs(x), op.abs(y)
    is_tall = op.greater(tall, wide)
    long, short = op.where(is_tall, tall, wide), op.where(is_tall, wide, tall)
    small = op.atan(op.div(short, op.where(op.equal(long, zero), constant(1, x), long)))
    angle = op.where(is_tall, op.sub(constant(math.pi / 2, x), small), small)
    angle = op.where(op.less(x, zero), op.sub(constant(math.pi, x), angle), angle)
    return op.where(op.less(y, zero), op.neg(angle), angle)


def _shift(direction: str) -> Callable[[Var, Var], Var]:
    def shifted(a: Var, b: Var) -> Var:
        if dtype_of(a).kind != "u":
            raise KindError(f"a shift of {dtype_of(a)} has no operator, which takes numbers without a sign")
        return op.bit_shift(a, b, direction=direction)

    return shifted


OPERATORS: dict[str, Callable[..., Var]] = {
    "negative": op.neg,
    "absolute": op.abs,
    "sign": op.sign,
    "sqrt": op.sqrt,
    "floor": op.floor,
    "exp": op.exp,
    "expm1": _expm1,
    "log": op.log,
    "log1p": _log1p,
    "sin": op.sin,
    "cos": op.cos,
    "tanh": op.tanh,
    "arctan": op.atan,
    "arctan2": _arctan2,
    "erfc": lambda x: op.sub(constant(1, x), op.erf(x)),
    "isfinite": lambda x: op.equal(op.sub(x, x), constant(0, x)),
    "add": op.add,
    "subtract": op.sub,
    "multiply": op.mul,
    "divide": op.div,
    "power": op.pow,
    "remainder": _remainder,
    "floor_divide": _floor_divide,
    "maximum": lambda a, b: op.max([a, b]),
    "minimum": lambda a, b: op.min([a, b]),
    "equal": op.equal,
    "not_equal": lambda a, b: op.not_(op.equal(a, b)),
    "greater": op.greater,
    "greater_equal": op.greater_or_equal,
    "less": op.less,
    "less_equal": op.less_or_equal,
    "invert": later.bitwise_not,
    "bitwise_and": later.bitwise_and,
    "bitwise_or": later.bitwise_or,
    "bitwise_xor": later.bitwise_xor,
    "left_shift": _shift("LEFT"),
    "right_shift": _shift("RIGHT"),
    "matmul": op.matmul,
}
OF_BOOLS: dict[str, Callable[..., Var]] = {
    "invert": op.not_,
    "bitwise_and": op.and_,
    "bitwise_or": op.or_,
    "bitwise_xor": op.xor,
    "equal": op.equal,
    "not_equal": op.xor,
}

REDUCTIONS: dict[str, Callable[[Var, list[int]], Var]] = {
    "sum": lambda x, axes: op.reduce_sum(x, constant(np.array(axes)), keepdims=0),
    "maximum_of": lambda x, axes: op.reduce_max(x, axes=axes, keepdims=0),
    "minimum_of": lambda x, axes: op.reduce_min(x, axes=axes, keepdims=0),
    "product_of": lambda x, axes: op.reduce_prod(x, axes=axes, keepdims=0),
}

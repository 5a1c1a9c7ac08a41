"""Symbolic arrays: what happens to them is recorded, and nothing is computed."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.compilation.operations import COMPARISONS, OF_BITS, OF_BOOLS, TRUTHS
from funcnn.compilation.shapes import NUMBER, VIEWS, Operand, Shape, Shaped, raise_untraceable


def _operator(op: str, dtype: Any = None, *, is_reflected: bool = False) -> Callable[[Symbol, Operand], Symbol]:
    def apply(self: Symbol, other: Operand) -> Symbol:
        return elementwise(op, *((other, self) if is_reflected else (self, other)), dtype=dtype)

    return apply


def _unary(op: str) -> Callable[[Symbol], Symbol]:
    return lambda self: elementwise(op, self)


def _in_place(apply: Callable[[Any, Any], Symbol]) -> Callable[[Symbol, Operand], Symbol]:
    """`a += b`, which gives a new array, and leaves the old one, and views of it, as arrays that have changed.

    Scalars do not change in place: what holds the old number keeps it.
    """

    def change(self: Symbol, other: Operand) -> Symbol:
        made = apply(self, other)
        if self.shape == () and self.op not in {*VIEWS, "full", "parameter", "where"}:
            return made
        if (made.shape, made.dtype) != (self.shape, self.dtype):
            return raise_untraceable("a change in place to another shape or dtype")
        one: Any = self
        while one.op in VIEWS:
            one.is_changed, one = True, one.args[0]
        one.is_changed = True
        return made if one.args or one.op == "full" else raise_untraceable(f"a change in place of {one.op}")

    return change


class Symbol(Shaped):
    """An array whose operations are those of NumPy's arrays, recorded."""

    __slots__ = ()

    __add__, __radd__ = _operator("add"), _operator("add", is_reflected=True)
    __sub__, __rsub__ = _operator("subtract"), _operator("subtract", is_reflected=True)
    __mul__, __rmul__ = _operator("multiply"), _operator("multiply", is_reflected=True)
    __truediv__, __rtruediv__ = _operator("divide"), _operator("divide", is_reflected=True)
    __gt__, __ge__ = _operator("greater", bool), _operator("greater_equal", bool)
    __lt__, __le__ = _operator("less", bool), _operator("less_equal", bool)
    __eq__, __ne__ = _operator("equal", bool), _operator("not_equal", bool)  # type: ignore[assignment]  # an object returns a bool
    __and__, __or__ = _operator("bitwise_and"), _operator("bitwise_or")
    __xor__, __rshift__ = _operator("bitwise_xor"), _operator("right_shift")
    __iadd__, __isub__, __imul__ = map(_in_place, (operator.add, operator.sub, operator.mul))
    __itruediv__, __ipow__ = map(_in_place, (operator.truediv, operator.pow))
    __iand__, __ior__, __ixor__ = map(_in_place, (operator.and_, operator.or_, operator.xor))
    __irshift__ = _in_place(operator.rshift)
    __floordiv__, __rfloordiv__ = _operator("floor_divide"), _operator("floor_divide", is_reflected=True)
    __mod__, __rmod__ = _operator("remainder"), _operator("remainder", is_reflected=True)
    __rpow__ = _operator("power", is_reflected=True)
    __neg__, __abs__, __invert__ = map(_unary, ("negative", "absolute", "invert"))
    __hash__ = object.__hash__

    def sum(self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Symbol:  # noqa: FBT001, FBT002  as NumPy has it
        if dtype is not None or out is not None:
            return raise_untraceable("a sum with a dtype or an out")
        return reduced("sum", self, axis, keepdims)

    def max(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Symbol:  # noqa: FBT001, FBT002  as NumPy has it
        return reduced("maximum", self, axis, keepdims)

    def min(self, axis: Any = None, out: None = None, keepdims: bool = False) -> Symbol:  # noqa: FBT001, FBT002  as NumPy has it
        return reduced("minimum", self, axis, keepdims)

    def mean(self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Symbol:  # noqa: FBT001, FBT002  as NumPy has it
        total = self.sum(axis, dtype, out, keepdims)
        return total / (self.size // total.size)

    def applied(self, function: Callable[[Any], Any]) -> Symbol:
        """What a function of a number that is known before the kernel, such as a schedule, gives for this one."""
        return Symbol("applied", (self,), (), NUMBER, None, function)

    def __matmul__(self, other: Operand) -> Symbol:
        return product(self, other)

    def __pow__(self, power: Operand) -> Symbol:
        if is_number(power) and power in {-1, 0.5, 2, 3} and self.dtype.kind == "f":
            if power < 1:
                return 1.0 / self if power < 0 else elementwise("sqrt", self)
            return self * self if power == 2 else self * self * self
        return elementwise("power", self, power)


def elementwise(op: str, *args: Operand, dtype: Any = None) -> Symbol:
    """The operation on arrays and numbers, entry by entry, broadcast as NumPy does."""
    symbols = [a for a in args if isinstance(a, Symbol)]
    if all([is_step_number(a) or (is_number(a) and not isinstance(a, np.generic)) for a in args]):
        return Symbol(op, args, (), NUMBER, None)
    shape = np.broadcast_shapes(*[getattr(a, "shape", ()) for a in args])
    dtype = dtype or common_dtype(args)
    _check_kinds(op, args)
    if not any([a.features is not None for a in symbols]):
        return Symbol(op, args, shape, dtype, None)
    if not any([a.features for a in symbols]):
        return Symbol(op, args, shape, dtype, 0)
    rows = next(a.rows for a in symbols if a.features)
    features = math.prod(shape) // rows
    if not all([_broadcasts(a, shape, rows, features) for a in args]):
        shapes = " and ".join([str(getattr(a, "shape", ())) for a in args])
        constant = any([isinstance(a, np.ndarray) and a.shape[:1] == (rows,) for a in args])
        which = "; one is a constant with numbers for each row" if constant else ""
        return raise_untraceable(f"{op} of arrays {shapes}{which}")
    return Symbol(op, args, shape, dtype, features)


def _broadcasts(a: Operand, shape: Shape, rows: int, features: int) -> bool:
    """Whether each row takes its own numbers of a, or the numbers that all rows share, all of them or one."""
    own = getattr(a, "shape", ())
    if isinstance(a, Symbol) and a.op == "full":
        return True
    if isinstance(a, Symbol) and a.features:
        one = a.features == 1 and own == (rows, *[1] * (len(shape) - 1))
        return a.op != "transpose" and a.rows == rows and (own == shape or one)
    shared = (1,) * (len(shape) - len(own)) + own
    return math.prod(own) == 1 or (shape[0] == rows and shared == (1, *shape[1:]))


def _check_kinds(op: str, args: tuple[Operand, ...]) -> None:
    """Refuse what floats cannot compute: kernels hold bools and whole numbers of rows as floats."""
    rows = [a for a in args if isinstance(a, Symbol) and a.features and a.op != "words"]
    if not rows or op == "where":
        return
    has_floats = any([getattr(getattr(a, "dtype", None), "kind", "") == "f" or isinstance(a, float) for a in args])
    if any([a.dtype.kind in "iu" for a in rows]):
        others = [np.asarray(a) for a in args if not isinstance(a, Symbol)]
        if op in COMPARISONS and len(rows) == 1 and all([_is_exact(a) for a in others]):
            return
        if op in TRUTHS | OF_BITS or not has_floats:
            raise_untraceable(f"{op} of whole numbers")
    are_bools = all([getattr(a, "dtype", None) == np.dtype(bool) for a in args])
    if op in OF_BITS and not are_bools:
        raise_untraceable(f"{op} of numbers")
    if op not in TRUTHS | OF_BITS and not has_floats and not (are_bools and op in OF_BOOLS):
        raise_untraceable(f"{op} of bools")


def _is_exact(a: Any) -> bool:
    """Whether float32 holds these numbers, and all whole numbers up to them: then it compares whole numbers rightly."""
    return bool((abs(a) < LARGEST_WHOLE).all()) and np.array_equal(a.astype(np.float32), a)


LARGEST_WHOLE = 1 << 24  # beyond, float32 does not hold every whole number


def common_dtype(args: tuple[Operand, ...]) -> Any:
    """The dtype that NumPy gives the result; numbers that differ from step to step count as Python's numbers."""
    dtypes = {a.dtype for a in args if hasattr(a, "dtype") and not is_step_number(a)}
    numbers = [a for a in args if is_number(a) and not hasattr(a, "dtype")]
    if dtypes <= {np.dtype(bool)} and any(map(is_step_number, args)):
        return raise_untraceable("a state in an array of whole numbers or bools")
    return np.result_type(*dtypes, *numbers)


def is_step_number(a: Operand) -> bool:
    """Whether a is a symbolic number that differs from step to step."""
    return isinstance(a, Symbol) and a.features is None and a.dtype == NUMBER and a.shape == ()


def is_number(a: Operand) -> bool:
    """Whether a is a number that is known, of Python or of NumPy."""
    return type(a) is not Symbol and isinstance(a, int | float | np.generic)  # `isinstance` of a symbol is slow


def reduced(op: str, a: Symbol, axis: Any, keepdims: bool) -> Symbol:  # noqa: FBT001  as NumPy has it
    """The sum, maximum or minimum over the features of each row; or the sum over all rows, or over all entries."""
    axes = tuple(range(a.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted([i % max(a.ndim, 1) for i in axes]))
    has_rows = a.features and a.op != "transpose"
    is_count = op == "sum" and a.dtype.kind in "biu"
    dtype = np.dtype(np.uint64 if a.dtype.kind == "u" else np.int64) if is_count else a.dtype
    left = tuple([1 if i in axes else n for i, n in enumerate(a.shape) if i not in axes or keepdims])
    if has_rows and axes == (a.ndim - 1,) and a.ndim > 1 and a.features == a.shape[-1]:
        return Symbol(f"row {op}", (a,), left, dtype, 1)
    if has_rows and op == "sum" and axes == (0,) and a.rows == a.shape[0]:
        return Symbol("product", (None, a), left, dtype, 0)
    if has_rows and op == "sum" and 0 in axes and math.prod(left) == 1:
        return Symbol("total", (a,), left, dtype, 0)
    if has_rows and a.ndim > 2 and a.rows == a.shape[0] and axes == tuple(range(1, a.ndim)):
        return reduced(op, a.reshape(a.rows, a.features), -1, keepdims=False).reshape(left)
    each = "; kernels have it for the features of each row" if has_rows and op != "sum" else ""
    return raise_untraceable(f"the {op} of an array {a.shape} over axes {axes}{each}")


def product(a: Operand, b: Operand) -> Symbol:  # noqa: PLR0911  one for each kind of product
    """The matrix product a @ b, of rows with parameters, or of one array with another over all rows."""
    if a.dtype != b.dtype:
        return raise_untraceable(f"a product of {a.dtype} and {b.dtype}")
    by_row = [isinstance(one, Symbol) and bool(one.features) for one in (a, b)]
    if a.shape[-1:] != b.shape[max(0, len(b.shape) - 2) :][:1]:
        return raise_untraceable(f"a product of arrays {a.shape} and {b.shape}")
    if by_row == [True, False] and a.op != "transpose" and a.features == a.shape[-1] and is_known(b):
        if b.ndim == 1:
            return reduced("sum", a if is_ones(b) else a * b, -1, keepdims=False)
        return Symbol("dense", (a, b), (*a.shape[:-1], b.shape[1]), a.dtype, b.shape[1])
    if by_row == [True, True] and a.op == "transpose":
        return Symbol("product", (a.args[0], b), (a.shape[0], *b.shape[1:]), b.dtype, 0)
    if by_row == [True, True] and a.shape[1:] == (1, a.features) and b.shape[1:] == (b.features, 1):
        rows = (a.rows, a.features)
        return (a.reshape(rows) * b.reshape(rows)).sum(-1).reshape(a.rows, 1, 1)
    if by_row == [False, True] and is_ones(a) and a.shape == b.shape[:1] == (b.rows,):
        return reduced("sum", b, 0, keepdims=False)
    return raise_untraceable(f"a product of arrays {a.shape} and {b.shape}")


def is_known(a: Operand) -> bool:
    """Whether all numbers of a are known before the kernel reads rows."""
    return not isinstance(a, Symbol) or a.features is None


def is_ones(a: Operand) -> bool:
    """Whether a is made by `ones`."""
    return isinstance(a, Symbol) and a.op == "full" and a.data == 1 and not a.is_changed


_OTHERS = (
    *["contains", "delitem", "divmod", "lshift", "pos", "rand", "rdivmod", "rlshift", "rmatmul", "ror"],
    *["rrshift", "rxor", "ifloordiv", "ilshift", "imatmul", "imod"],
)
_REFUSED = {name: f"the operator {name}" for name in _OTHERS}
_REFUSED |= {"bool": "a branch that depends on numbers", "index": "an index that depends on numbers"}
_REFUSED |= dict.fromkeys(("float", "int", "complex"), "a conversion to a number of Python")
_REFUSED |= {"setitem": "an assignment to entries of an array"}
for _name, _reason in _REFUSED.items():
    setattr(Symbol, f"__{_name}__", lambda *_, reason=_reason: raise_untraceable(reason))

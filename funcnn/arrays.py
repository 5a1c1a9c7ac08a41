"""Arrays as values: recognition, ownership, equality and short descriptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

import numpy as np

from funcnn.errors import KindError
from funcnn.remedies import dtype_word, for_entries, for_kind, written

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]  # NDArray[Any] of numpy.typing, whose import takes 0.6 ms

_FLOATS = "fc"  # kinds of dtype: real floats, and complex ones for the complex-step check


def is_array(value: Any) -> bool:
    """Whether `value` is an array of a library of the array API standard, tracers included.

    Arrays of NumPy and JAX work with every rule. Of other libraries, array-api-strict is tested: verbs give its arrays
    to rules as a `StandardArray`, with the methods that the standard does not have. Keys of `jax.random` are not arrays
    here, since they hold no numbers; they are seeds.
    """
    if isinstance(value, np.ndarray):
        return True
    # The type must have the attribute: a class of arrays has it as well, and a mock has every attribute, but neither is
    # an array. The types of NumPy's scalars have it too, and are excluded.
    is_of_standard = hasattr(type(value), "__array_namespace__") and not isinstance(value, np.generic)
    return is_of_standard and (isinstance(value.dtype, np.dtype) or _holds_numbers(value))


def _holds_numbers(array: Any) -> bool:
    """Whether the dtype of an array, which is not one of NumPy's, is a dtype of the standard."""
    try:
        return bool(array.__array_namespace__().isdtype(array.dtype, ("bool", "numeric")))
    except (TypeError, NotImplementedError):  # a key of jax.random, traced or not
        return False


class Namespace(Protocol):
    """The functions that numpy and jax.numpy share; each returns an array."""

    def __getattr__(self, name: str, /) -> Callable[..., Array]: ...
    def finfo(self, dtype: Any, /) -> np.finfo[Any]: ...
    def __hash__(self) -> int: ...


def is_plain(x: Any) -> bool:
    """Whether x is an array, and not of a subclass of NumPy's, such as a matrix."""
    return type(x) is np.ndarray or (is_array(x) and not isinstance(x, np.ndarray))


def namespace(x: Any, name: str = "x", whose: str = "") -> Namespace:
    """The module that computes with arrays like `x`: `numpy`, `jax.numpy`, ...; errors call x by the name `name`."""
    if type(x) is np.ndarray:
        return _NUMPY
    if not is_plain(x):
        if not type(name) is type(whose) is str:
            raise KindError(f"namespace: name and whose must be strings, not {kind(name)} and {kind(whose)}")
        remedy = for_kind(name, x)
        if remedy and isinstance(x, np.generic) and not whose:
            remedy += f", or take the namespace of the array from which {name} was computed"
        raise KindError(f"{whose}{name} must be an array, not {kind(x)}{remedy}")
    return cast("Namespace", x.__array_namespace__())


def float_namespace(function: str, argument: str, x: Any) -> Namespace:
    """`namespace` of an array of floats in the machine's byte order, so that the result has the dtype of x."""
    if is_native_float(x):
        return _NUMPY
    if not is_plain(x):
        raise KindError(f"{function}: {argument} must be an array, not {kind(x)}{for_kind(argument, x, floats=True)}")
    xp = namespace(x)
    if not is_float(x):
        raise KindError(f"{function}: {argument} must be an array of floats, not {kind(x)}{for_entries(argument, x)}")
    if isinstance(x, np.ndarray) and not x.dtype.isnative:
        remedy = f"write {argument}.astype({x.dtype.name!r})"
        raise KindError(f"{function}: {argument} must be an array in the machine's byte order, not {kind(x)}; {remedy}")
    return xp


def is_native_float(x: Any) -> bool:
    """Whether x is a NumPy array of floats in the machine's byte order, which is the most frequent case."""
    return type(x) is np.ndarray and x.dtype in NATIVE


NATIVE = {np.dtype(letter) for letter in "efdgFDG"}
_NUMPY = cast("Namespace", np)


def check_arrays(function: str, argument: str, x: Any) -> None:
    """Check that `x` is an array, or a tuple of arrays, tuples and None."""
    if type(x) is tuple:
        for i, part in enumerate(x):
            if part is not None:
                check_arrays(function, f"{argument}[{i}]", part)
    elif type(x) is not np.ndarray:
        namespace(x, argument, f"{function}: ")


def is_float(array: Any) -> bool:
    """Whether an array holds floats: real, complex, or bfloat16, for which NumPy has no kind."""
    dtype = array.dtype
    if not hasattr(dtype, "kind"):  # of a library whose dtypes are not NumPy's
        return bool(array.__array_namespace__().isdtype(dtype, ("real floating", "complex floating")))
    return dtype.kind in _FLOATS or dtype.name == "bfloat16"


def as_array(value: Any) -> Any:
    """`value`, but a NumPy scalar as a 0-d array, since NumPy turns 0-d results into scalars."""
    return np.asarray(value) if isinstance(value, np.generic) else value


def freeze(value: Any) -> Any:
    """Set an array that the caller has just made to read-only, without a copy; scalars become arrays."""
    value = as_array(value)
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    return value


def native(array: Any) -> Any:
    """The same numbers in the byte order of this machine."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def unmapped(array: Any) -> Any:
    """A memory map as a plain array of the same memory, without reading it; any other array as it is."""
    return array.view(np.ndarray) if isinstance(array, np.memmap) else array


def owned(array: Any) -> Any:
    """A read-only array of the same numbers in the machine's byte order: the array itself, or else a copy."""
    if not isinstance(array, np.ndarray):
        return array  # arrays of JAX are immutable
    if not array.dtype.isnative:
        return freeze(native(array))
    base: Any = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return freeze(array.copy())
        base = base.base
    # The last base may be an object that is not an array; of these, only bytes is certain to be immutable.
    return array if base is None or type(base) is bytes else freeze(array.copy())


def same(a: Any, b: Any) -> bool:
    """Equality by value: dtype, shape and elements of arrays, also within tuples; NaN equals NaN.

    The result is a bool, while `a == b` of two arrays is an array or an error.
    """
    if a is b:
        return True
    if isinstance(a, tuple) and isinstance(b, tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if is_array(a) and is_array(b):
        return a.dtype == b.dtype and a.shape == b.shape and _all(_alike(a, b))
    return not (is_array(a) or is_array(b)) and bool(_alike(a, b))


def _all(truths: Any) -> bool:
    return bool(truths.__array_namespace__().all(truths))  # the standard has the function, not the method


def _alike(a: Any, b: Any) -> Any:
    return (a == b) | ((a != a) & (b != b))  # noqa: PLR0124  only NaN differs from itself


def shape_of(value: Any) -> Any:
    """A hashable value, the same for equal values: the shape of an array, "NaN" for NaN, else the value itself."""
    if is_array(value):
        return tuple(value.shape)
    if isinstance(value, tuple):
        return tuple(map(shape_of, value))
    return value if value == value else "NaN"  # noqa: PLR0124  only NaN differs from itself; its hash is its address


def kind(value: Any) -> str:
    """The kind of a value in a word or two, for messages: `list`, `int64 array`, `MaskedArray`, `the class Relu`."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if not is_array(value):
        return "None" if value is None else type(value).__name__
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
        return type(value).__name__
    return f"{dtype_word(value.dtype)} array"


def counted(n: int, one: str, many: str = "") -> str:
    """A number and what it counts: "1 row", "2 rows"; `many` is the plural, if it is not `one` with an s.

    >>> from funcnn.arrays import counted
    >>> counted(1, "row"), counted(0, "entry", "entries")
    ('1 row', '0 entries')
    """
    return f"{n} {one if n == 1 else many or f'{one}s'}"


def short(value: Any) -> str:
    """The text of a value for messages: `<f64 2x27>` for an array, `<f64 [1. 2.]>` for one of at most 6 entries.

    The text of an array does not parse as Python, so that pasting it is an error and not another value.
    """
    if is_array(value):
        name = _short_name(value.dtype)
        if isinstance(value, np.ndarray) and 0 < value.size <= 6 and value.dtype.kind in "fiub":
            return f"<{name} {np.array2string(value, precision=4, suppress_small=True)}>".replace("\n", "")
        return f"<{name} {'x'.join(map(str, value.shape))}>".replace(" >", ">")
    if isinstance(value, tuple):
        names = getattr(value, "_fields", ())  # of a NamedTuple, whose own repr has whole arrays
        parts = (
            [f"{name}={short(part)}" for name, part in zip(names, value, strict=True)] if names else map(short, value)
        )
        cls = type(value).__name__ if names else ""
        return f"{cls}({', '.join(parts)}{',' if len(value) == 1 and not names else ''})"
    if hasattr(value, "to_numpy"):  # a DataFrame: its repr is long, and some DataFrames have no len
        return f"<{type(value).__name__}>"
    if isinstance(value, list | dict | set):
        text = repr(value) if len(value) <= 8 else ""
        return text if 0 < len(text) <= 160 else f"<{type(value).__name__} of {len(value)}>"
    return written(value) if type(value) is int else repr(value)


def _short_name(dtype: Any) -> str:
    if not hasattr(dtype, "kind"):
        return str(dtype).rpartition(".")[2]
    if dtype.kind not in "biufc":
        return "bf16" if dtype.name == "bfloat16" else dtype_word(dtype)
    return f"{dtype.kind}{8 * dtype.itemsize}"


def as_dtype(values: Array, dtype: Any) -> Array:
    """The values in this dtype; an array of this dtype is not copied."""
    return values if values.dtype == dtype else values.astype(dtype)


def wide(x: Array) -> Array:
    """x as float32 if its dtype is smaller: in float16 the square of 256 and a count of 65,520 are infinite."""
    return x.astype(np.float32) if x.dtype.itemsize < 4 else x


def in_float32(f: Callable[..., Any], x: Array, *rest: Any) -> Any:
    """f(x, *rest), computed with x, and each array in rest of its dtype, made `wide`; results have the dtype of x."""
    made = f(wide(x), *[wide(a) if getattr(a, "dtype", None) == x.dtype else a for a in rest])
    return tuple([part.astype(x.dtype) for part in made]) if type(made) is tuple else made.astype(x.dtype)

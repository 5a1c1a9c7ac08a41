"""Calls with drawn arguments: valid ones, of which one or two are replaced by a value of another kind."""

import random
import re
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from inspect import isfunction
from itertools import islice
from pathlib import Path, PurePosixPath
from traceback import extract_tb
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np

from funcnn import Adam, Dense, Dropout, FuncnnError, Grads, Relu, TrainState, mlp, mse, value_and_grad
from funcnn.schedules import cosine
from funcnn.testing import GradientError, Inconclusive
from tests.kinds.remedied import wrong_remedy
from tests.kinds.rows import Row
from tests.kinds.trials import packed, spoken
from tests.kinds.wrong import WRONG

rng = np.random.default_rng(0)


def masked() -> Any:
    return np.ma.masked_array(np.ones((4, 2)), np.arange(8).reshape(4, 2) % 2 == 0)


def nested(depth: int) -> Any:
    """A tuple in a tuple in a tuple."""
    made: Any = ()
    for _ in range(depth):
        made = (made,)
    return made


NUMBERS = [0, -1, 1, 3, 2**63, 10**30, -(10**30), -0.5, 2.5, 1e300, -np.inf, np.inf, np.nan, False]
SCALARS = [np.float64(2.5), np.float32(-1), np.int64(3), np.uint8(200), np.bool_(1), np.complex128(1j), np.str_("a")]
SHAPES = [(), (0,), (3,), (4, 1), (4, 2), (0, 2), (2, 0), (2, 3, 4), (2, 4, 4, 2), (1, 1, 1, 1, 1, 1)]
DTYPES = ["float64", "float32", "float16", "complex128", "int64", "uint8", "bool", ">f8", "longdouble"]
ODD: dict[str, Callable[[], Any]] = {
    "10**400": lambda: 10**400,
    "objects": lambda: np.array([[1.0, None], ["a", 2]], object),
    "datetimes": lambda: np.array(["2020-01-01"], "M8[D]"),
    "structured": lambda: np.zeros(3, [("a", float), ("b", int)]),
    "bytes of text": lambda: np.array([b"a", b"b"]),
    "strings": lambda: np.array(["a", "bc"], np.dtypes.StringDType()),
    "matrix": lambda: np.ones((4, 2)).view(np.matrix),
    "masked": masked,
    "records": lambda: np.zeros(3, [("a", float)]).view(np.recarray),
    "read-only": lambda: np.broadcast_to(1.0, (4, 2)),
    "negative strides": lambda: np.arange(8.0).reshape(4, 2)[::-1, ::-1],
    "NaN": lambda: np.full((4, 2), np.nan),
    "infinite": lambda: np.full((4, 2), -np.inf),
    "labels": lambda: np.array([0, 1, 1, 0]),
    "labels below 0": lambda: np.array([-1, 1, 0, 7]),
    "mask": lambda: np.array([[True, False], [True, True]]),
    "pair": lambda: (np.ones((2, 3, 4)), np.ones((2, 3), bool)),
    "pair of lists": lambda: ([1.0, 2.0], [True, False]),
    "batches": lambda: [(np.ones((4, 2)), np.ones((4, 1)))],
    "lists": lambda: [[1.0, 2.0], [3.0, 4.0]],
    "ragged": lambda: [[1.0], [2.0, 3.0]],
    "nested": lambda: nested(50),
    "(None,)": lambda: (None, None),
    "()": tuple,
    "set": lambda: {1, 2},
    "bytes": lambda: b"\0",
    "memoryview": lambda: memoryview(b"abcd"),
    "empty text": str,
    "zero byte": lambda: "a\0b",
    "pattern": lambda: "**[",
    "path": lambda: PurePosixPath("nowhere/file"),
    "Fraction": lambda: Fraction(1, 3),
    "timedelta": lambda: timedelta(1),
    "range": lambda: range(3),
    "slice": lambda: slice(1),
    "...": lambda: ...,
    "NotImplemented": lambda: NotImplemented,
    "namespace": SimpleNamespace,
    "mapping": lambda: MappingProxyType({"a": 1}),
    "dict of arrays": lambda: {"a": np.ones(2)},
    "module": lambda: np,
    "dtype": lambda: np.dtype("i8"),
    "dtype of text": lambda: "float32",
    "type": lambda: int,
    "error": lambda: ValueError("a"),
    "class of errors": lambda: ValueError,
    "lambda": lambda: lambda: None,
    "lambda x": lambda: lambda x: x,
    "lambda *": lambda: lambda *_, **__: None,
    "lambda 1": lambda: lambda *_, **__: "text",
    "lambda pair": lambda: lambda *_, **__: (0.0, None),
    "partial": lambda: partial(max, 2, key=id),
    "loss": lambda: mse,
    "value_and_grad": lambda: value_and_grad,
    "gradient of mse": lambda: value_and_grad(mse),
    "schedule": lambda: cosine(0.1, 10),
    "layer": lambda: Dense(rng.normal(size=(2, 1)), np.zeros(1)),
    "layer without parameters": Relu,
    "network": lambda: mlp([2, 3, 1], seed=0),
    "networks": lambda: [mlp([2, 1], seed=0), mlp([2, 1], seed=1)],
    "Dropout": lambda: Dropout(0.5, seed=0),
    "Adam": Adam,
    "class of layers": lambda: Dense,
    "state": lambda: TrainState(mlp([2, 1], seed=0)),
    "states": lambda: [TrainState(mlp([2, 1], seed=0), step=1)],
    "gradient": lambda: Grads(mlp([2, 1], seed=0), np.ones((4, 2))),
    "generator of random numbers": lambda: np.random.default_rng(0),
    "old generator": lambda: np.random.RandomState(0),
}


def in_jax(what: str) -> Any:
    import jax

    return jax.random.key(0) if what == "key" else jax.numpy.ones((4, 2))


def in_torch() -> Any:
    import torch

    return torch.ones((4, 2))


def in_pandas(what: str) -> Any:
    import pandas as pd

    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["c", "d"]})
    return table if what == "frame" else table["a"]


OTHERS: dict[str, dict[str, Callable[[], Any]]] = {
    "jax": {"jax": lambda: in_jax("array"), "jax key": lambda: in_jax("key")},
    "torch": {"torch": in_torch},
    "pandas": {"frame": lambda: in_pandas("frame"), "series": lambda: in_pandas("series")},
}


def pool() -> dict[str, Callable[[], Any]]:
    """The values by their names, each made anew."""
    made: dict[str, Callable[[], Any]] = dict(WRONG)
    made |= {repr(number): partial(lambda n: n, number) for number in [*NUMBERS, *SCALARS]}
    made |= {f"{dtype} {shape}": partial(np.ones, shape, dtype) for dtype in DTYPES for shape in SHAPES}
    made |= ODD
    for values in OTHERS.values():
        made |= values
    return made


POOL = pool()
ABSENT = {word for library, values in OTHERS.items() for word in values if not find_spec(library)}


def calls(row: Row, n: int, seed: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """`n` calls of a row: what is replaced by what, and the arguments."""
    draw = random.Random(f"{seed} {row.name}")
    names, words = list(row.kinds), list(POOL)
    for _ in range(n if names else 0):
        places = draw.sample(names, min(len(names), draw.choice([1, 1, 2])))
        chosen = {place: draw.choice(words) for place in places}
        if ABSENT & set(chosen.values()):
            continue  # other calls are the same wherever they run
        arguments = row.values()
        for place, word in chosen.items():
            old, value = arguments[place], POOL[word]()
            is_packed = place in packed(row)  # the tuple of *losses is Python's own
            if type(old) in {tuple, list} and old and place != "cache" and (is_packed or draw.random() < 0.4):
                i = draw.randrange(len(old))  # inside, such as x in a batch (x, y)
                arguments[place], chosen[place] = type(old)([*old[:i], value, *old[i + 1 :]]), f"[{i}] {word}"
            elif not is_packed:
                arguments[place] = value
        yield f"{row.name}({', '.join([f'{place}={word}' for place, word in chosen.items()])})", arguments


def outcome(row: Row, what: str, arguments: dict[str, Any]) -> str:
    """Empty if the call gives a value, or an error of funcnn with a name that the caller knows and no wrong remedy."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            made = row.call(arguments)
            if isinstance(made, Iterator):  # a run, which computes when it is read
                list(islice(made, 2))
    except (GradientError, Inconclusive):
        return ""  # the verdict of a check
    except FuncnnError as error:
        if not any([re.match(rf"{re.escape(name)}[.:( ]", str(error)) for name in known(row, arguments)]):
            return f"{what} does not say its name: {error}"
        return wrong_remedy(row, what, arguments, error)
    except Exception as error:  # noqa: BLE001  whatever it is, it is not one of ours
        if not is_of_a_given_function(error, arguments):
            return f"{what} is a bare error: {type(error).__name__}: {error}"
    return ""


def known(row: Row, arguments: dict[str, Any]) -> frozenset[str]:
    """The names with which an error may begin: of the function, and of what it was given."""
    names = row.speaks.union(*[kind.verbs for kind in row.kinds.values()])
    for value in arguments.values():
        names |= spoken(value)
        names |= {value} if isinstance(value, str) else set()  # the name that `namespace` is given
        names |= {"forward", "value_and_grad"} if callable(value) else set()  # of a function of funcnn that is given
    return names


def is_of_a_given_function(error: Exception, arguments: dict[str, Any]) -> bool:
    """Whether a function among the arguments raised the error, or did not take what it was given."""
    inside = [frame.filename for frame in extract_tb(error.__traceback__)[2:]]  # after `outcome` and `Row.call`
    given = [value.__qualname__ for value in arguments.values() if isfunction(value)]
    refuses = isinstance(error, TypeError) and any([str(error).startswith(f"{name}() ") for name in given])
    return refuses or str(Path(__file__).parent) in [str(Path(name).parent) for name in inside]

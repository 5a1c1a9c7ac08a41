"""Error messages of records: arguments, mutable values, names; pinned word for word."""

from collections import deque
from decimal import Decimal
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest

import funcnn as nn
from funcnn import (
    Adam,
    Array,
    BatchNorm,
    ClipNorm,
    Dense,
    Elementwise,
    Embedding,
    FuncnnError,
    Grads,
    Momentum,
    Relu,
    Seed,
    evolve,
    forward,
    mse,
    namespace,
    record,
    state,
)
from funcnn.errors import FrozenError, KindError
from funcnn.layers import LeakyRelu, Recurrent, Wrapper
from funcnn.optimizers import Decay, PerArray
from funcnn.records import branches
from tests.says import assert_says

dense = Dense.init(2, 1, seed=0)
x = np.ones((3, 2))
big = x.astype(">f8")


@record
class Fields:
    W: Array = state(default=np.ones(1))
    inner: Any = ()
    rate: float = 1.0
    size: int = 1
    seed: Seed = 0


@record(kw_only=True)
class ByName:
    share: float
    width: float = 1.0


@record
class Positional:
    first: float
    second: float = attrs.field(default=1.0, kw_only=True)


class Pair(NamedTuple):
    one: Any
    other: Any


def call(function, *given, **options):
    return lambda: function(*given, **options)


def named(name):
    return lambda: record(type("Mine", (), {"__annotations__": {name: float}, "__module__": __name__}))


def made(base, annotations, **values):
    """The class Mine, as record makes it."""
    return lambda: record(
        type("Mine", base, {"__annotations__": annotations, "__module__": __name__, "__qualname__": "Made", **values})
    )


def changing(value):
    return call(Fields, inner=value)


def flat():
    """An activation without a slope."""
    return made((Elementwise,), {}, value=lambda self, x: x)()()


AN_ARRAY = "Dense: W must be an array of floats, not "
A_SEED = "Fields: seed must be an int in [0, 2**31), or a tuple of them, not "
ROWS = {
    # Classes.
    "a field without an annotation": (
        made((), {"W": Array}, seen=state(default=0)),
        KindError,
        "record: seen of Mine must have an annotation, such as seen: int",
    ),
    "a default before a field without one": (
        made((), {"rate": float, "W": Array}, rate=1.0),
        KindError,
        "record: W of Mine must have a default, since rate before it has one; put W before rate",
    ),
    "a default in the base": (
        made((LeakyRelu,), {"W": Array}),
        KindError,
        "record: W of Mine must have a default, since alpha before it has one; write @record(kw_only=True)",
    ),
    "branches in the place of a default": (
        made((), {"rate": float, "layers": tuple}, rate=1.0, layers=branches()),
        KindError,
        "record: layers of Mine must have a default, since rate before it has one; put layers before rate",
    ),
    **{
        f"a value of {cls.__name__}, which is abstract": (
            call(cls, *given),
            KindError,
            f"{cls.__name__}: {methods} must be defined in the class",
        )
        for cls, given, methods in (
            (Elementwise, (), "slope and value"),
            (Wrapper, (Relu(),), "enter"),
            (Recurrent, (1,), "back and cell"),
        )
    },
    "a value of an activation without a slope": (
        flat,
        KindError,
        "Mine: slope must be defined in the class",
    ),
    "a setting for a method": (
        made((Elementwise,), {"value": float}),
        FuncnnError,
        "record: a field of Mine must not be named value, as an attribute of Elementwise is",
    ),
    "a setting for what the cache keeps": (
        made((Elementwise,), {"keeps": str}, keeps="out"),
        FuncnnError,
        "record: a field of Mine must not be named keeps, as an attribute of Elementwise is",
    ),
    "a setting for the number of gates": (
        made((Recurrent,), {"gates": int}, gates=4),
        FuncnnError,
        "record: a field of Mine must not be named gates, as an attribute of Recurrent is",
    ),
    "a setting for what a wrapper holds": (
        made((Wrapper,), {"held": float}),
        FuncnnError,
        "record: a field of Mine must not be named held, as an attribute of Wrapper is",
    ),
    "a setting for a counter": (
        made((PerArray,), {"t": float}, t=1.0),
        FuncnnError,
        "record: a field of Mine must not be named t, as a state of PerArray is",
    ),
    # Records.
    "a field set": (
        lambda: setattr(dense, "W", x),
        FrozenError,
        "Dense: W cannot be set, since a record does not change; write evolve(record, W=...)",
    ),
    "an attribute set": (
        lambda: setattr(dense, "weights", x),
        FrozenError,
        "Dense: weights cannot be set, since a record does not change",
    ),
    "a field deleted": (
        lambda: delattr(dense, "W"),
        FrozenError,
        "Dense: W cannot be deleted, since a record does not change",
    ),
    "a layer added to a chain": (
        lambda: (dense,) + Relu(),  # noqa: RUF005  the sum is what is refused
        KindError,
        "+: the right side of a chain must be a tuple, not Relu; write net + (layer,)",
    ),
    # Arguments that do not fit the fields.
    "a rate for Adam": (
        call(Adam, 1e-3),
        KindError,
        "Adam: settings are keyword-only, got 1 positional; lr is an argument of sgd and train",
    ),
    "a rate and a momentum": (
        call(Momentum, 0.1, 0.9),
        KindError,
        "Momentum: settings are keyword-only, got 2 positional; lr is an argument of sgd and train",
    ),
    "lr for Adam": (
        call(Adam, lr=0.1),
        KindError,
        "Adam: there is no field lr; lr is an argument of sgd and train",
    ),
    "betas for Adam": (
        call(Adam, betas=(0.9, 0.99)),
        KindError,
        "Adam: there is no field betas; its fields are b1, b2, eps, memory, t",
    ),
    "a setting by position": (
        call(ByName, 0.5),
        KindError,
        "ByName: settings are keyword-only, got 1 positional; its fields are share, width",
    ),
    "no setting": (call(ByName), KindError, "ByName: share must be given; its fields are share, width"),
    "no field": (
        call(Dense, dense.W, None, bias=True),
        KindError,
        "Dense: there is no field bias; its fields are W, b",
    ),
    "a field of evolve": (
        call(evolve, dense, bias=True),
        KindError,
        "Dense: there is no field bias; its fields are W, b",
    ),
    "a setting of what has none": (
        call(Relu, alpha=0.1),
        KindError,
        "Relu: there is no field alpha; it has no fields",
    ),
    "a number for what takes none": (call(Relu, 0.1), KindError, "Relu: takes no arguments, got 1"),
    "one too many": (
        call(Dense, dense.W, None, 3),
        KindError,
        "Dense: takes at most 2 positional arguments, got 3; its fields are W, b",
    ),
    "a size in place of an array": (
        call(BatchNorm, 16),
        KindError,
        "BatchNorm: shift, mean, var must be given; write BatchNorm.init(...) for sizes",
    ),
    "two sizes in place of an array": (
        call(Embedding, 10, 3),
        KindError,
        "Embedding: takes at most 1 positional argument, got 2; write Embedding.init(...) for sizes",
    ),
    "a size, and a name of init": (
        call(Dense, 4, n_out=3),
        KindError,
        "Dense: there is no field n_out; write Dense.init(...) for sizes",
    ),
    "one too many, where others are given by name": (
        call(Positional, 1, 2),
        KindError,
        "Positional: takes at most 1 positional argument, got 2; its fields are first, second",
    ),
    "the first missing": (call(Dense, b=None), KindError, "Dense: W must be given; its fields are W, b"),
    "one missing": (call(Dense, dense.W), KindError, "Dense: b must be given; its fields are W, b"),
    "both missing": (call(Dense), KindError, "Dense: W, b must be given; its fields are W, b"),
    "dx forgotten": (call(Grads, dense), KindError, "Grads: x must be given; its fields are params, x"),
    "one twice": (
        call(Dense, dense.W, W=dense.W),
        KindError,
        "Dense: W is given twice, by position and by name",
    ),
    "no norm": (call(ClipNorm), KindError, "ClipNorm: norm must be given; its fields are norm"),
    # record itself.
    "a record of a value": (call(record, 3), KindError, "record: cls must be a class, not int"),
    "a record of a record": (call(record, Relu), KindError, "record: Relu is a record already"),
    "a word for kw_only": (
        call(record, kw_only="yes"),
        KindError,
        "record: kw_only must be True or False, not str",
    ),
    **{
        f"a field called {name}": (
            named(name),
            FuncnnError,
            f"record: a field of Mine must not be named {name}; choose another name",
        )
        for name in ("self", "attr_dict", "NOTHING", "_config", "_setattr", "_cached_setattr_get")
    },
    # Numbers.
    "True for a number": (call(Fields, rate=True), KindError, "Fields: rate must be a number, not bool"),
    "np.True_ for a number": (call(Fields, rate=np.True_), KindError, "Fields: rate must be a number, not bool"),
    "a decimal": (
        call(Fields, rate=Decimal("0.1")),
        KindError,
        "Fields: rate must be a number, not Decimal; write float(rate)",
    ),
    "a number in words": (call(Fields, rate="a half"), KindError, "Fields: rate must be a number, not str"),
    "None for a number": (call(Fields, rate=None), KindError, "Fields: rate must be a number, not None"),
    "an array of one": (call(Fields, rate=np.ones(1)), KindError, "Fields: rate must be a number, not float64 array"),
    "True for a whole number": (call(Fields, size=True), KindError, "Fields: size must be a whole number, not bool"),
    "a half for a whole number": (call(Fields, size=0.5), KindError, "Fields: size must be a whole number, not float"),
    "two, as a float": (
        call(Fields, size=2.0),
        KindError,
        "Fields: size must be a whole number, not float; write int(size)",
    ),
    "infinity for a whole number": (
        call(Fields, size=np.inf),
        KindError,
        "Fields: size must be a whole number, not float",
    ),
    # Seeds.
    "True for a seed": (call(Fields, seed=True), KindError, A_SEED + "bool"),
    "True in a seed": (call(Fields, seed=(1, True)), KindError, A_SEED + "(1, True)"),
    "True for a seed of draws": (call(Fields, seed=True), KindError, A_SEED + "bool"),
    "a float for a seed of draws": (call(Fields, seed=np.array(1.5)), KindError, A_SEED + "<f64 1.5>"),
    "an array for a seed of draws": (call(Fields, seed=np.array([1, 2])), KindError, A_SEED + "int64 array"),
    "a negative seed of draws": (call(Fields, seed=np.array(-1)), KindError, A_SEED + "<i64 -1>"),
    # Arrays.
    "a list of lists": (call(Dense, [[1.0]], None), KindError, AN_ARRAY + "list; write np.array(W, float)"),
    "a ragged list": (call(Dense, [[1.0], [1.0, 2.0]], None), KindError, AN_ARRAY + "list"),
    "a list of words": (call(Dense, [["a"]], None), KindError, AN_ARRAY + "list"),
    "a number": (call(Dense, 1.0, None), KindError, AN_ARRAY + "float; write np.array(W, float)"),
    "None": (call(Dense, None, None), KindError, AN_ARRAY + "None"),
    "True": (call(Dense, W=True, b=None), KindError, AN_ARRAY + "bool"),
    "whole numbers": (
        call(Dense, np.arange(2)[None], None),
        KindError,
        AN_ARRAY + "int64 array; write np.array(W, float)",
    ),
    "objects": (call(Dense, np.array([[None]]), None), KindError, AN_ARRAY + "object array"),
    "a masked array": (call(Dense, np.ma.masked_array(x), None), KindError, AN_ARRAY + "MaskedArray"),
    "a matrix": (
        call(Dense, np.ones((1, 1)).view(np.matrix), None),
        KindError,
        AN_ARRAY + "matrix; write np.array(W, float)",
    ),
    "whole numbers where anything may stand": (
        changing(np.arange(2)),
        KindError,
        "Fields: inner must be an array of floats, not int64 array; write np.array(inner, float)",
    ),
    # What can change.
    "a list": (changing([1]), KindError, "Fields: inner must be immutable, not list; write tuple(inner)"),
    "a list in a tuple": (
        changing(((), [1])),
        KindError,
        "Fields: inner must be immutable, not list",
    ),
    "a deque": (changing(deque()), KindError, "Fields: inner must be immutable, not deque; write tuple(inner)"),
    "a dict": (changing({}), KindError, "Fields: inner must be immutable, not dict; write tuple(inner.items())"),
    "a set": (changing({1}), KindError, "Fields: inner must be immutable, not set; write frozenset(inner)"),
    "bytes that change": (
        changing(bytearray()),
        KindError,
        "Fields: inner must be immutable, not bytearray; write bytes(inner)",
    ),
    "memory of bytes that change": (
        changing(memoryview(bytearray(2))),
        KindError,
        "Fields: inner must be immutable, not memoryview",
    ),
    "a generator": (
        changing(layer for layer in ()),
        KindError,
        "Fields: inner must be immutable, not generator; write tuple(inner)",
    ),
    "a map": (changing(map(abs, ())), KindError, "Fields: inner must be immutable, not map; write tuple(inner)"),
    "an iterator": (changing(iter(())), KindError, "Fields: inner must be immutable, not tuple_iterator"),
    "a named tuple of arrays": (
        changing(Pair(x, x)),
        KindError,
        "Fields: inner must be immutable, not Pair; write tuple(inner)",
    ),
    "a list for a state": (
        call(nn.TrainState, (), cost=[1.0]),
        KindError,
        "TrainState: cost must be immutable, not list",
    ),
    # x, at the door of a layer.
    "x in another byte order": (
        call(forward, Relu(), big),
        KindError,
        "Relu: x must be an array in the machine's byte order, not >f8 array; write x.astype('float64')",
    ),
    "x in another byte order for weights": (
        call(forward, dense, big),
        KindError,
        "Dense: x is >f8, W is float64; write x.astype('float64')",
    ),
    "out in another byte order": (
        call(mse, big, x),
        KindError,
        "mse: out must be an array in the machine's byte order, not >f8 array; write out.astype('float64')",
    ),
    "None for x": (call(forward, Relu(), None), KindError, "Relu: x must be an array, not None"),
    "a text for x": (call(forward, Relu(), "x"), KindError, "Relu: x must be an array, not str"),
    "what is no name of x": (
        call(namespace, "x", dense),
        KindError,
        "namespace: name and whose must be strings, not Dense and str",
    ),
    "a class for x": (call(forward, Relu(), np.ndarray), KindError, "Relu: x must be an array, not the class ndarray"),
    "a number for x": (
        call(forward, Relu(), 1.0),
        KindError,
        "Relu: x must be an array, not float; write np.asarray(x)",
    ),
    "texts for x": (
        call(forward, Relu(), np.array(["a"])),
        KindError,
        "Relu: x must be an array of floats, not <U1 array",
    ),
    "a setting by position of a chain": (
        call(Decay, 0.1, "*", 3),
        KindError,
        "Decay: takes at most 2 positional arguments, got 3; its fields are rate, where",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_it_says(name):
    assert_says(ROWS[name], x, big, dense)


def test_tables_of_pandas_are_refused_with_the_way_out():
    pandas = pytest.importorskip("pandas", reason="its tables are what is refused")
    table = pandas.DataFrame({"a": [1.0]})
    for given, kind in ((table, "DataFrame"), (table["a"], "Series")):
        assert_says(
            (changing(given), KindError, f"Fields: inner must be immutable, not {kind}; write inner.to_numpy()")
        )
        assert_says((call(Dense, given, None), KindError, f"{AN_ARRAY}{kind}; write W.to_numpy(float)"))
        assert_says(
            (call(forward, Relu(), given), KindError, f"Relu: x must be an array, not {kind}; write x.to_numpy()")
        )


def test_nothing_but_a_chain_refuses_a_record_behind_it_itself():
    with pytest.raises(TypeError, match="unsupported operand"):
        1.0 + Relu()


def test_the_error_of_a_change_is_an_attribute_error():
    with pytest.raises(AttributeError):
        dense.W = x


def test_branches_by_name_follow_a_default():
    cls = made((), {"rate": float, "layers": tuple}, rate=1.0, layers=branches(kw_only=True))()
    assert cls(layers=(Relu(),)).layers == (Relu(),)


def test_an_error_inside_of_a_constructor_passes_as_it_is():
    @record
    class Failing:
        size: float = 1.0

        def __attrs_post_init__(self):
            len(self.size)

    with pytest.raises(TypeError, match="has no len") as caught:
        Failing()
    assert not isinstance(caught.value, KindError)

"""Error messages of records: arguments, mutable values, names; pinned word for word."""

from collections import deque
from decimal import Decimal
from functools import partial
from typing import Any

import attrs
import numpy as np
import pytest

import funcnn as nn
from funcnn import forward, mse, namespace, record, state
from funcnn.errors import FrozenError, KindError
from funcnn.layers import LeakyRelu, Recurrent, Wrapper
from funcnn.optimizers import Decay, PerArray
from funcnn.records import branches
from tests.says import assert_says, each_row, kind_error, raises

dense = nn.Dense.init(2, 1, seed=0)
x = np.ones((3, 2))
big = x.astype(">f8")


@record
class Fields:
    W: nn.Array = state(default=np.ones(1))
    inner: Any = ()
    rate: float = 1.0
    size: int = 1
    seed: nn.Seed = 0


@record(kw_only=True)
class ByName:
    share: float
    width: float = 1.0


@record
class Positional:
    first: float
    second: float = attrs.field(default=1.0, kw_only=True)


def named(name):
    return lambda: record(type("Mine", (), {"__annotations__": {name: float}, "__module__": __name__}))


def made(base, annotations, **values):
    """The class Mine, as record makes it."""
    return lambda: record(
        type("Mine", base, {"__annotations__": annotations, "__module__": __name__, "__qualname__": "Made", **values})
    )


def changing(value):
    return lambda: Fields(inner=value)


def flat():
    """An activation without a slope."""
    return made((nn.Elementwise,), {}, value=lambda self, x: x)()()


AN_ARRAY = "Dense: W must be an array of floats, not "
A_SEED = "Fields: seed must be an int in [0, 2**31), or a tuple of them, not "
ROWS = [
    # Classes.
    kind_error(made((), {"W": nn.Array}, seen=state(default=0)))
    >> "record: seen of Mine must have an annotation, such as seen: int",
    kind_error(made((), {"rate": float, "W": nn.Array}, rate=1.0))
    >> "record: W of Mine must have a default, since rate before it has one; put W before rate",
    kind_error(made((LeakyRelu,), {"W": nn.Array}))
    >> "record: W of Mine must have a default, since alpha before it has one; write @record(kw_only=True)",
    *[
        kind_error(partial(cls, *given)) >> f"{cls.__name__}: {methods} must be defined in a subclass"
        for cls, given, methods in (
            (nn.Elementwise, (), "slope and value"),
            (Wrapper, (nn.Relu(),), "enter"),
            (Recurrent, (1,), "back and cell"),
        )
    ],
    kind_error(flat) >> "Mine: slope must be defined in the class",
    raises(nn.FuncnnError, made((nn.Elementwise,), {"value": float}))
    >> "record: a field of Mine must not be named value, as an attribute of Elementwise is; choose another name",
    raises(nn.FuncnnError, made((Wrapper,), {"held": float}))
    >> "record: a field of Mine must not be named held, as an attribute of Wrapper is; choose another name",
    raises(nn.FuncnnError, made((PerArray,), {"t": float}, t=1.0))
    >> "record: a field of Mine must not be named t, as a state of PerArray is; choose another name",
    # Records.
    raises(FrozenError, lambda: setattr(dense, "W", x))
    >> "Dense: W cannot be set, since a record does not change; write evolve(record, W=...)",
    raises(FrozenError, lambda: setattr(dense, "weights", x))
    >> "Dense: weights cannot be set, since a record does not change",
    raises(FrozenError, lambda: delattr(dense, "W")) >> "Dense: W cannot be deleted, since a record does not change",
    kind_error(lambda: (dense,) + nn.Relu())  # noqa: RUF005  the sum is what is refused
    >> "+: the right side of a chain must be a tuple, not Relu; write net + (layer,)",
    # Arguments that do not fit the fields.
    kind_error(lambda: nn.Adam(1e-3))
    >> "Adam: settings must be given by name, not by position; lr is an argument of sgd and train",
    kind_error(lambda: nn.Adam(lr=0.1)) >> "Adam: there is no field lr; lr is an argument of sgd and train",
    kind_error(lambda: nn.Adam(betas=(0.9, 0.99)))
    >> "Adam: there is no field betas; its fields are b1, b2, eps, memory, t",
    kind_error(lambda: nn.ClipNorm(max_norm=1.0)) >> "ClipNorm: there is no field max_norm; its fields are norm",
    # Keyword arguments that a function does not take.
    kind_error(lambda: nn.early_stopping([], len, patience=2, min_delta=0.1))
    >> "early_stopping: there is no argument min_delta; its arguments are run, score, patience, better, every, start, "
    "tol",
    kind_error(lambda: nn.Dense.init(4, 3, seed=0, use_bias=True))
    >> "Dense.init: there is no argument use_bias; its arguments are n_in, n_out, seed, weights, bias, dtype",
    kind_error(lambda: ByName(0.5))
    >> "ByName: settings must be given by name, not by position; its fields are share, width",
    kind_error(ByName) >> "ByName: share must be given; its fields are share, width",
    kind_error(lambda: nn.Dense(dense.W, None, bias=True)) >> "Dense: there is no field bias; its fields are W, b",
    kind_error(lambda: nn.Relu(alpha=0.1)) >> "Relu: there is no field alpha; it has no fields",
    kind_error(lambda: nn.Relu(0.1)) >> "Relu: takes no arguments, but 1 was given",
    kind_error(lambda: nn.Dense(dense.W, None, 3))
    >> "Dense: takes at most 2 positional arguments, but 3 were given; its fields are W, b",
    kind_error(lambda: nn.BatchNorm(16))
    >> "BatchNorm: shift, mean, var must be given; write BatchNorm.init(...) for sizes",
    kind_error(lambda: nn.Embedding(10, 3))
    >> "Embedding: takes at most 1 positional argument, but 2 were given; write Embedding.init(...) for sizes",
    kind_error(lambda: nn.Dense(4, n_out=3)) >> "Dense: there is no field n_out; write Dense.init(...) for sizes",
    kind_error(lambda: Positional(1, 2))
    >> "Positional: takes at most 1 positional argument, but 2 were given; its fields are first, second",
    kind_error(lambda: nn.Dense(b=None)) >> "Dense: W must be given; its fields are W, b",
    kind_error(nn.Dense) >> "Dense: W, b must be given; its fields are W, b",
    kind_error(lambda: nn.Grads(dense)) >> "Grads: x must be given; its fields are params, x",
    kind_error(lambda: nn.Dense(dense.W, W=dense.W)) >> "Dense: W is given twice, by position and by name",
    # record itself.
    kind_error(lambda: record(3)) >> "record: cls must be a class, not int",
    kind_error(lambda: record(nn.Relu)) >> "record: Relu is a record already",
    kind_error(lambda: record(kw_only="yes")) >> "record: kw_only must be True or False, not str",
    *[
        raises(nn.FuncnnError, named(name))
        >> f"record: a field of Mine must not be named {name}, a name that attrs uses; choose another name"
        for name in ("self", "attr_dict", "NOTHING", "_config", "_setattr", "_cached_setattr_get")
    ],
    # Numbers.
    kind_error(lambda: Fields(rate=True), lambda: Fields(rate=np.True_)) >> "Fields: rate must be a number, not bool",
    kind_error(lambda: Fields(rate=Decimal("0.1"))) >> "Fields: rate must be a number, not Decimal; write float(rate)",
    kind_error(lambda: Fields(size=True)) >> "Fields: size must be a whole number, not bool",
    kind_error(lambda: Fields(size=0.5)) >> "Fields: size must be a whole number, not float",
    kind_error(lambda: Fields(size=2.0)) >> "Fields: size must be a whole number, not float; write int(size)",
    # Seeds.
    kind_error(lambda: Fields(seed=(1, True))) >> A_SEED + "(1, True)",
    kind_error(lambda: Fields(seed=np.array(1.5))) >> A_SEED + "<f64 1.5>",
    kind_error(lambda: Fields(seed=np.array(-1))) >> A_SEED + "<i64 -1>",
    # Arrays.
    kind_error(lambda: nn.Dense([[1.0]], None)) >> AN_ARRAY + "list; write np.array(W, float)",
    kind_error(lambda: nn.Dense([[1.0], [1.0, 2.0]], None), lambda: nn.Dense([["a"]], None)) >> AN_ARRAY + "list",
    kind_error(lambda: nn.Dense(1.0, None)) >> AN_ARRAY + "float; write np.array(W, float)",
    kind_error(lambda: nn.Dense(np.array([[None]]), None)) >> AN_ARRAY + "object array",
    kind_error(lambda: nn.Dense(np.ma.masked_array(x), None)) >> AN_ARRAY + "MaskedArray",
    kind_error(lambda: nn.Dense(np.ones((1, 1)).view(np.matrix), None))
    >> AN_ARRAY + "matrix; write np.array(W, float)",
    # What can change.
    kind_error(changing([1]))
    >> "Fields: inner must be an immutable value, such as a tuple, not list; write tuple(inner)",
    kind_error(changing(((), [1]))) >> "Fields: inner[1] must be an immutable value, such as a tuple, not list",
    kind_error(changing(deque()))
    >> "Fields: inner must be an immutable value, such as a tuple, not deque; write tuple(inner)",
    kind_error(changing({}))
    >> "Fields: inner must be an immutable value, such as a tuple, not dict; write tuple(inner.items())",
    kind_error(changing({1}))
    >> "Fields: inner must be an immutable value, such as a tuple, not set; write frozenset(inner)",
    kind_error(changing(bytearray()))
    >> "Fields: inner must be an immutable value, such as a tuple, not bytearray; write bytes(inner)",
    kind_error(changing(layer for layer in ()))
    >> "Fields: inner must be an immutable value, such as a tuple, not generator; write tuple(inner)",
    # x, at the door of a layer.
    kind_error(lambda: forward(nn.Relu(), big))
    >> "Relu: x must be an array in the machine's byte order, not >f8 array; write x.astype('float64')",
    kind_error(lambda: forward(dense, big)) >> "Dense: x must be float64, as W is, not >f8; write x.astype('float64')",
    kind_error(lambda: mse(big, x))
    >> "mse: out must be an array in the machine's byte order, not >f8 array; write out.astype('float64')",
    kind_error(lambda: forward(nn.Relu(), None)) >> "Relu: x must be an array, not None",
    kind_error(lambda: namespace(np.float64(1), "g")) >> "g must be an array, not float64; write np.asarray(g), or "
    "take the namespace of the array from which g was computed",
    kind_error(lambda: namespace("x", dense)) >> "namespace: name and whose must be strings, not Dense and str",
    kind_error(lambda: forward(nn.Relu(), 1.0)) >> "Relu: x must be an array, not float; write np.asarray(x)",
    kind_error(lambda: forward(nn.Relu(), np.array(["a"]))) >> "Relu: x must be an array of floats, not str array",
    kind_error(lambda: Decay(0.1, "*", 3))
    >> "Decay: takes at most 2 positional arguments, but 3 were given; its fields are rate, where",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, x, big, dense)


def test_tables_of_pandas_are_refused_with_the_way_out():
    pandas = pytest.importorskip("pandas", reason="its tables are what is refused")
    table = pandas.DataFrame({"a": [1.0]})
    for given, kind in ((table, "DataFrame"), (table["a"], "Series")):
        for row in [
            kind_error(changing(given)) >> "Fields: inner must be an immutable value, such as a tuple, "
            f"not {kind}; write inner.to_numpy()",
            kind_error(partial(nn.Dense, given, None)) >> f"{AN_ARRAY}{kind}; write W.to_numpy(float)",
            kind_error(partial(forward, nn.Relu(), given))
            >> f"Relu: x must be an array, not {kind}; write x.to_numpy()",
        ]:
            assert_says(row)


def test_nothing_but_a_chain_refuses_a_record_behind_it_itself():
    with pytest.raises(TypeError, match="unsupported operand"):
        1.0 + nn.Relu()


def test_the_error_of_a_change_is_an_attribute_error():
    with pytest.raises(AttributeError):
        dense.W = x


def test_branches_by_name_follow_a_default():
    cls = made((), {"rate": float, "layers": tuple}, rate=1.0, layers=branches(kw_only=True))()
    assert cls(layers=(nn.Relu(),)).layers == (nn.Relu(),)


def test_an_error_inside_of_a_constructor_passes_as_it_is():
    @record
    class Failing:
        size: float = 1.0

        def __attrs_post_init__(self):
            len(self.size)

    with pytest.raises(TypeError, match="has no len") as caught:
        Failing()
    assert not isinstance(caught.value, KindError)

"""Records: immutable, with arrays of their own, compared by value."""

import copy
import inspect
import math
import pickle
from enum import Enum
from typing import Any, NamedTuple, Optional

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import funcnn as nn
from funcnn import Array, Dense, Relu, Seed, evolve, mse, record, state
from funcnn.arrays import owned, same, short
from funcnn.errors import KindError
from funcnn.records import borrowed, build, registry, values


@record
class Everything:
    W: Array
    b: Array | None = None
    inner: Any = ()
    blocks: tuple[Any, ...] = ()
    rate: float = 0.5
    size: int = 3
    name: str = "x"
    on: bool = True
    seen: int = state(default=0)
    seed: Seed = state(default=0)
    memory: Any = state(default=None)


def mlp_of(n):
    return nn.mlp([n, 2, n], seed=n)


arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.complex128]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    elements=st.sampled_from([0, -0.0, 1, np.nan, np.inf, -2]),
)
records = st.builds(
    Everything,
    arrays,
    st.none() | arrays,
    inner=st.just(Relu()) | st.builds(mlp_of, st.integers(1, 2)),
    blocks=st.lists(arrays, max_size=2).map(tuple).map(lambda t: (t, *t)),
    seed=st.integers(0, 9) | st.tuples(st.integers(0, 9), st.integers(0, 9)),
    memory=st.none() | arrays,
)


def rebuilt(value):
    """The same value made of other arrays."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) is tuple:
        return tuple(map(rebuilt, value))
    return build(type(value), list(map(rebuilt, values(value)))) if type(value) in nn.records.plans else value


def all_arrays(tree):
    return nn.trees.leaves(tree)


@given(records)
def test_equality_is_by_value_and_a_bool(made):
    other = rebuilt(made)
    assert (made == other) is True
    assert hash(made) == hash(other)
    assert (made != other) is False
    assert made != evolve(made, size=9)
    assert made != "a string"


@given(arrays, arrays)
def test_the_same_arrays_have_one_dtype_shape_and_content(a, b):
    expected = a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b, equal_nan=True)
    assert same(a, b) is expected
    assert (Everything(a) == Everything(b)) is expected
    if expected:
        assert hash(Everything(a)) == hash(Everything(b))


@record
class Anything:
    setting: Any = None
    kept: Any = state(default=None)


odd = st.sampled_from(
    [math.nan, -math.nan, np.float64("nan"), np.float32("nan"), complex(math.nan, 1), np.datetime64("NaT", "s")]
)
settings = st.recursive(
    odd | st.sampled_from([0.0, -0.0, 0, False, 1, True, 1.0, np.float64(1), "1", None, math.inf, mse]) | arrays,
    lambda parts: st.lists(parts, max_size=3).map(tuple),
    max_leaves=4,
)


def another(value):
    """An equal value that is not the same object, NaN included."""
    if type(value) is tuple:
        return tuple(map(another, value))
    return value if callable(value) else pickle.loads(pickle.dumps(value))


@given(settings, settings)
def test_equal_records_hash_alike(one, other):
    made = Anything(one, kept=one)
    assert Anything(another(one), kept=another(one)) == made
    for equal in (Anything(another(one), kept=another(one)), pickle.loads(pickle.dumps(made))):
        assert equal == made
        assert hash(equal) == hash(made)
    for left, right in ((Anything(one), Anything(other)), (Anything(kept=one), Anything(kept=other))):
        if left == right:
            assert hash(left) == hash(right)


def test_a_cost_that_is_nan_has_one_hash():
    assert len({nn.TrainState((), cost=float("nan")) for _ in range(3)}) == 1
    assert len({Anything((float("nan"), np.full(2, np.nan))) for _ in range(3)}) == 1


NAMES = ["rests", "passes_on", "gives_probabilities", "values", "key", "x", "cls", "args", "kwargs", "fields", "rules"]
NAMES += ["params", "cache", "dA", "dtype", "shape", "init", "made", "plans", "_private", "__entry__", "default", "of"]


@pytest.mark.parametrize("name", NAMES)
def test_a_field_may_have_any_name(name):
    """A parameter, a state or a setting of that name is as any other."""
    for content, annotation, made_with in (
        (np.ones(2), Array, None),
        (0.5, float, attrs.field(default=0.25)),
        (3, int, state(default=2)),
        (True, bool, attrs.field(kw_only=True)),
    ):
        body = {"__annotations__": {name: annotation}, "__module__": __name__}
        cls = record(type("Named", (), body if made_with is None else body | {name: made_with}))
        made = cls(**{name: content})
        assert same(values(made), (content,))
        assert repr(made) == f"Named({name}={short(content)})"
        assert evolve(made, **{name: content}) == made
        assert nn.trees.replace((made,), f"0.{name}", content) == (made,)
        assert set(nn.parameters(made)) == ({name} if annotation is Array else set())
        assert name in inspect.signature(cls).parameters
        assert hash(made) == hash(cls(**{name: content}))


def test_equality_tells_kinds_apart():
    a = np.ones(2)
    assert not same(a, 1.0)
    assert not same((a,), (a, a))
    assert same(float("nan"), float("nan"))
    assert Dense(a[:, None], None) != Dense(a[:, None].astype(np.float32), None)
    assert Relu() != nn.Tanh()


@given(records)
def test_arrays_are_read_only_and_its_own(made):
    for array in all_arrays(made):
        base = array
        while isinstance(base, np.ndarray):
            assert not base.flags.writeable
            base = base.base


@given(arrays)
def test_a_record_copies_what_the_caller_may_still_write_to(array):
    before = array.copy()
    made = Everything(array, blocks=(array, (array,)))
    array[...] = 7
    for inside in (made.W, made.blocks[0], made.blocks[1][0]):
        assert same(inside, before)
    assert array.flags.writeable


def test_what_nobody_can_write_to_is_shared():
    first = Everything(np.ones(3))
    assert Everything(first.W).W is first.W
    assert Everything(first.W[1:]).W.base is first.W
    held = np.frombuffer(bytes(16))
    assert owned(held) is held
    view = np.frombuffer(bytearray(16))
    view.setflags(write=False)  # read-only, but whoever has the bytearray can write
    assert owned(view) is not view
    locked = np.ones(3)[:2]
    locked.setflags(write=False)
    assert owned(locked) is not locked


@given(records)
def test_copies_are_itself_and_pickles_are_equal_and_read_only(made):
    assert copy.copy(made) is made
    assert copy.deepcopy(made) is made
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        back = pickle.loads(pickle.dumps(made, protocol))
        assert back == made
        assert not any(array.flags.writeable for array in all_arrays(back))


def test_pickles_in_place_of_a_network_and_its_steps():
    step = nn.value_and_grad(nn.losses.weighted(nn.mse))
    net, x = mlp_of(2), np.ones((3, 2))
    assert pickle.loads(pickle.dumps(step))(net, x, (x, x))[0] == step(net, x, (x, x))[0]


@given(records)
def test_repr_names_every_field_and_never_parses_with_an_array_in_it(made):
    text = repr(made)
    assert all(f"{name}=" in text for name in ("W", "b", "inner", "rate", "seed"))
    with pytest.raises(SyntaxError):
        compile(text, "repr", "eval")


def test_repr_is_short():
    assert repr(Dense.init(2, 27, seed=0)) == "Dense(W=<f64 2x27>, b=<f64 27>)"
    assert repr(Dense(np.float32([[1, 2]]), None)) == "Dense(W=<f32 [[1. 2.]]>, b=None)"
    assert short(np.array(2.5)) == "<f64 2.5>"
    assert short(np.zeros((0, 3))) == "<f64 0x3>"
    assert short((np.zeros((9, 9)), 1)) == "(<f64 9x9>, 1)"
    assert short((1,)) == "(1,)"
    assert short(np.ones(9, bool)) == "<b8 9>"
    assert short(np.array(["a"])) == "<str 1>"
    assert short(np.zeros(2, "f4,i4")) == "<structured 2>"


def test_a_record_is_frozen_and_has_no_other_attributes():
    made = Dense.init(2, 1, seed=0)
    with pytest.raises(AttributeError):
        made.W = np.ones((2, 1))
    with pytest.raises(AttributeError):
        made.name = "mine"
    with pytest.raises(ValueError, match="read-only"):
        made.W[0] = 1


def test_fields_become_python_numbers():
    made = Everything(np.float32(3), rate=np.float64(2), size=np.int64(4), seen=np.array(5), seed=np.int64(6))
    assert type(made.W) is np.ndarray
    assert made.W.shape == ()
    assert (type(made.rate), type(made.size), type(made.seen)) == (float, int, int)
    assert made.seed == (6,)
    assert Everything(np.ones(1), rate=np.array(2)).rate == 2.0
    assert type(Everything(np.ones(1), memory=np.float32(1)).memory) is np.ndarray


def test_scalars_of_numpy_are_numbers_wherever_they_stand():
    made = Everything(np.ones(1), inner=np.float64(0.5), seen=np.int64(3))
    assert type(made.inner) is float
    assert type(made.seen) is int
    assert nn.parameters(made).keys() == {"W"}
    assert made == Everything(np.ones(1), inner=0.5, seen=3)
    assert type(nn.TrainState((), step=np.int64(3)).step) is int
    with pytest.raises(KindError, match="seen must be a whole number, not float64"):
        Everything(np.ones(1), seen=np.float64(1.5))
    with pytest.raises(KindError, match=r"^Dense.init: seed must be an int"):
        Dense.init(2, 1, seed=np.int64(-1))


def test_a_choice_is_true_or_false_and_a_text_a_string():
    """Nonsense is true: `linear="nearest"` would be linear."""
    made = Everything(np.ones(1), on=np.bool_(0), name=np.str_("y"))
    assert made.on is False
    assert type(made.name) is str
    for wrong in ("no", 0, None, np.array([True])):
        with pytest.raises(KindError, match=r"^Everything: on must be True or False, not \w+( array)?$"):
            Everything(np.ones(1), on=wrong)
    for wrong in (0, None, b"y"):
        with pytest.raises(KindError, match=r"^Everything: name must be a string, not \w+$"):
            Everything(np.ones(1), name=wrong)


def test_choices_and_numbers_that_are_states_are_traced_like_arrays():
    jax = pytest.importorskip("jax", reason="only it traces")

    @record
    class Switch:
        on: bool = state(default=False)
        rate: float = state(default=1.0)
        size: int = state(default=1)

    assert jax.jit(lambda on: Switch(on).on)(np.bool_(1))
    assert jax.jit(lambda rate: Switch(rate=rate).rate)(0.5) == 0.5
    assert jax.jit(lambda size: Switch(size=size).size)(2) == 2


def test_a_subclass_without_record_can_be_printed():
    class Plain(Relu):
        pass

    assert "Plain object at" in repr(Plain())


def test_annotations_are_understood_however_they_are_written():
    source = """
from __future__ import annotations
import numpy as np
import funcnn as nn
from funcnn import Array, record
@record
class Text:
    a: nn.Array
    b: "Array | None" = None
    c: np.ndarray | None = None
"""
    namespace = {"__name__": "mine"}
    exec(source, namespace)
    text = namespace["Text"]
    assert registry["mine.Text"] is text
    for wrong in ([1.0], np.arange(3), np.ma.ones(3), np.ones((1, 1)).view(np.matrix), np.array([None]), "a", None):
        with pytest.raises(KindError, match="a must be an array of floats"):
            text(wrong)
    assert text(np.ones(1)).b is None
    for name in ("b", "c"):
        with pytest.raises(KindError, match=f"{name} must be an array of floats"):
            text(np.ones(1), **{name: [1.0]})

    @record
    class Objects:
        a: Array
        b: Array | None = None
        c: np.ndarray | None = None

    with pytest.raises(KindError, match="a must be an array of floats, not None"):
        Objects(None)
    assert Objects(np.ones(1), None, np.ones(1)).c.shape == (1,)


def test_what_can_change_is_no_setting():
    for wrong in ([1], {}, set(), bytearray()):
        with pytest.raises(KindError, match="inner must be an immutable value"):
            Everything(np.ones(1), inner=wrong)
        with pytest.raises(KindError, match=r"blocks\[0\]\[0\] must be an immutable value"):
            Everything(np.ones(1), blocks=((wrong,),))


def test_a_class_of_ones_own_replaces_the_older_of_its_name():
    def cell():
        @record
        class Mine:
            W: Array

        return Mine

    first, second = cell(), cell()
    name = f"{__name__}.{second.__qualname__}"
    assert first is not second
    assert registry[name] is second
    assert first(np.ones(1)) != second(np.ones(1))


def test_two_borrowed_fields_are_set_as_they_are():
    @record
    class Pair:
        out: Any = borrowed()
        dA: Any = borrowed()

    x = np.ones(2)
    pair = Pair(x, x)
    assert pair.out is pair.dA is x
    assert x.flags.writeable


def test_a_record_may_bring_methods_of_its_own():
    @record
    class Named:
        def __repr__(self):
            return "mine"

    assert repr(Named()) == "mine"
    assert Named() == Named()


def test_a_record_may_bring_a_constructor_of_its_own():
    @record
    class Square:
        size: int

        def __init__(self, side):
            self.__attrs_init__(side**2)

    assert Square(3).size == 9
    assert pickle.loads(pickle.dumps(values(Square(3)))) == (9,)


def test_bfloat16_counts_as_floats():
    pytest.importorskip("ml_dtypes", reason="bfloat16 comes with jax")
    import ml_dtypes

    made = Everything(np.ones(2, ml_dtypes.bfloat16))
    assert made.W.dtype == ml_dtypes.bfloat16


def test_a_name_that_only_a_type_checker_knows_changes_nothing():
    """Of an annotation the text counts, whether its names can be found or not"""
    source = """
from __future__ import annotations
from typing import TYPE_CHECKING, Any
from funcnn import record, state
from funcnn.records import branches
if {known}:
    from collections.abc import Sequence as Several
    from funcnn import Array, Seed
@record
class Lazy:
    W: Array
    seed: Seed = 0
    inner: Several[Any] | None = None
    layers: tuple[Several[Any], ...] = branches(default=())
    kept: Several[Array] = state(default=())
"""
    made = []
    for known in ("True", "TYPE_CHECKING"):
        namespace = {"__name__": "lazily"}
        exec(source.format(known=known), namespace)
        cls = namespace["Lazy"]
        made.append(cls(np.ones(1), 3, (Relu(), nn.Tanh()), (Relu(), nn.Dropout(0.5, seed=1)), (np.ones(1),)))
        with pytest.raises(KindError, match="W must be an array of floats"):
            cls([1.0])
        with pytest.raises(KindError, match="inner must be an immutable value"):
            cls(np.ones(1), inner=[Relu()])
        assert made[-1].seed == (3,)
        assert nn.inference(made[-1]).layers == (Relu(), nn.layers.Identity())
    assert repr(made[0]) == repr(made[1])
    assert list(nn.parameters(made[0])) == list(nn.parameters(made[1])) == ["W"]


def test_a_field_annotated_as_a_tuple_takes_tuples_alone():
    @nn.record
    class Side:
        parts: tuple[nn.Dense, ...]

    assert Side((Dense(np.eye(2), None),)).parts[0].W.shape == (2, 2)
    with pytest.raises(KindError, match="parts must be a tuple"):
        Side([Dense(np.eye(2), None)])


def test_arrays_of_any_float_are_parameters():
    """Complex ones too: the complex step goes through them"""
    for dtype in (np.float16, np.float32, np.longdouble, np.complex64, np.clongdouble):
        assert Dense(np.ones((1, 1), dtype), None).W.dtype == dtype
    for dtype in (bool, int, object, "U1", "M8[s]", "V8"):
        with pytest.raises(KindError, match="W must be an array of floats"):
            Dense(np.zeros((1, 1), dtype), None)


def test_annotations_that_allow_none():
    @record
    class May:
        a: Optional[Array] = None  # noqa: UP045  as many write it
        b: "Optional[Array]" = None  # noqa: UP045  as many write it
        c: "nn.Array | None" = None

    for name in "abc":
        assert getattr(May(**{name: np.ones(1)}), name).sum() == 1
        with pytest.raises(KindError, match=f"{name} must be an array of floats"):
            May(**{name: ()})


def test_a_member_of_an_enumeration_becomes_its_text():
    class Name(str, Enum):  # noqa: UP042  whose str is not its text
        SHORT = "s"

    assert Everything(np.ones(1), name=Name.SHORT).name == "s"
    assert type(Everything(np.ones(1), name=Name.SHORT).name) is str


def test_a_named_tuple_that_is_a_state_keeps_its_class_and_owns_its_arrays():
    class Pair(NamedTuple):
        one: Any
        other: Any

    mine = np.ones(2)
    made = Everything(np.ones(1), memory=Pair(mine, (mine,)))
    mine[:] = 7
    assert type(made.memory) is Pair
    assert made.memory.one.sum() == made.memory.other[0].sum() == 2
    assert short(made.memory) == "Pair(one=<f64 [1. 1.]>, other=(<f64 [1. 1.]>,))"

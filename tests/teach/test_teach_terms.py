"""The terms of each number of a step: they sum to it, and its values are those of the trace."""

import inspect
import math
import re
import sys
from functools import partial

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from funcnn import (
    GRU,
    LSTM,
    Array,
    Attention,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Elementwise,
    Embedding,
    Flatten,
    Frozen,
    Gelu,
    Grads,
    LayerNorm,
    MaxPool,
    Relu,
    Residual,
    Sigmoid,
    Softmax,
    Tanh,
    backward,
    binary_cross_entropy_with_logits,
    forward,
    gradient,
    huber,
    losses,
    mse,
    record,
    softmax_cross_entropy,
    trace,
)
from funcnn.arrays import is_array, is_float, namespace, same
from funcnn.elementary import sigmoid
from funcnn.layers import Conv1d, Elu, Here, Last, LogSoftmax, Remat, Shared, Silu, Softplus
from funcnn.teach import terms as running
from funcnn.teach.numbers import NAMESPACE, NoTermsError, TermArray, at_most, given
from funcnn.teach.rows import NUMBERS, agrees, terms_of
from funcnn.teach.steps import Step, walk_through
from funcnn.teach.symbols import symbols_of
from funcnn.teach.watching import Watch
from funcnn.testing import strategies as fst
from funcnn.trees import parameters
from funcnn.trees.walks import walk
from tests.counts import at_most as at_most_examples

rng = np.random.default_rng(0)
x, y = np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[4.0], [6.0]])
SCREEN = (
    Dense(np.array([[1.0, 2.0], [1.0, -1.0]]), np.array([0.0, -1.0])),
    Relu(),
    Dense(np.array([[2.0], [-1.0]]), np.array([1.0])),
)
series, images = rng.normal(size=(2, 3, 2)), rng.normal(size=(1, 6, 6, 1))
targets = rng.normal(size=(2, 1))


def with_padding(out, y):
    cost, dA = mse(out[0], y)
    return cost, (dA, None)


CASES = {
    "one screen": (SCREEN, x, y, mse),
    "one layer": (Dense.init(2, 1, seed=0), x, y, huber),
    "activations": ((Gelu(), Silu(), Elu(), Softplus(), Sigmoid(), Tanh()), x, x, mse),
    "residual": (
        (Residual((LayerNorm.init(2), Dense.init(2, 2, seed=1), Tanh())), Dense.init(2, 1, seed=0)),
        x,
        y,
        mse,
    ),
    "classes": ((Dense.init(2, 3, seed=0),), x, np.array([2, 0]), softmax_cross_entropy),
    "logits": ((Dense.init(2, 1, seed=0),), x, np.array([[1.0], [0.0]]), binary_cross_entropy_with_logits),
    "probabilities": ((Dense.init(2, 3, seed=0), Softmax()), x, rng.normal(size=(2, 3)), mse),
    "log": ((Dense.init(2, 3, seed=0), LogSoftmax()), x, rng.normal(size=(2, 3)), mse),
    "conv": (
        (Conv2d.init(1, 2, (3, 3), seed=0), Relu(), MaxPool(2), Flatten(), Dense.init(8, 2, seed=1)),
        images,
        np.array([1]),
        softmax_cross_entropy,
    ),
    "lstm": ((LSTM.init(2, 2, seed=0), Last(), Dense.init(2, 1, seed=1)), series, targets, mse),
    "gru": (GRU.init(2, 2, seed=0), series, np.zeros((2, 3, 2)), mse),
    "padded": (
        LSTM.init(2, 2, seed=0),
        (series, np.array([[True, True, False], [True, True, True]])),
        np.zeros((2, 3, 2)),
        with_padding,
    ),
    "attention": ((Attention.init(4, 2, seed=0),), rng.normal(size=(1, 3, 4)), np.zeros((1, 3, 4)), mse),
    "shared": (Shared(Dense.init(2, 2, seed=0), (Here(), Tanh(), Here())), x, x, mse),
    "remat": ((Remat((Dense.init(2, 2, seed=0), Tanh())),), x, x, mse),
    "batch norm": ((Dense.init(2, 2, seed=0), BatchNorm.init(2), Dropout(0.5, seed=1)), x, x, mse),
    "symbols": (
        (Embedding.init(3, 2, seed=0), Flatten(), Dense.init(4, 1, seed=0)),
        np.array([[0, 2], [2, 2]]),
        y,
        mse,
    ),
    "float32": (
        (Dense.init(2, 2, seed=0, dtype=np.float32), Tanh()),
        x.astype(np.float32),
        x.astype(np.float32),
        mse,
    ),
}


def value_of(term, rows):
    """The value of a term, from the values of its places."""
    expression, _, value = term.partition("=")
    if value:
        return float(value)
    read = lambda found: repr(float(rows[int(found[1])].values.flat[int(found[2])]))
    factors = re.sub(r"@(\d+)\.(\d+)", read, expression.lstrip("-")).split("*")
    return (-1) ** expression.startswith("-") * math.prod([float(factor.strip("()")) for factor in factors])


@pytest.fixture(scope="module", params=CASES)
def walked(request):
    return request.param, CASES[request.param], walk_through("walk_through", *CASES[request.param], 0.1)


def test_the_terms_of_every_number_that_a_step_makes_sum_to_it(walked):
    name, _, found = walked
    rows, checked = found.rows.rows, 0
    tolerance = 1e-5 if name == "float32" else 1e-12
    for step in found.steps:
        for label, index in [*step.between, *step.made]:
            row = rows[index]
            if row.values.dtype == bool:
                continue
            assert row.numbers is not None, (step.phase, step.path, label)
            for i, (a, value) in enumerate(zip(row.numbers.flat, row.values.flat, strict=True)):
                terms = terms_of(a, f"@{index}.{i}", found.rows.places)
                if terms is None:  # made of a given number alone, as a reshaped x
                    assert a.how == "given"
                    continue
                parts = [value_of(term, rows) for term in terms]
                scale = max([1.0, *map(abs, parts)])
                assert abs(sum(parts) - value) <= tolerance * scale, (step.phase, step.path, label, i, terms)
                checked += 1
    assert checked > 10


def test_values_are_those_of_the_trace(walked):
    _, (net, given_x, given_y, loss), found = walked
    seen = trace(net, given_x, given_y, loss, lr=0.1, inputs=True)
    rows = {row.name: row.values for row in found.rows.rows}
    assert same(np.asarray(seen.cost), rows["cost"])
    for path, after in parameters(seen.after).items():
        assert same(after, rows[f"{path}_after"])
    labels = [(step.phase, step.path, label, index) for step in found.steps for label, index in step.given + step.made]
    for phase, path, label, index in labels:
        if phase in {"loss", "sgd"}:
            continue
        visit = seen[path] if "#" not in path else seen[path.split(" #")[0], int(path.split("#")[1])]
        trees = [("x", visit.x), ("out", visit.out), ("dA", visit.dA), ("dx", visit.dx)]
        known = {f"{name}.{place}".rstrip("."): a for name, tree in trees for place, a in walk(tree)}
        known |= parameters(visit.layer)
        known |= {
            f"d{place}": a for place, a in (parameters(visit.gradient) if visit.gradient is not None else {}).items()
        }
        assert same(known[label], found.rows.rows[index].values), (phase, path, label)


def test_the_terms_of_the_one_screen_page():
    found = walk_through("walk_through", *CASES["one screen"], 0.01)
    names = [row.name for row in found.rows.rows]
    place = lambda name, i: f"@{names.index(name)}.{i}"
    terms = lambda name, i: terms_of(
        found.rows.rows[names.index(name)].numbers.flat[i], place(name, i), found.rows.places
    )
    assert terms("2.dW", 0) == [f"{place('1.out', 0)}*{place('2.dA', 0)}", f"{place('1.out', 2)}*{place('2.dA', 1)}"]
    assert terms("0.b_after", 1) == [place("0.b", 1), f"-0.01*{place('0.db', 1)}"]
    e, dA = place("loss.e", 0), place("2.dA", 0)
    assert terms("2.dA", 0) == [f"{e}*1"]  # 2 / size
    assert terms("cost", 0) == [f"({e}*{e} + {e[:-1]}1*{e[:-1]}1)/2=5.0"]
    assert terms("2.W_after", 0) == [place("2.W", 0), f"-0.01*{place('2.dW', 0)}"]
    assert dA != e
    assert terms("1.out", 1) == [f"max({place('0.out', 1)}, 0)=0.0"]
    assert terms("0.W", 0) is None
    assert [(step.phase, step.path) for step in found.steps] == [
        ("forward", "0"),
        ("forward", "1"),
        ("forward", "2"),
        ("loss", ""),
        ("backward", "2"),
        ("backward", "1"),
        ("backward", "0"),
        ("sgd", "0"),
        ("sgd", "2"),
    ]
    assert found.steps[4].kept == [("x", names.index("1.out")), ("W", names.index("2.W"))]


def test_the_variables_of_a_recurrent_cell_have_the_number_of_their_step():
    found = walk_through("walk_through", *CASES["lstm"], 0.1)
    there, back = found.steps[0], found.steps[6]
    assert [label for label, _ in there.between if label.startswith("c_")] == ["c_1", "c_2", "c_3"]
    assert [label for label, _ in back.between if label.startswith("dc")] == ["dc_3", "dc_2", "dc_1"]


@record
class Scaled:
    """out = x * factor, whose rule has a variable."""

    factor: Array


@forward.register(Scaled)
def scaled_forward(params, x):
    doubled = 2 * x
    return doubled * params.factor, x


@backward.register(Scaled)
def scaled_backward(params, x, dA):
    return Grads(gradient(params, factor=2 * (dA * x).sum(axis=0)), 2 * dA * params.factor)


@record
class Rounded(Elementwise):
    """out = x, by a rule that converts its array to an array of NumPy."""

    def value(self, x: Array) -> Array:
        return np.array(x, copy=True)

    def slope(self, kept: Array) -> Array:
        return np.ones_like(kept)


def test_a_layer_of_ones_own_has_its_terms_and_its_variables():
    found = walk_through("walk_through", (Scaled(np.array([3.0, 5.0])),), x, x, mse, 0.1)
    [(label, index)] = found.steps[0].between
    assert label == "doubled"
    assert terms_of(found.rows.rows[index].numbers.flat[1], f"@{index}.1", found.rows.places) == ["2*@0.1"]


def test_a_rule_that_cannot_be_read_has_no_terms_and_the_others_do():
    found = walk_through("walk_through", (SCREEN[0], Rounded(), SCREEN[0]), x, x, mse, 0.1)
    rows = {row.name: row for row in found.rows.rows}
    assert {a.how for a in rows["1.out"].numbers.flat} == {"given"}
    assert {a.how for a in rows["2.out"].numbers.flat} == {"+"}
    assert {a.how for a in rows["0.dW"].numbers.flat} == {"+"}
    assert same(rows["1.dA"].values, trace((SCREEN[0], Rounded(), SCREEN[0]), x, x, mse)["1"].dA)


def test_an_unreadable_rule_that_is_called_twice_leaves_out_the_layer_around_it():
    net = Shared(Rounded(), (Here(), Here()))
    found = walk_through("walk_through", (net, SCREEN[0]), x, x, mse, 0.1)
    rows = {row.name: row for row in found.rows.rows}
    assert rows["1.dW"].numbers is not None
    assert {a.how for a in rows["0.dx"].numbers.flat} == {"given"}


def test_a_loss_that_cannot_be_read_leaves_forward_with_terms():
    def rounded(out, y):
        return float(np.asarray(out, float).sum()), np.ones(out.shape)

    rows = {row.name: row for row in walk_through("walk_through", SCREEN, x, y, rounded, 0.1).rows.rows}
    assert rows["2.out"].numbers is not None
    assert rows["2.dA"].numbers is None


def test_a_large_network_has_no_terms_and_a_large_rule_neither(monkeypatch):
    assert walk_through("walk_through", SCREEN, x, y, mse, 0.1).rows.rows[0].numbers is not None
    monkeypatch.setattr(running, "MOST_MADE", 10)
    assert {a.how for a in walk_through("walk_through", SCREEN, x, y, mse, 0.1).rows.rows[3].numbers.flat} <= {"given"}
    monkeypatch.setattr(running, "MOST_GIVEN", 10)
    assert {row.numbers is None for row in walk_through("walk_through", SCREEN, x, y, mse, 0.1).rows.rows} == {True}


def test_parameters_that_do_not_change_have_no_step_of_sgd():
    net = (Frozen(SCREEN[0]), Relu(), SCREEN[2])
    assert [step.path for step in walk_through("walk_through", net, x, y, mse, 0.1).steps if step.phase == "sgd"] == [
        "2"
    ]
    assert [step.path for step in walk_through("walk_through", SCREEN, x, y, mse, 0).steps if step.phase == "sgd"] == []


def ones(out, y):
    """A loss of any out: the sum of its floats."""
    if type(out) is tuple:
        costs = [ones(part, y) for part in out]
        return sum([cost for cost, _ in costs]), tuple([dA for _, dA in costs])
    return (out.sum(), namespace(out).ones_like(out)) if is_array(out) and is_float(out) else (0.0, None)


SYMBOL = re.compile(r"(?<![A-Za-z'])[b-zB-Z](?![A-Za-z'])|(?<!\w)(?:d[A-Za-z]|xhat|before|eps)\b")


def unnamed(step):
    """The letters in the equations of a step that neither an array, nor its list, nor the equations themselves name."""
    text = re.sub(r"\^T\b|1\^T", "", "\n".join(step.equations))
    shown = {name.split(".")[0] for name, _ in [*step.given, *step.kept, *step.between, *step.made]}
    listed = {symbol for symbol, _ in step.symbols} | shown
    defined = re.compile(r"(\w+?)(?:_[\w{}-]+)? = |(?:where|with|and|parameter) (\w)(?:_\w)?\b|, (\w) normal")
    return set(SYMBOL.findall(text)) - listed - {name for names in defined.findall(text) for name in names}


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@at_most_examples(2, quick=1)
@hypothesis.given(st.data())
def test_the_terms_of_every_layer_sum_to_its_numbers(layer, data):
    found = walk_through("walk_through", *data.draw(fst.cases(layer)), None, ones, 0.1)
    assert [(step.kind, unnamed(step)) for step in found.steps if unnamed(step)] == []
    rows = found.rows.rows
    for index, row in enumerate(rows):
        tolerance = {2: 5e-2, 4: 1e-3, 8: 1e-9}.get(row.values.dtype.itemsize)
        scale = abs(row.values[np.isfinite(row.values)]).max(initial=1e-3)
        numbers = [] if row.numbers is None or row.values.size > NUMBERS else row.numbers.flat
        for i, (a, value) in enumerate(zip(numbers, row.values.flat, strict=bool(numbers))):
            terms = terms_of(a, f"@{index}.{i}", found.rows.places)
            if terms is not None and np.isfinite(value):
                parts = [value_of(term, rows) for term in terms]
                assert abs(sum(parts) - value) <= tolerance * max([scale, *map(abs, parts)]), (row.name, i, terms)


LOSSES = [loss for name in losses.__all__ if "y" in inspect.signature(loss := getattr(losses, name)).parameters]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_the_symbols_of_every_loss_are_named(loss):
    equations = inspect.getdoc(loss).splitlines()[:1]
    names = [(name, 0) for name in ("out", "y", "cost", "dA")]
    step = Step("loss", "", loss.__name__, equations, names, [], [], symbols_of(equations, loss, ["out", "y"]))
    assert unnamed(step) == set()


def test_symbols_have_the_values_of_settings():
    huge = partial(huber, delta=2.0)
    convolution = Conv1d(np.ones((2, 1, 1)), None, stride=2, padding=(1, 0))
    found = walk_through("walk_through", (convolution, MaxPool(2)), np.ones((1, 8, 1)), np.ones((1, 2, 1)), huge, 0.1)
    first, second, loss, *_, step = [dict(step.symbols) for step in found.steps]
    assert first["s"] == "the stride, here 2"
    assert first["before"] == "the number of positions added before x; the padding is (1, 0)"
    assert first["b"] == "None here, so it is left out"
    assert first["sum_kc"] == "the sum over k and c"
    assert second["s"] == "the stride, here 2"
    assert loss == {"delta": "2.0, an option of the loss"}
    assert step["lr"] == "the learning rate, 0.1"


def test_random_numbers_are_those_of_the_dtype():
    net = (Dropout(0.5, seed=1), Dense.init(2, 2, seed=0, dtype=np.float32))
    rows = {row.name: row for row in walk_through("walk_through", net, x.astype(np.float32), x, ones, 0.1).rows.rows}
    assert {a.how for a in rows["0.out"].numbers.flat} == {"*", "constant"}


@record
class Unlike(Elementwise):
    """out = x, for arrays of NumPy; other arrays are doubled."""

    def value(self, x: Array) -> Array:
        return x + 0 if type(x) is np.ndarray else x * 2

    def slope(self, kept: Array) -> Array:
        return namespace(kept).ones_like(kept)


def test_a_rule_that_computes_something_else_has_no_terms():
    rows = {row.name: row for row in walk_through("walk_through", (SCREEN[0], Unlike()), x, x, mse, 0.1).rows.rows}
    assert {a.how for a in rows["1.out"].numbers.flat} == {"given"}
    assert not agrees(np.ones(2), given(np.array([1.0, 2.0])))
    assert agrees(np.ones(2), np.zeros(2))  # which is not of numbers with terms

    def loss(out, y):
        cost, dA = mse(out, y)
        return cost, dA if type(dA) is np.ndarray else 2 * dA

    rows = {row.name: row for row in walk_through("walk_through", SCREEN, x, y, loss, 0.1).rows.rows}
    assert rows["2.dA"].numbers is None


def test_more_numbers_than_allowed_are_refused():
    with at_most(3), pytest.raises(NoTermsError):
        given(np.ones(4))


A, B = given(np.array([3.0, -2.0, 0.5])), given(np.array([4.0, 5.0, -1.0]))
PLACES = {id(a): f"@0.{i}" for i, a in enumerate(A.data)} | {id(b): f"@1.{i}" for i, b in enumerate(B.data)}


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: A + B, ["@0.0", "@1.0"]),
        (lambda: A - (B - 1), ["@0.0", "-@1.0", "1"]),
        (lambda: -(A * B), ["-@0.0*@1.0"]),
        (lambda: 0 + 1 * A - 0, ["@0.0"]),
        (lambda: 0 - A, ["-@0.0"]),
        (lambda: A / 1, ["@0.0"]),
        (lambda: A**1, ["@0.0"]),
        (lambda: 0 * A, ["0"]),
        (lambda: A * 1, ["@0.0*1"]),
        (lambda: A * -2, ["@0.0*(-2)"]),
        (lambda: A / B, ["@0.0/@1.0=0.75"]),
        (lambda: A / (B / A), ["@0.0/(@1.0/@0.0)=2.25"]),
        (lambda: 1 / A**2, ["1/@0.0^2=0.1111111111111111"]),
        (lambda: (A**2) ** B, ["(@0.0^2)^@1.0=6561.0"]),
        (lambda: 2**A, ["2^@0.0=8.0"]),
        (lambda: (A + B) * A, ["(@0.0 + @1.0)*@0.0=21.0"]),
        (lambda: -(A + B) * A, ["(-(@0.0 + @1.0))*@0.0=-21.0"]),
        (lambda: A - np.exp(-B), ["@0.0", "-exp(-@1.0)=-0.01831563888873418"]),
        (lambda: A * (-2 + B), ["@0.0*((-2) + @1.0)=6.0"]),
        (lambda: np.maximum(np.maximum(A, B), 2), ["max(@0.0, @1.0, 2)=4.0"]),
        (lambda: np.maximum(np.minimum(A, B), 2), ["max(min(@0.0, @1.0), 2)=3.0"]),
        (lambda: np.minimum(A, 709), ["@0.0"]),
        (lambda: np.maximum(-709, A), ["@0.0"]),
        (lambda: abs(-A), ["abs(-@0.0)=3.0"]),
        (lambda: np.sign(A), ["sign(@0.0)=1.0"]),
        (lambda: +A, ["@0.0"]),
        (lambda: NAMESPACE.clip(A, 0, 1), ["min(max(@0.0, 0), 1)=1.0"]),
        (lambda: NAMESPACE.erfc(A), ["erfc(@0.0)=2.2090496998585438e-05"]),
        (lambda: np.logaddexp(A, B)[:1], ["log(exp(@0.0) + exp(@1.0))=4.313261687518223"]),
        (lambda: A.at[np.array([0])].add(B[:1]), ["@0.0", "@1.0"]),
        (lambda: NAMESPACE.asarray(np.ones(1), float), ["1"]),
        (lambda: TermArray.wrapped(np.array([2.0]))[0:1].conj() - 0, ["2"]),
        (lambda: NAMESPACE.zeros(1, dtype=np.float32), ["0"]),
    ],
)
def test_how_a_number_is_written(made, text):
    assert terms_of(made().data[0], "", dict(PLACES)) == text


def test_numbers_compare_by_value_and_arrays_behave_like_arrays():
    assert (A > B).data.tolist() == [False, False, True]
    assert (A >= A).data.all()
    assert (A <= B).data.tolist() == [True, True, False]
    assert (A < 0).data.tolist() == [False, True, False]
    assert (A == 3).data.tolist() == [True, False, False]
    assert np.isnan(A / 0 - A / 0).data.tolist() == [True] * 3
    assert np.isfinite(A).data.all()
    assert A.astype(bool).dtype == bool
    assert A.astype(np.float32).dtype == np.float64
    assert bool(A[0])
    assert int(A.data[0]) == 3
    assert len(A) == 3
    assert A.real is A
    ones = np.ones(3)
    ones_and = ones + A
    assert ones_and.data[0].value == 4
    whole = TermArray.wrapped(np.array([1, 2]))
    whole[0] = 5
    assert whole.data.tolist() == [5, 2]
    assert [a.value for a in (whole / 2).data] == [2.5, 1.0]
    assert np.concatenate([A, B]).shape == (6,)
    total = given(np.zeros(2))
    np.add.at(total, np.array([0, 0]), A[:2])
    assert [a.value for a in total.data] == [1.0, 0.0]
    with pytest.raises(NoTermsError):
        float(A[0])
    with pytest.raises(AttributeError):
        A.__no_such_thing__  # noqa: B018  it is asked for
    with pytest.raises(AttributeError):
        A.data[0].no_such_function  # noqa: B018  it is asked for
    with pytest.raises(TypeError):
        np.add.reduce(A)


def test_long_sums_and_long_expressions_are_not_read():
    assert terms_of(given(np.ones(200)).sum().data.item(), "", {}) is None
    a = given(np.ones(1))
    deep = np.exp(a)
    for _ in range(80):
        deep = np.exp(deep) / 3
    assert terms_of(deep.data[0], "", {id(a.data[0]): "@0.0"}) is None
    assert terms_of(np.exp(a).data[0], "", {}) is None
    assert terms_of((a * a).data[0], "", {id(a.data[0]): "#0.0"}) == ["#0.0*#0.0=1.0"]


def test_a_watch_notes_the_variables_of_the_rule_that_runs():
    watch = Watch(2)

    def rule():
        small, large = A[:2], A
        return small, large

    frames = []
    sys.setprofile(lambda frame, event, _: frames.append(frame) if event == "return" else None)
    try:
        rule()
        with watch.running(), watch.rule() as nothing:
            rule()
    finally:
        sys.setprofile(None)
    assert nothing.found == []  # beside another profiler
    frame = next(frame for frame in frames if frame.f_code is rule.__code__)
    frames = []
    sys.setprofile(lambda frame, event, _: frames.append(frame) if event == "return" else None)
    try:
        sigmoid(A)
    finally:
        sys.setprofile(None)
    with watch.rule() as nothing:
        for inner in frames:
            watch.hook(inner, "return", None)
    assert nothing.found == []  # a sigmoid is one step
    watch.hook(frame, "return", None)
    with watch.rule() as found:
        watch.hook(frame, "call", None)
        watch.hook(frame, "return", None)
        watch.hook(frame, "return", None)
    assert [(call, name) for _, call, name, _ in found.found] == [(1, "small"), (2, "small")]

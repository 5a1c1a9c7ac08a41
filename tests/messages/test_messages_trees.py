"""Error messages of functions of trees, pinned word for word."""

from collections import deque
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, evolve, forward, mlp, mse, parameters, sgd, tree_map, trees, update
from funcnn.errors import FuncnnError, KindError
from funcnn.files import fingerprint
from funcnn.optimizers import Average, Decay, averaged, nonnegative, project
from tests.says import assert_says, each_row, kind_error, raises, shape_error

x = np.linspace(-1, 1, 8).reshape(4, 2)
net = mlp([2, 9, 1], seed=0)
out, cache = forward(net, x)
grads = backward(net, cache, mse(out, out + 1)[1])
given = parameters(net)
vector = np.arange(37.0)
small = nn.Dense(np.ones((2, 1)), None)


class Pair(NamedTuple):
    one: Any
    other: Any


# Functions of a tree, called with it, and what they call the tree: one that declares it, and those that do not.
FUNCTIONS = {
    "tree_map, of several": (lambda tree: tree_map(np.add, net, tree), "rest[0]"),
    "map_parameters, of several": (lambda tree: trees.map_parameters(np.add, net, tree), "rest[0]"),
    "leaves": (trees.leaves, "tree"),
    "sgd": (lambda tree: sgd(tree, grads, 0.1), "params"),
    "update": (lambda tree: update(nn.Adam(), grads, tree), "params"),
    "update, by nothing": (lambda tree: update((), grads, tree), "params"),
    "project": (lambda tree: project(tree, nonnegative), "params"),
    "averaged": (lambda tree: averaged(Average(), tree), "params"),
    "Grads": (lambda tree: nn.Grads(tree, None), "params"),
}
NO_TREES = {
    "text": (lambda: "net", "str"),
    "a number": (lambda: 1.5, "float"),
    "True": (lambda: True, "bool"),
    "a decimal": (lambda: Decimal("0.1"), "Decimal"),
    "a set": (lambda: {1}, "set"),
    "a dict": (dict, "dict"),
    "an object": (object, "object"),
    "a function": (lambda: np.tanh, "ufunc"),
    "a class": (lambda: nn.Relu, "the class Relu"),
    "a deque": (lambda: deque(net), "deque"),
    "a generator": (lambda: (layer for layer in net), "generator"),
    "a named tuple": (lambda: Pair(*net[:2]), "Pair"),
}
INSIDE = {name: row for name, row in NO_TREES.items() if name not in {"text", "a number", "True"}}


@pytest.mark.parametrize("what", NO_TREES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_tree_is_refused_by_name(name, what):
    function, called = FUNCTIONS[name]
    make, kind = NO_TREES[what]
    sentence = f"{name.split(',')[0]}: {called} must be a record, a tuple or an array, not {kind}"
    assert_says(kind_error(lambda: function(make())) >> sentence)
    if what in INSIDE:  # a tuple of records may have numbers and text in it
        of_it = f"{name.split(',')[0]}: {called}[1] must be a record, a tuple or an array, not {kind}"
        assert_says(kind_error(lambda: function((net[0], make(), net[2]))) >> of_it)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_lists_and_arrays_of_text_are_refused_by_name(name):
    function, called = FUNCTIONS[name]
    name = name.split(",")[0]
    rule = f"{name}: {called} must be a record, a tuple or an array"
    assert_says(kind_error(lambda: function(list(net))) >> f"{rule}, not list; write tuple({called})")
    rule = f"{name}: {called}[0] must be a record, a tuple or an array"
    assert_says(kind_error(lambda: function((list(net),))) >> f"{rule}, not list; write tuple({called}[0])")
    rule = f"{name}: {called} must be a record, a tuple or an array of numbers"
    assert_says(kind_error(lambda: function(np.array(["a"]))) >> f"{rule}, not str array")
    assert_says(kind_error(lambda: function(np.array([None]))) >> f"{rule}, not object array")


def test_pandas_is_no_tree():
    table = pytest.importorskip("pandas", reason="its tables are what is refused").DataFrame({"a": [1.0]})
    for name, (function, called) in FUNCTIONS.items():
        sentence = f"{name.split(',')[0]}: {called} must be a record, a tuple or an array, not DataFrame"
        assert_says(kind_error(lambda function=function: function(table)) >> sentence)


LIKE = "(Dense(W=<f64 2x9>, b=<f64 9>), Relu(), Dense(W=<f64 9x1>, b=<f64 [0.]>))"
ROWS = [
    shape_error(lambda: trees.map_parameters(np.add, net[:1], net))
    >> f"map_parameters: all trees must have the same structure; where the first has (Dense(W=<f64 2x9>, b=<f64 9>),), "
    f"the second has {LIKE}",
    shape_error(lambda: tree_map(np.add, nn.Dense(small.W, np.ones(1)), small))
    >> "tree_map: all trees must have the same structure; where the first has <f64 [1.]>, the second has None",
    # Vectors.
    kind_error(lambda: trees.from_vector(vector, net))
    >> "from_vector: vector must be an array, not tuple; write from_vector(tree, vector)",
    kind_error(lambda: trees.from_vector(net, vector * 1j))
    >> "from_vector: vector must hold real numbers, as the tree does, not complex128 array",
    shape_error(lambda: trees.from_vector(net, vector[:, None]))
    >> "from_vector: vector must have the shape (37,) for this tree, not (37, 1)",
    # By path.
    kind_error(lambda: trees.with_parameters(net, list(given.values())))
    >> "with_parameters: arrays must be a dict of arrays by path, not list",
    kind_error(lambda: trees.with_parameters(net, {"0.W": given["0.W"], "2.W": given["2.W"]}))
    >> "with_parameters: arrays must have the paths of parameters(tree); 0.b, 2.b are missing",
    kind_error(lambda: trees.with_parameters(net, {"0.w": given["0.W"]}))
    >> "with_parameters: arrays must have the paths of parameters(tree), 0.W, 0.b, 2.W, 2.b; there is no 0.w",
    kind_error(lambda: trees.with_parameters(net, given | {0: vector}))
    >> "with_parameters: arrays must have the paths of parameters(tree), 0.W, 0.b, 2.W, 2.b; there is no 0",
    shape_error(lambda: trees.with_parameters(net, given | {"2.W": vector}))
    >> "with_parameters: arrays['2.W'] must be like <f64 9x1>, not <f64 37>",
    kind_error(lambda: trees.with_parameters(net, given | {"2.b": [1.0]}))
    >> "with_parameters: arrays['2.b'] must be an array like <f64 [0.]>, not list",
    kind_error(lambda: trees.with_parameters(net, given | {"2.b": np.ones(1, np.float32)}))
    >> "with_parameters: arrays['2.b'] must be float64, not float32; write arrays['2.b'].astype('float64')",
    # Replaced.
    kind_error(lambda: trees.replace(net, "1", "x"))
    >> "replace: value must be a record or a tuple, as the value at '1' is, not str",
    kind_error(lambda: trees.replace((x, x), "0", "x"))
    >> "replace: value must be an array, as the value at '0' is, not str",
    raises(FuncnnError, lambda: trees.replace(small, "w", nn.Relu()))
    >> "replace: path 'w' does not exist; the Dense has W, b",
    raises(FuncnnError, lambda: trees.replace((small, small), "-1", small))
    >> "replace: path '-1' does not exist; the tuple has 0, 1",
    raises(FuncnnError, lambda: trees.replace((small,), "0.W.0", x))
    >> "replace: path '0.W.0' does not exist; the float64 array has no parts",
    raises(FuncnnError, lambda: trees.replace((small,), {"0": nn.Relu(), "0.b": x}))
    >> "replace: '0' is replaced, so no path must lead into it, as '0.b' does",
    kind_error(lambda: trees.replace((small,), "0"))
    >> "replace: path must be a path and a value, or a dict of values by path, not a path without a value",
    kind_error(lambda: trees.replace((small,), {"0": nn.Relu()}, nn.Relu()))
    >> "replace: path must be a path and a value, or a dict of values by path, not a dict with a value",
    kind_error(lambda: trees.replace(small, "", "x"))
    >> "replace: value must be a record, a tuple or an array, not str",
    kind_error(lambda: trees.replace(nn.Residual(nn.Relu()), "layer", 1.0))
    >> "replace: value must be a record or a tuple, as the value at 'layer' is, not float",
    # Selected.
    kind_error(lambda: trees.select(net, "Relu"))
    >> "select: which must be a class, a tuple of classes or a function of a record, not str",
    kind_error(lambda: trees.select(net, ()))
    >> "select: which must be a class, a tuple of classes or a function of a record, not tuple",
    kind_error(lambda: trees.select(net, lambda: True))
    >> "select: which must be a class, a tuple of classes or a function of a record, not a function ()",
    kind_error(lambda: evolve(nn.Relu, a=1)) >> "evolve: record must be a record, not the class Relu",
    # sgd, update and others pass over nothing.
    shape_error(lambda: update(Decay(0.1), nn.Grads(net[:1], None), net))
    >> f"update: grads must be gradients of these params; params: {LIKE}, grads: (Dense(W=<f64 2x9>, b=<f64 9>),)",
    shape_error(lambda: update(Decay(0.1), nn.Grads((net[:1],), None), (net,)))
    >> "update: grads and params must have the same structure; where the first has (Dense(W=<f64 2x9>, b=<f64 9>),), "
    f"the second has {LIKE}",
    kind_error(lambda: nn.Adam(memory=None)) >> "Adam: memory must be a tuple, not None",
    kind_error(lambda: nn.Adam(memory=(1.0,))) >> "Adam: memory must be () or what update returned, not (1.0,)",
    kind_error(lambda: nn.Adam(memory=[])) >> "Adam: memory must be a tuple, not list; write tuple(memory)",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, x, net, vector)


def test_any_value_whose_bytes_are_known_has_a_fingerprint():
    for make, kind in [row for name, row in INSIDE.items() if name != "a dict"]:
        with pytest.raises(KindError, match=f"^fingerprint: value must be .*, not {kind}"):
            fingerprint(make())

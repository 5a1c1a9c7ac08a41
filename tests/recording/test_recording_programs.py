"""Programs as values: what they show, when they are equal, what they take, and their JSON."""

import json
from pathlib import Path

import attrs
import numpy as np
import pytest

from funcnn import Adam, Dense, Tanh, mlp, mse, softmax_cross_entropy
from funcnn.errors import FuncnnError, KindError, RangeError, ShapeError
from funcnn.recording import record_function, record_prediction, record_step
from funcnn.recording.operations import OPERATIONS, computed

NET, X, Y = (Dense.init(2, 1, seed=0), Tanh()), np.ones((4, 2)), np.zeros((4, 1))


def program_of(f, **inputs):
    return record_function(f, inputs)


def scaled(x, w):
    return 2 * x * w + np.array([1.0, 2.0])


def test_what_a_program_shows():
    program = program_of(scaled, x=np.ones(2), w=0.5)
    assert repr(program) == "<Program of 2 inputs, 2 constants, 3 operations>"
    assert len(program) == 3
    assert str(program).splitlines() == [
        "x: float64 (2,)",
        "w: float64 ()",
        "3: float64 (2,) constant",
        "4: float64 (2,) = multiply(2.0, x)",
        "5: float64 (2,) = multiply(4, w)",
        "6: float64 (2,) = add(5, 3)",
        "out = 6",
    ]


def test_a_step_shows_the_names_and_the_rules():
    lines = str(record_step(NET, X, Y, mse, 0.1)).splitlines()
    (product,) = [line for line in lines if " = matmul(x, params.0.W)" in line]
    assert product.endswith("  # forward 0 Dense")
    assert any([line.endswith("# loss mse") for line in lines])
    assert any([line.endswith("# sgd") for line in lines])
    assert any([line.split(":")[0].endswith(" dx") for line in lines])


def test_equality():
    x = np.ones(2)
    same, other = program_of(scaled, x=x, w=0.5), program_of(lambda x, w: scaled(x, w) + 1, x=x, w=0.5)
    program = program_of(scaled, x=2 * x, w=7.0)
    assert program == same
    assert hash(program) == hash(same)
    assert program != other
    assert program != program_of(scaled, x=x.astype("f4"), w=0.5)
    assert program != str(program)
    nan = [program_of(lambda x, k=k: x * np.array([np.nan, k]), x=x) for k in (1, 1, 2)]
    assert nan[0] == nan[1] != nan[2]


def test_dtypes_and_names_count():
    one, two = [program_of(lambda x, n=n: x[:n], x=np.ones(3)) for n in (1, 2)]
    assert one != two


def test_inputs_are_checked():
    program = program_of(scaled, x=np.ones(2), w=0.5)
    for inputs, message in [
        ("x", "Program: inputs must be a mapping from names to arrays, not str"),
        ({"x": np.ones(2)}, "Program: inputs must be x, w; missing: w"),
        ({"x": np.ones(2), "w": 1.0, "v": 1}, "Program: inputs must be x, w; unknown: v"),
        ({"x": [1, 2], "w": 1.0}, "Program: x must be an array, not list"),
        ({"x": np.ma.masked_array([1.0, 2.0]), "w": 1.0}, "Program: x must be an array, not MaskedArray"),
    ]:
        with pytest.raises(KindError) as caught:
            program(inputs)
        assert str(caught.value) == message
    for x, given in [(np.ones(3), "float64 of shape (3,)"), (np.ones(2, "f4"), "float32 of shape (2,)")]:
        with pytest.raises(ShapeError) as caught:
            program({"x": x, "w": 1.0})
        assert str(caught.value) == f"Program: x must be float64 of shape (2,), not {given}"
    np.testing.assert_array_equal(program({"x": np.ones(2, ">f8"), "w": 1})["out"], [3, 4])


def test_outputs_are_the_callers_own():
    program = program_of(lambda x: (x, x.reshape(1, 2), np.ones(2)), x=np.zeros(2))
    x = np.zeros(2)
    for a in program({"x": x}).values():
        a[...] = 5
    np.testing.assert_array_equal(x, 0)
    np.testing.assert_array_equal(program({"x": x})["out.2"], 1)


def test_outputs_that_do_not_depend_on_the_inputs():
    program = program_of(lambda x: (np.ones(2), 3, None, (2.5, x.sum())), x=np.zeros(2))
    made = program({"x": np.ones(2)})
    assert list(made) == ["out.0", "out.1", "out.3.0", "out.3.1"]
    assert made["out.1"] == 3
    assert made["out.3.1"] == 2


def interpreted(data, inputs):
    """The outputs of a program in JSON, with NumPy: the description of the format in docs/recording.md as code."""

    values = [np.asarray(inputs[name], f"={dtype}").reshape(shape) for name, shape, dtype in data["inputs"]]
    for shape, dtype, numbers in data["constants"]:
        flat = np.array(
            [float(one) if isinstance(one, str) else one for one in np.atleast_1d(np.array(numbers, object))]
        )
        values.append(np.broadcast_to(flat.astype(f"={dtype}"), np.prod(shape, dtype=int)).reshape(shape))
    for name, args, shape, dtype, *rest in data["operations"]:
        settings = rest[0] if rest and rest[0] else {}
        values.append(computed(name, [values[i] for i in args], settings, tuple(shape), np.dtype(dtype)))
    return {name: values[i] for name, i in data["outputs"].items()}


def test_json_says_all_that_the_program_computes():
    program = record_step(mlp([2, 3, 1], seed=0), X, Y, mse, 0.1)
    data = json.loads(json.dumps(program.to_json()))
    rng = np.random.default_rng(0)
    inputs = {name: rng.normal(size=shape) for name, shape, _ in program.inputs}
    ours, theirs = interpreted(data, inputs), program(inputs)
    for name, a in theirs.items():
        np.testing.assert_allclose(ours[name], a, rtol=1e-12, atol=1e-12, err_msg=name)
    assert data["steps"][0] == ["forward", "0", "Dense"]
    assert {len(operation) for operation in data["operations"]} <= {4, 5, 6, 7}


def test_json_of_special_numbers():
    program = program_of(lambda x: x * np.array([np.nan, np.inf, -np.inf, -0.0]) + np.full(4, 2.0), x=np.ones(4))
    assert [numbers for _, _, numbers in program.to_json()["constants"]] == [["nan", "inf", "-inf", -0.0], 2.0]
    empty = program_of(lambda x: np.concatenate([x, np.ones(0)]), x=np.ones(2))
    assert empty.to_json()["constants"] == [[[0], "f8", []]]
    bools = program_of(lambda x: np.where(np.array([True, False]), x, 0), x=np.ones(2))
    assert bools.to_json()["constants"][0] == [[2], "b1", [1, 0]]


def test_what_javascript_does_not_have():
    half = program_of(lambda x: x * 2, x=np.ones(2, np.float16))
    np.testing.assert_array_equal(half({"x": np.ones(2, np.float16)})["out"], np.full(2, 2, np.float16))
    with pytest.raises(KindError) as caught:
        half.to_json()
    assert str(caught.value) == (
        "Program.to_json: dtypes must be among bool, float32, float64, int32, int64, uint32, uint8, not float16"
    )
    large = program_of(lambda x: x + 2**60, x=np.ones(2, int))
    with pytest.raises(KindError, match=r"whole numbers must be at most 2\*\*53"):
        large.to_json()


NEEDED = "must be an array, a number, a record, or a tuple of them"


def test_arguments_of_record_function():
    for f, inputs, message in [
        (3, {}, "record_function: function must be a function, not int"),
        (abs, [1], "record_function: inputs must be a mapping from names to values, not list"),
        (abs, {1: X}, "record_function: names of inputs must be strings, not int"),
        (
            abs,
            {"x": [1.0]},
            f"record_function: the input x {NEEDED}, not list",
        ),
        (
            abs,
            {"x": (X, [1])},
            f"record_function: the input x[1] {NEEDED}, not list",
        ),
        (
            abs,
            {"x": np.float64(1)},
            f"record_function: the input x {NEEDED}, not float64",
        ),
        (lambda x: x, {"x": X * 1j}, "arithmetic of complex128 cannot be recorded"),
        (scaled, {"x": X}, "record_function: function must take (x), not (x, w)"),
        (min, {"x": X}, None),
        (lambda x: [x], {"x": X}, "record_function: out must be an array, a record or a tuple of them, not list"),
        (lambda x: {"a": x}, {"x": X}, "record_function: out must be an array, a record or a tuple of them, not dict"),
    ]:
        with pytest.raises((KindError, TypeError)) as caught:
            record_function(f, inputs)
        assert message is None or str(caught.value) == message


def test_records_and_tuples_are_inputs_and_outputs():
    def f(net, pair):
        return attrs.evolve(net, b=net.b + pair[0]), pair[1]

    net = Dense.init(2, 3, seed=0)
    program = record_function(f, {"net": net, "pair": (np.ones(3), None)})
    assert [name for name, *_ in program.inputs] == ["net.W", "net.b", "pair.0"]
    made = program({"net.W": net.W, "net.b": net.b, "pair.0": np.full(3, 2.0)})
    assert list(made) == ["out.0.W", "out.0.b"]
    np.testing.assert_array_equal(made["out.0.b"], net.b + 2)


LISTS = X.tolist()
STEPS = [
    ((NET, LISTS, Y, mse, 0.1), "record_step: x must be an array, not list; write np.asarray(x)"),
    ((NET, X[:, :1], Y, mse, 0.1), "Dense: x must be (m, ..., 2), not (4, 1)"),
    ((NET, X, Y[:2], mse, 0.1), "mse: out and y must have the same shape; out: (4, 1), y: (2, 1)"),
    ((NET, X, Y, "mse", 0.1), "record_step: loss must be a function (out, y), not str"),
    ((NET, X, Y, mse, "fast"), "record_step: lr must be a number, not str"),
    (("net", X, Y, mse, 0.1), "record_step: params must be a layer or a tuple of layers, not str"),
    ((NET, X, None, mse, 0.1), "mse: y must be an array, not None"),
    ((NET, X.astype(int), Y, mse, 0.1), "Dense: x must be float64, as W is, not int64; write x.astype('float64')"),
    (
        (NET, X, Y, lambda out, y: out, 0.1),
        "record_step: the loss must return a pair, the cost and its gradient dA, not float64 array",
    ),
]
OPTIMIZERS = [
    (Adam, "the class Adam; write Adam()"),
    (None, "None; for plain gradient descent write ()"),
    ([Adam()], "list"),
]
PREDICTIONS = [
    ((NET, LISTS), "record_prediction: x must be an array, not list; write np.asarray(x)"),
    ((NET, X[:, :1]), "Dense: x must be (m, ..., 2), not (4, 1)"),
    (("net", X), "record_prediction: params must be a layer or a tuple of layers, not str"),
]


@pytest.mark.parametrize(("args", "message"), STEPS, ids=[message for _, message in STEPS])
def test_arguments_of_a_step_that_do_not_fit(args, message):
    with pytest.raises(FuncnnError) as caught:
        record_step(*args)
    assert str(caught.value) == message


@pytest.mark.parametrize(("optimizer", "given"), OPTIMIZERS, ids=["class", "None", "list"])
def test_what_is_no_optimizer(optimizer, given):
    with pytest.raises(KindError) as caught:
        record_step(NET, X, Y, mse, 0.1, optimizer=optimizer)
    needed = "an optimizer, such as Adam(), or a tuple of them"
    assert str(caught.value) == f"record_step: optimizer must be {needed}, not {given}"


@pytest.mark.parametrize(("args", "message"), PREDICTIONS, ids=[message for _, message in PREDICTIONS])
def test_arguments_of_a_prediction_that_do_not_fit(args, message):
    with pytest.raises(FuncnnError) as caught:
        record_prediction(*args)
    assert str(caught.value) == message


def test_labels_out_of_range_are_refused():
    with pytest.raises(RangeError, match=r"softmax_cross_entropy: y must hold the classes 0 \.\. 2"):
        record_step(mlp([2, 3], seed=0), X, np.array([0, 1, 2, 3]), softmax_cross_entropy, 0.1)


def test_the_page_has_the_operations():
    page = (Path(__file__).parents[2] / "docs" / "recording.md").read_text("utf-8")
    section = page.split("## Operations")[1].split("## The format")[0]
    lists = [part.split(":")[1].replace("\n", " ") for part in section.split("\n- ")[1:]]
    elementwise = [name.strip() for part in lists for name in part.split("\n\n")[0].split("The others")[0].split(",")]
    table = [name for line in section.splitlines() if line.startswith("| `") for name in line.split("|")[1].split(",")]
    assert sorted([*elementwise, *[name.strip(" `") for name in table]]) == sorted([*OPERATIONS, "view"])


def test_the_page_has_the_dtypes():
    page = (Path(__file__).parents[2] / "docs" / "recording.md").read_text("utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith("- A dtype is")]
    letters = {part for part in line.replace('"', " ").split() if len(part) == 2 and part[1].isdigit()}
    for letter in letters:
        a = np.ones(2, letter)
        assert program_of(lambda x: x.reshape(2, 1), x=a).to_json()["inputs"] == [["x", [2], letter]]
    assert len(letters) == 7


def test_positions_of_a_view_are_said_by_strides():
    def framed(x):
        made = np.zeros_like(x)
        made[:, 1::2] = x[:, ::2]
        np.add.at(made, (slice(None), slice(1, 3)), x[:, :2])
        return np.pad(made, 1)

    program = record_function(framed, {"x": np.ones((6, 4))})
    puts = [one for one in program.operations if one.name.startswith("put")]
    assert [one.name for one in puts] == ["put", "put_add", "put"]
    assert all("strides" in one.settings for one in puts)
    assert all(constant.dtype.kind == "f" for constant in program.constants)

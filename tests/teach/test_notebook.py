"""The outputs of an executed notebook, as text and as HTML."""

import re
from html import unescape
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="it makes notebooks")
NotebookClient = pytest.importorskip("nbclient", reason="it executes notebooks").NotebookClient
pytest.importorskip("ipykernel", reason="it runs the code of a notebook")

pytestmark = pytest.mark.filterwarnings("default")  # those of the libraries that run a notebook

CELLS = {
    "start": """\
import numpy as np
from funcnn import Relu, TrainState, history, mlp, mse, summary, train, trace, value_and_grad
net = mlp([2, 3, 1], hidden=Relu(), seed=0)
x = np.linspace(-1, 1, 8).reshape(4, 2)
""",
    "summary": "summary(net, x)",
    "costs": "summary(net, x, costs=True)",
    "layers": "summary(net)",
    "trace": "trace(net, x, x[:, :1], mse)",
    "record": "net[0]",
    "tuple": "net",
    "state": "TrainState(net)",
    "table": """\
run = train(TrainState(net), [(x, x[:, :1])] * 3, value_and_grad(mse), 0.1)
last, table = history(run, {"b": lambda state: state.params[2].b}, every=2)
table
""",
    "best": "from funcnn.training import WithBest; WithBest(net[1:2], best_or_none=last, waited=1)",
    "visit": "trace(net, x, x[:, :1], mse)['1']",
    "error": "for state in train(TrainState(net), [(x[:, :1], x)], value_and_grad(mse), 0.1):\n    pass",
}


@pytest.fixture(scope="module")
def shown():
    """The data of the output of each cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS.values()])
    where = {"metadata": {"path": str(Path(__file__).parents[2])}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where, allow_errors=True).execute()
    outputs = [cell.outputs[0].get("data", cell.outputs[0]) if cell.outputs else {} for cell in notebook.cells]
    return dict(zip(CELLS, outputs, strict=True))


def cells_of(html):
    """The texts of the cells of an HTML table, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [list(map(unescape, re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row))) for row in rows]


def test_a_summary(shown):
    assert cells_of(shown["summary"]["text/html"]) == [
        ["layer", "x -> out", "parameters"],
        ["0 -> Dense (W: 2x3, b: 3)", "4x2 -> 4x3", "9 parameters"],
        ["1 -> Relu", "4x3 -> 4x3", ""],
        ["2 -> Dense (W: 3x1, b: 1)", "4x3 -> 4x1", "4 parameters"],
    ]
    assert shown["summary"]["text/html"].endswith("<p>There are 13 trainable parameters in the model.</p>")
    assert (
        shown["summary"]["text/plain"]
        == """\
[
  0 -> Dense (W: 2x3, b: 3)  4x2 -> 4x3  9 parameters
  1 -> Relu                  4x3 -> 4x3
  2 -> Dense (W: 3x1, b: 1)  4x3 -> 4x1  4 parameters
]
There are 13 trainable parameters in the model."""
    )


def test_a_summary_with_costs_and_one_without_x(shown):
    assert cells_of(shown["costs"]["text/html"])[0] == ["layer", "x -> out", "parameters", "forward", "arrays", "cache"]
    assert "<p>Forward is 100 flop; " in shown["costs"]["text/html"]
    assert cells_of(shown["layers"]["text/html"])[2] == ["1 -> Relu", ""]


def test_a_trace(shown):
    head, *rows = cells_of(shown["trace"]["text/html"])
    assert head == ["layer", "out", "min", "mean", "max", "zero", "cache", "|dA|", "gradients"]
    assert rows[1] == ["1 -> Relu", "4x3", "0", "0.341", "1.52", "42 %", "96 B", "1.4", ""]
    assert shown["trace"]["text/html"].endswith("<p>The cost is 1.61979; 96 B were kept for backward.</p>")
    assert shown["trace"]["text/plain"].splitlines()[2] == (
        "1 -> Relu                  4x3  0      0.341   1.52     42 %  96 B   1.4"
    )


def test_records_are_shown_by_their_repr(shown):
    dense = "Dense(W=<f64 [[ 0.0702 -0.9459  1.0763] [ 0.7452  0.5648  0.7506]]>, b=<f64 [0. 0. 0.]>)"
    assert shown["record"] == {"text/plain": dense}
    assert shown["tuple"]["text/plain"].startswith(f"({dense},\n Relu(),\n Dense(W=")
    assert shown["visit"]["text/plain"].startswith("Visit(path='1', number=0, depth=0, held=96, layer=Relu(), x=")


def test_a_state_of_training(shown):
    assert list(shown["state"]) == ["text/plain"]
    assert shown["state"]["text/plain"].splitlines()[:3] == [
        "TrainState",
        "params.0    Dense(W=<f64 [[ 0.0702 -0.9459  1.0763] [ 0.7452  0.5648  0.7506]]>, b=<f64 [0. 0. 0.]>)",
        "params.1    Relu()",
    ]
    assert shown["state"]["text/plain"].splitlines()[4:] == ["optimizer   ()", "step        0", "cost        nan"]
    assert shown["best"]["text/plain"].splitlines()[0] == "WithBest"
    assert re.fullmatch(r"best_or_none  TrainState of step 3, cost 0\.\d+", shown["best"]["text/plain"].splitlines()[5])


def test_a_table_of_history(shown):
    head, *rows = cells_of(shown["table"]["text/html"])
    assert head == ["step", "cost", "b"]
    assert [row[0] for row in rows] == ["2", "3"]
    assert all([re.fullmatch(r"<f64 \[-?0\.\d+\]>", row[2]) for row in rows])
    assert [line.split() for line in shown["table"]["text/plain"].splitlines()] == [
        head,
        *[" ".join(row).split() for row in rows],
    ]


def test_tables_have_no_colours_of_their_own(shown):
    for name in ("summary", "costs", "trace", "table"):
        assert not re.search(r"color|background|<style|class=", shown[name]["text/html"])


def test_an_error_of_shape_shows_the_cell_and_two_lines(shown):
    lines = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(shown["error"]["traceback"])).splitlines()
    assert [line for line in lines if "File " in line] == []
    assert len(lines) <= 9
    assert lines[-2:] == [
        "ShapeError: Dense: x must be (m, ..., 2), not (4, 1)",
        "in layer 0, Dense(W=<f64 [[ 0.0702 -0.9459  1.0763] [ 0.7452  0.5648  0.7506]]>, b=<f64 [0. 0. 0.]>), "
        "x: <f64 [[-1.    ] [-0.4286] [ 0.1429] [ 0.7143]]>",
    ]

"""The file of `write_steps`: its size, its data, and what it leaves out."""

import base64
import json
import re
from functools import partial

import numpy as np
import pytest

from funcnn import (
    LSTM,
    Array,
    Conv2d,
    Dense,
    Elementwise,
    Flatten,
    Relu,
    Tanh,
    mlp,
    mse,
    record,
    sgd,
    softmax_cross_entropy,
    trace,
)
from funcnn.arrays import same
from funcnn.errors import RangeError
from funcnn.layers import Here, Shared
from funcnn.teach import nudge, page, write_steps
from tests.counts import in_full

rng = np.random.default_rng(0)
x = np.array([[1.0, 2.0], [2.0, 1.0]])
y = np.array([[4.0], [6.0]])
net = mlp([2, 2, 1], hidden=Relu(), seed=0)


def written(folder, params, x, y, loss=mse, lr=0.1):
    """The text of a page and its data, checked to be small and to ask for nothing."""
    path = folder / "step.html"
    write_steps(params, x, y, loss, lr, path)
    text = path.read_text("utf-8")
    assert path.stat().st_size < 300_000
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=|url\(|@import|fetch\(|import\(|XMLHttp|eval\(|innerHTML", text)
    return text, json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


def decoded(text):
    return np.frombuffer(base64.b64decode(text), "<f8")


def test_numbers_are_those_of_the_trace_bit_for_bit(tmp_path):
    _, data = written(tmp_path, net, x, y)
    seen = trace(net, x, y, mse, lr=0.1, inputs=True)
    rows = {row["name"]: decoded(row["values"]).reshape(row["shape"]) for row in data["rows"]}
    assert same(rows["0.dx"], seen.grads.x)
    assert same(rows["2.W_after"], seen.after[2].W)
    assert rows["cost"] == seen.cost


def test_the_cost_after_the_step_is_in_the_page(tmp_path):
    _, data = written(tmp_path, net, x, y)
    assert data["after"] == trace(sgd(net, trace(net, x, y, mse).grads, 0.1), x, y, mse).cost

    def positive(out, y):
        if out.min() < 0:
            raise RangeError("positive: out must be positive")
        return mse(out, y)

    _, data = written(tmp_path, Dense(np.ones((2, 1)), None), x, -y, positive, 1.0)
    assert data["after"] is None


def test_nudges_are_those_of_nudge(tmp_path):
    _, data = written(tmp_path, net, x, y)
    names = [row["name"] for row in data["rows"]]
    assert len(data["nudges"]) == 5
    found = data["nudges"][str(names.index("0.W"))]
    again = nudge(net, x, y, mse, "0.W", (1, 0))
    assert decoded(found["below"])[2] == again.below
    assert decoded(found["above"])[2] == again.above
    assert found["h"] == again.h
    assert names[found["gradient"]] == "0.dW"
    assert data["rows"][found["gradient"]]["nudges"] == names.index("0.W")
    assert [names[i] for i in found["replayed"]] == ["0.out", "1.out", "2.out"]
    assert found["width"] == 10
    replay = decoded(found["replay"]).reshape(4, 2, 10)
    assert same(replay[2, 1, -2:], again.out_above.ravel())
    assert same(replay[2, 0, -2:], again.out_below.ravel())


@in_full
def test_large_arrays_are_heat_maps(tmp_path):
    wide = (Dense.init(40, 30, seed=0), Relu(), Dense.init(30, 1, seed=1))
    given, wanted = rng.normal(size=(50, 40)), rng.normal(size=(50, 1))
    _, data = written(tmp_path, wide, given, wanted)
    rows = {row["name"]: row for row in data["rows"]}
    heat = rows["0.W"]["heat"]
    assert (heat["rows"], heat["columns"]) == (22, 30)
    assert len(base64.b64decode(heat["levels"])) == 660
    assert (heat["least"], heat["most"]) == (wide[0].W.min(), wide[0].W.max())
    assert min(base64.b64decode(heat["levels"])) >= 1
    assert "values" in rows["2.W"]
    # Few numbers, many of them nudged: the costs, and of the outputs none.
    assert data["nudges"]
    assert {nudge["width"] for nudge in data["nudges"].values()} == {0}
    assert "terms" in rows["2.db"]


def test_a_gradient_that_no_step_shows_is_not_beside_the_slope(tmp_path):
    shared = Shared(Dense.init(2, 2, seed=0), (Here(), Here()))
    _, data = written(tmp_path, shared, x, x, lr=0)
    names = [row["name"] for row in data["rows"]]
    without = [names[int(i)] for i, nudge in data["nudges"].items() if nudge["gradient"] is None]
    assert without == ["layer.W", "layer.b"]


def test_the_outputs_at_the_end_are_replayed_if_all_are_too_many(tmp_path):
    _, data = written(tmp_path, mlp([2, 30, 1], hidden=Tanh(), seed=0), x, y)
    [width] = {nudge["width"] for nudge in data["nudges"].values()}
    assert width == 2


@pytest.mark.parametrize(
    ("params", "scale"),
    [((Dense.init(2, 1, seed=0, dtype=np.float16),), 1), ((Dense.init(2, 1, seed=0),), 1e7)],
)
def test_numbers_that_h_would_not_change_are_not_nudged(params, scale, tmp_path):
    dtype = params[0].W.dtype
    _, data = written(tmp_path, params, (scale * x).astype(dtype), y.astype(dtype))
    assert len(data["nudges"]) == (0 if dtype == np.float16 else 2)


@in_full
def test_a_network_of_many_numbers_has_fewer_details_and_then_none(tmp_path, monkeypatch):
    deep = tuple([Dense.init(14, 14, seed=i) for i in range(5)])
    given = rng.normal(size=(8, 14))
    _, data = written(tmp_path, deep, given, given)
    assert data["nudges"] == {}
    assert any(["terms" in row for row in data["rows"]])
    assert any(["left out" in row.get("note", "") for row in data["rows"]])
    assert not any(["heat" in row for row in data["rows"]])

    monkeypatch.setattr(page, "MOST_BYTES", 80_000)
    _, data = written(tmp_path, deep, given, given)
    assert sum(["heat" in row for row in data["rows"]]) > 10

    monkeypatch.setattr(page, "MOST_BYTES", 30_000)
    with pytest.raises(RangeError, match="write_steps: params must have few enough layers"):
        write_steps(deep, given, given, mse, 0.1, tmp_path / "step.html")


def test_images_have_rows_and_columns_in_tables(tmp_path):
    images = rng.normal(size=(1, 5, 5, 1))
    params = (Conv2d.init(1, 1, (3, 3), seed=0), Flatten(), Dense.init(9, 2, seed=0))
    _, data = written(tmp_path, params, images, np.array([1]), softmax_cross_entropy)
    rows = {row["name"]: row for row in data["rows"]}
    assert rows["x"]["axes"] == [1, 2]
    assert rows["0.W"]["axes"] == rows["0.dW"]["axes"] == [0, 1]
    assert rows["1.out"]["axes"] == [0, 1]
    assert rows["0.b"]["axes"] == [0]


def test_names_in_a_page_are_text(tmp_path):
    @record
    class Odd(Elementwise):
        """out = x, </script><b>"""

        def value(self, x: Array) -> Array:
            return x + 0

        def slope(self, kept: Array) -> float:
            return 1.0 + 0 * kept

    Odd.__name__ = "</script><script>alert(1)</script>"

    def loss(out, y):
        return mse(out, y)

    loss.__name__ = "<img>"
    text, data = written(tmp_path, (Odd(),), x, x, loss)
    assert "<img>" not in text
    assert "alert(1)</script>" not in text
    assert data["steps"][0]["kind"] == Odd.__name__


def test_masks_have_no_terms_and_a_partial_is_called_by_the_name_of_its_loss(tmp_path):
    def masked(out, y, weight):
        cost, dA = mse(out[0], y)
        return weight * cost, (weight * dA, None)

    given = (x[None], np.array([[True, False]]))
    layer = LSTM.init(2, 2, seed=0)
    _, data = written(tmp_path, layer, given, np.zeros((1, 2, 2)), partial(masked, weight=2.0))
    rows = {row["name"]: row for row in data["rows"]}
    assert rows["x.1"]["type"] == "bool"
    assert "terms" not in rows["x.1"]
    assert next(step["kind"] for step in data["steps"] if step["phase"] == "loss") == "masked"


def test_an_array_without_numbers_is_an_empty_heat_map(tmp_path):
    def nothing(out, y):
        return 0.0 * out.sum(), 0 * out

    _, data = written(tmp_path, (Tanh(),), x[:0], x[:0], nothing)
    assert data["rows"][0]["heat"]["mean"] == 0

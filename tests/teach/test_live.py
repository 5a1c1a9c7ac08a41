"""The data of a page that trains: what its middle shows, its classes, its choices and the fewer rows."""

import json
import re

import numpy as np
import pytest

from funcnn import Adam, ClipNorm, Dense, Flatten, Relu, Sigmoid, mlp, mse, softmax_cross_entropy
from funcnn.layers import Copy, Parallel
from funcnn.losses import binary_cross_entropy_with_logits, joint
from funcnn.teach import playground, write_playground
from funcnn.teach.live import page

rng = np.random.default_rng(0)
one, two, five = (rng.normal(size=(12, n)) for n in (1, 2, 5))
labels, binary = rng.integers(0, 3, 12), (one > 0) * 1.0
images, colours, flags = rng.normal(size=(12, 6, 6)), rng.normal(size=(12, 6, 6, 3)), rng.integers(0, 2, (12, 6, 6))


def data_of(*given, **settings):
    """The data of the page in a notebook."""
    text = playground(*given, **settings).html
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


def flat(n):
    return (Flatten(), Dense.init(n, 3, seed=0))


SHOWN = {
    "one feature and one output": (mlp([1, 3, 1], seed=0), one, one, mse, "curve", 0),
    "one feature and two outputs": (mlp([1, 3, 2], seed=0), one, two, mse, "table", 0),
    "two features": (mlp([2, 3, 1], seed=0), two, one, mse, "plane", 0),
    "two features and labels": (mlp([2, 3, 3], seed=0), two, labels, softmax_cross_entropy, "plane", 3),
    "logits of two classes": (mlp([5, 3, 1], seed=0), five, binary, binary_cross_entropy_with_logits, "table", 2),
    "grey images": (flat(36), images, labels, softmax_cross_entropy, "images", 3),
    "images of three colours": (flat(108), colours, labels, softmax_cross_entropy, "images", 3),
    "two outputs": ((Copy(2), Parallel((Relu(), Relu()))), five, (five, five), joint(mse, mse), "table", 0),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_middle_shows_what_fits_the_data(name):
    params, x, y, loss, view, classes = SHOWN[name]
    data = data_of(params, x, y, loss, 0.1)
    assert (data["kind"], data["classes"]) == (view, classes)
    assert data["is_logit"] == (loss in {softmax_cross_entropy, binary_cross_entropy_with_logits})
    assert (data["grid"] is None) == (view not in {"curve", "plane"})
    assert data["rows"] == 12
    assert [part["shape"] for part in data["x"]] == [list(x.shape)]


def test_places_of_a_plane_reach_beyond_the_data_and_have_few_digits():
    grid = data_of(mlp([2, 3, 1], seed=0), two, one, mse, 0.1)["grid"]
    places = np.reshape(grid["data"], (-1, 2))
    assert len(places) == np.prod(grid["shape"])
    assert (places.min(axis=0) < two.min(axis=0)).all()
    assert (places.max(axis=0) > two.max(axis=0)).all()
    assert max(len(str(abs(place))) for place in places.ravel()) < 12


def test_choices_are_networks_with_or_without_an_optimizer():
    net, chain = mlp([5, 3, 1], seed=0), (Dense.init(5, 1, seed=0), Sigmoid())
    choices = {"chain": chain, "Adam": (net, Adam()), "chain of two": (net, (ClipNorm(1.0), Adam()))}
    data = data_of(net, five, one, mse, 0.1, choices=choices)
    assert [choice["name"] for choice in data["choices"]] == ["this page's", *choices]
    assert [choice["optimizer"].split()[0] for choice in data["choices"]] == ["sgd", "sgd", "Adam", "ClipNorm"]
    assert ["next" in choice for choice in data["choices"]] == [False, False, True, True]
    assert [layer["kind"] for layer in data["choices"][1]["layers"]] == ["Dense", "Sigmoid"]


def test_fewer_rows_are_halves_down_to_four():
    [choice] = data_of(mlp([5, 3, 1], seed=0), five, one, mse, 0.1)["choices"]
    assert [*choice["fewer"]] == ["6"]
    assert choice["fewer"]["6"]["first"]["inputs"][-3:-1] == [["x", [6, 5], "f8"], ["y", [6, 1], "f8"]]
    assert "predict" in choice["fewer"]["6"]  # which reads the rows, as there is no grid


def test_rows_are_not_a_choice_where_their_programs_do_not_fit():
    [choice] = data_of(mlp([5, *[4] * 60, 1], seed=0), five, one, mse, 0.1)["choices"]
    assert "fewer" not in choice


def test_as_many_numbers_of_rows_can_be_chosen_as_fit(monkeypatch):
    net, x = mlp([5, 3, 1], seed=0), rng.normal(size=(32, 5))
    shown = playground(net, x, x[:, :1], mse, 0.1)
    [choice] = data_of(net, x, x[:, :1], mse, 0.1)["choices"]
    assert [*choice["fewer"]] == ["16", "8", "4"]
    data = len(re.search(r'id="data">(.*?)</script>', shown.html, re.DOTALL)[1])
    used = len(shown.html) - data + page.size_of([{**choice, "start": {}, "fewer": {}}])
    monkeypatch.setattr(page, "MOST_BYTES", used + page.size_of([choice["fewer"]["16"], choice["fewer"]["8"]]) + 500)
    [choice] = data_of(net, x, x[:, :1], mse, 0.1)["choices"]
    assert [*choice["fewer"]] == ["16", "8"]


def test_a_notebook_shows_the_page_in_a_frame_that_can_run_scripts_alone():
    shown = playground(mlp([5, 3, 1], seed=0), five, one, mse, 0.1, title="<one> & more")
    assert repr(shown) == "Playground(Dense → Relu → Dense, mse)"
    frame = shown._repr_html_()
    assert frame.startswith('<iframe sandbox="allow-scripts" ')
    assert "<title>&lt;one&gt; &amp; more</title>" in shown.html
    assert "<script" not in frame


def test_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / "live.html"
    write_playground(mlp([5, 3, 1], seed=0), five, one, mse, 0.1, path)
    before = path.read_bytes()
    with pytest.raises(Exception, match="lr must be"):
        write_playground(mlp([5, 3, 1], seed=0), five, one, mse, -1.0, path)
    assert path.read_bytes() == before

"""`write_player`: one file with the pictures, steps and costs of the run."""

import base64
import io
import json
import math
import re

import numpy as np
import pytest

import funcnn as nn
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

pytest.importorskip("matplotlib", reason="pictures are written with matplotlib")
import matplotlib as mpl

mpl.use("Agg")

from matplotlib.image import imread

from funcnn import plot

x = np.array([[-1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
y = np.array([[0.0], [1.0], [1.0]])
line = nn.Dense(np.array([[1.0], [0.0]]), np.zeros(1))
COSTS = [4.0, 2.0, 1.0, math.nan, 0.5]
STATES = [nn.TrainState(line, step=10 * i, cost=cost) for i, cost in enumerate(COSTS)]


def gray(state):
    """A picture that says of which step it is."""
    return np.full((4, 6), state.step / 40)


def written(path):
    text = path.read_text("utf-8")
    [run] = re.findall(r'<script type="application/json" id="run">(.*?)</script>', text)
    return text, json.loads(run)


def test_it_has_the_pictures_steps_and_costs_of_the_run(tmp_path):
    path = tmp_path / "run.html"
    assert plot.write_player(path, iter(STATES), gray, every=20, title="<b> & co") is None
    text, run = written(path)
    assert run["steps"] == [0, 20, 40]
    assert run["costs"] == ["4", "1", "0.5"]
    for step, frame in zip(run["steps"], run["frames"], strict=True):
        image = imread(io.BytesIO(base64.b64decode(frame)))
        assert image.shape == (4, 6, 4)
        assert np.allclose(image[..., 0], step / 40, atol=1 / 255)
    assert "<title>&lt;b&gt; &amp; co</title>" in text
    assert "{{" not in text
    assert re.findall(r"https?:|src=|href=|url\(", text) == []


def test_the_same_run_gives_the_same_file(tmp_path):
    for name in ("a", "b"):
        plot.write_player(tmp_path / name, STATES, gray)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_curve_leaves_out_what_is_not_finite_and_is_logarithmic_where_it_can_be(tmp_path):
    path = tmp_path / "run.html"
    plot.write_player(path, STATES, gray)
    text, run = written(path)
    assert run["points"][3] is None
    (left, top), (_, second), (_, third), _, (right, bottom) = run["points"]
    assert (left, top, right, bottom) == (8, 8, 592, 112)
    assert third - second == pytest.approx(second - top, abs=0.11)  # each half of the cost is one step down
    assert "on a logarithmic scale" in text
    plot.write_player(path, [nn.TrainState(line, step=i, cost=1.0 - i) for i in range(3)], gray)
    text, run = written(path)
    assert [point[1] for point in run["points"]] == [8, 60, 112]
    assert "logarithmic" not in text
    plot.write_player(path, [nn.TrainState(line)], gray)
    assert written(path)[1]["points"] == [None]


def test_regions_are_an_array_with_the_examples_in_it():
    image = plot.render_regions(line, x, y, points=21)
    assert image.shape == (21, 21, 3)
    assert image[10, 0, 0] > image[10, 0, 2]
    assert image[10, -1, 2] > image[10, -1, 0]
    dark = np.argwhere(image.max(axis=2) < 0.5)
    assert dark.tolist() == [[1, 19], [19, 1], [19, 19]]  # the example (1, 1) is at the upper right
    flat = plot.render_regions(line, x[:1], y[:1], points=5)
    assert (flat.max(axis=2) < 0.5).sum() == 1


ROWS = [
    kind_error(lambda: plot.write_player(3, STATES, gray)) >> "write_player: path must be a string or a Path, not int",
    range_error(lambda: plot.write_player("run.html", [], gray))
    >> "write_player: run must give at least one state, not 0; a generator can be read once",
    kind_error(lambda: plot.write_player("run.html", STATES, lambda state: 0.5))
    >> "write_player: frame must return an array of real numbers, not 0.5",
    shape_error(lambda: plot.write_player("run.html", STATES, lambda state: x[0]))
    >> "write_player: frame must return (h, w) or (h, w, 3), with no axis of length 0, not (2,)",
    shape_error(lambda: plot.write_player("run.html", STATES, lambda state: np.ones((1, 1 + state.step))))
    >> "write_player: frame must return arrays of one shape, not (1, 1) and (1, 11)",
    range_error(lambda: plot.write_player("run.html", STATES, lambda state: x * np.nan))
    >> "write_player: frame must return finite numbers",
    kind_error(lambda: plot.render_regions(line, x, [0, 1, 1]))
    >> "render_regions: y must be an array, not list; write np.asarray(y)",
    range_error(lambda: plot.render_regions(line, x, 2 * y))
    >> "render_regions: y must hold only 0 and 1, the classes of a network with one output",
]


@each_row(ROWS)
def test_bad_input_is_named(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_says(row)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_not_too_large(tmp_path, monkeypatch):
    remedy = "give a larger every, or smaller frames"
    small = f"write_player: the file must have at most 5 MB; it has more after {{}} frames; {remedy}"
    for most, frames in ((150, 2), (2000, 5)):
        monkeypatch.setattr("funcnn.plot.player.LARGEST", most)
        with pytest.raises(nn.errors.RangeError, match=re.escape(small.format(frames))):
            plot.write_player(tmp_path / "run.html", STATES, gray)
    assert list(tmp_path.iterdir()) == []

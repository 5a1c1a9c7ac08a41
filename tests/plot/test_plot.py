"""Plots: drawn on the given axes or on new ones, never shown, and with the right data."""

from typing import Any

import numpy as np
import pytest

import funcnn as nn
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")
import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from funcnn import plot
from funcnn.layers import Copy, Elementwise

x = np.array([[-1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
y = np.array([[0.0], [1.0], [1.0]])
line = nn.Dense(np.array([[1.0], [0.0]]), np.zeros(1))


@pytest.fixture(autouse=True)
def clean():
    style = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == style


def test_it_draws_where_it_is_told_or_on_new_axes():
    images = np.zeros((2, 3, 3))
    for draw in (
        lambda ax: plot.cost_curve({"step": [1, 2], "cost": [1.0, 0.1]}, ax),
        lambda ax: plot.rate_curve(0.1, 2, ax),
        lambda ax: plot.range_curve({"lr": [0.1, 1.0], "cost": [2.0, -0.1]}, ax),
        lambda ax: plot.decision_regions(line, x, y, ax, points=9),
        lambda ax: plot.pictures(images, ["a", "b"], ax),
        lambda ax: plot.picture(line, (4, 5), ax),
    ):
        _, ax = plt.subplots()
        assert draw(ax) is ax
        fresh = draw(None)
        assert fresh is not ax
        fresh.figure.canvas.draw()


def test_a_cost_curve_has_the_steps_of_the_table():
    run = nn.train(nn.TrainState(line), [(x, y)] * 7, nn.value_and_grad(nn.mse), 0.1)
    _, table = nn.history(run, every=3)
    ax = plot.cost_curve(table, label="mine")
    [curve] = ax.get_lines()
    assert curve.get_xdata().tolist() == [3, 6, 7]
    assert curve.get_ydata().tolist() == table["cost"].tolist()
    assert curve.get_label() == "mine"
    assert (ax.get_xlabel(), ax.get_yscale()) == ("step", "linear")


def test_columns_of_any_mapping_and_their_arrays_are_drawn_by_matplotlib():
    [curve] = plot.cost_curve({"step": range(2), "cost": [3.0, 2.0]}).get_lines()
    assert curve.get_xdata().tolist() == [0, 1]
    _, table = nn.history([nn.TrainState(line, step=i) for i in (1, 2)], {"both": lambda now: now.params.W[:, 0]})
    assert len(plt.plot(table["step"], table["both"])) == 2
    assert len(plt.plot("step", "both.1", data=table)) == 1


def test_a_rate_curve_has_the_rate_of_every_step():
    ax = plot.rate_curve(nn.schedules.stages((0.2, 2), (0.1, 1)), 4, label="mine")
    plot.rate_curve(0.3, 3, ax)
    schedule, constant = ax.get_lines()
    assert schedule.get_xdata().tolist() == [0, 1, 2, 3]
    assert schedule.get_ydata().tolist() == [0.2, 0.2, 0.1, 0.1]
    assert schedule.get_label() == "mine"
    assert constant.get_ydata().tolist() == [0.3, 0.3, 0.3]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("step", "learning rate", "linear")


def colour_at(ax, where):
    ax.figure.canvas.draw()
    column, row = ax.transData.transform(where)
    pixels = np.asarray(ax.figure.canvas.buffer_rgba())
    return pixels[pixels.shape[0] - 1 - round(row), round(column), :3].astype(int)


def test_regions_part_where_the_network_says():
    red, blue = (colour_at(plot.decision_regions(line, x, y), (side, 0.5)) for side in (-0.5, 0.5))
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    unsure = (nn.Dense(np.array([[0.01], [0.0]]), np.array([0.3])),)  # logits in [0, 1] are logits all the same
    assert colour_at(plot.decision_regions(unsure, x, y), (-0.5, 0.5))[2] > 200
    probable = colour_at(plot.decision_regions((*unsure, nn.Sigmoid()), x, y), (-0.5, 0.5))
    assert probable[2] > probable[0]
    doubtful = colour_at(plot.decision_regions((unsure[0], nn.layers.Identity()), x, 0 * y), (-0.5, 0.5))
    assert doubtful[2] > doubtful[0]


def test_examples_have_the_colours_of_their_class_even_where_there_is_one_class_only():
    for label, channel in ((0.0, 0), (1.0, 2)):
        ax = plot.decision_regions(line, x, np.full((3, 1), label))
        [points] = [c for c in ax.collections if len(c.get_offsets()) == 3]
        ax.figure.canvas.draw()
        assert points.get_facecolors()[0, :3].argmax() == channel


def test_a_grid_of_pictures_has_their_titles_in_their_colours():
    images = np.linspace(0, 1, 3 * 4 * 2).reshape(3, 4, 2)
    ax = plot.pictures(images, ["one", "two", "three"], columns=2, colors=["red", "black", "blue"])
    texts = [(text.get_text(), text.get_color()) for text in ax.texts]
    assert texts == [("one", "red"), ("two", "black"), ("three", "blue")]
    tops = [image.get_extent()[3] for image in ax.images]
    assert tops[0] == tops[1] < tops[2]
    assert len(plot.pictures(np.zeros((1, 2, 2, 3)), ["rgb"]).images) == 1


def test_a_picture_is_upright_and_its_first_pixel_the_upper_left():
    net = nn.Dense(np.array([[1.0], [0.0]]), np.array([0.0]))  # bright where the row is high
    drawn = plot.render(net, (5, 3))
    assert drawn.shape == (5, 3)
    assert (drawn == np.array([0, 0, 0, 0.5, 1])[:, None]).all()
    grid = plot.coordinates((5, 3))
    assert grid[0].tolist() == [-1, -1]
    assert grid[2].tolist() == [-1, 1]
    assert grid[-1].tolist() == [1, 1]
    image = plot.picture(net, (5, 3)).images[0]
    assert np.array_equal(image.get_array(), drawn)
    assert image.origin == "upper"


def test_a_float32_network_is_a_picture_too_and_dark_may_be_1():
    net = nn.tree_map(lambda a: a.astype(np.float32), (line, nn.Sigmoid()))
    assert plot.render(net, (2, 3)).dtype == np.float32
    nets = nn.Dense(np.zeros((2, 1)), None), (nn.layers.Identity(), line)
    assert {plot.render(one, (2, 3)).shape for one in nets} == {(2, 3)}
    assert plot.picture(net, (2, 3), cmap="gray_r").images[0].get_cmap().name == "gray_r"


def test_three_outputs_are_colours():
    net = nn.Dense(np.zeros((2, 3)), np.array([0.2, 0.4, 2.0]))
    drawn = plot.render(net, (2, 2), rows=3)
    assert drawn.shape == (2, 2, 3)
    assert drawn[1, 1].tolist() == [0.2, 0.4, 1.0]
    assert plot.render(line, (1, 1)).shape == (1, 1)


def test_titles_and_colours_may_be_arrays_and_tuples():
    ax = plot.pictures(np.zeros((2, 3, 3)), ("a", "b"), colors=np.array(["red", "blue"]))
    assert [text.get_color() for text in ax.texts] == ["red", "blue"]
    ax = plot.pictures(np.zeros((2, 3, 3), bool), np.array(["a", "b"]), colors=[(1, 0, 0), (0, 0, 1)])
    assert [text.get_color() for text in ax.texts] == [(1, 0, 0), (0, 0, 1)]


def test_a_picture_has_the_dtype_of_the_first_array_of_floats():
    ids = nn.Dense(np.ones((2, 1), np.float32), None)
    assert plot.render((Counted(np.arange(3)), ids), [2, 3]).dtype == np.float32


@nn.record
class Counted(Elementwise):
    """The identity, with an array of whole numbers."""

    steps: Any = nn.state()

    def value(self, x: nn.Array) -> nn.Array:
        return x

    def slope(self, kept: nn.Array) -> nn.Array:
        return np.ones_like(kept)


COLUMNS = "cost_curve: table must have the columns step and cost"
LAYER = "must be a layer or a tuple of layers, not"
two, half = nn.Dense.init(2, 2, seed=0), np.zeros((2, 3, 3))
ROWS = [
    kind_error(lambda: plot.cost_curve(np.ones(2)))
    >> f'{COLUMNS}, not float64 array; write {{"step": steps, "cost": costs}}',
    kind_error(lambda: plot.cost_curve((nn.TrainState(nn.Relu()), {"step": [1], "cost": [1.0]})))
    >> f"{COLUMNS}, not tuple; history gives (last, table)",
    kind_error(lambda: plot.range_curve({"step": [1], "cost": [1.0]}))
    >> 'range_curve: table must have the columns lr and cost, not dict; write {"lr": lrs, "cost": costs}',
    shape_error(lambda: plot.range_curve({"lr": [1, 2], "cost": [1.0, 2.0, 3.0]}))
    >> "range_curve: table must have one cost for each lr; lr: (2,), cost: (3,)",
    kind_error(lambda: plot.range_curve({"lr": ["low"], "cost": [1.0]}))
    >> "range_curve: the column lr must hold numbers, not list",
    kind_error(lambda: plot.cost_curve({"cost": [1.0]}))
    >> f'{COLUMNS}, not dict; write {{"step": steps, "cost": costs}}',
    shape_error(lambda: plot.cost_curve({"step": [1], "cost": [1.0, 2.0]}))
    >> "cost_curve: table must have one cost for each step; step: (1,), cost: (2,)",
    shape_error(lambda: plot.cost_curve({"step": 1, "cost": 2.0}))
    >> "cost_curve: table must have one cost for each step; step: (), cost: ()",
    kind_error(lambda: plot.cost_curve({"step": [1], "cost": ["low"]}))
    >> "cost_curve: the column cost must hold numbers, not list",
    kind_error(lambda: plot.rate_curve(lambda step: "low", 2)) >> "rate_curve: lr(0) must be a number, not str",
    range_error(lambda: plot.rate_curve(lambda step: -step, 2))
    >> "rate_curve: lr(1) must be finite and not negative, not -1",
    kind_error(lambda: plot.decision_regions([line], x, y))
    >> f"decision_regions: params {LAYER} list; write tuple(params)",
    shape_error(lambda: plot.decision_regions(line, x[:, :1], y))
    >> "decision_regions: x must be (m, 2) and y (m, 1), m > 0; x: (3, 1), y: (3, 1)",
    shape_error(lambda: plot.decision_regions(line, x[:0], y[:0]))
    >> "decision_regions: x must be (m, 2) and y (m, 1), m > 0; x: (0, 2), y: (0, 1)",
    kind_error(lambda: plot.decision_regions(line, x.astype(int), y))
    >> "decision_regions: x must be an array of floats, not int64 array; write x.astype(float)",
    range_error(lambda: plot.decision_regions(line, x * np.nan, y)) >> "decision_regions: x must be finite",
    range_error(lambda: plot.decision_regions(line, x, 2 * y - 1))
    >> "decision_regions: y must hold only 0 and 1, the classes of a network with one output",
    shape_error(lambda: plot.decision_regions(two, x, y))
    >> "decision_regions: the network must give one output, (m, 1); it gives <f64 90000x2>",
    shape_error(lambda: plot.decision_regions((Copy(2),), x, y, points=2))
    >> "decision_regions: the network must give one output, (m, 1); it gives (<f64 4x2>, <f64 4x2>)",
    kind_error(lambda: plot.pictures([half], ["a"])) >> "pictures: images must be an array, not list; to join "
    "arrays of one shape write np.stack(images)",
    shape_error(lambda: plot.pictures(half[0], ["a"]))
    >> "pictures: images must be (k, h, w) or (k, h, w, 3), with no axis of length 0; images: (3, 3)",
    shape_error(lambda: plot.pictures(np.zeros((1, 3, 3, 2)), ["a"]))
    >> "pictures: images must be (k, h, w) or (k, h, w, 3), with no axis of length 0; images: (1, 3, 3, 2)",
    shape_error(lambda: plot.pictures(half[:0], []))
    >> "pictures: images must be (k, h, w) or (k, h, w, 3), with no axis of length 0; images: (0, 3, 3)",
    kind_error(lambda: plot.pictures(half.astype(str), ["a", "b"]))
    >> "pictures: images must be an array of numbers, not str array",
    shape_error(lambda: plot.pictures(half, ["one"]))
    >> "pictures: titles and colors must have 2 entries each, one for each picture, not 1 and 2",
    kind_error(lambda: plot.pictures(half, "ab")) >> "pictures: titles must be a list of strings, not str",
    kind_error(lambda: plot.pictures(half, [1, 2])) >> "pictures: titles must be a list of strings, not one with 1",
    kind_error(lambda: plot.pictures(half, np.array([["a"], ["b"]])))
    >> "pictures: titles must be a list of strings, not str array",
    kind_error(lambda: plot.pictures(half, ["a", "b"], colors="redd"))
    >> "pictures: colors must be a list of colours of matplotlib, not one with 'redd'",
    kind_error(lambda: plot.picture(line, shape=(2.5, 3))) >> "picture: h must be a whole number, not float",
    kind_error(lambda: plot.picture(line, 3)) >> "picture: shape must be (h, w), two whole numbers, not 3",
    kind_error(lambda: plot.render(line, (3, 3, 3)))
    >> "render: shape must be (h, w), two whole numbers, not (3, 3, 3)",
    range_error(lambda: plot.coordinates((0, 3))) >> "coordinates: sizes must be at least 1; h: 0, w: 3",
    shape_error(lambda: plot.render(two, (2, 2)))
    >> "render: the network must give 1 or 3 outputs, (h w, 1) or (h w, 3); it gives <f64 4x2>",
    kind_error(lambda: plot.picture(line, (3, 3), plt.figure()))
    >> "picture: ax must be an Axes of matplotlib, not Figure",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row)

"""Pictures: drawn on the axes given or on new ones, never shown, and what they show is so."""

import numpy as np
import pytest

import funcnn as nn

pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")
import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from funcnn import plot

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
    assert (ax.get_xlabel(), ax.get_yscale()) == ("step", "log")


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
    assert [(text.get_text(), text.get_color()) for text in ax.texts] == [
        ("one", "red"),
        ("two", "black"),
        ("three", "blue"),
    ]
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
    assert (
        plot.render(nn.Dense(np.zeros((2, 1)), None), (2, 3)).shape
        == plot.render((nn.layers.Identity(), line), (2, 3)).shape
    )
    assert plot.picture(net, (2, 3), cmap="gray_r").images[0].get_cmap().name == "gray_r"


def test_three_outputs_are_colours():
    net = nn.Dense(np.zeros((2, 3)), np.array([0.2, 0.4, 2.0]))
    drawn = plot.render(net, (2, 2), rows=3)
    assert drawn.shape == (2, 2, 3)
    assert drawn[1, 1].tolist() == [0.2, 0.4, 1.0]
    assert plot.render(line, (1, 1)).shape == (1, 1)


def test_what_does_not_fit_is_refused():
    with pytest.raises(nn.errors.ShapeError, match=r"x must be \(m, 2\) and y \(m, 1\); x: \(3, 1\), y: \(3, 1\)"):
        plot.decision_regions(line, x[:, :1], y)
    with pytest.raises(nn.errors.ShapeError, match="2 pictures need as many titles and colors, not 1 and 2"):
        plot.pictures(np.zeros((2, 3, 3)), ["one"])
    with pytest.raises(nn.errors.RangeError, match="rate_curve: steps must be at least 1; it is 0"):
        plot.rate_curve(0.1, 0)
    with pytest.raises(nn.errors.KindError, match=r"^rate_curve: lr must be a number, not str$"):
        plot.rate_curve("0.1", 2)
    needed = "cost_curve: table must have the columns step and cost"
    for table, given in ((np.ones(2), "float64 array"), ({"cost": [1.0]}, "dict")):
        with pytest.raises(
            nn.errors.KindError, match=rf"^{needed}, not {given}; write {{\"step\": steps, \"cost\": costs}}$"
        ):
            plot.cost_curve(table)
    with pytest.raises(nn.errors.ShapeError, match=r"^cost_curve: table must have a cost a step; steps: 1, costs: 2$"):
        plot.cost_curve({"step": [1], "cost": [1.0, 2.0]})
    with pytest.raises(nn.errors.KindError, match=r"rate_curve: steps must be a whole number, not float$"):
        plot.rate_curve(0.1, 9.5)
    with pytest.raises(nn.errors.ShapeError, match="render: a picture has 1 or 3 outputs, not 2"):
        plot.render(nn.Dense.init(2, 2, seed=0), (2, 2))

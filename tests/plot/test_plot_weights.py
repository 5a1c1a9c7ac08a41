"""`heat_map` and `filters`: each weight at its place, on one scale, which has one hue on each side of 0."""

import numpy as np
import pytest

import funcnn as nn
from tests.says import assert_says, each_row, kind_error, shape_error

pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")
import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from funcnn import plot


@pytest.fixture(autouse=True)
def clean():
    yield
    plt.close("all")


def drawn(ax):
    """The numbers of the only image, its limits, and the Axes beside it."""
    [image] = ax.images
    return np.ma.filled(image.get_array(), np.nan), image.get_clim(), ax.child_axes


def test_a_matrix_has_a_scale_that_is_symmetric_about_0():
    matrix = np.array([[0.5, -2.0, 0.0], [np.inf, np.nan, 1.0]])
    _, own = plt.subplots()
    ax = plot.heat_map(matrix, own, aspect="equal")
    numbers, limits, axes = drawn(ax)
    assert ax is own
    assert np.array_equal(numbers[0], matrix[0])
    assert limits == (-2, 2)
    assert len(axes) == 1  # the bar
    assert ax.images[0].get_cmap()(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.05)
    assert ax.get_aspect() == 1


def test_a_matrix_without_negative_numbers_has_one_hue_from_0_and_whole_numbers_at_its_axes():
    ax = plot.heat_map(np.array([[40, 2], [5, 30]]))
    assert drawn(ax)[1] == (0, 40)
    red, green, blue, _ = ax.images[0].get_cmap()(np.linspace(0, 1, 9)).T
    assert (np.diff([red, green]) <= 0).all()  # from white to dark blue
    assert ((blue >= green) & (green >= red)).all()
    assert (ax.get_xticks() % 1 == 0).all()
    assert drawn(plot.heat_map(np.zeros((2, 2), np.float32)))[1] == (0, 1)
    assert drawn(plot.heat_map(np.array([[True, False]])))[1] == (0, 1)


def test_units_of_a_dense_layer_are_images():
    W = np.arange(12.0).reshape(6, 2) - 5  # two units on images of 2 x 3
    numbers, limits, _ = drawn(plot.filters(W, shape=(2, 3)))
    assert numbers.shape == (2, 7)
    assert np.array_equal(numbers[:, :3], W[:, 0].reshape(2, 3))
    assert np.isnan(numbers[:, 3]).all()
    assert np.array_equal(numbers[:, 4:], W[:, 1].reshape(2, 3))
    assert limits == (-6, 6)
    numbers, *_ = drawn(plot.filters(W, shape=(2, 3), columns=1))
    assert numbers.shape == (5, 3)
    assert np.array_equal(numbers[3:], W[:, 1].reshape(2, 3))


def test_kernels_have_a_row_for_each_output_channel():
    W = np.arange(3 * 2 * 2 * 4.0).reshape(3, 2, 2, 4)
    numbers, *_ = drawn(plot.filters(W))
    assert numbers.shape == (4 * 4 - 1, 2 * 3 - 1)
    assert np.array_equal(numbers[4:7, 3:], W[:, :, 1, 1])
    assert drawn(plot.filters(W[:, :, :1], columns=3))[0].shape == (7, 8)
    assert drawn(plot.filters(nn.Conv2d.init(1, 16, 5, seed=0).W))[0].shape == (11, 47)


matrix = np.ones((6, 2))
ROWS = [
    kind_error(lambda: plot.heat_map([[1.0]]))
    >> "heat_map: matrix must be an array, not list; write np.asarray(matrix)",
    kind_error(lambda: plot.heat_map(matrix + 1j))
    >> "heat_map: matrix must be an array of real numbers, not complex128 array",
    shape_error(lambda: plot.heat_map(matrix[0]))
    >> "heat_map: matrix must be (rows, columns), with no axis of length 0; matrix: (2,)",
    shape_error(lambda: plot.filters(matrix))
    >> "filters: shape must be the (h, w) of the images if W has two axes, not None; W: (6, 2)",
    shape_error(lambda: plot.filters(matrix, shape=(2, 2))) >> "filters: W must have 4 rows for shape=(2, 2), not 6",
    shape_error(lambda: plot.filters(matrix[None, None], shape=(1, 1)))
    >> "filters: shape must be None for kernels of four axes, not (1, 1)",
    shape_error(lambda: plot.filters(matrix[None]))
    >> "filters: W must be (h w, n_out) or (kh, kw, c_in, c_out), with no axis of length 0; W: (1, 6, 2)",
]


@each_row(ROWS)
def test_bad_input_is_named(row):
    assert_says(row)

"""The network of each unit, with the numbers of its page, for the page that shows one training step."""

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn import Array, Dense, Elementwise, Relu, mse, record, softmax_cross_entropy
from funcnn.layers import Conv1d

Example = tuple[Any, np.ndarray, np.ndarray, Callable[..., Any], float]
"""The parameters, x, y, the loss and the learning rate."""

DENSE = np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]])
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
UNITS = np.array([[1.0, 1.0], [1.0, 1.0]])


@record
class Square(Elementwise):
    """out = x^2"""

    def value(self, x: Array) -> Array:
        return x**2

    def slope(self, kept: Array) -> Array:
        """2 x"""
        return 2 * kept


# The labels of units 3 and 6 are those with which the loss gives the dA of the page.
EXAMPLES: dict[str, Example] = {
    "1_line": (Dense(np.array([[1.0]]), np.array([0.0])), np.array([[1.0], [3.0]]), np.array([[3.0], [7.0]]), mse, 0.1),
    "2_chain_rule": (
        (Dense(np.array([[2.0]]), np.array([-4.0])), Square()),
        np.array([[3.0]]),
        np.array([[1.0]]),
        mse,
        0.01,
    ),
    "3_dense": (
        Dense(DENSE, np.array([0.0, 1.0, 0.0])),
        np.array([[1.0, 2.0], [3.0, 0.0]]),
        np.array([[2.0, 3.0, -7.0], [3.0, 4.0, -6.0]]),
        mse,
        0.1,
    ),
    "4_training": (
        (Dense(UNITS, np.array([0.0, -1.0])), Relu(), Dense(np.array([[1.0], [-1.0]]), np.array([0.0]))),
        CORNERS,
        np.array([[0.0], [1.0], [1.0], [0.0]]),
        mse,
        0.5,
    ),
    "5_softmax": (
        Dense(np.eye(3), np.zeros(3)),
        np.log([[1.0, 2.0, 5.0], [2.0, 1.0, 1.0]]),
        np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),
        softmax_cross_entropy,
        1.0,
    ),
    "6_layer": (
        Conv1d(np.array([1.0, -1.0])[:, None, None], None),
        np.array([1.0, 2.0, 0.0, 3.0])[None, :, None],
        np.array([-2.5, 2.0, -6.0])[None, :, None],
        mse,
        0.1,
    ),
}

"""Operations of recorded programs in operators of ONNX: numbers at the ends of their range, and views."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn.recording.operations import ELEMENTWISE, OPERATIONS, computed, strides_of

pytest.importorskip("onnxruntime", reason="it runs the models")
pytest.importorskip("spox", reason="the models are written with it")
# After these lines: without the libraries there is nothing to import.
import spox

from funcnn.interop.onnx.elementwise import OPERATORS, elementwise
from funcnn.interop.onnx.operations import SINGLE, WRITTEN
from funcnn.interop.onnx.views import BACK, slices_of
from tests.counts import at_most
from tests.onnx_models import run

NUMBERS = [0, 1, -1, 0.5, -0.5, 0.3, 1e-3, -1e-3, 1e-8, -1e-8, 1e-30, 3, -3, 2.5, -7, 30, -30, 100, -0.999999, 1e10]
ENDS = [math.inf, -math.inf, math.nan]
NOT_OF_FLOATS = {"invert", "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"}
OF_FLOATS = [name for name in OPERATORS if name not in {*NOT_OF_FLOATS, "matmul"}]
OF_TWO = {name for name in OF_FLOATS if getattr(np, name, np.exp).nin == 2}


def test_every_operation_is_written():
    assert OPERATORS.keys() | WRITTEN.keys() | {"astype", "where"} == OPERATIONS.keys() | {"view"}
    assert set(ELEMENTWISE) <= OPERATORS.keys() | {"where"}


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, np.float32) for name in OF_FLOATS] + [(name, np.float64) for name in OF_FLOATS if name not in SINGLE],
)
def test_an_elementwise_operation_has_the_numbers_of_numpy(name, dtype):
    numbers = np.array(NUMBERS if name in {"floor_divide", "arctan2"} else [*NUMBERS, *ENDS], dtype)
    args = [a.reshape(-1) for a in np.meshgrid(numbers, numbers)] if name in OF_TWO else [numbers]
    with np.errstate(all="ignore"):
        expected = computed(name, args, {}, None, None)
    values = tuple([spox.argument(spox.Tensor(dtype, ("m",))) for _ in args])
    made = elementwise(name, values, expected.dtype)
    model = spox.build({f"x_{i}": value for i, value in enumerate(values)}, {"out": made})
    [made] = run(model, tuple(args))
    digits = 1e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(made, expected, rtol=digits, atol=digits if name == "erfc" else 0)


def view_of(a, data):
    """A view of an array: transposed, sliced, and reshaped where NumPy does not copy."""
    for _ in range(data.draw(st.integers(1, 3))):
        kind = data.draw(st.sampled_from(["turned", "sliced", "joined", "repeated"]))
        if kind == "turned":
            a = a.transpose(data.draw(st.permutations(range(a.ndim))))
        elif kind == "sliced":
            ends = st.tuples(*[st.none() | st.integers(-5, 5)] * 2, st.sampled_from([None, 1, 2, -1, -2, 3]))
            a = a[tuple([slice(*data.draw(ends)) for _ in a.shape])]
        elif kind == "joined" and a.size:
            first = data.draw(st.sampled_from([n for n in range(1, a.size + 1) if a.size % n == 0]))
            b = a.reshape(first, -1)
            a = b if np.shares_memory(a, b) else a
        elif kind == "repeated":
            a = np.broadcast_to(a, (2, *a.shape))
    return a


@at_most(300, quick=30)
@given(st.data())
def test_a_view_is_slices(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    a = np.arange(math.prod(shape)).reshape(shape)
    view = view_of(a, data)
    if (regular := strides_of(view)) is None or (slices := slices_of(shape, view.shape, *regular)) is None:
        return
    lengths, starts, ends, steps, order = slices
    cuts = zip(starts, [None if end == BACK else end for end in ends], steps, strict=True)
    made = a.reshape(lengths)[tuple([slice(*cut) for cut in cuts])].transpose(order)
    compact = [1 if s == 0 else n for s, n in zip(regular[1], view.shape, strict=True)]
    np.testing.assert_array_equal(np.broadcast_to(made.reshape(compact), view.shape), view)


SLICES = {
    "transposed": lambda a: a.transpose(2, 0, 1),
    "every second": lambda a: a[:, ::2],
    "from the end": lambda a: a[::-1, 1:3],
    "backwards to the first": lambda a: a[:, 2::-1],
    "one row": lambda a: a[2],
    "heads": lambda a: a.reshape(3, 4, 3, 2).transpose(0, 2, 1, 3),
    "two axes in one": lambda a: a.reshape(12, 6)[:, 1:3],
    "all": lambda a: a.reshape(-1),
    "every second of all": lambda a: a.reshape(-1)[::2],
    "repeated": lambda a: np.broadcast_to(a[:, :1], (5, *a.shape)),
}
NOT_SLICES = {
    "a diagonal": lambda a: np.diagonal(a, axis1=1, axis2=2),
    "windows": lambda a: np.lib.stride_tricks.sliding_window_view(a, 3, axis=1),
    "a part that runs over an axis": lambda a: a.reshape(-1)[5:17],
    "a part of two axes": lambda a: a.reshape(-1, 6)[1:6],
    "as many as a row has, from within a row": lambda a: a.reshape(-1)[1:7],
    "nothing": lambda a: a[:0],
}


@pytest.mark.parametrize("name", [*SLICES, *NOT_SLICES])
def test_views_that_are_slices(name):
    a = np.arange(72).reshape(3, 4, 6)
    view = {**SLICES, **NOT_SLICES}[name](a)
    offset, strides = strides_of(view) or (0, [0] * view.ndim)
    assert (slices_of(a.shape, view.shape, offset, strides) is not None) == (name in SLICES)

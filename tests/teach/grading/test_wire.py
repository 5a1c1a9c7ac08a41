"""The wire between two processes: what crosses it, what stays, and what is refused."""

import json
import os
import threading

import numpy as np
import pytest

from funcnn import Dense, Relu, mlp
from funcnn.records import record
from funcnn.teach.grading.proxies import told_error
from funcnn.teach.grading.values import WireError
from funcnn.teach.grading.wire import SIZES, Handle, Peer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="it needs threads")


@record
class Crossed:
    w: object


def named(error):
    return RuntimeError(f"{error['name']}: {error['text']}{error['place']}")


def answered(peer):
    with pytest.raises(EOFError):
        peer.answer()


@pytest.fixture
def ends():
    """Two peers; the other one answers in a thread."""
    (near_in, far_out), (far_in, near_out) = os.pipe(), os.pipe()
    files = [os.fdopen(end, mode) for end, mode in ((near_in, "rb"), (near_out, "wb"), (far_in, "rb"), (far_out, "wb"))]
    near, far = Peer(*files[:2], lambda _: Crossed, told_error), Peer(*files[2:], lambda _: Crossed, named)
    thread = threading.Thread(target=answered, args=[far])
    thread.start()
    yield near, far
    near.sink.close()
    thread.join()
    for file in (near.source, far.source, far.sink):
        file.close()


RANDOM = np.random.default_rng(3)
VALUES = [
    *(None, True, 3, 10**30, 1.5, float("inf"), "é\ud800", [], (1, [2, (3,)]), {"a": (1,)}),
    *(
        np.float32(2),
        np.int64(-1),
        np.isfinite(1.0),
        1j * np.ones(2),
        np.array(3.0),
        np.zeros((0, 2)),
        np.ones((2, 3))[:, ::2],
    ),
    *(Dense(np.ones((2, 1)), np.zeros(1)), mlp([2, 3, 1], seed=0), Relu(), Crossed(np.arange(3.0))),
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_values_cross_with_their_kinds(ends, value):
    near, far = ends
    far.named["same"] = lambda x: x
    found = near.call("same", value)
    assert type(found) is type(value)
    assert found.dtype == value.dtype if isinstance(value, np.ndarray | np.generic) else True
    assert np.array_equal(found, value) if isinstance(value, np.ndarray) else found == value


def test_an_array_stays_read_only_or_writeable(ends):
    near, far = ends
    far.named["flags"] = lambda *given: [array.flags.writeable for array in given]
    fixed = np.ones(2)
    fixed.setflags(write=False)
    assert near.call("flags", fixed, np.ones(2)) == [False, True]


def test_arguments_that_are_changed_in_place_are_changed_here(ends):
    near, far = ends

    def change(array, numbers, table, pair, random, kept):
        array[0] = 7
        numbers.append(numbers.pop(0) + random.integers(1000))
        table["b"] = table.pop("a")
        pair[0][:] = 1
        kept.sum()

    far.named["change"] = change
    array, numbers, table, pair = np.zeros(2), [1, 2, 3], {"a": 1}, (np.zeros(2), 0)
    fixed, here, there = np.ones(1), np.random.default_rng(5), np.random.default_rng(5)
    fixed.setflags(write=False)
    near.call("change", array, numbers, table, pair, random=there, kept=fixed)
    assert numbers == [2, 3, 1 + here.integers(1000)]
    assert there.bit_generator.state == here.bit_generator.state
    assert array.tolist() == [7, 0]
    assert table == {"b": 1}
    assert pair[0].tolist() == [1, 1]


def test_functions_and_objects_stay_and_can_be_called_or_given_back(ends):
    near, far = ends
    things = []
    far.named["twice"] = lambda f, x: f(f(x))
    far.named["thing"] = lambda: things.append(object()) or things[-1]
    far.named["is_thing"] = lambda thing: thing is things[0]
    far.named["adder"] = lambda n: lambda x: x + n
    assert near.call("twice", lambda x: x + 1, 3) == 5
    thing = near.call("thing")
    assert type(thing) is Handle
    assert near.call("is_thing", thing)
    assert near.call("adder", 4)(3) == 7

    def refuse(x):
        raise ValueError(x)

    with pytest.raises(RuntimeError, match="ValueError: 3"):
        near.call("twice", refuse, 3)


@pytest.mark.parametrize(
    ("error", "base", "text"),
    [
        (NotImplementedError(), NotImplementedError, ""),
        (KeyError("x"), LookupError, "'x'"),
        (FileNotFoundError(2, "gone"), OSError, "[Errno 2] gone"),
        (SystemExit(3), Exception, "3"),
        (StopIteration(1), Exception, "1"),
    ],
)
def test_an_error_crosses_as_its_class_and_text(ends, error, base, text):
    near, far = ends
    far.place = lambda _: "line 3"

    def fail():
        raise error

    far.named["fail"] = fail
    with pytest.raises(base) as caught:
        near.call("fail")
    assert (type(caught.value).__name__, str(caught.value)) == (type(error).__name__, text)
    assert caught.value.place == "line 3"
    assert not isinstance(caught.value, StopIteration | SystemExit)


def frame(value, data=b"", **head):
    text = json.dumps({**head, "value": {"list": value}}).encode()
    return SIZES.pack(len(text), len(data)) + text + data


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"", EOFError),
        (b"abc", EOFError),
        (SIZES.pack(2**40, 0), WireError),
        (SIZES.pack(2, 0) + b"{]", WireError),
        (SIZES.pack(2, 0) + b"[]", WireError),
        (SIZES.pack(10**4, 0) + b"[" * 10**4, WireError),
        (frame(1), WireError),
        (frame([1, 2, 3]), WireError),
        (frame([{"array": [0, "|O", [1], False, False]}], b"12345678"), WireError),
        (frame([{"array": [0, "<f8", [2], False, False]}], b"12345678"), WireError),
        (frame([{"array": [-8, "<f8", [1], False, False]}], b"12345678"), WireError),
        (frame([{"record": ["Dense", 1, 2, 3]}]), WireError),
        (frame([{"record": ["os.system", 1]}]), WireError),
        (frame([{"random": {"dict": {"bit_generator": "Generator"}}}]), WireError),
        (frame([{"yours": 1}]), WireError),
        (frame([{"stays": "1"}]), WireError),
        (frame([{"pickle": "1"}]), WireError),
        (frame([], error={}), KeyError),
    ],
)
def test_a_frame_of_another_form_is_refused(sent, error):
    (near_in, far_out), (far_in, near_out) = os.pipe(), os.pipe()
    with os.fdopen(far_out, "wb") as far:
        far.write(sent)
    with os.fdopen(near_in, "rb") as source, os.fdopen(near_out, "wb") as sink, os.fdopen(far_in):
        peer = Peer(source, sink, lambda _: Crossed, told_error)
        with pytest.raises(error):
            peer.call("f")


def test_what_was_not_passed_cannot_be_called(ends):
    near, far = ends
    far.named["call"] = lambda number: Handle(far, number)()
    for target in (12345, "open"):
        with pytest.raises(Exception, match=str(target)):
            near.call("call", target)

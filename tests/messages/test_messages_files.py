"""Error messages for files that cannot be written or read and values that cannot be saved, pinned word for word.

Each row: the call, the class of the error, and the sentence.
"""

import errno
import io
import json
import os
import zipfile
from collections import deque, namedtuple
from functools import partial
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pytest

from funcnn import Array, FuncnnError, Relu, gradient, load, mlp, record, save, state
from funcnn.errors import FileError, KindError, NoFileError, RangeError
from funcnn.files import fingerprint, memoize
from funcnn.training import Table
from tests.says import assert_says

net = mlp([1, 2, 1], seed=0)
Point = namedtuple("Point", "x y")  # noqa: PYI024  the simplest one


@record
class Named:
    flag: bool = True
    other: Any = None
    mean: Array = state(default=np.zeros(1))


class Frame:
    """What pandas calls a DataFrame."""

    def to_numpy(self):
        raise AssertionError


@record
class Choosy:
    """Takes positive numbers only."""

    rate: float = 1.0

    def __attrs_post_init__(self):
        if self.rate < Choosy.least:
            raise ValueError("rate must be positive")


Choosy.least = 0.0
CHOOSY = f"{Choosy.__module__}.Choosy"


def twice(x):
    return 2 * x


def listed(x):
    return [x]


def with_rate(rate):
    def fit(x):
        return rate * x

    return fit


def made_anew():
    @record
    class Cell:
        pass

    return Cell()


def save_the_older():
    older = made_anew()
    made_anew()
    save("net.npz", older)


def saved(value):
    return lambda: save("net.npz", value)


def loaded(change, **options):
    """`load` of a good file that was changed."""

    def act():
        save("net.npz", net)
        data = change(Path("net.npz").read_bytes())
        Path("net.npz").write_bytes(data)
        load("net.npz", **options)

    return act


def entries_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {entry.filename: file.read(entry) for entry in file.infolist()}


def packed(entries, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.comment = blake2b(entries["tree.json"], digest_size=16).hexdigest().encode()
        for name, data in entries.items():
            file.writestr(name, data, compression)
    return buffer.getvalue()


def document(**changes):
    """A file of this document, whose checksum is right."""
    text = json.dumps({"format": "funcnn", "version": 1, "value": None} | changes).encode()
    return lambda _: packed({"tree.json": text})


def array(header=b"", **changes):
    """A file of one array, of which the tree says something else."""

    def change(_):
        save("net.npz", np.ones(2))
        entries = entries_of(Path("net.npz").read_bytes())
        tree = json.loads(entries["tree.json"])
        tree["value"] |= changes
        entries["tree.json"] = json.dumps(tree).encode()
        entries["0.npy"] = header + entries["0.npy"][len(header) :]
        return packed(entries)

    return change


def a_record(name, **fields):
    return document(value={"record": name, "fields": fields})


def bomb(data):
    """In the directory, the first entry has 2**31 - 1 bytes."""
    i = data.index(b"PK\x01\x02")
    return data[: i + 20] + 2 * (2**31 - 1).to_bytes(4, "little") + data[i + 28 :]


def replaced(old, new):
    return lambda data: data.replace(old, new, 1)


def injected(name, error, act):
    """`act` while a function of the system raises an error."""

    def fail(*args):
        raise error

    def with_failure():
        save("net.npz", net)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, name, fail)
            act()

    return with_failure


def choosier(act):
    def chosen():
        save("net.npz", Choosy(0.5))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Choosy, "least", 0.75)
            act()

    return chosen


def at_folder(act):
    def in_place():
        Path("net.npz").mkdir()
        act("net.npz")

    return in_place


def at_link(act):
    def in_place():
        Path("net.npz").symlink_to("net.npz")
        act("net.npz")

    return in_place


def deep(levels):
    value = ()
    for _ in range(levels):
        value = (value,)
    return value


NEEDED = "must be a record, a tuple, an array, a real number, a string or None"
NUMBERS = "must be an array of numbers"
INSTEAD = "write a record with rules in place of the function"
BAD = "load: net.npz is damaged, or was not written by save: "
FORM = "load: net.npz has a tree of a form that save does not write"
FULL = OSError(errno.ENOSPC, "No space left on device")
ONE = {"array": 0, "dtype": "<f8", "shape": [1], "order": "C", "checksum": "0"}

ROWS = {
    # Values that cannot be saved.
    "a list": (saved([1]), KindError, f"save: value {NEEDED}, not list; write tuple(value)"),
    "a list in a tuple": (
        saved((net, ([1],))),
        KindError,
        f"save: value at 1.0 {NEEDED}, not list; write tuple(value)",
    ),
    "a dict inside": (
        saved((1, ({},))),
        KindError,
        f"save: value at 1.0 {NEEDED}, not dict; write tuple(value.items())",
    ),
    "a table of history": (
        saved(Table({"step": np.arange(2)})),
        KindError,
        f"save: value {NEEDED}, not Table; write tuple(value.whole.items())",
    ),
    "an array of numbers as objects": (
        saved(np.array([1, 2.5, True], object)),
        KindError,
        "save: value must be an array of numbers, not object array; write value.astype(float)",
    ),
    "a generator": (saved(x for x in ()), KindError, f"save: value {NEEDED}, not generator"),
    "a deque": (saved(deque()), KindError, f"save: value {NEEDED}, not deque"),
    "a table of pandas": (
        saved((Frame(),)),
        KindError,
        f"save: value at 0 {NEEDED}, not Frame; write value.to_numpy()",
    ),
    "a function in a record": (
        saved((Relu(), Named(other=np.sin))),
        KindError,
        f"save: value at 1.other {NEEDED}, not ufunc; {INSTEAD}",
    ),
    "a class": (saved(Relu), KindError, f"save: value {NEEDED}, not the class Relu"),
    "a named tuple": (saved(Point(1, 2)), KindError, f"save: value {NEEDED}, not Point; write tuple(value)"),
    "bytes": (saved(b"1"), KindError, f"save: value {NEEDED}, not bytes"),
    "a complex number": (saved(1j), KindError, f"save: value {NEEDED}, not complex"),
    "a scalar of NumPy": (
        saved((np.float64(1),)),
        KindError,
        f"save: value at 0 {NEEDED}, not np.float64; write value.item()",
    ),
    "a bool of NumPy": (
        saved((np.bool_(1),)),
        KindError,
        f"save: value at 0 {NEEDED}, not np.bool; write value.item()",
    ),
    "a complex scalar of NumPy": (saved(np.complex128(1j)), KindError, f"save: value {NEEDED}, not np.complex128"),
    "objects": (
        saved((net, np.array([None, 1]))),
        KindError,
        f"save: value at 1 {NUMBERS}, not object array",
    ),
    "strings": (
        saved(np.array(["a"])),
        KindError,
        f"save: value {NUMBERS}, not <U1 array; write tuple(value.tolist())",
    ),
    "strings in rows": (saved(np.array([["a"]])), KindError, f"save: value {NUMBERS}, not <U1 array"),
    "bytes in an array": (saved(np.array([b"a"])), KindError, f"save: value {NUMBERS}, not |S1 array"),
    "bytes without a type": (saved(np.zeros(1, "V2")), KindError, f"save: value {NUMBERS}, not |V2 array"),
    "rows of fields": (
        saved(np.zeros(2, "f8,i4")),
        KindError,
        f"save: value {NUMBERS}, not [('f0', '<f8'), ('f1', '<i4')] array; write tuple(value.tolist())",
    ),
    "dates": (
        saved(np.array(["2000-01-01"], "M8[D]")),
        KindError,
        f'save: value {NUMBERS}, not datetime64[D] array; write value.astype("int64")',
    ),
    "long doubles": (
        saved(np.zeros(1, np.longdouble)),
        KindError,
        f'save: value {NUMBERS}, not {np.dtype(np.longdouble)} array; write value.astype("float64")',
    ),
    "long complex": (
        saved(np.zeros(1, np.clongdouble)),
        KindError,
        f'save: value {NUMBERS}, not {np.dtype(np.clongdouble)} array; write value.astype("complex128")',
    ),
    "a masked array": (
        saved(np.ma.zeros(2)),
        KindError,
        "save: value is a MaskedArray; write value.filled(...), with a value for its gaps",
    ),
    "an array of a subclass": (
        saved((np.zeros(1).view(np.recarray),)),
        KindError,
        "save: value at 0 must be a plain array, not recarray; write np.asarray(value)",
    ),
    "a large int": (
        saved((0, 2**2000)),
        RangeError,
        "save: value at 1 must have at most 2000 bits; it has 2001",
    ),
    "nothing but a large int": (
        saved(-(2**2000)),
        RangeError,
        "save: value must have at most 2000 bits; it has 2001",
    ),
    "a deep value": (saved(deep(102)), RangeError, "save: value must be nested at most 100 deep"),
    "a class made anew": (
        save_the_older,
        KindError,
        f"save: the class {__name__}.made_anew.<locals>.Cell was defined again after this value was made;"
        " make the value again",
    ),
    "a gradient, whose states are None": (
        saved(gradient(Named())),
        KindError,
        f"save: the value holds a {__name__}.Named that its constructor refuses:"
        " Named: mean must be an array of floats, not None",
    ),
    "a lambda to memoize": (
        lambda: memoize(lambda x: x, "results"),
        KindError,
        "memoize: function must be a function that def defines, not a lambda",
    ),
    "a partial to memoize": (
        lambda: memoize(partial(np.add, 1), "results"),
        KindError,
        "memoize: function must be a function that def defines, not partial",
    ),
    "a closure of a lock to memoize": (
        lambda: memoize(with_rate(Lock()), ".")(1),
        KindError,
        "memoize: fit must read what another run can compare; rate is a value of the class lock, which has no hash",
    ),
    "a folder that is a number": (
        lambda: memoize(made_anew, 3),
        KindError,
        "memoize: folder must be a string or a Path, not int",
    ),
    "a folder that is a file": (
        lambda: (save("net.npz", net), memoize(made_anew, Path("net.npz").name)),
        FileError,
        "memoize: the folder net.npz cannot be created: File exists",
    ),
    "a folder with a zero byte": (
        lambda: memoize(made_anew, "a\0b"),
        FileError,
        "memoize: 'a\\x00b' is not a valid path",
    ),
    "an argument that has no fingerprint": (
        lambda: memoize(twice, ".")([1]),
        KindError,
        f"fingerprint: value {NEEDED}, not list; write tuple(value)",
        ["in the argument x of twice, which is memoized"],
    ),
    "a result that cannot be saved": (
        lambda: memoize(listed, ".")(1),
        KindError,
        f"save: value {NEEDED}, not list; write tuple(value)",
        ["in the result of listed, which is memoized"],
    ),
    "a fingerprint of objects": (
        lambda: fingerprint(np.array([None])),
        KindError,
        "fingerprint: value must be an array of numbers, not object array",
    ),
    "a fingerprint of a list inside": (
        lambda: fingerprint((net, [1])),
        KindError,
        f"fingerprint: value at 1 {NEEDED}, not list; write tuple(value)",
    ),
    "a fingerprint of a function": (
        lambda: fingerprint(Named(other=(1, np.sin))),
        KindError,
        f"fingerprint: value at other.1 {NEEDED}, not ufunc; {INSTEAD}",
    ),
    "a fingerprint of a masked array": (
        lambda: fingerprint((np.ma.zeros(2),)),
        KindError,
        "fingerprint: value at 0 is a MaskedArray; write value.filled(...), with a value for its gaps",
    ),
    "a fingerprint of rows with objects": (
        lambda: fingerprint(np.zeros(2, "f8,O")),
        KindError,
        "fingerprint: value must be an array of numbers, not [('f0', '<f8'), ('f1', 'O')] array; "
        "write tuple(value.tolist())",
    ),
    "a fingerprint of longdouble": (
        lambda: fingerprint((np.zeros(1, np.longdouble),)),
        KindError,
        "fingerprint: value at 0 must be an array of numbers without padding bytes, "
        f'not {np.dtype(np.longdouble)} array; write value.astype("float64")',
    ),
    "a fingerprint of a large int": (
        lambda: fingerprint((2**2000,)),
        RangeError,
        "fingerprint: value at 0 must have at most 2000 bits; it has 2001",
    ),
    # Paths.
    "a number for a path": (lambda: save(1, net), KindError, "save: path must be a string or a Path, not int"),
    "no path at all": (lambda: load(None), KindError, "load: path must be a string or a Path, not None"),
    "a flag for a path": (lambda: save(net == net, net), KindError, "save: path must be a string or a Path, not bool"),
    "an open file": (
        lambda: load(io.BytesIO()),
        KindError,
        "load: path must be a string or a Path, not BytesIO",
    ),
    "a network for a path": (
        lambda: save(net, "net.npz"),
        KindError,
        "save: path must be a string or a Path, not tuple; write save(path, value)",
    ),
    "a record for a path": (
        lambda: save(net[0], Path("net.npz")),
        KindError,
        "save: path must be a string or a Path, not Dense; write save(path, value)",
    ),
    "a file of another format": (
        lambda: save("net.onnx", net),
        KindError,
        "save: path must not end in .onnx, since save writes another format; write onnx.save(to_onnx(value, x), path)",
    ),
    "a model of ONNX": (
        lambda: save("net.onnx", type("ModelProto", (), {})()),
        KindError,
        "save: path must not end in .onnx, since save writes another format; write onnx.save(value, path)",
    ),
    "bytes for a path": (lambda: load(b"net"), KindError, "load: path must be a string or a Path, not bytes"),
    "no path": (lambda: save("a\0b", net), FileError, r"save: 'a\x00b' is not a valid path"),
    "an empty path": (lambda: load(""), FileError, "load: . is a folder; give the path of a file"),
    "a folder to save to": (
        at_folder(lambda path: save(path, net)),
        FileError,
        "save: net.npz is a folder; give the path of a file",
    ),
    "a folder to load": (at_folder(load), FileError, "load: net.npz is a folder; give the path of a file"),
    "a link to itself to save to": (
        at_link(lambda path: save(path, net)),
        FileError,
        "save: net.npz is a link that leads to itself; give the path of a file",
    ),
    "a link to itself to load": (
        at_link(load),
        FileError,
        "load: net.npz is a link that leads to itself; give the path of a file",
    ),
    "no file": (lambda: load("net.npz"), NoFileError, "load: there is no file net.npz"),
    "no folder": (
        lambda: save(Path("runs") / "net.npz", net),
        NoFileError,
        f"save: {Path('runs') / 'net.npz'} cannot be written: its folder does not exist; create it first",
    ),
    # The system says no.
    "a full disk": (
        injected("fsync", FULL, saved(net)),
        FileError,
        "save: net.npz cannot be written: No space left on device",
    ),
    "an error without a text": (
        injected("replace", OSError("it is stuck"), saved(net)),
        FileError,
        "save: net.npz cannot be written: it is stuck",
    ),
    # Files that save did not write, or not so.
    "an empty file": (loaded(lambda _: b""), FileError, f"{BAD}File is not a zip file"),
    "a text": (loaded(lambda _: b"W = 1\n"), FileError, f"{BAD}File is not a zip file"),
    "a file cut short": (loaded(lambda data: data[:-100]), FileError, f"{BAD}File is not a zip file"),
    "a byte of an array": (
        loaded(lambda data: data.replace(net[0].W.tobytes(), net[2].W.tobytes())),
        FileError,
        f"{BAD}Bad CRC-32 for file '0.npy'",
    ),
    "a byte of the tree": (
        loaded(replaced(b"Dense", b"dense")),
        FileError,
        f"{BAD}Bad CRC-32 for file 'tree.json'",
    ),
    "another zip": (
        loaded(lambda _: packed({"tree.json": b""}).replace(b"tree", b"free")),
        FileError,
        "load: net.npz is a zip without tree.json, so it was not written by save",
    ),
    "a zip of zips": (
        loaded(lambda data: packed(entries_of(data), zipfile.ZIP_DEFLATED)),
        FileError,
        "load: net.npz has an entry that is compressed or states two sizes, which save does not write",
    ),
    "a zip bomb": (
        loaded(bomb),
        FileError,
        "load: net.npz states sizes that exceed its 1666 bytes",
    ),
    "no JSON": (
        loaded(lambda _: packed({"tree.json": b"net"})),
        FileError,
        f"{BAD}Expecting value: line 1 column 1 (char 0)",
    ),
    "a newer version": (
        loaded(document(version=2)),
        FileError,
        "load: net.npz has version 2 of the format, but this funcnn reads 1; update funcnn",
    ),
    "an older version": (loaded(document(version=0)), FileError, FORM),
    "no version": (loaded(lambda _: packed({"tree.json": b"[]"})), FileError, FORM),
    "more in the document": (loaded(document(more=1)), FileError, FORM),
    "another tree": (
        loaded(lambda data: packed(entries_of(data)).replace(packed(entries_of(data))[-32:], 32 * b"0")),
        FileError,
        "load: net.npz is damaged: tree.json does not match the checksum in the comment of the zip",
    ),
    "a list in the tree": (loaded(document(value=[1])), FileError, FORM),
    "a node of no kind": (loaded(document(value={"tuples": [1]})), FileError, FORM),
    "a header of 10^12 entries": (
        loaded(array(shape=[10**12])),
        FileError,
        "load: net.npz does not hold the arrays that its tree lists",
    ),
    "an array that is missing": (
        loaded(document(value=ONE)),
        FileError,
        "load: net.npz does not hold the arrays that its tree lists",
    ),
    "objects in the tree": (loaded(array(dtype="|O")), FileError, FORM),
    "another header": (
        loaded(array(header=b"\x93NUMPY\x02")),
        FileError,
        "load: net.npz is damaged: the header of 0.npy does not match <f8 [2]",
    ),
    "another dtype": (
        loaded(array(dtype="<i8")),
        FileError,
        "load: net.npz is damaged: the header of 0.npy does not match <i8 [2]",
    ),
    "another checksum": (
        loaded(array(checksum="0")),
        FileError,
        "load: net.npz is damaged: 0.npy does not match the checksum in the tree",
    ),
    # Classes and fields.
    "an unknown class": (
        loaded(a_record("mine.layers.Gate", W=1)),
        FileError,
        "load: net.npz holds a record mine.layers.Gate, whose class no imported module defines; "
        "import the module that defines it",
    ),
    "an unknown class of a script": (
        loaded(a_record("__main__.Gate", W=1)),
        FileError,
        "load: net.npz holds a record __main__.Gate, defined in the script or notebook that saved it; "
        "define it in this one, or rename it with migrate",
    ),
    "an unknown class of a function": (
        loaded(a_record("mine.f.<locals>.Gate", W=1)),
        FileError,
        "load: net.npz holds a record mine.f.<locals>.Gate, whose class is defined when mine.f is called; "
        "call it first",
    ),
    "an unknown class of funcnn": (
        loaded(a_record("Gate", W=1)),
        FileError,
        "load: net.npz holds a record Gate, and this version of funcnn has no such class",
    ),
    "fields that are not those of the class": (
        loaded(a_record("Dense", W=1, bias=2)),
        FileError,
        "load: net.npz holds a Dense with (W, bias); the class has (W, b); for another version of it pass migrate",
    ),
    "a field that is missing": (
        loaded(a_record("LeakyRelu")),
        FileError,
        "load: net.npz holds a LeakyRelu with (); the class has (alpha); for another version of it pass migrate",
    ),
    "a field of another kind": (
        loaded(a_record("LeakyRelu", alpha="0.1")),
        FileError,
        "load: net.npz holds a LeakyRelu that its constructor refuses:"
        " LeakyRelu: alpha must be a number, not str; write float(alpha)",
    ),
    "a class that became choosy": (
        choosier(lambda: load("net.npz")),
        FileError,
        f"load: net.npz holds a {CHOOSY} that its constructor refuses: rate must be positive",
    ),
    "a migration to nothing": (
        loaded(lambda data: data, migrate=lambda name, fields: None),
        KindError,
        "load: migrate must return (name, fields), a string and a dict; for Dense it gave None",
    ),
    "a migration the wrong way round": (
        loaded(a_record("LeakyRelu", alpha=1.0), migrate=lambda name, fields: (fields, name)),
        KindError,
        "load: migrate must return (name, fields), a string and a dict; for LeakyRelu it gave"
        " ({'alpha': 1.0}, 'LeakyRelu')",
    ),
    "a migration to an unknown class": (
        loaded(a_record("LeakyRelu", alpha=1.0), migrate=lambda name, fields: ("Leaky", fields)),
        FileError,
        "load: net.npz holds a record Leaky, and this version of funcnn has no such class",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_says(ROWS[row])
    assert not [found for found in tmp_path.iterdir() if found.name != "net.npz"]


@pytest.mark.parametrize("row", [row for row in ROWS if ROWS[row][2].startswith("save")])
def test_a_file_that_was_there_is_still_there(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save("net.npz", net)
    with pytest.raises((FuncnnError, FileExistsError)):  # the folder cannot be made where a file is
        ROWS[row][0]()
    assert load("net.npz") == net


def test_every_error_is_of_the_family():
    assert {kind for _, kind, *_ in ROWS.values()} == {FileError, NoFileError, KindError, RangeError}
    assert issubclass(FileError, OSError)
    assert issubclass(FileError, FuncnnError)
    assert issubclass(NoFileError, FileNotFoundError)

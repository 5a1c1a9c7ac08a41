"""Error messages for files that cannot be written or read and values that cannot be saved, pinned word for word."""

import errno
import io
import json
import os
import pickle
import tempfile
import zipfile
from collections import namedtuple
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from funcnn import Array, FuncnnError, Relu, gradient, load, mlp, record, save, state
from funcnn.errors import FileError, KindError, NoFileError, RangeError
from funcnn.files import fingerprint, memoize
from funcnn.training import Table
from tests.says import assert_says, each_row, file_error, kind_error, raises, range_error

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


def listed(x) -> list:
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


def a_table(_):
    """A file of a table whose columns have unequal lengths."""
    save("net.npz", {"step": np.ones(2), "cost": np.ones(3)})
    entries = entries_of(Path("net.npz").read_bytes())
    entries["tree.json"] = entries["tree.json"].replace(b'"dict"', b'"table"')
    return packed(entries)


def a_record(name, **fields):
    return document(value={"record": name, "fields": fields})


def bomb(data):
    """In the directory, the first entry has 2**31 - 1 bytes."""
    i = data.index(b"PK\x01\x02")
    return data[: i + 20] + 2 * (2**31 - 1).to_bytes(4, "little") + data[i + 28 :]


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


FULL = OSError(errno.ENOSPC, "No space left on device")


class Full(io.BytesIO):
    """A file object on a full disk."""

    def write(self, data):
        raise FULL

    def read(self, n=-1):
        raise FULL

    def seekable(self):
        return False


def with_file(mode, act):
    """`act` with an open file."""

    def opened():
        save("net.npz", net)
        with Path("net.npz").open(mode) as file:
            act(file)

    return opened


def temporary_text():
    with tempfile.NamedTemporaryFile("w") as file:
        save(file, net)


def closed(act):
    def in_place():
        file = io.BytesIO()
        file.close()
        act(file)

    return in_place


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


NEEDED = "must be a record, a tuple, a dict, an array, a real number, a string or None"
NUMBERS = "must be an array of numbers"
INSTEAD = "write a record with rules in place of the function"
BAD = "load: net.npz is damaged, or was not written by save: "
FORM = "load: net.npz has a tree of a form that save does not write"
ONE = {"array": 0, "dtype": "<f8", "shape": [1], "order": "C", "checksum": "0"}

ROWS = [
    # Values that cannot be saved.
    kind_error(saved([1])) >> f"save: value {NEEDED}, not list; write tuple(value)",
    kind_error(saved((net, ([1],)))) >> f"save: value[1][0] {NEEDED}, not list; write tuple(value[1][0])",
    kind_error(saved((1, (MappingProxyType({}),))))
    >> f"save: value[1][0] {NEEDED}, not mappingproxy; write dict(value[1][0])",
    kind_error(saved({"net": net, "seen": {"rows": [1]}}))
    >> f"save: value['seen']['rows'] {NEEDED}, not list; write tuple(value['seen']['rows'])",
    kind_error(saved((net, {1: net}))) >> "save: value[1] must have strings as keys, not int",
    kind_error(saved(Table({"W.0": np.array(["a"])})))
    >> f"save: value['W.0'] {NUMBERS}, not str array; write tuple(value['W.0'].tolist())",
    kind_error(saved(np.array([1, 2.5, True], object)))
    >> "save: value must be an array of numbers, not object array; write value.astype(float)",
    kind_error(saved((Frame(),))) >> f"save: value[0] {NEEDED}, not Frame; write value[0].to_numpy()",
    kind_error(saved((Relu(), Named(other=np.sin)))) >> f"save: value[1].other {NEEDED}, not ufunc; {INSTEAD}",
    kind_error(saved(Point(1, 2))) >> f"save: value {NEEDED}, not Point; write tuple(value)",
    kind_error(saved((np.float32(1),))) >> f"save: value[0] {NEEDED}, not np.float32; write value[0].item()",
    kind_error(saved(np.array(["a"]))) >> f"save: value {NUMBERS}, not str array; write tuple(value.tolist())",
    kind_error(saved(np.zeros(2, "f8,i4")))
    >> f"save: value {NUMBERS}, not structured array; write tuple(value.tolist())",
    kind_error(saved(np.array(["2000-01-01"], "M8[D]")))
    >> f'save: value {NUMBERS}, not datetime64[D] array; write value.astype("int64")',
    kind_error(saved(np.zeros(1, np.longdouble)))
    >> f'save: value {NUMBERS}, not {np.dtype(np.longdouble)} array; write value.astype("float64")',
    kind_error(saved(np.zeros(1, np.clongdouble)))
    >> f'save: value {NUMBERS}, not {np.dtype(np.clongdouble)} array; write value.astype("complex128")',
    kind_error(saved(np.ma.zeros(2))) >> "save: value must be an array without a mask, not MaskedArray; write "
    "value.filled(...), with a value for its gaps",
    kind_error(saved((np.zeros(1).view(np.recarray),)))
    >> "save: value[0] must be a plain array, not recarray; write np.asarray(value[0])",
    range_error(saved((0, 2**2000))) >> "save: value[1] must have at most 2000 bits, not 2001",
    range_error(saved(deep(102))) >> "save: value must be nested at most 100 deep",
    kind_error(save_the_older)
    >> f"save: the class {__name__}.made_anew.<locals>.Cell was defined again after this value was made; "
    "make the value again",
    kind_error(saved(gradient(Named())))
    >> f"save: the value holds a {__name__}.Named that its constructor refuses: Named: "
    "mean must be an array of floats, not None",
    kind_error(lambda: memoize(lambda x: x, "results"))
    >> "memoize: function must be a function that def defines, not a lambda",
    kind_error(lambda: memoize(with_rate(Lock()), ".")(1)) >> "memoize: fit must read only values that another run "
    "can compare; rate is a value of the class lock, which has no hash",
    kind_error(lambda: memoize(made_anew, 3)) >> "memoize: folder must be a string or a Path, not int",
    file_error(lambda: (save("net.npz", net), memoize(made_anew, Path("net.npz").name)))
    >> "memoize: the folder net.npz cannot be created: File exists",
    file_error(lambda: memoize(made_anew, "a\0b")) >> "memoize: 'a\\x00b' is not a valid path",
    kind_error(lambda: memoize(twice, ".")([1]))
    >> f"fingerprint: value {NEEDED}, not list; write tuple(value)"
    >> ["in the argument x of twice, which is memoized"],
    kind_error(lambda: memoize(listed, "."))
    >> "memoize: function must be a function whose result save takes, not one that returns list, as its annotation "
    "says",
    kind_error(lambda: fingerprint(Named(other=(1, np.sin))))
    >> f"fingerprint: value.other[1] {NEEDED}, not ufunc; {INSTEAD}",
    kind_error(lambda: fingerprint((np.ma.zeros(2),))) >> "fingerprint: value[0] must be an array without a mask, not "
    "MaskedArray; write value[0].filled(...), with a value for its gaps",
    kind_error(lambda: fingerprint(np.zeros(2, "f8,O")))
    >> "fingerprint: value must be an array of numbers, not structured array; write tuple(value.tolist())",
    kind_error(lambda: fingerprint((np.zeros(1, np.longdouble),)))
    >> "fingerprint: value[0] must be an array of numbers without padding bytes, "
    f'not {np.dtype(np.longdouble)} array; write value[0].astype("float64")',
    range_error(lambda: fingerprint((2**2000,))) >> "fingerprint: value[0] must have at most 2000 bits, not 2001",
    # Paths.
    kind_error(lambda: save(net, "net.npz"), lambda: save(net, io.BytesIO()))
    >> "save: path must be a string, a Path or a file object, not tuple; write save(path, value)",
    kind_error(lambda: load(net)) >> "load: path must be a string, a Path or a file object, not tuple",
    kind_error(lambda: save(io.StringIO(), net), temporary_text)
    >> 'save: path must be a file that is open in the mode "wb", not one of text',
    kind_error(lambda: load(io.StringIO()))
    >> 'load: path must be a file that is open in the mode "rb", not one of text',
    kind_error(with_file("rb", lambda file: save(file, net)))
    >> 'save: path must be a file that is open in the mode "wb", not one that is not writable',
    kind_error(with_file("ab", load))
    >> 'load: path must be a file that is open in the mode "rb", not one that is not readable',
    kind_error(closed(lambda file: save(file, net)))
    >> 'save: path must be a file that is open in the mode "wb", not a closed one',
    kind_error(closed(load)) >> 'load: path must be a file that is open in the mode "rb", not a closed one',
    file_error(lambda: load(io.BytesIO(b"W = 1"))) >> f"{BAD}File is not a zip file".replace("net.npz", "BytesIO"),
    file_error(lambda: save(Full(), net)) >> "save: Full cannot be written: No space left on device",
    file_error(lambda: load(Full())) >> "load: Full cannot be read: No space left on device",
    kind_error(lambda: save("net.onnx", net))
    >> "save: path must not end in .onnx, since save writes another format; write onnx.save(to_onnx(value, x), path)",
    kind_error(lambda: save("net.onnx", type("ModelProto", (), {})()))
    >> "save: path must not end in .onnx, since save writes another format; write onnx.save(value, path)",
    file_error(lambda: save("a\0b", net)) >> r"save: 'a\x00b' is not a valid path",
    file_error(lambda: load("")) >> "load: . is a folder; give the path of a file",
    file_error(at_folder(lambda path: save(path, net))) >> "save: net.npz is a folder; give the path of a file",
    file_error(at_folder(load)) >> "load: net.npz is a folder; give the path of a file",
    file_error(at_link(lambda path: save(path, net)))
    >> "save: net.npz is a link that leads to itself; give the path of a file",
    file_error(at_link(load)) >> "load: net.npz is a link that leads to itself; give the path of a file",
    raises(NoFileError, lambda: load("net.npz")) >> "load: there is no file net.npz",
    raises(NoFileError, lambda: save(Path("runs") / "net.npz", net))
    >> f"save: {Path('runs') / 'net.npz'} cannot be written: its folder does not exist; create it first",
    # The system says no.
    file_error(injected("fsync", FULL, saved(net))) >> "save: net.npz cannot be written: No space left on device",
    file_error(injected("replace", OSError("it is stuck"), saved(net)))
    >> "save: net.npz cannot be written: it is stuck",
    # Files that save did not write, or not so.
    file_error(loaded(lambda data: data, cls=Relu)) >> "load: net.npz must hold a Relu, not tuple",
    file_error(loaded(lambda _: b""), loaded(lambda _: b"W = 1\n"), loaded(lambda data: data[:-100]))
    >> f"{BAD}File is not a zip file",
    file_error(loaded(lambda _: b"\x93NUMPY\x01\x00v\x00"))
    >> "load: net.npz is a NumPy .npy file; write np.load(path)",
    file_error(loaded(lambda _: pickle.dumps(net, 4)), loaded(lambda _: pickle.dumps(net, 5)))
    >> "load: net.npz is a pickle; read it with the library that wrote it, such as pickle or joblib",
    file_error(loaded(lambda _: b"\x08\x07\x12\x04spox"), loaded(lambda _: b"\x08\x0a:\x05"))
    >> "load: net.npz is a model of ONNX; write from_onnx(path)",
    file_error(loaded(lambda data: data.replace(net[0].W.tobytes(), net[2].W.tobytes())))
    >> f"{BAD}Bad CRC-32 for file '0.npy'",
    file_error(loaded(lambda _: packed({"tree.json": b""}).replace(b"tree", b"free")))
    >> "load: net.npz is a zip without tree.json, so it was not written by save",
    file_error(loaded(lambda data: packed(entries_of(data), zipfile.ZIP_DEFLATED)))
    >> "load: net.npz has an entry that is compressed or states two sizes, which save does not write",
    file_error(loaded(bomb)) >> "load: net.npz states sizes that exceed its 1666 bytes",
    file_error(loaded(lambda _: packed({"tree.json": b"net"}))) >> f"{BAD}Expecting value: line 1 column 1 (char 0)",
    file_error(loaded(document(version=3)))
    >> "load: net.npz has version 3 of the format, but this funcnn reads 2; update funcnn",
    file_error(loaded(document(version=0)), loaded(lambda _: packed({"tree.json": b"[]"})), loaded(document(more=1)))
    >> FORM,
    file_error(loaded(lambda data: packed(entries_of(data)).replace(packed(entries_of(data))[-32:], 32 * b"0")))
    >> "load: net.npz is damaged: tree.json does not match the checksum in the comment of the zip",
    file_error(
        *[
            loaded(document(value=value))
            for value in (
                [1],
                {"tuples": [1]},
                {"dict": [1]},
                {"table": 1},
                {"table": {"step": 1}},
                {"dict": {}, "table": {}},
            )
        ]
    )
    >> FORM,
    file_error(loaded(a_table)) >> "load: net.npz holds a Table that its constructor refuses: Table: whole must be a "
    "mapping from names to arrays with equal numbers of rows, not 2 of 'step', 3 of 'cost'",
    file_error(loaded(array(shape=[10**12]))) >> "load: net.npz does not hold the arrays that its tree lists",
    file_error(loaded(document(value=ONE))) >> "load: net.npz does not hold the arrays that its tree lists",
    file_error(loaded(array(dtype="|O"))) >> FORM,
    file_error(loaded(array(header=b"\x93NUMPY\x02")))
    >> "load: net.npz is damaged: the header of 0.npy does not match <f8 [2]",
    file_error(loaded(array(dtype="<i8"))) >> "load: net.npz is damaged: the header of 0.npy does not match <i8 [2]",
    file_error(loaded(array(checksum="0")))
    >> "load: net.npz is damaged: 0.npy does not match the checksum in the tree",
    # Classes and fields.
    file_error(loaded(a_record("mine.layers.Gate", W=1))) >> "load: net.npz holds a record mine.layers.Gate, whose "
    "class no imported module defines; import the module that defines it",
    file_error(loaded(a_record("__main__.Gate", W=1))) >> "load: net.npz holds a record __main__.Gate, defined in the "
    "script or notebook that saved it; define it in this one, or rename it with migrate",
    file_error(loaded(a_record("mine.f.<locals>.Gate", W=1)))
    >> "load: net.npz holds a record mine.f.<locals>.Gate, whose class is defined when mine.f is called; call it first",
    file_error(loaded(a_record("Gate", W=1)))
    >> "load: net.npz holds a record Gate, and this version of funcnn has no such class",
    file_error(loaded(a_record("Dense", W=1, bias=2))) >> "load: net.npz holds a Dense with the fields W, bias, but "
    "the class has W, b; for another version of the class pass migrate, a function (name, fields) -> (name, fields)",
    file_error(loaded(a_record("funcnn.schedules.sine", lr=1))) >> "load: net.npz holds a schedule "
    "funcnn.schedules.sine that cannot be made: 'sine'",
    file_error(loaded(a_record("funcnn.schedules.cosine", lr=1, steps=0))) >> "load: net.npz holds a schedule "
    "funcnn.schedules.cosine that cannot be made: cosine: steps must be at least 1, not 0",
    file_error(loaded(a_record("LeakyRelu"))) >> "load: net.npz holds a LeakyRelu with no fields, but the class has "
    "alpha; for another version of the class pass migrate, a function (name, fields) -> (name, fields)",
    file_error(loaded(a_record("LeakyRelu", alpha="0.1"))) >> "load: net.npz holds a LeakyRelu that its constructor "
    "refuses: LeakyRelu: alpha must be a number, not str; write float(alpha)",
    file_error(choosier(lambda: load("net.npz")))
    >> f"load: net.npz holds a {CHOOSY} that its constructor refuses: rate must be positive",
    kind_error(loaded(lambda data: data, migrate=lambda name, fields: None))
    >> "load: migrate must return (name, fields), a string and a dict, not None for Dense",
    kind_error(loaded(a_record("LeakyRelu", alpha=1.0), migrate=lambda name, fields: (fields, name)))
    >> "load: migrate must return (name, fields), a string and a dict, not ({'alpha': 1.0}, 'LeakyRelu') for "
    "LeakyRelu",
    file_error(loaded(a_record("LeakyRelu", alpha=1.0), migrate=lambda name, fields: ("Leaky", fields)))
    >> "load: net.npz holds a record Leaky, and this version of funcnn has no such class",
]


@each_row(ROWS)
def test_it_says(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_says(row)
    assert not [found for found in tmp_path.iterdir() if found.name != "net.npz"]


@each_row([row for row in ROWS if row.sentence.startswith("save")])
def test_a_file_that_was_there_is_still_there(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save("net.npz", net)
    with pytest.raises((FuncnnError, FileExistsError)):  # the folder cannot be made where a file is
        row.acts[0]()
    assert load("net.npz") == net


def test_every_error_is_of_the_family():
    assert {row.kind for row in ROWS} == {FileError, NoFileError, KindError, RangeError}
    assert issubclass(FileError, OSError)
    assert issubclass(FileError, FuncnnError)
    assert issubclass(NoFileError, FileNotFoundError)

"""Saved values are loaded bit for bit or refused with an error, and a file is complete at every moment."""

import errno
import io
import json
import os
import re
import stat
import struct
import subprocess
import sys
import threading
import tracemalloc
import zipfile
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import funcnn as nn
from funcnn import batches, evolve, load, mlp, mse, record, save, state, train, tree_map, value_and_grad
from funcnn.arrays import same
from funcnn.errors import FileError, KindError, NoFileError, RangeError
from funcnn.files import fingerprint
from funcnn.files.encoding import DTYPES
from funcnn.layers import Elu, LeakyRelu
from funcnn.lazy import load_all
from funcnn.records import name_of
from funcnn.trees import leaves
from tests.counts import FULL


@record
class Everything:
    """A field of each kind."""

    W: nn.Array
    b: nn.Array | None = None
    rate: float = 1.0
    size: int = 1
    seed: nn.Seed = 0
    flag: bool = True
    name: str = ""
    other: Any = None
    mean: nn.Array = state(default=np.zeros(1))
    seen: int = state(default=0)
    drift: float = state(default=0.0)
    memory: Any = state(default=())


@record
class Underscored:
    _W: nn.Array
    _seen: int = state(default=0)


@record
class Doubled:
    """Its second field follows from the first."""

    W: nn.Array
    twice: nn.Array = state()

    def __init__(self, W):
        self.__attrs_init__(W, 2 * W)


needs_modes = pytest.mark.skipif(not hasattr(os, "chown"), reason="this system has no modes and owners of files")
net = mlp([2, 3, 1], hidden=nn.Tanh(), seed=1)
odd = (
    *(np.array(3), np.zeros((0, 3)), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array([1 + 2j])),
    *(np.array([True, False]), "a\ud800\n", None, True, -(2**1999), np.nan, -0.0, np.inf, (), ((),)),
)
value = (nn.TrainState((net, LeakyRelu(0.3)), step=7), odd, Everything(np.ones(2), seed=(1, 2), other=(net[0], 3, "x")))


def native(array):
    """In the machine's byte order."""
    return array.astype(array.dtype.newbyteorder("="))


def same_bits(a, b):
    return same(a, b) and fingerprint(a) == fingerprint(b)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "value.npz"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("shared") / "value.npz"


# What comes back.


ALL = tuple(sorted(DTYPES))


@st.composite
def arrays(draw, dtypes=ALL):
    made = draw(
        hnp.arrays(np.dtype(draw(st.sampled_from(dtypes))), hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
    )
    layout = draw(st.sampled_from(["rows", "columns", "steps", "read-only columns"]))
    if layout == "steps" and made.ndim:
        return made[::-1]
    made = np.asarray(made, order="F" if "columns" in layout else "C")
    made.setflags(write=not layout.startswith("read-only"))
    return made


floats = arrays(("<f2", "<f4", "<f8", ">f8", "<c8", "<c16"))
numbers = st.integers(-(2**1999), 2**1999) | st.floats() | st.booleans()
states = st.recursive(
    arrays() | numbers | st.text(st.characters()) | st.none(),
    lambda parts: (
        st.lists(parts, max_size=3).map(tuple)
        | st.builds(
            Everything,
            floats,
            st.none() | floats,
            st.floats(),
            st.integers(),
            st.integers(0, 2**31 - 1) | st.tuples(st.integers(0, 2**31 - 1)),
            st.booleans(),
            st.text(),
            mean=floats,
            seen=st.integers(-5, 5),
            drift=st.floats(),
            memory=parts,
        )
        | st.builds(nn.TrainState, st.just(net), step=st.integers(0), cost=st.floats())
        | st.builds(Underscored, floats, st.integers())
    ),
    max_leaves=6,
)


@given(states)
def test_what_is_loaded_is_what_was_saved(shared, value):
    save(shared, value)
    loaded = load(shared)
    assert same_bits((loaded,), tree_map(native, (value,)))
    assert fingerprint(loaded) == fingerprint(value)
    for old, new in zip(leaves((value,)), leaves((loaded,)), strict=True):
        assert type(new) is np.ndarray
        assert new.dtype.isnative
        assert new.tobytes() == native(old).tobytes()
        assert not new.flags.writeable
        assert new.flags.c_contiguous or new.flags.f_contiguous
        assert new.flags.f_contiguous or not old.flags.f_contiguous
        assert new.flags.aligned
        with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
            new.setflags(write=True)


def test_a_file_of_the_other_byte_order_is_read(path, monkeypatch):
    value = (nn.Dense(np.arange(6.0).reshape(2, 3), None), np.arange(3, dtype=np.int64))
    with monkeypatch.context() as patch:
        patch.setattr("funcnn.files.store._writable", lambda argument, part: part.astype(part.dtype.newbyteorder(">")))
        patch.setattr("funcnn.files.store.decode", lambda *given: None)
        save(path, value)
    assert b"'>f8'" in path.read_bytes()
    assert same_bits(load(path), value)
    assert {leaf.dtype.str for leaf in leaves(load(path))} == {"<f8", "<i8"}


def test_the_order_in_memory_is_kept(path):
    """A product of matrices may differ in its last bits if they lie otherwise in memory."""
    W = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    W.setflags(write=False)
    save(path, (nn.Dense(W, None), nn.Dense(W.copy(), None), W[:, ::2]))
    loaded = load(path)
    assert loaded[0].W.flags.f_contiguous
    assert not loaded[0].W.flags.c_contiguous
    assert loaded[1].W.flags.c_contiguous
    assert np.array_equal(loaded[2], W[:, ::2])


def test_a_loaded_network_owns_its_arrays_without_another_copy(path):
    save(path, net)
    loaded = load(path)
    assert evolve(loaded[0], b=loaded[0].b).b is loaded[0].b


def test_equal_values_make_equal_files(tmp_path):
    save(tmp_path / "a", value)
    save(tmp_path / "b", load(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_path_is_the_one_given(tmp_path):
    save(str(tmp_path / "net"), net)
    save(tmp_path / "net.tar.gz", net)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["net", "net.tar.gz"]
    assert load(str(tmp_path / "net")) == net


def test_numpy_opens_it(path):
    save(path, (net, odd))
    with np.load(path, allow_pickle=False) as npz:
        assert npz.files == ["tree.json", *map(str, range(9))]
        for i, leaf in enumerate(leaves((net, odd))):
            assert same(npz[str(i)], leaf)
            assert npz[str(i)].flags.f_contiguous == leaf.flags.f_contiguous


def test_headers_are_those_of_numpy(path):
    save(path, tuple([np.zeros(shape, dtype) for dtype in ALL for shape in ((), (3,), (0, 2), (1,) * 64)]))
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        for name in file.namelist()[1:]:
            with file.open(name) as entry:
                assert np.lib.format.read_magic(entry) == (1, 0)
                np.lib.format.read_array_header_1_0(entry)
                assert entry.tell() % 64 == 0


def test_entries_beyond_32_bits(path, monkeypatch):
    """With the limit lowered, since a file of 4 GiB is no test."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    save(path, value)
    monkeypatch.undo()
    assert same_bits(load(path), value)
    with zipfile.ZipFile(path) as file:
        assert {entry.extract_version for entry in file.infolist()} == {45}


def test_a_training_resumes_from_its_file(path):
    x = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    data = batches(x, x[:, :1], 5, epochs=5, seed=0)
    states = list(train(nn.TrainState(net), data, value_and_grad(mse), 0.1))
    save(path, states[6])
    loaded = load(path)
    *_, last = train(loaded, data[loaded.step :], value_and_grad(mse), 0.1)
    assert fingerprint(last) == fingerprint(states[-1])


def test_numbers_that_jit_made_arrays_are_numbers_again(path):
    jnp = pytest.importorskip("jax", reason="arrays of JAX are saved as NumPy's").numpy
    made = Everything(
        np.ones(2), seen=jnp.asarray(3), drift=jnp.asarray(0.5), memory=(jnp.ones(3), jnp.asarray(2)), mean=jnp.ones(2)
    )
    assert type(made.seen) is not int
    save(path, made)
    loaded = load(path)
    assert (type(loaded.seen), loaded.seen) == (int, 3)
    assert (type(loaded.drift), loaded.drift) == (float, 0.5)
    assert {type(leaf) for leaf in leaves(loaded)} == {np.ndarray}
    assert same(loaded.memory, (np.ones(3, np.float32), np.array(2, np.int32)))


def test_the_seed_of_a_state_is_ints_again(path):
    jnp = pytest.importorskip("jax", reason="jit gives arrays for numbers").numpy
    save(path, Seeded((jnp.asarray(1), jnp.asarray(2))))
    assert load(path).seed == (1, 2)
    assert [type(word) for word in load(path).seed] == [int, int]


@record
class Seeded:
    seed: nn.Seed = state(default=0)


class Traced:
    """An array that has no values yet."""

    dtype, shape = np.dtype(float), (2,)

    def __array_namespace__(self):
        return np

    def __array__(self, dtype=None, copy=None):
        raise TypeError


def test_what_has_no_values_is_refused(path):
    with pytest.raises(KindError, match=r"^save: value\[0\] is traced and has no numbers yet; save outside of jit$"):
        save(path, (Traced(),))
    assert not path.exists()


def test_bfloat16_is_refused(path):
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="NumPy has no bfloat16 of its own")
    with pytest.raises(
        KindError,
        match=r"^save: value\[0\]\.W must be an array of numbers, not bfloat16 array; "
        r"write value\[0\]\.W\.astype\(.float32.\)$",
    ):
        save(path, (nn.Dense(np.ones((1, 3), ml_dtypes.bfloat16), None),))


def test_an_array_that_another_thread_writes_to_is_saved_as_it_was(path, monkeypatch):
    array = np.zeros(3)
    replace = os.replace
    dumps = json.dumps

    def late(tree):
        array[:] = 1
        return dumps(tree)

    monkeypatch.setattr(json, "dumps", late)
    save(path, (array,))
    assert os.replace is replace
    assert np.array_equal(array, np.ones(3))
    assert np.array_equal(load(path)[0], np.zeros(3))


def test_depth(path):
    deep = np.ones(1)
    for _ in range(100):
        deep = (deep,)
    save(path, deep)
    assert same(load(path), deep)
    for act in (lambda: save(path, (deep,)), lambda: fingerprint((deep,))):
        with pytest.raises(RangeError):
            act()


# Classes.


def test_fields_with_an_underscore(path):
    save(path, Underscored(np.ones(2), 3))
    assert load(path) == Underscored(np.ones(2), 3)


def cell(**defaults):
    @record
    class Cell:
        W: nn.Array
        rate: float = defaults.get("rate", 0.5)

    return Cell


def test_a_class_that_was_made_anew(path):
    older = cell()
    save(path, older(np.ones(1)))
    newer = cell()
    assert load(path) == newer(np.ones(1))  # of the class of today
    with pytest.raises(KindError, match=r"\.Cell was defined again after this value was made; make the value again$"):
        save(path, older(np.ones(1)))


def test_a_constructor_that_changes_what_it_gets(path):
    import attrs

    @record
    class Percent:
        rate: float = attrs.field(converter=lambda rate: rate / 100)

    with pytest.raises(KindError, match=r"Percent whose constructor changes rate from 0\.5 to 0\.005$"):
        save(path, Percent(50))
    save(path, Percent(0))
    assert load(path) == Percent(0)


def test_a_field_that_follows_from_another(path):
    import attrs

    @record
    class Follows:
        W: nn.Array
        twice: nn.Array = attrs.field(init=False, default=attrs.Factory(lambda self: 2 * self.W, takes_self=True))

    save(path, Follows(np.ones(2)))
    assert load(path) == Follows(np.ones(2))


def test_migration_renames_classes_and_fields(path):
    seen = []

    def migrate(name, fields):
        seen.append(name)
        if name == "LeakyRelu":
            return "Elu", fields
        if name.endswith("Cell"):
            fields["rate"] = 2 * fields.pop("pace")
        return name, fields

    @record
    class Slow:
        W: nn.Array
        inner: Any = None
        pace: float = 1.0

    save(path, Slow(np.ones(1), (LeakyRelu(0.3), nn.Relu())))
    Cell = cell()

    def renamed(name, fields):
        if name.endswith("Slow"):
            name = name_of(Cell)
            assert fields.pop("inner")[0] == Elu(0.3)  # the inside comes first
        return migrate(name, fields)

    assert load(path, migrate=renamed) == Cell(np.ones(1), rate=2.0)
    assert [name.rpartition(".")[2] for name in seen] == ["LeakyRelu", "Relu", "Cell"]


# A file is whole at every moment.


class Full(io.FileIO):
    """A file on a disk on which so many bytes are left."""

    left = 0

    def write(self, data):
        if len(data) > Full.left:
            raise OSError(errno.ENOSPC, "No space left on device")
        Full.left -= len(data)
        return super().write(data)


def failing(error, *, at=0):
    calls = []

    def act(*args, **options):
        calls.append(args)
        if len(calls) > at:
            raise error

    return act


def is_untouched(path):
    return load(path) == net and list(path.parent.iterdir()) == [path]


def test_a_full_disk(path, monkeypatch):
    save(path, net)
    opened = Path.open

    def on_full_disk(self, mode):
        return io.BufferedWriter(Full(self, "r+b"), 64) if mode == "r+b" else opened(self, mode)

    monkeypatch.setattr(Path, "open", on_full_disk)
    size = path.stat().st_size
    for left in range(0, size, 150):
        Full.left = left
        with pytest.raises(FileError, match=r"value.npz cannot be written: No space left on device$") as caught:
            save(path, net)
        assert caught.value.__cause__.errno == errno.ENOSPC
        assert is_untouched(path)
    Full.left = 10 * size
    save(path, net)


@pytest.mark.parametrize("name", ["fsync", "replace"])
@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "Permission denied"), KeyboardInterrupt()])
def test_a_failure_on_the_way(path, monkeypatch, name, error):
    save(path, net)
    monkeypatch.setattr(os, name, failing(error))
    kind = FileError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(kind):
        save(path, mlp([1, 1], seed=0))
    monkeypatch.undo()
    assert is_untouched(path)


def test_no_permission(path, monkeypatch):
    save(path, net)
    monkeypatch.setattr(Path, "open", failing(PermissionError(errno.EACCES, "Permission denied")))
    with pytest.raises(FileError, match=r"^save: .*value.npz cannot be written: Permission denied$"):
        save(path, net[:1])
    with pytest.raises(FileError, match=r"^load: .*value.npz cannot be read: Permission denied$"):
        load(path)
    monkeypatch.undo()
    assert is_untouched(path)


def test_the_bytes_are_on_the_disk_before_the_name_is(path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, real=real, name=name: (calls.append(name), real(*args)))
    save(path, net)
    assert calls[:2] == ["fsync", "replace"]


def test_a_folder_that_cannot_be_synced_is_no_failure(path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(OSError(errno.EINVAL, "Invalid argument"), at=1))
    save(path, net)
    monkeypatch.undo()
    opened = os.open

    def denied(path, *given):
        if not given or given[0] == os.O_RDONLY:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *given)

    monkeypatch.setattr(os, "open", denied)
    save(path, net)
    monkeypatch.undo()
    assert is_untouched(path)


def test_the_mode_is_that_of_any_new_file(path):
    save(path, net)
    other = path.with_name("other")
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


@needs_modes
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o666, 0o400])
def test_a_file_that_is_replaced_keeps_its_mode(path, mode):
    save(path, net)
    path.chmod(mode)
    save(path, net[:1])
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert load(path) == net[:1]


@needs_modes
@pytest.mark.parametrize(("mode", "narrowed"), [(0o660, 0o600), (0o664, 0o644), (0o777, 0o777), (0o600, 0o600)])
def test_another_group_gets_the_permissions_of_all_others(path, monkeypatch, mode, narrowed):
    """Where the system does not allow that the file keeps its group."""
    save(path, net)
    path.chmod(mode)
    monkeypatch.setattr(os, "chown", failing(PermissionError(errno.EPERM, "Operation not permitted")))
    save(path, net)
    assert stat.S_IMODE(path.stat().st_mode) == narrowed


@needs_modes
def test_group_and_owner_are_kept_where_the_system_allows_it(path, monkeypatch):
    save(path, net)
    old, calls = path.stat(), []
    monkeypatch.setattr(os, "chown", lambda file, *owner: calls.append(owner))
    save(path, net)
    assert calls == [(-1, old.st_gid), (old.st_uid, -1)]


def test_a_file_system_without_modes_is_no_failure(path, monkeypatch):
    save(path, net)
    monkeypatch.setattr(Path, "chmod", failing(PermissionError(errno.EPERM, "Operation not permitted")))
    save(path, net[:1])
    assert load(path) == net[:1]


@needs_modes
def test_nobody_else_reads_a_private_file_while_it_is_written(path, monkeypatch):
    save(path, net)
    path.chmod(0o600)
    modes = []
    monkeypatch.setattr(os, "chown", lambda file, *owner: modes.append(stat.S_IMODE(file.stat().st_mode)))
    monkeypatch.setattr(os, "fsync", lambda file: modes.append(stat.S_IMODE(os.fstat(file).st_mode)))
    save(path, net)
    assert modes[:3] == [0o600, 0o600, 0o600]


def test_a_link_stays_and_the_file_behind_it_is_written(path, tmp_path):
    link = tmp_path / "latest"
    link.symlink_to("value.npz")
    save(link, net)
    assert link.is_symlink()
    save(link, net[:1])
    assert load(path) == load(link) == net[:1]


@pytest.mark.skipif(not Path(os.devnull).exists(), reason="this system has no null device")
def test_nothing_is_saved_over_a_device():
    with pytest.raises(FileError, match="is not a regular file"):
        save(os.devnull, net)
    with pytest.raises(FileError, match="is not a regular file"):
        load(os.devnull)


def test_a_missing_file_is_what_scripts_that_resume_expect(path):
    try:
        start = load(path)
    except FileNotFoundError:
        start = nn.TrainState(net)
    assert start == nn.TrainState(net)
    for family in (NoFileError, FileError, nn.FuncnnError, OSError):
        with pytest.raises(family):
            load(path)


EITHER = (np.zeros(10_000), np.ones(10_000))
WRITER = """
import sys
import numpy as np
from funcnn import save
for _ in range(40):
    save(sys.argv[1], np.full(10_000, float(sys.argv[2])))
"""


def assert_whole_until(path, done):
    seen = 0
    while not done() or not seen:
        try:
            loaded = load(path)
            assert any([same(loaded, whole) for whole in EITHER])
            seen += 1
        except FileNotFoundError:
            continue


def test_two_threads_write_one_path(path):
    def write(whole):
        for _ in range(40):
            save(path, whole)

    threads = [threading.Thread(target=write, args=(whole,)) for whole in EITHER]
    for thread in threads:
        thread.start()
    assert_whole_until(path, lambda: not any([thread.is_alive() for thread in threads]))
    for thread in threads:
        thread.join()
    assert list(path.parent.iterdir()) == [path]


def test_two_processes_write_one_path(path):
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), which]) for which in "01"]
    assert_whole_until(path, lambda: all([process.poll() is not None for process in processes]))
    assert [process.wait() for process in processes] == [0, 0]
    assert list(path.parent.iterdir()) == [path]


# Files that were changed.


@cache
def _unpacked(data):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return file.comment, {entry.filename: file.read(entry) for entry in file.infolist()}


def unpacked(data):
    return dict(_unpacked(data)[1])


def comment_of(data):
    return _unpacked(data)[0]


def packed(entries, *, compression=zipfile.ZIP_STORED, comment=None):
    """A zip that is right in itself, down to the checksum of its tree, unless another comment is given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        file.comment = (
            blake2b(entries.get("tree.json", b""), digest_size=16).hexdigest().encode() if comment is None else comment
        )
        for name, data in entries.items():
            file.writestr(zipfile.ZipInfo(name), data, compression)
    return buffer.getvalue()


def with_tree(data, change):
    """The file with another document in it, checksum and all."""
    entries = unpacked(data)
    document = json.loads(entries["tree.json"])
    return packed({**entries, "tree.json": json.dumps(change(document)).encode()})


def nodes_of(node):
    if type(node) is dict:
        if "array" in node:
            yield node
        for part in node.get("tuple", ()) or node.get("fields", {}).values():
            yield from nodes_of(part)


def node_changed(data, rng):
    """One thing about one array, as the tree has it, is another."""
    huge = int(rng.choice([10**12, 2**31, 2**62])) * int(rng.integers(1, 10**9))
    change = [
        *({"shape": [huge]}, {"shape": [0, huge]}, {"shape": [huge, huge]}, {"shape": [-1]}, {"shape": [2.0]}),
        *({"shape": [True] * 3}, {"shape": [1] * 65}, {"shape": "23"}, {"shape": [10**600]}, {"dtype": "|O"}),
        *({"dtype": "<U9"}, {"dtype": "<f8,<f8"}, {"dtype": "nonsense"}, {"dtype": ["<f8"]}, {"array": 10**30}),
        *({"array": -1}, {"array": True}, {"order": "A"}, {"order": {}}, {"checksum": "0" * 32}),
        *({"checksum": None}, {"more": 1}),
    ][rng.integers(22)]

    def changed(document):
        found = list(nodes_of(document["value"]))
        found[rng.integers(len(found))].update(change)
        return document

    return with_tree(data, changed)


def tree_changed(data, rng):
    """The whole document is another."""
    depth = int(rng.integers(101, 20_000))
    texts = [
        b"[" * depth,
        b'{"tuple":[' * depth + b"]}" * depth,
        b'{"format": "funcnn", "version": 1, "value": ' + b'{"tuple":[' * 101 + b"1" + b"]}" * 101 + b"}",
        b'{"format": "funcnn", "version": ' + b"1" * depth + b', "value": 1}',
        b'{"format": "funcnn", "version": true, "value": 1}',
        b'{"format": "funcnn", "version": 0, "value": 1}',
        b'{"format": "funcnn", "value": 1}',
        b'{"format": "funcnn", "version": 1, "value": [1]}',
        b'{"format": "funcnn", "version": 1, "value": {"tuple": 1}}',
        b'{"format": "funcnn", "version": 1, "value": {"record": "Dense"}}',
        b'{"format": "funcnn", "version": 1, "value": {"record": 1, "fields": {}}}',
        b'{"format": "funcnn", "version": 1, "value": {"record": "Dense", "fields": [1, 2]}}',
        b'{"format": "funcnn", "version": 1, "value": {"record": "os.system", "fields": {"command": "ls"}}}',
        b'{"format": "funcnn", "version": 1, "value": {"record": "Relu", "fields": {"__class__": 1}}}',
        b'{"format": "funcnn", "version": 1, "value": {"record": "LeakyRelu", "fields": {"alpha": "1"}}}',
        b"[]",
        b"1",
        b"null",
        b"",
        b"\xff\xfe",
        rng.bytes(50),
    ]
    return packed({"tree.json": texts[rng.integers(len(texts))]})


def header_changed(data, rng):
    """One .npy has another header, and the zip knows nothing of it."""
    entries = unpacked(data)
    name = f"{rng.integers(len(entries) - 1)}.npy"
    old = entries[name]
    descr, shape = [
        *(("'<f8'", "(1000000000000,)"), ("'|O'", "(1,)"), ("'<f8'", "(" * 200), ("[('a', '<f8')]", "(1,)")),
        *(("__import__('os')", "()"), ("'<f8'", "(-1,)")),
    ][rng.integers(6)]
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    entries[name] = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + old[128:]
    return packed(entries, comment=comment_of(data))


def swapped(data, rng):
    """Two entries have each other's bytes, or names, or one is left out, or comes twice, or there is one too many."""
    entries = unpacked(data)
    a, b = rng.choice(list(entries), 2, replace=False)
    how = rng.integers(4)
    if how == 0:
        entries[a], entries[b] = entries[b], entries[a]
    elif how == 1:
        entries = {{a: b, b: a}.get(name, name): entry for name, entry in entries.items()}
    elif how == 2:
        del entries[a]
    else:
        entries[f"{a}x"] = entries[a]
    return packed(entries, comment=comment_of(data))


def flipped(data, rng):
    changed = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        changed[anywhere(data, rng)] ^= 1 << rng.integers(8)
    return changed


def anywhere(data, rng):
    """Half of the time near the end, where the directory of a zip is."""
    return int(rng.integers(len(data)) if rng.integers(2) else len(data) - 1 - rng.integers(min(len(data), 900)))


def cut(data, rng):
    return data[: rng.integers(len(data))]


def shortened(data, rng):
    i = anywhere(data, rng)
    return data[:i] + data[i + rng.integers(1, 99) :]


def lengthened(data, rng):
    i = anywhere(data, rng)
    return data[:i] + rng.bytes(rng.integers(1, 99)) + data[i:]


def spliced(data, rng):
    """A piece of the file, or of another one, stands elsewhere in it."""
    source = data if rng.integers(2) else OTHER
    i, j, n = anywhere(data, rng), anywhere(source, rng), rng.integers(1, 200)
    return data[:i] + source[j : j + n] + data[i + n :]


def huge(data, rng):
    """A length in a header of the zip is as large as can be."""
    starts = [found.start() for found in re.finditer(b"PK", data)]
    changed = bytearray(data)
    i, n = starts[rng.integers(len(starts))] + rng.integers(4, 46), int(rng.choice([2, 4, 8]))
    changed[i : i + n] = (b"\xff" * n, b"\xff" * (n - 1) + b"\x7f", b"\xfe" + b"\xff" * (n - 1))[rng.integers(3)]
    return changed


def garbage(data, rng):
    return data[: rng.integers(len(data))] + rng.bytes(rng.integers(2000)) if rng.integers(2) else rng.bytes(500)


def compressed(data, rng):
    method = [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2][rng.integers(2)]
    return packed(unpacked(data), compression=method, comment=comment_of(data))


def saved(folder, value):
    save(folder / "original", value)
    return (folder / "original").read_bytes()


MUTATIONS = [
    *(flipped, cut, shortened, lengthened, spliced, huge, garbage, swapped, header_changed, node_changed),
    *(tree_changed, compressed),
]
OTHER = packed({"tree.json": b'{"format": "funcnn", "version": 1, "value": {"tuple": [1, 2]}}'})


def outcome(path, data, whole):
    """Whether the file loads, which it may only if it gives the value that was saved, or is refused."""
    path.unlink(missing_ok=True)  # ext4 waits for the disk where a file is written over
    path.write_bytes(data)
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    try:
        result = "equal" if same_bits(load(path), whole) else "wrong"
    except nn.FuncnnError as error:
        result = "refused" if type(error) is FileError and str(error).startswith(f"load: {path} ") else repr(error)
    assert result in {"equal", "refused"}
    _, peak = tracemalloc.get_traced_memory()
    assert peak - before < 200 * len(data) + 2**18
    return result


@pytest.fixture
def traced():
    load_all()  # as the first load of a name that is not known does
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
def test_a_file_changed_at_random_is_refused_or_gives_the_same_value(tmp_path, request, record_property):
    data = saved(tmp_path, value)
    counts = {}
    for i in range(20_000 if request.config.getoption("--full") else 2_000 if FULL else 500):
        rng = np.random.default_rng((0, i))
        mutation = MUTATIONS[i % len(MUTATIONS)]
        what = mutation.__name__, outcome(tmp_path / "changed", mutation(data, rng), value)
        counts[what] = counts.get(what, 0) + 1
    record_property("outcomes", counts)
    print(counts)  # noqa: T201  shown by -s
    assert {name for name, result in counts if result == "refused"} == {mutation.__name__ for mutation in MUTATIONS}
    harmless = {"flipped", "lengthened", "spliced", "huge", "shortened", "swapped"}  # the last of two arrays alike
    assert {name for name, result in counts if result == "equal"} <= harmless


@pytest.mark.usefixtures("traced")
def test_a_file_cut_at_any_byte_is_refused(tmp_path):
    small = (net[0], 3)
    data = saved(tmp_path, small)
    assert outcome(tmp_path / "cut", data, small) == "equal"
    assert {outcome(tmp_path / "cut", data[:length], small) for length in range(len(data))} == {"refused"}


@pytest.mark.usefixtures("traced")
def test_a_file_with_a_bit_of_any_byte_flipped_is_refused_or_gives_the_same_value(tmp_path):
    """The same value: where a date was flipped, say."""
    data = saved(tmp_path, nn.Relu())
    for i in range(len(data)):
        changed = bytearray(data)
        changed[i] ^= 1 << i % 8
        outcome(tmp_path / "flipped", changed, nn.Relu())


def test_nothing_is_executed(tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path / "executed").touch, ()

    path = tmp_path / "evil.npz"
    np.savez(path, evil=np.array([Evil()], object))
    with pytest.raises(FileError, match=r"is a zip without tree\.json, so it was not written by save$"):
        load(path)
    buffer = io.BytesIO()
    np.save(buffer, np.array([Evil()], object))
    node = {"array": 0, "dtype": "|O", "shape": [1], "order": "C", "checksum": "0" * 32}
    tree = json.dumps({"format": "funcnn", "version": 1, "value": node}).encode()
    path.write_bytes(packed({"tree.json": tree, "0.npy": buffer.getvalue()}))
    with pytest.raises(FileError, match=r"has a tree of a form that save does not write$"):
        load(path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.usefixtures("traced")
def test_no_more_is_allocated_than_the_file_is_long(path):
    save(path, np.zeros(10**6))
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    load(path)
    assert tracemalloc.get_traced_memory()[1] - before < 1.1 * path.stat().st_size


@pytest.mark.parametrize("error", [MemoryError()])
def test_a_machine_that_is_too_small_says_so(path, monkeypatch, error):
    save(path, net)
    monkeypatch.setattr(json, "loads", failing(error))
    with pytest.raises(MemoryError):
        load(path)

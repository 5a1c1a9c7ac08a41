"""Files in memory, open files, files of fsspec, and values of tables and dicts."""

import gzip
import io
import json
import sys
import tempfile
import zipfile

import numpy as np
import pytest

from funcnn import TrainState, checkpoint_every, history, load, mlp, mse, save, train, value_and_grad
from funcnn.errors import FileError, KindError, NoFileError
from funcnn.files import fingerprint
from funcnn.training import Table

net = mlp([2, 3, 1], seed=0)
one = np.ones((4, 2))
run = lambda: train(TrainState(net), [(one, one[:, :1])] * 4, value_and_grad(mse), 0.1)
measured = history(run(), {"W": lambda state: state.params[0].W})[1]
VALUE = {"net": net, "table": measured, "é.1": {"lr": 0.1, "none": (None, {})}, "": np.arange(3)}


def version(data):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return json.loads(file.read("tree.json"))["version"]


def test_dicts_and_tables_go_there_and_back(tmp_path):
    save(tmp_path / "all.npz", VALUE)
    found = load(tmp_path / "all.npz")
    assert list(found) == list(VALUE)
    assert found["net"] == net
    assert type(found["table"]) is Table
    assert found["table"] == measured
    assert found["table"]["W"].shape == (4, 2, 3)
    assert found["é.1"] == VALUE["é.1"]
    assert not found[""].flags.writeable
    assert fingerprint(found) == fingerprint(VALUE)


def test_only_files_with_a_dict_or_a_table_need_the_newer_version():
    values = {1: [net, ("dict", '"dict": {', {"table": 1}["table"])], 2: [{}, (measured,), ({},)]}
    for expected, those in values.items():
        for value in those:
            save(file := io.BytesIO(), value)
            assert version(file.getvalue()) == expected


def test_other_keys_contents_and_kinds_have_other_fingerprints():
    values = [{"a": 1, "b": 2}, {"a": 2, "b": 1}, {"b": 2, "a": 1}, {"a": 1}, (("a", 1), ("b", 2)), {}, (), Table({})]
    assert len(set(map(fingerprint, values))) == len(values)


@pytest.fixture(params=["BytesIO", "wb", "unbuffered", "temporary", "spooled"])
def file(request, tmp_path):
    opened = {
        "BytesIO": io.BytesIO,
        "wb": lambda: (tmp_path / "net.npz").open("w+b"),
        "unbuffered": lambda: (tmp_path / "net.npz").open("w+b", buffering=0),
        "temporary": tempfile.NamedTemporaryFile,
        "spooled": tempfile.SpooledTemporaryFile,
    }
    with opened[request.param]() as file:
        yield file


def test_a_file_object_holds_the_bytes_of_a_file_and_is_read_wherever_it_stands(file, tmp_path):
    save(file, VALUE)
    save(tmp_path / "same.npz", VALUE)
    assert load(file)["net"] == net
    file.seek(0)
    assert file.read() == (tmp_path / "same.npz").read_bytes()


def test_a_smaller_value_replaces_a_larger_one(file):
    save(file, VALUE)
    save(file, net)
    assert load(file) == net


def test_a_file_that_compresses_cannot_truncate(tmp_path):
    with gzip.open(tmp_path / "net.npz.gz", "wb") as file:
        save(file, VALUE)
    with gzip.open(tmp_path / "net.npz.gz") as file:
        assert load(file)["net"] == net


def test_a_stream_without_positions_is_written_and_read():
    class Stream(io.BytesIO):
        seekable = lambda self: False

        def seek(self, *_):
            raise io.UnsupportedOperation

    save(stream := Stream(), net)
    assert load(Stream(stream.getvalue())) == net


def test_checkpoints_replace_what_a_file_object_holds():
    for state in checkpoint_every(run(), file := io.BytesIO(), steps=1):
        assert load(file) == state
        save(alone := io.BytesIO(), state)
        assert file.getvalue() == alone.getvalue()


def test_a_value_that_cannot_be_saved_leaves_the_file_object_as_it_is():
    save(file := io.BytesIO(), net)
    with pytest.raises(KindError):
        save(file, [net])
    assert load(file) == net


@pytest.fixture
def fsspec():
    module = pytest.importorskip("fsspec", reason="URLs need it")
    yield module
    module.filesystem("memory").rm("/", recursive=True)


def test_urls_and_open_files_of_fsspec(fsspec):
    url = "memory://runs/net.npz"
    for place in (url, fsspec.open(url), fsspec.open(url, "wb")):  # its mode has no effect
        *_, last = checkpoint_every(run(), place, steps=3)
        assert load(place) == last
        fsspec.filesystem("memory").rm("/runs", recursive=True)
    with fsspec.open(url, "wb") as file:
        save(file, VALUE)
    with fsspec.open(url) as file:
        assert load(file)["net"] == net


def test_a_local_file_of_fsspec_is_written_as_atomically_as_a_path(fsspec, tmp_path):
    path = tmp_path / "net.npz"
    save(path, net)
    path.chmod(0o600)
    for place in (f"file://{path}", fsspec.open(path, "wb")):
        save(place, VALUE)
        assert path.stat().st_mode & 0o777 == 0o600
        assert load(place)["net"] == load(path)["net"] == net


def test_a_file_object_is_called_by_its_name(tmp_path):
    path = tmp_path / "net.npz"
    path.write_text("W = 1")
    with (
        path.open("rb") as file,
        pytest.raises(FileError, match=r"^load: .*net\.npz is damaged, or was not written by"),
    ):
        load(file)


def test_bad_places_of_fsspec(fsspec, monkeypatch):
    with pytest.raises(NoFileError, match=r"^load: there is no file memory://nowhere$"):
        load("memory://nowhere")
    with pytest.raises(NoFileError, match=r"^load: there is no file memory:///nowhere$"):
        load(fsspec.open("memory://nowhere"))
    with pytest.raises(FileError, match=r"^save: seashell://x cannot be opened: Protocol not known: seashell$"):
        save("seashell://x", net)
    with pytest.raises(KindError, match=r"^save: path must be a file without compression, not gzip$"):
        save(fsspec.open("memory://x", "wb", compression="gzip"), net)
    save(fsspec.open("memory://x"), net)
    fsspec.filesystem("memory").pipe_file("/x", b"W = 1")
    with pytest.raises(FileError, match=r"^load: memory://x is damaged, or was not written by save"):
        load("memory://x")
    monkeypatch.setattr(type(fsspec.filesystem("memory")), "cat_file", nobody)
    with pytest.raises(FileError, match=r"^load: memory://x cannot be read: no credentials$"):
        load("memory://x")
    monkeypatch.setattr(type(fsspec.filesystem("memory")), "pipe_file", denied)
    with pytest.raises(FileError, match=r"^save: memory://x cannot be written: Permission denied$"):
        save("memory://x", net)


def nobody(*_, **__):
    raise RuntimeError("no credentials")  # an error of the file system's own


def denied(*_, **__):
    raise PermissionError(13, "Permission denied")


def test_without_fsspec_a_url_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    sentence = "^fsspec is missing, which {} of a URL needs; write pip install .*fsspec"
    with pytest.raises(ImportError, match=sentence.format("save")):
        save("s3://runs/net.npz", net)
    with pytest.raises(ImportError, match=sentence.format("checkpoint_every")):
        checkpoint_every(run(), "s3://runs/net.npz", steps=1)

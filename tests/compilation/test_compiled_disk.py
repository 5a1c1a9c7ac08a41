"""The cache of machine code runs nobody else's code: neither from a folder nor from a file that others can write to."""

import hashlib
import os
import stat
from importlib import import_module

import pytest

disk = import_module("funcnn.compilation.disk")
CODE = b"machine code"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="files have no owners and no modes")


def content_of(key, code):
    """What a forger can write too: the hash is no secret."""
    return hashlib.sha256(key.encode() + code).digest() + code


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCNN_CACHE", str(tmp_path / "funcnn"))
    return tmp_path / "funcnn"


@pytest.fixture
def file(folder):
    """The file of a kernel, with which a test does what another user might do."""
    disk.write("key", CODE)
    assert disk.read("key") == CODE
    return folder / "key.kernel"


def changed(path, monkeypatch, *, owner):
    """A file or folder of another user: really, if the tests may do so, else as the system would report it."""
    if os.geteuid() == 0:
        os.chown(path, owner, -1)
        return
    inode, real = path.stat().st_ino, (os.fstat, os.lstat)

    def reported(status):
        return os.stat_result((*status[:4], owner, *status[5:])) if status.st_ino == inode else status

    monkeypatch.setattr(disk.os, "fstat", lambda fd: reported(real[0](fd)))
    monkeypatch.setattr(type(path), "lstat", lambda self: reported(real[1](self)))


def foreign(path, monkeypatch):
    changed(path, monkeypatch, owner=65534)


def with_mode(bits):
    return lambda path, monkeypatch: path.chmod(bits)


def linked(path, monkeypatch):
    path.rename(path.with_name("target"))
    path.symlink_to("target")


def endless(path, monkeypatch):
    path.unlink()
    path.symlink_to("/dev/zero")


def piped(path, monkeypatch):
    path.unlink()
    os.mkfifo(path, 0o600)


def a_folder(path, monkeypatch):
    path.unlink()
    path.mkdir()


FOREIGN, OPEN = "it belongs to another user", "other users can write to it"
FORGED = {
    "foreign": (foreign, FOREIGN),
    "shared": (with_mode(0o666), OPEN),
    "of a group": (with_mode(0o660), OPEN),
    "linked": (linked, "Too many levels of symbolic links"),
    "endless": (endless, "Too many levels of symbolic links"),
    "piped": (piped, "it is not a file"),
    "a folder": (a_folder, "(it is not a file|Is a directory)"),
}


@pytest.mark.parametrize(("forge", "reason"), FORGED.values(), ids=FORGED)
def test_a_file_that_another_user_may_have_written_is_not_read(folder, file, monkeypatch, forge, reason):
    file.write_bytes(content_of("key", b"forged"))
    forge(file, monkeypatch)
    with pytest.warns(RuntimeWarning, match=rf"key\.kernel: not used as a cache .* \({reason}\), so "):
        assert disk.read("key") is None
    assert disk.read("key") is None  # warnings are errors: there is one for each folder


def test_it_is_replaced_by_a_file_of_the_user(folder, file, monkeypatch):
    endless(file, monkeypatch)
    with pytest.warns(RuntimeWarning, match="links"):
        assert disk.read("key") is None
    disk.write("key", CODE)
    assert disk.read("key") == CODE
    assert stat.S_IMODE(file.lstat().st_mode) == 0o600


def test_a_file_is_read_up_to_a_size(folder, file, monkeypatch):
    os.truncate(file, 4 * disk.MOST_BYTES)  # which has no blocks on disk
    assert disk.read("key") is None
    monkeypatch.setattr(disk, "MOST_BYTES", 32 + len(CODE))
    file.write_bytes(content_of("key", CODE) + b"more")
    assert disk.read("key") == CODE


FOLDERS = {
    "of another user": (foreign, FOREIGN),
    "open to all": (with_mode(0o777), OPEN),
    "with the sticky bit": (with_mode(0o1777), OPEN),
    "open to a group": (with_mode(0o770), OPEN),
    "behind a link": (linked, "it is a link"),
}


@pytest.mark.parametrize(("change", "reason"), FOLDERS.values(), ids=FOLDERS)
def test_a_folder_that_others_can_write_to_is_neither_read_nor_written(folder, file, monkeypatch, change, reason):
    change(folder, monkeypatch)
    before = sorted(folder.iterdir())
    text = (
        rf"funcnn: not used as a cache of machine code \({reason}\), so kernels are compiled anew; "
        "set FUNCNN_CACHE to a folder that you, and nobody else, can write to"
    )
    with pytest.warns(RuntimeWarning, match=text):
        assert disk.read("key") is None
    disk.write("other", CODE)
    assert sorted(folder.iterdir()) == before


def test_the_folder_is_made_for_the_user_alone(folder):
    before = os.umask(0)
    try:
        disk.write("key", CODE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert disk.read("key") == CODE


def test_a_link_that_leads_nowhere_is_removed_like_an_old_file(folder, monkeypatch):
    monkeypatch.setattr(disk, "MOST_FILES", 1)
    folder.mkdir(0o700)
    (folder / "old.kernel").symlink_to("nowhere")
    os.utime(folder / "old.kernel", (1, 1), follow_symlinks=False)
    disk.write("key", CODE)
    assert [path.name for path in folder.iterdir()] == ["key.kernel"]

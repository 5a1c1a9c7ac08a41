"""Where values are written to and read from: paths, file objects, and files of fsspec."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO, TextIOBase
from typing import IO, TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from funcnn.arrays import kind
from funcnn.errors import FileError, KindError, NoFileError
from funcnn.extras import needing

if TYPE_CHECKING:
    from pathlib import Path

Place = str | os.PathLike[str] | IO[bytes]
"""A path, an open file, an OpenFile of fsspec, or a URL for fsspec, such as `s3://bucket/net.npz`."""


class Remote(NamedTuple):
    """A file in a file system of fsspec."""

    fs: Any
    path: str
    name: str


def as_place(function: str, path: Any, remedy: str = "", *, mode: str = "wb") -> Path | Remote | Any:
    """The place as a Path, as a Remote, or as the open file that it is; a file that another mode opened is refused."""
    if hasattr(path, "write" if mode == "wb" else "read"):
        _check_open(function, path, mode)
        return path
    if isinstance(path, str) and "://" in path:
        path = _from_url(function, path)
    elif hasattr(path, "fs"):  # an OpenFile, whose __fspath__ would open it, or a UPath
        if getattr(path, "compression", None):
            raise KindError(f"{function}: path must be a file without compression, not {path.compression}")
        path = Remote(path.fs, path.path, path.fs.unstrip_protocol(path.path))
    if isinstance(path, Remote):
        return as_path(function, path.path) if type(path.fs).__name__ == "LocalFileSystem" else path
    if not isinstance(path, str | os.PathLike):
        raise KindError(f"{function}: path must be a string, a Path or a file object, not {kind(path)}{remedy}")
    return as_path(function, path)


def _check_open(function: str, file: Any, mode: str) -> None:
    is_able = getattr(file, "writable" if mode == "wb" else "readable", lambda: True)
    given = ""
    if getattr(file, "closed", False):
        given = "a closed one"
    elif isinstance(getattr(file, "file", file), TextIOBase):  # `file` of the files of tempfile
        given = "one of text"
    elif not is_able():
        given = "one that is not " + ("writable" if mode == "wb" else "readable")
    if given:
        raise KindError(f'{function}: path must be a file that is open in the mode "{mode}", not {given}')


def _from_url(function: str, url: str) -> Remote:
    with needing(f"{function} of a URL", "fsspec"):
        from fsspec import url_to_fs  # noqa: PLC0415  optional, and needed here alone
    try:
        fs, path = url_to_fs(url)
    except Exception as error:  # s3fs is not installed, the protocol is unknown, or an error of the file system's own
        raise FileError(f"{function}: {url} cannot be opened: {error}") from error
    return Remote(fs, path, url)


def name_of_place(path: Any) -> str:
    """What messages call a place."""
    if isinstance(path, os.PathLike):
        return os.fspath(path)
    return path.name if isinstance(getattr(path, "name", None), str) else kind(path)


def _errors(place: Any) -> type[Exception]:
    """The errors of a place; file systems of fsspec have errors of their own, such as one for missing credentials."""
    return Exception if isinstance(place, Remote) else OSError


def _file_error(function: str, name: str, done: str, error: Exception) -> FileError:
    return FileError(f"{function}: {name} cannot be {done}: {getattr(error, 'strerror', None) or error}")


@contextmanager
def writing(function: str, place: Path | Remote | Any) -> Iterator[BinaryIO]:
    """A file to write to. At the end its bytes replace what the place holds: a file at a Path atomically.

    A file object is written from its beginning, if it has one, and ends behind the value.
    """
    from pathlib import Path  # noqa: PLC0415  imported late, since it takes a tenth of the import time

    if isinstance(place, Path):
        with replacing(function, place) as file:
            yield file
        return
    buffer = BytesIO()
    yield buffer
    try:
        if isinstance(place, Remote):
            place.fs.pipe_file(place.path, buffer.getvalue())
            return
        if getattr(place, "seekable", bool)():
            with suppress(OSError):  # gzip has no truncate
                place.seek(0)
                place.truncate()
        place.write(buffer.getbuffer())
        getattr(place, "flush", bool)()
    except _errors(place) as error:
        raise _file_error(function, name_of_place(place), "written", error) from error


@contextmanager
def reading(function: str, place: Path | Remote | Any) -> Iterator[BinaryIO]:
    """The file at a place, to read from, which can seek."""
    name, file = name_of_place(place), cast("Any", place)
    try:
        if isinstance(place, Remote):
            file = BytesIO(place.fs.cat_file(place.path))
        elif hasattr(place, "read"):
            file = file if getattr(place, "seekable", bool)() else BytesIO(file.read())
        else:
            file = file.open("rb")
    except FileNotFoundError:
        raise NoFileError(f"{function}: there is no file {name}") from None
    except _errors(place) as error:
        raise _file_error(function, name, "read", error) from error
    try:
        yield file
    finally:
        if file is not place:
            file.close()


def as_path(function: str, path: Any, remedy: str = "") -> Path:
    """Check that `path` is the path of a file that exists or can be created; the result is a Path."""
    from pathlib import Path  # noqa: PLC0415  imported late, as hashlib is

    try:
        mode = Path(path).stat().st_mode
    except TypeError:
        raise KindError(f"{function}: path must be a string or a Path, not {kind(path)}{remedy}") from None
    except ValueError:
        raise FileError(f"{function}: {path!r} is not a valid path") from None
    except OSError as error:  # the file does not exist, or may not be read
        if error.errno == errno.ELOOP:
            raise FileError(
                f"{function}: {Path(path)} is a link that leads to itself; give the path of a file"
            ) from None
        return Path(path)
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise FileError(f"{function}: {Path(path)} is {what}; give the path of a file")
    return Path(path)


_SPARE = ".funcnn-*.tmp"
_DAY = 24 * 60 * 60  # seconds: no save takes as long


@contextmanager
def replacing(function: str, where: Path) -> Iterator[BinaryIO]:
    """A file to write to. At the end it replaces the file at `where` atomically, or not at all.

    The new file has the mode of the file that it replaces, and its group and owner where the system allows that; a file
    at a new path has the mode of any new file.
    """
    target = where.resolve()  # a link is kept, and the file that it points to is replaced
    with _spare_file(function, where, target) as spare:
        old = None
        with suppress(FileNotFoundError):
            old = target.stat()
        spare.touch(0o600 if old else 0o666, exist_ok=False)
        with spare.open("r+b") as file:
            if old:
                _take_over(spare, old)
            yield file
            file.flush()
            os.fsync(file.fileno())
        _remove_left(spare)
        spare.replace(target)
    with suppress(OSError):  # Windows cannot open a folder
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _spare_file(function: str, where: Path, target: Path) -> Iterator[Path]:
    """The path of a file beside `target`, which is removed at the end; errors of the system name the path `where`."""
    spare = target.with_name(_SPARE.replace("*", os.urandom(8).hex()))
    try:
        yield spare
    except FileNotFoundError:
        raise NoFileError(
            f"{function}: {where} cannot be written: its folder does not exist; create it first"
        ) from None
    except OSError as error:
        raise _file_error(function, str(where), "written", error) from error
    finally:
        with suppress(OSError):  # after a success the spare file does not exist
            spare.unlink()


def check_writable(function: str, where: Path) -> None:
    """Check that a file can be made in the folder of `where`, before the work whose result it is for."""
    with _spare_file(function, where, where) as spare:
        spare.touch(exist_ok=False)


def _remove_left(spare: Path) -> None:
    """Remove the spare files beside this one that are a day older, whose saves were killed."""
    now = spare.stat().st_mtime  # the clock of the file system, which may be another machine's
    for other in spare.parent.glob(_SPARE):
        with suppress(OSError):  # of another user, or removed by another process
            if now - other.lstat().st_mtime > _DAY:
                other.unlink()


def _take_over(spare: Path, old: os.stat_result) -> None:
    """Give the new file the mode of the old one, and its group and owner where the system allows that."""
    mode = stat.S_IMODE(old.st_mode)
    try:
        os.chown(spare, -1, old.st_gid)
    except (OSError, AttributeError):  # Windows has no chown
        mode &= ~0o070 | (mode & 0o007) << 3  # a new group gets the permissions of others
    with suppress(OSError, AttributeError):  # only root can change the owner
        os.chown(spare, old.st_uid, -1)
    with suppress(OSError):  # some file systems have no modes
        spare.chmod(mode)

"""The cache of machine code on disk: one file for each kernel, whose first 32 bytes are the hash of the others.

The content of these files is run. So a folder or a file counts only if it belongs to the user of this process and no
other user can write to it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

MOST_FILES = 500  # the files that were used longest ago are removed
MOST_BYTES = 2**25  # of a file; a kernel of the largest program has about 2**18
_SAFE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # no links, and no waiting for a pipe's writer
_HAS_OWNERS = hasattr(os, "geteuid")  # Windows has lists of access rights instead, which no mode shows

WARNED: set[str] = set()  # folders


def folder() -> Path:
    """The folder of the cache: $FUNCNN_CACHE; or else `funcnn` in $XDG_CACHE_HOME, which is ~/.cache by default.

    Raises:
        OSError: the process has no home directory.
    """
    given = os.environ.get("FUNCNN_CACHE")
    try:
        return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "funcnn"
    except RuntimeError as error:
        raise OSError(str(error)) from None


def read(key: str) -> bytes | None:
    """The code in the file of this key; None if there is none that `write` has written for the same user."""
    home: Any = "the home directory"
    place = home
    try:
        home = place = folder()
        place = _as_own_folder(home) / f"{key}.kernel"
        with open(place, "rb", opener=lambda name, flags: os.open(name, flags | _SAFE)) as file:
            _check_own(os.fstat(file.fileno()), stat.S_ISREG)
            content = file.read(MOST_BYTES)
        os.utime(place)
    except FileNotFoundError:
        return None
    except OSError as error:
        _warn_once(home, place, error)
        return None
    code = content[32:]
    return code if content[:32] == hashlib.sha256(key.encode() + code).digest() else None


def write(key: str, code: bytes) -> None:
    """Write the file, complete or not at all, and remove the oldest files; with a warning where that is impossible."""
    home: Any = "the home directory"
    try:
        home = folder()
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(dir=_as_own_folder(home)) as new:
            file = Path(new, "kernel")
            file.touch(0o600)
            file.write_bytes(hashlib.sha256(key.encode() + code).digest() + code)
            file.replace(home / f"{key}.kernel")
    except OSError as error:
        _warn_once(home, home, error)
        return
    with suppress(OSError):  # another process may remove a file at the same time
        for path in sorted(home.glob("*.kernel"), key=lambda path: path.lstat().st_mtime)[:-MOST_FILES]:
            path.unlink()


def _as_own_folder(home: Path) -> Path:
    """The folder, if it is one that only the user of this process can write to."""
    _check_own(home.lstat(), stat.S_ISDIR)
    return home


def _check_own(status: os.stat_result, is_right: Callable[[int], bool]) -> None:
    """Raise an error for what others may have written, and for what is not a folder or a file."""
    if _HAS_OWNERS and status.st_uid != os.geteuid():
        raise OSError("it belongs to another user")
    if stat.S_ISLNK(status.st_mode):
        raise OSError("it is a link")
    if _HAS_OWNERS and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise OSError("other users can write to it")
    if not is_right(status.st_mode):
        raise OSError("it is not a folder" if is_right is stat.S_ISDIR else "it is not a file")


def _warn_once(home: Any, place: Any, error: OSError) -> None:
    """Warn for the first thing in a folder that is not used; an error's own text has a name that differs each time."""
    if str(home) not in WARNED:
        WARNED.add(str(home))
        text = f"{place}: not used as a cache of machine code ({error.strerror or error}), so kernels are compiled anew"
        remedy = "set FUNCNN_CACHE to a folder that you, and nobody else, can write to"
        warnings.warn(f"{text}; {remedy}", RuntimeWarning, stacklevel=2)

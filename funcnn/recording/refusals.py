"""The errors for what cannot be recorded, with the line of the rule that asked for it."""

from __future__ import annotations

import linecache
import site
import sys
import sysconfig
from pathlib import Path
from types import FrameType

import numpy as np

from funcnn.errors import KindError

_HERE = str(Path(__file__).parent)
_ENTRY = str(Path(__file__).with_name("recorder.py"))
_MACHINERY = (_HERE, str(Path(np.__file__).parent), "<attrs", "<__array_function__", "<frozen")
_FUNCNN = str(Path(__file__).parents[1])
_LIBRARIES = (
    _FUNCNN,
    *site.getsitepackages(),
    *[sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")],
)


def refusal_error(reason: str, remedy: str = "") -> KindError:
    """The error for what cannot be recorded: the line of the rule that asked for it, and what to write instead."""
    place = _place(_frames())
    return KindError(f"{reason} cannot be recorded{f' ({place})' * bool(place)}{f'; {remedy}' * bool(remedy)}")


def is_asked_by_funcnn() -> bool:
    """Whether the function that asks is one of funcnn, which handles arrays without numbers, such as tracers of JAX."""
    frames = _frames()
    return bool(frames) and frames[0].f_code.co_filename.startswith(_FUNCNN)


def is_caught_by_funcnn(error: KindError) -> bool:
    """Whether an error that did not end the recording was caught by a function of funcnn, and not by a user's rule."""
    traceback = error.__traceback__
    return traceback is None or traceback.tb_frame.f_code.co_filename.startswith(_FUNCNN)


def _frames() -> list[FrameType]:
    """The frames of rules, from the innermost one to the function that records."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  there is no other way to ask for the caller
    found = []
    while frame is not None and frame.f_code.co_filename != _ENTRY:
        if not frame.f_code.co_filename.startswith(_MACHINERY):
            found.append(frame)
        frame = frame.f_back
    return found


def line_of_rule() -> tuple[str, int] | None:
    """The file and the number of the innermost line that a user wrote, or else of the innermost line of a library."""
    return _line(_frames())


def _line(frames: list[FrameType]) -> tuple[str, int] | None:
    own = [frame for frame in frames if not frame.f_code.co_filename.startswith(_LIBRARIES)]
    return next(((frame.f_code.co_filename, frame.f_lineno) for frame in own or frames), None)


def _place(frames: list[FrameType]) -> str:
    """The innermost line that a user wrote, or else the innermost line of a library."""
    own = [frame for frame in frames if not frame.f_code.co_filename.startswith(_LIBRARIES)]
    for frame in own or frames:
        file, line = frame.f_code.co_filename, frame.f_lineno
        text = linecache.getline(file, line, frame.f_globals).strip()
        return f"{Path(file).name}:{line}{f': `{text}`' * bool(text)}"
    return ""

"""Errors of rules and losses while they are traced or compared: what they mean for a kernel."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from funcnn.compilation.shapes import Untraceable

_HERE = str(Path(__file__).parent)


def tried(function: Any, *arguments: Any) -> Any:
    """The result of a step or a fold; None if it ends in an error, which NumPy's steps raise where they meet it."""
    try:
        return function(*arguments)
    except Exception:  # noqa: BLE001  of numbers, such as a division by a state that is 0, or a state that is too large
        return None


def reason_of(error: Exception) -> str:
    """What a rule or a loss did that a kernel cannot do, and where: the last line outside this package."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [frame for frame in frames if not frame.filename.startswith((_HERE, "<"))]
    what = error if isinstance(error, Untraceable) else f"{type(error).__name__}: {error}"
    notes = "".join([f"; {note}" for note in getattr(error, "__notes__", [])])
    return f"{what}{notes}" + (f", {Path(places[-1].filename).name}:{places[-1].lineno}" if places else "")

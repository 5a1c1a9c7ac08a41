"""Pages of one file: their parts in the package, where they are written, and the numbers that they can show."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from funcnn.arrays import kind
from funcnn.errors import KindError
from funcnn.trees.walks import arrays_in


def asset(name: str) -> str:
    """The text of a file in this folder."""
    return files("funcnn.teach").joinpath(name).read_text("utf-8")


def filled(text: str, parts: Mapping[str, str]) -> str:
    """A text with each part in the place of its name in braces; braces in the parts are left alone."""
    return re.sub(r"\{(\w+)\}", lambda found: parts[found[1]], text)


def hash_of(text: str) -> str:
    """The source of a Content Security Policy that allows this text alone."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def as_html_path(function: str, path: Any) -> Path:
    """The path of an HTML file."""
    if not isinstance(path, str | os.PathLike):
        raise KindError(f"{function}: path must be the path of a file, not {kind(path)}")
    file = Path(path)
    if file.suffix.lower() not in {".html", ".htm"}:
        raise KindError(f"{function}: path must end in .html, not {str(path)!r}")
    return file


def check_numbers(function: str, **trees: Any) -> None:
    """Check that all arrays are arrays of NumPy, of real numbers."""
    for argument, tree in trees.items():
        for a in arrays_in((tree,)):
            if type(a) is not np.ndarray:
                raise KindError(f"{function}: {argument} must hold arrays of NumPy, not {type(a).__name__}")
            if a.dtype.kind not in "fiub":
                raise KindError(f"{function}: {argument} must hold real numbers, not {kind(a)}")

"""Tracebacks of errors about what a caller gave: they end in the line that calls funcnn."""

from __future__ import annotations

import sys

KEEPS_ALL = sys.flags.dev_mode


def end_at_caller(error: BaseException) -> None:
    """Remove the frames of funcnn and its `with` blocks from the traceback of an error; `python -X dev` keeps them.

    To be called in `except FuncnnError`, before a `raise` without an error: Python does not add the frame of the
    handler again. Frames of other modules stay, such as the frame of a user's rule.
    """
    links, link = [], None if KEEPS_ALL else error.__traceback__
    while link is not None:
        links.append(link)
        link = link.tb_next
    if links:
        error.__traceback__ = None
    for link in reversed(links):
        if not f"{link.tb_frame.f_globals.get('__name__')}.".startswith(("funcnn.", "contextlib.")):
            link.tb_next, error.__traceback__ = error.__traceback__, link

"""Tables as text for a prompt and as HTML for a notebook.

A table is a list of rows of equal length, the first of which is the head. A cell is a string or a number: a column of
strings is aligned to the left, a column with a number to the right, and floats have six significant digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Protocol, TypeVar

Cell = str | float
C = TypeVar("C", bound=Cell)
Rows = Sequence[Sequence[Cell]]


def filled(rows: Sequence[Sequence[C]]) -> list[tuple[C, ...]]:
    """The rows without the columns that are empty below the head, unless the head is the only row.

    >>> from funcnn.tables import filled
    >>> filled([("layer", "zero"), ("Relu", "")])
    [('layer',), ('Relu',)]
    """
    columns = [
        column for column in zip(*rows, strict=True) if not column[1:] or any([cell != "" for cell in column[1:]])
    ]
    return list(zip(*columns, strict=True))


def text(rows: Rows) -> str:
    """A line for each row, with two spaces between the columns.

    >>> from funcnn.tables import text
    >>> print(text([("step", "cost"), (5, 0.25), (10, 0.0625)]))
    step    cost
       5    0.25
      10  0.0625
    """
    columns = [(_shown(column), _is_right(column)) for column in zip(*rows, strict=True)]
    padded = [_padded(cells, right=right) for cells, right in columns]
    return "\n".join(["  ".join(row).rstrip() for row in zip(*padded, strict=True)])


def html(rows: Rows, *below: str) -> str:
    """An HTML table without colours, so that the theme of the page applies, and the texts `below` it.

    >>> from funcnn.tables import html
    >>> html([("step",), (5,)])
    '<table><thead><tr><th style="text-align: right; white-space: pre">step</th></tr></thead><tbody><tr>...'
    """
    from html import escape  # noqa: PLC0415  only a notebook needs it

    sides = ["right" if _is_right(column) else "left" for column in zip(*rows, strict=True)]
    styles = [f'style="text-align: {side}; white-space: pre"' for side in sides]  # leading spaces show the depth

    def line(row: Sequence[Cell], tag: str) -> str:
        cells = zip(styles, _shown(row), strict=True)
        return f"<tr>{''.join([f'<{tag} {style}>{escape(cell)}</{tag}>' for style, cell in cells])}</tr>"

    head, *body = rows
    lines = "".join([line(row, "td") for row in body])
    paragraphs = "".join([f"<p>{escape(part)}</p>" for part in below])
    return f"<table><thead>{line(head, 'th')}</thead><tbody>{lines}</tbody></table>{paragraphs}"


class Printer(Protocol):
    """The part of IPython's pretty printer that `_repr_pretty_` needs."""

    def text(self, text: str, /) -> Any: ...


def _shown(cells: Sequence[Cell]) -> list[str]:
    return [str(cell) if isinstance(cell, str | Integral) else f"{cell:.6g}" for cell in cells]


def _is_right(column: Sequence[Cell]) -> bool:
    return not all([isinstance(cell, str) for cell in column])


def _padded(cells: list[str], *, right: bool) -> list[str]:
    width = max(map(len, cells))
    return [cell.rjust(width) if right else cell.ljust(width) for cell in cells]

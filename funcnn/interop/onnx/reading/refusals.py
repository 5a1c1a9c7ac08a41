"""Errors of models that cannot be read."""

from __future__ import annotations

from typing import Any


class Unreadable(Exception):  # noqa: N818  it becomes a KindError where the node is known
    """What a node must have, and what it has."""

    def __init__(self, needed: str, given: Any) -> None:
        """The two parts of the sentence"""
        super().__init__(f"{needed}, not {given}")


class Misplaced(Unreadable):
    """Numbers in an order that funcnn does not have; if x has its axes in another order, they may be in order."""

    def __init__(self) -> None:
        """One sentence for all"""
        super().__init__("rows, positions and features in the order that funcnn has", "another order")


def check(needed: str, given: Any, *, holds: bool) -> None:
    """Refuse a node with a setting that no layer has."""
    if not holds:
        raise Unreadable(needed, given)


def named(node: Any) -> str:
    """A node in a message: `node '/fc/Gemm' (Gemm)`."""
    name = node.name or next(iter(node.output), "")
    return f"node {name!r} ({node.domain + '.' if node.domain else ''}{node.op_type})"

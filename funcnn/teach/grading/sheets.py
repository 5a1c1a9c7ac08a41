"""The teacher's copy of a file of exercises, in which all that the learner writes is asked of the learner's process."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import copy
from typing import Any, cast

import attrs

Function = ast.FunctionDef | ast.AsyncFunctionDef
ASK = "_ask_the_learner"  # the name in the teacher's module of what calls a function of the learner


@attrs.frozen
class Sheet:
    """The parsed file, and the names of the functions and of the record classes that a learner writes."""

    tree: ast.Module
    functions: list[str]
    classes: list[str]

    def code(self, path: str, written: list[str], owned: list[str]) -> Any:
        """The program, in which these functions call ASK, and these classes are given; others stay as they are."""
        body = [_asking(node) if _name(node) in written else node for node in self.tree.body if not _is_of(node, owned)]
        return compile(ast.fix_missing_locations(ast.Module(body, [])), path, "exec")


def sheet(source: str, path: str) -> Sheet:
    """What a learner writes: functions and layers that raise NotImplementedError, and functions with a mistake to find.

    A mistake to find is in the function after which its test is named, with `test_` before. The rules of a layer that
    are registered in the file are either all given or all written by the learner.
    """
    tree = ast.parse(source, path)
    unwritten = {_name(node) for node in tree.body if _is_unwritten(node)}
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    wrong = {_name(node).removeprefix("test_") for node in tree.body if _has_a_mistake(node)}
    rules = [(cls, _name(node)) for node in tree.body for cls in _registered(node)]
    given = {cls for cls, name in rules if name not in unwritten}
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    return Sheet(
        tree,
        [name for name in functions if name in unwritten | wrong],
        [name for name in classes if name in unwritten or (name in dict(rules) and name not in given)],
    )


def _name(node: ast.stmt) -> str:
    return getattr(node, "name", "")


def _is_unwritten(node: ast.stmt) -> bool:
    raised = [part.exc for part in ast.walk(node) if isinstance(part, ast.Raise) and part.exc]
    names = [ast.unparse(error.func if isinstance(error, ast.Call) else error) for error in raised]
    return "NotImplementedError" in names


def _has_a_mistake(node: ast.stmt) -> bool:
    """Whether a test is declared with `exercise(..., mistake=True)`."""
    words = [word for call in getattr(node, "decorator_list", []) for word in getattr(call, "keywords", [])]
    return any([word.arg == "mistake" and ast.unparse(word.value) == "True" for word in words])


def _registered(node: ast.stmt) -> Iterator[str]:
    """The classes for which a function is registered as a rule."""
    for call in getattr(node, "decorator_list", []):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "register":
            yield ast.unparse(call.args[0])


def _is_of(node: ast.stmt, owned: list[str]) -> bool:
    """Whether a statement defines one of these classes, or a rule of one."""
    return (isinstance(node, ast.ClassDef) and node.name in owned) or any([cls in owned for cls in _registered(node)])


def _asking(node: Any) -> ast.stmt:
    """The function with the same arguments, which passes them on."""
    a = node.args
    passed = [one.arg for one in (*a.posonlyargs, *a.args)] + [f"*{one.arg}" for one in [a.vararg] if one]
    passed += [f"{one.arg}={one.arg}" for one in a.kwonlyargs] + [f"**{one.arg}" for one in [a.kwarg] if one]
    text = f"{ASK}({', '.join([repr(node.name), *passed])})"
    asking = copy(node)
    asking.body = [ast.copy_location(ast.Return(ast.parse(text, mode="eval").body), node)]
    return cast("ast.stmt", asking)

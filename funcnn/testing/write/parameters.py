"""The parameters of a function, from its signature and its docstring."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import typing
from collections.abc import Callable
from typing import Any

import attrs

from funcnn.fields import parameters_of


@attrs.frozen
class FoundParameter:
    """A parameter: its name, whether a call must give it, its annotation, and what the docstring says of it.

    `kind` is what the docstring has in the place of a type, such as "(M, N) array_like", and `words` is the rest.
    """

    name: str
    is_required: bool = True
    annotation: Any = None
    kind: str = ""
    words: str = ""


def parameters(function: Callable[..., Any]) -> list[FoundParameter] | None:
    """The parameters that can be given by position; None if neither signature nor docstring name them.

    A function in C may have no signature; then the first line of its docstring may be one, as in PyTorch.
    """
    doc = inspect.getdoc(function) or ""
    found = parameters_of(function) or _of_text(doc)
    if found is None:
        return None
    told, annotations = described(doc), _annotations(function)
    return [
        FoundParameter(one.name, one.default is one.empty, annotations.get(one.name), *told.get(one.name, ("", "")))
        for one in found.parameters.values()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]


def _annotations(function: Any) -> dict[str, Any]:
    """The annotations by name, as objects where their names have values, otherwise as strings."""
    while callable(wrapped := getattr(function, "__wrapped__", None)):
        function = wrapped
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # noqa: BLE001  an annotation is an expression, which may raise anything
        return dict(getattr(function, "__annotations__", None) or {})


def _of_text(doc: str) -> inspect.Signature | None:
    """The signature on the first line of a docstring, such as `gelu(input, approximate='none') -> Tensor`."""
    call = re.match(r"[\w.]+(\(.*?\))\s*(->.*)?(\n|$)", doc)
    if call is None:
        return None
    try:
        given = ast.parse(f"def f{call[1]}: pass").body[0]
    except SyntaxError:
        return None
    parts = typing.cast("ast.FunctionDef", given).args
    names = [*parts.posonlyargs, *parts.args]
    without = len(names) - len(parts.defaults)
    made = [
        inspect.Parameter(
            one.arg, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=inspect.Parameter.empty if i < without else None
        )
        for i, one in enumerate(names)
    ]
    return inspect.Signature(made)


# A parameter in numpydoc, `x : (M, N) array_like`, in Google's form, `x (Tensor): the input`, or in reST.
_NUMPY = re.compile(r"^(\w+(?:, *\w+)*)(?: : *(.*))?$")
_GOOGLE = re.compile(r"^\*{0,2}(\w+) *(?:\((.*?)\))? *: *(.*)$")
_REST = re.compile(r"^:param (?:(.*?) )?(\w+): *(.*)$")
_HEADS = re.compile(r"^(Parameters|Args|Arguments|Inputs?)(:|\n-+)$", re.MULTILINE)


def described(doc: str) -> dict[str, tuple[str, str]]:
    """What a docstring says of each parameter: what stands in the place of a type, and the rest."""
    found = {name: (kind or "", words) for kind, name, words in _REST.findall("\n".join(_joined(doc)))}
    for head in _HEADS.finditer(doc):
        is_numpy = head[2] != ":"
        section = re.split(r"\n\w[\w ]*\n-+\n" if is_numpy else r"\n(?=\S)", doc[head.end() :], maxsplit=1)[0]
        for entry in _joined(inspect.cleandoc("\n" + section)):
            first, _, rest = entry.partition("\n")
            if is_numpy and (match := _NUMPY.match(first)):
                found.update({name.strip(): (match[2] or "", rest) for name in match[1].split(",")})
            elif not is_numpy and (match := _GOOGLE.match(first)):
                found.setdefault(match[1], (match[2] or "", f"{match[3]}\n{rest}"))
    return found


def _joined(text: str) -> list[str]:
    """The paragraphs of a text whose first line is not indented, each with the indented lines that follow."""
    found: list[str] = []
    for line in text.split("\n"):
        if line[:1].strip() or not found:
            found.append(line)
        else:
            found[-1] += f"\n{line}"
    return [entry.strip() for entry in found]


def module_of(value: Any) -> str:
    """The first part of the name of the module of a value, "" if it has none."""
    return str(getattr(value, "__module__", None) or getattr(type(value), "__module__", "")).partition(".")[0]


def is_loaded(value: Any, name: str) -> bool:
    """Whether a value is an instance or a subclass of a class `module:name`, if its module is loaded."""
    module, _, attribute = name.partition(":")
    cls = getattr(sys.modules.get(module), attribute, None)
    return cls is not None and (issubclass(value, cls) if isinstance(value, type) else isinstance(value, cls))

"""The names in an equation of a layer, replaced by their symbols in the equations of a network."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from funcnn.arrays import is_array
from funcnn.inspection.branches import branches_of, holds_layers
from funcnn.records import plans

# What is no name: a command, with its text if it has one.
_SKIPPED = r"\\(?:text|mathrm|operatorname|mathbb)\{[^{}]*\}|\\[A-Za-z]+|\\."
_TOKEN = re.compile(rf"(?P<skipped>{_SKIPPED})|(?P<name>[A-Za-z]+(?:\.\w+)*)")
_SUBSCRIPT = re.compile(r"\{((?:[^{}]|\{[^{}]*\})*)\}|(\\[A-Za-z]+|.)", re.DOTALL)
_GREEK = {"alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "lambda", "mu", "rho", "sigma", "tau", "omega"}


class Terms:
    """The symbols of a layer: x, out, its arrays, what its layers give, and the left sides of its own equations.

    `key` and `of_arrays` stand for the number of the layer and of its arrays; `out_of(layer, x)` gives the symbol of
    what a layer gives, and writes its equations.
    """

    def __init__(
        self, params: Any, x: str, key: str, of_arrays: str, lefts: list[str], out_of: Callable[[Any, str], str]
    ) -> None:
        self.params, self.x, self.key, self.of_arrays = params, x, key, of_arrays
        self.inside = {name: part for name, _ in plans[type(params)] if holds_layers(part := getattr(params, name))}
        for branch in branches_of(params).branches:
            self.inside |= branch
        self.arrays = {name for name, _ in plans[type(params)] if is_array(getattr(params, name))}
        self.defined = {name for left in lefts for name in names(left)} - {"x", "out"}
        self.out_of, self.out = out_of, f"h_{{{key}}}"
        self.given: dict[tuple[str, str], str] = {}  # what a layer inside gives for an x
        self.shapes: dict[str, tuple[int, ...]] = {}  # of each symbol of an array

    def replaced(self, text: str) -> str:
        """The text with symbols for its names."""
        made, i = "", 0
        while found := _TOKEN.search(text, i):
            made, i, name = made + text[i : found.start()], found.end(), found["name"]
            symbol = None
            if name in self.inside and text[i : i + 1] == "(":
                end = _closing(text, i)
                symbol, i = self._of_layer(name, self.replaced(text[i + 1 : end])), end + 1
            elif name:
                symbol = self._symbol(name)
            if symbol is None:
                made += found[0]
                continue
            if text[i : i + 1] == "_":
                below, i = _group(text, i + 1)
                symbol = subscripted(symbol, below)
            if "^" in symbol and text[i : i + 1] == "^":
                symbol = rf"\left({symbol}\right)"
            made += symbol
        return made + text[i:]

    def _of_layer(self, name: str, x: str) -> str:
        if (name, x) not in self.given:
            is_one = " " not in x or x.startswith("[")
            self.given[name, x] = self.out_of(self.inside[name], x if is_one else rf"\left({x}\right)")
        return self.given[name, x]

    def _symbol(self, name: str) -> str | None:
        if name == "x":
            return self.x
        if name == "out":
            return self.out
        if name in self.defined:
            return f"{name}_{{{self.key}}}"
        if name not in self.arrays:
            return None
        letter = f"\\{name}" if name in _GREEK else name if len(name) == 1 else rf"\mathrm{{{escaped(name)}}}"
        symbol = f"{letter}_{{{self.of_arrays}}}"
        self.shapes[symbol] = getattr(self.params, name).shape
        return symbol


def escaped(name: str) -> str:
    """A name as LaTeX."""
    return name.replace("_", r"\_")


def names(text: str) -> list[str]:
    """The names in a text, without those in subscripts."""
    found, i = [], 0
    while token := _TOKEN.search(text, i):
        i = token.end()
        if token["name"]:
            found.append(token["name"])
            if text[i : i + 1] == "_":
                _, i = _group(text, i + 1)
    return found


def subscripted(symbol: str, below: str) -> str:
    """The symbol with one more subscript: h_{1,t} for h_{1} and t, h_{1,t}^{(0)} for h_{1}^{(0)}."""
    found = re.fullmatch(r"(.*_\{)([^{}]*)(\}(?:\^\{[^{}]*\})?)", symbol)
    return f"{found[1]}{found[2]},{below}{found[3]}" if found else f"{symbol}_{{{below}}}"


def _closing(text: str, start: int) -> int:
    """The place of the parenthesis that closes the one at `start`."""
    depth, i = 1, start
    while depth:
        i += 1
        depth += {"(": 1, ")": -1}.get(text[i], 0)
    return i


def _group(text: str, start: int) -> tuple[str, int]:
    """The subscript that begins at `start`, a character, a command or a group in braces; and the place behind it."""
    found = _SUBSCRIPT.match(text, start)
    return ("", start) if found is None else (found[1] or found[2] or "", found.end())

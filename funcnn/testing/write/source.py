"""The source of tests."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from funcnn.testing.write.calls import GuessedCall
from funcnn.testing.write.evidence import Interval


@attrs.frozen
class TestSource:
    """A test: its name, the names that it imports, functions above it, comments, its strategy and its body.

    `defaults` are parameters that are not given. `fill_in` says what is missing; such a test is not tried. `failed` is
    the error of a trial, "" if the test passed.
    """

    name: str
    imports: frozenset[str]
    strategy: str
    body: str
    above: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    fill_in: str = ""
    failed: str = ""
    parameter: str = "args"

    def __str__(self) -> str:
        notes = [f"# Guessed: {'; '.join(self.guessed)}."] if self.guessed else []
        notes += [f"# Not given: {', '.join(self.defaults)}."] if self.defaults else []
        notes += [f"# The trial failed: {self.failed}"] if self.failed else []
        fill_in = f"  # fill in: {self.fill_in}" if self.fill_in else ""
        test = f"@settings(deadline=None)\n@given({self.strategy}){fill_in}\ndef {self.name}({self.parameter}):"
        return "\n\n\n".join([*self.above, "\n".join([*notes, test, f"    {self.body}"])])


def page(tests: Sequence[TestSource]) -> str:
    """The file of some tests."""
    imports = {line for test in tests for line in test.imports} | {"from hypothesis import given, settings"}
    checks = sorted([line for line in imports if line.startswith(_CHECKS)])
    ours = sorted([line for line in imports if line.startswith("from funcnn.testing") and line not in checks])
    joined = [f"{_CHECKS}{', check_'.join([line.removeprefix(_CHECKS) for line in checks])}"] if checks else []
    others = sorted(imports - {*ours, *checks}, key=lambda line: (line.startswith("from"), line))
    head = '"""Tests of derivatives, begun by `python -m funcnn.testing write`."""'
    top = "\n\n".join([head, "\n".join(others), "\n".join([*joined, *ours])])
    return "\n\n\n".join([top, *map(str, tests)]) + "\n"


_CHECKS = "from funcnn.testing import check_"


def strategy_of(call: GuessedCall, name: str) -> tuple[str, str]:
    """The strategy for the arguments of a call, and the function that it maps, "" if arrays are passed as drawn."""
    least = ["least=2"] if call.least > 1 else []
    shapes = [f'"{one.shape}"' for one in call.arrays]
    tensors = f"fst.tensors({', '.join([*shapes, *least])})"
    drawn, sources = [one.name for one in call.arrays], call.sources()
    if not sources and drawn == [*call.arguments]:
        return tensors, ""
    moved = [re.sub(r"\w+", lambda name: sources.get(name[0], name[0]), argument) for argument in call.arguments]
    names = ", ".join(drawn) if len(drawn) > 1 else f"({drawn[0]},)"
    return f"{tensors}.map({name})", f"def {name}(arrays):\n    {names} = arrays\n    return [{', '.join(moved)}]"


def with_constants(call: GuessedCall, names: Sequence[str], f: str, name: str) -> str:
    """A function of the arrays that calls f with the constants as well."""
    pairs = [*zip(names, call.arguments, strict=True)]
    taken = [own for own, argument in pairs if not call.is_constant(argument)]
    passed = [argument if call.is_constant(argument) else own for own, argument in pairs]
    return f"def {name}({', '.join(taken)}):\n    return {f}({', '.join(passed)})"


def options_of(call: GuessedCall, names: Sequence[str]) -> str:
    """The options `domain` and `structure` of a check, for the arguments of these names; "" names a constant."""
    by_name = {one.name: one for one in call.arrays}
    named = [(name, by_name[own]) for name, own in zip(names, call.arguments, strict=True) if name and own in by_name]
    domain = [f'"{name}": {_ends(one.interval)}' for name, one in named if one.interval]
    structure = [f'"{name}": "{one.structure}"' for name, one in named if one.structure]
    options = {"domain": domain, "structure": structure}
    return "".join([f", {option}={{{', '.join(rows)}}}" for option, rows in options.items() if rows])


def _ends(interval: Interval) -> str:
    return f"({', '.join(['None' if end is None else f'{end:g}' for end in interval])})"

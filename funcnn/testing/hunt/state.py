"""The state of a hunt in a JSON file: a run that ended early, or was killed, is continued from it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import attrs

from funcnn.errors import FileError, RangeError
from funcnn.testing.hunt.example import ExampleOutcome
from funcnn.testing.hunt.target import CRASHED, HUNG, INCONCLUSIVE


@attrs.define
class Found:
    """The findings of one kind in one target: their number, and the example with the fewest entries."""

    count: int
    example: int
    size: int
    message: str


@attrs.define
class TargetResult:
    """The outcomes of the examples of one target, in the order of the examples; see `fingerprint` for its own."""

    fingerprint: str = ""
    examples: int = 0
    passed: int = 0
    inconclusive: int = 0
    complete: bool = False
    found: dict[str, Found] = attrs.field(factory=dict)

    def add(self, outcomes: list[ExampleOutcome] | None, most: int) -> None:
        """Count the mistakes that the next example shows.

        The target is complete after None, which means no more examples, after a crash and after a hang.
        """
        if outcomes is None:
            self.complete = True
            return
        i, self.examples, kinds = self.examples, self.examples + 1, {outcome.kind for outcome in outcomes}
        self.passed += not kinds
        self.inconclusive += INCONCLUSIVE in kinds
        self.complete = self.examples == most or not kinds.isdisjoint({CRASHED, HUNG})
        for kind, message, size in outcomes:
            before = self.found.get(kind)
            new = Found(1, i, size, message)
            smaller = new if before is None or size < before.size else before
            self.found[kind] = attrs.evolve(smaller, count=before.count + 1 if before else 1)


@attrs.define
class State:
    """The seed, the number of examples of each target, and the results by the names of the targets."""

    path: Path
    seed: int
    most: int
    results: dict[str, TargetResult] = attrs.field(factory=dict)

    def result(self, name: str, fingerprint: str) -> TargetResult:
        """The result of a target, which is empty if the target is new or has changed."""
        if name not in self.results or self.results[name].fingerprint != fingerprint:
            self.results[name] = TargetResult(fingerprint)
        return self.results[name]

    def save(self) -> None:
        """Write the file. A run that is killed meanwhile leaves the previous file."""
        begun = {k: attrs.asdict(v) for k, v in self.results.items() if v.examples or v.complete}
        plain = {"seed": self.seed, "examples": self.most, "results": begun}
        beside = self.path.with_suffix(".part")
        beside.write_text(json.dumps(plain, indent=1) + "\n", "utf-8")
        os.replace(beside, self.path)  # noqa: PTH105  which is atomic


def load_state(path: Path, seed: int, most: int) -> State:
    """The state in a file, or an empty one if there is no file.

    Raises:
        FileError: the file is not the state of a hunt.
        RangeError: the state belongs to another seed or another number of examples.
    """
    state = State(path, seed, most)
    if not path.exists():
        return state
    try:
        plain = json.loads(path.read_text("utf-8"))
        state.results = {name: _result(**fields) for name, fields in plain["results"].items()}
        kept = {"seed": plain["seed"], "examples": plain["examples"]}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FileError(f"hunt: {path} is not the state of a hunt; delete it, or name another folder") from error
    for name, value in {"seed": seed, "examples": most}.items():
        if kept[name] != value:
            raise RangeError(f"hunt: {name} must be {kept[name]}, as in {path}, or name another folder, not {value}")
    return state


def _result(found: dict[str, Any], **counts: Any) -> TargetResult:
    return TargetResult(**counts, found={kind: Found(**fields) for kind, fields in found.items()})

"""The results of a hunt: a state, from which another run continues; and findings, new, known or not seen."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from funcnn.arrays import counted
from funcnn.errors import FileError, RangeError
from funcnn.testing.hunt.coverage import Coverage, coverage
from funcnn.testing.hunt.example import ExampleOutcome
from funcnn.testing.hunt.target import CRASHED, HUNG, INCONCLUSIVE, Spec

DECIDING = 16  # chosen: examples; of 20 functions that 2 to 5 of them did not decide, so many decide all but 4


@attrs.define
class Found:
    """The findings of one kind in one target: their number, and the example with the fewest entries."""

    count: int
    example: int
    size: int
    message: str
    output: str = ""  # states of earlier versions have none


@attrs.define
class TargetResult:
    """The outcomes of the examples of one target, in the order of the examples; see `fingerprint` for its own."""

    fingerprint: str = ""
    examples: int = 0
    passed: int = 0
    inconclusive: int = 0
    complete: bool = False
    found: dict[str, Found] = attrs.field(factory=dict)

    @property
    def undecided(self) -> bool:
        """Whether all examples were inconclusive, and are too few to say that the next one will be."""
        return 0 < self.inconclusive == self.examples < DECIDING

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
        for kind, message, size, output in outcomes:
            before = self.found.get(kind)
            new = Found(1, i, size, message, output)
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
        for name, fields in plain["results"].items():
            found = {kind: Found(**one) for kind, one in fields["found"].items()}
            state.results[name] = TargetResult(**{**fields, "found": found})
        kept = {"seed": plain["seed"], "examples": plain["examples"]}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FileError(f"hunt: {path} is not the state of a hunt; delete it, or name another folder") from error
    for name, value in {"seed": seed, "examples": most}.items():
        if kept[name] != value:
            remedy = f"for {name}={value} name another folder"
            raise RangeError(f"hunt: {name} must be {kept[name]}, as in {path}, not {value}; {remedy}")
    return state


@attrs.frozen
class Finding:
    """A kind of mistake of one target, named as in `jax/linalg.det`. `example` is the number of the example shown.

    `output` is what the example printed. `reason` is that of the known issue; it is None if the finding is new.
    """

    target: str
    kind: str
    count: int
    example: int
    message: str
    output: str
    reason: str | None


@attrs.frozen
class Findings:
    """The result of a hunt.

    `new` and `known` are findings. `unseen` are known issues, as (target, kind, reason), that no example showed.
    `unfinished` names the targets of which the time allowed only some of the examples. `examples` counts all examples,
    `inconclusive` those of them that were not decided. `files` are the paths of the specs, by name. `coverage` is that
    of the `MODULES` of the specs. `left_out` tells why a spec, by name, was left out: a library is not installed.
    """

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    unseen: tuple[tuple[str, str, str], ...]
    unfinished: tuple[str, ...]
    targets: tuple[str, ...]
    examples: int
    inconclusive: int
    versions: Mapping[str, str]
    files: Mapping[str, str]
    coverage: tuple[Coverage, ...]
    left_out: Mapping[str, str]

    def __str__(self) -> str:
        lines = [f"new: {one.target}: {one.kind}, {one.message.partition(chr(10))[0]}" for one in self.new]
        lines += [f"not seen: {target}: {kind}, known as: {reason}" for target, kind, reason in self.unseen]
        lines += map(str, self.coverage)
        lines += [f"left out: {why}" for why in self.left_out.values()]
        targets, examples = counted(len(self.targets), "function"), counted(self.examples, "example")
        new, unseen = counted(len(self.new), "new finding"), counted(len(self.unseen), "known issue")
        ends = (
            f"{new}, {len(self.known)} known, {unseen} not seen; {counted(len(self.unfinished), 'function')} unfinished"
        )
        return "\n".join([*lines, f"{targets}, {examples}, {self.inconclusive} inconclusive: {ends}"])


def findings(specs: Mapping[str, Spec], results: Mapping[str, TargetResult], left_out: Mapping[str, str]) -> Findings:
    """The findings among results, by the known issues of the specs.

    That examples are inconclusive is a finding only if all examples of the target were checked, and none was decided.
    """
    new: list[Finding] = []
    known: list[Finding] = []
    unseen: list[tuple[str, str, str]] = []
    every = {f"{title}/{name}": target for title, spec in specs.items() for name, target in spec.targets.items()}
    for name, result in results.items():
        issues = every[name].known
        undecided = result.complete and result.inconclusive == result.examples
        kinds = [kind for kind in result.found if kind != INCONCLUSIVE or undecided]
        for kind in kinds:
            found = result.found[kind]
            reason = issues.get(kind)
            one = Finding(name, kind, found.count, found.example, found.message, found.output, reason)
            (new if reason is None else known).append(one)
        unseen += [(name, kind, issues[kind]) for kind in issues if result.complete and kind not in kinds]
    seen = {name: [*result.found, *(["pass"] if result.passed else [])] for name, result in results.items()}
    modules = dict.fromkeys([module for spec in specs.values() for module in spec.modules])
    return Findings(
        tuple(new),
        tuple(known),
        tuple(unseen),
        tuple([name for name, result in results.items() if not result.complete]),
        tuple(results),
        sum([result.examples for result in results.values()]),
        sum([result.inconclusive for result in results.values()]),
        {library: number for spec in specs.values() for library, number in spec.versions.items()},
        {title: spec.path for title, spec in specs.items()},
        tuple(coverage(modules, every, seen)),
        left_out,
    )

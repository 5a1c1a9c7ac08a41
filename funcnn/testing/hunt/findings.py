"""The findings of a hunt: which are new, which are known, and which known issues were not seen."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from funcnn.arrays import counted
from funcnn.testing.hunt.spec import Spec
from funcnn.testing.hunt.state import TargetResult
from funcnn.testing.hunt.target import INCONCLUSIVE


@attrs.frozen
class Finding:
    """A kind of mistake of one target, named as in `jax/linalg.det`. `example` is the number of the example shown.

    `reason` is that of the known issue; it is None if the finding is new.
    """

    target: str
    kind: str
    count: int
    example: int
    message: str
    reason: str | None


@attrs.frozen
class Findings:
    """The result of a hunt.

    `new` and `known` are findings. `unseen` are known issues, as (target, kind, reason), that no example showed.
    `unfinished` names the targets of which the time allowed only some of the examples. `examples` counts all examples,
    `inconclusive` those of them that were not decided.
    """

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    unseen: tuple[tuple[str, str, str], ...]
    unfinished: tuple[str, ...]
    targets: tuple[str, ...]
    examples: int
    inconclusive: int
    versions: Mapping[str, str]

    def __str__(self) -> str:
        lines = [f"new: {one.target}: {one.kind}, {one.message.partition(chr(10))[0]}" for one in self.new]
        lines += [f"not seen: {target}: {kind}, known as: {reason}" for target, kind, reason in self.unseen]
        targets, examples = counted(len(self.targets), "function"), counted(self.examples, "example")
        new, unseen = counted(len(self.new), "new finding"), counted(len(self.unseen), "known issue")
        ends = (
            f"{new}, {len(self.known)} known, {unseen} not seen; {counted(len(self.unfinished), 'function')} unfinished"
        )
        return "\n".join([*lines, f"{targets}, {examples}, {self.inconclusive} inconclusive: {ends}"])


def findings(specs: Mapping[str, Spec], results: Mapping[str, TargetResult]) -> Findings:
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
            one = Finding(name, kind, found.count, found.example, found.message, reason)
            (new if reason is None else known).append(one)
        unseen += [(name, kind, issues[kind]) for kind in issues if result.complete and kind not in kinds]
    return Findings(
        tuple(new),
        tuple(known),
        tuple(unseen),
        tuple([name for name, result in results.items() if not result.complete]),
        tuple(results),
        sum([result.examples for result in results.values()]),
        sum([result.inconclusive for result in results.values()]),
        {library: number for spec in specs.values() for library, number in spec.versions.items()},
    )

"""Reports of the findings of a hunt: for people, for CI servers and for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

import attrs

from funcnn.arrays import counted
from funcnn.testing.hunt.findings import Finding, Findings


def write_reports(found: Findings, folder: Path) -> None:
    """Write `findings.json`, `junit.xml` and `findings.md`."""
    plain = json.dumps(attrs.asdict(found), indent=1)
    (folder / "findings.json").write_text(plain + "\n", "utf-8")
    (folder / "findings.md").write_text(_page(found), "utf-8")
    _junit(found).write(folder / "junit.xml", "utf-8", xml_declaration=True)


def _junit(found: Findings) -> ElementTree[Element]:
    """A test case for each finding, and for each target without one.

    Known findings count as skipped, and so does a spec that is left out, as a test case of its own.
    """
    every = [*found.new, *found.known]
    quiet = [name for name in found.targets if name not in {one.target for one in every}]
    skipped = len(found.known) + len(found.left_out)
    tests = len(quiet) + len(found.new) + skipped
    counts = {"tests": tests, "failures": len(found.new), "errors": 0, "skipped": skipped}
    suite = Element("testsuite", {"name": "hunt", **{name: str(count) for name, count in counts.items()}})
    if found.versions:  # Jenkins's schema has no empty list of properties
        properties = SubElement(suite, "properties")
        for library, version in found.versions.items():
            SubElement(properties, "property", {"name": library, "value": version})
    for name in quiet:
        _add_case(suite, found, name)
    for one in every:
        case = _add_case(suite, found, one.target, f": {one.kind}")
        if one.reason is None:
            first = legal(one.message.partition("\n")[0])
            SubElement(case, "failure", {"type": one.kind, "message": first}).text = legal(one.message)
        else:
            SubElement(case, "skipped", {"message": legal(f"known: {one.reason}")})
        if one.output:
            SubElement(case, "system-out").text = legal(one.output)
    for title, why in found.left_out.items():
        case = SubElement(suite, "testcase", {"classname": title, "name": "spec"})
        SubElement(case, "skipped", {"message": legal(why)})
    return ElementTree(suite)


def _add_case(suite: Element, found: Findings, name: str, end: str = "") -> Element:
    spec, _, own = name.partition("/")
    return SubElement(suite, "testcase", {"classname": spec, "name": legal(own + end), "file": found.files[spec]})


def legal(text: str) -> str:
    """The text without the characters that XML 1.0 does not allow."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)


def _page(found: Findings) -> str:
    versions = ", ".join([f"{name} {version}" for name, version in found.versions.items()])
    lines = ["# Findings", "", *([versions, ""] if versions else []), str(found).rpartition("\n")[2], ""]
    lines += _section("New findings", [_entry(one) for one in found.new])
    lines += _section("Known findings", [_entry(one) for one in found.known])
    unseen = [f"- {target}, {kind}: {reason}" for target, kind, reason in found.unseen]
    lines += _section("Known issues that were not seen", unseen)
    lines += _section("Functions with examples left", [f"- {name}" for name in found.unfinished])
    lines += _section("Specs left out", [f"- {why}" for why in found.left_out.values()])
    lines += _section("Coverage of modules", [f"- {one}" for one in found.coverage])
    return "\n".join(lines)


def _section(title: str, entries: list[str]) -> list[str]:
    return [f"## {title}", "", *entries, ""] if entries else []


def _entry(one: Finding) -> str:
    reason = f"\n{one.reason}\n" if one.reason else ""
    head = f"### {one.target}: {one.kind}\n{reason}\n{counted(one.count, 'example')}, such as number {one.example}:\n"
    printed = f"\nPrinted:\n\n{_block(one.output)}" if one.output else ""
    return f"{head}\n{_block(one.message)}{printed}"


def _block(text: str) -> str:
    return f"```text\n{text.replace('```', '` ` `')}\n```\n"

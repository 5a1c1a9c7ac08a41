"""The list of laws, in `laws.txt`: for each law the layers, losses or cases that it is tested on.

`python -m tests.laws.test_law_list` writes the file again, after a law or a layer was added.
"""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
LIST = TESTS / "laws.txt"


def laws():
    """A line for each law: its name, and what it is tested on."""
    files = [*TESTS.glob("laws/test_laws*.py"), TESTS / "layers" / "test_layers.py"]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(command, cwd=TESTS.parent, env=outside, capture_output=True, encoding="utf-8", check=True)
    found = {}
    for line in done.stdout.splitlines():
        if "::" in line:
            law, _, subject = line.rpartition("::")[2].partition("[")
            found.setdefault(law, []).append(subject.removesuffix("]") or "one case")
    return "".join([f"{law.removeprefix('test_')}: {', '.join(found[law])}\n" for law in sorted(found)])


def subjects(text):
    """What each law is tested on, by its name."""
    return {law: set(listed.split(", ")) for law, listed in [line.split(": ", 1) for line in text.splitlines()]}


def test_no_law_was_lost():
    """A law may also be tested on a layer that came after the list was written."""
    found = laws()
    print(found)  # noqa: T201  shown by -s, and with a failure
    now, before = subjects(found), subjects(LIST.read_text("utf-8"))
    assert now.keys() == before.keys()
    assert {law: lost for law in before if (lost := before[law] - now[law])} == {}


if __name__ == "__main__":
    LIST.write_text(laws(), "utf-8")

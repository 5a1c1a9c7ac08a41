"""`python -m tests.fingerprints [--quick] [--arm FOLDER]`: whether networks have the same bits on all processors.

With --quick five networks on two emulated processors, without folds, threads and shards. FOLDER is one that
`bash tests/fingerprints/arm64.sh FOLDER` has made. --write keeps the fingerprints of this processor as those to have.
"""
# ruff: noqa: T201  a command prints

import argparse
import sys
from pathlib import Path

from tests.fingerprints.networks import IN_CI
from tests.fingerprints.processors import ARM, HERE, emulated, results

KEPT = Path(__file__).with_name("fingerprints.txt")


def wanted():
    """The fingerprints to have, by name."""
    return dict([line.rsplit(": ", 1) for line in KEPT.read_text().splitlines()])


def main(words):
    """Print for each processor what differs; the result is 0 if nothing does."""
    parser = argparse.ArgumentParser(prog="python -m tests.fingerprints", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--arm", type=Path)
    parser.add_argument(
        "--functions", type=int, default=0, metavar="COUNT", help="arguments of each elementary function"
    )
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(words)
    if asked.write:
        KEPT.write_text("".join([f"{name}: {found}\n" for name, found in results(HERE, ["--alone"]).items()]))
    names = emulated()[1:3] if asked.quick else [HERE, *emulated()]
    given = ["--alone", *IN_CI] if asked.quick else ["--functions", str(asked.functions)] if asked.functions else []
    first, differs = wanted() if not asked.functions else {}, False
    for name in [*names, *[ARM] * (asked.arm is not None)]:
        found = results(name, given or ["--alone"] * (name == ARM), arm=asked.arm)
        first = first or found
        wrong = {one: bits for one, bits in found.items() if bits != first[one]}
        differs = differs or bool(wrong)
        print(
            f"{name}: {len(found) - len(wrong)} of {len(found)} as they must be", *wrong.items(), sep="\n  ", flush=True
        )
    return int(differs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

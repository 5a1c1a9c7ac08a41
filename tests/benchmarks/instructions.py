"""`python -m tests.benchmarks instructions [--write]`: processor instructions of four loops, which load cannot change.

callgrind counts while the C function PyRun_StringFlags runs, which `exec` calls for a text, and writes a file at its
end; `counted.py` executes each loop so. Two runs differ by less than 0.5 %.
"""
# ruff: noqa: T201  a command prints

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.counted import NAMES, ROUNDS

BUDGET = Path(__file__).with_suffix(".json")
GROWTH = 0.03
FIXED = {  # the same kernels of OpenBLAS in the same blocks on every processor, and dicts in the same order
    "OPENBLAS_CORETYPE": "Haswell",
    "OPENBLAS_L2_SIZE": "512",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
AT = "PyRun_StringFlags"
CALLGRIND = ["valgrind", "--tool=callgrind", f"--toggle-collect={AT}", f"--dump-after={AT}"]


def main(words):
    """Count, print, and compare with the budget where the environment is that of the budget."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks instructions", description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help=f"make the counts the new budget, {BUDGET.name}")
    asked = parser.parse_args(words)
    if shutil.which("valgrind") is None:
        parser.exit(2, "instructions: valgrind is not installed; `apt-get install valgrind` installs it\n")
    environment, counts = counted()
    budget = json.loads(BUDGET.read_text("utf-8"))
    print(f"Instructions of a call, the mean of {ROUNDS}, counted by callgrind:")
    for name, count in counts.items():
        change = count / budget["counts"][name] - 1
        print(f"{name:24} {count:10,}  {100 * change:+6.2f} % of the budget")
    if asked.write:
        BUDGET.write_text(json.dumps({"environment": environment, "counts": counts}, indent=2) + "\n", "utf-8")
    elif others := differences(environment, budget["environment"]):
        print("Not compared, since the budget was counted elsewhere; --write makes these counts the budget:")
        print(*others, sep="\n")
    elif grown := [name for name, count in counts.items() if count > (1 + GROWTH) * budget["counts"][name]]:
        which = f"{' and '.join(grown)} {'is' if len(grown) == 1 else 'are'}"
        parser.exit(1, f"instructions: {which} more than {GROWTH:.0%} above the budget; --write accepts them\n")


def counted():
    """The environment, and the instructions of a call of each workload."""
    with TemporaryDirectory() as folder:
        out = Path(folder, "out")
        command = [*CALLGRIND, f"--callgrind-out-file={out}", sys.executable, "-m", "tests.benchmarks.counted"]
        done = subprocess.run(command, env=FIXED, capture_output=True, encoding="utf-8", check=False)
        if done.returncode:
            raise SystemExit(f"instructions: callgrind failed\n{done.stderr}")
        # `exec` of a text runs while Python starts too; ours are the last.
        files = [out.with_name(f"out.{i}") for i in range(1, len(list(out.parent.iterdir())))][-len(NAMES) :]
        totals = [int(re.search(r"^totals: (\d+)", file.read_text("utf-8"), re.MULTILINE)[1]) for file in files]
    version = subprocess.run(["valgrind", "--version"], capture_output=True, encoding="utf-8", check=True).stdout
    environment = {**json.loads(done.stdout), "valgrind": version.strip().removeprefix("valgrind-")}
    return environment, {name: total // ROUNDS for name, total in zip(NAMES, totals, strict=True)}


def differences(here, there):
    """One line for each part of the environment that is not that of the budget."""
    changed = [what for what in {**there, **here} if here.get(what) != there.get(what)]
    return [f"  {what}: here {here.get(what)}; in the budget {there.get(what)}" for what in changed]

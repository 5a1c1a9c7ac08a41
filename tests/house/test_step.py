"""One training step is short enough to be read: how many functions it runs, in how many files."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_FUNCTIONS, MOST_FILES = 30, 11
# Generated guards count as functions, and functions of other libraries do not count.
WATCH = """
import sys
from pathlib import Path
import funcnn
package, seen = Path(funcnn.__file__).parent, set()

def watch(frame, event, _):
    name = frame.f_code.co_filename
    if event == "call" and (name.startswith("<guard of ") or package in Path(name).parents):
        seen.add((name, frame.f_code.co_qualname))

sys.setprofile(watch)
{step}
sys.setprofile(None)
print(*[f"{name}: {function}" for name, function in sorted(seen)], sep="\\n")
"""


def test_a_step_of_the_network_in_the_readme_is_short():
    """In a process of its own, which has compiled nothing; the rules were found by earlier steps."""
    code = re.search(r"```python\n(import numpy.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)[1]
    step = re.search(r"    out, cache = .*lr=2.0\)", code, re.DOTALL)[0].replace("    ", "")
    command = [sys.executable, "-c", code + WATCH.replace("{step}", step)]
    seen = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.splitlines()
    assert 20 < len(seen) <= MOST_FUNCTIONS, seen
    assert 5 < len({line.rpartition(": ")[0] for line in seen if not line.startswith("<")}) <= MOST_FILES, seen

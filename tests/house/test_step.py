"""One training step is short enough to be read: how many functions it runs, in how many files."""

import re
import sys
from pathlib import Path

import funcnn

ROOT = Path(__file__).parents[2]
PACKAGE = Path(funcnn.__file__).parent
MOST_FUNCTIONS, MOST_FILES = 30, 11


def test_a_step_of_the_network_in_the_readme_is_short():
    """Generated guards count as functions, and those of other libraries do not count."""
    code = re.search(r"```python\n(import numpy.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)[1]
    space = {}
    exec(code, space)  # the rules are found, and the guards compiled
    seen = set()

    def watch(frame, event, _):
        name = frame.f_code.co_filename
        if event == "call" and (name.startswith("<guard of ") or PACKAGE in Path(name).parents):
            seen.add((name, frame.f_code.co_qualname))

    step = compile(re.search(r"    out, cache = .*lr=2.0\)", code, re.DOTALL)[0].replace("    ", ""), "step", "exec")
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        exec(step, space)
    finally:
        sys.setprofile(before)
    assert 20 < len(seen) <= MOST_FUNCTIONS, sorted(seen)
    assert 5 < len({name for name, _ in seen if not name.startswith("<")}) <= MOST_FILES, sorted(seen)

"""Writes the pictures of looking_inside.md: python docs/looking_inside.py"""

import re
import runpy
import sys
from os import chdir
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
DOCS = Path(__file__).parent
EXAMPLE = DOCS.parent / "examples" / "rose.py"


def blocks() -> list[str]:
    """The blocks of the page that make its pictures, and the first, which makes the network."""
    page = (DOCS / "looking_inside.md").read_text("utf-8")
    code = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return [block for i, block in enumerate(code) if i == 0 or re.search("= (diagram|filters)", block)]


def main() -> None:
    """Write them; the rose is the example's."""
    names: dict[str, object] = {}
    for block in blocks():
        exec(block, names)  # noqa: S102  the page is part of this repository
    (DOCS / "network.svg").write_text(names["picture"].svg)
    names["ax"].figure.savefig(DOCS / "filters.png", dpi=100, bbox_inches="tight")
    chdir(DOCS / "_static")
    sys.argv = ["rose.py", "--player"]
    runpy.run_path(str(EXAMPLE))
    Path("rose.png").unlink()


if __name__ == "__main__":
    main()

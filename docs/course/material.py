"""The slides, steps, notebooks and zip of the course, made from its pages: python docs/course/material.py FOLDER

With `--seed 7`, the exercises and solutions have other numbers and other given functions.
"""

import json
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

COURSE = Path(__file__).parent
DOCS, ROOT = COURSE.parent, COURSE.parents[1]
sys.path[:0] = [str(COURSE), str(DOCS), str(DOCS / "_extensions")]

from live_networks import PLAYGROUNDS  # noqa: E402  it is found by the line above
from networks import EXAMPLES  # noqa: E402  as live_networks
from slides import slides  # noqa: E402  as live_networks
from texts import linked, plain, speech  # noqa: E402  as live_networks
from variants import variants  # noqa: E402  as live_networks

from funcnn.teach import write_playground, write_steps  # noqa: E402  after both

UNITS = sorted(COURSE.glob("[1-9]_*.md"))
# Pages that the units link to; they are in the zip too, as notebooks.
LINKED = [DOCS / f"{name}.md" for name in ("backprop_on_one_screen", "your_own_layer", "testing_gradients", "glossary")]
LINKED += [DOCS / "layers" / "recurrent.md"]  # it says how a cell is written, as choice C of unit 6 needs
LINKED += sorted((DOCS / "questions").glob("[!i]*.md"))  # less their index
LINKED += [COURSE / f"{name}.md" for name in ("two_hours", "quiz", "homework", "instructor")]

BLOCK = re.compile(r"^```(.*?)\n(.*?)^```\n?", re.DOTALL | re.MULTILINE)


def cells(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """The kind, the source and the tags of each cell: a block of Python is code, all else is Markdown."""
    at = 0
    for block in BLOCK.finditer(text):
        if block[1] == "python":
            yield "markdown", text[at : block.start()], []
            yield "code", *code(block[2])
            at = block.end()
    yield "markdown", text[at:], []


def code(block: str) -> tuple[str, list[str]]:
    """The statements of a block; of an interactive session, without its prompts and outputs."""
    if not block.startswith(">>> "):
        return block, []
    lines = [line[4:] for line in block.splitlines() if re.match(r"(>>>|\.\.\.) ", line)]
    return "\n".join(lines), ["raises-exception"] * ("Traceback (most recent call last):" in block)


def notebook(page: Path) -> str:
    """The page as a notebook; a unit ends with a check of its exercises, without the parts for the teacher."""
    text = page.read_text("utf-8")
    if page in UNITS:
        command = f'from funcnn.teach import check\n\nprint(check("exercises/unit{page.stem[0]}.py"))'
        text = f"{text.split('## Minute plan')[0].strip()}\n\n```python\n{command}\n```\n"
    made = []
    for kind, source, tags in cells(linked(plain(text), [*UNITS, *LINKED])):
        if source.strip():
            about = {
                "cell_type": kind,
                "id": f"{page.stem}-{len(made) + 1}",
                "metadata": {"tags": tags} if tags else {},
            }
            results = {"outputs": [], "execution_count": None} if kind == "code" else {}
            made.append(about | {"source": source.strip()} | results)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def steps(page: Path) -> str:
    """The page that shows one training step of the network of a unit, number by number."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "step.html"
        write_steps(*EXAMPLES[page.stem], path)
        return path.read_text("utf-8")


@cache  # writing one takes half a second, and the pages of the site have the same ones
def trains(name: str) -> str:
    """The page on which a network of the site trains."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "live.html"
        write_playground(**PLAYGROUNDS[name], path=path)
        return path.read_text("utf-8")


def pictures(page: Path) -> list[Path]:
    """The files of the pictures on a page."""
    return [page.parent / name for name in re.findall(r"!\[[^]]*\]\(([^)]*)\)", page.read_text("utf-8"))]


def notes() -> str:
    """The minute plans, what to say at each slide, and the notes for the teacher of all units."""
    texts = [page.read_text("utf-8") for page in UNITS]
    parts = [
        [text.split("\n", 1)[0], f"## Minute plan{text.split('## Minute plan')[1]}", f"## Slides\n\n{speech(text)}"]
        for text in texts
    ]
    return linked(plain("\n\n".join([part for unit in parts for part in unit])), [*UNITS, *LINKED])


def files(seed: int | None = None) -> dict[str, bytes]:
    """What is in the zip, by its path there: all that a course needs, and funcnn itself. A seed gives a variant."""
    made = {f"{page.stem}.ipynb": notebook(page) for page in [*UNITS, *LINKED]}
    made |= {f"{page.stem}_slides.html": slides(page) for page in UNITS}
    made |= {f"{page.stem}_steps.html": steps(page) for page in UNITS}
    made |= {f"live/{name}.html": trains(name) for name in PLAYGROUNDS}
    made |= {"notes_for_the_teacher.md": notes()}
    copied = {path.name: path for path in (COURSE / "README.txt", COURSE / "requirements.txt", ROOT / "LICENSE")}
    names = ("*s/unit?.py", "*s/homework.py", "figures/*.py", "networks.py")
    programs = [path for name in names for path in COURSE.glob(name)]
    copied |= {str(path.relative_to(COURSE)): path for path in programs}
    copied |= {picture.name: picture for page in [*UNITS, *LINKED] for picture in pictures(page)}
    package = [path for path in (ROOT / "funcnn").rglob("*.*") if path.suffix != ".pyc"]
    copied |= {str(path.relative_to(ROOT)): path for path in package}
    found = {name: text.encode() for name, text in made.items()}
    found |= {name: path.read_bytes() for name, path in copied.items()}
    return found | (variants(seed) if seed is not None else {})


def for_learners(found: dict[str, bytes]) -> dict[str, bytes]:
    """The files without solutions and the notes for the teacher, and without what names them.

    The rules of the tutor contain right answers too: each of their modules becomes one in which every name is None.
    """
    named = re.compile(rb'<a href=\\?"solutions/[^>]*>(.*?)</a>|; solutions/ [^\n]*|notes_for_the_teacher[^\n]*\n')
    left = {
        name: named.sub(rb"\1", content) if name.endswith((".ipynb", ".html", ".txt")) else content
        for name, content in found.items()
        if not name.startswith(("solutions/", "notes_for_the_teacher"))
    }
    blank = b"def __getattr__(name):\n    return None\n"
    return left | {name: blank for name in left if name.startswith("funcnn/teach/course/")}


def write(folder: Path, seed: int | None = None, *, solutions: bool = True) -> None:
    """Write the slides, the steps, the exercises and course.zip, whose bytes depend on these files alone.

    The folder is beside the live pages on the site; in the zip they are in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = files(seed) if solutions else for_learners(files(seed))
    for name, content in found.items():
        if name.endswith(("_slides.html", "_steps.html")) or name.startswith(("exercises/", "solutions/")):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content.replace(b'"live/', b'"../live/'))
    with ZipFile(folder / "course.zip", "w") as file:
        for name in sorted(found):
            entry = ZipInfo(f"funcnn-course/{name}")  # its time is that of the oldest zip, 1980
            entry.compress_type, entry.external_attr, entry.create_system = ZIP_DEFLATED, 0o644 << 16, 3
            file.writestr(entry, found[name])


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, help="exercises and solutions with other numbers and given functions")
    parser.add_argument("--without-solutions", action="store_true", help="nor the teacher's notes")
    asked = parser.parse_args()
    write(asked.folder, asked.seed, solutions=not asked.without_solutions)
    print(asked.folder / "course.zip")

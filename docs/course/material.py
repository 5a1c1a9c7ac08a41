"""The slides, steps, notebooks and zip of the course, made from its pages: python docs/course/material.py FOLDER

With `--seed 7`, the exercises and solutions have other numbers and other given functions.
"""

import json
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

COURSE = Path(__file__).parent
DOCS, ROOT = COURSE.parent, COURSE.parents[1]
sys.path[:0] = [str(COURSE), str(DOCS), str(DOCS / "_extensions")]

from live_networks import PLAYGROUNDS  # noqa: E402  it is found by the line above
from mathml import converted  # noqa: E402  as live_networks
from networks import EXAMPLES  # noqa: E402  as live_networks
from variants import variants  # noqa: E402  as live_networks

from funcnn.teach import write_playground, write_steps  # noqa: E402  after both

UNITS = sorted(COURSE.glob("[1-9]_*.md"))
# Pages that the units link to; they are in the zip too, as notebooks.
LINKED = [DOCS / f"{name}.md" for name in ("backprop_on_one_screen", "your_own_layer", "testing_gradients", "glossary")]
LINKED += [DOCS / "layers" / "recurrent.md"]  # it says how a cell is written, as choice C of unit 6 needs
LINKED += sorted((DOCS / "questions").glob("[!i]*.md"))  # less their index

BLOCK = re.compile(r"^```(.*?)\n(.*?)^```\n?", re.DOTALL | re.MULTILINE)
SLIDE = re.compile(r"^% slide: (.*?)\n(.*?)^% end\n", re.DOTALL | re.MULTILINE)
STYLE = (COURSE / "slides.css").read_text("utf-8")
KEYS = """addEventListener("keydown", (e) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
  if (by) document.scrollingElement.scrollBy({ top: by * innerHeight })
})"""


def plain(text: str) -> str:
    """Markdown without what only Sphinx understands: a role becomes its words, a glossary its entries.

    A section of derivations is left out, since its boxes open on the site alone.
    """
    text = re.sub(r"^## Derivations\n.*?(?=^## |\Z)", "", text, flags=re.DOTALL | re.MULTILINE)
    live = re.compile(r"^```\{live\} (\w+)\n(?::.*\n)*```$", re.MULTILINE)
    text = live.sub(r"[Open it in a browser](live/\1.html).", text)
    text = re.sub(r"\{\w+\}`([^`<]*?)(?:\s+<[^`>]*>)?`", r"\1", text)
    text = re.sub(r"^% (?:slide: .*|end)\n", "", text, flags=re.MULTILINE)
    entries = re.compile(r"^```\{glossary\}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return entries.sub(lambda found: re.sub(r"^(?=\S)(.*)\n  ", r"**\1**: ", found[1], flags=re.MULTILINE), text)


def linked(text: str, pages: list[Path]) -> str:
    """The same text, whose links lead to the notebooks of these pages; other links are their words alone."""
    stems = {page.stem for page in pages}

    def link(found: re.Match[str]) -> str:
        words, target, anchor = found[1], Path(found[2]).stem, found[3] or ""
        return f"[{words}]({target}.ipynb{anchor})" if target in stems else words

    made = re.compile(r'<a href="(?!\d_|exercises/|solutions/)[^"]*">(.*?)</a>', re.DOTALL)  # pages of the site alone
    text = made.sub(r"\1", text)
    return re.sub(r"(?<!!)\[([^]]*)\]\((?!http)([^)#]*\.md)(#[^)]*)?\)", link, text)


def html(text: str) -> str:
    """Markdown as HTML, with formulas as MathML and boxes that scroll by keyboard."""

    def formula(content: str, options: dict[str, bool]) -> str:
        block = options["display_mode"]
        made = converted(content, as_block=block)
        return f'<div class="math" tabindex="0" role="group" aria-label="formula">{made}</div>' if block else made

    reader = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, renderer=formula)
    made = reader.render(text).replace("<pre>", '<pre tabindex="0">')
    return made.replace("<table>", '<div class="table" tabindex="0"><table>').replace("</table>", "</table></div>")


def slides(page: Path) -> str:
    """One self-contained HTML page: the goal, what the page marks as slides, and the exercises."""
    text = page.read_text("utf-8")
    title, goal = re.match(r"# ([^\n]*)\n\n(.*?)\n\n", text, re.DOTALL).groups()
    marked = [(f"## {name}", body) for name, body in SLIDE.findall(text)]
    parts = [(f"# {title}", goal), *marked, ("## Exercises", exercises(text))]
    sections = [html(linked(plain(f"{head}\n\n{body}"), [])) for head, body in parts]
    body = "\n".join([f'<section id="{i}">\n{section}</section>' for i, section in enumerate(sections, 1)])
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return (
        f'<!doctype html><html lang="en"><head>{head}<style>\n{STYLE}</style></head>\n'
        f"<body><main>\n{body}\n</main><script>{KEYS}</script></body></html>\n"
    )


def exercises(text: str) -> str:
    """The numbered list of the section on exercises."""
    [section] = re.findall(r"^## Exercises\n(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    return "\n".join(re.findall(r"^\d\. .*$", section, re.MULTILINE))


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
    """The minute plans and the notes for the teacher of all units."""
    texts = [page.read_text("utf-8") for page in UNITS]
    parts = [[text.split("\n", 1)[0], f"## Minute plan{text.split('## Minute plan')[1]}"] for text in texts]
    return linked(plain("\n\n".join([part for unit in parts for part in unit])), [*UNITS, *LINKED])


def files(seed: int | None = None) -> dict[str, bytes]:
    """What is in the zip, by its path there: all that a course needs, and funcnn itself. A seed gives a variant."""
    made = {f"{page.stem}.ipynb": notebook(page) for page in [*UNITS, *LINKED]}
    made |= {f"{page.stem}_slides.html": slides(page) for page in UNITS}
    made |= {f"{page.stem}_steps.html": steps(page) for page in UNITS}
    made |= {f"live/{name}.html": trains(name) for name in PLAYGROUNDS}
    made |= {"notes_for_the_teacher.md": notes()}
    copied = {path.name: path for path in (COURSE / "README.txt", COURSE / "requirements.txt", ROOT / "LICENSE")}
    copied |= {str(path.relative_to(COURSE)): path for path in COURSE.glob("*s/unit?.py")}
    copied |= {picture.name: picture for page in [*UNITS, *LINKED] for picture in pictures(page)}
    package = [path for path in (ROOT / "funcnn").rglob("*.*") if path.suffix != ".pyc"]
    copied |= {str(path.relative_to(ROOT)): path for path in package}
    found = {name: text.encode() for name, text in made.items()}
    found |= {name: path.read_bytes() for name, path in copied.items()}
    return found | (variants(seed) if seed is not None else {})


def for_learners(found: dict[str, bytes]) -> dict[str, bytes]:
    """The files without solutions and the notes for the teacher, and without what names them."""
    named = re.compile(rb'<a href=\\?"solutions/[^>]*>(.*?)</a>|; solutions/ [^\n]*|notes_for_the_teacher[^\n]*\n')
    return {
        name: named.sub(rb"\1", content) if name.endswith((".ipynb", ".html", ".txt")) else content
        for name, content in found.items()
        if not name.startswith(("solutions/", "notes_for_the_teacher"))
    }


def write(folder: Path, seed: int | None = None, *, solutions: bool = True) -> None:
    """Write the slides, the steps, the exercises and course.zip, whose bytes depend on these files alone."""
    folder.mkdir(parents=True, exist_ok=True)
    found = files(seed) if solutions else for_learners(files(seed))
    for name, content in found.items():
        if name.endswith(("_slides.html", "_steps.html")) or name.startswith(("exercises/", "solutions/")):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
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

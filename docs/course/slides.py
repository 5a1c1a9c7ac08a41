"""The slides of a unit: one self-contained HTML page, made from the marked parts of the page of the unit."""

import re
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from pathlib import Path

from figures.shown import drawn
from markdown_it import MarkdownIt
from mathml import converted
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from texts import DRAWN, LIVE, NOTE, PREDICT, SLIDE, SYNONYMS, linked, plain

# A formula in a line and the points behind it.
POINT = re.compile(r'(<span class="math inline">(?:(?!</span>).)*</span>[.,;:?!)]+)', re.DOTALL)
FONT = b64encode((Path(__file__).parents[1] / "_static" / "formulas.woff2").read_bytes()).decode()  # needs no network
STYLE = Path(__file__).with_name("slides.css").read_text("utf-8").replace("FONT", FONT)
KEYS = """addEventListener("keydown", (e) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
  if (by) {
    const tops = [...document.querySelectorAll("section")].map((s) => s.getBoundingClientRect().top)
    const next = by > 0 ? tops.find((top) => top > 9) : tops.findLast((top) => top < -9)
    if (next !== undefined) document.scrollingElement.scrollBy({ top: next })
  }
  if (e.key === "n") document.body.classList.toggle("notes")
})"""


def colored(code: str, language: str, _: str) -> str:
    """The words of Python in spans with classes, for the colours of slides.css."""
    return highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)) if language == "python" else ""


def html(text: str) -> str:
    """Markdown as HTML, with formulas as MathML and boxes that scroll by keyboard."""

    def formula(content: str, options: dict[str, bool]) -> str:
        block = options["display_mode"]
        made = converted(content, as_block=block)
        return f'<div class="math" tabindex="0" role="group" aria-label="formula">{made}</div>' if block else made

    reader = MarkdownIt("commonmark", {"highlight": colored}).enable("table").use(dollarmath_plugin, renderer=formula)
    made = reader.render(text).replace("<pre>", '<pre tabindex="0">')
    made = POINT.sub(r'<span class="whole">\1</span>', made)
    return made.replace("<table>", '<div class="table" tabindex="0"><table>').replace("</table>", "</table></div>")


def beside(side: list[str]) -> str:
    """A column of figures or of a live page, if there are any."""
    return f'<div class="side">{"".join(side)}</div>' if side else ""


def parts(head: str, body: str) -> Iterator[str]:
    """The inside of a slide, and of a second one with the answer if there is something to predict.

    Figures and live pages stand beside the text; notes are shown by the key N and in print.
    """
    notes, names = NOTE.findall(body), DRAWN.findall(body)
    side = figures = [drawn(name).svg for name in " ".join(names).split()]
    for name in LIVE.findall(body):
        frame = f'<iframe src="live/{name}.html#view=small" title="{name}, training"></iframe>'
        side = [*side, f'{frame}<p><a href="live/{name}.html">Open it by itself</a></p>']
    asked = PREDICT.findall(body)
    words = LIVE.sub("", DRAWN.sub("", NOTE.sub("", body)))
    words = PREDICT.sub(lambda found: f"**Predict:** {found[1]}\n", words)
    made = [f"<div>{html(linked(plain(words), []))}</div>" if words.strip() else ""]
    made.append(beside(side))
    made += [f'<aside class="note">{html(" ".join(notes))}</aside>' if notes else ""]
    yield html(head) + "".join(made)
    for question, answer in asked:
        text = f"*{question}*\n\n{answer}"
        shown = f'<div class="answer">{html(linked(plain(text), []))}</div>'
        yield html(f"{head}: the answer") + shown + beside(figures)


def slides(page: Path) -> str:
    """The goal of a unit, what its page marks as slides, and the exercises."""
    text = SYNONYMS.sub("", page.read_text("utf-8"))
    title, goal = re.match(r"# ([^\n]*)\n\n(.*?)\n\n", text, re.DOTALL).groups()
    marked = [(f"## {name}", body) for name, body in SLIDE.findall(text)]
    keys = "*The arrow keys turn the slides, and N shows what the teacher says.*"
    found = [(f"# {title}", f"{goal}\n\n{keys}"), *marked, ("## Exercises", exercises(text))]
    sections = [section for head, body in found for section in parts(head, body)]
    body = "\n".join([f'<section id="{i}">\n{section}</section>' for i, section in enumerate(sections, 1)])
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return (
        f'<!doctype html><html lang="en"><head>{head}<style>\n{STYLE}</style></head>\n'
        f"<body><main>\n{body}\n</main><script>{KEYS}</script></body></html>\n"
    )


def exercises(text: str) -> str:
    """How the exercises are checked, and their numbered list."""
    return re.findall(r"^## Exercises\n(.*?^\d\. [^\n]*\n)(?!\d\. )", text, re.DOTALL | re.MULTILINE)[0]

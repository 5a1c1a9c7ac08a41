"""The Markdown of a page as other readers of Markdown need it, without the roles and directives of Sphinx."""

import re
from pathlib import Path

from figures.shown import called

SLIDE = re.compile(r"^% slide: (.*?)\n(.*?)^% end\n", re.DOTALL | re.MULTILINE)
DRAWN = re.compile(r"^```\{drawn\} (.*?)\n```\n", re.MULTILINE)
PREDICT = re.compile(r"^```\{predict\} (.*?)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
LIVE = re.compile(r"^```\{live\} (\w+)\n(?::.*\n)*```\n", re.MULTILINE)
NOTE = re.compile(r"^% note: (.*)\n", re.MULTILINE)
SYNONYMS = re.compile(r"^<!-- search: .*?\s-->\n", re.DOTALL | re.MULTILINE)


def plain(text: str) -> str:
    """Markdown without what only Sphinx understands: a role becomes its words, a glossary its entries.

    A section of derivations is left out, since its boxes open on the site alone.
    """
    text = re.sub(r"^## Derivations\n.*?(?=^## |\Z)", "", text, flags=re.DOTALL | re.MULTILINE)
    text = SYNONYMS.sub("", text)
    text = LIVE.sub(r"[Open it in a browser](live/\1.html).\n", text)
    text = DRAWN.sub(lambda found: drawing(found[1].split()), text)
    text = PREDICT.sub(r"**Predict:** \1\n\n<details><summary>The answer</summary>\n\n\2\n</details>\n", text)
    text = re.sub(r"\{\w+\}`([^`<]*?)(?:\s+<[^`>]*>)?`", r"\1", text)
    text = re.sub(r"^% (?:slide: .*|note: .*|end)\n", "", text, flags=re.MULTILINE)
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


def drawing(names: list[str]) -> str:
    """The cell of a notebook that draws these figures, each with its numbers as arguments that a reader may change."""
    modules = sorted({name.split(".")[0] for name in names})
    calls = [called(name) for name in names]
    shown = calls[0] if len(calls) == 1 else f"display({', '.join(calls)})"
    return f"```python\nfrom figures import {', '.join(modules)}\n\n{shown}\n```\n"


def speech(text: str) -> str:
    """The notes of the slides of a unit, as a list with the name of each slide."""
    found = [(name, NOTE.findall(body)) for name, body in SLIDE.findall(text)]
    return "".join([f"- **{name}:** {' '.join(notes)}\n" for name, notes in found if notes])

"""What a page of the site contains: its links, its prose, and the characters of its formulas."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path


class Links(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An anchor is the id of any element."""
        found = dict(attrs)
        self.anchors.add(found.get("id") or "")
        self.links.update(filter(None, (found.get("href"), found.get("src"))))


class Prose(HTMLParser):
    """The sentences of a page, with the words that are linked to the glossary in brackets; links and code left out."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.text = ""
        self.inside: list[str] = []
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Within a paragraph, and within what is no prose."""
        if tag == "a" and "glossary.html#term" in (dict(attrs).get("href") or ""):
            self.text += "["
        elif tag in {"p", "a", "code", "math", "nav", "aside", "pre"}:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The end of a link is the end of a word in brackets, unless it is another link."""
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()
            self.text += "\n"
        elif tag == "a":
            self.text += "]"

    def handle_data(self, data: str) -> None:
        """Words of paragraphs alone."""
        if self.inside and set(self.inside) == {"p"}:
            self.text += data


def drawn_in_formulas(page: str, italic: dict[str, str]) -> set[str]:
    """The characters of a page's formulas; a letter that is a variable is drawn in italics."""
    drawn = set()
    for formula in re.findall(r"<math.*?</math>", page, re.DOTALL):
        for part in ET.fromstring(formula).iter():
            text = part.text or ""
            is_variable = part.tag.endswith("}mi") and len(text) == 1 and not part.get("mathvariant")
            drawn |= {italic.get(text, text)} if is_variable else {*text}
    return drawn

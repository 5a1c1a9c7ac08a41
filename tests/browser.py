"""Pages in headless Chromium: faults that a reader would see, and requests that leave the machine.

`window` is a browser for all tests of a file. It ends with the file, since no other event loop can run beside it.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

WIDTHS = (1300, 768, 400)  # a window on a desktop, a tablet, a phone
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the first needs least
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--renderer-process-limit=1"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
ABSENT = "pages are opened where the extra peers and Chromium are installed"
SCRIPT = Path(__file__).with_suffix(".js")


@dataclass
class Page:
    """An open page. `tab` is its page of Playwright, for clicks, keys and scripts."""

    tab: Any
    requests: list[str] = field(default_factory=list)  # addresses asked for, other than files
    errors: list[str] = field(default_factory=list)  # of scripts and of the console

    def show(self, *, width: int | None = None, dark: bool | None = None) -> None:
        """Another width of the window or another colour scheme, without loading the page again."""
        if width is not None:
            self.tab.set_viewport_size({"width": width, "height": 900})
        if dark is not None:
            self.tab.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")

    def overflow(self, *widths: int) -> list[str]:
        """What a reader cannot reach at these widths, or at the present one: it is cut off, wrapped or sticks out."""
        faults = []
        for width in widths or [self.tab.viewport_size["width"]]:
            self.show(width=width)
            faults += [f"at {width}: {fault}" for fault in self.tab.evaluate("asked.overflow()")]
        return faults

    def violations(self, *, only: Sequence[str] = (), without: Sequence[str] = ()) -> list[str]:
        """The rules of axe-core that the page breaks in the present scheme; `color-contrast` takes most of the time."""
        options = {"rules": {name: {"enabled": False} for name in without}, **({"runOnly": only} if only else {})}
        return list(self.tab.evaluate("options => asked.violations(options)", options))

    def looks(self) -> list[str]:
        """One word, as HTML, for each pair of colours and size of text in the present scheme; see `Window.contrast`."""
        return list(self.tab.evaluate("asked.looks()"))


class Window:
    """A window of the browser, with one page at a time, and the scripts in each page."""

    def __init__(self, tab: Any, scripts: Iterable[Path]) -> None:
        self.tab = tab
        self.open = Page(tab)
        for script in scripts:
            tab.context.add_init_script(path=script)
        tab.on("pageerror", lambda error: self.open.errors.append(str(error)))
        tab.on("console", lambda line: self.open.errors.append(line.text) if line.type == "error" else None)
        tab.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.open.requests.append(request.url)

    def page(self, path: Path, *, width: int = WIDTHS[0], dark: bool = False, query: str = "") -> Page:
        """Open a file in place of the page before."""
        self.open = Page(self.tab)
        self.open.show(width=width, dark=dark)
        self.tab.goto(f"{path.resolve().as_uri()}{query}")
        return self.open

    def contrast(self, looks: Iterable[str]) -> list[str]:
        """The looks of text, of any number of pages, that are hard to read."""
        self.open = Page(self.tab)
        self.tab.goto("about:blank")
        self.tab.set_content(f"<main>{''.join(looks)}</main>")
        return self.open.violations(only=["color-contrast"])


@contextmanager
def opened() -> Iterator[Window]:
    """A browser; tests are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason=ABSENT)
    axe = Path(pytest.importorskip("axe_playwright_python", reason=ABSENT).__file__).with_name("axe.min.js")
    with playwright.sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)  # which `playwright install` brings
        program = own if own.exists() else next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            pytest.skip(ABSENT)
        chromium = driver.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield Window(chromium.new_page(), [SCRIPT, axe])
        finally:
            chromium.close()


@pytest.fixture(scope="module")
def window() -> Iterator[Window]:
    """A browser for all tests of a file."""
    with opened() as browser:
        yield browser

"""Pages in headless Chromium: faults that a reader would see, and requests that leave the machine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

WIDTHS = (400, 768, 1300)  # a phone, a tablet, a window on a desktop
SCHEMES = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}  # which rules of axe-core: colours alone differ
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]

# Everything of a page that its reader cannot reach: right of the window, or cut off by a box that does not scroll.
HIDDEN = """() => {
  const faults = [], wide = document.documentElement
  if (wide.scrollWidth > wide.clientWidth) faults.push(`the page is ${wide.scrollWidth} wide`)
  const named = (e) => `${e.tagName} ${e.className} ${(e.textContent || e.alt || "").trim().slice(0, 40)}`
  for (const e of document.querySelectorAll("article table, article pre, article math, article img, article svg, main *")) {
    if (!e.checkVisibility()) continue
    for (let box = e.parentElement; box && box !== document.body; box = box.parentElement) {
      const { overflowX } = getComputedStyle(box)
      if (overflowX === "visible") continue
      const past = e.getBoundingClientRect().right - box.getBoundingClientRect().right
      if (overflowX !== "auto" && overflowX !== "scroll" && past > 1) faults.push(`${named(e)} is cut off`)
      break
    }
  }
  for (const e of document.querySelectorAll("pre"))
    if (getComputedStyle(e).whiteSpace !== "pre") faults.push(`${named(e)} is wrapped`)
  return faults
}"""


def program() -> str | None:
    """The path of Chromium, if it is installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def opened() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pages are tested where playwright is installed")
    if not program():
        pytest.skip("pages are tested where Chromium is installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def watched(context: Any, faults: list[str]) -> Any:
    """A new tab that adds to `faults` what goes wrong in it: errors of scripts, and requests for other than files."""
    tab = context.new_page()
    tab.on("pageerror", lambda error: faults.append(f"{tab.url}: {error}"))
    tab.on("console", lambda line: line.type == "error" and faults.append(f"{tab.url}: {line.text}"))
    tab.on("request", lambda r: r.url.startswith(("file:", "data:", "blob:")) or faults.append(f"{tab.url}: {r.url}"))
    return tab


def hidden(tab: Any) -> list[str]:
    """What cannot be reached at the widths of `WIDTHS` in both colour schemes."""
    faults = []
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        faults += [f"{tab.url} at {width}: {fault}" for fault in tab.evaluate(HIDDEN)]
    return faults


def violations(tab: Any, *, code: bool = True) -> list[str]:
    """The violations that axe-core finds, in both colour schemes; without the words of code, if `code` is False."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is run where axe-playwright-python is installed")
    script, faults = (Path(axe.__file__).parent / "axe.min.js").read_text(), []
    tab.evaluate(script)
    tab.set_viewport_size({"width": WIDTHS[0], "height": 900})
    part = {"exclude": [] if code else [".highlight"]}
    for scheme, rules in SCHEMES.items():
        tab.emulate_media(color_scheme=scheme)
        options = {"preload": False, "resultTypes": ["violations"], **rules}
        for found in tab.evaluate("([part, options]) => axe.run(part, options)", [part, options])["violations"]:
            node = found["nodes"][0]
            faults.append(f"{tab.url}, {scheme}: {found['id']}, {len(found['nodes'])} times, {node['html'][:150]}")
    return faults

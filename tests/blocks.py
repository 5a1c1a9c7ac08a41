"""The derivations of the pages as their blocks have them, and the formulas of the pages' extension."""

import importlib.util
import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```\{derivation\} (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = {page: page.read_text("utf-8") for page in sorted(DOCS.rglob("*.md"))}
TEXTS = {name: text for page in PAGES.values() for name, text in BLOCK.findall(page)}


def extension(name):
    """A module of the folder of the pages' extensions, which is no package."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "_extensions" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CARDED = extension("families").derivations("layers") | extension("families").derivations("losses")

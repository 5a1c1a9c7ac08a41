"""The course as a static site: what is on it, what its pages ask for, and its notebooks in a Python for WebAssembly."""

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from tests.browser import WIDTHS, Page
from tests.wasm.guest import FOLDER, Guest, node

COURSE = Path(__file__).parents[2] / "docs" / "course"
UNITS = sorted(path.stem for path in COURSE.glob("[1-9]_*.md"))
NOWHERE = "https://pyodide.invalid/an-address/that-is-wider/than-a-phone"  # no host has a name that ends in .invalid

pytestmark = pytest.mark.unwatched


def built(folder, place):
    """The site, written by the Python of the pages if there is one."""
    python = os.environ.get("FUNCNN_DOCS_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import jupyterlite_pyodide_kernel"], capture_output=True, check=False).returncode:
        pytest.skip("the site is built where the extra lite is installed")
    done = subprocess.run([python, COURSE / "lite.py", folder, "--pyodide", place], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return built(tmp_path_factory.mktemp("lite"), NOWHERE)


def settings(site):
    config = json.loads((site / "jupyter-lite.json").read_text("utf-8"))["jupyter-config-data"]
    return config["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]


class Quiet(SimpleHTTPRequestHandler):
    """A server that prints no line for each request."""

    def log_message(self, *given):
        pass


@contextmanager
def served(folder):
    """The address of a server for the files in a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_site_has_notebooks_exercises_and_wheels_of_what_pyodide_lacks(site):
    names = {str(path.relative_to(site / "files")) for path in (site / "files").rglob("*.*")}
    assert {f"{unit}.ipynb" for unit in UNITS} <= names
    assert {f"exercises/unit{unit[0]}.py" for unit in UNITS} <= names
    assert not [name for name in names if name.startswith("funcnn")]
    wheels = sorted((site / "pypi").glob("*.whl"))
    assert [path.name.split("-")[0] for path in wheels] == ["comm", "funcnn", "hypothesis"]
    for unit in UNITS:
        _, install, *_ = json.loads((site / "files" / f"{unit}.ipynb").read_text("utf-8"))["cells"]
        assert install["source"] == '%pip install -q "funcnn[testing]"'
    assert settings(site)["pyodideUrl"] == f"{NOWHERE}/pyodide.mjs"
    assert settings(site)["disablePyPIFallback"] is True


def test_pages_open_without_a_network_ask_no_host_but_that_of_pyodide_and_say_that_it_is_missing(site, window):
    asked = []
    tab = window.tab
    tab.context.on("request", lambda request: asked.append(urlsplit(request.url)))
    with served(site) as address:
        tab.goto(address)
        tab.get_by_text(f"Python cannot be loaded: {NOWHERE}/pyodide.mjs does not answer.").wait_for()
        page = Page(tab)
        for dark in (False, True):
            page.show(dark=dark)
            assert (page.overflow(*WIDTHS), page.violations()) == ([], [])
        page.show(width=WIDTHS[0])
        links = tab.locator("main li a")
        assert [re.sub(r".*path=|\.ipynb$", "", link.get_attribute("href")) for link in links.all()] == UNITS
        links.first.click()
        tab.get_by_role("heading", name="Unit 1: A line").wait_for()
        assert "%pip install" in tab.locator(".jp-Notebook .jp-CodeCell").first.inner_text()
        tab.locator(".jp-DirListing-item", has_text="exercises").dblclick()
        tab.locator(".jp-DirListing-item", has_text="unit1.py").dblclick()
        tab.locator(".jp-FileEditor", has_text="def line(x, W, b):").wait_for()
        tab.goto("about:blank")
    assert {url.hostname for url in asked if url.scheme == "http"} == {"127.0.0.1"}
    assert {url.hostname for url in asked if url.scheme == "https"} == {urlsplit(NOWHERE).hostname}


def test_a_copy_of_pyodide_is_part_of_the_site(tmp_path, window):
    (tmp_path / "copy").mkdir()
    for name in ("pyodide.mjs", "pyodide-lock.json"):
        (tmp_path / "copy" / name).write_text("{}")
    site = built(tmp_path / "site", tmp_path / "copy")
    assert settings(site)["pyodideUrl"] == "./static/pyodide/pyodide.mjs"
    with served(site) as address:
        window.tab.goto(address)
        window.tab.get_by_text("Python can be loaded: 127.0.0.1").wait_for()
        window.tab.goto("about:blank")


# Each notebook in names of its own; then the solutions, which `check` runs without processes, threads and signals.
# Paths are those that the guest sees, as in tests/wasm/guest.py.
NOTEBOOKS = """
import json, linecache
from zipfile import ZipFile
from pathlib import Path
for wheel in Path("/site/pypi").glob("*.whl"):
    ZipFile(wheel).extractall("/wheels")
sys.path[:1] = ["/wheels", "/site/files"]  # a notebook imports from its folder too
os.chdir("/site/files")
import funcnn
assert funcnn.__file__.startswith("/wheels")
for name in sys.argv[1:]:
    names = {"__name__": "__main__", "display": print}
    for cell in json.loads(Path(f"{name}.ipynb").read_text())["cells"]:
        source, label = cell["source"], cell["id"]
        linecache.cache[label] = len(source), None, source.splitlines(keepends=True), label
        if cell["cell_type"] == "code" and label != "install":
            try:
                exec(compile(source, label, "exec"), names)
            except Exception:
                if "raises-exception" not in cell["metadata"].get("tags", []):
                    raise
for path in sorted(Path("solutions").glob("*.py")):
    print(funcnn.teach.check(path))
"""
LONG = {"overfitting", "recurrent", "testing_gradients", "your_own_layer"}  # 45 s there; torch and jax are not there


@pytest.mark.skipif(
    not (os.environ.get(FOLDER) and node()),
    reason=f"needs Node, and a folder ${FOLDER} into which `python -m tests.wasm --install` was",
)
def test_the_notebooks_and_checks_of_exercises_run_in_webassembly_from_the_wheels_of_the_site(site):
    names = {path.stem for path in (site / "files").glob("*.ipynb")} - LONG
    assert set(UNITS) < names
    with Guest(Path(os.environ[FOLDER]), {"/site": site}) as guest:
        done = guest.run(NOTEBOOKS, *sorted(names), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("0 of 5 exercises are done.") == len(UNITS)
    assert done.stdout.count("5 of 5 exercises are done.") == len(UNITS)

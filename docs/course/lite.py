"""The course as a static site, whose notebooks run in the browser: python docs/course/lite.py FOLDER [--pyodide PLACE]

JupyterLite is the interface, Pyodide is the Python. The site has wheels of funcnn and of what Pyodide lacks.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import material
from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL, PYODIDE_PYTHON_VERSION

FOR_AN_INSTALLATION = ("funcnn/", "README.txt", "requirements.txt")  # files of the zip that the site does not need
LACKING = ("hypothesis", "comm")  # Pyodide has NumPy, attrs and IPython, and not these two
OWN = "static/pyodide"  # the place of a copy of Pyodide, which JupyterLite knows
FIRST = """\
Run the next cell with Shift and Enter, and read on meanwhile: it loads Python and funcnn. If its mark is still `[*]`
after a minute, open the start page of this site again: it says whether Python can be loaded."""
INSTALL = '%pip install -q "funcnn[testing]"'
OPTIONS = ("--apps", "lab", "--no-sourcemaps", "--no-unused-shared-packages", "--log-level", "ERROR")


def notebook(made: dict) -> dict:
    """The same notebook, which begins with the installation of funcnn if it has code."""
    if not any([cell["cell_type"] == "code" for cell in made["cells"]]):
        return made
    about = {"cell_type": "markdown", "id": "first", "metadata": {}, "source": FIRST}
    install = {"cell_type": "code", "id": "install", "metadata": {}, "source": INSTALL}
    return made | {"cells": [about, install | {"outputs": [], "execution_count": None}, *made["cells"]]}


def contents(folder: Path) -> None:
    """The notebooks, exercises, solutions, slides and pictures."""
    for name, content in material.files().items():
        if not name.startswith(FOR_AN_INSTALLATION):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            is_notebook = path.suffix == ".ipynb"
            path.write_bytes(json.dumps(notebook(json.loads(content)), indent=1).encode() if is_notebook else content)


def run(module: str, *arguments: str, cwd: Path) -> None:
    """Run a module of this Python in a folder, where it may leave files."""
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=cwd)  # noqa: S603  the commands are below


def wheels(folder: Path) -> None:
    """The wheel of funcnn, and wheels without machine code of what Pyodide lacks."""
    folder.mkdir()
    run("pip", "wheel", "-q", "--no-deps", "--no-build-isolation", str(material.ROOT), cwd=folder)
    pure = ("--only-binary", ":all:", "--platform", "any", "--abi", "none", "--python-version", PYODIDE_PYTHON_VERSION)
    run("pip", "download", "-q", "--no-deps", *pure, *LACKING, cwd=folder)


def start(pyodide: str) -> str:
    """The start page: the units, what is loaded from where, and whether Pyodide's address answers."""
    titles = {page.stem: page.read_text("utf-8").splitlines()[0].removeprefix("# ") for page in material.UNITS}
    units = [f'<li><a href="lab/index.html?path={stem}.ipynb">{title}</a></li>' for stem, title in titles.items()]
    page = Template((material.COURSE / "start.html").read_text("utf-8"))
    return page.substitute(units="\n".join(units), pyodide=pyodide)


def write(folder: Path, place: str = PYODIDE_CDN_URL) -> None:
    """Write the site. Pyodide is loaded from this address, or copied into the site if it is a folder."""
    with TemporaryDirectory() as temporary:
        lite = Path(temporary)
        contents(lite / "files")
        wheels(lite / "pypi")
        if Path(place).is_dir():
            shutil.copytree(place, lite / OWN)
            place = f"./{OWN}"
        kernel = {"pyodideUrl": f"{place}/pyodide.mjs", "disablePyPIFallback": True}
        settings = {"@jupyterlite/pyodide-kernel-extension:kernel": kernel}
        config = {"appName": "funcnn", "litePluginSettings": settings}
        about = {"jupyter-lite-schema-version": 0, "jupyter-config-data": config}
        (lite / "jupyter-lite.json").write_text(json.dumps(about), "utf-8")
        folders = ("--contents", str(lite / "files"), "--output-dir", str(folder.resolve()))
        run("jupyterlite_core", "build", *OPTIONS, *folders, cwd=lite)
    (folder / "index.html").write_text(start(place), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pyodide", metavar="PLACE", default=PYODIDE_CDN_URL, help="an address, or a folder to copy")
    asked = parser.parse_args()
    write(asked.folder, asked.pyodide.rstrip("/"))
    print(f"{asked.folder}/index.html")

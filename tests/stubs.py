"""`python -m tests.stubs`: writes the stub of each lazy namespace, for type checkers: `__init__.pyi` for a package."""

import sys
from importlib import import_module
from inspect import getclosurevars
from pathlib import Path

from funcnn.lazy import NAMESPACES

SPACES = ["funcnn", "funcnn.testing", "funcnn.testing.strategies", *[f"funcnn.{name}" for name in NAMESPACES]]
PACKAGES = {
    name: Path(module.__file__).with_suffix(".pyi")
    for name in SPACES
    if "__getattr__" in vars(module := import_module(name))
}


def stub(package):
    """Each name from the module where it is defined, under its own name, which says that it is public here."""
    module = import_module(package)
    known = getclosurevars(module.__getattr__).nonlocals
    lines = [f"from {home} import {name} as {name}" for name, home in known["home"].items()]
    lines += [f"from {package} import {name} as {name}" for name in known["parts"]]
    rank = lambda line: (line.split()[1], not line.split()[3].isupper(), not line.split()[3][0].isupper(), line.lower())
    text = "\n".join(sorted(lines, key=rank)) + "\n"
    return f"{text}\n__version__: str\n" if package == "funcnn" else text


if __name__ == "__main__":
    for package, path in PACKAGES.items():
        path.write_text(stub(package), "utf-8")
        sys.stdout.write(f"{path}\n")

"""The house itself: what imports what, how large it is, and that its doors say what lies behind them."""

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import funcnn

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "funcnn").rglob("*.py"))
# The rooms, from the ground up, each a file or a folder: it may import from those in the lines before its own.
ROOMS = [
    "errors",
    "arrays",
    "annotations bits elementary fields tables",
    "records",
    "initializers losses.protocol tree",
    "gradients files",
    "data dispatch paths schedules",
    "traits",
    "logits",
    "core optimizers",
    "stepping losses",
    "layers.notes",
    "layers.checks layers.outlines layers.sequences",
    "layers.wrapper inspection.nesting",
    "inspection.log",
    "training",
    "metrics plot",
    "layers.dense layers.embedding layers.positions layers.activations layers.recurrent",
    "layers.chain layers.dropout layers.combinators layers.convolution",
    "layers.normalisation",
    "layers.attention",
    "inspection",
    "interop",
    "testing",
]


def name_of(path):
    return ".".join(path.relative_to(ROOT / "funcnn").with_suffix("").parts)


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("funcnn"):
            module = node.module.removeprefix("funcnn").removeprefix(".")
            is_package = (ROOT / "funcnn" / module.replace(".", "/")).is_dir()  # whose modules are imported from it
            yield from [f"{module}.{part.name}".lstrip(".") for part in node.names] if is_package else [module]


def test_imports_point_one_way():
    storey = {room: i for i, rooms in enumerate(ROOMS) for room in rooms.split()}
    modules = {name_of(path): set(imports_of(path)) for path in SOURCES if path.name != "__init__.py"}
    room = {name: next(room for room in storey if f"{name}.".startswith(f"{room}.")) for name in modules}
    assert set(room.values()) == storey.keys()
    up = [
        (name, other)
        for name, others in modules.items()
        for other in others
        if room[other] != room[name] and storey[room[other]] >= storey[room[name]]
    ]
    assert up == []
    TopologicalSorter(modules).prepare()  # which refuses a circle, inside a room too


def test_every_file_can_be_read_in_one_sitting():
    """But for the list of all names"""
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length >= 250} == {"__init__": lengths["__init__"]}
    testing = sum([length for name, length in lengths.items() if name.startswith("testing")])
    assert testing < 4800
    assert sum(lengths.values()) - testing < 17200
    assert len((ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines()) <= 40


def test_a_family_of_layers_has_one_name_everywhere():
    def names(folder, *, beside=()):
        found = {path.stem for path in (ROOT / folder).iterdir() if path.is_dir() or path.suffix in {".py", ".md"}}
        return found - {"__init__", "__pycache__", *beside}

    families = names("funcnn/testing/cases")
    assert families == names("funcnn/interop/torch", beside=["base"]) == names("tests/peers/cases", beside=["drawing"])
    assert families <= names("funcnn/layers") | names("funcnn")
    assert names("docs/layers") == families - {"dense", "inspection"}


def loaded_by(statement):
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_every_file_is_searched_for_examples(pytestconfig):
    patterns = pytestconfig.pluginmanager.get_plugin(str(ROOT / "conftest.py")).docstrings.patterns
    assert all([any(map(path.match, patterns)) for path in SOURCES])


def test_importing_funcnn_loads_numpy_and_attrs_alone():
    extra = {name.split(".")[0] for name in loaded_by("import funcnn") - loaded_by("import numpy, attrs")}
    assert extra - set(sys.stdlib_module_names) <= {"funcnn", "numpy"}  # NumPy loads parts of itself when asked


def test_hypothesis_is_loaded_by_testing_alone():
    assert "hypothesis" in loaded_by("import funcnn.testing")


def test_public_names():
    assert len(set(funcnn.__all__)) == len(funcnn.__all__)
    assert all(hasattr(funcnn, name) for name in funcnn.__all__)
    assert not set(funcnn.__all__) & {path.stem for path in (ROOT / "funcnn").iterdir()}
    public = {name for name in vars(funcnn) if not name.startswith("_")}
    rooms = {path.stem for path in (ROOT / "funcnn").iterdir()}
    assert public - rooms == set(funcnn.__all__)


@pytest.mark.parametrize("name", [name for name in funcnn.__all__ if name not in {"Array", "Seed"}])
def test_every_public_name_says_what_it_is(name):
    text = getattr(funcnn, name).__doc__
    assert text
    assert len(text.splitlines()[0]) <= 120


def test_the_readme_counts_right():
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    activations = [
        cls for cls in vars(funcnn).values() if isinstance(cls, type) and issubclass(cls, funcnn.Elementwise)
    ]
    cross_entropies = [name for name in funcnn.__all__ if name.endswith("cross_entropy") or "cross_entropy_" in name]
    made = [
        name for name in funcnn.__all__ if getattr(getattr(funcnn, name), "__module__", "") == "funcnn.initializers"
    ]
    examples = list((ROOT / "examples").glob("*.py"))
    assert len(activations) - 1 + len({"PRelu", "Softmax", "LogSoftmax", "Glu"}) == 27  # less the base
    assert "twenty-seven activations" in readme
    assert (len(cross_entropies), len(made), len(examples)) == (3, 11, 13)
    homes = {name: getattr(getattr(funcnn, name), "__module__", "") for name in funcnn.__all__}
    losses = [name for name, home in homes.items() if home.startswith("funcnn.losses.")]
    assert len(losses) == 17 + len({"of_logits", "weighted", "masked", "joint"})
    assert "Seventeen losses" in readme
    assert "eleven initializers" in readme
    assert "Thirteen examples" in readme


def test_the_version_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", funcnn.__version__)
    assert f"## {funcnn.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert {re.split("[<>=]", need)[0] for need in project["dependencies"]} == {"numpy", "attrs"}
    assert (ROOT / "funcnn" / "py.typed").exists()


def test_every_exclusion_gives_its_reason():
    """Two spaces and a sentence, after each comment that makes a tool look away."""
    bare = re.compile(r"#\s*(no[q]a(: [A-Z]+\d+)?|type[:] ignore(\[[a-z-]+\])?|pragma[:] no cover)\s*$")
    for path in [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]:
        for i, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            assert not bare.search(line), f"{path.name}:{i}: {line}"

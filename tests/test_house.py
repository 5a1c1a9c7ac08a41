"""The house itself: what imports what, how large it is, and that its doors say what lies behind them."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import funcnn

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "funcnn").rglob("*.py"))
# The rooms, from the ground up: each may import from those before it, and from none after.
STOREYS = [
    "errors",
    "arrays",
    "records",
    "tree fields encoding",
    "paths gradients initializers archive",
    "dispatch files",
    "core",
    "stepping",
    "layers.activations layers.dense layers.frozen losses optimizers.base data schedules plateaus",
    "optimizers.momentum optimizers.adaptive optimizers.transforms optimizers.average optimizers.constraints",
    "layers.chain optimizers.adam training cycles inspection interop.jax interop.safetensors",
    "optimizers.muon runs metrics diagnosis plot interop.scipy",
    "stopping comparison interop.torch.base",
    "interop.torch.basics",
    "testing.verdict testing.subject testing.tensors",
    "testing.rounding testing.session testing.table",
    "testing.ladder testing.kinks testing.structure testing.cases.basics",
    "testing.judge testing.float32 testing.strategies",
    "testing.appeals",
    "testing.explain",
    "testing.proof",
    "testing.vjp testing.layer testing.loss testing.optimizer",
    "testing.completeness testing.mutation testing.torch testing.jax testing.autograd testing.scipy",
]


def name_of(path):
    return ".".join(path.relative_to(ROOT / "funcnn").with_suffix("").parts)


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("funcnn"):
            yield node.module.removeprefix("funcnn").removeprefix(".") or node.names[0].name


def test_imports_point_one_way():
    storey = {name: i for i, names in enumerate(STOREYS) for name in names.split()}
    modules = {name_of(path): path for path in SOURCES if path.name != "__init__.py"}
    assert modules.keys() == storey.keys()
    up = [
        (name, other) for name, path in modules.items() for other in imports_of(path) if storey[other] >= storey[name]
    ]
    assert up == []


def test_every_file_can_be_read_in_one_sitting():
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length >= 250} == {}
    testing = sum([length for name, length in lengths.items() if name.startswith("testing")])
    assert testing < 3300
    assert sum(lengths.values()) - testing < 6000
    assert len((ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines()) <= 40


def loaded_by(statement):
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


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
    assert len(activations) - 1 == 8  # less the base
    assert "eight activations" in readme
    assert (len(cross_entropies), len(made), len(examples)) == (3, 11, 9)
    assert "three cross-entropies; eleven initializers" in readme
    assert "Nine examples" in readme


def test_the_version_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", funcnn.__version__)
    assert f"## {funcnn.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert {re.split("[<>=]", need)[0] for need in project["dependencies"]} == {"numpy", "attrs"}
    assert (ROOT / "funcnn" / "py.typed").exists()


def test_every_exclusion_gives_its_reason():
    """Two spaces and a sentence, after each comment that makes a tool look away."""
    named, whole = (
        r"noqa: [A-Z]+\d+|type: ignore\[[a-z-]+\]|pragma: no cover",
        "noqa|type: ignore",
    )  # what is looked for
    bare = re.compile(rf"#\s*({named}|{whole})\s*$")
    for path in [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]:
        for i, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            assert not bare.search(line), f"{path.name}:{i}: {line}"

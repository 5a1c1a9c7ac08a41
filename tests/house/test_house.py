"""The structure of the package: imports, sizes of files, and public names."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import funcnn
from funcnn import core
from funcnn.extras import LIBRARIES
from tests.watched import AGAIN

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
SOURCES = sorted((ROOT / "funcnn").rglob("*.py"))
# The rooms, from the ground up, each a file or a folder: it may import from those in the lines before its own.
ROOMS = [
    "blas errors lazy",
    "tracebacks",
    "allocation bound conditions extras objects remedies scalars",
    "arrays formulas",
    "displays elementary fields standard sums tables",
    "columns seeds",
    "needs",
    "sizes",
    "bits",
    "draws",
    "annotations checked reflections",
    "constructors shapes",
    "guard_code guards",
    "records",
    "trees",
    "by_value initializers losses.protocol",
    "identity",
    "gradients files refusals rule_errors testing",
    "data dispatch nested paths schedules signatures",
    "traits",
    "logits",
    "core optimizers",
    "generation losses prediction",
    "layers.memories layers.notes sampling",
    "layers.checks",
    "layers.memories layers.outlines layers.sequences",
    "layers.shape_errors layers.wrapper inspection.nesting",
    "inspection.log",
    "training",
    "compilation",
    "metrics parallel",
    "layers.dense layers.embedding layers.activations layers.recurrent",
    "layers.chain layers.dropout layers.combinators layers.convolution",
    "layers.normalisation",
    "layers.attention",
    "curvature",
    "compilation.kernels",
    "about",
    "inspection",
    "recording",
    "installation interop plot",
    "__main__ testing.networks",
    "testing.write",
    "testing.__main__",
    "teach",
]


def name_of(path):
    return ".".join(path.relative_to(ROOT / "funcnn").with_suffix("").parts)


MODULES = [name_of(path) for path in SOURCES if path.name != "__init__.py"]


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("funcnn"):
            module = node.module.removeprefix("funcnn").removeprefix(".")
            is_package = (ROOT / "funcnn" / module.replace(".", "/")).is_dir()  # whose modules are imported from it
            for name in [f"{module}.{part.name}".lstrip(".") for part in node.names] if is_package else [module]:
                inside = [other for other in MODULES if other.startswith(f"{name}.")]
                yield from inside or [name]  # a namespace stands for all its modules


def test_imports_point_one_way():
    storey = {room: i for i, rooms in enumerate(ROOMS) for room in rooms.split()}
    modules = {name_of(path): set(imports_of(path)) for path in SOURCES if path.name != "__init__.py"}
    rooms = {name: [room for room in storey if f"{name}.".startswith(f"{room}.")] for name in modules}
    room = {name: max(found, key=len) for name, found in rooms.items()}  # a room inside a room is one of its own
    assert set(room.values()) == storey.keys()
    up = [
        (name, other)
        for name, others in modules.items()
        for other in others
        if room[other] != room[name] and storey[room[other]] >= storey[room[name]]
    ]
    assert up == []
    TopologicalSorter(modules).prepare()  # which refuses a circle, inside a room too


def test_numerical_differentiation_can_be_lifted_out():
    folder = "testing.differentiation."
    inside = [path for path in SOURCES if name_of(path).startswith(folder)]
    assert len(inside) > 5
    assert {other for path in inside for other in imports_of(path) if not f"{other}.".startswith(folder)} == set()


def test_every_file_can_be_read_in_one_sitting():
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    full = {name_of(path): length for path, length in lines.items() if length >= 250}
    assert full == {}, f"a file has fewer than 250 lines; if one is full, begin a new one: {full}"
    rules, _, _ = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## A new activation")
    assert len(rules.splitlines()) <= 40


def test_every_public_class_has_a_name_of_its_own():
    homes = defaultdict(list)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name_of(path))
    assert len(homes) > 300
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def test_what_coverage_need_not_look_at_is_there():
    functions = {path.name: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    named = [line.split("::", 1) for line in sorted(AGAIN)]
    assert [pair for pair in named if f"def {pair[1].partition('[')[0]}(" not in functions.get(pair[0], "")] == []


def loaded_by(statement):
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_every_file_is_searched_for_examples(pytestconfig):
    patterns = pytestconfig.pluginmanager.get_plugin(str(ROOT / "conftest.py")).docstrings.patterns
    assert all([any(map(path.match, patterns)) for path in SOURCES])


def test_importing_funcnn_loads_numpy_and_attrs_alone():
    extra = {name.split(".")[0] for name in loaded_by("import funcnn") - loaded_by("import numpy, attrs")}
    assert extra - set(sys.stdlib_module_names) <= {"funcnn", "numpy"}  # NumPy loads parts of itself when asked


def test_the_errors_of_rules_are_loaded_after_a_failure():
    steps = [
        "import funcnn as nn, numpy as np, unittest",
        "net, x = nn.mlp([2, 3, 1], seed=0), np.ones((4, 2))",
        "cost, grads = nn.value_and_grad(nn.mse)(net, x, x[:, :1])",
        "grads, optimizer = nn.update(nn.Adam(), grads, net)",
        "nn.predict(nn.reseed(nn.sgd(net, grads, 0.1), 0), x)",
    ]
    assert "funcnn.rule_errors" not in loaded_by("; ".join(steps))
    failure = "unittest.TestCase().assertRaises(TypeError, nn.forward, net, None)"
    assert "funcnn.rule_errors" in loaded_by("; ".join([*steps, failure]))


def test_hypothesis_is_loaded_by_testing_alone():
    loaded = loaded_by("import funcnn.testing")
    assert "hypothesis" in loaded
    assert "mpmath" not in loaded  # which only a check in exact arithmetic needs


def test_the_report_of_an_installation_has_every_optional_library():
    imported = {"llvmlite"}  # by import_module
    for path in [*SOURCES, *ROOT.glob("funcnn_*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [part.name for part in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            imported |= {name.split(".")[0] for name in names}
    needed = {"attrs", "funcnn", "numpy", "treescope", *sys.stdlib_module_names}  # treescope calls what imports it
    assert {name.replace("sklearn", "scikit-learn") for name in imported - needed} == LIBRARIES.keys()


# Modules that ask whether a package is installed, and what for: never to compute something in another way.
ASKING = {
    "blas": "the report",
    "identity.libraries": "whose code a function imports",
    "installation": "the report",
    "identity.parts": "whether a function can import what it names",
    "lazy": "whether a name is a module of the package",
    "parallel.packing": "the way in which functions are pickled",
    "teach.grading.confinement": "whether the system has limits",
    "teach.grading.learner": "the folders that a learner's process may read",
    "testing.hunt.target": "a module of a spec",
    "testing.networks.table": "classes of layers",
    "testing.write.subjects": "whether a name is that of a module",
}


def test_no_module_asks_what_is_installed_to_compute_in_another_way():
    asks = re.compile(r"find_spec|except .*(ImportError|ModuleNotFoundError)")
    assert {name_of(path) for path in SOURCES if asks.search(path.read_text("utf-8"))} == ASKING.keys()


def attributes_of(path, names):
    """What is read of variables of these names, such as `sqrt` of np."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)]
    return {node.attr for node in nodes if ast.unparse(node.value) in names}


def test_only_map_draws_with_the_generators_of_numpy():
    """Beside checks of gradients: the distributions of a generator may change with the version of NumPy."""
    outside = [path for path in SOURCES if not name_of(path).startswith(("testing.", "teach."))]
    harmless = {"Generator", "RandomState", "bit_generator"}
    drawing = {name_of(path) for path in outside if attributes_of(path, {"np.random", "rng", "random"}) - harmless}
    assert drawing == {"data.mapped"}


# What the modules that draw may use of NumPy: operations whose results are exact, or rounded alike by every processor.
EXACT = """
arange array asarray choose concatenate copysign empty flatnonzero fmod frexp full full_like ldexp maximum multiply rint
float32 float64 int32 int64 ndarray normal random sqrt triu uint32 uint64 where words zeros
"""


def test_modules_that_draw_use_no_function_whose_bits_depend_on_the_processor():
    for name in ("bits", "draws", "initializers", "reflections", "data/elementary", "data/mixtures"):
        path = ROOT / "funcnn" / f"{name}.py"
        assert attributes_of(path, {"np", "xp"}) <= set(EXACT.split())
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        assert not any([isinstance(node, ast.MatMult) for node in nodes])
        called = [node.func for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        assert not {f.attr for f in called if ast.unparse(f.value) != "math"} & {"cumsum", "dot", "mean", "prod", "sum"}


def test_rules_say_nothing_of_kernels():
    outside = [path for path in SOURCES if not name_of(path).startswith("compilation.")]
    assert [name_of(path) for path in outside if "compilation.kernels" in path.read_text("utf-8")] == []


def test_the_readme_is_short_and_has_the_two_commands_in_its_first_section():
    assert len(README.splitlines()) <= 110
    commands = re.findall("^pip install.*$", README.split("\n## ")[1], re.MULTILINE)
    example = 'pip install -e ".[examples]" && python examples/transmission.py'
    assert commands == [example, 'pip install -e ".[test]" && pytest']


def test_the_readme_has_the_four_lines():
    four, shown = [
        [" ".join(line.partition("#")[0].split()) for line in re.findall("^    .*$", text, re.MULTILINE)]
        for text in (core.__doc__, README.split("```")[1])
    ]
    assert shown == [line.replace("mse", "binary_cross_entropy").replace("lr", "lr=2.0") for line in four]


def test_each_link_of_the_readme_leads_to_a_file_of_the_repository():
    targets = re.findall(r"\]\(([^)]*)\)", README)
    assert len(targets) > 15
    assert [target for target in targets if not (ROOT / target).is_file()] == []


def test_the_version_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", funcnn.__version__)
    assert f"## {funcnn.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert {re.split("[<>=]", need)[0] for need in project["dependencies"]} == {"numpy", "attrs"}
    cited = dict(re.findall("^([a-z-]+): (.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE))
    assert (cited["version"], cited["license"]) == (funcnn.__version__, project["license"])
    assert (cited["title"], cited["abstract"]) == (project["name"], project["description"])
    assert cited["repository-code"] == project["urls"]["Source"]
    assert (ROOT / "funcnn" / "py.typed").exists()


def test_every_exclusion_gives_its_reason():
    """Two spaces and a sentence, after each comment that makes a tool look away."""
    bare = re.compile(r"#\s*(no[q]a(: [A-Z]+\d+)?|type[:] ignore(\[[a-z-]+\])?|pragma[:] no cover)\s*$")
    for path in [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]:
        for i, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            assert not bare.search(line), f"{path.name}:{i}: {line}"

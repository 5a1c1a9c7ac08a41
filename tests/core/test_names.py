"""Public names: their namespaces, lazy loading, and errors for names that moved."""

import inspect
import pickle
import pydoc
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

import funcnn
from funcnn import lazy
from funcnn.lazy import _OPTIONAL, _OTHERS, NAMESPACES, load_all
from funcnn.records import registry
from tests.blocks import extension

SPACES = {name: import_module(f"funcnn.{name}") for name in NAMESPACES}
# Why each name stands at the top.
TOP = {
    "forward": "the first of the four lines",
    "mse": "the second of the four lines",
    "backward": "the third of the four lines",
    "sgd": "the fourth of the four lines",
    "value_and_grad": "the first three lines as the function that train takes",
    "predict": "the network's answer, in every script",
    "inference": "the network as it predicts: before save, before step",
    "reseed": "a network with other noise, for blocks of rows and ensembles",
    "Dense": "the first layer anyone writes",
    "mlp": "the first network anyone writes",
    "Relu": "the most common activation",
    "Sigmoid": "the output of a binary classifier",
    "Tanh": "the activation of small networks and of the README",
    "Gelu": "the activation of transformers",
    "Softmax": "the output of a classifier",
    "Dropout": "the most common regularisation of a network",
    "BatchNorm": "the normalisation of networks of images",
    "LayerNorm": "the normalisation of networks of sequences",
    "Conv2d": "networks of images begin with it",
    "MaxPool": "between the convolutions of most networks of images",
    "GlobalAvgPool": "the end of most networks of images",
    "Flatten": "from images to Dense",
    "Embedding": "networks of symbols begin with it",
    "GRU": "a recurrent layer at the price of three Dense",
    "LSTM": "the best known recurrent layer",
    "Attention": "what a transformer is made of",
    "transformer_block": "a transformer without writing its parts",
    "Residual": "the most common layer around a layer",
    "Frozen": "transfer learning",
    "Elementwise": "an activation of one's own is two lines",
    "huber": "regression with outliers",
    "binary_cross_entropy": "classification in two classes, after Sigmoid",
    "binary_cross_entropy_with_logits": "classification in two classes",
    "softmax_cross_entropy": "classification in several classes",
    "update": "the line that an optimizer adds to the four",
    "Momentum": "the simplest optimizer",
    "Adam": "the most common optimizer",
    "AdamW": "the optimizer of transformers",
    "ClipNorm": "the usual cure of exploding gradients",
    "cosine": "the most common schedule",
    "one_cycle": "the schedule of short runs",
    "warm_up": "the start of the schedule of a transformer",
    "glorot_uniform": "the default of Dense",
    "he_normal": "the choice before Relu",
    "batches": "what train reads",
    "TrainState": "what train starts from and gives",
    "train": "the loop",
    "history": "the table of a run",
    "early_stopping": "the most common end of a run",
    "checkpoint_every": "a long run is resumed from its files",
    "validation": "the measure for early_stopping and history",
    "accuracy": "the most common metric",
    "summary": "the table of a network",
    "trace": "the table of a step",
    "save": "a network as a file",
    "load": "a file as a network",
    "parameters": "each array by its path",
    "tree_map": "a function of every array",
    "evolve": "a layer with another field",
    "record": "a layer of one's own",
    "state": "a field that is carried, in a layer of one's own",
    "Grads": "what backward returns",
    "gradient": "what a rule for backward builds",
    "Array": "the annotation of a parameter",
    "namespace": "a rule for NumPy and JAX begins with it",
    "Seed": "the annotation of a seed",
    "FuncnnError": "except FuncnnError catches whatever funcnn refuses",
}
# Names that a script is likely to have itself, so that `from funcnn import *` may not take them.
TAKEN = {"step", "count", "normal", "uniform", "zeros", "constant", "leaves", "replace", "compare", "difference"}
PACKAGES = {
    name: Path(module.__file__).with_name("__init__.pyi")
    for name, module in {"funcnn": funcnn, **{f"funcnn.{name}": space for name, space in SPACES.items()}}.items()
    if hasattr(module, "__path__")
}
PUBLIC = [(space, name) for space in SPACES for name in SPACES[space].__all__]


def test_the_pages_of_all_names_have_each_once_at_its_home():
    pages = (Path(__file__).parents[2] / "docs" / "api").glob("*.md")
    page = "\n".join([page.read_text("utf-8") for page in sorted(pages)])
    families = extension("families")
    for home in re.findall(r"^\.\. names:: (\S+)$", page, re.MULTILINE):
        space, names = home.split(".")[0], [member.__name__ for member in families.members(home)]
        page += "".join([f"\n.. autoclass:: funcnn.{space}.{name}" for name in names])
    listed = re.findall(r"^\.\. [\w:]+:: funcnn\.((?:\w+\.)?\w+)$", page, re.MULTILINE)
    homes = {name: f"{space}.{name}" for space, name in PUBLIC}
    public = [*homes.values(), *[name for name in TOP if name not in homes]]
    others = {"interop", "plot", "testing"}  # whose names are chosen
    assert sorted([name for name in listed if name.split(".")[0] not in others]) == sorted(public)


def run(code, *options):
    """What a fresh process prints."""
    command = [sys.executable, "-W", "error", *options, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_the_top_has_what_a_script_uses_every_day():
    assert set(funcnn.__all__) == TOP.keys()
    assert len(funcnn.__all__) == len(TOP) <= 75
    assert all(len(reason) < 80 for reason in TOP.values())
    assert not TOP.keys() & (TAKEN | {"keep", "until"})


def test_each_name_has_one_home():
    names = [name for _, name in PUBLIC]
    assert len(names) == len(set(names))
    assert set(names) >= {*TAKEN, "keep", "until"}
    for space, name in PUBLIC:
        assert name not in TOP or getattr(funcnn, name) is getattr(SPACES[space], name)
    verbs = {"forward", "backward", "sgd", "value_and_grad", "predict", "inference", "reseed"}
    assert TOP.keys() - set(names) == verbs | {"Grads", "gradient", "Array", "namespace", "Seed"}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_hides_a_module(package):
    module = import_module(package)
    folders = getattr(module, "__path__", [])  # a module has none
    assert not set(module.__all__) & {path.stem for folder in folders for path in Path(folder).iterdir()}


@pytest.mark.parametrize(("space", "name"), [*PUBLIC, *[("", name) for name in TOP]], ids="-".join)
def test_every_public_name_says_what_it_is(space, name):
    value = getattr(SPACES.get(space, funcnn), name)
    if name not in {"Array", "Seed"}:
        text = value.__doc__
        assert text
        assert len(text.splitlines()[0]) <= 120


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_see_each_name_from_where_it_is_loaded(package):
    lines = PACKAGES[package].read_text("utf-8").splitlines()
    found = [re.fullmatch(r"from ([\w.]+) import (\w+) as \2", line) for line in lines if line.startswith("from")]
    assert all(found)
    names = [line[2] for line in found if line[1] != package]
    assert names == import_module(package).__all__
    assert [line for line in lines if not line.startswith("from")] == ["", "__version__: str"] * (package == "funcnn")


@pytest.mark.parametrize(("space", "name"), [pair for pair in PUBLIC if pair[1] not in TOP], ids="-".join)
def test_the_top_says_where_any_other_name_is(space, name):
    home = f"funcnn.{space}"
    message = f"funcnn.{name}: it is in {home}; write from {home} import {name}"
    with pytest.raises(AttributeError) as absent:
        getattr(funcnn, name)
    assert str(absent.value) == message
    with pytest.raises(ImportError) as missing:
        exec(f"from funcnn import {name}")
    assert str(missing.value) == message
    assert missing.value.name == "funcnn"
    assert not hasattr(funcnn, name)


@pytest.mark.parametrize(
    ("module", "name", "remedy"),
    [
        ("funcnn", "freeze", "write funcnn.Frozen"),
        ("funcnn.losses", "pinball", "write funcnn.losses.quantile"),
        ("funcnn.losses", "quantile_loss", "write funcnn.losses.quantile"),
        ("funcnn", "ReLU", "the closest name is funcnn.Relu"),
        ("funcnn", "SGD", "the closest name is funcnn.sgd"),
        ("funcnn", "ConvTranspos2d", "the closest name is funcnn.layers.ConvTranspose2d"),
        ("funcnn.layers", "Relu7", "the closest name is funcnn.layers.Relu"),
        ("funcnn", "Linear", "write funcnn.Dense"),
        ("funcnn.layers", "MSELoss", "write funcnn.losses.mse"),
        ("funcnn.layers", "grad", "write funcnn.value_and_grad"),
        ("funcnn", "plot_model", "write funcnn.inspection.diagram"),
        ("funcnn", "cross_entropy", "write funcnn.softmax_cross_entropy"),
        ("funcnn", "BatchNorm2d", "write funcnn.BatchNorm"),
        ("funcnn", "fit", "write funcnn.train"),
        ("funcnn", "xavier_uniform", "write funcnn.glorot_uniform"),
        ("funcnn", "Sequential", "a chain of layers is a tuple"),
        ("funcnn", "Module", "a layer is a class with @record, and a chain of layers is a tuple"),
        ("funcnn", "vjp", "forward returns (out, cache), and backward(params, cache, dA) the products with dA"),
        ("funcnn.layers", "Dropout2d", "write funcnn.layers.ChannelDropout"),
        ("funcnn.trees", "tree_at", "write funcnn.trees.replace"),
        ("funcnn", "sigmoid_binary_cross_entropy", "write funcnn.binary_cross_entropy_with_logits"),
    ],
)
def test_a_name_of_another_library_has_a_remedy(module, name, remedy):
    message = f"module '{module}' has no attribute '{name}'; {remedy}"
    with pytest.raises(AttributeError) as absent:
        getattr(import_module(module), name)
    assert str(absent.value) == message
    with pytest.raises(ImportError) as missing:
        exec(f"from {module} import {name}")
    assert str(missing.value) == message


def test_every_name_of_another_library_leads_to_one_of_funcnn():
    assert {name for name in _OTHERS if name in _OTHERS.values()} == set()
    known = {*funcnn.__all__, *[name for space in SPACES.values() for name in space.__all__]}
    assert {found for found in _OTHERS.values() if " " not in found} <= known  # a sentence says what to write instead


@pytest.mark.parametrize(("name", "home"), _OPTIONAL.items(), ids="-".join)
def test_a_name_that_needs_another_library_has_a_remedy(name, home):
    with pytest.raises(ImportError) as missing:
        exec(f"from funcnn import {name}")
    assert str(missing.value) == f"funcnn.{name}: it is in {home}; write from {home} import {name}"
    home = Path(find_spec(home).origin)  # the library may be absent
    texts = [path.read_text("utf-8") for path in (home, home.with_suffix(".pyi")) if path.exists()]
    assert any([re.search(rf"\b{name}\b", text) for text in texts])


@pytest.mark.parametrize("name", ["pmap", "lax", "cuda", "EMA"])
def test_a_short_name_is_not_like_another_short_name(name):
    with pytest.raises(AttributeError) as absent:
        getattr(funcnn, name)
    assert str(absent.value) == f"module 'funcnn' has no attribute '{name}'"


@pytest.mark.parametrize("module", ["funcnn", "funcnn.layers"])
@pytest.mark.parametrize("name", ["Nonsense", "_private", "__wrapped__"])
def test_a_name_that_no_namespace_has(module, name):
    with pytest.raises(AttributeError) as absent:
        getattr(import_module(module), name)
    assert str(absent.value) == f"module '{module}' has no attribute '{name}'"
    with pytest.raises(ImportError, match=f"cannot import name '{name}' from '{module}'"):
        exec(f"from {module} import {name}")


def test_nothing_is_loaded_before_it_is_asked_for():
    code = "import sys, funcnn; {}; print(*[name for name in sys.modules if name.split('.')[0] in ('funcnn', 'numpy')])"
    assert set(run(code.format("dir(funcnn)"))) == {"funcnn", "funcnn.lazy"}
    assert set(run(code.format("dir(funcnn.layers)"))) == {"funcnn", "funcnn.lazy", "funcnn.layers"}
    loaded = run(code.format("funcnn.mlp"))
    assert not {name for name in loaded if "recurrent" in name or name == "funcnn.losses.classification"}


def test_a_namespace_is_an_attribute():
    code = "import funcnn; print(funcnn.layers.Mish.__name__, funcnn.trees.count(()), funcnn.errors.KindError.__name__)"
    assert run(code) == ["Mish", "0", "KindError"]
    assert run("import funcnn.layers as fl; print(fl.Mish())") == ["Mish()"]


def test_a_chain_has_its_rules_whatever_was_imported():
    assert run("from funcnn.core import forward_only; print(forward_only((), 3))") == ["3"]
    assert run("from funcnn.generation import step; print(*step((), 3))") == ["3", "()"]


def test_a_prompt_shows_every_name():
    assert dir(funcnn) == sorted([*TOP, *NAMESPACES])
    for space in ("layers", "losses", "trees"):
        assert dir(SPACES[space]) == sorted(SPACES[space].__all__)
    code = """
import rlcompleter, funcnn
complete = rlcompleter.Completer({"funcnn": funcnn}).complete
for text in ("funcnn.bat", "funcnn.lay", "funcnn.layers.Bat"):
    print(complete(text, 0))
"""
    assert [word.rstrip("(") for word in run(code)] == ["funcnn.batches", "funcnn.layers", "funcnn.layers.BatchNorm"]


def test_help_shows_every_name():
    for module in (funcnn, SPACES["layers"], SPACES["losses"]):
        text = pydoc.plain(pydoc.render_doc(module))
        assert all(name in text for name in module.__all__)
    members = dict(inspect.getmembers(SPACES["optimizers"]))
    assert members["Adam"] is funcnn.Adam


def test_a_star_takes_the_list():
    assert set(run("from funcnn import *; print(*[name for name in dir() if name[0] != '_'])")) == TOP.keys()
    code = "from funcnn.layers import *; print(Mish(), Dense.__name__, 'mse' in dir())"
    assert run(code) == ["Mish()", "Dense", "False"]


def test_classes_pickle_from_one_fresh_process_to_another():
    made = run("import pickle; from funcnn.layers import Mish; print(pickle.dumps((Mish, Mish())).hex())")
    assert pickle.loads(bytes.fromhex(made[0])) == (SPACES["layers"].Mish, SPACES["layers"].Mish())
    assert run(f"import pickle; print(pickle.loads(bytes.fromhex('{made[0]}'))[1])") == ["Mish()"]


EVERY_FILE = """
import sys, numpy as np
from pathlib import Path
from funcnn import load
records = 0
for path in sorted(Path(sys.argv[1]).iterdir()):
    value = load(path)
    records += 1
    assert type(value).__name__ == path.stem, path
print(records)
"""


def test_load_knows_every_record_in_a_fresh_process(tmp_path):
    load_all()
    from hypothesis import Phase, find, settings

    from funcnn.testing.strategies import cases, registered

    quick = settings(phases=[Phase.generate], database=None)
    layers = [layer for layer in registered() if layer is not tuple]
    for layer in layers:
        params, _ = find(cases(layer), lambda case: True, settings=quick)
        if layer is not SPACES["layers"].Function:  # which holds functions, so that it has no file
            funcnn.save(tmp_path / f"{layer.__name__}.npz", params)
    others = [funcnn.Adam(), SPACES["optimizers"].Muon(), SPACES["schedules"].Plateau(1.0), funcnn.TrainState(())]
    for value in others:
        funcnn.save(tmp_path / f"{type(value).__name__}.npz", value)
    command = [sys.executable, "-W", "error", "-c", EVERY_FILE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(layers) - 1 + len(others)


def test_load_all_finds_every_record():
    """Those of all modules, but for the ones that other libraries use."""
    root = Path(funcnn.__file__).parent
    apart = {"interop", "plot", "testing"}
    modules = [".".join(path.relative_to(root.parent).with_suffix("").parts) for path in root.rglob("*.py")]
    modules = [name.removesuffix(".__init__") for name in modules if not set(name.split(".")) & apart]
    code = f"""
import sys
from importlib import import_module
from funcnn.lazy import load_all
load_all()
from funcnn.records import registry
found = set(registry)
for module in {modules}:
    import_module(module)
print(len(found), *(set(registry) - found))
"""
    ours = {name for name in registry if "." not in name and registry[name].__module__.split(".")[1] not in apart}
    found, *missing = run(code)
    assert not missing
    assert int(found) == len(ours) >= 90


def test_a_package_without_its_stub_says_what_is_missing(monkeypatch):
    """A program that freezes modules leaves out the files that are not modules."""
    missing = SimpleNamespace(origin="/frozen/funcnn/losses/__init__.py", loader=funcnn.losses.__spec__.loader)
    monkeypatch.setattr(funcnn.losses, "__spec__", missing)
    with pytest.raises(ImportError) as caught:
        lazy.lazily("funcnn.losses")
    assert str(caught.value) == (
        "funcnn.losses: its names are read from /frozen/funcnn/losses/__init__.pyi, which is missing; "
        "a frozen program must include the data files of funcnn"
    )


def test_no_module_has_the_name_of_a_function_in_its_namespace():
    """Python makes a module that is imported an attribute of its package, in the place of a function of that name."""
    spaces = {space.__name__: space for space in SPACES.values() if hasattr(space, "__path__")}
    names = {f"{name}.{one}" for name, space in spaces.items() for one in space.__all__}
    assert not {name for name in names if find_spec(name)} - {space.__name__ for space in SPACES.values()}

"""Optional libraries: where one is missing or cannot be loaded, each door says which one, and what installs it."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from funcnn import Relu, Tanh, extras, save
from funcnn.errors import FuncnnError, KindError, MissingError
from funcnn.extras import LIBRARIES, install, needing

ROOT = Path(__file__).parents[2]
# What is imported or called, its name in the sentence, and the libraries that are hidden, the first of which is named.
# The first two come first, since the other doors of funcnn.testing import hypothesis.
DOORS = [
    ("import funcnn.testing", "funcnn.testing", "hypothesis"),
    ("import funcnn.teach as t; t.diagnose(np.sin, divmod, [x])", "funcnn.testing", "hypothesis"),
    *[(f"import {name}", name, name.rpartition(".")[2]) for name in ("funcnn.interop.jax", "funcnn.interop.torch")],
    ("import funcnn.interop.torch.modules", "funcnn.interop.torch", "torch"),
    ("import funcnn.interop.arrow", "funcnn.interop.arrow", "pyarrow"),
    ("import funcnn.interop.onnx", "funcnn.interop.onnx", "spox onnx"),
    ("import funcnn.interop.optax", "funcnn.interop.optax", "optax jax"),
    ("import funcnn.interop.ray", "funcnn.interop.ray", "ray"),
    ("import funcnn.interop.safetensors", "funcnn.interop.safetensors", "safetensors"),
    ("import funcnn.interop.sklearn", "funcnn.interop.sklearn", "scikit-learn"),
    ("import funcnn.plot", "funcnn.plot", "matplotlib"),
    ("from funcnn.interop.scipy import minimize; minimize(net, x, y, nn.mse)", "minimize", "scipy"),
    ("nn.save('s3://bucket/net.npz', net)", "save of a URL", "fsspec"),
    ("from funcnn.metrics import r2; r2(y, y)", "r2", "scikit-learn"),
    ("from funcnn.parallel import threads; threads(2)", "threads", "threadpoolctl"),
    ("from funcnn.parallel import sharded; sharded(nn.value_and_grad(nn.mse))", "sharded", "threadpoolctl"),
    ("from funcnn.training import progress; progress([])", "progress", "tqdm"),
    (
        "from funcnn.compilation import compiled; compiled(nn.mse, portable=True)(net, x, y)",
        "compiled with portable=True",
        "llvmlite",
    ),
    (
        "from funcnn.compilation import predictor; predictor(net, portable=True)(x)",
        "predictor with portable=True",
        "llvmlite",
    ),
    *[
        (f"import funcnn.testing.{name}", f"funcnn.testing.{name}", name)
        for name in ("autograd", "jax", "mygrad", "thinc", "torch")
    ],
    ("import funcnn.testing as t; t.check_vjp(np.sin, divmod, [x], exact=True)", "check_vjp with exact=True", "mpmath"),
    ("import funcnn.testing as t; t.check_vjp(np.sin, divmod, [x], oracle=abs)", "check_vjp with an oracle", "mpmath"),
    ("import funcnn.testing as t; t.every_layer('mine')", "every_layer", "pytest"),
]
REASONS = {
    "": "",
    "ModuleNotFoundError('No module named inner', name='inner')": "ModuleNotFoundError: No module named inner",
    "OSError('libother.so: cannot open\\nmore')": "OSError: libother.so: cannot open",
}
CASES = [(code, user, libraries.split(), error) for code, user, libraries in DOORS for error in REASONS]
# In one process: a library that cannot be found, or whose import fails, at the head of `sys.meta_path`.
TRIES = """
import json, sys
import numpy as np
import funcnn as nn
from importlib.machinery import ModuleSpec

class Finder:
    hidden = []

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.hidden:
            if not self.error:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            return ModuleSpec(name, self)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        raise eval(self.error)

sys.meta_path.insert(0, finder := Finder())
net, x = nn.mlp([1, 1], seed=0), np.ones((2, 1))
y, said = x, []
for code, user, libraries, finder.error in json.load(sys.stdin):
    finder.hidden = [name.replace("scikit-learn", "sklearn") for name in libraries]
    try:
        exec(code)
        said.append("")
    except Exception as error:
        said.append([type(error).__name__, str(error), error.__cause__ is not None])
json.dump(said, sys.stdout)
"""


def test_each_door_names_what_is_missing_and_what_installs_it():
    command = [sys.executable, "-W", "error", "-c", TRIES]
    done = subprocess.run(command, input=json.dumps(CASES), capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    for (code, user, (first, *_), error), said in zip(CASES, json.loads(done.stdout), strict=True):
        state = f"{first} cannot be loaded ({REASONS[error]})" if error else f"{first} is missing"
        sentence = f"{state}, which {user} needs; write {install(first)}"
        assert said == ["MissingError", sentence, bool(error)], code


LOADS = """
import sys
sys.modules |= dict.fromkeys({hidden})
from funcnn.files import load
print(load({path!r}), *[name for name in sys.modules if name.startswith("funcnn.layers.recurrent")])
from funcnn.lazy import load_all
load_all()
"""


def test_a_new_process_loads_a_file_without_any_other_library_and_imports_the_classes_of_the_file(tmp_path):
    hidden = [name.replace("scikit-learn", "sklearn") for name in LIBRARIES]
    save(path := str(tmp_path / "net.npz"), (Relu(), Tanh()))
    command = [sys.executable, "-W", "error", "-c", LOADS.format(hidden=hidden, path=path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(Relu(), Tanh())\n", "")


def test_each_import_of_an_optional_library_is_behind_a_door():
    assert {name for _, _, names in DOORS for name in names.split()} == LIBRARIES.keys()
    own = {"blas": "a report without it", "testing.exact": "options have checked it"}
    modules = {name.replace("scikit-learn", "sklearn") for name in LIBRARIES}
    behind = {name.removeprefix("funcnn.") for code, _, _ in DOORS if (name := code.removeprefix("import ")) != code}
    for path in (ROOT / "funcnn").rglob("*.py"):
        text = path.read_text("utf-8")
        imported = {
            name.partition(".")[0]
            for node in ast.walk(ast.parse(text))
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            + ([part.name for part in node.names] if isinstance(node, ast.Import) else [])
        }
        name = ".".join(path.relative_to(ROOT / "funcnn").with_suffix("").parts)
        doors = [door for door in [*own, *behind - {"testing"}] if f"{name}.".startswith(f"{door}.")]
        if imported & modules - {"hypothesis"}:
            assert doors or "with needing(" in text, name
        if "hypothesis" in imported:
            assert name.startswith("testing."), name


def test_each_extra_installs_its_libraries():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for library, (extra, _) in LIBRARIES.items():
        assert library in [re.split("[>[]", need)[0] for need in extras[extra]], library


def test_a_clone_is_installed_from_its_folder_and_a_wheel_from_an_index(monkeypatch, tmp_path):
    assert install("tqdm") == f'pip install -e "{ROOT}[progress]"'
    monkeypatch.setattr(extras, "__file__", str(tmp_path / "funcnn" / "extras.py"))
    assert install("scikit-learn") == 'pip install "funcnn[sklearn]"'


def test_what_funcnn_itself_refuses_passes():
    with pytest.raises(KindError, match=r"^mine$"), needing("r2", "scikit-learn"):
        raise KindError("mine")
    assert issubclass(MissingError, FuncnnError)
    assert issubclass(MissingError, ImportError)

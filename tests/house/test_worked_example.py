"""The example in CONTRIBUTING.md: a new activation touches five files, and the tests of its layer pass."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHANGES = re.search(r"```diff\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL)[1]
TESTS = [
    *(
        "core/test_completeness.py",
        "layers/test_activations.py",
        "pages/test_derivations.py",
        "pages/test_equations.py",
    ),
    *("peers/test_activations_torch.py", "peers/test_to_torch.py", "peers/test_onnx.py"),
    *(
        "peers/test_jax_layers.py",
        "house/test_accuracy.py",
        "curvature/test_curvature.py",
        "laws/test_laws.py",
        "testing/test_checker_exact.py",
    ),
]


def test_a_new_activation_touches_five_files_and_sixty_lines():
    assert CHANGES.count("diff --git") <= 5
    assert len(re.findall(r"^\+(?!\+\+ )", CHANGES, re.MULTILINE)) <= 60
    assert re.findall(r"^-(?!-- )", CHANGES, re.MULTILINE) == []


@pytest.mark.unwatched
def test_the_tests_of_the_new_activation_pass(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git applies the changes")
    for name in ("funcnn", "tests", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "_build", "*.png"))
    for path in [path for path in ROOT.glob("*.*") if path.is_file()]:
        shutil.copy(path, tmp_path)
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "GIT", "COV"))}
    run = {"cwd": tmp_path, "env": outside | {"PYTHONPATH": str(tmp_path)}, "encoding": "utf-8"}
    subprocess.run(["git", "apply", "--unidiff-zero", "-"], input=CHANGES, check=True, **run)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--assert", "plain", "-k", "Asinh"]
    done = subprocess.run([*command, *[f"tests/{test}" for test in TESTS]], capture_output=True, check=False, **run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 20

"""The wheel and the sdist that `python -m build` makes."""

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from shutil import copytree, ignore_patterns
from zipfile import ZipFile

import pytest

import funcnn

ROOT = Path(__file__).parents[2]
SOURCE = "https://github.com/funcnn/funcnn"
# The text of 540 files, compressed one by one, of them 61 kB of pages. It grows with the source.
MOST_BYTES = 1_380_000
NOT_SOURCE = ".git .*_cache .hypothesis .venv .coverage* *.egg-info __pycache__ build dist _build"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Two builds at the same time: another folder, times, permissions and time zone for the second."""
    pytest.importorskip("build", reason="it builds")
    pytest.importorskip("hatchling", reason="it is the build backend, and nothing is downloaded")
    processes, folders = [], []
    for other in (False, True):
        source = tmp_path_factory.mktemp("source") / ("elsewhere" if other else "funcnn")
        copytree(ROOT, source, ignore=ignore_patterns(*NOT_SOURCE.split()))
        environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
        if other:
            environment["TZ"] = "Asia/Tokyo"
            for path in source.rglob("*.*"):
                os.utime(path, (10**9, 10**9))
                path.chmod(0o700 if path.is_dir() else 0o600)
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", source / "dist", source]
        processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        folders.append(source / "dist")
    for process in processes:
        output = process.communicate()[0].decode()
        assert process.returncode == 0, output
    return [sorted(folder.iterdir()) for folder in folders]


def test_two_builds_have_the_same_bytes(built):
    assert [path.suffix for path in built[0]] == [".whl", ".gz"]
    for one, other in zip(*built, strict=True):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes()


def test_the_wheel_holds_the_source_alone(built):
    wheel = built[0][0]
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    source = {
        path
        for path in (ROOT / "funcnn").rglob("*")
        if path.suffix in {".py", ".pyi", ".typed", ".html", ".css", ".js"}
    }
    assert held == {path.relative_to(ROOT).as_posix() for path in source | {*ROOT.glob("funcnn_*.py")}}
    assert wheel.stat().st_size < MOST_BYTES


def test_the_sdist_holds_no_file_of_ci(built):
    with tarfile.open(built[0][1]) as archive:
        top = {name.split("/")[1] for name in archive.getnames()}
    folders = {"docs", "examples", "funcnn", "tests"}
    files = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "PKG-INFO", "README.md", "conftest.py", "funcnn_pytest.py"}
    files |= {"CITATION.cff", "CODE_OF_CONDUCT.md", "SECURITY.md", "funcnn_hypothesis.py", "hatch_build.py"}
    assert top == folders | files | {"pyproject.toml", ".gitignore"}  # of which hatchling takes what to leave out


def test_an_index_takes_both_and_can_follow_each_link(built):
    upload = pytest.importorskip("twine.commands.check", reason="it checks what an index refuses")
    assert not upload.check([str(path) for path in built[0]], strict=True)
    with ZipFile(built[0][0]) as archive:
        [metadata] = [archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA")]
    about, _, readme = metadata.partition("\n\n")
    assert "Author: The funcnn developers" in about.splitlines()
    assert re.findall("^Project-URL: Source, (.*)$", about, re.MULTILINE) == [SOURCE]
    targets = re.findall(r"\]\(([^)]*)\)", readme)
    tag = f"v{funcnn.__version__}"
    assert [target for target in targets if not target.startswith(f"{SOURCE}/blob/{tag}/")] == [
        f"{SOURCE}/raw/{tag}/docs/transmission.png"
    ]


def test_the_wheel_computes(built, tmp_path):
    command = [sys.executable, "-W", "error", "-m", "funcnn"]
    environment = {**os.environ, "PYTHONPATH": str(built[0][0])}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(built[0][0]) in done.stdout.splitlines()[0]

"""Verification of found mistakes: outcomes, reports, runs that are continued, and environments."""

import json
import zipfile
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from funcnn.testing.__main__ import main
from funcnn.testing.hunt import environment, verify
from funcnn.testing.hunt.record import load_page

SECTION = "\n## {}\n\n- **Harm**: nan\n\n```python\n{}\n```\n\n> The report.\n"
SECTIONS = {
    "`there` of 2": "# a comment\n## no heading\nassert np.isnan(np.nan * ZERO)",
    "gone": "print('before')\nassert np.isnan(np.sinc(ZERO))",
    "broken": "np.no_function(ZERO)",
    "exits": "raise SystemExit(0)",
    "asserts inside": "def f():\n    exec('assert False')\nf()",
    "crashes": "import os\nos._exit(7)",
    "hangs": "import time\ntime.sleep(600)",
}


@pytest.fixture
def page(tmp_path):
    def write(sections, needs=f"numpy=={np.__version__}", name="page"):
        path = tmp_path / f"{name}.md"
        shared = "```python\nimport numpy as np\n\nZERO = np.float64(0)\n```\n"
        head = f"# Found in numpy\n<!-- verify: {needs} -->\n\n{shared}"
        path.write_text(head + "".join([SECTION.format(*one) for one in sections.items()]), "utf-8")
        return path

    return write


def only(*names):
    return {title: code for title, code in SECTIONS.items() if title in names}


def test_each_code_has_an_outcome_and_a_reason(page, tmp_path):
    lines = []
    found = verify(page(SECTIONS), tmp_path / "out", workers=2, patience=9, show=lines.append)
    assert lines == [
        "page/there of 2: still there",
        "page/gone: gone: assert np.isnan(np.sinc(ZERO))",
        "page/broken: broken: AttributeError: module 'numpy' has no attribute 'no_function'",
        "page/exits: broken: SystemExit: 0",
        "page/asserts inside: broken: AssertionError: ",
        "page/crashes: broken: the process ended with the exit code 7",
        "page/hangs: not run: no result after 9 s",
    ]
    assert "Traceback" in found.verdicts[1].reason
    assert found.failed
    assert str(found) == "7 found mistakes: 1 still there, 1 gone, 4 broken, 1 not run"
    suite = ET.parse(tmp_path / "out" / "junit.xml").getroot()
    counts = [int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == [7, 1, 4, 1]
    assert suite.find("testcase[@name='gone']/failure").attrib["message"] == "assert np.isnan(np.sinc(ZERO))"
    assert suite.find("testcase[@name='there of 2']").attrib["classname"] == "page"
    assert len(suite.findall("testcase/*")) == 6


def test_a_section_has_an_anchor_and_its_own_code(page):
    first, second = load_page(page({"`np.f_2`, at 0": "assert 1", "b": "assert 2"})).mistakes
    assert (first.heading, first.title, first.anchor) == ("`np.f_2`, at 0", "np.f_2, at 0", "npf_2-at-0")
    assert first.code == "import numpy as np\n\nZERO = np.float64(0)\n\nassert 1\n\n"
    assert second.code.endswith("assert 2\n\n")
    assert "assert 1" not in second.code
    assert first.text.startswith("- **Harm**: nan")
    assert first.text.endswith("> The report.")


def test_a_mistake_that_is_still_there_is_not_run_again_unless_its_code_has_changed(page, tmp_path, monkeypatch):
    def outcomes(sections):
        return [one.outcome for one in verify(page(sections), tmp_path / "out").verdicts]

    first, second = {"a": "assert ZERO == 0", "b": "assert ZERO == 1"}, {"a": "assert not ZERO"}
    assert outcomes(first) == ["still there", "gone"]
    assert len(json.loads((tmp_path / "out" / "verified.json").read_text("utf-8"))["still there"]) == 1
    ran = []
    module = verify.__wrapped__.__globals__
    original = module["run_code"]
    monkeypatch.setitem(module, "run_code", lambda *args: ran.append(args[1].name) or original(*args))
    assert outcomes(first) == ["still there", "gone"]
    assert outcomes(second) == ["still there"]
    assert ran == ["b.py", "a.py"]


def test_the_exit_code_says_whether_a_mistake_is_gone(page, tmp_path, capsys):
    path, words = str(page(only("gone", "`there` of 2"))), ["hunt", "--verify", "--folder", str(tmp_path / "out")]
    path_of_there = str(page({"there": "assert True"}, name="there"))
    assert main([*words, path_of_there]) == 0
    assert capsys.readouterr().out.endswith("1 found mistake: 1 still there, 0 gone, 0 broken, 0 not run\n")
    assert main([*words, path, "--only", "page/g*"]) == 1
    assert main([*words, path, "--only", "other/*"]) == 2
    assert "such as page/gone" in capsys.readouterr().err


def wheel(folder, version):
    """A distribution with one module, whose number is its version."""
    record = f"tiny-{version}.dist-info"
    with zipfile.ZipFile(folder / f"tiny-{version}-py3-none-any.whl", "w") as file:
        file.writestr("tiny.py", f"NUMBER = {version}\n")
        file.writestr(f"{record}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        file.writestr(f"{record}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{record}/RECORD", "")


def test_versions_that_this_python_does_not_have_are_installed_in_an_environment(page, tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "BESIDE", ())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    wheel(tmp_path, "1.5")
    code = "# Found in tiny\n<!-- verify: tiny=={0} -->\n## a\n```python\nimport tiny\nassert tiny.NUMBER == {0}\n```\n"
    other, path = tmp_path / "other.md", tmp_path / "tiny.md"
    other.write_text(code.format(2.5))
    path.write_text(code.format(1.5))
    first, second = verify([other, path], tmp_path / "out").verdicts
    assert first.outcome == "not run"
    assert "No matching distribution found for tiny==2.5" in first.reason
    assert second.outcome == "still there"
    (tmp_path / "out" / "verified.json").unlink()
    assert not verify(path, tmp_path / "out").failed  # in the same environment


def test_an_environment_that_cannot_be_made_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", "false")
    with pytest.raises(environment.NoEnvironmentError, match=r"^false -m venv .* failed$"):
        environment.environment(tmp_path, ["tiny==1.5"])


def test_a_repository_is_in_the_folder_that_a_variable_names(page, tmp_path, monkeypatch):
    path = page({"a": "import os\nassert os.environ['FUNCNN_PREY']"}, "github:owner/name@1a2b3c4")
    monkeypatch.delenv("FUNCNN_PREY", raising=False)
    reason = "github:owner/name@1a2b3c4 is not in the folder that FUNCNN_PREY names"
    assert [one.reason for one in verify(path, tmp_path / "out").verdicts] == [reason]
    monkeypatch.setenv("FUNCNN_PREY", str(tmp_path))
    assert [one.reason for one in verify(path, tmp_path / "out").verdicts] == [reason]
    (tmp_path / "owner+name").mkdir()
    assert [one.outcome for one in verify(path, tmp_path / "out").verdicts] == ["still there"]

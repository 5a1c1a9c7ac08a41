"""The process of a learner's file: its program, and what is asked of the kernel before the file is run."""

import linecache
import os
import subprocess
import sys
import threading
from importlib.util import module_from_spec
from pathlib import Path

import numpy as np
import pytest

import funcnn
from funcnn import Array, Relu, record
from funcnn.teach.grading import confinement, learner
from funcnn.teach.grading.confinement import MACHINES, PROMISES, confine
from funcnn.teach.grading.learner import Only, Server
from funcnn.teach.grading.proxies import Ended, LearnerProcess, NotStarted, command, told_error
from funcnn.teach.grading.wire import Peer
from tests.teach.grading.classes import RIGHT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="it needs processes")


class System:
    """A C library that only remembers its calls, on a system whose Landlock has a version."""

    def __init__(self, version=7, code=0):
        self.version, self.code, self.asked = version, code, []

    def prctl(self, *arguments):
        self.asked.append(arguments)
        return self.code

    capset = prctl

    def syscall(self, number, *arguments):
        self.asked.append((number, *arguments))
        return self.version if arguments[0] is None else self.code


@pytest.fixture
def confined(monkeypatch):
    """The promises of a system, and the limits that were set, without confining this process."""
    limits = {}
    resource = pytest.importorskip("resource", reason="Windows has no such limits")
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)

    def confined(system, machine="x86_64", name="linux"):
        monkeypatch.setattr(confinement.ctypes, "CDLL", lambda *_, **__: system)
        monkeypatch.setattr(confinement.platform, "machine", lambda: machine)
        monkeypatch.setattr(confinement.sys, "platform", name)
        return confine([str(Path(__file__).parent), __file__, "/gone"], 30, 2**30), limits

    return confined


def test_on_linux_all_is_promised_and_limited(confined):
    system = System()
    promises, limits = confined(system)
    assert promises == dict.fromkeys(PROMISES, True)
    resource = sys.modules["resource"]
    assert limits[resource.RLIMIT_AS] == (2**30, 2**30)
    assert limits[resource.RLIMIT_FSIZE] == limits[resource.RLIMIT_NPROC] == (0, 0)
    rules = [asked for asked in system.asked if asked[0] == confinement.ADD_RULE]
    assert [rule[3][0] for rule in rules] == [12, 4]  # a folder is read and listed, a file is read


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_jumps_to_its_last_line_for_each_call_that_is_refused(machine, monkeypatch):
    monkeypatch.setattr(confinement.platform, "machine", lambda: machine)
    lines = confinement.filter_of(machine)
    assert lines[-1][0] == lines[-2][0] == confinement.RETURN
    for i, (code, yes, no, _) in enumerate(lines):
        if code in (confinement.EQUAL, confinement.AT_LEAST):
            assert len(lines) - 1 == i + 1 + (no if i == 1 else yes)
    assert len({number for _, _, _, number in lines}) == len(lines)


@pytest.mark.parametrize(
    ("system", "machine", "name", "held"),
    [
        (System(version=2), "x86_64", "linux", list(PROMISES)),
        (System(version=-1), "x86_64", "linux", ["network", "processes", "limits"]),
        (System(), "riscv64", "linux", ["files", "limits"]),
        (System(code=-1), "x86_64", "linux", ["limits"]),
        (System(), "arm64", "darwin", ["limits"]),
    ],
)
def test_what_a_system_does_not_have_is_not_promised(confined, system, machine, name, held):
    promises, _ = confined(system, machine, name)
    assert [name for name in promises if promises[name]] == held


def test_limits_that_a_system_refuses_are_not_promised(confined, monkeypatch):
    def refuse(*_):
        raise ValueError

    monkeypatch.setattr(pytest.importorskip("resource"), "setrlimit", refuse)
    monkeypatch.setattr(confinement.sys, "platform", "darwin")
    assert confine([], 1, 1) == dict.fromkeys(PROMISES, False)


@record
class Scaled:
    w: Array


@pytest.fixture
def asked():
    """A peer of a learner's server in a thread of this process."""
    (near_in, far_out), (far_in, near_out) = os.pipe(), os.pipe()
    files = [os.fdopen(end, mode) for end, mode in ((near_in, "rb"), (near_out, "wb"), (far_in, "rb"), (far_out, "wb"))]
    peer, server = Peer(*files[:2], lambda _: Scaled, told_error), Server(*files[2:])

    def answer():
        with pytest.raises(EOFError):
            server.peer.answer()

    thread = threading.Thread(target=answer)
    thread.start()
    yield peer
    files[1].close()
    thread.join()
    for file in files:
        file.close()
    sys.modules.pop("learner", None)
    linecache.cache.pop("unit.py", None)


MORE = """
def open_(x):
    raise NotImplementedError
def call(f):
    f()
def pair():
    return np.linalg.slogdet(np.eye(2))
number = 3
"""


def test_the_server_runs_the_file_and_its_functions_and_layers(asked):
    text = np.frombuffer(f"{RIGHT}{MORE}".encode(), np.uint8)
    names = ["double", "open_", "gone", "number"]
    assert asked.call("load", "unit.py", text, names, ["Scale", "double", "gone"]) == (["double"], ["Scale"])
    assert asked.call("describe", "Scale") == ((("w", False),), ["forward", "backward"], [])
    assert asked.call("function", "double", np.ones(1)).tolist() == [2]
    assert asked.call("function", "pair") == (1, 0)  # a NamedTuple there
    assert asked.call("make", "Scale", np.ones(1)) == Scaled(np.ones(1))
    assert asked.call("verb", "inference", (Relu(),)) == (Relu(),)
    with pytest.raises(TypeError, match="unsupported operand") as caught:
        asked.call("function", "double", object())
    assert caught.value.place == "line 7: return 2 * x"
    with pytest.raises(RuntimeError, match="ZeroDivisionError: division by zero"):
        asked.call("function", "call", lambda: 1 / 0)


def test_only_numpy_funcnn_and_pythons_own_modules_are_found():
    assert Only().find_spec("numpy.fft") is Only().find_spec("json") is None
    with pytest.raises(ModuleNotFoundError, match="scipy cannot be imported here"):
        Only().find_spec("scipy")


def test_rules_of_the_tutor_which_hold_right_answers_are_blank_and_cannot_be_read():
    spec = Only().find_spec("funcnn.teach.course.unit1")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.LINE is None
    places = list(learner.folders())
    assert any([place.endswith("funcnn/teach/grading") for place in places])
    assert not any([f"{place}/".startswith(f"{Path(funcnn.__file__).parent}/teach/course/") for place in places])
    assert str(Path(funcnn.__file__).parent) not in places


PROGRAM = "\nfrom funcnn.teach.grading import learner\nlearner.confine = lambda *_: {}\nlearner.main(9, 2**30)"


def test_the_program_answers_until_the_pipe_ends(tmp_path):
    start = command("learner", 1, 2)[:-1]
    process = subprocess.Popen([*start, command("learner")[-1].partition("; from")[0] + PROGRAM], stdin=-1, stdout=-1)
    with process, process.stdin, process.stdout:
        peer = Peer(process.stdout, process.stdin, lambda _: None, told_error)
        assert peer.call("promises") == {}
        peer.call("load", "unit.py", np.frombuffer(b"print('noise')", np.uint8), [], [])
        process.stdin.close()
        assert process.wait() == 0


def test_the_process_may_read_python_its_libraries_and_no_folder_of_a_user(monkeypatch):
    monkeypatch.setattr(learner, "LIBRARIES", (*learner.LIBRARIES, "no_such_library"))
    found = list(learner.folders())
    assert str(Path(np.__file__).parent) in found
    assert not any([os.path.realpath(__file__).startswith(os.path.realpath(folder) + "/") for folder in found])


def test_a_process_that_does_not_start_is_an_error_of_the_system(monkeypatch):
    monkeypatch.setattr("funcnn.teach.grading.proxies.command", lambda *_: [sys.executable, "-c", ""])
    with pytest.raises(NotStarted, match="does not start"), LearnerProcess("unit.py", b"", 1, 2**30).exercise():
        pass


@pytest.mark.parametrize("fields", [[["a b", False]], [["class", False]], [["x=print()", False]]])
def test_a_class_whose_fields_are_not_names_is_refused(fields, monkeypatch):
    peer = LearnerProcess("unit.py", b"", 1, 2**30)
    monkeypatch.setattr(peer, "call", lambda *_: (fields, [], []))
    with pytest.raises(Exception, match="names that are not names"):
        peer.find("Scale")


def test_after_an_end_a_call_in_the_same_exercise_fails_at_once():
    peer = LearnerProcess("unit.py", b"", 1, 2**30)
    peer.fault = "it ended"
    with pytest.raises(Ended, match="it ended"):
        peer.call("f")

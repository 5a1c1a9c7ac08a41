"""Attacks on `grade`: none gets a point, none reaches another file, and none stops the marking of the others."""

import os
import sys
from pathlib import Path

import pytest

from funcnn.teach import grade
from tests.counts import in_full
from tests.teach.grading.classes import HEAD, RIGHT, SHEET, write

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="files are marked in processes")
ROOT = Path(__file__).parents[3]
KERNEL = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines a process of any user")

# Bodies of functions that ought to double x, and a word of the message that says what became of them.
BODIES = {
    "tests replaced": ("global test_0\n    test_0 = expect = lambda *a, **k: None\n    return x", "must be"),
    "exit": ("os._exit(0)", "Python ended with the code 0"),
    "SystemExit": ("sys.exit(0)", "SystemExit: 0"),
    "BaseException": ("raise KeyboardInterrupt", "Python ended"),
    "not implemented": ("raise NotImplementedError('done')", ""),
    "end of a loop": ("raise StopIteration", "StopIteration"),
    "forks": ("while True: os.fork()", "not permitted"),
    "a thread that goes on": ("import threading; threading.Thread(target=print).start()", "thread"),
    "another program": ("import subprocess; subprocess.run(['true'])", "not permitted"),
    "a loop": ("while True: pass", "longer than 6 seconds"),
    "a loop that catches all": ("while True:\n        try: 1 / 0\n        except: pass", "longer than 6 seconds"),
    "memory": ("return bytearray(10**11)", "MemoryError"),
    "a huge answer": ("return np.ones(2 * 10**7)", "a frame of 16000"),
    "numpy replaced": ("np.allclose = np.asarray = lambda *a, **k: True\n    return x", "must be"),
    "equal to all": ("class E(np.ndarray): __eq__ = lambda *a: True\n    return x.view(E)", "must be"),
    "an object": ("return type('E', (), {'__array__': lambda *a: 2, '__eq__': lambda *a: True})()", "Handle"),
    "a frame of its own": (
        "for i in range(3, 99):\n        try: os.write(i, b'done' * 99)\n        except OSError: pass",
        "sent",
    ),
    "the other ends": ("os.kill(os.getppid(), 9); return x", "not permitted"),
    "memory of the other": ("open(f'/proc/{os.getppid()}/mem', 'r+b'); return x", "Permission denied"),
    "the tests": ("return open(os.environ.get('SHEET', PLACES[0])).read()", "Permission denied"),
    "the solutions": ("return open(PLACES[1]).read()", "Permission denied"),
    "rules of the tutor": ("from funcnn.teach.course.unit1 import LINE\n    return LINE.right(x, 2, 0)", "NoneType"),
    "their text": ("import funcnn\n    open(f'{funcnn.__path__[0]}/teach/course/unit1.py')", "Permission denied"),
    "a file of results": ("open('results.json', 'w').write('{}'); return x", "Permission denied"),
    "the network": ("import socket; socket.create_connection(('127.0.0.1', 80))", "not permitted"),
    "limits of the other": (
        "import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0))",
        "not permitted",
    ),
}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """The marks of one file with all these functions, each of which is an exercise."""
    folder = tmp_path_factory.mktemp("attacks")
    tests = [
        f"def f{i}(x):\n    raise NotImplementedError\n"
        f"@exercise('{name}', page='one')\ndef test_{i}():\n    expect('f(x)', f{i}(np.ones(3)), [2, 2, 2])\n"
        for i, name in enumerate(BODIES)
    ]
    places = [str(folder / "unit.py"), str(ROOT / "docs" / "course" / "solutions" / "unit1.py")]
    answers = [f"def f{i}(x):\n    {body}\n" for i, (body, _) in enumerate(BODIES.values())]
    head = f"import os, sys\nPLACES = {places}\n{HEAD}"
    right = [f"def f{i}(x):\n    return 2 * x\n" for i in range(len(BODIES))]
    texts = {"ada": "\n".join([head, *answers]), "bob": "\n".join([head, *right])}
    found = grade(write(folder, "\n".join([HEAD, *tests]), **texts), tests=folder / "unit.py", seconds=6, workers=1)
    return found.papers


@in_full
@KERNEL
@pytest.mark.parametrize("name", BODIES)
def test_an_attack_gets_no_point_and_is_named(attacked, name):
    [mark] = [mark for mark in attacked[0].marks if mark.title == name]
    assert mark.points == 0
    assert mark.state == ("wrong" if BODIES[name][1] else "open")
    assert BODIES[name][1] in mark.message


def test_the_right_answers_beside_it_get_all_points(attacked):
    assert attacked[1].points == attacked[1].most == len(BODIES)


@KERNEL
def test_linux_keeps_all_promises(attacked):
    assert all(attacked[0].promises.values())


PATCHES = """
import funcnn, funcnn.core, funcnn.teach, funcnn.teach.exercises, funcnn.testing, funcnn.testing.vjp, numpy
for module in (funcnn.testing, funcnn.testing.vjp, funcnn.teach, funcnn.teach.exercises):
    module.check_vjp = module.check_layer = module.expect = lambda *a, **k: None
numpy.allclose = lambda *a, **k: True
"""
WRONG = RIGHT.replace("return 2 * x", "return x").replace("2 * dA", "dA").replace("x * params.w, x", "x, x")
FORGED = """
import json, os, struct
line = json.dumps({"number": 1, "state": "done", "message": ""}).encode() + b"\\n"
result = json.dumps({"value": [2.0]}).encode()
for i in range(1, 20):
    for sent in (line, struct.pack("<QQ", len(result), 0) + result):
        try: os.write(i, sent)
        except OSError: pass
print(line.decode())
"""
FILES = {
    "edited": WRONG + "def test_double(): pass\ndef test_square_vjp(): pass\ndef test_scale(): pass\n",
    "given": WRONG + "def square(x):\n    return 0 * x\ndef square_vjp(args, dA):\n    return [0 * dA]\n",
    "patched": PATCHES + WRONG,
    "forged": FORGED + WRONG,
    "ended": "import os\nos._exit(0)\n",
    "hung": "while True: pass\n",
    "injected": f"{HEAD}import attrs\nScale = record(type('Scale', (), {{'__annotations__': {{'w': object}}}}))\n"
    "Scale.__name__ = 'Scale'\nfrom funcnn.records import plans\n"
    "plans[Scale] = (('w=print(1), v', False),)\n",
    "good": RIGHT,
}


@in_full
def test_files_that_attack_when_they_are_run_get_no_point_and_the_next_one_is_marked(tmp_path):
    found = grade(write(tmp_path, **FILES), tests=tmp_path / "unit.py", seconds=3)
    points = {paper.learner: paper.points for paper in found.papers}
    assert points == dict.fromkeys(FILES, 0) | {"good": 4}
    assert [mark.title for mark in found.papers[0].marks] == ["Double", "Repair", "A layer"]


def test_a_link_to_another_file_is_left_out(tmp_path):
    folder = write(tmp_path, ada=RIGHT, bob=SHEET)
    (folder / "bob" / "unit.py").unlink()
    (folder / "bob" / "unit.py").symlink_to(folder / "ada" / "unit.py")
    found = grade(folder, tests=tmp_path / "unit.py")
    assert [paper.learner for paper in found.papers] == ["ada"]
    assert found.left_out == (str(folder / "bob" / "unit.py"),)

"""A Python for WebAssembly: 32 bits, no threads, no processes, no ctypes."""

import os
import re
from pathlib import Path

import pytest

from funcnn.files import fingerprint
from tests.wasm.guest import FOLDER, Guest, node

installed = pytest.mark.skipif(
    not (os.environ.get(FOLDER) and node()),
    reason=f"needs Node, and a folder ${FOLDER} into which `python -m tests.wasm --install` was",
)


@installed
@pytest.mark.unwatched
def test_layers_losses_optimizers_training_files_and_the_course_are_as_here():
    from tests.wasm.tour import NET

    with Guest(Path(os.environ[FOLDER])) as guest:
        done = guest.run("from tests.wasm.tour import main\nmain(every=3)", capture_output=True, text=True)
    assert done.stderr == ""
    counts = r"27 layers, 7 losses, 6 optimizers, 10 exercises, (\w+)"
    assert re.fullmatch(counts, done.stdout.strip())[1] == fingerprint(NET)

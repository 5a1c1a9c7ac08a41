"""`grade` with the files of the course: solutions get all points, and a file with nothing written gets none."""

import os
import shutil
from pathlib import Path

import pytest

from funcnn.teach import grade
from tests.counts import in_full

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="files are marked in processes")
COURSE = Path(__file__).parents[3] / "docs" / "course"
CELL = """\
from funcnn.layers import Recurrent


@record
class Mine(Recurrent):
    def cell(self, z, before):
        [h] = before
        new = np.tanh(z + h @ self.U)
        return (new,), (new,)

    def back(self, kept, before, after, dafter):
        [new], [dh] = kept, dafter
        dz = dh * (1 - new**2)
        return dz, dz, (None,)


def example():
    return Mine.init(2, 3, seed=0), np.random.default_rng(0).normal(size=(2, 3, 2))


"""


@in_full
def test_all_solutions_get_all_points(tmp_path):
    shutil.copytree(COURSE / "solutions", tmp_path / "ada")
    found = grade(tmp_path, tests=COURSE / "exercises")
    assert [(paper.points, paper.most) for paper in found.papers] == [(7, 7)] + [(5, 5)] * 6, found.json()


@in_full
def test_files_in_which_nothing_is_written_get_none(tmp_path):
    shutil.copytree(COURSE / "exercises", tmp_path / "ada")
    found = grade(tmp_path, tests=COURSE / "exercises")
    states = [[mark.state for mark in paper.marks] for paper in found.papers]
    assert states == [["open"] * n + ["wrong"] for n in (6, 4, 4, 4, 4, 4, 4)]


@in_full
def test_a_recurrent_cell_may_be_the_layer_of_unit_6(tmp_path):
    text = (COURSE / "solutions" / "unit6.py").read_text("utf-8")
    before, after = text.split("@record\nclass Mine")[0], text[text.index('@exercise(\n    "Make a layer of the one') :]
    (tmp_path / "ada_unit6.py").write_text(before + CELL + after, "utf-8")
    [paper] = grade(tmp_path, tests=COURSE / "exercises").papers
    assert paper.marks[3].state == "done", paper.marks[3].message

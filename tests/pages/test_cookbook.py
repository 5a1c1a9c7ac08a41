"""The pages of docs/cookbook: their index, their pictures, and the digits that they read."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from tests.counts import in_full
from tests.drawn import assert_drawn

COOKBOOK = Path(__file__).parents[2] / "docs" / "cookbook"
RECIPES = sorted(path.stem for path in COOKBOOK.glob("*.md") if path.stem != "index")
INDEX = (COOKBOOK / "index.md").read_text("utf-8")


def code_of(page):
    return re.findall(r"^```python\n(.*?)^```", (COOKBOOK / f"{page}.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_index_has_a_row_for_each_recipe_and_forty_in_all():
    rows = re.findall(r"^\| (.*) \| \[.*\]\((.*)\) \|$", INDEX, re.MULTILINE)
    assert len(rows) >= 40
    purposes, targets = zip(*rows, strict=True)
    assert len(set(purposes)) == len(set(targets)) == len(rows)
    assert {f"{page}.md" for page in RECIPES} <= set(targets)
    assert all([(COOKBOOK / target.partition("#")[0]).exists() for target in targets])
    assert sorted(INDEX.split("{toctree}")[1].split()[1:-1]) == RECIPES


@pytest.mark.parametrize("page", RECIPES)
def test_a_recipe_has_few_lines_and_a_picture_that_fits_on_a_phone_and_says_what_is_pure(page):
    text = (COOKBOOK / f"{page}.md").read_text("utf-8")
    lines = [line for block in code_of(page) for line in block.splitlines() if line.strip()]
    assert len(lines) <= 60
    assert "assert " in "\n".join(lines)
    assert text.count("**I want ") == text.count("**What is pure here.**") == 1
    [(described, name)] = re.findall(r"!\[([^]]*)\]\(([^)]*)\)", text)
    assert name == f"{page}.png"
    assert len(described) > 60
    picture = (COOKBOOK / name).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 40_000
    assert int.from_bytes(picture[16:20]) <= 600  # pixels: a wider one scrolls there


def test_each_picture_is_drawn_from_names_that_its_page_has():
    """So that a page cannot change without its picture, though only some pictures are drawn in a test."""
    tree = ast.parse((COOKBOOK / "pictures.py").read_text("utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(RECIPES) <= functions.keys()
    for page in RECIPES:
        stored = set()
        for node in ast.walk(ast.parse("".join(code_of(page)))):
            stored |= {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else set()
            stored |= {node.name} if isinstance(node, ast.FunctionDef) else set()
        parts = [node for node in ast.walk(functions[page]) if isinstance(node, ast.Subscript)]
        read = {node.slice.value for node in parts if isinstance(node.value, ast.Name) and node.value.id == "v"}
        assert read, page
        assert read <= stored, page


@in_full
def test_pictures_are_drawn(tmp_path):
    assert_drawn(COOKBOOK, ["adversarial", "transfer"], ".png", tmp_path)  # the quickest two


def test_the_digits_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets", reason="the source of examples/data/digits.npz")
    images, digits = datasets.load_digits(return_X_y=True)
    with np.load(COOKBOOK.parents[1] / "examples" / "data" / "digits.npz") as file:
        assert np.array_equal(file["images"].reshape(-1, 64), images)
        assert np.array_equal(file["digits"], digits)

"""The pages of docs/questions and the glossary: their form, their pictures and their terms."""

import ast
import re
from pathlib import Path

import pytest

from tests.drawn import assert_drawn

DOCS = Path(__file__).parents[2] / "docs"
QUESTIONS = DOCS / "questions"
PAGES = sorted(path.stem for path in QUESTIONS.glob("*.md") if path.stem != "index")


def text_of(page):
    return (QUESTIONS / f"{page}.md").read_text("utf-8")


def code_of(page):
    return re.findall(r"^```python\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE)


def test_the_index_has_a_row_for_each_question():
    index = text_of("index")
    assert sorted(re.findall(r"^\| .* \| \[.*\]\((.*)\.md\) \|$", index, re.MULTILINE)) == PAGES
    assert sorted(index.split("{toctree}")[1].split()[1:-1]) == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_a_question_has_one_block_and_one_small_picture(page):
    text = text_of(page)
    assert re.match(r"# .*\n<!--[^>]*>\n\n\*\*After this page you can\*\* ", text)
    assert len(text.split("```python")[0].splitlines()) <= 51
    [code] = code_of(page)
    assert len(code.splitlines()) <= 45
    assert "assert " in code
    [(described, name)] = re.findall(r"!\[([^]]*)\]\(([^)]*)\)", text)
    assert name == f"{page}.svg"
    assert len(described) > 60
    picture = (QUESTIONS / name).read_text("utf-8")
    assert "<svg " in picture
    assert len(picture) < 30_000
    [width] = re.findall(r'<svg[^>]* width="([\d.]+)pt"', picture)
    assert float(width) <= 450  # 600 pixels: a wider one scrolls on a phone


def test_each_picture_is_drawn_from_names_that_its_page_has():
    trees = [ast.parse(path.read_text("utf-8")) for path in QUESTIONS.glob("*.py")]
    functions = {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(PAGES) <= functions.keys()
    for page in PAGES:
        stored = set()
        for node in ast.walk(ast.parse(code_of(page)[0])):
            stored |= {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else set()
            stored |= {node.name} if isinstance(node, ast.FunctionDef) else set()
            stored |= {node.asname} if isinstance(node, ast.alias) else set()
        read = {
            node.slice.value
            for node in ast.walk(functions[page])
            if isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and ast.unparse(node.value) == "v"
        }
        assert read, page
        assert read <= stored, page


def test_pictures_are_drawn(tmp_path):
    assert_drawn(QUESTIONS, ["softmax_derivative", "why_the_transpose"], ".svg", tmp_path)  # the quickest two


def test_a_term_is_in_the_glossary_in_order_and_is_linked_once_on_a_page():
    glossary = (DOCS / "glossary.md").read_text("utf-8").split("```")[1]
    terms = re.findall(r"^(\w.*)$", glossary, re.MULTILINE)
    assert len(terms) > 30
    assert terms == sorted(set(terms), key=str.lower)
    for page in PAGES:
        text = " ".join(text_of(page).split())
        linked = [target or term for term, target in re.findall(r"\{term\}`([^`<]+?)(?: <(.*?)>)?`", text)]
        assert linked, page
        assert len(linked) == len(set(linked)), page
        assert set(linked) <= set(terms), page

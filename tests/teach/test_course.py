"""The course: its pages, exercises, slides, notebooks and zip."""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from funcnn.testing import GradientError, check_vjp

COURSE = Path(__file__).parents[2] / "docs" / "course"
UNITS = sorted(path.stem for path in COURSE.glob("[1-9]_*.md"))
NUMBERS = [unit[0] for unit in UNITS]
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
DRAWN = [unit for unit in UNITS if (COURSE / "figures" / f"unit{unit[0]}.py").exists()]
every_unit = pytest.mark.parametrize("unit", UNITS)
all_files = pytest.mark.parametrize("number", NUMBERS)


def text_of(unit):
    return (COURSE / f"{unit}.md").read_text("utf-8")


def section(unit, heading):
    """The text below a heading, up to the next one."""
    return re.split(r"^## .*\n", text_of(unit).split(f"\n## {heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def sections(unit):
    return re.findall(r"^## (.*)$", FENCED.sub("", text_of(unit)), re.MULTILINE)


def source(folder, number):
    name = f"unit{number}" if number in NUMBERS else number
    return (COURSE / folder / f"{name}.py").read_text("utf-8")


def declared(folder, number):
    """The arguments of each `exercise` of a file."""
    calls = [node for node in ast.walk(ast.parse(source(folder, number))) if isinstance(node, ast.Call)]
    calls = [call for call in calls if ast.unparse(call.func) == "exercise"]
    return [
        {"title": call.args[0].value} | {one.arg: one.value.value for one in call.keywords if one.arg != "tutor"}
        for call in sorted(calls, key=lambda call: call.lineno)
    ]


def minutes(table):
    return [int(number) for number in re.findall(r"^\| (\d+) \| .* \|$", table, re.MULTILINE)]


def test_the_index_has_every_unit_and_a_short_way_of_90_minutes():
    index = text_of("index")
    assert re.findall(r"^\| \[\d: .*?\]\((.*?)\.md\) \| .* \|$", index, re.MULTILINE) == UNITS
    assert index.split("{toctree}")[1].split()[1:-1] == [
        *UNITS,
        "quiz",
        "homework",
        "two_hours",
        "instructor",
        "no_install",
    ]
    assert sum(minutes(section("index", "From the first page to your own layer in 90 minutes"))) == 90


@every_unit
def test_a_unit_has_a_goal_its_files_and_parts_for_the_learner_and_the_teacher(unit):
    text = text_of(unit)
    number = unit[0]
    assert re.match(rf"# Unit {number}: .*\n<!--[^>]*>\n\n\*\*After this unit you can\*\* ", text)
    links = re.findall(r'<a href="(.*?)">', text)
    assert links == [
        *(f"{unit}_slides.html", f"{unit}_steps.html"),
        *(f"exercises/unit{number}.py", f"solutions/unit{number}.py"),
    ]
    assert sections(unit)[-3:] == ["Exercises", "Minute plan", "For the teacher"]
    assert f"`python -m funcnn.teach check exercises/unit{number}.py`" in section(unit, "Exercises")
    assert sum(minutes(section(unit, "Minute plan"))) == 90
    assert section(unit, "For the teacher").count("\n- **") >= 4


@every_unit
def test_the_exercises_are_those_of_the_file_and_lead_to_sections_of_the_page(unit):
    exercises = declared("exercises", unit[0])
    assert re.findall(r"^\d\. (.*)$", section(unit, "Exercises"), re.MULTILINE) == [one["title"] for one in exercises]
    assert len(exercises) == 5
    for one in exercises:
        heading, page = re.fullmatch(r"'(.*)' in (\w+)", one["page"]).groups()
        assert page <= unit
        assert heading in sections(page)
        assert len(one["hint"]) > 10
    assert "mistake" in exercises[-1]["title"]


@all_files
def test_a_solution_differs_from_its_exercise_in_what_the_learner_writes(number):
    """Every function that is not written yet, and the one with the mistake."""
    exercise, solution = [ast.parse(source(folder, number)) for folder in ("exercises", "solutions")]
    unwritten, wrong = 0, 0
    for given, solved in zip(exercise.body, solution.body, strict=True):
        if ast.dump(given) != ast.dump(solved):
            assert isinstance(given, ast.FunctionDef)
            unwritten += ast.unparse(given.body[-1]) == "raise NotImplementedError"
            wrong += ast.unparse(given.body[-1]) != "raise NotImplementedError"
            for function in (given, solved):
                assert ast.get_docstring(function)
                function.body = function.body[:1]
        assert ast.dump(given) == ast.dump(solved)
    assert unwritten >= 4
    assert wrong == 1


def files(folder):
    return [str(COURSE / folder / f"unit{number}.py") for number in NUMBERS]


def test_pytest_collects_no_exercise(pytestconfig):
    patterns = pytestconfig.getini("python_files")
    assert patterns
    for file in [*files("exercises"), *files("solutions")]:
        assert not any([Path(file).match(pattern) for pattern in patterns])


def test_no_exercise_is_done_at_first():
    command = [sys.executable, "-m", "funcnn.teach", "check", *files("exercises"), "--hint"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1, done.stderr
    assert re.findall(r"^  (\w+) +\d\. ", done.stdout, re.MULTILINE) == ["open"] * 5 * len(UNITS)
    assert done.stdout.count("0 of 5 exercises are done.\nNext is exercise 1. Look at '") == len(UNITS)
    assert done.stdout.count("has a mistake to find") == len(UNITS)


def loaded(path):
    """The module of a file that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TIMED = """\
import sys, time
from funcnn.teach import check
from funcnn.teach.__main__ import main
for file in sys.argv[1:]:
    start = time.process_time()
    code = main(["check", file])
    print("seconds", time.process_time() - start, code)
    print("mistake", check(file.replace("solutions", "exercises")).results[-1].exercise.tutor().name)
"""
MISTAKES = ["factor", "slope at x", "transposed", "slope at out", "diagonal only", "kernel not flipped"]


def test_every_solution_passes_in_10_seconds_and_the_tutor_names_the_mistake_to_find():
    command = [sys.executable, "-c", TIMED, *files("solutions")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout.count("5 of 5 exercises are done.") == len(UNITS), done.stdout + done.stderr
    seconds = re.findall(r"^seconds (.*) 0$", done.stdout, re.MULTILINE)
    assert len(seconds) == len(UNITS)
    assert max(map(float, seconds)) < 10
    assert re.findall(r"^mistake (.*)$", done.stdout, re.MULTILINE) == MISTAKES
    after = re.findall(r"^Next is unit \d: read the page (\w+), then", done.stdout, re.MULTILINE)
    assert after[: len(UNITS) - 1] == UNITS[1:]


def test_the_message_on_the_first_page_is_that_of_the_check():
    with pytest.raises(GradientError) as caught:
        check_vjp(double, lambda args, dA: (2 * dA, dA.mean()), (np.array([1.0, 3.0]), np.array(0.5)))
    [block] = re.findall(r"```text\nWrongGradient: (.*?)```", text_of(UNITS[0]), re.DOTALL)
    lines = [line.partition(" +-")[0].strip() for line in block.splitlines()]
    assert len(lines) > 4
    assert all([line in str(caught.value) for line in lines])


def double(x, b):
    return 2 * x + b


@pytest.fixture(scope="module")
def material():
    """The script that writes slides, notebooks and the zip."""
    pytest.importorskip("mdit_py_plugins", reason="slides are made where the extra docs is installed")
    return loaded(COURSE / "material.py")


@every_unit
def test_slides_are_the_marked_parts_of_the_page_in_one_file(material, unit):
    made = material.slides(COURSE / f"{unit}.md")
    marked = re.findall(r"^% slide: (.*)$", text_of(unit), re.MULTILINE)
    bodies = [text_of(unit).split(f"% slide: {name}\n")[1].split("\n% end\n")[0] for name in marked]
    asked = [name for name, body in zip(marked, bodies, strict=True) if "```{predict} " in body]
    assert len(marked) >= 6
    assert text_of(unit).count("\n% end\n") == len(marked)
    shown = [title for name in marked for title in [name, f"{name}: the answer"][: 1 + (name in asked)]]
    assert re.findall(r"<h2>(.*?)</h2>", made) == [*shown, "Exercises"]
    assert made.count("<section") == len(shown) + 2
    assert made.count("<li>") >= 5
    live = [f"live/{name}.html" for name in re.findall(r"^```\{live\} (\w+)$", "".join(bodies), re.MULTILINE)]
    assert re.findall(r'(?:src|href)="(.*?)(?:#.*?)?"', made) == [link for page in live for link in (page, page)]
    names = r"https?:(?!//www\.w3\.org/)"  # but those of MathML and SVG
    assert not re.search(rf"url\((?!\"data:font)|@import|{names}", made)
    assert made.count('<span class="k') >= "".join(bodies).count("```python\n")  # code has colours
    assert not re.search(r"</span>[.,](?!</span>)", re.sub(r"<pre.*?</pre>", "", made, flags=re.DOTALL))
    from slides import html

    whole = html(material.linked(material.plain(text_of(unit)), []))
    for shown in (made, whole):  # every formula is converted, and so is every role
        words = re.sub(r"<pre.*?</pre>|<style.*?</style>|<script.*?</script>", "", shown, flags=re.DOTALL)
        assert not re.search(r"\{term\}|\{drawn\}|\{predict\}|\$|% end|% note|\]\((?!live/)", words)


@pytest.mark.parametrize("unit", DRAWN)
def test_each_slide_has_a_note_and_the_deck_a_question_and_a_live_page(material, unit):
    made = material.slides(COURSE / f"{unit}.md")
    assert ": the answer</h2>" in made
    assert "<iframe" in made
    marked = re.findall(r"^% slide: (.*)$", text_of(unit), re.MULTILINE)
    assert made.count('<aside class="note">') == len(marked)
    assert [name for name in marked if f"- **{name}:** " not in material.notes()] == []


def code_of(page):
    """The statements of the Python blocks of a page, as the tests of pages run them."""
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [re.findall(r"^(?:>>>|\.\.\.) (.*)$", block, re.MULTILINE) or block.splitlines() for block in blocks]


def test_notebooks_have_the_code_of_their_pages_and_no_link_that_leads_nowhere(material):
    nbformat = pytest.importorskip("nbformat", reason="it reads notebooks")
    made = material.files()
    for page in [*material.UNITS, *material.LINKED]:
        notebook = nbformat.reads(made[f"{page.stem}.ipynb"].decode(), 4)
        nbformat.validate(notebook)
        cells = [cell.source.splitlines() for cell in notebook.cells if cell.cell_type == "code"]
        if page in material.UNITS:
            assert cells.pop()[-1] == f'print(check("exercises/unit{page.stem[0]}.py"))'
        drawn = [cells.pop(i) for i in range(len(cells))[::-1] if cells[i][0].startswith("from figures import")]
        assert all([re.fullmatch(r"(display\()?(unit\d|homework)\.\w+\(.*\)", lines[-1]) for lines in drawn])
        assert len(drawn) == page.read_text("utf-8").count("```{drawn} ")
        written = [[line for line in lines if line.strip()] for lines in code_of(page)]
        assert [[line for line in lines if line.strip()] for lines in cells] == written
        words = "\n".join([cell.source for cell in notebook.cells if cell.cell_type == "markdown"])
        assert not re.search(r"^% |\{term\}|\{glossary\}|\{derivation\}|^## For the teacher", words, re.MULTILINE)
        targets = re.findall(r"\]\((?!http)([^)#]+)", words) + re.findall(r'href="(.*?)"', words)
        assert [target for target in targets if target not in made] == []


def test_the_zip_is_the_same_each_time_and_has_funcnn_and_what_it_needs(material, tmp_path):
    material.write(tmp_path / "one", seed=7)
    material.trains.cache_clear()  # so that each page is written again
    material.write(tmp_path / "two", seed=7)
    assert (tmp_path / "one" / "course.zip").read_bytes() == (tmp_path / "two" / "course.zip").read_bytes()
    with ZipFile(tmp_path / "one" / "course.zip") as file:
        assert file.testzip() is None
        names = {name.removeprefix("funcnn-course/") for name in file.namelist()}
        readme = file.read("funcnn-course/README.txt").decode()
        needs = file.read("funcnn-course/requirements.txt").decode().split()
        given = [file.read(f"funcnn-course/{folder}/unit1.py") for folder in ("exercises", "solutions")]
    assert all([text.startswith(b'"""Unit 1, variant 7: ') for text in given])
    assert {"funcnn/__init__.py", "funcnn/py.typed", "LICENSE", "notes_for_the_teacher.md"} <= names
    assert {f"{unit}{suffix}" for unit in UNITS for suffix in (".ipynb", "_slides.html", "_steps.html")} <= names
    written = [f"unit{number}" for number in NUMBERS] + ["homework"]
    assert {f"{folder}/{name}.py" for folder in ("exercises", "solutions") for name in written} <= names
    assert not any(["__pycache__" in name for name in names])
    assert {"figures/pen.py", "networks.py"} <= names
    assert f"{UNITS[0]}.ipynb to {UNITS[-1]}.ipynb" in readme
    project = tomllib.loads((COURSE.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    extra = project["optional-dependencies"]["testing"]
    assert [need for need in needs if "jupyter" not in need] == [*project["dependencies"], *extra]


def test_a_zip_for_learners_has_no_solution_no_notes_and_no_link_to_them(material, tmp_path, monkeypatch):
    found = material.files()
    monkeypatch.setattr(material, "files", lambda seed: found)
    material.write(tmp_path, solutions=False)
    assert not (tmp_path / "solutions").exists()
    with ZipFile(tmp_path / "course.zip") as file:
        names = {name.removeprefix("funcnn-course/") for name in file.namelist()}
        texts = [file.read(name).decode() for name in file.namelist() if name.endswith((".ipynb", ".txt", ".html"))]
        rules = [file.read(name) for name in file.namelist() if "/teach/course/" in name]
    assert {*rules} == {b"def __getattr__(name):\n    return None\n"}
    assert names == {name for name in found if not name.startswith(("solutions/", "notes_for"))}
    assert not any([f"solutions/{end}" in text or "notes_for" in text for text in texts for end in ("unit", " ")])
    assert any(["exercises/unit1.py" in text for text in texts])


OFFLINE = """\
import socket, sys
def refuse(*given):
    raise AssertionError("the course must not use a network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
sys.path[:] = [path for path in sys.path if not path.endswith(("funcnn", "course"))]
sys.path.insert(0, "")
"""


@pytest.mark.filterwarnings("default")  # those of the libraries that run a notebook
def test_all_notebooks_of_the_zip_run_without_a_network(material, tmp_path):
    nbformat = pytest.importorskip("nbformat", reason="it reads notebooks")
    client = pytest.importorskip("nbclient", reason="it executes notebooks").NotebookClient
    pytest.importorskip("ipykernel", reason="it runs the code of a notebook")
    material.write(tmp_path)
    with ZipFile(tmp_path / "course.zip") as file:
        file.extractall(tmp_path)
    folder = tmp_path / "funcnn-course"
    cells = [nbformat.v4.new_code_cell(OFFLINE)]
    for unit in UNITS:
        cells += nbformat.read(folder / f"{unit}.ipynb", 4).cells
    cells.append(nbformat.v4.new_code_cell("import funcnn; print(funcnn.__file__)"))
    notebook = nbformat.v4.new_notebook(cells=cells)  # all in one kernel, whose start takes the longest
    client(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    shown = ["".join([output.get("text", "") for output in cell.get("outputs", [])]) for cell in notebook.cells]
    assert sum(["0 of 5 exercises are done." in text for text in shown]) == len(UNITS)
    assert Path(shown[-1].strip()).is_relative_to(folder)

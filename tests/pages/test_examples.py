"""Each example runs without a screen, prints its number and saves its picture."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests import gallery
from tests.counts import in_full

pytestmark = pytest.mark.unwatched

EXAMPLES = Path(__file__).parents[2] / "examples"
OF_LAYERS = ["attention", "convolution", "embedding", "recurrent"]
QUIET = ["-W", "error", "-W", "ignore::DeprecationWarning"]  # others' imports may use what is deprecated


@pytest.fixture
def run(tmp_path):
    """What an example prints, once it has saved its picture."""

    def run(name, *packages, options=()):
        for package in packages:
            pytest.importorskip(package, reason=f"examples/{name}.py uses {package}")
        command = [sys.executable, "-X", "utf8", *QUIET, EXAMPLES / f"{name}.py", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        gallery.assert_current(name, tmp_path / f"{name}.png", done.stdout)
        return done.stdout

    return run


def numbers(pattern, text):
    """Every number that stands where the pattern has its group."""
    return [float(number) for number in re.findall(pattern, text)]


def test_every_example_is_a_short_story():
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in EXAMPLES.glob("*.py")}
    assert {name: length for name, length in lengths.items() if length >= 80} == {}


def test_each_example_is_in_the_gallery_with_a_small_picture_that_is_described():
    sections = gallery.sections()
    assert sorted(sections) == sorted(path.stem for path in EXAMPLES.glob("*.py"))
    for name, text in sections.items():
        assert f"](../examples/{name}.py)" in text
        [(described, picture)] = re.findall(r"!\[([^]]*)\]\(([^)]*)\)", text)
        assert len(described) > 60
        assert len((gallery.DOCS / picture).read_bytes()) < (500_000 if name == "transmission" else 200_000), name
        assert text.count("```text\n") == 1


def test_no_title_is_cut_off_at_the_edge_of_a_picture():
    image = pytest.importorskip("PIL.Image", reason="pictures are opened by Pillow")
    for path in gallery.DOCS.rglob("*.png"):
        with image.open(path) as file:
            gray = np.asarray(file.convert("RGBA").convert("L"))
        edges = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
        assert edges.min() > 200 or path.name in {"transmission.png", "horse_and_cat.png"}, path


def test_another_picture_or_line_is_found():
    pictures = gallery.DOCS / "examples"
    printed = gallery.sections()["line"].split("```text\n")[1].split("```")[0]
    gallery.assert_current("line", pictures / "line.png", printed)
    with pytest.raises(AssertionError, match="another picture"):
        gallery.assert_current("line", pictures / "titanic.png", printed)
    with pytest.raises(AssertionError, match=r"f\(12\)"):
        gallery.assert_current("line", pictures / "line.png", printed.replace("25.0", "35.0"))
    with pytest.raises(AssertionError, match=r"f\(12\)"):
        gallery.assert_current("line", pictures / "line.png", printed.replace("(12) =", "(12):"))


@in_full
def test_a_gradient_of_ones_own_is_proven_and_what_the_report_promises_holds(run):
    out = run("prove_your_own", "matplotlib")
    assert out.startswith("WrongGradient: smooth_relu: dsharpness, 2 of 2 entries wrong, first sharpness[0]\n")
    assert "\npass: every entry of x" in out
    assert "At the simplest arguments: smooth_relu: dsharpness, 1 of 1 entries wrong, first sharpness[0]\n" in out
    assert "    x = np.array([[0.125]])\n" in out
    [seen], [promised] = numbers(r"error seen: ([^\s,]+)", out), numbers(r"had promised (\S+)", out)
    assert seen <= 4 * promised < 1e-7  # sizes are tried in steps of 4


def test_the_pictures_of_the_page_on_proofs_are_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="docs/proving_a_gradient.py draws")
    script = EXAMPLES.parent / "docs" / "proving_a_gradient.py"
    command = [sys.executable, "-X", "utf8", *QUIET, script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    for name in ("error_against_step", "kink"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    [bound], [error] = numbers(r"bound ([^\s,]+)", done.stdout), numbers(r"error ([^\s;]+)", done.stdout)
    assert error < bound < 1e-10
    assert done.stdout.endswith("relu at 0: [0, 1]\n")


def test_line_prints_the_costs_of_the_article(run):
    out = run("line", "matplotlib")
    article = [24.643963268924306, 0.009408179907957642, 0.00043269013393172113, 1.989979716251954e-05]
    article += [9.152090515935006e-07, 4.2091263608210285e-08]
    rounded = [1.935813975e-09, 8.90297754e-11, 4.09455713e-12, 1.88312259e-13]  # the article's own rounding
    costs = numbers(r"cost (\S+)", out)
    assert costs[:6] == pytest.approx(article, rel=1e-12, abs=0)
    assert costs[6:] == pytest.approx(rounded, rel=5e-9, abs=0)
    assert out.endswith("\nf(12) = 25.00000019\n")


def test_rose_prints_the_costs_of_the_article_and_writes_the_player_of_the_page(run, tmp_path):
    out = run("rose", "matplotlib", options=["--player"])
    pages = tmp_path / "rose.html", EXAMPLES.parent / "docs" / "_static" / "rose.html"
    numbers_of_the_run = re.compile(r'(?<=points=")[^"]*|(?<=id="run">)[^<]*')  # which differ in their last digits
    assert len({numbers_of_the_run.sub("", page.read_text("utf-8")) for page in pages}) == 1
    article = [0.6931058695708833, 0.018725110460137025, 0.010960375476196648, 0.007723264407820055]
    assert numbers(r"2-4-1 cost at step \d+: (\S+)", out) == pytest.approx(article, rel=1e-10, abs=0)
    assert numbers(r"2-1 cost: (\S+) at first", out) == pytest.approx([0.693], abs=5e-4)
    assert numbers(r"at first, (\S+) in the end", out) == pytest.approx([0.662], abs=5e-4)
    assert out.endswith("100.0 % right\n")


def test_titanic_finds_what_scikit_learn_finds(run):
    out = run("titanic", "matplotlib", "sklearn")
    [ours] = numbers(r"converged, .* -> (\S+)", out)
    [floor] = numbers(r"scikit-learn: training cost (\S+)", out)
    assert ours == pytest.approx(floor, abs=1e-4)
    accuracy, theirs, article = numbers(r"([\d.]+) %", out.splitlines()[-1])
    assert accuracy == pytest.approx(theirs, abs=1)
    assert theirs - 3 <= article <= theirs
    assert theirs > 75


@in_full
def test_faces_are_told_from_what_is_none(run):
    out = run("faces", "matplotlib", "sklearn", "skimage", "tqdm")
    assert numbers(r"training accuracy: (\S+) %", out)[0] >= 97
    assert numbers(r"test accuracy: (\S+) %", out)[0] >= 93


@in_full
def test_digits_reaches_its_accuracy_and_resumes_to_the_same_bits(run):
    out = run("digits", "matplotlib", "sklearn", "tqdm")
    [best, resumed] = re.findall(r"\b[0-9a-f]{16}\b", out)
    assert best == resumed
    [accuracy] = numbers(r"test accuracy: (\S+) %", out)
    assert accuracy >= 95


@in_full
def test_a_run_that_is_killed_ends_as_one_that_is_not(run):
    out = run("resume", "matplotlib")
    [deaths, steps] = re.search(r"killed at steps ([\d, ]+) of (\d+)", out).groups()
    deaths = [int(step) for step in deaths.split(", ")]
    assert len(deaths) == 6
    assert 0 < deaths[0] < deaths[-1] < int(steps)
    assert deaths == sorted(deaths)
    [undisturbed, killed] = re.findall(r"\b[0-9a-f]{16}\b", out)
    assert undisturbed == killed


@in_full
def test_a_run_ends_in_the_same_bits_on_each_engine(run):
    out = run("data_parallel", "matplotlib", "threadpoolctl")
    names, marks = zip(*re.findall(r"^(.{12}) ([0-9a-f]{16})  cost", out, re.MULTILINE), strict=True)
    assert len(set(marks)) == 1
    assert {"none", "3 threads", "2 processes"} <= {name.strip() for name in names}


@in_full
def test_rows_of_a_sorted_file_are_learnt_better_from_a_larger_window(run):
    out = run("larger_than_memory", "matplotlib")
    one, many = numbers(r"mean squared error (\S+)", out)
    assert many == pytest.approx(0.0012, rel=0.2)
    assert many < one / 2
    assert numbers(r"variance of y: (\S+)", out) == [0.2118]


def test_time_can_be_travelled(run):
    out = run("time_travel", "matplotlib")
    [before, after] = numbers(r"([+-]\d\.\d+)", out)
    assert before * after < 0
    ends = re.search(r"costs in the end: (\S+), and (\S+) had that step been short", out).groups()
    assert [float(cost) for cost in ends] == pytest.approx([0.00129, 0.00124], abs=2e-4)


@in_full
def test_new_words_are_spelled_better_than_by_pairs_of_letters(run):
    out = run("names", "matplotlib")
    [cost], [baseline] = numbers(r"held-out words: (\S+) nats", out), numbers(r"by bigrams (\S+)", out)
    assert cost < baseline - 0.4
    assert baseline == pytest.approx(2.43, abs=0.1)  # it depends on which words Python's documentation has
    words = out.split("by the LSTM:  ")[1].split("\n")[0].split(", ")
    assert len(words) == len(set(words)) == 20
    assert all(3 < len(word) <= 13 for word in words)


@in_full
def test_the_transformer_tells_more_than_the_last_two_characters_do(run):
    out = run("transformer", "matplotlib", "threadpoolctl", "tqdm")
    [cost], [trigram] = numbers(r"held back: (\S+) nats", out), numbers(r"interpolated trigram: (\S+)\n", out)
    assert cost < trigram - 0.15
    assert trigram == pytest.approx(1.73, abs=0.1)  # it depends on what Python's documentation says
    written = out[: out.index("\n\ncost of a character held back")]
    assert len(written) == len("The assignment statement ") + 320
    assert written.startswith("The assignment statement ")


@in_full
@pytest.mark.parametrize("page", ["optimizers", "schedules", *map("layers/{}".format, OF_LAYERS)])
def test_the_pictures_of_the_pages_are_drawn(page, tmp_path):
    pytest.importorskip("matplotlib", reason=f"docs/{page}.py draws")
    command = [sys.executable, "-X", "utf8", *QUIET, EXAMPLES.parent / "docs" / f"{page}.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"{Path(page).name}.png").read_bytes().startswith(b"\x89PNG")


@in_full
def test_digits_are_read_by_convolutions(run):
    out = run("digits_conv", "matplotlib", "sklearn", "tqdm")
    assert "There are 6090 trainable parameters" in out
    assert numbers(r"test accuracy: (\S+) %", out)[0] >= 97


@in_full
def test_an_autoencoder_keeps_more_of_a_digit_in_two_numbers_than_pca_does(run):
    out = run("autoencoder", "matplotlib", "sklearn")
    [error], [pca] = numbers(r"test error: (\S+)", out), numbers(r"PCA with two components: (\S+)", out)
    assert error < 0.8 * pca
    assert pca == pytest.approx(0.053, abs=0.003)
    assert "kept for backward" in out


def test_the_largest_eigenvalues_by_lanczos_are_those_of_the_whole_matrix(run):
    out = run("curvature", "matplotlib", "scipy")
    line = out.partition("largest eigenvalues")[2].partition("\n")[0] + "\n"
    [largest, second, _, smallest] = numbers(r"(-?\d\.\d+)[ \]\n]", line)
    assert (largest, second) == pytest.approx((2.764, 0.674), abs=2e-3)
    assert -0.02 < smallest < 0
    assert numbers(r"all eigenvalues by (\S+)", out)[0] < 1e-12
    assert numbers(r"its transpose by (\S+)", out)[0] < 1e-12
    assert numbers(r"bends by (\S+)", out)[0] == pytest.approx(largest, abs=1e-3)

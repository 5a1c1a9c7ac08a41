"""The example `transmission.py` as a script: its picture, its number, and its errors."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.counts import in_full

pytestmark = pytest.mark.unwatched

for package in ("matplotlib", "skimage", "threadpoolctl", "tqdm"):
    pytest.importorskip(package, reason=f"examples/transmission.py uses {package}")
from threadpoolctl import threadpool_limits  # noqa: E402  it may be absent

Image = pytest.importorskip("PIL.Image", reason="examples/transmission.py reads pictures with Pillow")

SCRIPT = Path(__file__).parents[2] / "examples" / "transmission.py"
QUIET = ["-W", "error", "-W", "ignore::DeprecationWarning"]  # others' imports may use what is deprecated
SHORT = ["--steps-scale", "0.01", "--enhance", "2"]
X = np.stack([part.ravel() for part in np.meshgrid(np.linspace(-1, 1, 20), np.linspace(-1, 1, 30), indexing="ij")])
DISC = ((X[0] - 0.3) ** 2 + X[1] ** 2 < 0.3)[None].astype(float)  # below the middle


@pytest.fixture
def run(tmp_path):
    """What the script makes of its arguments: exit code, stdout, stderr, and the files it adds."""

    def run(*arguments):
        before = set(tmp_path.iterdir())
        command = [sys.executable, "-X", "utf8", *QUIET, SCRIPT, *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
        added = {path.name for path in set(tmp_path.iterdir()) - before}
        return done.returncode, done.stdout, done.stderr, added

    return run


@pytest.fixture
def run_here(tmp_path, monkeypatch, capsys):
    """The same within this process, which has imported all that the script needs: a second less for each run."""

    def run(*arguments):
        before = set(tmp_path.iterdir())
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(SCRIPT.parent)  # as a script has it
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
        code = 0
        with threadpool_limits(1):  # as the script has it, but no longer than the script
            try:
                runpy.run_path(str(SCRIPT), run_name="__main__")
            except SystemExit as ended:
                code = ended.code
        out, err = capsys.readouterr()
        added = {path.name for path in set(tmp_path.iterdir()) - before}
        return code, out, err, added

    return run


def panels(path):
    """The three pictures of the figure, without their frames, as grey levels: the original, relu, the finer network."""
    with Image.open(path) as file:
        grey = np.asarray(file.convert("L")).astype(float)
    width = grey.shape[1] // 3
    thirds = [grey[:, i * width : (i + 1) * width] for i in range(3)]
    return [third[third.shape[0] // 5 : -third.shape[0] // 5, 50:-50] for third in thirds]


def costs(out):
    """Of each network."""
    return [float(cost) for cost in re.findall(r"cost (\S+)", out)]


MORE = [[], ["--rgb"], ["--article"], ["--enhance", "12"], ["--out", "sub/horse.pdf"]]


@pytest.mark.parametrize("more", MORE, ids=" ".join)
def test_short_run_saves_its_picture(run, run_here, tmp_path, more):
    (tmp_path / "sub").mkdir()
    code, out, err, added = (run_here if more else run)(*SHORT, *more)
    assert code == 0, err
    steps = 280 if "--article" in more else 60
    finer, unit = ("sine layers", "PSNR") if "--rgb" in more else ("Fourier features", "intersection over union")
    assert re.search(rf"^relu: cost 0\.\d{{4}} after {steps} steps, {unit} [\d.]+( dB)?$", out, re.MULTILINE)
    assert re.search(rf"^{finer}: cost 0\.\d{{4}} after 25 steps, {unit} [\d.]+( dB)?\n$", out, re.MULTILINE)
    assert re.search(r"cost 0\.\d+, lr [\d.e-]+", err)
    if "--out" in more:
        assert added == set()
        assert (tmp_path / "sub" / "horse.pdf").read_bytes().startswith(b"%PDF")
    else:
        assert added == {"transmission.png"}
        with Image.open(tmp_path / "transmission.png") as figure:
            figure.verify()


@pytest.mark.parametrize("channels", [1, 3])
def test_article_layout_in_any_order_is_the_same_picture(run_here, tmp_path, channels):
    order = np.random.default_rng(0).permutation(X.shape[1])
    Y = np.repeat(DISC, channels, axis=0)
    np.savez(tmp_path / "sorted.npz", X=X, Y=Y)
    np.savez(tmp_path / "mixed.npz", X=X[:, order], Y=Y[:, order])
    results = [run_here(*SHORT, "--npz", f"{name}.npz", "--out", f"{name}.png") for name in ("sorted", "mixed")]
    assert [result[0] for result in results] == [0, 0], results
    assert results[0][1] == results[1][1]
    assert (tmp_path / "sorted.png").read_bytes() == (tmp_path / "mixed.png").read_bytes()


@in_full
def test_networks_draw_dark_where_the_picture_is_dark(run_here, tmp_path):
    pixels = np.where(DISC.reshape(20, 30) > 0, 60, 200).astype(np.uint8)
    Image.fromarray(pixels).resize((600, 400)).save(tmp_path / "disc.png")
    code, out, err, _ = run_here("--image", "disc.png", "--steps-scale", "0.1")
    assert code == 0, err
    assert max(costs(out)) < 0.1
    original, relu, finer = panels(tmp_path / "transmission.png")
    assert abs(original - relu).mean() < 0.05 * 255
    assert abs(original - finer).mean() < 0.05 * 255
    assert original[-1].mean() < original[0].mean()  # upright: the disc is below the middle


def test_strip_keeps_at_least_a_row(run_here, tmp_path):
    Image.fromarray(np.tile(np.uint8([[0] * 900 + [255] * 1100]), (3, 1))).save(tmp_path / "strip.png")
    code, _, err, added = run_here(*SHORT, "--image", "strip.png")
    assert (code, added) == (0, {"transmission.png"}), err


WRONG = {
    "no picture": (["--image", "notes.txt"], "notes.txt is not a picture"),
    "no file": (["--image", "nowhere.png"], "nowhere.png is not a picture"),
    "no npz": (["--npz", "notes.npz"], r"notes.npz is not a picture or an .npz of X \(2, m\)"),
    "npz without Y": (["--npz", "no_y.npz"], "no_y.npz is not a picture"),
    "npz that is no grid": (["--npz", "no_grid.npz"], "no_grid.npz is not a picture"),
    "npz out of range": (["--npz", "range.npz"], "numbers from 0 to 1"),
    "npz of NaN": (["--npz", "nan.npz"], "numbers from 0 to 1"),
    "npz of two outputs": (["--npz", "two.npz"], "1 or 3 numbers"),
    "all black": (["--image", "black.png"], "must have at least two colours"),
    "all black in colour": (["--image", "black.png", "--rgb"], "must have at least two colours"),
    "out in a missing folder": (["--out", "nowhere/horse.png"], "--out must be .*, not nowhere/horse.png"),
    "out of no known kind": (["--out", "horse.xyz"], "--out must be a picture, .*, not horse.xyz"),
    "too large": (["--enhance", "1000"], "--enhance must make 1 to 10 million pixels of 94 x 115, not 1000"),
    "too small": (["--enhance", "0"], "--enhance must make .*, not 0"),
    "no number": (["--enhance", "much"], "argument --enhance: invalid int value: 'much'"),
    "no steps": (["--steps-scale", "-5"], "--steps-scale must be above 0"),
    "endless steps": (["--steps-scale", "nan"], "--steps-scale must be above 0"),
    "no seed": (["--seed", "-1"], r"--seed in \[0, 2\*\*31\)"),
    "unknown": (["--faster"], "unrecognized arguments: --faster"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_one_line(run_here, tmp_path, arguments, message):
    (tmp_path / "notes.txt").write_text("no picture\n", "utf-8")
    (tmp_path / "notes.npz").write_text("no picture\n", "utf-8")
    np.savez(tmp_path / "no_y.npz", X=X)
    np.savez(tmp_path / "no_grid.npz", X=X[:, 1:], Y=DISC[:, 1:])
    np.savez(tmp_path / "range.npz", X=X, Y=255 * DISC)
    np.savez(tmp_path / "nan.npz", X=X, Y=np.nan * DISC)
    np.savez(tmp_path / "two.npz", X=X, Y=np.repeat(DISC, 2, axis=0))
    Image.new("L", (30, 20)).save(tmp_path / "black.png")
    code, out, err, added = run_here(*arguments)
    assert (code, out, added) == (2, "", set())
    assert re.fullmatch(rf"transmission: .*{message}.*\n", err)


def test_run_that_died_says_so(run_here, tmp_path):
    rows, columns = np.indices((20, 30))
    np.savez(tmp_path / "checkered.npz", X=X, Y=((rows + columns) % 2).reshape(1, -1))  # too fine: 1/2 is all it learns
    code, out, err, added = run_here("--npz", "checkered.npz", *SHORT)
    assert (code, out, added) == (1, "", set())
    assert re.search(r"\ntransmission: the cost 0\.69\d\d is the cost of a constant output; try another --seed\n$", err)


@in_full
def test_default_run_learns_the_horse(run):
    code, out, err, _ = run()  # 20 s
    assert code == 0, err
    (relu, _), (fourier, union) = re.findall(r"cost (\S+) after \d+ steps, intersection over union (\S+)\n", out)
    assert float(fourier) < 0.01 < float(relu) < 0.08
    assert float(union) >= 0.99  # so the horse has four legs


@in_full
def test_default_run_learns_the_cat(run):
    code, out, err, _ = run("--rgb")  # 11 s
    assert code == 0, err
    relu, sines = [float(decibels) for decibels in re.findall(r"PSNR (\S+) dB\n", out)]
    assert sines >= 38
    assert relu < sines - 10

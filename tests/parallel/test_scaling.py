"""The model of a sharded step, the command that measures it, and the simulation of docs/scaling.md."""

import importlib.util
import math
import subprocess
import sys
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("resource", reason="benchmarks read the times of processes from it")
pytest.importorskip("threadpoolctl", reason="it limits BLAS")
pytest.importorskip("matplotlib", reason="docs/scaling.py draws")
from funcnn import mse
from funcnn.parallel import sharded
from tests.benchmarks import bounded, scaling
from tests.benchmarks.__main__ import print_bounds, print_scaling
from tests.benchmarks.sharded import made
from tests.counts import in_full

pytestmark = pytest.mark.unwatched
DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scaling.md").read_text("utf-8")


@pytest.fixture
def simulation(monkeypatch):
    """The module docs/scaling.py, for 200 blocks."""
    spec = importlib.util.spec_from_file_location("simulation", DOCS / "scaling.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "BLOCKS", 200)
    return module


def test_a_simulated_step_takes_as_long_as_the_model_allows(simulation):
    for block, cost, workers in [(1.0, 0.01, 1), (1.0, 0.01, 7), (0.1, 0.05, 50), (0.5, 0.0, 200), (0.0, 0.3, 3)]:
        seconds = simulation.step(block, cost, workers, pending=64)
        busy = min(workers, 64)
        bound = scaling.predicted(200, busy, block, scaling.Cost(0.0, cost, 0.0), 0)
        bound += 200 / busy * block  # the longest run, which may begin last
        assert max(busy * cost, 200 / busy * block) <= seconds * (1 + 1e-9)
        assert seconds <= bound * (1 + 1e-9)
    assert simulation.step(1.0, 0.0, 1, 64) == pytest.approx(200)


def test_stragglers_are_drawn_by_a_seed_and_hold_back_those_behind_them(simulation):
    drawn = [simulation.step(1.0, 0.01, 8, 64, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert min(drawn) > simulation.step(1.0, 0.01, 8, 64)
    one = [simulation.step(1.0, 0.0, 1, 64, np.random.default_rng(seed)) for seed in range(3)]
    assert np.mean(one) == pytest.approx(5 * 200, rel=0.1)  # the only worker is the slow one; the mean of a block stays


def test_the_simulation_has_as_many_pending_blocks_as_sharded(simulation):
    assert signature(sharded).parameters["pending"].default == simulation.PENDING


@in_full
def test_the_page_has_the_numbers_of_the_simulation_and_a_small_picture(tmp_path):
    command = [sys.executable, "-X", "utf8", "-W", "error", "-W", "ignore::DeprecationWarning", DOCS / "scaling.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 14
    assert done.stdout in PAGE
    assert (tmp_path / "scaling.svg").read_text("utf-8").count("<path") > 20
    assert (DOCS / "scaling.svg").stat().st_size < 40_000


def test_the_page_has_the_predictions_of_its_constants():
    """T = l + k (c + b / B) + ceil(k / w) t, from the numbers that are printed there."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.count("|") > 4]
    costs = {row[0]: [float(cell.split()[0]) for cell in row[1:4]] for row in cells if row[0] in scaling.ENGINES}
    assert costs.keys() == scaling.ENGINES.keys()
    rows = [row for row in cells if row[0] in scaling.NETWORKS and row[-1].count(":") == 1]
    assert [row[0] for row in rows] == [*scaling.NETWORKS]
    for name, k, t, *times in rows:
        sizes, *_ = scaling.NETWORKS[name]
        size = scaling.size_of(made(sizes, 2, mse)[0])
        engines = zip(costs.values(), scaling.ENGINES.items(), times, strict=True)
        for (a_step, a_block, a_byte), (engine, workers), cell in engines:
            cost = scaling.Cost(a_step, a_block, a_byte * 1e-6)  # milliseconds; 1 ns is 1e-6 ms
            guess, measured, ratio = [float(part) for part in cell.replace(":", ",").split(",")]
            sums = scaling.sums_of(engine, int(k))
            assert scaling.predicted(int(k), workers, float(t), cost, size, sums) == pytest.approx(guess, rel=0.09)
            assert guess / measured == pytest.approx(ratio, abs=0.03)


def test_constants_and_steps_are_measured(monkeypatch, capsys):
    monkeypatch.setattr(scaling, "ENGINES", {"none": 1, "two threads": 2})
    monkeypatch.setattr(scaling, "NETWORKS", {"a network": ([1, 1], 8, mse, 3)})
    print_scaling(1)
    first, second = [part.splitlines() for part in capsys.readouterr().out.split("\nA step: ")]
    assert [line.split("|")[1].strip() for line in first if line.startswith("| ")][2:] == ["none", "two threads"]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in second if line.startswith("| a network")]
    assert [row[:2] for row in rows] == [["a network, none", "3"], ["a network, two threads", "3"]]
    assert all([math.isfinite(float(row[-1])) for row in rows])


def test_bounds_are_measured(monkeypatch, capsys):
    monkeypatch.setattr(bounded, "SIZES", [(2, 70)])
    print_bounds(1)
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| 2 x 70"))
    work, *ways = [cell.strip() for cell in row.split("|")[2:-1]]
    assert len(ways) == len(bounded.WAYS)
    for way in ways:
        seconds, bound = way.split(" ms: ")
        assert float(work.split()[0]) / float(seconds) == pytest.approx(float(bound), rel=0.1)

"""The commands of tests/benchmarks, without their measurements."""

import json
import re
import shutil
from contextlib import nullcontext

import numpy as np
import pytest

from funcnn import mse
from funcnn.compilation.inside import LOG
from funcnn.testing import GradientError
from tests.benchmarks import checked, checks, instructions, limits, page, switched, whole
from tests.benchmarks.__main__ import OF_THE_PAGE, print_bits, print_sharded
from tests.benchmarks.article import NeuralNetwork
from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.families import ROWS
from tests.benchmarks.switched import ours
from tests.benchmarks.tables import report
from tests.benchmarks.timing import Contender
from tests.counts import in_full

HERE = {"Python": "3.11.7", "valgrind": "3.24.0"}
BUDGETED = {"a step": 100_000, "predict": 1_000}


@pytest.fixture
def counting(monkeypatch, tmp_path):
    """A run of the command in which callgrind counts what it is told."""
    budget = tmp_path / "budget.json"
    budget.write_text(json.dumps({"environment": HERE, "counts": BUDGETED}))
    monkeypatch.setattr(instructions, "BUDGET", budget)
    monkeypatch.setattr(instructions.shutil, "which", lambda name: f"/usr/bin/{name}")

    def run(counts, environment=HERE, *words):
        monkeypatch.setattr(instructions, "counted", lambda: (environment, BUDGETED | counts))
        instructions.main(list(words))
        return json.loads(budget.read_text())["counts"]

    return run


def test_instructions_may_grow_by_3_percent(counting, capsys):
    counting({"a step": 102_999})
    assert "102,999   +3.00 % of the budget" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="1"):
        counting({"a step": 103_001})
    assert "instructions: a step is more than 3% above the budget" in capsys.readouterr().err


def test_instructions_are_compared_in_the_same_environment_alone(counting, capsys):
    counting({"a step": 200_000}, HERE | {"Python": "3.12.0"})
    assert capsys.readouterr().out.endswith("  Python: here 3.12.0; in the budget 3.11.7\n")
    counting({"predict": 2_000}, {"Python": "3.11.7"})
    assert capsys.readouterr().out.endswith("  valgrind: here None; in the budget 3.24.0\n")


def test_instructions_become_the_budget_if_asked(counting):
    assert counting({"a step": 300_000}, HERE, "--write")["a step"] == 300_000
    counting({"a step": 300_000})


def test_instructions_need_valgrind(counting, monkeypatch, capsys):
    monkeypatch.setattr(instructions.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="2"):
        counting({})
    assert capsys.readouterr().err.startswith("instructions: valgrind is not installed")


@in_full
def test_checks_are_timed_by_two_folders(monkeypatch, tmp_path, capsys):
    shutil.copytree(checks.HERE / "funcnn", tmp_path / "funcnn", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(checks, "pinned", lambda cores: nullcontext())
    monkeypatch.setattr(checks, "CHECKS", ["softplus of 5 numbers"])
    with checks.Side(tmp_path) as before, checks.Side(checks.HERE) as after:
        assert before.folder != after.folder
        found = checks.interleaved({"before": before, "after": after}, 1)
    assert (
        min([turn for kind in found.values() for side in kind["softplus of 5 numbers"].values() for turn in side]) > 0
    )
    checks.main(["--before", str(tmp_path), "--repeats", "1"])
    names = [line.split("|")[1].strip() for line in capsys.readouterr().out.split("\n") if line.startswith("| ")]
    assert names == ["workload", "-" * 21, "softplus of 5 numbers", checks.ALL]


def test_checks_need_a_folder_or_a_revision(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="2"):
        checks.main(["--before", "no such revision"])
    assert "--before must be a folder that holds funcnn, or a revision\n" in capsys.readouterr().err


def test_ratios_of_checks_are_medians_within_repeats(monkeypatch):
    monkeypatch.setattr(checks, "CHECKS", ["f", "g"])
    times = {"before": [1.0, 2.0, 4.0], "after": [3.0, 4.0, 2.0]}
    text = checks.report({kind: {"f": times, "g": times} for kind in ("passing", "failing")}, "a revision")
    cells = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in text.split("\n") if line.startswith("| ")}
    assert [cell.strip() for cell in cells["g"]] == ["2 s", "3 s", "2.00"] * 2
    assert [cell.strip() for cell in cells[checks.ALL]] == ["4 s", "6 s", "2.00"] * 2


@in_full
@pytest.mark.parametrize("name", [name for name in checked.CHECKS if "200" not in name])
def test_checks_that_are_timed_pass_and_fail(name, monkeypatch):
    for kind in ("passing", "failing"):
        checked.check_all(name, kind)
    swapped = {"passing": checked.CHECKS[name]["failing"], "failing": checked.CHECKS[name]["passing"]}
    monkeypatch.setitem(checked.CHECKS, name, swapped)
    with pytest.raises(GradientError):
        checked.check_all(name, "passing")
    with pytest.raises(AssertionError, match="the wrong gradient passes"):
        checked.check_all(name, "failing")


def test_the_page_has_all_rows_of_the_command():
    written = page.written_by_the_command(page.PAGE.read_text("utf-8"))
    left_out = [name for name in OF_THE_PAGE if ROWS[name].cores > 1 and f"| `{name}`" not in written]
    assert set(re.findall(r"^\| `(\S+)`", written, re.MULTILINE)) == {*OF_THE_PAGE} - {*left_out}
    assert all([name in written for name in left_out])


def test_the_command_writes_between_its_marks_alone(tmp_path):
    speed = tmp_path / "speed.md"
    speed.write_text(f"above\n{page.START}old\n{page.END}below\n")
    page.write("new", speed)
    page.write("newer", speed)
    assert speed.read_text() == f"above\n{page.START}\nnewer\n\n{page.END}below\n"


def test_ratios_are_medians_within_repeats_and_the_faster_variant_counts():
    text = report(
        {
            "titanic": {"funcnn": [1.0, 2.0, 4.0], "torch": [3.0, 4.0, 2.0], "JAX jit": [0.5, 0.5, 4.0]},
            "max-pool": {"funcnn": [1.0] * 3, "torch (channels last)": [3.0] * 3, "torch (channels first)": [0.8] * 3},
        }
    )
    cells = {line.split("`")[1]: line.split(" | ")[1:] for line in text.split("\n") if line.startswith("| `")}
    assert [cell.strip(" |") for cell in cells["titanic"]] == ["2 s", "2.00", "0.50"]
    assert [cell.strip(" |") for cell in cells["max-pool"]] == ["1 s", "0.80"]
    assert text.endswith("\n\n- JAX jit: titanic 2.00\n- torch: max-pool 1.25")


def test_kernels_have_a_table_of_their_own():
    times = {"funcnn": [4.0], "kernels": [1.0], "torch": [2.0]}
    text = report({"layer-norm": times, "dropout": {"funcnn": [1.0], "torch": [2.0]}})
    own = text.split("as segments of a compiled function:")[1].split("###")[0]
    (row,) = [line for line in own.split("\n") if line.startswith("| `")]
    assert [cell.strip(" |") for cell in row.split(" | ")[1:]] == ["1 s", "4.00", "2.00"]


CORE = limits.Core({np.float32: 2e11, np.float64: 1e11}, {np.float32: 1e11, np.float64: 5e10}, {"memory": 1e10})


def cells_of(text):
    """The cells of each row but the first, by what stands in the first."""
    lines = [line.split(" | ") for line in text.split("\n") if line.startswith("| `")]
    return {first.strip("| "): [cell.strip(" |") for cell in cells] for first, *cells in lines}


def test_the_best_of_each_side_stands_beside_the_limit(monkeypatch):
    monkeypatch.setattr(limits, "SIZES", {"memory": 1 << 27})
    step = {"funcnn": [9e-3] * 3, "compiled": [2e-3, 2e-3, 4e-3], "torch": [8e-3] * 3, "JAX jit": [1e-3, 3e-3, 6e-3]}
    loop = {"fold": [1e-3] * 3, "JAX fori_loop": [0.5e-3] * 3}
    text = report({"transmission": step | loop, "max-pool": {"funcnn": [1.0] * 3}}, CORE)
    own = text.split("### Beside the limits of a core")[1]
    one, many = cells_of(own).values()
    assert one == ["compiled 2 ms", "JAX jit 3 ms", "1.50", "1.05 ms", "25.7 us", "1.90"]
    assert many == ["fold 1 ms", "JAX fori_loop 500 us", "0.50", "1.05 ms", "25.7 us", "0.95"]
    assert own.endswith("\n\n- transmission, 20 steps a call: JAX fori_loop 2.00")
    assert "200 in float32 and 100 in float64 GFLOP/s; NumPy's products 100 in float32 and 50 in float64. " in own
    assert "### Beside" not in report({"max-pool": {"funcnn": [1.0] * 3}}, CORE)


def test_limits_count_products_and_what_is_read_and_written():
    products = 2 * 27 + 27 * 31 + 31 * 31 + 31
    flops, moved, _ = ROWS["predict-tiny-10k"].limit()
    assert (flops, moved) == (2 * 10_000 * products, 4 * (products + 27 + 31 + 31 + 1 + 10_000 * 3))
    flops, moved, dtype = ROWS["adam-32"].limit()
    assert flops == 2 * 32 * (3 * products - 54)  # dx of the first layer is not needed
    assert (moved, dtype) == (8 * (2 * 3 * (products + 90) + 32 * 3), np.float64)
    assert ROWS["digits-conv"].limit().flops == 64 * (2 * 64 * 9 * 16 + 3 * 16 * 9 * 16 * 32 + 3 * 128 * 10)
    assert [name for name in OF_THE_PAGE if ROWS[name].limit and min(ROWS[name].limit()[:2]) <= 0] == []


def test_bandwidth_is_that_of_arrays_that_are_no_smaller():
    core = CORE._replace(bytes={name: i for i, name in enumerate(limits.SIZES)})
    assert [core.bandwidth(moved) for moved in (1, 1 << 19, 1 << 20, 1 << 24, 1 << 40)] == [0, 0, 1, 2, 2]


def test_a_first_call_that_is_not_compiled_has_no_time():
    text = report({"depth-10": {"compiled": [1.0], "JAX jit": [2.0]}, "depth-1000": {"JAX jit": [3.0]}})
    assert [*cells_of(text).values()] == [["1 s", "2 s", "2.00"], ["-", "3 s", "-"]]


def test_two_threads_stand_beside_both_plain_ways(monkeypatch, capsys):
    sharded = pytest.importorskip("tests.benchmarks.sharded", reason="threadpoolctl limits BLAS")
    times = {sharded.ONE: [4.0], sharded.SHARDED: [2.0], sharded.TWO: [3.0]}
    monkeypatch.setattr(sharded, "RUNS", {"a network": ([1, 1], 8, mse)})
    monkeypatch.setattr(sharded, "times_and_blocks", lambda name, repeats: (times, 2))
    monkeypatch.setattr(sharded, "bytes_of_steps", lambda steps: {"a network": (128, [(1000, 20, 0)] * steps)})
    print_sharded(1)
    first, second = [line.split(" | ")[1:] for line in capsys.readouterr().out.split("\n") if "a network" in line]
    assert [cell.strip(" |") for cell in first] == ["2", "4 s", "3 s", "2 s", "2.00", "1.50", "1.50"]
    assert [cell.strip(" |") for cell in second] == ["128", *["1,000 / 20 / 0"] * 5]


def test_times_of_two_threads_are_measured(monkeypatch):
    sharded = pytest.importorskip("tests.benchmarks.sharded", reason="threadpoolctl limits BLAS")
    monkeypatch.setattr(sharded, "RUNS", {"a network": ([1, 1], 8, mse)})
    times, blocks = sharded.times_and_blocks("a network", 1)
    assert times.keys() == {sharded.ONE, sharded.TWO, sharded.SHARDED}
    assert blocks == 1


def test_fingerprints_by_kernels_for_several_processors_are_compared(monkeypatch, capsys):
    bits = pytest.importorskip("tests.benchmarks.bits", reason="threadpoolctl limits BLAS")
    assert len({*bits.runs()}) == len(bits.SIZES)
    monkeypatch.setattr(bits, "on_cores", lambda: {"SkylakeX": ["a", "b"], "Haswell": ["a", "c"]})
    print_bits(2)
    products, first, second = capsys.readouterr().out.strip().split("\n")
    assert re.fullmatch(r"Bits: [012] of 2 products of random shapes differ between one thread and two", products)
    assert [line.split(" small")[0] for line in (first, second)] == ["Bits: 0 of 2", "Bits: 1 of 2"]


def test_one_process_measures_layers_in_numpy_and_compiled():
    pytest.importorskip("llvmlite", reason="kernels need llvmlite")
    made = ours(Contender(LOG.get, lambda log: (None, log is not None), lambda _: []))
    try:
        assert [contender.step(contender.start()) for contender in made.values()] == [(None, False), (None, True)]
    finally:
        switched._switch.close()
    assert LOG.get() is None


def test_the_classes_of_the_article_print_its_costs(monkeypatch):
    monkeypatch.setattr(np.random, "randn", np.random.RandomState(1).randn)
    line, x, costs = NeuralNetwork("mse"), np.arange(-2.0, 5.0)[None], []
    line.add(1, n_in=1)
    for _ in range(101):
        A = line.forward(x)
        costs.append(line.cost(A, 2 * x + 1))
        line.backward(A, 2 * x + 1)
        line.update(0.01)
    assert np.allclose(costs[::100], [24.643963268924306, 0.009408179907957642], rtol=1e-12)


@pytest.mark.parametrize("name", ["funcnn", "article"])
def test_a_whole_program_makes_the_steps_of_all_runs(name, monkeypatch):
    made = []
    for module, function in (("house", "network"), ("article", "article")):
        where = whole.import_module(f"tests.benchmarks.{module}")
        plain = getattr(where, function)
        monkeypatch.setattr(where, function, lambda workload, plain=plain: made.append(workload) or plain(workload))
    whole.main(name, 0.01)
    assert made == [workload for workload, _ in whole.RUNS.values()]


def test_whole_programs_are_run_by_train_and_by_others():
    others = {CONTENDERS[name][1] for name in whole.programs() if name not in whole.BY_TRAIN}
    assert "article" in others
    assert others <= {"article", "peers"}  # those of "house" need several cores, or are steps

"""The commands of tests/benchmarks, without their measurements."""

import json

import pytest

from tests.benchmarks import instructions

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

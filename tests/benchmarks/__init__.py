"""How fast a step is beside the same step of others, in the same run: `python -m tests.benchmarks`. Never a test."""

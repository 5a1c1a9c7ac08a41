"""Benchmarks: the time of a step next to the same step in other libraries, in one run: `python -m tests.benchmarks`."""

"""`python -m tests.live [NAMES]`: the parameters of thirty networks on their pages in Chromium, next to Python's.

After 100 steps they differ from NumPy's by rounding; after 300 steps, at a stable and a large rate, they have the bits
of portable programs.
"""
# ruff: noqa: T201  a command prints

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser import opened
from tests.live.networks import NETWORKS
from tests.live.training import difference, other_bits


def main():
    """A line for each network; the status is 1 if one differs."""
    has_failed = False
    with TemporaryDirectory() as folder, opened() as window:
        for name in sys.argv[1:] or NETWORKS:
            found = difference(name, window.page, Path(folder))
            bits = other_bits(name, window.page, Path(folder))
            is_wrong = bool(found["exact"] > 1e-12 or found["rounded"] > 1e-8 or bits)
            has_failed |= is_wrong
            differs = ", ".join([f"{path} at {lr:g}" for lr, path in bits]) or "same bits"
            print(f"{'WRONG ' * is_wrong}{name}: {found['exact']:.1e}, {found['rounded']:.1e}, {differs}", flush=True)
    return int(has_failed)


if __name__ == "__main__":
    sys.exit(main())

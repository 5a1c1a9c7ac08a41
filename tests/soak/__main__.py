"""`python -m tests.soak --minutes M --seed S`: trainings on engines drawn by lot, killed at random moments."""
# ruff: noqa: T201  a command prints

import argparse
import time
from collections import Counter
from random import Random
from tempfile import TemporaryDirectory

from tests.soak.engines import WORKERS, installed
from tests.soak.kills import Soak

STEPS = 300


def main():
    """Training after training, until the time is over."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="no training begins after so many; 2 by default")
    parser.add_argument("--seed", type=int, default=0, help="of trainings, engines and moments; 0 by default")
    asked = parser.parse_args()
    lot, names, kills, lives, trainings = Random(asked.seed), installed(), Counter(), Counter(), 0
    print(f"engines: {', '.join(names)}; absent: {', '.join(set(WORKERS) - set(names)) or 'none'}", flush=True)
    end = time.monotonic() + 60 * asked.minutes
    while time.monotonic() < end:
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            soak, engine = Soak(folder, lot.randrange(2**30), STEPS), None
            while not soak.is_done:
                engine = lot.choice([name for name in names if name != engine])
                most = 0 if lot.random() < 0.1 else lot.randint(1, 60)
                soak.live(engine, lot.choice(WORKERS[engine]), most, lot.uniform(0, 0.02 if most else 2))
                lives[engine] += 1
            trainings += 1
            kills += soak.kills
            print(soak.report(), flush=True)
    total = ", ".join([f"{number} {what}" for what, number in kills.items()])
    print(f"\n{trainings} trainings, each with the fingerprint of the undisturbed run; killed: {total}")
    print(f"lives: {', '.join([f'{name} {number}' for name, number in lives.items()])}")


if __name__ == "__main__":
    main()

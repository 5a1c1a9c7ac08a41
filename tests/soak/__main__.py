"""`python -m tests.soak --minutes M --seed S`: trainings on engines drawn by lot, killed at random moments."""
# ruff: noqa: T201  a command prints

import argparse
import time
from collections import Counter
from contextlib import nullcontext
from random import Random
from tempfile import TemporaryDirectory

from tests.rays import ray_cluster
from tests.soak.engines import RAY, WORKERS, installed
from tests.soak.kills import Soak

STEPS = 300


def main():
    """Training after training; when the time is over, the last one goes on to its end, and is not killed any more."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="kill for so many; 2 by default")
    parser.add_argument("--kills", type=int, default=0, help="and until so many processes are killed; 0 by default")
    parser.add_argument("--seed", type=int, default=0, help="of trainings, engines and moments; 0 by default")
    asked = parser.parse_args()
    lot, names, kills, lives, trainings = Random(asked.seed), installed(), Counter(), Counter(), 0
    print(f"engines: {', '.join(names)}; absent: {', '.join(set(WORKERS) - set(names)) or 'none'}", flush=True)
    end, soak = time.monotonic() + 60 * asked.minutes, None

    def is_over():
        so_far = kills + soak.kills if soak else kills
        return time.monotonic() >= end and so_far.total() >= asked.kills

    with ray_cluster() if RAY in names else nullcontext():
        while not is_over():
            with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                soak, engine = Soak(folder, lot.randrange(2**30), STEPS), None
                while not soak.is_done:
                    engine = lot.choice([name for name in names if name != engine])
                    workers, most = lot.choice(WORKERS[engine]), 0 if lot.random() < 0.1 else lot.randint(1, 60)
                    delay = lot.uniform(0, 0.02 if most else 2)
                    soak.live(engine, workers, *(() if is_over() else (most, delay)))
                    lives[engine] += 1
                trainings += 1
                print(soak.report(), flush=True)
                kills, soak = kills + soak.kills, None
    total = ", ".join([f"{number} {what}" for what, number in kills.items()])
    print(f"\n{trainings} trainings, each with the fingerprint of the undisturbed run; killed: {total}")
    print(f"lives: {', '.join([f'{name} {number}' for name, number in lives.items()])}")


if __name__ == "__main__":
    main()

"""`python -m tests.soak.machines`: a training on Dask over two network namespaces, one side of which is killed.

It needs Linux, root, and `ip` of iproute2. Each namespace has its own network interfaces, as a machine has, and a cable
between them; files are on one disk, which both see.
"""
# ruff: noqa: T201  a command prints

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.soak.kills import ROOT, Soak, killed
from tests.soak.life import Training

ONE, TWO, ADDRESS = "funcnn-one", "funcnn-two", "10.77.0"
SCHEDULER = f"tcp://{ADDRESS}.1:8786"
STEPS = 400
# A machine that does not answer is given up after 15 s; Dask waits for 30 unless it is told otherwise.
OUTSIDE = os.environ | {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "15s"}


def ip(*words):
    """Run `ip`."""
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


class Machines:
    """Two namespaces with a cable: on the first a scheduler of Dask and a worker, on the second a worker."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []

    def start(self, machine, *words):
        """Start a command of Dask on a machine."""
        command = ["ip", "netns", "exec", machine, sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        with (Path(self.folder) / "log").open("a") as log:
            self.processes.append(subprocess.Popen(command, env=OUTSIDE, cwd=self.folder, stdout=log, stderr=log))

    def start_worker(self, machine):
        """Start a worker with one thread."""
        self.start(machine, "worker", SCHEDULER, "--nthreads", "1", "--no-dashboard", "--local-directory", self.folder)

    def start_all(self):
        """Start the scheduler and both workers."""
        self.start(ONE, "scheduler", "--host", f"{ADDRESS}.1", "--port", "8786", "--no-dashboard")
        for machine in (ONE, TWO):
            self.start_worker(machine)

    def kill(self, machine):
        """Kill all processes of a machine, by SIGKILL."""
        for pid in ip("netns", "pids", machine).split():
            killed(int(pid))


@contextmanager
def machines(folder):
    """The machines, which end with the block."""
    made = Machines(folder)
    try:
        for machine in (ONE, TWO):
            ip("netns", "add", machine)
        ip("link", "add", "cable", "netns", ONE, "type", "veth", "peer", "name", "cable", "netns", TWO)
        for number, machine in enumerate((ONE, TWO), 1):
            ip("-n", machine, "addr", "add", f"{ADDRESS}.{number}/24", "dev", "cable")
            for device in ("lo", "cable"):
                ip("-n", machine, "link", "set", device, "up")
        made.start_all()
        yield made
    finally:
        for machine in (ONE, TWO):
            made.kill(machine)
            ip("netns", "delete", machine)
        for process in made.processes:
            process.wait()


STRIKES = {
    "all processes of machine one are killed": None,  # the process that trains is one of them
    "all processes of machine two are killed": lambda pair: pair.kill(TWO),
    "the cable is cut": lambda _: ip("-n", TWO, "link", "set", "cable", "down"),
}


def main():
    """A training for each strike, which begins after 40 steps; the file is compared with the undisturbed run."""
    seed = next(seed for seed in count() if Training(seed, STEPS).is_in_parts)
    for what, strike in STRIKES.items():
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder, machines(folder) as pair:
            soak, began = Soak(folder, seed, STEPS, ("ip", "netns", "exec", ONE)), time.monotonic()
            soak.live(SCHEDULER, 0, 40, strike=strike and partial(strike, pair))
            print(f"{what} in step 40: it goes on to step {soak.step}", end=", ")
            if not soak.is_done:
                pair.kill(ONE)
                pair.start_all()
                soak.live(SCHEDULER, 0)
                print(f"and from there, after a new start, to step {soak.step}", end=", ")
            print(f"in {time.monotonic() - began:.0f} s\n{soak.report()}", flush=True)


if __name__ == "__main__":
    main()

"""The process that starts lives, kills them, and compares what they saved with the run that nobody disturbed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import chain
from pathlib import Path

from funcnn import load
from funcnn.files import fingerprint
from tests.sharding import write_parts
from tests.soak.engines import MPI, mpiexec
from tests.soak.life import EVERY, FAILED, Training

ROOT = Path(__file__).parents[2]
PATIENCE = 300  # seconds without an end after which a life hangs


class Soak:
    """One training in a folder of its own: `live` runs it on an engine until it is killed there."""

    def __init__(self, folder, seed, steps, before=()):
        self.folder, self.seed, self.steps, self.before = Path(folder), seed, steps, before
        self.training, self.step = Training(seed, steps), 0
        write_parts(self.training.arrays, folder)
        states = chain([self.training.start], self.training.run(self.training.start))
        self.marks = [fingerprint(state) for state in states]  # of the run that nobody disturbs, after each step
        self.kills, self.engines, self.failed = Counter(), [], 0

    def live(self, engine, workers, most=None, delay=0.0, strike=None):
        """Resume, and kill after so many steps and a delay in seconds; at once after the delay if `most` is 0.

        With `strike`, this function is called instead of killing the process that trains, which goes on.
        """
        command = [sys.executable, "-m", *(("mpi4py.futures", "-m") if engine == MPI else ()), "tests.soak.life"]
        command = [*((mpiexec(), "-n", str(workers + 1)) if engine == MPI else ()), *command]
        command = [*self.before, *command, str(self.folder), str(self.seed), str(self.steps), engine, str(workers)]
        self.engines.append(f"{engine} {workers}" if workers else engine)
        was_killed, outside = False, os.environ | {"PYTHONPATH": str(ROOT)}
        with (
            (self.folder / "errors").open("w+b") as errors,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=outside) as process,
        ):
            watch = threading.Timer(PATIENCE, process.kill)
            watch.start()
            pid, segments, told = followed(process.stdout if most != 0 else (), most, strike)
            pid, most = pid or process.pid, None if strike else most
            time.sleep(delay)
            if most is not None and process.poll() is None:
                was_killed = killed(pid)
                process.stdout.read()  # to the end of the last process that holds it
            status = process.wait()
            hung = not watch.is_alive()
            watch.cancel()
            for path in segments:
                path.unlink(missing_ok=True)
            errors.seek(0)
            said = errors.read().decode(errors="replace")
        assert not hung, f"{self.engines[-1]} made {len(told)} steps in {PATIENCE} s, and hung: {said}"
        self._compare(told)
        self.kills["processes that trained"] += was_killed
        if not was_killed:
            assert status in {0, FAILED}, said
            assert status == FAILED or self.step == self.steps, said
            self.failed += status == FAILED
        for mark in self.folder.glob("killed-*"):
            self.kills["workers"] += 1
            mark.unlink()

    def _compare(self, told):
        """The checkpoint is a state of the undisturbed run, no older than what was told."""
        path = self.folder / "run.npz"
        assert told == list(range(self.step + 1, self.step + 1 + len(told)))
        saved = load(path) if path.exists() else self.training.start
        assert self.marks[saved.step] == fingerprint(saved), f"{self.engines[-1]}, step {saved.step}"
        assert saved.step >= (told[-1] // EVERY * EVERY if told else self.step)
        self.step = saved.step

    @property
    def is_done(self):
        """All steps are made and saved."""
        return self.step == self.steps

    def report(self):
        """The kills, the engines in their order, and the two fingerprints."""
        ends = f"{fingerprint(load(self.folder / 'run.npz'))}, undisturbed {self.marks[-1]}"
        kills = ", ".join([f"{number} {what}" for what, number in self.kills.items() if number]) or "nothing"
        failed = f"; {self.failed} ended with a WorkerError" if self.failed else ""
        training = f"{self.training.net_name}, {self.training.optimizer_name}, {self.steps} steps"
        training += ", rows in files" if self.training.is_in_parts else ""
        return f"{training}: {ends}\n    killed: {kills}{failed}\n    {' > '.join(self.engines)}"


def followed(lines, most, strike):
    """The process, its segments, and the steps that it told: so many; or all, with `strike`, which is called then."""
    pid, segments, told = None, [], []
    for line in lines:
        word, _, number = line.strip().partition(" ")
        if word == "pid":
            pid = int(number)
        elif word == "segment":
            segments.append(Path(number))
        elif word.isdigit():  # Ray prints lines of its own
            told.append(int(word))
            if len(told) == most:
                if strike is None:
                    break
                strike()
    return pid, segments, told


def killed(pid):
    """Whether a process was there to be killed."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True

"""Runs that end at a signal."""

import os
import signal
from itertools import islice
from threading import Thread

import numpy as np
import pytest

from funcnn import TrainState, checkpoint_every, load, mlp, mse, train, value_and_grad
from funcnn.errors import KindError, RangeError
from funcnn.training import until_signal

x = np.ones((4, 2))
data = [(x, x[:, :1])] * 10
TERM = signal.SIGTERM


def run(data=data):
    return train(TrainState(mlp([2, 3, 1], seed=0)), data, value_and_grad(mse), 0.1)


def batches_that_raise(number, step):
    for i, batch in enumerate(data):
        if i == step:
            signal.raise_signal(number)
        yield batch


@pytest.mark.parametrize("number", [TERM, signal.SIGINT])
def test_the_step_in_which_the_signal_comes_is_the_last(number):
    before = signal.getsignal(number)
    assert [now.step for now in until_signal(run(batches_that_raise(number, 3)), number)] == [1, 2, 3, 4]
    assert signal.getsignal(number) is before


def test_after_a_signal_in_the_body_of_the_loop_there_is_no_step():
    steps, taken = [], []
    given = (taken.append(i) or batch for i, batch in enumerate(data))
    for now in until_signal(run(given)):
        steps.append(now.step)
        if now.step == 2:
            os.kill(os.getpid(), TERM)
            os.kill(os.getpid(), TERM)  # again, without effect
    assert steps == [1, 2]
    assert taken == [0, 1]


def test_the_last_state_is_saved_and_the_run_goes_on_from_it(tmp_path):
    path = tmp_path / "run.npz"
    *_, state = checkpoint_every(until_signal(run(batches_that_raise(TERM, 3))), path, steps=100)
    assert state.step == 4
    assert load(path) == state


def test_without_a_signal_the_run_is_complete_and_the_handler_is_the_one_from_before():
    handler = lambda *_: None
    before = signal.signal(TERM, handler)
    try:
        made = until_signal(run())
        assert signal.getsignal(TERM) is handler  # until a state is read
        assert next(made).step == 1
        assert signal.getsignal(TERM) is not handler
        assert len(list(made)) == 9
        assert signal.getsignal(TERM) is handler
        left = until_signal(run())
        list(islice(left, 2))
        left.close()
        assert signal.getsignal(TERM) is handler
    finally:
        signal.signal(TERM, before)


def test_a_handler_that_python_did_not_set_becomes_the_default(monkeypatch):
    set_handler = signal.signal
    before = signal.getsignal(TERM)
    monkeypatch.setattr(signal, "signal", lambda *given: set_handler(*given) and None)
    try:
        assert len(list(until_signal(run()))) == 10
        assert signal.getsignal(TERM) is signal.SIG_DFL
    finally:
        set_handler(TERM, before)


def test_in_a_forked_process_the_signal_has_its_own_effect(monkeypatch):
    """As a worker of ProcessPoolExecutor, which ends its workers by SIGTERM; here the process only gets another id."""
    raised = []
    made = until_signal(run())
    next(made)
    monkeypatch.setattr("funcnn.training.signals.getpid", lambda: -1)
    monkeypatch.setattr(signal, "raise_signal", lambda number: raised.append((number, signal.getsignal(number))))
    os.kill(os.getpid(), TERM)
    assert raised == [(TERM, signal.SIG_DFL)]
    made.close()


def test_another_thread_is_refused():
    errors = []

    def read():
        try:
            list(until_signal(run()))
        except RangeError as error:
            errors.append(str(error))

    thread = Thread(target=read, name="mine")
    thread.start()
    thread.join()
    assert errors == ["until_signal: run must be read in the main thread, where signals arrive, not in mine"]


@pytest.mark.parametrize(
    ("number", "error", "sentence"),
    [
        ("SIGTERM", KindError, "must be a signal, such as signal.SIGTERM, not str"),
        (None, KindError, "must be a signal, such as signal.SIGTERM, not None"),
        (999, RangeError, "must be a signal of this system, not 999"),
        (0, RangeError, "must be a signal of this system, not 0"),
        (9, RangeError, "must be a signal that a program can handle, not SIGKILL"),
    ],
)
def test_what_is_not_a_signal(number, error, sentence):
    with pytest.raises(error, match=f"^until_signal: number {sentence}$"):
        until_signal(run(), number)

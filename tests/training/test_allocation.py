"""The environment variable that says whether train may make malloc keep freed memory."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from funcnn import Dense, TrainState, allocation, mse, train, value_and_grad
from funcnn.allocation import keep_freed_memory
from funcnn.errors import RangeError

GLIBC = {"CS_GNU_LIBC_VERSION": 2}


@pytest.fixture(autouse=True)
def made(monkeypatch):
    """The sizes of the arrays that were made to raise the thresholds; the process stays as it is."""
    sizes = []
    monkeypatch.setattr(allocation, "np", SimpleNamespace(empty=lambda size, _: sizes.append(size), uint8=np.uint8))
    monkeypatch.delenv("FUNCNN_KEEP_MEMORY", raising=False)
    monkeypatch.setattr(os, "confstr_names", GLIBC, raising=False)
    keep_freed_memory.cache_clear()
    yield sizes
    keep_freed_memory.cache_clear()


def run():
    net = Dense(np.zeros((1, 1)), None)
    return train(TrainState(net), [(np.ones((1, 1)), np.ones((1, 1)))], value_and_grad(mse), 0.1)


def test_the_first_run_raises_the_thresholds_once(made):
    run()
    run()
    assert made == [31 << 20]


@pytest.mark.parametrize(("value", "names"), [("0", GLIBC), ("1", {}), ("1", None)])
def test_malloc_stays_as_it_is_if_asked_and_without_glibc(made, monkeypatch, value, names):
    monkeypatch.setenv("FUNCNN_KEEP_MEMORY", value)
    if names is None:
        monkeypatch.delattr(os, "confstr_names")
    else:
        monkeypatch.setattr(os, "confstr_names", names)
    run()
    assert made == []


def test_another_value_is_refused(monkeypatch):
    monkeypatch.setenv("FUNCNN_KEEP_MEMORY", "no")
    with pytest.raises(RangeError) as caught:
        run()
    assert str(caught.value) == "train: the environment variable FUNCNN_KEEP_MEMORY must be 0 or 1, not 'no'"

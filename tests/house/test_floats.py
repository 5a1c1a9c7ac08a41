"""All floats of 16 bits, the references that measure them, and the stored results of all floats of 32 bits."""

import json

import numpy as np
import pytest
from mpmath import mp, mpf

from tests.accuracy import stored
from tests.accuracy.definitions import definition_of
from tests.accuracy.enclosures import REFERENCES, TINY, WIDTH
from tests.accuracy.floats import BLOCKS, LAYERS, RESULTS, begun, digest, floats, kernels_of, machine, measure
from tests.accuracy.floats import results as results_of
from tests.accuracy.ulps import derivatives
from tests.counts import in_full

SINGLE, HALF = np.dtype(np.float32), np.dtype(np.float16)
# The largest errors over all numbers of float16, in ulps, if they are above 4.
HALVES = {
    ("Gelu", "out"): 17,
    ("Gelu", "dx"): 520,
    ("ExactGelu", "out"): 15,
    ("ExactGelu", "dx"): 970,
    ("Silu", "out"): 7,
    ("Silu", "dx"): 320,
    ("Mish", "out"): 7,
    ("Mish", "dx"): 4320,
    ("TanhShrink", "out"): 8,
    ("HardSigmoid", "dx"): 1366,
}
STORED = stored.load()


@pytest.mark.parametrize("name", LAYERS)
def test_references_are_within_their_bounds(name):
    rng, layer = np.random.default_rng(1), LAYERS[name]
    sizes = [rng.uniform(0, 5, 12), rng.uniform(0, 110, 6), 10 ** rng.uniform(-38, 38, 6), [1e-20, 0.51, 2.999, 3.001]]
    for x in np.outer([-1, 1], np.concatenate(sizes)).astype(np.float32).ravel():
        out, size, slope, slope_size = REFERENCES[layer](float(x))
        with mp.workdps(240):
            right = derivatives(lambda row: [definition_of(layer)(row[0])], [x], [1], np.float32)
            assert abs(mpf(out) - right.value[0]) <= WIDTH * size + TINY, x
            assert abs(mpf(slope) - right.gradient[0]) <= WIDTH * slope_size + TINY, x


@in_full  # without numba it takes half a minute for each
@pytest.mark.unwatched
@pytest.mark.parametrize("name", LAYERS)
def test_all_numbers_of_float16(name):
    states = []
    half = measure(name, HALF, each=lambda state: states.append(json.dumps(state)))
    for result in RESULTS:
        assert half[result]["ulps"][0] <= HALVES.get((name, result), 4), half
    assert half["NaN lost"] == (2046 if name == "Identity" else 0)  # whose slope at NaN is 1
    assert json.dumps(measure(name, HALF, json.loads(states[BLOCKS // 2]))) == states[-1]


@pytest.mark.parametrize("name", STORED)
def test_all_numbers_of_bfloat16(name):
    """As float32, whose 16 upper bits they are; layers take no arrays of bfloat16."""
    bits = np.arange(1 << 16, dtype=np.uint64) << 16
    x = floats(bits, SINGLE)
    for result, errors in zip(RESULTS, np.abs(errors_at(name, bits)), strict=True):
        most = STORED[name][result]["ulps"][0]
        if STORED[name]["machine"] != machine():
            most = 2 * most + 2  # other loops of exp, log and tanh
        # An error above the largest one of all floats must be that of a result below the smallest normal number.
        normal = float(np.finfo(SINGLE).smallest_normal)
        above = errors > most * 1.001
        assert (np.abs(results_of(LAYERS[name], x[above])[RESULTS.index(result)]) < normal).all(), x[above]


def errors_at(name, bits):
    x, (_, fill) = floats(bits, SINGLE), kernels_of(REFERENCES[LAYERS[name]], SINGLE)
    fill(x, *results_of(LAYERS[name], x), found := np.empty((4, x.size)))
    return found[::2]


@pytest.mark.parametrize("name", STORED)
def test_stored_results_are_those_of_the_code(name):
    state = STORED[name]
    assert state["blocks"] == BLOCKS
    np.testing.assert_allclose(state["at infinity"], begun(LAYERS[name], SINGLE)["at infinity"], rtol=1e-6)
    if state["machine"] == machine():
        again = "run python -m tests.accuracy floats again, since the rule has changed"
        assert state["digest"] == digest(LAYERS[name], SINGLE), again
        for result in RESULTS:
            error, bits = state[result]["ulps"]
            assert abs(errors_at(name, np.array([bits]))[RESULTS.index(result)]) == pytest.approx(error, rel=2e-3)


def test_the_table_is_that_of_the_stored_results():
    page = stored.PAGE.read_text()
    assert stored.parted(page)[1] == stored.table(STORED)
    assert list(STORED) == [name for name in LAYERS if name in STORED]
    for why in {stored.WHY[key] for key in stored.WHY if key[0] in STORED}:
        assert f"- **{why}**: " in page


def test_a_wrong_rule_is_found(monkeypatch):
    """An error of 3 ulps at a single argument."""
    value = type(LAYERS["Relu"]).value
    monkeypatch.setattr(
        type(LAYERS["Relu"]), "value", staticmethod(lambda x: np.where(x == 3, 3 + 3 * 2**-9, value(x)).astype(x.dtype))
    )
    assert measure("Relu", HALF)["out"]["ulps"] == [pytest.approx(3, rel=1e-3), int(np.float16(3).view(np.uint16))]

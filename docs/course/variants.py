"""Variants of the exercises, with other numbers, other given functions and other mistakes to find, chosen by a seed.

A variant is a table of texts of a file, each with the text that takes its place. The names of the functions that
learners write, and their arguments, stay. A text stands in the exercises, in the solutions, or in both.
"""

import re
from pathlib import Path

import numpy as np
from given_functions import FUNCTIONS

COURSE = Path(__file__).parent
Changes = dict[str, str]
# These tutors compare with answers that a variant changes.
TUTORS = re.compile(r"^    tutor=.*\b(?:by_hand|distance|first_weights|largest_rate)\b.*\n", re.MULTILINE)


def variants(seed: int) -> dict[str, bytes]:
    """The files of exercises and solutions, by their paths in the folder of the course."""
    found = {}
    for path in sorted(COURSE.glob("*s/unit?.py")):
        unit = int(path.stem[-1])
        text = varied(TUTORS.sub("", path.read_text("utf-8")), changes(unit, seed))
        found[path.relative_to(COURSE).as_posix()] = varied(text, everywhere(unit, seed)).encode()
    return found


def varied(text: str, table: Changes) -> str:
    """The text with all changes, made at once: none changes what another one has written."""
    found = re.compile("|".join([re.escape(old) for old in sorted(table, key=len, reverse=True)]))
    return found.sub(lambda old: table[old[0]], text)


def everywhere(unit: int, seed: int) -> Changes:
    """The number of the variant, which is also the seed of the tests."""
    return {f'"""Unit {unit}, ': f'"""Unit {unit}, variant {seed}: ', "(seed=0)": f"(seed={seed})"}


def changes(unit: int, seed: int) -> Changes:
    """What differs from the file of the course."""
    random = np.random.default_rng([seed, unit])
    made = NUMBERS[unit](random) if unit in NUMBERS else {}
    for alternatives in FUNCTIONS[unit]:
        made |= alternatives[random.integers(len(alternatives))]
    return made


def _line(random: np.random.Generator) -> Changes:
    """Two other examples for unit 1, and the numbers of the pencil for them."""
    x, e = random.permutation([2, 4, 5, 6])[:2], random.permutation([-5, -4, -3, -1, 1])[:2]
    y, out, floats = x - e, x.tolist(), x.astype(float).tolist()
    W, b = 1 - (x @ e) / 10, -e.sum() / 10  # a step of 0.1, from W = 1 and b = 0
    moved = (W * x + b).round(4).tolist()
    return {
        "np.array([1.0, 3.0]), np.array([3.0, 7.0])  # the two examples of the page": (
            f"np.array({floats}), np.array({y.astype(float).tolist()})  # two examples"
        ),
        'expect("line([1, 3], 1, 0)", line(X, 1.0, 0.0), [1, 3])': f'expect("line(X, 1, 0)", line(X, 1.0, 0.0), {out})',
        'expect("line([1, 3], 2.4, 0.6)", line(X, 2.4, 0.6), [3, 7.8])': (
            f'expect("line(X, {W:.1f}, {b:.1f})", line(X, {W:.1f}, {b:.1f}), {moved})'
        ),
        "squares(np.array([1.0, 3.0]), Y)": f"squares(np.array({floats}), Y)",
        'expect("the cost of the outputs 1 and 3", cost, 10)': (
            f'expect("the cost of the outputs {out[0]} and {out[1]}", cost, {(e * e).mean()})'
        ),
        'expect("dA of the outputs 1 and 3", dA, [-2, -4])': (
            f'expect("dA of the outputs {out[0]} and {out[1]}", dA, {e.tolist()})'
        ),
        "[2.4, 0.6])": f"[{W:.1f}, {b:.1f}])",
    }


def _dense(random: np.random.Generator) -> Changes:
    """Other numbers for the pencil of unit 3."""
    while True:
        x, W, dA = random.integers(-2, 4, (3, 2, 2))
        right = (x.T @ dA, dA.sum(axis=0), dA @ W.T)
        if not (np.array_equal(x @ dA, right[0]) or np.array_equal(dA @ W, right[2])):  # a transpose counts
            break
    x, W, dA = [[[float(one) for one in row] for row in a] for a in (x, W, dA)]
    (a, c), (d, e) = [[int(row[0]) for row in rows] for rows in (x, dA)]
    return {
        "x = np.array([[2.0, 0.0], [1.0, 1.0]])": f"x = np.array({x})",
        "W=np.array([[1.0, 1.0], [2.0, 0.0]])": f"W=np.array({W})",
        "dA = np.array([[-1.0, 3.0], [2.0, 1.0]])": f"dA = np.array({dA})",
        "dW[0][0] = 2 * (-1) + 1 * 2": f"dW[0][0] = {a} * ({d}) + {c} * ({e})",
        "[[0, 7], [2, 1]], [1, 4], [[2, -2], [3, 4]]": ", ".join([str(one.tolist()) for one in right]),
    }


def _softmax(random: np.random.Generator) -> Changes:
    """Other logits for unit 5."""
    odds = [(1, 3, 4), (2, 3, 5), (1, 1, 2), (1, 2, 1)][random.integers(4)]
    z = ((random.permutation(16)[:6].reshape(2, 3) - 7) / 4).tolist()
    return {
        "Z = np.array([[0.5, -1.0, 2.0], [0.0, 0.25, -0.5]])": f"Z = np.array({z})",
        "softmax([[ln 1, ln 2, ln 5]])": "softmax([[{}]])".format(", ".join([f"ln {one}" for one in odds])),
        "np.log([[1.0, 2.0, 5.0]])": f"np.log([{[float(one) for one in odds]}])",
        "[[0.125, 0.25, 0.625]])": f"[{[one / sum(odds) for one in odds]}])",
    }


NUMBERS = {1: _line, 3: _dense, 5: _softmax}

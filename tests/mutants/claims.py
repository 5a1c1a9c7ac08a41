"""What the message of an error says about a mutant, and whether the correct pair bears it out.

Nothing here differentiates: gradients are compared with those of the correct pair at the same arguments.
"""

import re
from itertools import product

import numpy as np
from attrs import field, frozen

from funcnn.testing import verdict

HIDDEN = 1e-7  # of the largest entry: a smaller error is below the resolution of a check
PRINTED = 1e-5  # six digits are printed of a factor or an offset
ROUNDING = 1e-11  # relative, of a gradient
BESIDE = 1e-13  # relative distance of arguments on the other side of a kink
STALE = (verdict.NotPure, verdict.NotDeterministic)  # then a gradient here may differ from the one in the message
NUMBER = r"(-?(?:\d[\d.]*(?:e[+-]?\d+)?|inf)|nan)"
NAME = r"(args\[\d+\]|\w+)"
EACH = rf"(?:(every) wrong entry(?: of d{NAME})?: )?"
# What these do cannot be repeated: one has counted its calls, the other's memo is full.
SPENT = ("sine: another after 60 calls", "sine: a memo of 40 arguments")


def false_claims(mutant, args, error):
    """The lines of a message that do not hold. A line that no rule understands is one of them."""
    if mutant.name in SPENT:
        return []
    stale = any(isinstance(finding, STALE) for finding in error.findings)
    with np.errstate(all="ignore"):
        return [line for finding in error.findings for line in _false_lines(mutant, args, finding, stale=stale)]


def _false_lines(mutant, args, finding, *, stale):
    lines = str(finding).partition("\n    and also:\n")[0].splitlines()
    sources = [None, *[re.match(rf"    (?!analytic){NAME} = (.*)", line) for line in lines[1:]]]
    shown = {found[1]: found[2] for found in sources if found}
    dA = shown.pop("dA", "...")
    args = [np.asarray(a) for a in args]
    facts = Facts(mutant, args, [*shown], None if dA.startswith("...") else eval(dA, {"np": np}))
    lines = [line for line, source in zip(lines, sources, strict=True) if not source]
    for line in [*lines, *getattr(finding, "__notes__", ())]:
        text = re.sub(r"^\w+: ", "", line.strip()) if line is lines[0] else line.strip()
        rules = [(found, rule) for pattern, rule in RULES if (found := re.fullmatch(pattern, text))]
        found, holds = rules[0] if rules else (None, None)
        if not found:
            yield f"no rule: {text}"
        elif holds in OF_NUMBERS and (stale or facts.is_stale):
            continue
        elif not holds(facts, *found.groups()) and not _is_unsteady(facts, holds):
            yield f"{type(finding).__name__}: {text}"


def _is_unsteady(facts, holds):
    """Whether the mutant depends on earlier calls, so that numbers of the message cannot be computed again."""
    return holds is not DEPENDS and depends_on_calls(facts, facts.mutant.wrong)


@frozen(eq=False)
class Facts:
    """A mutant at arguments, whose parameters have names; and the cotangent of the message, None if it is not shown."""

    mutant: object
    args: list
    names: list
    dA: object
    wide: list = field()
    out: np.ndarray = field()
    head: list = field(factory=list)  # the argument of the first wrong entry, and the index of the entry

    @wide.default
    def _wide(self):
        return [a.astype(float) if a.dtype.kind == "f" else a for a in self.args]

    @out.default
    def _out(self):
        return np.asarray(self.mutant.right[0](*self.wide), float)

    @property
    def randoms(self):
        """Random cotangents."""
        return [
            *np.random.default_rng(0).uniform(0.25, 1, (3, *self.out.shape))
            * np.reshape([1, -1, 1], (3, *[1] * self.out.ndim))
        ]

    @property
    def is_linear(self):
        """Otherwise a claim is about the cotangent of the message alone."""
        a, b, _ = self.randoms
        found = [self.mutant.wrong[1](tuple(sealed(self.wide)), u) for u in (a, b, 0.25 * a + 0.5 * b, 0 * a)]
        return all(
            np.allclose(s, 0.25 * np.asarray(p) + 0.5 * np.asarray(q), rtol=1e-6, atol=1e-12) and not np.any(zero)
            for p, q, s, zero in zip(*found, strict=True)
            if p is not None
        )

    @property
    def is_stale(self):
        """Whether the gradient does not depend on the cotangent: a memo may hold that of another one."""
        a, b = [self.mutant.wrong[1](tuple(sealed(self.wide)), u) for u in self.randoms[:2]]
        return all(p is None or np.array_equal(p, q) for p, q in zip(a, b, strict=True))

    def cotangents(self, *, every=False):
        """Those of each output, random ones, and that of the message, which is the last."""
        units = np.eye(self.out.size).reshape(-1, *self.out.shape)
        return ([*units, *self.randoms] if every or self.is_linear else []) + ([] if self.dA is None else [self.dA])

    def gradients(self, name, dA):
        """The gradient of the mutant, and the correct one; at a kink the nearest of those beside it."""
        k, args = self.names.index(name), sealed(self.wide)
        self.mutant.wrong[0](*args)
        got, wanted = [
            np.asarray(pair[1](tuple(args), dA)[k], float) for pair in (self.mutant.wrong, self.mutant.right)
        ]
        beside = self.beside(k, dA)
        least = 1e-4 * abs(wanted).max(initial=1e-3)
        if (np.ptp(beside, axis=0) > least).any():
            beside = self.beside(k, dA, 100)
        at_kink = (np.ptp(beside, axis=0) > least) & np.isfinite(got)
        return got, np.where(at_kink, np.clip(got, beside.min(axis=0), beside.max(axis=0)), wanted)

    def beside(self, k, dA, count=12):
        """The correct gradient of an argument at arguments nearby."""
        rng = np.random.default_rng(1)

        def moved(a):
            unit = np.maximum(abs(a), 1e-3 * min(abs(a).max(initial=0) or 1, 1))
            return a + BESIDE * unit * rng.uniform(-1, 1, a.shape)

        found = [tuple([moved(a) if a.dtype.kind == "f" else a for a in self.wide]) for _ in range(count)]
        return np.array([self.mutant.right[1](args, dA)[k] for args in found], float)

    def wrong(self, name, *, every=False):
        """The error of each entry of a gradient for the cotangent for which it is largest."""
        return np.max([error_of(*self.gradients(name, dA)) for dA in self.cotangents(every=every)], axis=0)


def sealed(args):
    copies = [a.copy() for a in args]
    for a in copies:
        a.flags.writeable = False
    return copies


def error_of(got, wanted):
    """The error of each entry, relative to the largest; infinite for nan."""
    size = max(abs(np.asarray(wanted)).max(initial=0), 1e-300)
    got, wanted = np.asarray(got) / size, np.asarray(wanted) / size
    return np.where(got == wanted, 0, np.where(np.isfinite(got), abs(got - wanted), np.inf))


def near(a, b, relative):
    return (a == b) | (abs(a - b) <= relative * np.maximum(abs(a), abs(b)))


# -- numbers -----------------------------------------------------------------------------------------------------------


def is_head(facts, _, count, total, name, index, others):
    """As many entries are wrong as the message says, or more; the first one is; so is each of the other arguments."""
    index = tuple(map(int, index.split(", "))) if index else ()
    facts.head[:] = [name, index]
    wrong = facts.wrong(name, every=True) > ROUNDING / 100  # a small entry may be decided beside a large one
    rest = [facts.wrong(other, every=True) > ROUNDING for other in re.findall(r"d([^ ,]+)", others or "")]
    return wrong.size == int(total) and wrong.sum() >= int(count) and wrong[index] and all(map(np.any, rest))


def first_pair(facts):
    name, index = facts.head
    return [g[index] for g in facts.gradients(name, facts.dA)]


def are_values(facts, analytic, numeric, bound, _):
    if facts.dA is None:
        return True
    got, wanted = first_pair(facts)
    return near(got, float(analytic), 1e-9) and abs(wanted - float(numeric)) <= 1.5 * float(bound) + 1e-9 * abs(wanted)


def are_values_at_kink(facts, analytic, low, high, bound, _):
    """The correct gradient is in the interval, and it changes beside the arguments."""
    got, wanted = first_pair(facts)
    name, index = facts.head
    beside = facts.beside(facts.names.index(name), facts.dA, 100)[(slice(None), *index)]
    inside = float(low) - float(bound) <= wanted <= float(high) + float(bound)
    return near(got, float(analytic), 1e-9) and inside and np.ptp(beside) > 1e-4 * (float(high) - float(low))


def are_not_finite(facts, analytic, slope):
    got, wanted = first_pair(facts)
    return not np.isfinite(got) and str(got) == analytic and abs(wanted - float(slope)) <= 1e-6 * max(abs(wanted), 1e-3)


# -- explanations ------------------------------------------------------------------------------------------------------


def of_every_wrong_entry(holds, *, shown=False):
    """A claim about the mutant's gradient and the correct one, which must hold at every entry that is visibly wrong.

    It must hold for every cotangent, or if `shown` for that of the message. Without "every", the first entry is meant.
    """

    def claim(facts, every, leaf, *given):
        name, index = facts.head
        assert leaf in (None, name)
        found = [facts.gradients(name, dA) for dA in facts.cotangents()[-1 if shown else 0 :]]
        where = [holds(*pair, *given) | (error_of(*pair) <= HIDDEN) for pair in found]
        return all((w if every else w[index]).all() for w in where)

    return claim


is_factor = lambda got, wanted, ratio: near(got, float(ratio) * wanted, PRINTED)


def is_nearly_right(got, wanted, off):
    """Relative to the largest entry."""
    return abs(got - wanted) <= 1.6 * float(off) * abs(wanted).max()


def is_named_factor(facts, every, leaf, ratio, fraction, size):
    """The factor is that fraction to more digits than are printed, and there is such a size."""
    value = float(size) ** (-1 if "/" in fraction else 1) * (-1 if "-" in fraction else 1)
    exact = of_every_wrong_entry(lambda got, wanted: near(got, value * wanted, 1e-8))
    sizes = {n for a in (*facts.args, facts.out) for n in (*a.shape, a.size)}
    return exact(facts, every, leaf) and near(value, float(ratio), PRINTED) and int(size) in sizes


def is_offset(got, wanted, sign, size):
    return near(got - wanted, float(f"{sign}{size}"), PRINTED)


is_float32 = lambda got, wanted: (got == np.float32(got)) & near(got, wanted, 1e-5)


def is_order(moved):
    """A claim about all entries of the gradient."""

    def claim(facts, *given):
        found = [facts.gradients(facts.head[0], dA) for dA in facts.cotangents()]
        return all((error_of(got, moved(got, wanted, *given)) <= 100 * ROUNDING).all() for got, wanted in found)

    return claim


def sorted_as(got, wanted):
    return np.sort(wanted, axis=None)[np.argsort(np.argsort(got, axis=None))].reshape(got.shape)


def are_exactly_where(facts, name, what):
    x = facts.wide[facts.names.index(name)]
    there = {"0": x == 0, "negative": x < 0, "positive": x > 0}[what]
    error = facts.wrong(name)
    return (error[there] > ROUNDING).all() and (error[~there] <= HIDDEN).all()


def is_symmetric(facts, name, _):
    x = facts.wide[facts.names.index(name)]
    error = [got - wanted for got, wanted in (facts.gradients(name, dA) for dA in facts.cotangents())]
    return np.array_equal(x, np.swapaxes(x, -1, -2)) and all(
        near(e, -np.swapaxes(e, -1, -2), 1e-6).all() for e in error
    )


def is_wrong_together(facts, *_):
    floats = [name for name, a in zip(facts.names, facts.args, strict=True) if a.dtype.kind == "f"]
    return any((facts.wrong(name) > ROUNDING).any() for name in floats)


def is_at_kink(facts, *_):
    floats = [k for k, a in enumerate(facts.args) if a.dtype.kind == "f"]
    return max(np.ptp(facts.beside(k, dA), axis=0).max() for k in floats for dA in facts.cotangents()) > 1e-4


def is_right_alone_at_kink(facts, *_):
    return is_at_kink(facts) and not is_wrong_together(facts)


# -- calls -------------------------------------------------------------------------------------------------------------


def called(pair, args, dA):
    """The gradients of a pair after f was called, or the exception."""
    try:
        pair[0](*args)
        return [None if g is None else np.array(g) for g in pair[1](tuple(args), dA)]
    except Exception as error:  # noqa: BLE001  a mutant raises any
        return error


def differ(a, b):
    return any(p is not None and not np.array_equal(p, q, equal_nan=True) for p, q in zip(a, b, strict=True))


def only_in_the_mutant(shows):
    """A claim about calls: the mutant shows it, and the correct pair does not."""

    def claim(facts, *given):
        return shows(facts, facts.mutant.wrong, *given) and not shows(facts, facts.mutant.right, *given)

    return claim


def points(facts):
    """Arguments at which no check has called the mutant; they share no printed digit with one another."""
    rng = np.random.default_rng(2)
    for _ in range(3):
        yield sealed(
            [
                a * rng.uniform(0.5, 0.9, a.shape) + 0.01 * rng.random(a.shape) if a.dtype.kind == "f" else a
                for a in facts.wide
            ]
        )


def others_of(args):
    """Arguments of the same shapes: each changed as a whole, and in one entry."""
    rolled = [np.roll(a, 1) if a.dtype.kind == "f" else a for a in args]
    yield sealed(rolled)
    for i, j in ((0, 1), (-2, -1)):  # which leaves many sums as they are
        swapped = [a.copy() for a in args]
        for a in swapped:
            if a.dtype.kind == "f" and a.size > 1:
                a.flat[[i % a.size, j % a.size]] = a.flat[[j % a.size, i % a.size]]
        yield sealed(swapped)
    yield sealed([a + 1 if a.dtype.kind == "f" else a for a in args])
    for k, a in enumerate(args):
        for where in {0, a.size - 1} if a.dtype.kind == "f" and a.size else ():
            for step in (1e-10, 0.5):
                changed = sealed(args)
                changed[k] = changed[k].copy()
                changed[k].flat[where] += step
                yield sealed(changed)


def depends_on_calls(facts, pair, *_):
    """What f or vjp gave, or gives for the same arguments, changes with other calls."""
    f, vjp = pair
    for args in points(facts):
        out, dA, dB = f(*args), *facts.randoms[:2]
        first = vjp(tuple(args), dA)
        kept, copies = np.array(out), [None if g is None else np.array(g) for g in first]
        for other in [args, *others_of(args), *[args] * 60]:
            for _ in range(4):  # more than one, so that buffers that take turns do not return to the same numbers
                called(pair, other, dB)
            if differ([*copies, kept], [*first, out]) or differ([*copies, kept], [*vjp(tuple(args), dA), f(*args)]):
                return True
    return False


def remembers(facts, pair, name):
    """The gradient of an argument stays when an entry changes, and should not."""
    k, dA = facts.names.index(name), facts.randoms[0]
    for args in points(facts):
        for other in others_of(args):
            a, b, right = [called(p, x, dA)[k] for p, x in ((pair, args), (pair, other), (facts.mutant.right, other))]
            if np.array_equal(a, b) and (error_of(b, right) > ROUNDING).any():
                return True
    return False


def remembers_nearby(facts, pair):
    """A gradient stays when an entry changes in its last digits, and should not."""
    for args, change in product(points(facts), [10.0**-k for k in range(3, 11)]):
        for i in range(len(args)):
            other = [a * (1 + change) if k == i else a for k, a in enumerate(args)]
            before, after, right = [
                called(p, x, facts.randoms[0]) for p, x in ((pair, args), (pair, other), (facts.mutant.right, other))
            ]
            for a, b, c in zip(before, after, right, strict=True):
                if a is not None and np.array_equal(a, b) and (error_of(b, c) > ROUNDING / 100).any():
                    return True
    return False


def writes(facts, pair, who, _):
    """Read-only arguments are refused."""
    args = sealed(facts.wide)
    try:
        pair[0](*args) if who == "f" else pair[1](tuple(args), sealed(facts.randoms)[0])
    except ValueError as error:
        return "read-only" in str(error)
    return False


def is_not_linear(facts, pair, c, name, *_):
    """Vjp of c dA is not c times vjp of dA, for one of several dA; c is 0 for zeros."""
    k, c = facts.names.index(name), float(c or 0)
    return any(
        (error_of(*[s * called(pair, facts.wide, u)[k] for s, u in ((c, dA), (1, c * dA))][::-1]) > 1e-7).any()
        for dA in [*facts.randoms, *np.random.default_rng(3).standard_normal((20, *facts.out.shape))]
    )


def in_layout(a, what):
    if what == "Fortran-ordered":
        return np.asfortranarray(a)
    if what == "broadcast":
        return np.broadcast_to(a.flat[0], a.shape)
    return np.ascontiguousarray(a[::-1])[::-1] if what == "reversed" else np.repeat(a, 2, axis=-1)[..., ::2]


def depends_on_layout(facts, pair, what, of_dA):
    args, dA = facts.wide, facts.randoms[0]
    if of_dA:
        other = in_layout(dA, what)
        return differ(called(pair, args, np.array(other, order="C")), called(pair, args, other))
    other = [in_layout(a, what) if a.dtype.kind == "f" else a for a in args]
    return differ(called(pair, args, dA), called(pair, other, dA))


def is_far_in_float32(facts, name, *_):
    """By more than the correct pair."""
    k, dA = facts.names.index(name), facts.randoms[0].astype(np.float32)
    narrow = sealed([a.astype(np.float32) if a.dtype.kind == "f" else a for a in facts.wide])
    wide = [a.astype(float) if a.dtype.kind == "f" else a for a in narrow]
    wanted = called(facts.mutant.right, wide, dA.astype(float))[k]
    own, right = [error_of(called(p, narrow, dA)[k], wanted).max() for p in (facts.mutant.wrong, facts.mutant.right)]
    return own > max(1e-6, 3 * right)


def raises(facts, pair, kind, message):
    """That exception, at the arguments in one of both dtypes."""
    for dtype in (np.float64, np.float32):
        args = sealed([a.astype(dtype) if a.dtype.kind == "f" else a for a in facts.args])
        error = called(pair, args, facts.randoms[0].astype(dtype))
        if type(error).__name__ == kind and str(error) in message:
            return True
    return False


def is_of_shape(facts, pair, name, shape, got):
    gradient = called(pair, facts.wide, facts.randoms[0])[facts.names.index(name)]
    return (
        str(facts.wide[facts.names.index(name)].shape) == shape
        and str(None if gradient is None else gradient.shape) == got
    )


def is_of_number(facts, pair, n, got):
    return len(called(pair, facts.wide, facts.randoms[0])) == int(got) != int(n) == len(facts.args)


def is_of_dtype(facts, pair, name, dtype, got):
    kinds = [
        called(pair, [a.astype(kind) if a.dtype.kind == "f" else a for a in facts.args], facts.randoms[0].astype(kind))
        for kind in (np.float64, np.float32)
    ]
    found = {
        (str(kind), str(g[facts.names.index(name)].dtype))
        for kind, g in zip(("float64", "float32"), kinds, strict=True)
    }
    return (dtype, got) in found


def has_gradient(facts, pair, name, *_):
    return called(pair, facts.wide, facts.randoms[0])[facts.names.index(name)] is not None


def is_argument(facts, name, *_):
    return name in facts.names


ENTRY = rf"{NAME}(?:\[[\d, ]+\])?"
OTHER_CALLS = (
    r"(?:vjp|f) (?:gives another result when it is called again.*|gives another result after .*"
    r"|changes (?:a gradient that it|what f) returned before.*|changes an earlier (?:gradient|result) .*)"
)
TOGETHER = r".* are wrong together, though"
NUMBERS = [
    (
        rf"d\S+, (at least )?(\d+) of (\d+) entries wrong, first {NAME}(?:\[([\d, ]+)\])?(?: \(also wrong: (.*)\))?",
        is_head,
    ),
    (rf"analytic {NUMBER}, numeric {NUMBER} \+- {NUMBER}: {NUMBER} bounds apart", are_values),
    (
        rf"analytic {NUMBER}, at a kink of f: allowed \[{NUMBER}, {NUMBER}\] \+- {NUMBER}: {NUMBER} bounds outside",
        are_values_at_kink,
    ),
    (rf"analytic {NUMBER}, but the slope of f is {NUMBER}", are_not_finite),
    (rf"{EACH}analytic is 0", of_every_wrong_entry(lambda got, wanted: abs(got) <= ROUNDING * abs(wanted))),
    (rf"{EACH}analytic = {NUMBER} x numeric", of_every_wrong_entry(is_factor)),
    (
        rf"{EACH}analytic = c x numeric, where c depends on the arguments; here it is {NUMBER}",
        of_every_wrong_entry(is_factor, shown=True),
    ),
    (
        rf"{EACH}analytic = numeric (\+) c, where c depends on the arguments; here it is {NUMBER}",
        of_every_wrong_entry(is_offset, shown=True),
    ),
    (
        rf"{EACH}analytic = {NUMBER} x numeric, which is (-?(?:1/)?n), where n = (\d+) is a size of an array",
        is_named_factor,
    ),
    (rf"{EACH}analytic has no more digits than float32 holds", of_every_wrong_entry(is_float32, shown=True)),
    (
        rf"{EACH}right to {NUMBER} of the largest entry; does f iterate until a tolerance\? tolerance=\S+",
        of_every_wrong_entry(is_nearly_right, shown=True),
    ),
    (
        rf"{EACH}right to a relative error of {NUMBER}",
        of_every_wrong_entry(lambda got, wanted, off: near(got, wanted, 1.6 * float(off)), shown=True),
    ),
    (rf"{EACH}analytic = numeric ([+-]) {NUMBER}", of_every_wrong_entry(is_offset, shown=True)),
    (r"analytic is numeric reversed along axis (\d)", is_order(lambda got, wanted, axis: np.flip(wanted, int(axis)))),
    (r"analytic is numeric transposed", is_order(lambda got, wanted: np.swapaxes(wanted, -1, -2))),
    (r"analytic holds the numeric entries in another order", is_order(sorted_as)),
    (rf"wrong exactly where {NAME} is (0|negative|positive)", are_exactly_where),
    (
        rf'f reads one triangle of {NAME}; if \1 is always symmetric, write structure=\{{"{NAME}": "symmetric"\}}',
        is_symmetric,
    ),
    (rf"{TOGETHER} each alone is right: f has a kink at these arguments, such as a tie", is_right_alone_at_kink),
    (rf"{TOGETHER} no entry tested alone is found wrong: f has a kink at these arguments, such as a tie", is_at_kink),
    (rf"{TOGETHER} no entry tested alone is found wrong", is_wrong_together),
]
CALLS = [
    (r"vjp gives the gradient of an earlier call at arguments that differ in their last digits", remembers_nearby),
    (r"vjp gives the gradient of (\S+) of an earlier call, when one entry has changed", remembers),
    (r"vjp gives the gradient of (\S+) of an earlier call, when two entries have changed places", remembers),
    (r"(vjp|f) writes to its arguments, which are read-only: (.*)", writes),
    (rf"vjp of (?:a dA of zeros|{NUMBER} dA) is not .*: the gradient of {ENTRY} is .*, but must be .*", is_not_linear),
    (r"vjp gives another result for (?:a )?(\S+) (?:(dA)|arguments) of the same entries", depends_on_layout),
    (r"vjp raised (\w+) where f did not: (.*)", raises),
    (rf"the gradient of {NAME} must have the shape of \1, (\(.*\)); it is (.*)", is_of_shape),
    (r"vjp must give a gradient for each argument, (\d+) in all, in a tuple or a list; it gave (\d+)", is_of_number),
    (rf"the gradient of {NAME} must be (\w+), as \S+ is, not (\w+)", is_of_dtype),
    (rf"the gradient of {NAME}, which is int64, must be None, not .*", has_gradient),
]
DEPENDS = only_in_the_mutant(depends_on_calls)
RULES = [
    *NUMBERS,
    (OTHER_CALLS, DEPENDS),
    *[(pattern, only_in_the_mutant(shows)) for pattern, shows in CALLS],
    (rf"the gradient of {ENTRY} is .* in float32, but .* in float64", is_far_in_float32),
    (rf"where {NAME} is all .*", is_argument),
    (rf"along .*: analytic {NUMBER}, numeric {NUMBER} \+- {NUMBER}: {NUMBER} bounds apart", lambda *_: True),
]

OF_NUMBERS = {rule for _, rule in NUMBERS}

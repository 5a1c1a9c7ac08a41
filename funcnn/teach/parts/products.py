"""Mistakes in products: a factor that is missing, transposed, or another value; and gradients of another value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.parts.reverse import Run, Site
from funcnn.teach.parts.rules import SLOPES, pulled_back, summed
from funcnn.teach.parts.wrong import Local, Wrong, at_edge, edges

Product = Callable[[int, Array, Array, Array], Array]


def products(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """A factor is missing, a matrix is transposed or not, or a factor has the place of the other."""
    trace = run.trace
    for group, j in edges(trace):
        one = trace.operation(group[0])
        of = f"in the gradient of {trace.name(one.args[j], names)}, from `{trace.code(group[0])}`"
        if one.name in {"multiply", "divide"}:
            other = trace.name(one.args[1 - j], names)
            if run.values[one.args[1 - j]].size > 1 or one.args[1 - j] in trace.moving:
                yield _wrong("slope missing", f"the factor {other} {of}", group, j, _unscaled)
                yield _wrong("doubled factor", f"{other} {of}", group, j, _squared(j))
            own = trace.name(one.args[j], names)
            if one.args[j] != one.args[1 - j]:
                yield _wrong("wrong value", f"{own} itself in place of {other} {of}", group, j, _own(j))
            if one.name == "multiply":
                yield _wrong(
                    "wrong value",
                    f"the sum of both factors {of}",
                    group,
                    j,
                    lambda run, s: s.g * (s.args[0] + s.args[1]),
                )
                yield _wrong(
                    "wrong value", f"the product in place of {other} {of}", group, j, lambda run, s: s.g * s.out
                )
            if one.name == "divide" and j == 1:
                yield _wrong(
                    "wrong value", f"the square is missing {of}", group, j, lambda run, s: -s.g * s.args[0] / s.args[1]
                )
        if one.name in {"add", "subtract"} and one.args[j] != one.args[1 - j]:
            own = trace.name(one.args[j], names)
            yield _wrong("wrong value", f"{own} itself is a factor {of}, and must not be", group, j, _times_own(j))
        if one.name == "matmul":
            yield from _of_matrices(run, group, j, of)


def _of_matrices(run: Run, group: list[int], j: int, of: str) -> Iterator[Wrong]:
    if run.values[run.trace.operation(group[0]).args[1 - j]].ndim == 2:
        yield _wrong("wrong value", f"the inverse in place of the transpose {of}", group, j, _by_inverse(j))
    for turned in _TURNED:
        yield _wrong("transposed", of, group, j, _as_product(j, turned))
    yield _wrong("transposed", f"with its factors exchanged, {of}", group, j, _as_product(j, _exchanged))


def _slope(run: Run, site: Site, j: int) -> Array:
    one = run.trace.operation(site.place)
    return SLOPES[one.name][j](*site.args, site.out)


def _wrong(name: str, detail: str, group: list[int], j: int, local: Local) -> Wrong:
    def rule(run: Run, site: Site) -> Array | None:
        made = local(run, site)
        return None if made is None else _fitting(made, site.out.shape, site.args[j].shape)

    return Wrong(name, detail, dict.fromkeys(group, at_edge(j, rule)))


def _fitting(made: Array, out: tuple[int, ...], wanted: tuple[int, ...]) -> Array:
    """A gradient in the shape of its argument: added up, if it has the shape of the output."""
    if made.shape not in {wanted, out}:
        raise ValueError(made.shape)
    return made if made.shape == wanted else summed(made, wanted)


def _unscaled(run: Run, site: Site) -> Array:
    return site.g * np.ones_like(site.out)


def _squared(j: int) -> Local:
    return lambda run, site: site.g * _slope(run, site, j) ** 2


def _own(j: int) -> Local:
    return lambda run, site: site.g * site.args[j]


def _times_own(j: int) -> Local:
    return lambda run, site: site.g * _slope(run, site, j) * site.args[j]


_TURNED: list[Callable[[int, Array, Array, Array], Array]] = [
    lambda j, a, b, g: g @ b if j == 0 else a @ g,
    lambda j, a, b, g: _T(g @ _T(b)) if j == 0 else _T(_T(a) @ g),
    lambda j, a, b, g: _T(g) @ _T(b) if j == 0 else _T(a) @ _T(g),
    lambda j, a, b, g: _T(g) @ b if j == 0 else a @ _T(g),
    lambda j, a, b, g: g @ b.reshape(_T(b).shape) if j == 0 else a.reshape(_T(a).shape) @ g,
]


def _exchanged(j: int, a: Array, b: Array, g: Array) -> Array:
    return b @ g if j == 0 else g @ a


def _T(a: Array) -> Array:  # noqa: N802  as NumPy has it
    return np.swapaxes(a, -1, -2)


def _by_inverse(j: int) -> Local:
    def local(run: Run, site: Site) -> Array | None:
        inverse = np.linalg.pinv(site.args[1 - j])
        return site.g @ inverse if j == 0 else inverse @ site.g

    return local


def _as_product(j: int, turned: Product) -> Local:
    def local(run: Run, site: Site) -> Array | None:
        a, b = site.args
        return turned(j, a, b, site.g)

    return local


def other_values(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """Another value of the same shape in place of a factor, of the same round of a loop, or of the one before or after."""
    trace = run.trace
    groups = [[i] for i in range(len(trace.program.inputs))] + trace.groups
    for group, j in edges(trace):
        one = trace.operation(group[0])
        if one.name not in {"multiply", "matmul"}:
            continue
        wanted = one.args[1 - j]
        shape = run.values[wanted].shape
        for others in groups:
            for place, at in _aligned(group, others):
                if run.values[others[0]].shape == shape and at.get(group[0]) != wanted and run.values[others[0]].any():
                    of = f"{trace.name(others[0], names)} in place of {trace.name(wanted, names)}"
                    yield Wrong(
                        "wrong value",
                        f"{of}, in the gradient of {trace.name(one.args[j], names)}",
                        {place: at_edge(j, _with(j, at[place])) for place in at},
                    )


def _aligned(group: list[int], others: list[int]) -> Iterator[tuple[int, dict[int, int]]]:
    """The value of the same round, where the rounds are as many, or one more or less."""
    n, m = len(group), len(others)
    if m == 1:
        yield 0, dict.fromkeys(group, others[0])
    elif m == n:
        yield 0, dict(zip(group, others, strict=True))
    elif abs(m - n) == 1:
        yield 0, dict(zip(group, others, strict=False))
        yield 1, dict(zip(reversed(group), reversed(others), strict=False))


def _with(j: int, place: int) -> Local:
    def local(run: Run, site: Site) -> Array | None:
        one = run.trace.operation(site.place)
        args = list(site.args)
        args[1 - j] = run.values[place]
        return pulled_back(one, j, args, site.out, site.g)

    return local


def other_gradients(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """The gradient of another value in place of that of the output, such as the one before a slope."""
    trace = run.trace
    for group, j in edges(trace):
        shape = run.values[group[0]].shape
        for others in trace.groups:
            for _, at in _aligned(group, others):
                if run.values[others[0]].shape == shape and at.get(group[0]) != group[0]:
                    of = f"the gradient of {trace.name(others[0], names)} in place of that of {trace.name(group[0], names)}"
                    to = trace.name(trace.operation(group[0]).args[j], names)
                    rules = {place: at_edge(j, _from(j, at[place])) for place in at}
                    yield Wrong("wrong gradient", f"{of}, in the gradient of {to}", rules)


def _from(j: int, place: int) -> Local:
    def local(run: Run, site: Site) -> Array | None:
        return pulled_back(run.trace.operation(site.place), j, site.args, site.out, site.gradient_of(place))

    return local


def updated(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """A matrix product with the weights after the step, in place of those of the forward pass."""
    trace = run.trace
    for group, j in edges(trace):
        one = trace.operation(group[0])
        other = one.args[1 - j] if one.name in {"matmul", "multiply"} else trace.first
        if other in trace.floats:
            rule = at_edge(j, _stepped(j, other))
            yield Wrong("updated weights", f"{trace.name(other, names)}", dict.fromkeys(group, rule), any_amount=True)


def _stepped(j: int, other: int) -> Local:
    def local(run: Run, site: Site) -> Array | None:
        args = list(site.args)
        args[1 - j] = args[1 - j] - site.gradient_of(other)
        return pulled_back(run.trace.operation(site.place), j, args, site.out, site.g)

    return local

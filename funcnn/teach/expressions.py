"""The terms of a number as text: sums of products of other numbers, which are named by their places."""

from __future__ import annotations

from collections.abc import Mapping

from funcnn.teach.numbers import CONSTANT, GIVEN, NoTermsError, Number

MOST_TERMS = 100  # a longer sum is not read
MOST_PLACES = 60  # numbers in one term
_STRENGTH = {"+": 1, "-": 1, "neg": 2, "*": 2, "/": 2, "^": 3}


def terms_of(a: Number, own: str, places: dict[int, str]) -> list[str] | None:
    """The terms of a number at the place `own`; None if it is given, or too long to be read.

    A term is a product of places and constants, such as `@1.0*@2.3` or `-@1.0`, or another expression, behind which
    stands its value: `tanh(@1.0)=0.76`. The number is the sum of its terms.
    """
    place = places.get(id(a), own)
    if place != own:
        return [place]
    if a.how == GIVEN:
        return None
    taken = places.pop(id(a), None)  # a number is not a term of itself
    try:
        return [_term(sign, part, places) for sign, part in _summands(a, places)]
    except NoTermsError:
        return None
    finally:
        if taken is not None:
            places[id(a)] = taken


def _summands(a: Number, places: Mapping[int, str]) -> list[tuple[int, Number]]:
    """The summands of a number, each with its sign."""
    found, waiting = list[tuple[int, Number]](), [(1, a)]
    while waiting:
        sign, part = waiting.pop()
        if part.how in {"+", "-", "neg"} and id(part) not in places:
            signs = {"+": (1, 1), "-": (1, -1), "neg": (-1,)}[part.how]
            waiting += reversed([(sign * s, one) for s, one in zip(signs, part.parts, strict=True)])
        else:
            found.append((sign, part))
        if len(found) + len(waiting) > MOST_TERMS:
            raise NoTermsError("the sum is too long to be read")
    return found


def _term(sign: int, a: Number, places: Mapping[int, str]) -> str:
    left = [MOST_PLACES]
    factors = _factors(a, places)
    if all([_is_short(part, places) for part in factors]):
        return "-" * (sign < 0) + "*".join([_text(part, places, 2, left) for part in factors])
    value = sign * a.value
    return "-" * (sign < 0) + f"{_text(a, places, 2 if sign < 0 else 0, left)}={value!r}"


def _factors(a: Number, places: Mapping[int, str]) -> list[Number]:
    if a.how != "*" or id(a) in places:
        return [a]
    return [factor for part in a.parts for factor in _factors(part, places)]


def _choices(a: Number, root: Number, places: Mapping[int, str]) -> tuple[Number, ...]:
    """max(a, b, c) for max(max(a, b), c)."""
    if a.how != root.how or (a is not root and id(a) in places):
        return (a,)
    return tuple([choice for part in a.parts for choice in _choices(part, root, places)])


def _is_short(a: Number, places: Mapping[int, str]) -> bool:
    return places.get(id(a), "#")[0] == "@" or a.how == CONSTANT


def _text(a: Number, places: Mapping[int, str], strength: int, left: list[int]) -> str:
    """The expression of a number as an operand of an operator of the given strength."""
    left[0] -= 1
    if left[0] < 0:
        raise NoTermsError("the expression is too long to be read")
    if id(a) in places:
        return places[id(a)]
    if a.how == CONSTANT:
        return f"({a.value:.12g})" if a.value < 0 and strength else f"{a.value:.12g}"
    if a.how == GIVEN:
        raise NoTermsError("a number without a place")
    own = _STRENGTH.get(a.how)
    if own is None:
        parts = _choices(a, a, places) if a.how in {"max", "min"} else a.parts
        return f"{a.how}({', '.join([_text(part, places, 0, left) for part in parts])})"
    if a.how == "neg":
        text = f"-{_text(a.parts[0], places, 3, left)}"
    else:
        one, other = a.parts
        last = own + (a.how in {"-", "/", "^"})
        space = " " * (own == 1)
        text = (
            f"{_text(one, places, own + (a.how == '^'), left)}{space}{a.how}{space}{_text(other, places, last, left)}"
        )
    return f"({text})" if own < strength or (a.how == "neg" and strength) else text

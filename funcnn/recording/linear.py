"""Whole numbers that depend on free lengths, such as the number m of rows, as a + b m, or a + b m + c t + d m t."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import attrs
import numpy as np

Lengths = Mapping[str, int]
"""Free lengths by name."""


class NotLinearError(Exception):
    """Something depends on free lengths in another way than as a sum of products of them; the text names it."""


@attrs.frozen
class Linear:
    """The sum of products of lengths: for each term (names, factor), the factor times the lengths of these names."""

    terms: tuple[tuple[tuple[str, ...], int], ...]

    def at(self, lengths: Lengths) -> int:
        """The number for these lengths."""
        return sum([factor * product(names, lengths) for names, factor in self.terms])

    def per(self, names: tuple[str, ...]) -> int:
        """n, if this is n times the product of the lengths of these names, else 0."""
        return self.terms[0][1] if [one for one, _ in self.terms] == [names] else 0


def product(names: Sequence[str], lengths: Lengths) -> int:
    """The product of some lengths."""
    return math.prod([lengths[name] for name in names])


def length(*names: str) -> Linear:
    """A free length, or a product of them."""
    return Linear(((names, 1),))


def at(tree: Any, lengths: Lengths) -> Any:
    """A tuple, a list or a dict with the numbers for these lengths."""
    if isinstance(tree, tuple | list):
        return type(tree)([at(part, lengths) for part in tree])
    if isinstance(tree, dict):
        return {key: at(part, lengths) for key, part in tree.items()}
    return tree.at(lengths) if isinstance(tree, Linear) else tree


def products_of(examples: Sequence[Lengths]) -> list[tuple[str, ...]]:
    """The names of each product of different lengths, beginning with the empty product."""
    names = list(examples[0])
    return [names for n in range(len(names) + 1) for names in combinations(list(examples[0]), n)]


def linear(trees: Sequence[Any], examples: Sequence[Lengths]) -> Any:
    """The tree that is trees[i] for the lengths examples[i]: each whole number that differs is a `Linear`.

    The first 2^k examples of k lengths determine it, and the others have to agree.

    Raises:
        NotLinearError: a number is not a sum of products of lengths, or something else than a whole number differs.
    """
    first = trees[0]
    if all([type(tree) is type(first) and tree == first for tree in trees]):
        return first
    if isinstance(first, tuple | list) and len({len(tree) for tree in trees}) == 1:
        return type(first)([linear(parts, examples) for parts in zip(*trees, strict=True)])
    if isinstance(first, dict):
        return {key: linear([tree[key] for tree in trees], examples) for key in first}
    if type(first) is int and all([type(tree) is int for tree in trees]):
        products = products_of(examples)
        table = [[product(names, one) for names in products] for one in examples[: len(products)]]
        factors = np.linalg.solve(np.array(table, float), np.array(trees[: len(products)], float))
        terms = [(names, round(factor)) for names, factor in zip(products, factors.tolist(), strict=True)]
        made = Linear(tuple([term for term in terms if term[1]]))
        if [made.at(one) for one in examples] == list(trees):
            return made
    raise NotLinearError(f"a shape or a position that is not {form_of(examples)}")


def form_of(examples: Sequence[Lengths]) -> str:
    """The words for what a number may be."""
    names = list(examples[0])
    return "a + b m for m rows" if names == ["m"] else f"a sum of products of the lengths {', '.join(names)}"


def total(shape: Sequence[Any], examples: Sequence[Lengths]) -> int | Linear | None:
    """The number of entries of an array of this shape, or None if it depends on the square of a length."""
    try:
        made: int | Linear = linear([math.prod(at(tuple(shape), one)) for one in examples], examples)
    except NotLinearError:
        return None
    return made

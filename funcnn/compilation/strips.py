"""Text of kernels for arrays of any length and alignment: strips of numbers that follow one another in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funcnn.compilation.text import Index, Text

FORM = (2, 3)  # of an array that stands for arrays of all forms, whose entries are computed alike


class Strips(Text):
    """Panels of numbers that follow one another, the last of which may be cut off: then its other lanes are 0.

    A pointer may point to any number of an array. `lanes` are the lanes that are not cut off, if their number is known.
    """

    def __init__(self, dtype: Any, lines: int = 1, *, most: int | None = None) -> None:
        super().__init__(dtype, lines, most=most)
        self.lanes, self._mask = self.rows, ""

    def strips(self, count: Index, body: Callable[..., Sequence[str] | None], *carried: str) -> Sequence[str]:
        """`carried = body(i, *carried)` for each panel i = 0, rows, ... of `count` numbers.

        If it is not known how many they are, there may be none, and nothing is carried.
        """
        if isinstance(count, int):
            known = count - count % self.rows
            if known:
                carried = tuple(self.loop(known, body, *carried, step=self.rows))
            return self.cut(count - known, known, body, *carried) if count > known else carried
        whole = self.let(f"and i64 {count}, {-self.rows}")
        self.when(self.let(f"icmp ne i64 {whole}, 0"), lambda: self.loop(whole, body, step=self.rows))
        self.when(self.let(f"icmp ne i64 {whole}, {count}"), lambda: self.cut(self.minus(count, whole), whole, body))
        return ()

    def cut(self, count: Index, i: Index, body: Callable[..., Sequence[str] | None], *carried: str) -> Sequence[str]:
        """`body(i, *carried)` for a panel of which only the first `count` numbers are there."""
        if isinstance(count, int):
            self.lanes = count
            self._mask = f"<{', '.join([f'i1 {str(lane < count).lower()}' for lane in range(self.rows)])}>"
        else:
            self._mask = self.first_lanes(self.let(f"trunc i64 {count} to i32"), "i32")
        new = body(i, *carried) or ()
        self.lanes, self._mask = self.rows, ""
        return new

    def only(self, value: str, other: float) -> str:
        """The panel, with another number in the lanes that are cut off."""
        return self.select(self._mask, value, self.constant(other)) if self._mask else value

    def read(self, pointer: str, i: Index = 0) -> str:
        """The panel from number i on."""
        at = self.at(pointer, i)
        if not self._mask:
            return self.let(f"load {self.panel}, ptr {at}, align {self.bytes}")
        name = self._masked("load", f"{self.panel} @{{}}(ptr, i32, {self.bools}, {self.panel})")
        mask = f"{self.bools} {self._mask}, {self.panel} zeroinitializer"
        return self.let(f"call {self.panel} @{name}(ptr {at}, i32 {self.bytes}, {mask})")

    def write(self, value: str, pointer: str, i: Index = 0, *, past_cache: bool = False) -> None:
        """A panel to the place of number i and those after it.

        With `past_cache` the cache does not read and keep the line of memory first; it must begin with a panel.
        """
        at = self.at(pointer, i)
        if not self._mask:
            self.declared.update(["!0 = !{i32 1}"] * past_cache)
            how = f"align {self.line}, !nontemporal !0" if past_cache else f"align {self.bytes}"
            self.do(f"store {self.panel} {value}, ptr {at}, {how}")
            return
        name = self._masked("store", f"void @{{}}({self.panel}, ptr, i32, {self.bools})")
        self.do(f"call void @{name}({self.panel} {value}, ptr {at}, i32 {self.bytes}, {self.bools} {self._mask})")

    def _masked(self, operation: str, declaration: str) -> str:
        name = f"llvm.masked.{operation}.v{self.rows}f{8 * self.bytes}.p0"
        self.declared.add(f"declare {declaration.format(name)}")
        return name

    def fetch(self, pointer: str, *, writes: bool, level: int) -> None:
        """Ask for the numbers at the pointer, which are read or written soon; `level` is 3 for the nearest cache."""
        self.declared.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        self.do(f"call void @llvm.prefetch.p0(ptr {pointer}, i32 {int(writes)}, i32 {level}, i32 1)")


def lanes(channels: int) -> int:
    """The numbers of a panel for pixels of so many channels: a power of 2 that divides them, or the next one below."""
    divides = channels & -channels
    return divides if divides >= 4 else 1 << (channels.bit_length() - 1)

"""Text of LLVM IR: arithmetic of panels, vectors with one number for each of some rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from funcnn.compilation.statements import Index, Statements

__all__ = ["LINE", "Index", "Text"]

LINE = 64
"""Bytes of a line of a processor's cache, to which panels are aligned."""


class Text(Statements):
    """The statements of one function, written in order; each method that computes returns the name of its value.

    A panel is a vector of `rows` floats, one for each row, which fills `lines` cache lines, or has `most` floats. %C is
    the table of constant panels: LLVM would hoist constants in the text out of loops, and then spill them for want of
    registers.

    LLVM Language Reference Manual, https://llvm.org/docs/LangRef.html.
    """

    def __init__(self, dtype: Any, lines: int = 1, *, most: int | None = None, is_fused: bool = False) -> None:
        self.dtype = np.dtype(dtype)
        self.bytes = self.dtype.itemsize
        self.double = self.bytes == 8
        self.rows = min(LINE * lines // self.bytes, most or LINE * lines)
        self.line = min(LINE, self.rows * self.bytes)
        self.float, self.integer = ("double", "i64") if self.double else ("float", "i32")
        self.panel, self.integers, self.bools = [f"<{self.rows} x {t}>" for t in (self.float, self.integer, "i1")]
        super().__init__(self.panel)
        self._flags, self._is_fused = "" if is_fused else " contract", is_fused
        self.table: dict[bytes, int] = {}
        self._entries = 0

    def panels(self) -> Any:
        """The table of constant panels."""
        return np.frombuffer(b"".join(self.table), self.dtype)

    # Whole numbers.

    def plus(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        return b if a == 0 else a if b == 0 else self.let(f"add nuw nsw i64 {a}, {b}")

    def times(self, a: Index, b: Index) -> Index:
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if 0 in (a, b):
            return 0
        return b if a == 1 else a if b == 1 else self.let(f"mul nuw nsw i64 {a}, {b}")

    def minus(self, a: Index, b: Index) -> str:
        return self.let(f"sub nuw nsw i64 {a}, {b}")

    def least(self, a: Index, b: Index) -> str:
        self.declared.add("declare i64 @llvm.umin.i64(i64, i64)")
        return self.let(f"call i64 @llvm.umin.i64(i64 {a}, i64 {b})")

    # Memory.

    def at(self, pointer: str, i: Index) -> str:
        """The address of number i."""
        return pointer if i == 0 else self.let(f"getelementptr inbounds {self.float}, ptr {pointer}, i64 {i}")

    def load(self, pointer: str, i: Index = 0) -> str:
        return self.let(f"load {self.panel}, ptr {self.at(pointer, i)}, align {self.line}")

    def store(self, value: str, pointer: str, i: Index = 0) -> None:
        self.do(f"store {self.panel} {value}, ptr {self.at(pointer, i)}, align {self.line}")

    def number(self, pointer: str, i: Index = 0) -> str:
        return self.let(f"load {self.float}, ptr {self.at(pointer, i)}")

    def gathered(self, pointer: str, stride: int, count: int) -> str:
        """A panel of `count` numbers, each `stride` numbers behind the one before; the other lanes are not set."""
        made = "poison"
        for i in range(count):
            made = self.let(
                f"insertelement {self.panel} {made}, {self.float} {self.number(pointer, i * stride)}, i64 {i}"
            )
        return made

    def put(self, number: str, pointer: str, i: Index = 0) -> None:
        self.do(f"store {self.float} {number}, ptr {self.at(pointer, i)}")

    def word_at(self, pointer: str, i: Index) -> str:
        """The address of word i, of 64 bits."""
        return self.let(f"getelementptr inbounds i64, ptr {pointer}, i64 {i}")

    def word(self, pointer: str, i: Index) -> str:
        """Whole number i, of 64 bits, at the pointer."""
        return self.let(f"load i64, ptr {self.word_at(pointer, i)}")

    def pointer(self, pointer: str, i: Index) -> str:
        """Address i at the pointer."""
        return self.let(f"load ptr, ptr {self.word_at(pointer, i)}")

    def shuffled(self, kind: str, a: str, b: str, lanes: Sequence[int]) -> str:
        """The chosen lanes of a and b, two vectors of this kind, counted through both."""
        which = ", ".join(f"i32 {lane}" for lane in lanes)
        return self.let(f"shufflevector {kind} {a}, {kind} {b}, <{len(lanes)} x i32> <{which}>")

    def splat(self, number: Index, of: str = "") -> str:
        """A vector with this number in all lanes, of type `of`."""
        kind = f"<{self.rows} x {of or self.float}>"
        first = self.let(f"insertelement {kind} poison, {of or self.float} {number}, i64 0")
        return self.shuffled(kind, first, "poison", [0] * self.rows)

    def first_lanes(self, count: Index, of: str) -> str:
        """Bools, True in the first `count` lanes, where `of` is the type of the count."""
        lanes, most = ", ".join([f"{of} {i}" for i in range(self.rows)]), self.splat(count, of)
        return self.let(f"icmp ult <{self.rows} x {of}> <{lanes}>, {most}")

    # Constants.

    def constant(self, value: float) -> str:
        if value == 0 and math.copysign(1, value) > 0:
            return "zeroinitializer"
        return self.let(
            f"load {self.panel}, ptr {self._entry(np.full(self.rows, value, self.dtype))}, align {self.line}"
        )

    def whole(self, value: int) -> str:
        """A panel of integers of the size of the floats."""
        entry = self._entry(np.full(self.rows, value, f"i{self.bytes}"))
        return self.let(f"load {self.integers}, ptr {entry}, align {self.line}")

    def words(self, words: list[int]) -> str:
        """The address of whole numbers in the table, of 64 bits each."""
        panel = self.rows * self.bytes // 8
        return self._entry(np.array([*words, *[0] * (-len(words) % panel)], np.int64))

    def _entry(self, panels: Any) -> str:
        content = panels.tobytes()
        if content not in self.table:
            self.table[content] = self._entries
            self._entries += len(content) // (self.rows * self.bytes)
        return self.at("%C", self.table[content] * self.rows)

    # Arithmetic. With `contract` a product and a sum become one instruction, which rounds once, where there is one.

    def add(self, a: str, b: str, kind: str = "") -> str:
        return self.let(f"fadd{self._flags} {kind or self.panel} {a}, {b}")

    def sub(self, a: str, b: str) -> str:
        return self.let(f"fsub{self._flags} {self.panel} {a}, {b}")

    def mul(self, a: str, b: str, kind: str = "") -> str:
        return self.let(f"fmul{self._flags} {kind or self.panel} {a}, {b}")

    def div(self, a: str, b: str) -> str:
        return self.let(f"fdiv {self.panel} {a}, {b}")

    def fma(self, a: str, b: str, c: str, kind: str = "") -> str:
        """a b + c, rounded once if the text `is_fused`."""
        if self._is_fused:
            return self.call("fma", a, b, c, kind=kind)
        return self.add(self.mul(a, b, kind), c, kind)

    def exactly(self, operation: str, a: str, b: str) -> str:
        """fadd, fsub or fmul, rounded by itself, for differences that are meant to be rounding errors."""
        return self.let(f"{operation} {self.panel} {a}, {b}")

    def neg(self, a: str) -> str:
        return self.let(f"fneg {self.panel} {a}")

    def compare(self, how: str, a: str, b: str) -> str:
        return self.let(f"fcmp {how} {self.panel} {a}, {b}")

    def logic(self, operation: str, a: str, b: str) -> str:
        return self.let(f"{operation} {self.bools} {a}, {b}")

    def inverse(self, a: str) -> str:
        """Bools that are True where those of a are not."""
        return self.logic("xor", a, f"<{', '.join(['i1 true'] * self.rows)}>")

    def select(self, condition: str, a: str, b: str) -> str:
        return self.let(f"select {self.bools} {condition}, {self.panel} {a}, {self.panel} {b}")

    def call(self, name: str, *arguments: str, kind: str = "", flags: str = "") -> str:
        """An intrinsic of LLVM, such as sqrt, that maps panels to a panel; or other vectors of this kind to one."""
        kind = kind or self.panel
        full = f"llvm.{name}.v{kind.split()[0][1:]}f{8 * self.bytes}"
        self.declared.add(f"declare {kind} @{full}({', '.join([kind] * len(arguments))})")
        return self.let(f"call {flags}{kind} @{full}({', '.join([f'{kind} {a}' for a in arguments])})")

    @contextmanager
    def each_rounded(self) -> Iterator[None]:
        """Statements of which each operation is rounded by itself, as NumPy rounds it."""
        before, self._flags = self._flags, ""
        yield
        self._flags = before

    # The bits of floats.

    def bits(self, a: str) -> str:
        return self.let(f"bitcast {self.panel} {a} to {self.integers}")

    def floats(self, a: str) -> str:
        return self.let(f"bitcast {self.integers} {a} to {self.panel}")

    def integral(self, operation: str, a: str, b: str) -> str:
        return self.let(f"{operation} {self.integers} {a}, {b}")

    def counted(self, a: str, less: int) -> str:
        """Small integers, minus one that is known, as floats."""
        if self.double:  # AVX2 has no instruction from 64-bit integers to floats: put the integer into the bits of 2^52
            in_bits = self.floats(self.integral("or", a, self.whole(0x4330000000000000)))
            return self.exactly("fsub", in_bits, self.constant(2.0**52 + less))
        return self.let(f"sitofp {self.integers} {self.integral('sub', a, self.whole(less))} to {self.panel}")

    def has_sign(self, a: str) -> str:
        """Whether floats are negative, or -0."""
        return self.let(f"icmp slt {self.integers} {self.bits(a)}, zeroinitializer")

    def has_bit(self, a: str, i: int) -> str:
        """Whether integers have the bit of 2^i."""
        return self.let(f"icmp ne {self.integers} {self.integral('and', a, self.whole(1 << i))}, zeroinitializer")

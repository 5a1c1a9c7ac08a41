"""Elementary functions as a script: the formulas of a portable program, which JavaScript rounds alike."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from funcnn.formulas.table import FORMULAS
from funcnn.formulas.trigonometric import LARGEST
from funcnn.recording.angles import BITS, SHORTER, TWO_PI

_UNARY = "FAST.{name}=(out,a)=>{for(let k=0;k<out.length;k++){const x=a[k];"
_BINARY = (
    "FAST.{name}=(out,a,b,{outer,inner,by:[s,t],from:[p,q]})=>{for(let u=0,k=0;u<outer;u++)"
    "for(let v=0,i=p[u],j=q[u];v<inner;v++,i+=s,j+=t,k++){const x=a[i],y=b[j];"
)
_PERIODIC = {"sin", "cos"}
_TURNED = f"""\
const TWO_PI={TWO_PI:#x}n,SCALED=x=>x<2**53?BigInt(x*{2**33})<<{BITS - 33}n:BigInt(x)<<{BITS}n
const rest=x=>Number(SCALED(x)%TWO_PI>>{SHORTER}n)*{2.0 ** (SHORTER - BITS)!r}
const turned=x=>Math.abs(x)>{LARGEST[8]:.0f}&&Math.abs(x)<Infinity?Math.sign(x)*rest(Math.abs(x)):x
"""


def functions_script(names: Collection[str]) -> str:
    """Loops over arrays that compute the formulas of these names."""
    head = "// Loops of elementary functions, written from funcnn's formulas.\n"
    return head + _TURNED * (not _PERIODIC.isdisjoint(names)) + "".join(map(_loop, sorted(names)))


def _loop(name: str) -> str:
    script, is_binary = _Script(), name in {"power", "arctan2"}
    made = FORMULAS[name](script, *("x", "y")[: 1 + is_binary])
    head = (_BINARY if is_binary else _UNARY).replace("{name}", name)
    head = head.replace("a[k]", "turned(a[k])") if name in _PERIODIC else head
    values = ",".join([f"{value}={text}" for text, value in script.values.items()])
    return f"{head}const {values};out[k]={'y===2?x*x:' if name == 'power' else ''}{made}}}}}\n"


class _Script:
    """The arithmetic of JavaScript.

    Floats and bools are names of values, or numbers. Integers, the bits of a float, are pairs of 32 bits each, the high
    ones first, as expressions or as known ints; the high ones are None where a carry may be in them.
    """

    bytes, double = 8, True

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        """The name of the value of each expression."""

    def let(self, text: str) -> str:
        return self.values.setdefault(text, f"v{len(self.values)}")

    def constant(self, value: float) -> str:
        text = repr(float(value)).removesuffix(".0").replace("inf", "Infinity").replace("nan", "NaN")
        return f"({text})" if value < 0 else text

    def add(self, a: str, b: str) -> str:
        return self.let(f"{a}+{b}")

    def sub(self, a: str, b: str) -> str:
        return self.let(f"{a}-{b}")

    def mul(self, a: str, b: str) -> str:
        return self.let(f"{a}*{b}")

    def div(self, a: str, b: str) -> str:
        return self.let(f"{a}/{b}")

    def fma(self, a: str, b: str, c: str) -> str:
        return self.add(self.mul(a, b), c)

    def exactly(self, operation: str, a: str, b: str) -> str:
        return self.let(f"{a}{ {'fadd': '+', 'fsub': '-', 'fmul': '*'}[operation] }{b}")

    def neg(self, a: str) -> str:
        return self.let(f"-{a}")

    def call(self, name: str, a: str, sign: str = "") -> str:
        size = self.let(f"Math.abs({a})")
        return self.let(f"{self.has_sign(sign)}?-{size}:{size}") if name == "copysign" else size

    def compare(self, how: str, a: str, b: str) -> str:
        return self.let(_COMPARE[how].format(a=a, b=b))

    def logic(self, operation: str, a: str, b: str) -> str:
        return self.let(f"{a}{'&&' if operation == 'and' else '||'}{b}")

    def inverse(self, a: str) -> str:
        return self.let(f"!{a}")

    def select(self, condition: str, a: str, b: str) -> str:
        return self.let(f"{condition}?{a}:{b}")

    def has_sign(self, a: str) -> str:
        return self.let(f"high({a})<0")

    # Integers.

    def whole(self, value: int) -> Any:
        return (value >> 32) & _WORD, value & _WORD

    def bits(self, a: str) -> Any:
        return f"high({a})", f"low({a})"

    def floats(self, a: Any) -> str:
        return self.let(f"joined({a[0]},{a[1]})")

    def counted(self, a: Any, less: int) -> str:
        return self.let(f"{a[1]}-{less}")

    def has_bit(self, a: Any, i: int) -> str:
        return self.let(f"({a[1]}&{1 << i})>0")

    def integral(self, operation: str, a: Any, b: Any) -> Any:
        if operation in {"shl", "lshr"}:
            by = b[1] - 32
            return (f"({a[1]}<<{by})", 0) if operation == "shl" else (0, f"({a[0]}>>>{by})")
        if operation == "and":
            return tuple(map(_masked, a, b))
        sign, is_carried = ("+", 0 not in (a[1], b[1])) if operation == "add" else ("-", b[1] != 0)
        return None if is_carried else _combined(sign, a[0], b[0]), _combined(sign, a[1], b[1])


_WORD = (1 << 32) - 1
_COMPARE = {
    "olt": "{a}<{b}",
    "ogt": "{a}>{b}",
    "oge": "{a}>={b}",
    "oeq": "{a}==={b}",
    "ueq": "!({a}<{b}||{a}>{b})",
    "uno": "{a}!=={a}||{b}!=={b}",
}


def _masked(a: Any, mask: int) -> Any:
    return {0: 0, _WORD: a}[mask]


def _combined(sign: str, a: Any, b: Any) -> Any:
    return a if b == 0 else b if a == 0 and sign == "+" else f"({a}{sign}{b}|0)"

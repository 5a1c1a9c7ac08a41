"""A function of trees and of complex numbers, and its derivatives, as functions of real arrays.

Each leaf of an argument becomes one real array; a complex leaf becomes two, its real and its imaginary part. Several
outputs, and complex ones, become one vector. One real array stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array, freeze, is_array, short
from funcnn.errors import KindError
from funcnn.testing.checked_pair import check_count
from funcnn.testing.claim import Rules, is_special
from funcnn.testing.differentiation.vector_function import sealed
from funcnn.testing.purity import Returned
from funcnn.testing.pytrees import children, leaves, leaves_like, map_leaves, rebuilt, shaped
from funcnn.testing.verdict import NotDeterministic, WrongDtype, WrongShape


class ResultStructure(NamedTuple):
    """The structure of a result: the first one, the kind of numbers and the shape of each leaf, and is it one array?

    A plain result is one value that is not complex.
    """

    tree: Any
    leaves: tuple[tuple[str, tuple[int, ...]], ...]
    is_plain: bool


_UNKNOWN = ResultStructure(None, (), is_plain=False)  # before f was called


@attrs.define(eq=False)
class Flattened:
    """f of `args`, differentiated by the leaves of `argnums`; the other arguments and `kwargs` are constants.

    `sign` is the sign of an imaginary part in a gradient: -1 for JAX, 1 for torch, 0 where no number may be complex.
    """

    function: str
    f: Callable[..., Any]
    args: tuple[Any, ...]
    paths: tuple[str, ...]
    argnums: tuple[int, ...]
    kwargs: Mapping[str, Any]
    sign: int
    is_plain: bool = attrs.field(init=False)  # every argument is one real array: then a call costs nothing more
    result: ResultStructure = attrs.field(default=_UNKNOWN, init=False)
    returned: Returned = attrs.field(factory=Returned, init=False)  # the leaves of the last result of f
    _constants: dict[Any, tuple[tuple[Any, ...], Mapping[str, Any]]] = attrs.field(factory=dict, init=False)

    @is_plain.default
    def _is_plain(self) -> bool:
        in_order = self.argnums == tuple(range(len(self.args)))
        return in_order and not self.kwargs and all([is_array(a) and a.dtype.kind != "c" for a in self.args])

    def parts(self) -> Iterator[tuple[str, Array]]:
        """The real arrays with their names."""
        for i in self.argnums:
            for path, leaf in leaves(self.args[i], self.paths[i]):
                if leaf.dtype.kind == "c":
                    yield f"real({path})", leaf.real
                    yield f"imag({path})", leaf.imag
                else:
                    yield path, leaf

    def called(self, parts: Sequence[Array]) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        """The arguments and the keyword arguments of f whose real arrays are `parts`."""
        if self.is_plain:
            return tuple(parts), {}
        floats = [a.dtype for a in parts if a.dtype.kind in "fc"]
        constants, kwargs = self._constants_as(np.result_type(*floats) if floats else np.dtype(float))
        rest = iter(parts)
        args = list(constants)
        for i in self.argnums:
            args[i] = rebuilt(constants[i], (join(leaf, rest) for _, leaf in leaves(self.args[i])))
        return tuple(args), kwargs

    def _constants_as(self, dtype: Any) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        """The arguments with constants in the precision of those that vary; arrays are read-only copies."""
        if dtype not in self._constants:

            def cast(a: Any) -> Any:
                if not is_array(a) or is_special(a) or not isinstance(a.dtype, np.dtype):  # such as a key of JAX
                    return a
                a = np.asarray(a)
                wide = {"f": dtype, "c": np.result_type(dtype, np.complex64)}
                return sealed(a.astype(wide.get(a.dtype.kind, a.dtype)))

            self._constants[dtype] = map_leaves(cast, self.args), map_leaves(cast, dict(self.kwargs))
        return self._constants[dtype]

    def value(self, *parts: Array) -> Any:
        """The result of f: one array of real numbers."""
        args, kwargs = self.called(parts)
        out = self.f(*args, **kwargs)
        if self.result is _UNKNOWN:
            self.result = self._result_of(out)
        if self.result.is_plain:
            return out
        self.returned.check("f changes an earlier result when it is called again")
        found = list(leaves_like(self.result.tree, out, "the result of f", NotDeterministic))
        found = [np.asarray(a) for a in found]
        if tuple([a.shape for a in found]) != tuple([shape for _, shape in self.result.leaves]):
            raise NotDeterministic("f gives a result of another shape when it is called again")
        self.returned.keep(found)
        return np.concatenate(list(self._reals(found)))

    def _result_of(self, out: Any) -> ResultStructure:
        if children(out) is None or out is None:
            kinds = [np.asarray(out)] if is_array(out) or np.isscalar(out) else [np.zeros((), object)]
        else:
            kinds = [np.asarray(leaf) for _, leaf in leaves(out)]
            if not any(a.dtype.kind in "fc" for a in kinds):
                raise KindError(f"{self.function}: f must return floats, not {short(out)}")
        if not self.sign and any(a.dtype.kind == "c" for a in kinds):
            remedy = 'choose convention="jax" or convention="torch"'
            raise KindError(f"{self.function}: f returns complex numbers; {remedy}")
        specs = tuple([(a.dtype.kind, a.shape) for a in kinds])
        is_plain = (children(out) is None or out is None) and specs[0][0] != "c"
        return ResultStructure(out, specs, is_plain)

    def _reals(self, found: Sequence[Array]) -> Iterator[Array]:
        """The real parts and the imaginary parts of the leaves of a result, each as a vector."""
        for (letter, _), a in zip(self.result.leaves, found, strict=True):
            if letter in "fc":
                yield from [part.ravel() for part in split(a, letter)]

    def cotangent(self, dA: Array) -> Any:
        """The cotangent as f's vjp takes it: with the structure of the result, None for whole numbers; read-only."""
        if self.result.is_plain:
            return dA
        rest, start = [], 0
        for letter, shape in self.result.leaves:
            size = int(np.prod(shape))
            parts = [dA[start + k * size : start + (k + 1) * size] for k in range("fc".find(letter) + 1)]
            start += size * len(parts)
            whole = [_arranged(part, shape) for part in parts]
            rest.append(
                freeze(whole[0] if letter == "f" else _complex(whole[0], self.sign * whole[1])) if parts else None
            )
        return shaped(self.result.tree, iter(rest))

    def tangents(self, tangents: Iterable[Any]) -> tuple[Any, ...]:
        """Tangents of the real arrays with the structure of the arguments; None for constants."""
        rest, steps = iter(tangents), [None] * len(self.args)
        for i in self.argnums:
            steps[i] = shaped(self.args[i], (join(leaf, rest) for _, leaf in leaves(self.args[i])))
        return tuple(steps)

    def gradients(self, vjp: Callable[..., Any]) -> Callable[[tuple[Array, ...], Array], list[Any]]:
        """The vjp as a function of real arrays."""

        def flat(parts: tuple[Array, ...], dA: Array) -> list[Any]:
            args, kwargs = self.called(parts)
            found = vjp(args, self.cotangent(dA), **kwargs)
            if self.is_plain and self.result.is_plain:
                return found
            self.returned.check("vjp changes what f returned before")
            return self.gradients_of(args, found)

        return flat

    def gradients_of(self, args: tuple[Any, ...], found: Any) -> list[Any]:
        """The gradients of the real arrays, from what vjp returned."""
        check_count(found, len(args), len(self.argnums))
        own = [found[i] for i in self.argnums] if len(found) == len(args) else found
        gradients: list[Any] = []
        for i, gradient in zip(self.argnums, own, strict=True):
            path = self.paths[i]
            every = leaves_like(args[i], gradient, f"the gradient of {path}", WrongShape)
            for (name, arg), g in zip(leaves(args[i], path), every, strict=True):
                gradients += _parts(arg, g, self.sign, f"the gradient of {name}", f"as {name} is")
        return gradients

    def rules(self, vjp: Any = None, jvp: Any = None) -> Rules:
        """The function with its vjp or its jvp, from lists of real arrays of any library to lists of real outputs."""
        made: list[Any] = [0]  # the last result of f

        def forward(parts: Sequence[Any]) -> list[Any]:
            args, kwargs = self.called(parts)
            made[0] = self.f(*args, **kwargs)
            return [leaf for _, leaf in leaves(made[0]) if _is_real(leaf)]

        def backward(parts: Sequence[Any], dA: Sequence[Any]) -> list[Any]:
            (args, kwargs), rest = self.called(parts), iter(dA)
            cotangents = [next(rest) if _is_real(leaf) else None for _, leaf in leaves(made[0])]
            return self.gradients_of(args, vjp(args, shaped(made[0], iter(cotangents)), **kwargs))

        def tangent(parts: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
            args, kwargs = self.called(parts)
            found = jvp(args, self.tangents(tangents), **kwargs)
            pairs = zip(leaves(made[0]), leaves_like(made[0], found, "the tangent of f", WrongShape), strict=True)
            return [given for (_, leaf), given in pairs if _is_real(leaf)]

        return Rules(forward, vjp and backward, len([*self.parts()]), jvp and tangent)


def _is_real(leaf: Any) -> bool:
    return leaf.dtype.kind == "f" if is_array(leaf) else isinstance(leaf, float)


def split(a: Array, letter: str) -> list[Array]:
    """[a.real, a.imag] for a complex array, [a] for a real one."""
    return [a.real, a.imag] if letter == "c" else [a]


def join(leaf: Array, rest: Iterator[Any]) -> Any:
    """The next leaf of an argument from the next one or two real arrays."""
    return next(rest) if leaf.dtype.kind != "c" else _complex(next(rest), next(rest))


def _complex(real: Array, imaginary: Array) -> Array:
    if "c" in (real.dtype.kind, imaginary.dtype.kind):
        raise TypeError("a part of a complex number must be real")  # a complex step does not pass through it
    z = np.empty_like(real, np.result_type(real, np.complex64))
    z.real, z.imag = real, imaginary
    return freeze(z)


def _parts(arg: Array, value: Any, sign: int, name: str, why: str) -> list[Any]:
    """A gradient or a tangent as one or two real arrays."""
    if arg.dtype.kind != "c":
        return [value]
    if value is None:
        return [None, None]
    value = np.asarray(value)
    if value.dtype.kind != "c" and arg.ndim:
        raise WrongDtype(f"{name} must be {arg.dtype}, {why}, not {value.dtype}")
    return [value.real, sign * value.imag]


def _arranged(part: Array, shape: tuple[int, ...]) -> Array:
    """A leaf of the cotangent; of a strided vector in Fortran's order, which a vector alone cannot have."""
    whole = part.reshape(shape)
    return np.asfortranarray(whole) if part.strides[0] > part.itemsize and whole.ndim > 1 else whole

"""The writer of tests: from the name of a function to the source of a test that was tried."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import attrs

from funcnn.checked import checked
from funcnn.errors import KindError, RangeError
from funcnn.needs import Count, Text
from funcnn.testing.arguments import names_of
from funcnn.testing.networks.strategies import cases
from funcnn.testing.write.calls import GuessedCall
from funcnn.testing.write.derivatives import FoundPair, found_pair, names_for
from funcnn.testing.write.evidence import evidence
from funcnn.testing.write.parameters import is_loaded, parameters
from funcnn.testing.write.search import first_call
from funcnn.testing.write.source import TestSource, options_of, page, strategy_of, with_constants
from funcnn.testing.write.subjects import ADAPTERS, TestSubject, subject
from funcnn.testing.write.trial import tried


@attrs.frozen
class WrittenTests:
    """The source of a file of tests, and the names of those that failed in a trial, or have something to fill in."""

    source: str
    unfinished: tuple[str, ...]


@checked
def write(*names: Text, examples: Count = 5) -> WrittenTests:
    """Write tests of the derivatives of functions, layers and losses, and try each with some examples.

    A name is such as "torch.nn.functional:gelu", "jax.scipy.special:expit", "funcnn:Dense" or "mine.layers:f". The
    derivative of f is that of its library (torch, JAX, autograd or MyGrad), or a function beside f, such as f_vjp,
    f_grad or f_deriv, or what f returns beside its value. Strategies for the arguments are made from the signature,
    from annotations, also of jaxtyping, and from the docstring. What these do not say is found by calls of f, and a
    comment in the source says so; what is still missing is marked "fill in".

    >>> from funcnn.testing.write import write
    >>> written = write("funcnn:Gelu", examples=1)
    >>> print(written.source[written.source.index("@settings") :])
    @settings(deadline=None)
    @given(fst.cases(funcnn.Gelu))
    def test_gelu(case):
        check_layer(*case)
    <BLANKLINE>

    Raises:
        RangeError: there is no such name, or no derivative is found; or there are no names.
        KindError: a name is not that of a function, a layer or a loss; or it is that of a module of torch that needs
            arguments.
    """
    if not names:
        raise RangeError("write: names must not be empty")
    subjects = [subject(name) for name in names]
    adapters = {one.how for one in subjects if one.how in ADAPTERS}
    tests: list[TestSource] = []
    for one in subjects:
        pair = "pair" if len(adapters) == 1 else f"{one.how}_pair"
        test = _of_layer(one) if one.how == "layer" else _of_function(one, pair)
        same = sum([re.fullmatch(rf"{test.name}(_\d+)?", other.name) is not None for other in tests])
        tests.append(tried(attrs.evolve(test, name=f"{test.name}_{same + 1}") if same else test, examples))
    return WrittenTests(page(tests), tuple([one.name for one in tests if one.failed or one.fill_in]))


def _imports(one: TestSubject, *others: str) -> frozenset[str]:
    return frozenset({f"import {one.module}", "from funcnn.testing import strategies as fst", *others})


def _name(one: TestSubject) -> str:
    return re.sub(r"\W", "_", one.name).lower()


def _of_layer(one: TestSubject) -> TestSource:
    above: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    try:
        cases(one.value)
    except KindError:
        above = (f'fst.register({one.source}, fst.tensors("m n").map(lambda arrays: ({one.source}(), *arrays)))',)
        guessed = ("the settings of the layer and the shape of x",)
    imports = _imports(one, "from funcnn.testing import check_layer")
    strategy = f"fst.cases({one.source})"
    return TestSource(f"test_{_name(one)}", imports, strategy, "check_layer(*case)", above, guessed, parameter="case")


def _of_function(one: TestSubject, pair: str) -> TestSource:
    f, own = _forward(one), _name(one)
    found = parameters(f) or []
    required = [parameter for parameter in found if parameter.is_required] or found[:1]
    known = [evidence(parameter) for parameter in required]
    fits = (lambda call: found_pair(f, one.name, one.module, call) is not None) if one.how == "beside" else None
    call = first_call(f, known, numbers_are_arrays=one.how != "torch", fits=fits) if required else None
    names = [parameter.name for parameter in required]
    if call is None:
        of = f"the shapes of {', '.join(names)}" if names else "the arguments, which have no names"
        strategy = f"fst.tensors({', '.join([repr('m n')] * max(len(names), 1))})".replace("'", '"')
        body, imports = _check(one, one.source, pair, None)
        fill_in = f"{of}; no call that was tried is accepted"
        return TestSource(f"test_{own}", imports, strategy, body.format(options=""), fill_in=fill_in)
    takes, above = one.source, []
    is_unnamed = not names_of(f, len(names))[0].isidentifier() and bool(options_of(call, names))
    if one.how in ADAPTERS and (is_unnamed or any(map(call.is_constant, call.arguments))):
        takes = f"{own}_of_arrays"
        above.append(with_constants(call, names, one.source, takes))
        names = [name for name, source in zip(names, call.arguments, strict=True) if not call.is_constant(source)]
        call = attrs.evolve(call, arguments=tuple([own for own in call.arguments if not call.is_constant(own)]))
    else:
        names = ["out", ""] if one.how == "loss" else [*names_of(f, len(call.arguments))]
    strategy, moved = strategy_of(call, f"arguments_of_{own}")
    body, imports = _check(one, takes, pair, call)
    left = [parameter.name for parameter in found if parameter not in required]
    imports |= {"import numpy as np"} if "np." in moved else set()
    text, helpers = body.format(options=options_of(call, names)), (*above, *([moved] if moved else []))
    fill_in = "" if fits is None or fits(call) else "how the derivative is called"
    return TestSource(f"test_{own}", imports, strategy, text, helpers, call.guessed, tuple(left), fill_in)


def _forward(one: TestSubject) -> Any:
    """The function of arrays whose derivative is tested."""
    value: Any = one.value
    if one.how == "loss":
        return lambda out, y: value(out, y)[0]
    if one.how not in ADAPTERS:
        return value[0] if one.how == "pair" else value
    if is_loaded(value, "torch.autograd:Function"):
        value = value.apply
    elif is_loaded(value, "torch.nn:Module"):
        value = _module(one)
    pair: Any = import_module(f"funcnn.testing.{one.how}").pair
    return pair(value, jit=False)[0] if one.how == "jax" else pair(value)[0]


def _module(one: TestSubject) -> Any:
    """A module of torch; of a class, the instance without arguments."""
    if not isinstance(one.value, type):
        return one.value
    try:
        return one.value()
    except TypeError:
        name = f"{one.module}:{one.name}"
        raise KindError(f"write: {name} needs arguments; name an instance, such as net = {one.name}(...)") from None


def _check(one: TestSubject, takes: str, pair: str, call: GuessedCall | None) -> tuple[str, frozenset[str]]:
    """The call of the check, with {{options}}, and what it imports."""
    if one.how == "loss":
        return f"check_loss({takes}, *args{{options}})", _imports(one, "from funcnn.testing import check_loss")
    check = "from funcnn.testing import check_vjp"
    if one.how == "pair":
        return f"check_vjp(*{takes}, args{{options}})", _imports(one, check)
    if one.how in ADAPTERS:
        adapter = f"from funcnn.testing.{one.how} import pair{'' if pair == 'pair' else f' as {pair}'}"
        if is_loaded(one.value, "torch.nn:Module") and [*_module(one).parameters()]:
            of_module = "from funcnn.testing.torch import parameters_of"
            text = f"check_vjp(*{pair}({takes}, parameters=True), (*parameters_of({takes}), *args){{options}})"
            return text, _imports(one, check, adapter, of_module)
        return f"check_vjp(*{pair}({takes}), args{{options}})", _imports(one, check, adapter)
    beside = [name for name in names_for(one.name) if callable(getattr(import_module(one.module), name, None))]
    found = found_pair(one.value, one.name, one.module, call) if call else None
    if found is None and not beside:
        looked = ", ".join([f"{one.name}_{end}" for end in ("vjp", "grad", "jac", "deriv", "prime")])
        names = f"{looked} and others are looked for beside it"
        raise RangeError(f"write: no derivative of {one.module}:{one.name} is found; {names}")
    found = found or FoundPair("{f}", "{vjp}", beside[0])
    of_jacobian = ["from funcnn.testing.scipy import pair as jacobian_pair"] if found.is_jacobian else []
    pair_source = found.arguments(
        takes, f"{one.module}.{found.derivative}", names_of(one.value, len(call.arguments)) if call else ()
    )
    return f"check_vjp({pair_source}, args{{options}})", _imports(one, check, *of_jacobian)

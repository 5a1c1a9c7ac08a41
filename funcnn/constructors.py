"""Constructors of records: converters for the fields, and errors for arguments that do not fit."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from inspect import getattr_static
from types import FunctionType, MemberDescriptorType, TracebackType
from typing import Any, cast

import attrs

from funcnn.annotations import accepting
from funcnn.checked import renamed
from funcnn.errors import FrozenError, FuncnnError, KindError
from funcnn.tracebacks import end_at_caller

# Names of variables in the code that attrs generates: a field with such a name would overwrite the variable.
_TAKEN = frozenset({"self", "attr_dict", "NOTHING", "_config", "_setattr", "_cached_setattr_get"})

# For each base class, the end of the error for an argument that its subclasses do not take.
remedies: dict[type, str] = {}


def completed(cls: type, fields: list[Any]) -> list[Any]:
    """The fields of a class, checked, with the converters of their annotations and with their names as arguments."""
    for field in fields:
        if field.name in _TAKEN:
            taken = f"{field.name}, a name that attrs uses"
            raise FuncnnError(f"record: a field of {cls.__name__} must not be named {taken}; choose another name")
        if field.type is None:  # with one field without annotation, attrs ignores the annotated names of the class
            raise KindError(
                f"record: {field.name} of {cls.__name__} must have an annotation, such as {field.name}: int"
            )
        if not field.inherited:
            _check_name(cls, field)
    _check_order(cls, [field for field in fields if field.init and not field.kw_only])
    space = vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
    return [
        field.evolve(alias=_alias(field), converter=field.converter or _converter(field, space)) for field in fields
    ]


def _check_name(cls: type, field: attrs.Attribute[Any]) -> None:
    """Refuse a field that has the name of an attribute of a base, or of a state that the rules of the base set."""
    for base in [base for base in cls.__mro__[1:] if field.name in vars(base)]:  # fields are slots of the class
        states = [f.name for f in getattr(base, "__attrs_attrs__", ()) if "state" in f.metadata]
        is_method = type(vars(base)[field.name]) is not MemberDescriptorType
        if is_method or (field.name in states and "state" not in field.metadata):
            used = f"an attribute of {base.__name__}" if is_method else f"a state of {base.__name__}"
            raise FuncnnError(
                f"record: a field of {cls.__name__} must not be named {field.name}, as {used} is; choose another name"
            )


def _check_order(cls: type, fields: list[Any]) -> None:
    """Refuse a positional field without a default behind a field with one."""
    first = None
    for field in fields:
        if first is None:
            first = None if field.default is attrs.NOTHING else field
        elif field.default is attrs.NOTHING:
            remedy = "write @record(kw_only=True)" if first.inherited else f"put {field.name} before {first.name}"
            needed = f"must have a default, since {first.name} before it has one"
            raise KindError(f"record: {field.name} of {cls.__name__} {needed}; {remedy}")


def _converter(field: attrs.Attribute[Any], space: dict[str, Any]) -> Any:
    if "borrowed" in field.metadata:
        return None
    return accepting(Any if "branches" in field.metadata else field.type, space)  # a class checks its branches itself


def _alias(field: attrs.Attribute[Any]) -> str:
    """The argument of the constructor has the name of the field. attrs would leave out a leading underscore."""
    is_default = getattr(field, "alias_is_default", field.alias is None)  # attrs 25.4, and earlier versions
    return field.name if is_default else str(field.alias)


def constructor(cls: type) -> Callable[..., None]:
    """The `__init__` that attrs generated for `cls`, which raises a KindError if the arguments do not fit."""
    init: Any = vars(cls)["__init__"]
    init.__annotations__ = {field.alias: field.type for field in _fields(cls)} | {"return": None}

    @wraps(init)
    def __init__(self: Any, /, *args: Any, **kwargs: Any) -> None:  # noqa: N807  it becomes that method
        try:
            try:
                init(self, *args, **kwargs)
            except TypeError as error:
                if cast("TracebackType", error.__traceback__).tb_next:  # raised inside init
                    raise
                raise _arguments_error(type(self), args, kwargs) from None
        except FuncnnError as error:
            end_at_caller(error)
            raise

    return __init__


def _fields(cls: Any) -> list[attrs.Attribute[Any]]:
    """The fields that the constructor takes, states last."""
    return sorted([field for field in attrs.fields(cls) if field.init], key=lambda field: "state" in field.metadata)


def _arguments_error(cls: type, args: tuple[Any, ...], given: dict[str, Any]) -> KindError:
    """The error for arguments that the constructor of `cls` does not take."""
    fields, function = _fields(cls), cls.__name__
    names = [str(field.alias) for field in fields]
    positional = [field.alias for field in attrs.fields(cast("Any", cls)) if field.init and not field.kw_only]
    remedy = next((remedies[base] for base in cls.__mro__ if base in remedies), "")
    known = f"; its fields are {', '.join(names)}" if names else "; it has no fields"
    if hasattr(cls, "init") and args and type(args[0]) is int:
        known = f"; write {function}.init(...) for sizes"
    if len(args) > len(positional):
        if not names:
            return KindError(f"{function}: takes no arguments, but {_were(len(args))} given")
        if not positional:
            return KindError(f"{function}: settings must be given by name, not by position{remedy or known}")
        most = f"{len(positional)} positional argument{'s' if len(positional) > 1 else ''}"
        return KindError(f"{function}: takes at most {most}, but {_were(len(args))} given{known}")
    for name in given:
        if name not in names:
            return KindError(f"{function}: there is no field {name}{remedy if name == 'lr' and remedy else known}")
        if name in positional[: len(args)]:
            return KindError(f"{function}: {name} is given twice, by position and by name")
    needed = [str(field.alias) for field in fields if field.default is attrs.NOTHING]
    missing = [name for name in needed if name not in (*positional[: len(args)], *given)]
    return KindError(f"{function}: {', '.join(missing)} must be given{known}")


def _were(n: int) -> str:
    return "1 was" if n == 1 else f"{n} were"


def finish_class(cls: Any) -> None:
    """Give a new record class its refusals, and a copy of each public classmethod that it inherits.

    Python's errors name the class in which a method is defined: those of a copy begin with the class that was called.
    """
    cls.__setattr__, cls.__delattr__ = raise_on_set, raise_on_delete  # their errors give the name of the field
    if getattr(cls, "__abstractmethods__", ()):
        cls.__new__ = staticmethod(new_unless_abstract)
    for name in [name for name in dir(cls) if name not in vars(cls) and not name.startswith("_")]:
        method = getattr_static(cls, name)
        if type(method) is classmethod and isinstance(rule := method.__func__, FunctionType):
            setattr(cls, name, classmethod(renamed(rule, f"{cls.__qualname__}.{name}")))


def new_unless_abstract(cls: Any, /, *args: Any, **kwargs: Any) -> Any:
    """The `__new__` of records with abstract methods, and of their subclasses"""
    if missing := sorted(cls.__abstractmethods__):
        where = "in a subclass" if missing[0] in vars(cls) else "in the class"
        raise KindError(f"{cls.__name__}: {' and '.join(missing)} must be defined {where}")
    return object.__new__(cls)


def raise_on_set(self: Any, name: str, value: object) -> None:
    """The `__setattr__` of records"""
    is_field = name in [field.name for field in attrs.fields(type(self))]
    remedy = f"; write evolve(record, {name}=...)" if is_field else ""
    raise FrozenError(f"{type(self).__name__}: {name} cannot be set, since a record does not change{remedy}")


def raise_on_delete(self: Any, name: str) -> None:
    """The `__delattr__` of records"""
    raise FrozenError(f"{type(self).__name__}: {name} cannot be deleted, since a record does not change")


def radd_unless_chain(self: Any, other: object) -> Any:
    """The `__radd__` of records, which refuses `chain + layer`"""
    if type(other) is not tuple:
        return NotImplemented
    raise KindError(f"+: the right side of a chain must be a tuple, not {type(self).__name__}; write net + (layer,)")

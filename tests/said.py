"""Calls that must fail, and what their errors say."""

import pytest

from funcnn.errors import FuncnnError


def says(error, message, call, *given, **options):
    """The text of the error of this very class that `call(*given, **options)` raises, in which `message` is found."""
    with pytest.raises(error, match=message) as caught:
        call(*given, **options)
    assert type(caught.value) is error
    return str(caught.value)


def fails(error, call, *given, **options):
    """`call(*given, **options)` raises an error of the class, or of one of the classes."""
    with pytest.raises(error):
        call(*given, **options)


def refusal(call, *given):
    """The class, text and notes of the error with which `call(*given)` refuses what it is given."""
    with pytest.raises((FuncnnError, ValueError)) as caught:
        call(*given)
    return type(caught.value), str(caught.value), getattr(caught.value, "__notes__", [])

"""Calls that must fail, and what their errors say."""

import pytest


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

"""The pages of the API are built whole, whichever libraries are installed."""

import builtins
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.blocks import DOCS, extension


def test_only_funcnn_gets_a_placeholder_for_a_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """pandas would take a placeholder of pyarrow for the library, and could not be imported."""
    monkeypatch.setattr(builtins, "__import__", builtins.__import__)  # put back after the test
    placeholders = extension("placeholders")
    monkeypatch.setattr(placeholders, "LIBRARIES", ("pytest", "absent_library"))
    placeholders.setup(None)
    ours: dict[str, type] = {"__name__": "funcnn.interop.bridge"}
    exec("import pytest\nfrom absent_library.parts import Thing\nclass Own(Thing): pass", ours)
    assert ours["pytest"] is pytest
    assert ours["Own"].__mro__[1] is ours["Thing"]
    with pytest.raises(ModuleNotFoundError, match="absent_library"):
        exec("import absent_library", {"__name__": "pandas.compat"})


def test_a_name_that_autodoc_left_out_is_an_error_of_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also without -W."""
    pytest.importorskip("sphinx", reason="the pages are built where the extra docs is installed")
    monkeypatch.syspath_prepend(DOCS / "_extensions")
    complete = extension("listed").complete
    (tmp_path / "api").mkdir()
    names = [f".. autofunction:: funcnn.{name}\n" for name in ("train", "lost")]
    (tmp_path / "api" / "training.md").write_text("".join(names))
    domains = SimpleNamespace(python_domain=SimpleNamespace(objects={"funcnn.train": None}))
    with pytest.raises(Exception, match=r"the pages of the API lack funcnn\.lost; the warnings above say why"):
        complete(SimpleNamespace(srcdir=tmp_path), SimpleNamespace(domains=domains))

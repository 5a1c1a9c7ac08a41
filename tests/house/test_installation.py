"""`python -m funcnn`: its report, its self-check, and its exit code."""

import re
import runpy
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import attrs
import numpy as np
import pytest

import funcnn
from funcnn import installation
from funcnn.blas import Blas, blas
from funcnn.extras import LIBRARIES
from funcnn.installation import FINGERPRINT, bits, files, gradients, main, self_check, training
from funcnn.losses import mse

BITS = f"{FINGERPRINT} of a small trained network, which must be {FINGERPRINT}"


@pytest.fixture(autouse=True)
def again():
    """Each test trains anew."""
    installation._trained.cache_clear()
    yield
    installation._trained.cache_clear()


def command(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["funcnn", *words])
    monkeypatch.delitem(sys.modules, "funcnn.__main__", raising=False)  # runpy warns of a module that is imported
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("funcnn", run_name="__main__")
    return ended.value.code


def test_the_command_reports_and_checks(monkeypatch, capsys):
    assert command(monkeypatch) == 0
    lines = capsys.readouterr().out.splitlines()
    shown = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[:-1]}
    assert shown["funcnn"].startswith(f"{funcnn.__version__}, from ")
    assert shown["Python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert (shown["NumPy"], shown["attrs"]) == (np.__version__, attrs.__version__)
    assert re.fullmatch(r"\S+( [\d.]+)?; kernels .*; .*threads.*", shown["BLAS"])
    assert LIBRARIES.keys() < shown.keys()
    assert shown["hypothesis"].endswith(" funcnn.testing")
    assert shown["fingerprint"] in {BITS, installation.NOT_COMPILED}
    assert f"prints `{FINGERPRINT}`" in (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert lines[-5:] == [*[f"self-check     {name} ok" for name in ("training", "gradients", "files", "bits")], "ok"]


def test_an_import_of_its_module_prints_nothing(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "funcnn.__main__", raising=False)
    import_module("funcnn.__main__")
    assert capsys.readouterr().out == ""


def test_the_command_takes_no_arguments(monkeypatch, capsys):
    assert command(monkeypatch, "loudly") == 2
    assert "python -m funcnn: error: unrecognized arguments: loudly" in capsys.readouterr().err


def wrong_gradient(out, y):
    cost, dA = mse(out, y)
    return cost, 1.01 * dA


def test_an_error_is_named_and_is_the_exit_code(monkeypatch, capsys):
    monkeypatch.setattr(installation, "binary_cross_entropy", wrong_gradient)
    assert main([]) == 1
    *_, first, second, third, fourth, last = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"self-check +training (ok|failed: the cost is .* and must be below 0.02)", first)
    assert re.fullmatch(r"self-check +gradients failed: a gradient differs from the difference quotient by .*", second)
    assert re.fullmatch(r"self-check +files ok", third)
    assert re.fullmatch(r"self-check +bits (ok|failed: the fingerprint is .{16} and must be .{16})", fourth)
    assert last == "failed"


@pytest.mark.parametrize(
    ("check", "name", "replaced", "error"),
    [
        (training, "sgd", lambda params, grads, lr: params, "the cost is 0.748 after 500 steps and must be below 0.02"),
        (gradients, "backward", lambda params, cache, dA: installation.NET, "AttributeError: .*"),
        (files, "load", lambda path: (), "a network that was saved and loaded is not equal"),
        (files, "save", lambda path, net: None, "NoFileError: load: there is no file .*"),
    ],
)
def test_each_check_can_fail(monkeypatch, check, name, replaced, error):
    assert self_check(check) is None
    monkeypatch.setattr(installation, name, replaced)
    assert re.fullmatch(error, self_check(check))


def test_bits_can_differ(monkeypatch):
    monkeypatch.setattr(installation, "_trained", lambda: "0123456789abcdef")
    assert self_check(bits) == f"the fingerprint is 0123456789abcdef and must be {FINGERPRINT}"
    assert dict(installation.report())["fingerprint"].startswith("0123456789abcdef of a small trained network, ")


def test_without_llvmlite_there_are_no_bits_to_compare(monkeypatch):
    def fails(*_, **__):
        raise ImportError

    monkeypatch.setattr(installation, "compiled_step", lambda *_, **__: fails)
    assert self_check(bits) is None
    assert dict(installation.report())["fingerprint"] == installation.NOT_COMPILED


def absent(library):
    raise PackageNotFoundError(library)


def test_absent_libraries_are_reported(monkeypatch):
    monkeypatch.setattr(installation, "version", lambda name: "1.0" if name == "attrs" else absent(name))
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    monkeypatch.setattr(np, "show_config", lambda mode: {})
    monkeypatch.setattr(installation, "_trained", str)
    found = dict(installation.report())
    assert all([found[library].startswith("not installed  ") for library in LIBRARIES])
    assert found["BLAS"] == "unknown; kernels unknown; number of threads unknown"


def test_threads_are_counted():
    pytest.importorskip("threadpoolctl", reason="it counts them")
    assert re.fullmatch(r".*; threads: \d+(, \d+)*", dict(installation.report())["BLAS"])


ZEN_5 = Blas("scipy-openblas 0.3.31", ("Haswell",), (2,), chooses=True, processor=frozenset({"X86_V3", "X86_V4"}))


@pytest.mark.parametrize(
    ("changed", "has_remedy"),
    [
        ({}, True),
        ({"kernels": ("Zen", "Haswell")}, True),
        ({"processor": frozenset({"AVX2", "AVX512F", "AVX512CD", "AVX512_SKX"})}, True),  # as NumPy 2.3 has it
        ({"processor": frozenset({"X86_V2", "X86_V3"})}, False),
        ({"processor": frozenset({"ASIMD"}), "kernels": ("neoversev1",)}, False),
        ({"processor": frozenset()}, False),
        ({"kernels": ("SkylakeX",)}, False),
        ({"kernels": ("Haswell", "Cooperlake")}, False),
        ({"kernels": ()}, False),
        ({"chooses": False}, False),
    ],
)
def test_a_faster_kernel_is_named_only_where_it_is_certain(monkeypatch, changed, has_remedy):
    monkeypatch.setattr(installation, "blas", lambda: attrs.evolve(ZEN_5, **changed))
    remedy = dict(installation.report()).get("faster BLAS", "")
    assert remedy.startswith("set OPENBLAS_CORETYPE=SkylakeX before Python starts") == has_remedy
    assert bool(remedy) == has_remedy


def test_kernels_are_those_that_are_loaded(monkeypatch):
    pools = [{"user_api": "blas", "architecture": "Haswell", "num_threads": 2}, {"user_api": "openmp"}]
    own = {"name": "scipy-openblas", "version": "0.3", "openblas configuration": "OpenBLAS 0.3  DYNAMIC_ARCH Zen"}
    built = {"Build Dependencies": {"blas": own}, "SIMD Extensions": {"baseline": ["X86_V2"], "found": ["X86_V4"]}}
    monkeypatch.setattr(np, "show_config", lambda mode: built)
    monkeypatch.setitem(sys.modules, "threadpoolctl", SimpleNamespace(threadpool_info=lambda: pools))
    assert str(blas()) == "scipy-openblas 0.3; kernels for Haswell; threads: 2"
    assert blas().remedy.startswith("set OPENBLAS_CORETYPE=SkylakeX")
    pools[0] = {"user_api": "blas", "num_threads": 1}  # as of MKL
    assert str(blas()) == "scipy-openblas 0.3; kernels unknown; threads: 1"
    assert blas().remedy == ""

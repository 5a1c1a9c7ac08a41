"""A hunt from a spec to its findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, cast

from funcnn.checked import checked
from funcnn.errors import RangeError
from funcnn.needs import Count, FilePath, Flag, Natural, Need, Positive, Text, Whole, as_path, function
from funcnn.testing.hunt.example import fingerprint, forget
from funcnn.testing.hunt.findings import Findings, findings, load_state
from funcnn.testing.hunt.reports import write_reports
from funcnn.testing.hunt.schedule import TargetPlace, ThisProcess, Worker, run
from funcnn.testing.hunt.target import load_spec, load_specs, spec_files

SpecPath = str | PathLike[str]


def _as_specs(function: str, argument: str, value: Any) -> list[SpecPath]:
    """The paths, also of one spec."""
    if not isinstance(value, list | tuple):
        return [as_path(function, argument, value)]
    return [as_path(function, f"{argument}[{i}]", path) for i, path in enumerate(value)]


Specs = Annotated[SpecPath | Sequence[SpecPath], Need("a path, or a list of paths", "False", _as_specs)]
Show = Annotated[Callable[[str], None], function("a function of a line", takes=1)]


@checked
def hunt(
    spec: Specs,
    folder: FilePath,
    *,
    seconds: Positive = 60,
    workers: Natural = 1,
    seed: Whole = 0,
    examples: Count = 100,
    patience: Positive = 60,
    only: Text = "*",
    installed: Flag = False,
    show: Show = lambda _: None,
) -> Findings:
    """Check the functions of a spec for at most about `seconds` seconds, and write the findings into a folder.

    The spec is a Python file that defines `TARGETS`, a list of `Target`. It may define `LIBRARIES`, a list of
    distributions whose versions are reported, and `MODULES`, a list of modules whose coverage is reported: which of
    their functions the targets check. The folder gets `state.json`, `findings.json`, `junit.xml` and
    `findings.md`. A later hunt with the same folder continues from `state.json`: no example is checked again, unless
    the target or a version has changed.

    >>> import tempfile, pathlib
    >>> from funcnn.testing.hunt import hunt
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> spec = '''
    ... import numpy as np
    ... from funcnn.testing import strategies as fst
    ... from funcnn.testing.hunt import Target
    ... sin = (np.sin, lambda args, dA: [dA * np.cos(args[0])])
    ... tan = (np.tan, lambda args, dA: [dA * np.tan(args[0])])
    ... TARGETS = [Target("sin", sin, fst.tensors("n")), Target("tan", tan, fst.tensors("n"))]
    ... '''
    >>> _ = (folder / "spec.py").write_text(spec)
    >>> found = hunt(folder / "spec.py", folder, workers=0, examples=5)
    >>> [(one.target, one.kind) for one in found.new]
    [('spec/tan', 'WrongGradient')]

    Args:
        spec: the path of the spec, or of a folder of specs, or a list of paths. Reports name a target with its spec,
            such as `jax/linalg.det`.
        folder: the path of the folder, which is made if it does not exist.
        seconds: the time of this run, which the functions share fairly. Each function gets at least one example, and
            more than its share, up to 16, while all were inconclusive.
        workers: the number of processes. If one of them ends or hangs, this is a finding. With 0, examples are checked
            in this process, which a debugger can follow.
        seed: the examples of a function depend on the seed and its name alone.
        examples: the most examples of each function.
        patience: the seconds after which one example hangs.
        only: a pattern of names, such as "linalg.*" or "jax/*".
        installed: leave out the specs that need a library that is not installed; the findings tell which.
        show: a function that gets a line after each function.

    Raises:
        KindError: the spec does not define a list of Targets.
        RangeError: there is no spec; two specs, or two targets of a spec, have the same name; no name matches `only`;
            the folder holds the state of a hunt with another seed or another number of examples.
        MissingError: the spec needs a library that is not installed.
        FileError: the spec cannot be read or run, or `state.json` is not the state of a hunt.
    """
    forget()
    into, files = Path(folder), spec_files(cast("list[SpecPath]", spec))
    specs, left_out = load_specs(files, installed=installed)
    places = {
        f"{title}/{name}": TargetPlace(files[title], name) for title, spec in specs.items() for name in spec.targets
    }
    asked = {name: at for name, at in places.items() if fnmatchcase(name, only) or fnmatchcase(at.name, only)}
    if not asked:
        paths = ", ".join([one.path for one in specs.values()])
        raise RangeError(f"hunt: only must match the name of a target in {paths}, not {only!r}")
    state = load_state(into / "state.json", seed, examples)
    results = {}
    for name, (path, own) in places.items():
        if name in asked or name in state.results:
            now = fingerprint(load_spec(path).targets[own], load_spec(path).versions, seed)
            results[name] = state.result(name, now)
    into.mkdir(parents=True, exist_ok=True)
    run(state, asked, [Worker(patience) for _ in range(workers)] or [ThisProcess()], seconds, show)
    found = findings(specs, results, left_out)
    write_reports(found, into)
    return found

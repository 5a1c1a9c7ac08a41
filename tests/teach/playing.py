"""The engine of a page that trains, run by Node."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import funcnn.teach
from tests.wasm.guest import node

FOLDER = Path(funcnn.teach.__file__).parent / "live"
PURE = ("scalars", "engine", "loops", "movements", "trainer", "numbers", "naming", "origin", "formula")
"""The scripts of a page that need no page."""
RUN = """
const jobs = JSON.parse(require("fs").readFileSync(process.argv[2]))
const text = (array) => Array.from(array, (v) => Number.isFinite(v) ? (Object.is(v, -0) ? "-0" : v) : String(v))
console.log(JSON.stringify(jobs.map(({ program, inputs }) => {
  const ready = prepare(program)
  for (const [name, data] of Object.entries(inputs)) load(ready.inputs[name], data)
  for (let n = 0; n < 2; n++) ready.run()  // twice, since arrays are used again
  return Object.fromEntries(Object.entries(ready.outputs).map(([name, a]) => [name, text(a)]))
})))
"""


def flat(a):
    """The numbers of an array as JSON."""
    return [one if one - one == 0 else str(one) for one in np.asarray(a).reshape(-1).tolist()]


def data_of_page(path):
    """The data of a page."""
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)[1])


def node_result(code, data, folder):
    """What code prints as JSON after the scripts of a page; the name of a file with data is its argument."""
    if node() is None:
        pytest.skip("scripts of pages run where Node is installed")
    script, given = folder / "run.js", folder / "data.json"
    script.write_text("".join([(FOLDER / f"{name}.js").read_text("utf-8") for name in PURE]) + code, "utf-8")
    given.write_text(json.dumps(data), "utf-8")
    done = subprocess.run([node(), script, given], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_in_node(jobs, folder):
    """The outputs of programs, each {program, inputs}: lists of floats by name."""
    results = node_result(RUN, jobs, folder)
    return [{name: [float(v) for v in values] for name, values in outputs.items()} for outputs in results]

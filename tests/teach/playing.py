"""The engine of a page that trains, run by Node."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import funcnn.teach
from tests.wasm.guest import node

FOLDER = Path(funcnn.teach.__file__).parent / "playground"
ENGINE = ("scalars", "engine", "loops", "movements")
RUN = """
const jobs = JSON.parse(require("fs").readFileSync(process.argv[2]))
const text = (array) => Array.from(array, (v) => Number.isFinite(v) ? (Object.is(v, -0) ? "-0" : v) : String(v))
const results = jobs.map(({ program, inputs, times = 1, follow = [] }) => {
  const ready = prepare(program)
  for (const [name, data] of Object.entries(inputs)) ready.inputs[name].set(data.map(asNumber))
  const start = process.hrtime.bigint()
  for (let n = 0; n < times; n++) {
    ready.run()
    for (const name of follow) if (n + 1 < times) ready.inputs[name].set(ready.outputs[name])
  }
  const ms = Number(process.hrtime.bigint() - start) / 1e6 / times
  return { ms, outputs: Object.fromEntries(Object.entries(ready.outputs).map(([name, a]) => [name, text(a)])) }
})
console.log(JSON.stringify(results))
"""


def flat(a):
    """The numbers of an array as JSON."""
    return [one if one - one == 0 else str(one) for one in np.asarray(a).reshape(-1).tolist()]


def run_in_node(jobs, folder):
    """The outputs of programs, each {program, inputs} with an optional number of times: lists of floats by name."""
    if node() is None:
        pytest.skip("programs of pages run where Node is installed")
    script, data = folder / "run.js", folder / "jobs.json"
    script.write_text("".join([(FOLDER / f"{name}.js").read_text("utf-8") for name in ENGINE]) + RUN, "utf-8")
    data.write_text(json.dumps(jobs), "utf-8")
    done = subprocess.run([node(), script, data], check=True, capture_output=True, text=True)
    results = json.loads(done.stdout)
    for result in results:
        result["outputs"] = {name: [float(v) for v in values] for name, values in result["outputs"].items()}
    return results

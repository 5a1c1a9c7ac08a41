"""The engine of a page that trains, run by Node."""

import atexit
import json
import re
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import funcnn.teach
from funcnn.formulas.table import FORMULAS
from funcnn.teach.live.functions import functions_script
from tests.wasm.guest import node

FOLDER = Path(funcnn.teach.__file__).parent / "live"
PURE = ("scalars", "engine", "loops", "movements", "trainer", "numbers", "naming", "origin", "formula")
"""The scripts of a page that need no page, beside the functions of all operations."""
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


SERVER = """
const vm = require("vm"), fs = require("fs")
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [script, data] = JSON.parse(line), printed = []
  const space = { require, process: { argv: ["node", script, data] }, console: { log: (text) => printed.push(text) } }
  let answer
  try {
    vm.runInNewContext(fs.readFileSync(script, "utf8"), space)
    answer = { printed: printed.join("") }
  } catch (error) {
    answer = { error: error.stack }
  }
  process.stdout.write(`${JSON.stringify(answer)}\\n`)
})
"""


def flat(a):
    """The numbers of an array as JSON."""
    return [one if one - one == 0 else str(one) for one in np.asarray(a).reshape(-1).tolist()]


def data_of_page(path):
    """The data of a page."""
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)[1])


@cache
def script():
    """The text of these scripts."""
    return "".join([(FOLDER / f"{name}.js").read_text("utf-8") for name in PURE]) + functions_script(FORMULAS)


@cache
def server():
    """A process of Node that runs scripts one after the other, since each start of Node takes time."""
    process = subprocess.Popen([node(), "-e", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end():
        with process:
            process.stdin.close()

    atexit.register(end)
    return process


def node_result(code, data, folder):
    """What code prints as JSON after the scripts of a page; the name of a file with data is its argument."""
    if node() is None:
        pytest.skip("scripts of pages run where Node is installed")
    path, given = folder / "run.js", folder / "data.json"
    path.write_text(script() + code, "utf-8")
    given.write_text(json.dumps(data), "utf-8")
    server().stdin.write(json.dumps([str(path), str(given)]) + "\n")
    server().stdin.flush()
    answer = json.loads(server().stdout.readline())
    assert "error" not in answer, answer["error"]
    return json.loads(answer["printed"])


def run_in_node(jobs, folder):
    """The outputs of programs, each {program, inputs}: lists of floats by name."""
    results = node_result(RUN, jobs, folder)
    return [{name: [float(v) for v in values] for name, values in outputs.items()} for outputs in results]

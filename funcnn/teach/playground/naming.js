// Names of the values of a program, as the rules call them, and the step to which each belongs.

function namesOf(program) {
  const start = program.inputs.length + program.constants.length
  const names = program.inputs.map(([name]) => inputName(name))
  program.operations.forEach(([, , , , , name, step], i) => {
    names[start + i] = { name: name || null, step: step ?? null, path: step === undefined ? "" : program.steps[step][1] }
  })
  const call = (value, name) => { if (names[value] && !names[value].name) names[value].name = name }
  for (const [output, value] of Object.entries(program.outputs)) {
    const gradient = /^grads\.(?:.*\.)?(\w+)$/.exec(output), after = /^params\.(?:(.*)\.)?(\w+)$/.exec(output)
    if (after && value >= start && (names[value].step === null || program.steps[names[value].step][0] === "sgd"))
      Object.assign(names[value], { name: `${after[2]} after`, path: after[1] || "" })
    call(value, gradient ? `d${gradient[1]}` : /^(cost|dA)$/.test(output) ? output : null)
  }
  program.steps.forEach(([phase], step) => {
    const last = resultOf(program, step)
    if (last !== null && phase === "forward" && names[last].name === "x") names[last].name = "out"  // the next rule calls it x
    if (last !== null) call(last, phase === "forward" ? "out" : phase === "backward" ? "dx" : null)
  })
  number(names)
  return names
}

// What a rule calls the values of other layers that it is given: x, dA, and out in a loss. Only where it is given one.
function aliasesOf(program, names, step) {
  if (step === null) return {}
  const start = program.inputs.length + program.constants.length, [phase, path] = program.steps[step], found = { x: new Set(), dA: new Set() }
  for (const [, args, , , , , own] of program.operations) if (own === step) for (const value of args) {
    const origin = origins(program, value, start)
    if (origin < start || names[origin].step === null || names[origin].step === step) continue
    const [from, at] = program.steps[names[origin].step]
    if (at === path || path && isInside(at, path)) continue
    if (from === "forward") found.x.add(origin)
    if (from === "loss" || from === "backward") found.dA.add(origin)
  }
  const aliases = {}
  if (["forward", "backward", "loss"].includes(phase)) for (const [name, values] of Object.entries(found))
    if (values.size === 1) aliases[[...values][0]] = phase === "loss" ? "out" : name
  return aliases
}

// The value with a name that an unnamed reshape, view or cast of it moves.
function origins(program, value, start) {
  while (value >= start) {
    const [op, args, , , , name] = program.operations[value - start]
    if (name || !["reshape", "view", "astype"].includes(op)) break
    value = args[0]
  }
  return value
}

// "params.0.layers.1.W" is W of the layer at 0.layers.1.
function inputName(input) {
  const [, path, name] = /^params\.(?:(.*)\.)?(\w+)$/.exec(input) || []
  return name ? { name, step: null, path: path || "", isParameter: true } : { name: input.replace(/^optimizer\./, ""), step: null, path: "" }
}

// A rule that computes a variable in a loop has h₁, h₂, ...
function number(names) {
  const groups = new Map()
  for (const one of names) {
    if (!one || !one.name || one.step === null) continue
    const key = `${one.step} ${one.path} ${one.name}`
    groups.set(key, [...groups.get(key) || [], one])
  }
  for (const group of groups.values())
    if (group.length > 1) group.forEach((one, i) => { one.name += String(i + 1).replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d]) })
}

// The value that a step makes last; null if it makes none.
function resultOf(program, step) {
  const start = program.inputs.length + program.constants.length
  for (let i = program.operations.length - 1; i >= 0; i--) if (program.operations[i][6] === step) return start + i
  return null
}

const isInside = (path, outer) => path === outer || outer === "" || path.startsWith(`${outer}.`)

// What the layer at `path` makes of its rows: the last value of its steps that has this many rows. Null if none has.
function outOf(program, path, rows) {
  const start = program.inputs.length + program.constants.length
  for (let i = program.operations.length - 1; i >= 0; i--) {
    const [, , shape, , , , step] = program.operations[i]
    if (step === undefined || shape[0] !== rows) continue
    const [phase, at] = program.steps[step]
    if (phase === "forward" && isInside(at, path)) return start + i
  }
  return null
}

// The gradient that the layer at `path` hands on, with respect to its x.
function dxOf(program, path) {
  const own = program.steps.findLastIndex(([phase, at]) => phase === "backward" && at === path)
  if (own < 0) return null
  const start = program.inputs.length + program.constants.length
  const named = program.operations.findLastIndex((o) => o[6] === own && /^d(x|_?in)/.test(o[5] || ""))
  return named >= 0 ? start + named : program.outputs.dx !== undefined && program.steps.findLastIndex(([phase]) => phase === "backward") === own
    ? program.outputs.dx : resultOf(program, own)
}

// "backward of 0 Dense"
function stepTitle([phase, path, kind]) {
  if (phase === "loss") return `the loss ${kind}`
  if (phase === "sgd" || phase === "update") return `${phase}${kind && kind !== phase ? ` of ${kind}` : ""}${path ? `, layer ${path}` : ""}`
  return `${phase} of ${path} ${kind}`.replace("  ", " ")
}

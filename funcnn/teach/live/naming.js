// Names of the values of a program, as the rules call them, and the step to which each belongs.

// `recurrent` are the paths of layers whose backward goes through the steps of a sequence from the last one to the first.
function namesOf(program, recurrent = []) {
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
    if (gradient) giveBack(program, names, value)
    if (gradient && program.steps[names[value]?.step]?.[0] === "backward") names[value].name = `d${gradient[1]}`  // clipping may call it otherwise
    else if (/^(cost|dA)$/.test(output) && (names[value]?.step ?? null) !== null) names[value].name = output  // as the four lines call it
    else if (output === "dx") call(value, output)
  }
  for (const [step, values] of handedOn(program, names)) {
    const name = program.steps[step][0] === "forward" ? "out" : "dx"
    for (const value of values) values.size === 1 ? names[value].name = name : call(value, name)  // the next rule calls it x, or dA
  }
  number(program, names, recurrent)
  return names
}

// A gradient that a later step reshapes belongs to the rule that computes it.
function giveBack(program, names, value) {
  const start = program.inputs.length + program.constants.length
  let from = value
  while (from >= start && program.steps[names[from].step]?.[0] !== "backward") {
    const [op, args] = program.operations[from - start]
    if (!MOVES.includes(op)) return
    from = args[0]
  }
  if (from >= start) Object.assign(names[value], { step: names[from].step, path: names[from].path })
}

// What the rules of layers hand on, by step: the values that a rule of another layer, the loss or the page takes.
function handedOn(program, names) {
  const found = new Map(), { out, dx } = program.outputs
  const hand = (value, phase, path) => {
    const step = names[value]?.step ?? null, [from, own] = step === null ? [] : program.steps[step]
    if (from !== phase || path !== null && isInside(path, own) || from === "backward" && isOfForward(program, names, value)) return
    found.set(step, (found.get(step) || new Set()).add(value))
  }
  for (const [, args, , , , , at] of program.operations) if (at !== undefined) {
    const [phase, path] = program.steps[at]
    for (const value of args) hand(value, phase === "loss" ? "forward" : phase, phase === "loss" ? null : path)
  }
  hand(out, "forward", null)
  hand(dx, "backward", null)
  return found
}

// Whether a value is x or W in another shape, as x^T.
function isOfForward(program, names, value) {
  const start = program.inputs.length + program.constants.length, origin = origins(program, value, start, names), { step } = names[origin] || {}
  return origin !== value && (origin < start || program.steps[step]?.[0] === "forward")
}

// What a rule calls the values of other layers that it is given: x, dA, and out in a loss. Only where it is given one.
function aliasesOf(program, names, step) {
  if (step === null) return {}
  const start = program.inputs.length + program.constants.length, [phase, path] = program.steps[step], found = { x: new Set(), dA: new Set() }
  for (const [, args, , , , , own] of program.operations) if (own === step) for (const value of args) {
    const origin = origins(program, value, start, names)
    if (origin < start || names[origin].step === null || names[origin].step === step) continue
    const [from, at] = program.steps[names[origin].step]
    if (from !== "loss" && (at === path || path && isInside(at, path))) continue
    if (from === "forward") found.x.add(origin)
    if (from === "loss" || from === "backward") found.dA.add(origin)
  }
  const aliases = {}
  if (["forward", "backward", "loss"].includes(phase)) for (const [name, values] of Object.entries(found))
    if (values.size === 1) aliases[[...values][0]] = phase === "loss" ? "out" : name
  return aliases
}

const MOVES = ["reshape", "view", "astype"]

// The value with a name that an unnamed reshape, view or cast of it moves.
function origins(program, value, start, names) {
  while (value >= start && !names[value].name) {
    const [op, args] = program.operations[value - start]
    if (!MOVES.includes(op)) break
    value = args[0]
  }
  return value
}

// "params.0.layers.1.W" is W of the layer at 0.layers.1.
function inputName(input) {
  const [, path, name] = /^params\.(?:(.*)\.)?(\w+)$/.exec(input) || []
  return name ? { name, step: null, path: path || "", isParameter: true } : { name: input.replace(/^optimizer\./, ""), step: null, path: "" }
}

// A rule that computes a variable in a loop has h₁, h₂, ...; a backward through a sequence has its last step first.
// A variable that holds something else later has a prime there, as a kernel W in another order of a backward has.
function number(program, names, recurrent) {
  const groups = new Map(), taken = new Set(), start = program.inputs.length + program.constants.length
  const parameters = new Set(names.filter((one) => one && one.isParameter).map(({ path, name }) => `${path} ${name}`))
  names.forEach((one, value) => {
    if (!one || !one.name || one.step === null) return
    const [op, , shape] = value < start ? [] : program.operations[value - start], isUpdate = program.steps[one.step][0] === "update"
    const key = `${one.step} ${one.path} ${one.name} ${op} ${isUpdate ? "" : shape}`  // an update does the same with each parameter
    groups.set(key, [...groups.get(key) || [], one])
  })
  for (const group of groups.values()) {
    const [{ step, path }] = group
    if (program.steps[step][0] === "backward" && recurrent.includes(path)) group.reverse()
    group.forEach((one, i) => {
      if (group.length > 1) one.name += String(i + 1).replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d])
      while (taken.has(`${step} ${path} ${one.name}`) || parameters.has(`${path} ${one.name}`)) one.name += "′"
      taken.add(`${step} ${path} ${one.name}`)
    })
  }
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

// Computes the expressions of the numbers of a program again; one with a list of terms that is cut short has no value.

const ofNumbers = (loop) => (a, b) => { const out = [0]; loop(out, [a], [b], { outer: 1, inner: 1, by: [0, 0], from: [[0], [0]] }); return out[0] }
const LOOPS = Object.fromEntries(Object.entries(FAST).map(([name, loop]) => [name, ofNumbers(loop)]))
const OPS = { ...BINARY, ...LOOPS }
const CUT = new Error("cut")
const allOf = (e, list) => { if (e.count > list.length || e.all > list.length) throw CUT; return list }
const CALLS = { ...UNARY, ...OPS, abs: Math.abs, max: (...v) => Math.max(...v), min: (...v) => Math.min(...v), product: (...v) => v.reduce((a, b) => a * b),
  argmax: (...v) => v.indexOf(Math.max(...v)), not: (a) => a ? 0 : 1, atan: Math.atan }
function computed(ready, e) {
  const inside = (part) => computed(ready, part)
  switch (e.is) {
    case "entry": return ready.values[e.value][e.place]
    case "number": return e.number
    case "minus": return -inside(e.part)
    case "square": return inside(e.part) ** 2
    case "if": return inside(e.parts[0]) ? inside(e.parts[1]) : inside(e.parts[2])
    case "pair": return OPS[e.op](...e.parts.map(inside))
    case "call": return CALLS[e.name](...allOf(e, e.args).map(inside))
    case "sum": return allOf(e, e.terms).map(({ part }) => inside(part)).reduce((a, b) => a + b, 0)
  }
}
// Of each value of a program: whether its expressions make it, at three places, and how they read.
function followed(ready, recurrent) {
  const { program } = ready, names = namesOf(program, recurrent), start = program.inputs.length + program.constants.length
  const wrong = [], texts = [], unread = []
  let count = 0
  for (let value = start; value < ready.values.length; value++) {
    const n = ready.values[value].length, tolerance = ready.dtypes[value] === "f4" ? 1e-4 : 1e-9
    if (!n || /^[ui]4$/.test(ready.dtypes[value])) continue  // random bits are computed modulo 2^32
    for (const place of new Set([0, n >> 1, n - 1])) {
      const expression = expressionOf(ready, names, value, place), wanted = ready.values[value][place]
      const view = { ready, names, aliases: aliasesOf(program, names, names[value].step), path: names[value].path }
      const name = entryName(view, value, indexOf(place, ready.shapes[value]))
      const step = names[value].step === null ? "" : stepTitle(program.steps[names[value].step])
      if (name) texts.push(`${step}: ${name} = ${byName(view, expression)}`)
      byNumber(expression)
      let found
      try { found = computed(ready, expression) } catch (error) { if (error === CUT) { unread.push(program.operations[value - start][0]); continue } throw error }
      count++
      if (!(Math.abs(found - wanted) <= tolerance * Math.max(1, Math.abs(wanted)) || Object.is(found, wanted))) wrong.push([program.operations[value - start], place, found, wanted])
    }
  }
  return { count, wrong: wrong.slice(0, 5), texts, unread }
}

// The present step of a page after three steps, or a program with its inputs.
function opened({ program, inputs, ...data }) {
  if (program) {
    const ready = prepare(program)
    for (const [name, numbers] of Object.entries(inputs)) load(ready.inputs[name], numbers)
    ready.run()
    return ready
  }
  const t = trainer(data, data.choices[0])
  t.rate(data.lr)
  t.step(3)
  t.look()
  return t.present
}
const given = JSON.parse(require("fs").readFileSync(process.argv[2]))
console.log(JSON.stringify(given.map((one) => followed(opened(one), one.choices ? one.choices[0].recurrent : []))))

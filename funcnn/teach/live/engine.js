// Programs: prepared once, with arrays and offsets of their own, and run as often as needed.
// A program is {inputs, constants, operations, outputs, steps}; values are numbered in this order.

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1)

// How far each axis moves in a C-ordered array of `shape` when it is broadcast to `out`.
function stridesIn(shape, out) {
  const strides = new Array(out.length).fill(0)
  let n = 1
  for (let i = shape.length - 1, o = out.length - 1; i >= 0; n *= shape[i], i--, o--) strides[o] = shape[i] === 1 ? 0 : n
  return strides
}

// The offset of each entry of `shape` in an array with these strides.
function offsetsOf(shape, strides, start = 0) {
  const n = sizeOf(shape), offsets = new Int32Array(n), place = shape.map(() => 0)
  for (let k = 0, o = start; k < n; k++) {
    offsets[k] = o
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      o += strides[axis]
      if (++place[axis] < shape[axis]) break
      o -= strides[axis] * shape[axis]
      place[axis] = 0
    }
  }
  return offsets
}

// Loops over `shape`: an inner one with a constant step in each argument, and the places at which it starts.
// Axes that all arguments pass as one axis are joined, so that arrays of the same shape are one loop.
function loopsOf(shape, all, starts = []) {
  const lengths = [], steps = all.map(() => [])
  shape.forEach((n, axis) => {
    if (n === 1) return
    const last = lengths.length - 1
    if (last >= 0 && all.every((s, i) => steps[i][last] === s[axis] * n)) {
      lengths[last] *= n
      all.forEach((s, i) => { steps[i][last] = s[axis] })
    } else {
      lengths.push(n)
      all.forEach((s, i) => { steps[i].push(s[axis]) })
    }
  })
  const inner = shape.includes(0) ? 0 : lengths.pop() ?? 1
  const by = steps.map((s) => s.length > lengths.length ? s.pop() : 0)
  const from = steps.map((s, i) => offsetsOf(lengths, s, starts[i]))
  return { outer: sizeOf(lengths), inner, by, from }
}

function prepare(program, shared = new Map()) {
  const values = [], shapes = [], dtypes = [], known = [], runs = [], inputs = {}
  const put = (array, shape, dtype, isKnown) => { values.push(array); shapes.push(shape); dtypes.push(dtype); known.push(isKnown) }
  for (const [name, shape, dtype] of program.inputs) {
    if (!shared.has(name)) shared.set(name, new ARRAYS[dtype](sizeOf(shape)))
    inputs[name] = shared.get(name)
    put(inputs[name], shape, dtype, false)
  }
  for (const [shape, dtype, data] of program.constants) {
    const array = new ARRAYS[dtype](sizeOf(shape))
    load(array, data)
    put(array, shape, dtype, true)
  }
  for (const [op, args, shape, dtype, settings] of program.operations) {
    const given = { op, shape, dtype, settings: settings || {}, a: args.map((i) => values[i]), shapes: args.map((i) => shapes[i]), dtypes: args.map((i) => dtypes[i]) }
    if (isSame(given)) {  // the same numbers in another shape: no copy
      put(given.a[0], shape, dtype, known[args[0]])
      continue
    }
    const out = new ARRAYS[dtype](sizeOf(shape)), run = operation(given, out)
    const isKnown = args.every((i) => known[i])
    isKnown ? run() : runs.push(run)  // what no input can change is computed once
    put(out, shape, dtype, isKnown)
  }
  const outputs = {}
  for (const [name, i] of Object.entries(program.outputs)) outputs[name] = values[i]
  return { program, values, shapes, dtypes, inputs, outputs, run() { for (const f of runs) f() } }
}

function isSame({ op, shape, dtype, settings, shapes, dtypes }) {
  if (op === "reshape" || op === "astype" && dtype === dtypes[0]) return true
  return op === "view" && settings.offset === 0 && sizeOf(shape) === sizeOf(shapes[0]) && !shape.includes(0) &&
    shape.every((n, axis) => n === 1 || settings.strides[axis] === sizeOf(shape.slice(axis + 1)))
}

// A function without arguments that computes an operation into `out`.
function operation(given, out) {
  const { op, dtype, dtypes } = given
  if (REDUCTIONS[op]) return reduction(given, out)
  if (MOVEMENTS[op]) return MOVEMENTS[op](given, out)
  if (op === "matmul") return matmul(given, out)
  if (op === "where") return selection(given, out)
  const f = op === "astype" ? castTo(dtype, dtypes[0]) : scalarFunction(op, dtype)
  if (!f && !FAST[op]) throw new Error(`${op} is not an operation`)
  return given.a.length === 1 ? unary(given, f, out) : binary(given, f, out)
}

function unary({ op, dtype, a: [a] }, f, out) {
  const fast = dtype[0] === "f" && FAST[op]
  return fast ? () => fast(out, a) : () => { for (let k = 0; k < out.length; k++) out[k] = f(a[k]) }
}

function binary({ op, dtype, shape, a: [a, b], shapes }, f, out) {
  const loops = loopsOf(shape, shapes.map((s) => stridesIn(s, shape))), fast = (dtype[0] === "f" || op === "greater") && FAST[op]
  return fast ? () => fast(out, a, b, loops) : () => eachPair(f, out, a, b, loops)
}

function eachPair(f, out, a, b, { outer, inner, by: [s, t], from: [p, q] }) {
  for (let u = 0, k = 0; u < outer; u++) for (let v = 0, i = p[u], j = q[u]; v < inner; v++, i += s, j += t) out[k++] = f(a[i], b[j])
}

function selection({ shape, a: [c, a, b], shapes }, out) {
  const { outer, inner, by: [r, s, t], from: [o, p, q] } = loopsOf(shape, shapes.map((x) => stridesIn(x, shape)))
  return () => {
    for (let u = 0, n = 0; u < outer; u++)
      for (let v = 0, h = o[u], i = p[u], j = q[u]; v < inner; v++, h += r, i += s, j += t) out[n++] = c[h] ? a[i] : b[j]
  }
}


// Where a number comes from: the entries from which an operation computes it, as an expression of named values.
// An expression is {is: "entry", value, place} | {is: "number", text} | {is: "call", ...} | {is: "sum", terms, ...}.

const MOST_TERMS = 64, MOST_PARTS = 24
const SIGNS = { add: "+", subtract: "−", multiply: "·", divide: "/", greater: ">", greater_equal: "≥", less: "<", less_equal: "≤",
  equal: "=", not_equal: "≠", bitwise_and: "and", bitwise_or: "or", floor_divide: "//", remainder: "mod" }
const LEVELS = { equal: 1, not_equal: 1, greater: 1, greater_equal: 1, less: 1, less_equal: 1, bitwise_and: 0, bitwise_or: 0, add: 2, subtract: 2,
  multiply: 3, divide: 3, floor_divide: 3, remainder: 3 }

// The expression of an entry: its operation, and what is below it up to values with a name.
function expressionOf(ready, names, value, place) {
  const { program, values, shapes } = ready, inputs = program.inputs.length, start = inputs + program.constants.length
  let left = MOST_PARTS

  function below(value, place) {
    if (value < inputs) return { is: "entry", value, place, shape: shapes[value] }
    if (value < start) return { is: "number", number: values[value][place], text: short(values[value][place]) }
    if (names[value].name || left <= 0 || isHash(value)) return { is: "entry", value, place, shape: shapes[value] }
    return at(value, place)
  }

  // Random bits are computed modulo 2^32.
  const isHash = (value) => /^[ui]4$/.test(ready.dtypes[value])

  function at(value, place) {
    left--
    const [op, args, shape, , settings] = program.operations[value - start]
    const moved = movedFrom(ready, value, place)
    if (moved) return below(...moved)
    if (op === "matmul") return sum(value, place, factors(ready, value, place))
    if (op in REDUCTIONS || op === "cumsum" || op === "argmax") {
      const rest = reducedOf(ready, value, place)
      return op === "sum" || op === "cumsum" ? sum(value, place, rest.map(({ index, entry }) => ({ index, entries: [entry] }))) :
        { is: "call", name: op.replace("_of", "").replace("maximum", "max").replace("minimum", "min"), all: rest.length, args: rest.slice(0, 6).map(({ entry }) => below(...entry)) }
    }
    if (op === "put_add") return added(value, place)
    if (op === "argsort") return { is: "entry", value, place, shape: shapes[value] }
    const parts = args.map((i) => below(i, broadcastPlace(place, shape, shapes[i])))
    if (op === "where") return { is: "if", parts, isFirst: Boolean(values[args[0]][broadcastPlace(place, shape, shapes[args[0]])]) }
    if (op === "negative") return { is: "minus", part: parts[0] }
    if (op in SIGNS) return samePair(op, parts) ? { is: "square", part: parts[0] } : { is: "pair", op, parts }
    if (op === "power" && parts[1].text === "2") return { is: "square", part: parts[0] }
    if (op === "astype" && settings === undefined) return parts[0]
    return { is: "call", name: { absolute: "abs", maximum: "max", minimum: "min", invert: "not", arctan: "atan" }[op] || op, args: parts }
  }

  function sum(value, place, terms) {
    const before = left
    const parts = terms.slice(0, MOST_TERMS).map(({ index, entries }) => {
      left = before
      const all = entries.map((entry) => below(...entry)), some = all.filter((part) => part.number !== 1)  // a product with ones adds up rows
      const factors = some.length ? some : all
      return { index, part: factors.length > 1 ? { is: "pair", op: "multiply", parts: factors } : factors[0] }
    })
    return { is: "sum", value, place, terms: parts, count: terms.length }
  }

  function added(value, place) {
    const { from, rows } = addedFrom(ready, value, place)
    return rows.length ? sum(value, place, [from, ...rows].map((entry) => ({ index: [], entries: [entry] }))) : below(...from)
  }

  return value < start ? null : at(value, place)
}

function samePair(op, [a, b]) {
  return op === "multiply" && a.is === "entry" && b.is === "entry" && a.value === b.value && a.place === b.place
}

// The place in an argument of `shape` that is broadcast to an entry of `out`.
function broadcastPlace(place, out, shape) {
  const index = indexOf(place, out).slice(out.length - shape.length)
  return placeOf(index.map((i, axis) => shape[axis] === 1 ? 0 : i), shape)
}

// The entry [value, place] that an operation moves to this place without a change; null if it computes.
function movedFrom({ program, values, shapes, dtypes }, value, place) {
  const [op, args, shape, , settings] = program.operations[value - program.inputs.length - program.constants.length]
  if (op === "reshape") return [args[0], place]
  if (op === "astype") return [args[0], place]
  if (op === "view") return [args[0], settings.offset + indexOf(place, shape).reduce((sum, i, axis) => sum + i * settings.strides[axis], 0)]
  if (op === "take") return [args[0], values[args[1]][place]]
  if (op === "concatenate") {
    const axis = settings.axes[0], index = indexOf(place, shape)
    for (const part of args) {
      if (index[axis] < shapes[part][axis]) return [part, placeOf(index, shapes[part])]
      index[axis] -= shapes[part][axis]
    }
  }
  if (op === "put") {
    const { from, rows } = addedFrom({ program, values, shapes, dtypes }, value, place)
    return rows.at(-1) || from
  }
  return null
}

// The rows that a put, or a put_add, writes to this place.
function addedFrom({ program, values, shapes }, value, place) {
  const [, args, , , settings] = program.operations[value - program.inputs.length - program.constants.length]
  const ofView = settings && settings.strides
  const positions = ofView ? offsetsOf(shapes[args[1]], settings.strides, settings.offset) : values[args[1]], row = args.at(-1)
  const rows = []
  for (let i = 0; i < positions.length; i++) if (positions[i] === place) rows.push([row, sizeOf(shapes[row]) === 1 ? 0 : i])
  return { from: [args[0], place], rows }
}

// The factors of each term of an entry of a product of matrices.
function factors({ program, shapes }, value, place) {
  const [, [a, b], shape] = program.operations[value - program.inputs.length - program.constants.length]
  const index = indexOf(place, shape), lead = shape.slice(0, -2), [i, j] = index.slice(-2), inner = shapes[a].at(-1), n = shape.at(-1)
  const batch = placeOf(index.slice(0, -2), lead)
  const [p, q] = [a, b].map((v) => shapes[v].length > 2 ? broadcastPlace(batch, lead, shapes[v].slice(0, -2)) : 0)
  return Array.from({ length: inner }, (_, k) => ({ index: [k],
    entries: [[a, p * shapes[a].at(-2) * inner + i * inner + k], [b, q * inner * n + k * n + j]] }))
}

// The entries that a reduction joins, each with its index along the reduced axes.
function reducedOf({ program, shapes }, value, place) {
  const [op, [a], , , { axes }] = program.operations[value - program.inputs.length - program.constants.length], shape = shapes[a]
  if (op === "cumsum") {
    const index = indexOf(place, shape), [axis] = axes
    return Array.from({ length: index[axis] + 1 }, (_, i) => ({ index: [i], entry: [a, placeOf(index.with(axis, i), shape)] }))
  }
  const { first, rest } = termsOf({ shapes: [shape], settings: { axes } }), lengths = shape.filter((_, axis) => axes.includes(axis))
  return Array.from(rest, (offset, i) => ({ index: indexOf(i, lengths).filter((_, axis) => lengths[axis] > 1), entry: [a, first[place] + offset] }))
}

// Reductions, whose terms are joined from left to right, and operations that move numbers without changing them.

const REDUCTIONS = {
  sum: { from: () => 0, join: (a, b) => a + b },
  product_of: { from: () => 1, join: (a, b) => a * b },
  maximum_of: { from: () => -Infinity, join: Math.max },  // NaN wins, as in NumPy
  minimum_of: { from: () => Infinity, join: Math.min },
}

// For each entry of the result, the offset of its first term, and the offsets of the terms from there.
function termsOf({ shapes: [shape], settings: { axes } }) {
  const strides = stridesIn(shape, shape), part = (isIn) => shape.map((_, i) => i).filter((i) => axes.includes(i) === isIn)
  const offsets = (list) => offsetsOf(list.map((i) => shape[i]), list.map((i) => strides[i]))
  return { first: offsets(part(false)), rest: offsets(part(true)) }
}

function reduction(given, out) {
  const { first, rest } = termsOf(given), [a] = given.a, { from, join } = REDUCTIONS[given.op]
  if (given.op === "sum") return () => {
    for (let k = 0; k < first.length; k++) {
      let sum = 0
      for (let r = 0, o = first[k]; r < rest.length; r++) sum += a[o + rest[r]]
      out[k] = sum
    }
  }
  return () => {
    for (let k = 0; k < first.length; k++) {
      let all = from()
      for (let r = 0; r < rest.length; r++) all = join(all, a[first[k] + rest[r]])
      out[k] = all + 0
    }
  }
}

// NumPy counts NaN as the largest number, both in argmax and in argsort.
function argmax(given, out) {
  const { first, rest } = termsOf(given), [a] = given.a
  return () => {
    for (let k = 0; k < first.length; k++) {
      let best = 0
      for (let r = 1; r < rest.length; r++) {
        const one = a[first[k] + rest[r]], most = a[first[k] + rest[best]]
        if (one > most || Number.isNaN(one) && !Number.isNaN(most)) best = r
      }
      out[k] = best
    }
  }
}

function argsort(given, out) {
  const { first, rest } = termsOf(given), [a] = given.a
  const order = (x, y) => x < y ? -1 : x > y ? 1 : Number.isNaN(x) - Number.isNaN(y)
  return () => {
    for (const start of first) {
      const places = Array.from(rest, (_, r) => r).sort((r, s) => order(a[start + rest[r]], a[start + rest[s]]))
      places.forEach((place, r) => { out[start + rest[r]] = place })
    }
  }
}

function cumsum(given, out) {
  const { first, rest } = termsOf(given), [a] = given.a
  return () => {
    for (const start of first) for (let r = 0; r < rest.length; r++) {
      const at = start + rest[r]
      out[at] = r ? out[start + rest[r - 1]] + a[at] : a[at]
    }
  }
}

function view({ a: [a], shape, settings: { offset, strides } }, out) {
  const { outer, inner, by: [s], from: [p] } = loopsOf(shape, [strides], [offset])
  return () => { for (let u = 0, k = 0; u < outer; u++) for (let v = 0, i = p[u]; v < inner; v++, i += s) out[k++] = a[i] }
}

function concatenate({ a, shape, shapes, settings: { axes: [axis] } }, out) {
  const inner = sizeOf(shape.slice(axis + 1)), outer = sizeOf(shape.slice(0, axis)), widths = shapes.map((s) => s[axis] * inner)
  return () => {
    for (let u = 0, at = 0; u < outer; u++) for (let j = 0; j < a.length; j++)
      for (let k = 0, from = u * widths[j]; k < widths[j]; k++) out[at++] = a[j][from + k]
  }
}

function take({ a: [a, positions] }, out) {
  return () => { for (let k = 0; k < out.length; k++) out[k] = a[positions[k]] }
}

// A copy with other entries: their positions are an argument, or those of a view with the shape of the rows.
function put({ op, a, shapes, settings: { offset, strides } }, out) {
  const [from, positions, rows] = strides ? [a[0], offsetsOf(shapes[1], strides, offset), a[1]] : a
  const by = rows.length === positions.length ? 1 : 0, isAdded = op === "put_add"
  return () => {
    out.set(from)
    for (let k = 0; k < positions.length; k++) out[positions[k]] = isAdded ? out[positions[k]] + rows[k * by] : rows[k * by]
  }
}

const MOVEMENTS = { view, concatenate, take, put, put_add: put, argmax, argsort, cumsum }

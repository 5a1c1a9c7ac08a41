"use strict"
// Functions of one or two numbers, with the results of a portable program. Adding 0 makes +0 of -0.

// The bits of a float as two integers.
const FLOAT = new Float64Array(1), WORDS = new Int32Array(FLOAT.buffer)
const high = (x) => { FLOAT[0] = x; return WORDS[1] }
const low = (x) => { FLOAT[0] = x; return WORDS[0] }
const joined = (h, l) => { WORDS[0] = l; WORDS[1] = h; return FLOAT[0] }

// The remainder has the sign of b, as Python's.
function remainder(a, b) {
  const r = a % b
  return r ? (r < 0 !== b < 0 ? r + b : r) : r === 0 ? (b < 0 ? -0 : 0) : NaN
}

// As NumPy computes it: exact remainder first, so that the quotient is whole up to rounding.
function floorDivide(a, b) {
  if (b === 0) return a / b
  const r = a % b, q = (a - r) / b - (r && r < 0 !== b < 0 ? 1 : 0), floor = Math.floor(q)
  return q === 0 ? 0 * Math.sign(a / b) : q - floor > 0.5 ? floor + 1 : floor
}

const UNARY = {
  negative: (a) => -a, absolute: Math.abs, sign: (a) => Math.sign(a) + 0, sqrt: Math.sqrt, floor: Math.floor,
  isfinite: (a) => Number.isFinite(a) ? 1 : 0,
}

const BINARY = {
  add: (a, b) => a + b, subtract: (a, b) => a - b, multiply: (a, b) => a * b, divide: (a, b) => a / b, remainder,
  floor_divide: floorDivide, maximum: Math.max, minimum: (a, b) => Math.min(a, b) + 0,
  equal: (a, b) => a === b ? 1 : 0, not_equal: (a, b) => a !== b ? 1 : 0,
  greater: (a, b) => a > b ? 1 : 0, greater_equal: (a, b) => a >= b ? 1 : 0,
  less: (a, b) => a < b ? 1 : 0, less_equal: (a, b) => a <= b ? 1 : 0,
  bitwise_and: (a, b) => a & b, bitwise_or: (a, b) => a | b, bitwise_xor: (a, b) => a ^ b,
  left_shift: (a, b) => b > 31 ? 0 : a << b, right_shift: (a, b) => b > 31 ? 0 : a >>> b,
}

const wide = (f) => (a, b) => Number(BigInt.asIntN(64, f(BigInt(a), BigInt(b))))
const whole = (a, b) => b === 0 ? 0 : floorDivide(a, b)
const powerBy = (times) => (a, b) => {
  let made = 1
  for (; b > 0; b = Math.floor(b / 2), a = times(a, a)) if (b % 2) made = times(made, a)
  return made
}

// Functions of whole numbers and bools that differ from those of floats, by the dtype of the result.
const WHOLE = {
  u4: { multiply: Math.imul, floor_divide: whole, remainder: (a, b) => b === 0 ? 0 : a % b, invert: (a) => ~a },
  b1: { add: (a, b) => a | b, multiply: (a, b) => a & b, invert: (a) => a ? 0 : 1 },
  i4: { multiply: Math.imul, floor_divide: whole, remainder: (a, b) => b === 0 ? 0 : remainder(a, b), invert: (a) => ~a,
    right_shift: (a, b) => a >> Math.min(b, 31) },
  i8: {
    multiply: (a, b) => { const c = a * b; return Number.isSafeInteger(c) ? c : wide((p, q) => p * q)(a, b) },
    floor_divide: whole, remainder: (a, b) => b === 0 ? 0 : remainder(a, b), invert: (a) => -1 - a,
    bitwise_and: wide((a, b) => a & b), bitwise_or: wide((a, b) => a | b), bitwise_xor: wide((a, b) => a ^ b),
    left_shift: wide((a, b) => a << b), right_shift: wide((a, b) => a >> b),
  },
}
WHOLE.u1 = WHOLE.u4
for (const own of [WHOLE.u4, WHOLE.i4, WHOLE.i8]) own.power = powerBy(own.multiply)

// What an operation does to one number, or to two, with this dtype.
function scalarFunction(op, dtype) {
  return WHOLE[dtype] && WHOLE[dtype][op] || UNARY[op] || BINARY[op]
}

const ARRAYS = { f8: Float64Array, f4: Float32Array, i8: Float64Array, i4: Int32Array, u4: Uint32Array, u1: Uint8Array, b1: Uint8Array }

// A number in another dtype, except for the rounding or wrapping that a typed array does when it is stored.
function castTo(dtype, from) {
  if (dtype === "b1") return (a) => a !== 0 ? 1 : 0
  if (dtype === "i8" && from[0] === "f") return Math.trunc
  return (a) => a
}

// A number of JSON, where "nan", "inf" and "-inf" are strings.
const NOT_FINITE = { nan: NaN, inf: Infinity, "-inf": -Infinity }
const asNumber = (a) => typeof a === "string" ? NOT_FINITE[a] : Number(a)

// Numbers of JSON into an array: a list, or one number for all.
function load(array, data, by = 1) {
  Array.isArray(data) ? array.set(data.map((v) => by * asNumber(v))) : array.fill(by * asNumber(data))
}

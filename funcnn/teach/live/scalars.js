"use strict"
// Functions of one, two or three numbers, with NumPy's results where JavaScript's differ.

// The complementary error function, 1 - erf(x), without cancellation: fractions of polynomials in four ranges of |x|,
// from FreeBSD's msun, s_erf.c. Coefficients are listed from the highest power down.
const ERF_AT_1 = 8.45062911510467529297e-01  // erf(1), less what the fraction around 1 adds
const ERF_FRACTIONS = [
  [[-2.37630166566501626084e-05, -5.77027029648944159157e-03, -2.84817495755985104766e-02, -3.25042107247001499370e-01,
    1.28379167095512558561e-01],
  [-3.96022827877536812320e-06, 1.32494738004321644526e-04, 5.08130628187576562776e-03, 6.50222499887672944485e-02,
    3.97917223959155352819e-01, 1]],
  [[-2.16637559486879084300e-03, 3.54783043256182359371e-02, -1.10894694282396677476e-01, 3.18346619901161753674e-01,
    -3.72207876035701323847e-01, 4.14856118683748331666e-01, -2.36211856075265944077e-03],
  [1.19844998467991074170e-02, 1.36370839120290507362e-02, 1.26171219808761642112e-01, 7.18286544141962662868e-02,
    5.40397917702171048937e-01, 1.06420880400844228286e-01, 1]],
  [[-9.81432934416914548592, -8.12874355063065934246e01, -1.84605092906711035994e02, -1.62396669462573470355e02,
    -6.23753324503260060396e01, -1.05586262253232909814e01, -6.93858572707181764372e-01, -9.86494403484714822705e-03],
  [-6.04244152148580987438e-02, 6.57024977031928170135, 1.08635005541779435134e02, 4.29008140027567833386e02,
    6.45387271733267880336e02, 4.34565877475229228821e02, 1.37657754143519042600e02, 1.96512716674392571292e01, 1]],
  [[-4.83519191608651397019e02, -1.02509513161107724954e03, -6.37566443368389627722e02, -1.60636384855821916062e02,
    -1.77579549177547519889e01, -7.99283237680523006574e-01, -9.86494292470009928597e-03],
  [-2.24409524465858183362e01, 4.74528541206955367215e02, 2.55305040643316442583e03, 3.19985821950859553908e03,
    1.53672958608443695994e03, 3.25792512996573918826e02, 3.03380607434824582924e01, 1]],
]

function fraction([top, bottom], z) {
  let p = 0, q = 0
  for (const c of top) p = p * z + c
  for (const c of bottom) q = q * z + c
  return p / q
}

function erfc(x) {
  const a = Math.abs(x)
  if (a < 0.84375) {
    const part = x * fraction(ERF_FRACTIONS[0], x * x)
    return x < 0.25 ? 1 - (x + part) : 0.5 - (part + (x - 0.5))
  }
  if (a < 1.25) {
    const part = fraction(ERF_FRACTIONS[1], a - 1)
    return x > 0 ? 1 - ERF_AT_1 - part : 1 + (ERF_AT_1 + part)
  }
  if (a > 30) return x > 0 ? 0 : 2
  const head = Math.fround(a)  // 24 bits, so that head * head is exact; NaN goes through
  const rest = (head - a) * (head + a) + fraction(ERF_FRACTIONS[a < 1 / 0.35 ? 2 : 3], 1 / (a * a))
  const tail = Math.exp(-head * head - 0.5625) * Math.exp(rest) / a
  return x > 0 ? tail : 2 - tail
}

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

function power(a, b) {
  if (b === 2) return a * a
  if (a === 1 || a === -1 && Math.abs(b) === Infinity) return 1  // C's rules; JavaScript gives NaN
  return Math.pow(a, b)
}

const UNARY = {
  negative: (a) => -a, absolute: Math.abs, sign: Math.sign, sqrt: Math.sqrt, exp: Math.exp, expm1: Math.expm1, log: Math.log,
  log1p: Math.log1p, sin: Math.sin, cos: Math.cos, tanh: Math.tanh, arctan: Math.atan, floor: Math.floor, erfc,
  isfinite: (a) => Number.isFinite(a) ? 1 : 0,
}

const BINARY = {
  add: (a, b) => a + b, subtract: (a, b) => a - b, multiply: (a, b) => a * b, divide: (a, b) => a / b, power, remainder,
  floor_divide: floorDivide, maximum: Math.max, minimum: Math.min, arctan2: Math.atan2,
  equal: (a, b) => a === b ? 1 : 0, not_equal: (a, b) => a !== b ? 1 : 0,
  greater: (a, b) => a > b ? 1 : 0, greater_equal: (a, b) => a >= b ? 1 : 0,
  less: (a, b) => a < b ? 1 : 0, less_equal: (a, b) => a <= b ? 1 : 0,
  bitwise_and: (a, b) => a & b, bitwise_or: (a, b) => a | b, bitwise_xor: (a, b) => a ^ b,
  left_shift: (a, b) => b > 31 ? 0 : a << b, right_shift: (a, b) => b > 31 ? 0 : a >>> b,
}

const wide = (f) => (a, b) => Number(BigInt.asIntN(64, f(BigInt(a), BigInt(b))))
const whole = (a, b) => b === 0 ? 0 : floorDivide(a, b)

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

"use strict"
// The arrays of the page, and numbers and terms as text.

const data = JSON.parse(document.getElementById("data").textContent)
const rows = data.rows, steps = data.steps

function floats(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true))
}

for (const row of rows) if (row.values) row.values = floats(row.values)
for (const nudge of Object.values(data.nudges)) for (const key of ["below", "above", "replay"])
  if (nudge[key]) nudge[key] = floats(nudge[key])

// The shortest text that reads as the same float64.
function full(value, row) {
  if (row && row.type === "bool") return value ? "True" : "False"
  if (Number.isNaN(value)) return "nan"
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "−inf"
  return (Object.is(value, -0) ? "-0" : String(value)).replace("-", "−").replace("e-", "e−")
}

// Four digits.
function short(value, row) {
  if (value === 0 && !(row && row.type)) return "0"
  if (!Number.isFinite(value) || Number.isInteger(value) && Math.abs(value) < 1e6 || row && row.type === "bool") return full(value, row)
  const size = Math.abs(value)
  const text = size < 1e-3 || size >= 1e6 ? value.toExponential(2) : String(Number(value.toPrecision(4)))
  return text.replace("-", "−").replace("e-", "e−").replace("e+", "e")
}

const asFactor = (value) => value < 0 ? `(${short(value)})` : short(value)

function index(row, place) {
  const found = []
  for (const n of [...row.shape].reverse()) {
    found.unshift(place % n)
    place = Math.floor(place / n)
  }
  return found
}

const at = (row, place) => row.shape.length ? `[${index(row, place).join(",")}]` : ""
const nameOf = (ref) => rows[ref.row].name + at(rows[ref.row], ref.place)

// dW2[0,1] as {row, place}; undefined if there is no such number.
function found(name) {
  const [, array, inside] = /^(.*?)(?:\[([\d,]*)\])?$/.exec(name)
  const r = rows.findIndex((row) => row.name === array)
  if (r < 0 || !rows[r].values) return undefined
  const indices = inside ? inside.split(",").map(Number) : []
  const { shape } = rows[r]
  if (indices.length !== shape.length || indices.some((i, axis) => i >= shape[axis])) return undefined
  return { row: r, place: indices.reduce((place, i, axis) => place * shape[axis] + i, 0) }
}

// A term as a list of texts and of places: "@3.5*@2.1" is [{row: 3, place: 5}, "*", {row: 2, place: 1}].
function parsed(term) {
  const [expression, value] = term.split("=")
  const parts = expression.split(/([@#]\d+\.\d+)/).filter(Boolean).map((part) => {
    const [, row, place] = /^[@#](\d+)\.(\d+)$/.exec(part) || []
    return row === undefined ? part : { row: Number(row), place: Number(place) }
  })
  return { parts, value: value === undefined ? product(parts) : Number(value.replace("inf", "Infinity")) }
}

// The value of a product of places and constants; undefined if a factor is not in the page.
function product(parts) {
  let value = 1
  for (const part of parts) {
    if (typeof part !== "string") value *= rows[part.row].values ? rows[part.row].values[part.place] : NaN
    else for (const factor of part.split("*")) if (factor) value *= factor === "-" ? -1 : Number(factor.replace(/[()]/g, ""))
  }
  return value
}

const termsOf = (ref) => {
  const { terms } = rows[ref.row]
  return terms && terms[ref.place] ? terms[ref.place].map(parsed) : null
}

const readable = (text) => text.replace(/\*/g, " · ").replace(/-/g, "−")

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "click") element.addEventListener("click", value)
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value)
  }
  element.append(...children.filter((child) => child !== null && child !== undefined))
  return element
}

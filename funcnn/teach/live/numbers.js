// Numbers as text, elements, and colours.

const $ = (id) => document.getElementById(id)

// Four digits.
function short(value, digits = 4) {
  if (Number.isNaN(value)) return "nan"
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "−inf"
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e6) return String(value + 0).replace("-", "−")
  const text = size < 1e-3 || size >= 1e6 ? value.toExponential(digits - 2) : String(Number(value.toPrecision(digits)))
  return text.replace("-", "−").replace("e-", "e−").replace("e+", "e")
}

// Text of at most 9 digits, for costs that differ little.
const precise = (value) => Number.isFinite(value) ? short(value, 9) : short(value)

const asFactor = (value) => value < 0 ? `(${short(value)})` : short(value)

// A number as somebody types it; NaN if it is none.
const typed = (text) => text.trim() === "" ? NaN : Number(text.trim().replace(",", ".").replace("−", "-"))

function make(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children)
}

function draw(tag, attributes = {}, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children)
}

function dress(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value)
    else if (value !== undefined && value !== false && value !== null) element.setAttribute(name, value === true ? "" : value)
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""))
  return element
}

// Set attributes that changed, and no others: what did not change is not drawn again.
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = String(value)
    if (element.getAttribute(name) !== text) element.setAttribute(name, text)
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

// Colours of the style, as [r, g, b], read again when the scheme changes.
const COLOURS = {}
function colour(name) {
  if (!COLOURS[name]) {
    const text = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
    const digits = text.length === 4 ? [...text.slice(1)].map((c) => c + c).join("") : text.slice(1)
    COLOURS[name] = [0, 2, 4].map((i) => parseInt(digits.slice(i, i + 2), 16))
  }
  return COLOURS[name]
}

// Pixels of a canvas, kept from drawing to drawing: {context, image}.
const CANVASES = new WeakMap()
function pixelsOf(canvas, width, height) {
  const kept = CANVASES.get(canvas)
  if (kept && kept.image.width === width && kept.image.height === height) return kept
  Object.assign(canvas, { width, height })
  const context = canvas.getContext("2d"), made = { context, image: context.createImageData(width, height) }
  CANVASES.set(canvas, made)
  return made
}

// Write a colour between the ground and `to` into the pixels of an image.
function paint(pixels, at, ground, to, part) {
  for (let c = 0; c < 3; c++) pixels[at + c] = ground[c] + (to[c] - ground[c]) * part
  pixels[at + 3] = 255
}

// The colour of a number between -1 and 1: blue above 0, orange below.
const signed = (value) => value < 0 ? colour("minus") : colour("plus")

// The colour of class k of `classes`: of two, 1 is blue and 0 orange.
const classColour = (k, classes) => `class-${classes === 2 ? 1 - k : k % 8}`

// An index such as [3,1] of a place in an array.
function indexOf(place, shape) {
  const found = []
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    found.unshift(place % shape[axis])
    place = Math.floor(place / shape[axis])
  }
  return found
}

const placeOf = (index, shape) => index.reduce((place, i, axis) => place * shape[axis] + i, 0)

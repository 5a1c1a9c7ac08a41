// Rows with two numbers: the plane, coloured by the prediction at each place.

const FINE = 160  // pixels of the picture along each axis
let plane = null

const VIEW = {
  get hint() {
    const says = isOfClasses() ? `The colour is the prediction at a place${page.data.classes ? "; a point with a thick outline is on the wrong side" : ""}.` :
      "The colour of a place is the first output of the network there, the colour of a point is the wanted one: blue above 0, orange below."
    return `A point is a row of the data. ${says} Drag a point, or move it with the arrow keys.`
  },
  build() {
    const { data, trainer } = page, x = trainer.arrays.get("x"), { low, high } = data.grid
    const canvas = make("canvas", { width: FINE, height: FINE, class: "picture", role: "img", "aria-label": "The prediction at each place" })
    const line = draw("path", { class: "boundary" })
    plane = { canvas, line, most: sizeOfMost(firstOnes()) || 1 }
    const svg = buildPoints({ low, high, at: (row) => [x[2 * row], x[2 * row + 1]], move: (row, place) => x.set(place, 2 * row),
      colourOf: data.classes ? null : (row) => `rgb(${colourOfRow(row)})` })
    svg.prepend(line)
    return make("div", {}, make("div", { class: "square" }, canvas, svg), legend(data))
  },
  draw() {
    const numbers = fineNumbers()
    if (numbers) drawPicture(numbers)
    drawPoints()
  },
}

// Labels may also be numbers, one for each class. Other outputs are shown by the first one.
const isOfClasses = () => page.data.classes > 0 || page.data.is_logit
const each = () => page.trainer.arrays.get("y").length / page.data.rows
const firstOnes = () => page.trainer.arrays.get("y").filter((_, i) => i % each() === 0)
const colourOfRow = (row) => isOfClasses() && each() > 1 ? colour(classColour(largest(page.trainer.arrays.get("y"), row * each(), each()), each())) : mixed(page.trainer.arrays.get("y")[row * each()] / plane.most)

const mixed = (v) => signed(v).map((c, i) => Math.round(colour("middle")[i] + (c - colour("middle")[i]) * Math.min(1, Math.abs(v))))

function legend({ classes, names }) {
  if (!classes) return null
  return make("p", { class: "legend" }, ...Array.from({ length: Math.min(classes, 10) }, (_, k) => make("span", {},
    draw("svg", { viewBox: "-8 -8 16 16", class: classColour(k, classes), "aria-hidden": "true" }, draw("path", { class: "mark", d: SHAPES[k % SHAPES.length] })),
    names && names.outputs && names.outputs.length === classes ? names.outputs[k] : `class ${k}`)))
}

// Where each place of the grid is in a picture with one pixel a place; row 0 is at the top.
function gridPixels() {
  if (page.pixels) return page.pixels
  const { shape, low, high, data } = page.data.grid
  const axis = (k) => new Set(data.filter((_, i) => i % 2 === k)).size
  const width = Math.min(axis(0), sizeOf(shape)), height = sizeOf(shape) / width, at = new Int32Array(width * height)
  for (let k = 0; k < at.length; k++) {
    const u = Math.round((data[2 * k] - low[0]) / (high[0] - low[0]) * (width - 1)), v = Math.round((data[2 * k + 1] - low[1]) / (high[1] - low[1]) * (height - 1))
    at[k] = (height - 1 - v) * width + u
  }
  return page.pixels = { width, height, at }
}

// The outputs at each pixel, between those at the places of the grid: k arrays.
function fineNumbers() {
  const { predict } = page.trainer
  if (!predict) return null
  const { width, height, at } = gridPixels(), out = predict.outputs.out || predict.outputs["out.0"], k = out.length / at.length
  const ordered = Array.from({ length: k }, () => new Float64Array(at.length)), fine = Array.from({ length: k }, () => new Float64Array(FINE * FINE))
  for (let i = 0; i < at.length; i++) for (let c = 0; c < k; c++) ordered[c][at[i]] = out[i * k + c]
  for (let q = 0; q < FINE; q++) {
    const y = q / (FINE - 1) * (height - 1), j = Math.min(height - 2, Math.floor(y)), t = y - j
    for (let p = 0; p < FINE; p++) {
      const x = p / (FINE - 1) * (width - 1), i = Math.min(width - 2, Math.floor(x)), s = x - i, a = j * width + i
      for (let c = 0; c < k; c++) {
        const o = ordered[c]
        fine[c][q * FINE + p] = (1 - t) * ((1 - s) * o[a] + s * o[a + 1]) + t * ((1 - s) * o[a + width] + s * o[a + width + 1])
      }
    }
  }
  return fine
}

function drawPicture(fine) {
  const { data } = page, { context, image } = pixelsOf(plane.canvas, FINE, FINE), ground = colour("middle"), plus = colour("plus"), minus = colour("minus")
  const logistic = (v) => 1 / (1 + Math.exp(-v))
  if (fine.length === 1 || !isOfClasses()) {
    const centred = data.classes ? fine[0].map((v) => 2 * (data.is_logit ? logistic(v) : v) - 1) : fine[0].map((v) => v / plane.most)
    for (let k = 0; k < FINE * FINE; k++) paint(image.data, 4 * k, ground, centred[k] < 0 ? minus : plus, Math.min(1, Math.abs(centred[k]) || 0) * 0.44)
    set(plane.line, { d: data.classes ? contour(centred, FINE, 3) : "" })
  } else for (let k = 0; k < FINE * FINE; k++) {
    let best = 0, total = 0
    for (let c = 1; c < fine.length; c++) if (fine[c][k] > fine[best][k]) best = c
    for (let c = 0; c < fine.length; c++) total += data.is_logit ? Math.exp(fine[c][k] - fine[best][k]) : fine[c][k]
    const sure = data.is_logit ? 1 / total : fine[best][k] / total, least = 1 / fine.length
    paint(image.data, 4 * k, ground, colour(classColour(best, fine.length)), 0.06 + 0.38 * Math.max(0, (sure - least) / (1 - least)) || 0)
  }
  context.putImageData(image, 0, 0)
}

// Points that can be dragged, and moved by keys: the rows of a curve or of a plane.

const POINT = 5.5
let points = null

// `view` says where a point of a row is, in numbers: {low, high, at(row), move(row, [u, v])}; v goes up.
function buildPoints(view) {
  const svg = draw("svg", { class: "points", viewBox: "0 0 400 400", preserveAspectRatio: "none", role: "group", "aria-label": "Rows: points that can be moved" })
  points = { ...view, svg, all: [], held: null }
  for (let row = 0; row < page.data.rows; row++) {
    const mark = draw("path", { class: "mark" })
    const group = draw("g", { class: "point", role: "button", "aria-label": `row ${row}`, tabindex: row ? "-1" : "0", "aria-roledescription": "point", keydown: (event) => movePoint(event, row),
      focus: () => { page.row = row; labelPoint(row); changed() } }, draw("circle", { class: "halo", r: 14 }), mark)
    points.all.push({ group, mark })
    svg.append(group)
  }
  svg.addEventListener("pointerdown", hold)
  svg.addEventListener("pointermove", drag)
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { points.held = null; svg.classList.remove("held") })
  return svg
}

function toPixels([u, v]) {
  const { low, high } = points
  return [(u - low[0]) / (high[0] - low[0]) * 400, 400 - (v - low[1]) / (high[1] - low[1]) * 400]
}

function drawPoints() {
  const { data, trainer } = page, box = points.svg.getBoundingClientRect(), scale = [400 / (box.width || 400), 400 / (box.height || 400)]
  for (let row = 0; row < data.rows; row++) {
    const { group, mark } = points.all[row], [x, y] = toPixels(points.at(row))
    set(group, { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale.map((s) => s.toFixed(3)).join(" ")})` })
    const wanted = data.classes ? trainer.arrays.get("y")[row] : null, isWrong = data.classes && said(data, trainer.out, row) !== wanted
    set(group, { class: `point ${data.classes ? classColour(wanted, data.classes) : points.colourOf ? "" : "plain"}${isWrong ? " wrong" : ""}` })
    set(mark, { d: SHAPES[data.classes ? wanted % SHAPES.length : 1] })
    if (points.colourOf) mark.style.fill = points.colourOf(row)
  }
}

// Classes differ in shape too: a square, a circle, a triangle, a diamond.
const SHAPES = ["M-4.5 -4.5H4.5V4.5H-4.5Z", "M-5.5 0A5.5 5.5 0 1 0 5.5 0A5.5 5.5 0 1 0 -5.5 0Z", "M0 -6L5.6 4.4H-5.6Z", "M0 -6.4L6.4 0L0 6.4L-6.4 0Z"]

function labelPoint(row) {
  const { data, trainer } = page, at = points.at(row).map((v) => short(v)).join(", ")
  const says = data.classes ? `, class ${trainer.arrays.get("y")[row]}; the prediction is class ${said(data, trainer.out, row)}` : `; the prediction is ${short(trainer.out[row])}`
  set(points.all[row].group, { "aria-label": `row ${row}: ${at}${says}` })
}

function whereIs(event) {
  const box = points.svg.getBoundingClientRect(), { low, high } = points
  const part = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height]
  return part.map((p, axis) => Math.min(high[axis], Math.max(low[axis], low[axis] + p * (high[axis] - low[axis]))))
}

// The nearest point within 24 pixels is held.
function hold(event) {
  const box = points.svg.getBoundingClientRect(), pixel = [box.width / 400, box.height / 400]
  let best = 24
  for (let row = 0; row < page.data.rows; row++) {
    const [x, y] = toPixels(points.at(row))
    const far = Math.hypot(x * pixel[0] + box.left - event.clientX, y * pixel[1] + box.top - event.clientY)
    if (far < best) [best, points.held] = [far, row]
  }
  if (points.held === null) return
  points.svg.setPointerCapture(event.pointerId)
  points.svg.classList.add("held")
  focusPoint(points.held)
  event.preventDefault()
}

function drag(event) {
  if (points.held === null) return
  points.move(points.held, whereIs(event))
  moved()
}

function focusPoint(row) {
  focusIn(points.all.map(({ group }) => group), points.all[row].group)
}

function movePoint(event, row) {
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key], n = page.data.rows
  const other = { PageUp: row - 1, PageDown: row + 1, Home: 0, End: n - 1 }[event.key]
  if (by) {
    const { low, high } = points, size = event.shiftKey ? 0.1 : 0.02
    points.move(row, points.at(row).map((v, axis) => Math.min(high[axis], Math.max(low[axis], v + by[axis] * size * (high[axis] - low[axis])))))
    moved()
    labelPoint(row)
  } else if (other !== undefined) focusPoint((other + n) % n)
  else return
  event.preventDefault()
}

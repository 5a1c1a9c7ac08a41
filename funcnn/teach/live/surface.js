// A network of two numbers: the cost of each pair of them, as a map, and the way that training took on it.

const SIDE = 25  // places along each axis at which the cost is computed
let surface = null

// The two trained numbers, as [array, index] each; null if there are more or fewer.
function pairOf(trainer) {
  const all = trainer.names.flatMap((name) => Array.from(trainer.parameter(name), (_, i) => [name, i]).slice(0, 3))
  return all.length === 2 ? all : null
}

function buildSurface() {
  const { trainer } = page, pair = pairOf(trainer)
  surface = null
  $("surface").hidden = !pair
  if (!pair) return
  const label = ([name, i]) => trainer.parameter(name).length > 1 ? `${name}[${i}]` : name
  const canvas = make("canvas", { class: "picture", role: "img", "aria-label": `The cost for each ${pair.map(label).join(" and ")}` })
  const levels = draw("path", { class: "level" }), way = draw("path", { class: "way" })
  const handle = draw("g", { class: "point handle", role: "button", tabindex: "0", "aria-label": `${pair.map(label).join(" and ")} at present: move them with the arrow keys`, keydown: moveByKey }, draw("circle", { class: "halo", r: 14 }), draw("circle", { class: "mark", r: 7 }))
  const svg = draw("svg", { class: "points", viewBox: "0 0 400 400", role: "group", "aria-label": "The two numbers" }, levels, way, handle)
  surface = { pair, canvas, levels, way, handle, svg, ...extentOf(trainer, pair), version: null }
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); surface.isHeld = true; toPointer(event) })
  svg.addEventListener("pointermove", (event) => surface.isHeld && toPointer(event))
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { surface.isHeld = false })
  const [u, v] = pair.map(label), { low, high } = surface, axis = (at, text) => make("span", { class: `axis ${at}` }, text)
  $("surface").replaceChildren(make("h2", {}, `The cost of each ${u} and ${v}`), make("div", { class: "square" }, canvas, svg, axis("across", u), axis("up", v), axis("left", short(low[0], 2)), axis("right", short(high[0], 2)), axis("bottom", short(low[1], 2)), axis("top", short(high[1], 2))),
    make("p", { class: "note" }, "Orange is a high cost; along a line the cost is the same. A step goes downhill, across the lines. Drag the point to another start."))
}

const numbersOf = ({ pair }) => pair.map(([name, i]) => page.trainer.parameter(name)[i])

// Around the way that 200 steps from the start would take.
function extentOf(trainer, pair) {
  const kept = trainer.names.map((name) => trainer.parameter(name).slice()), { costs, ways } = trainer, places = []
  Object.assign(trainer, { costs: [], ways: [] })
  for (let n = 0; n < 200 && !trainer.broken; n++) {
    places.push(numbersOf({ pair }))
    trainer.step(1)
  }
  const low = [0, 1].map((axis) => Math.min(...places.map((p) => p[axis]))), high = [0, 1].map((axis) => Math.max(...places.map((p) => p[axis])))
  const pad = low.map((v, axis) => Math.max(1, 0.6 * (high[axis] - v)))
  trainer.reset()
  trainer.names.forEach((name, i) => trainer.parameter(name).set(kept[i]))
  Object.assign(trainer, { costs, ways, broken: null })
  return { low: low.map((v, axis) => Math.max(-50, v - pad[axis])), high: high.map((v, axis) => Math.min(50, v + pad[axis])) }
}

// The cost at all places is computed again only where the rows have changed.
function measure() {
  const { low, high, pair } = surface, { trainer } = page, kept = numbersOf(surface), numbers = new Float64Array(SIDE * SIDE)
  const put = (values) => pair.forEach(([name, i], axis) => { trainer.parameter(name)[i] = values[axis] })
  for (let j = 0; j < SIDE; j++) for (let i = 0; i < SIDE; i++) {
    put([i / (SIDE - 1), 1 - j / (SIDE - 1)].map((t, axis) => low[axis] + t * (high[axis] - low[axis])))
    trainer.present.run()
    numbers[j * SIDE + i] = trainer.cost
  }
  put(kept)
  trainer.present.run()
  const finite = numbers.filter(Number.isFinite), least = Math.min(...finite), most = Math.max(...finite)
  const heights = numbers.map((v) => Math.sqrt(Math.max(0, (v - least) / (most - least || 1))) || 0)
  const { context, image } = pixelsOf(surface.canvas, SIDE, SIDE)
  for (let k = 0; k < heights.length; k++) paint(image.data, 4 * k, colour("middle"), colour("minus"), 0.75 * heights[k])
  context.putImageData(image, 0, 0)
  set(surface.levels, { d: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((level) => contour(heights.map((v) => v - level), SIDE, 1)).join("") })
}

function drawSurface() {
  if (!surface) return
  if (surface.version !== page.version) measure()
  surface.version = page.version
  const { low, high } = surface, at = (p) => p.map((v, axis) => Math.max(-400, Math.min(800, 400 * (axis ? high[1] - v : v - low[0]) / (high[axis] - low[axis])))).map((v) => v.toFixed(1)).join(" ")
  const now = numbersOf(surface), way = [...page.trainer.ways.slice(-2000), now]
  set(surface.way, { d: `M${way.map(at).join("L")}` })
  set(surface.handle, { transform: `translate(${at(now)})` })
}

// Another start: the way begins anew.
function moveTo(values) {
  surface.pair.forEach(([name, i], axis) => { page.trainer.parameter(name)[i] = values[axis] })
  page.trainer.ways = []
  page.trainer.touched()
  changed()
}

function toPointer(event) {
  const box = surface.svg.getBoundingClientRect(), part = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height]
  moveTo(part.map((t, axis) => surface.low[axis] + Math.max(0, Math.min(1, t)) * (surface.high[axis] - surface.low[axis])))
}

function moveByKey(event) {
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
  if (!by) return
  moveTo(numbersOf(surface).map((v, axis) => v + by[axis] * 0.02 * (surface.high[axis] - surface.low[axis])))
  event.preventDefault()
}

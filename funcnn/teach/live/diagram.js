// The network as a diagram: a column of units for each layer, and a line for each weight between them.

const MOST_UNITS = 8, UNIT = 34
let diagram = null

// A layer without parameters that keeps the shape is part of the column before it.
function columnsOf(data, choice) {
  const x = data.x[0].shape, layers = choice.layers.filter(({ path }) => !choice.layers.some((other) => other.path !== path && isInside(path, other.path) && other.path !== ""))
  const own = (shape) => shape.length === x.length && shape[0] === data.rows ? shape.slice(1) : shape
  const columns = [{ title: ["x"], about: [], shape: x.slice(1), path: null, weights: null }]
  for (const { path, kind, label, shape_out: shape } of layers) {
    const names = choice.parameters.filter((name) => isInside(name, path))
    const last = columns.at(-1), to = own(shape)
    const isSame = String(to) === String(last.shape) || sizeOf(to) === sizeOf(last.shape) && to.length < last.shape.length
    if (!names.length && isSame && (columns.length > 1 || kind === "Flatten")) {
      last.title.push(kind)
      last.about.push(label)
      if (last.path !== null) last.path = path
    } else columns.push({ title: [kind], about: [label], shape: to, path, names, weights: names.find((name) => /(^|\.)W$/.test(name)) || names[0] })
  }
  return columns
}

function buildDiagram() {
  const { data, trainer: { choice } } = page
  const columns = columnsOf(data, choice)
  diagram = { columns, units: [], edges: [], bundles: [], svg: draw("svg", { class: "edges", role: "group", "aria-label": "Weights" }) }
  const box = make("div", { class: "units", role: "group", "aria-label": "Units", keydown: moveInUnits })
  columns.forEach((column, c) => {
    const n = column.shape.length === 1 ? column.shape[0] : 0
    column.shown = n > MOST_UNITS ? [0, 1, 2, 3, null, n - 2, n - 1] : Array.from({ length: n || 1 }, (_, i) => i)
    column.isImage = n === 0
    for (const i of column.shown) box.append(unitElement(column, c, i))
  })
  for (let c = 1; c < columns.length; c++) link(columns[c - 1], columns[c], c)
  box.append(...columns.map((column, c) => column.label = make("div", { class: "column-name", title: column.about.join(", ") }, c ? column.title.filter((name) => name !== "Flatten").join(", ") : "x")))
  diagram.units[0].button.tabIndex = 0
  $("diagram").classList.toggle("many", columns.length > 6)
  write($("network-hint"), networkHint())
  $("diagram").classList.toggle("flat", columns.every(({ shown, isImage }) => shown.length < 3 && !isImage))
  $("diagram").replaceChildren(diagram.svg, box)
  layOut()
}

// What lines, squares and pictures are, of those that are there.
function networkHint() {
  const { kind } = page.data, isCentred = kind === "plane" && centreOf(diagram.columns.at(-1)), colours = ": blue above 0, orange below"
  const squares = kind === "curve" ? "The curve in it is its output for each x." : `Its colour is its output${colours}${isCentred ? "; in the last one, blue is class 1, orange class 0" : ""}.`
  const says = [diagram.edges.length && `A square is a unit: it adds up its inputs, each times the weight of its line. ${squares} The colour of a line is the sign of its weight, the width its size.`,
    diagram.columns.some(({ isImage }) => isImage) && `A picture is what a layer makes of the chosen row${colours}.`]
  return says.filter(Boolean).join(" ")
}

function unitElement(column, c, i) {
  if (i === null) {
    const dots = make("div", { class: "dots" }, "⋮")
    diagram.units.push({ column, c, i, button: dots, isDots: true })
    return dots
  }
  const canvas = make("canvas", { width: 1, height: 1 })
  const what = column.isImage ? `${column.title[0]}, ${column.shape.join(" × ")}` : c ? `unit ${i} of ${column.title.join(", ")}` : `x[${i}]`
  const button = make("button", { type: "button", class: column.isImage ? "unit image" : "unit", tabindex: "-1", "aria-label": what,
    title: what, "aria-pressed": "false", click: () => selectUnit(unit) }, canvas)
  const unit = { column, c, i, button, canvas }
  diagram.units.push(unit)
  return button
}

// Lines between units, where the parameter is a matrix from one column to the next; else one band for the layer.
function link(from, to, c) {
  const { trainer } = page, shape = to.weights && trainer.choice.start[`params.${to.weights}`].shape
  const isDense = shape && shape.length === 2 && !from.isImage && !to.isImage && shape[0] === from.shape[0] && shape[1] === to.shape[0]
  if (!isDense) {
    const band = draw("path", { class: "band" })
    diagram.bundles.push({ from, to, c, band })
    diagram.svg.append(band)
    return
  }
  for (const i of from.shown) for (const j of to.shown) if (i !== null && j !== null) {
    const line = draw("path", { class: "edge" }), hit = draw("path", { class: "hit" }), index = i * shape[1] + j
    const edge = { name: to.weights, index, c, from: unitAt(c - 1, i), to: unitAt(c, j), line, hit }
    edge.group = draw("g", { class: "line", role: "button", "aria-label": `${to.weights}[${i},${j}]`, focus: () => labelEdge(edge), tabindex: diagram.edges.length ? "-1" : "0", "aria-pressed": "false",
      click: () => select(to.weights, index), keydown: (event) => moveInEdges(event, edge) }, hit, line)
    diagram.edges.push(edge)
    diagram.svg.append(edge.group)
  }
}

const unitAt = (c, i) => diagram.units.find((unit) => unit.c === c && unit.i === i)

const sizeOfImage = (width, n) => Math.min(64, width / n * 0.7)

// Places in the box: columns side by side, units in the middle of their column.
function layOut() {
  const box = $("diagram"), width = box.clientWidth, height = box.clientHeight - (width < 420 || diagram?.columns.length > 6 ? 34 : 20)
  if (!diagram || !width) return
  const across = (x) => `${(100 * x / width).toFixed(2)}%`  // also right while the window becomes narrower
  const n = diagram.columns.length, edge = Math.max(26, ...[diagram.columns[0], diagram.columns[n - 1]].map(({ isImage }) => isImage ? sizeOfImage(width, n) / 2 : 0))
  diagram.columns.forEach((column, c) => {
    const x = n === 1 ? width / 2 : edge + (width - 2 * edge) * c / (n - 1)
    const own = diagram.units.filter((unit) => unit.c === c), space = Math.min(60, (height - 8) / own.length)
    const size = column.isImage ? sizeOfImage(width, n) : Math.max(14, Math.min(UNIT, space - 6, width / n * 0.5))
    own.forEach((unit, k) => {
      Object.assign(unit, { x, y: height / 2 + (k - (own.length - 1) / 2) * space, size })
      const { style } = unit.button
      style.left = across(x - size / 2)
      style.top = `${unit.y - size / 2}px`
      style.width = across(size)
      style.height = `${size}px`
    })
    Object.assign(column, { x, size })
    const { style } = column.label, wide = Math.min(150, 0.9 * (width - 2 * edge) / Math.max(n - 1, 1)), isLast = c === n - 1 && n > 1
    style.width = across(wide)
    style.top = `${height}px`
    style.left = across(c === 0 ? x - size / 2 : isLast ? x + size / 2 - wide : x - wide / 2)
    column.label.classList.toggle("first", c === 0)
    column.label.classList.toggle("last", isLast)
  })
  for (const { line, hit, from, to } of diagram.edges) {
    const a = from.x + from.size / 2, b = to.x - to.size / 2, bend = (b - a) / 2
    const path = `M${a} ${from.y}C${a + bend} ${from.y} ${b - bend} ${to.y} ${b} ${to.y}`
    set(line, { d: path })
    set(hit, { d: path })
  }
  for (const { band, from, to } of diagram.bundles) {
    const extent = (column) => { const ys = diagram.units.filter((unit) => unit.column === column).map((unit) => unit.y); return [Math.min(...ys), Math.max(...ys)] }
    const [p, q] = extent(from), [r, s] = extent(to), a = from.x + from.size / 2, b = to.x - to.size / 2, m = (a + b) / 2, h = from.size / 2, k = to.size / 2
    set(band, { d: `M${a} ${p - h}C${m} ${p - h} ${m} ${r - k} ${b} ${r - k}V${s + k}C${m} ${s + k} ${m} ${q + h} ${a} ${q + h}Z` })
  }
}

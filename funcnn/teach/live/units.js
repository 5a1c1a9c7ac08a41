// What the diagram shows at present: weights as lines, and in each unit its output at all places, or for one row.

function drawDiagram() {
  if (!diagram) return
  const { trainer, selected } = page
  for (const edge of diagram.edges) {
    const w = trainer.parameter(edge.name)[edge.index], isSelected = selected && selected.name === edge.name && selected.index === edge.index
    set(edge.line, { "stroke-width": Math.min(8, 0.7 + 1.7 * Math.abs(w)).toFixed(1), class: `edge ${w < 0 ? "minus" : "plus"}` })
    set(edge.group, { "aria-pressed": isSelected, class: isSelected ? "line chosen" : "line" })
  }
  const source = unitSource()
  for (const unit of diagram.units) if (!unit.isDots) drawUnit(unit, source)
}

// The label of a line has its number when somebody comes to it.
function labelEdge(edge) {
  const { trainer } = page, shape = trainer.choice.start[`params.${edge.name}`].shape
  set(edge.group, { "aria-label": `${edge.name}[${indexOf(edge.index, shape)}] = ${short(trainer.parameter(edge.name)[edge.index])}` })
}

// Over the places of the grid if the prediction tells what each layer makes of them, else for the present row.
function unitSource() {
  const { trainer, data } = page, { predict, present } = trainer
  if (predict && data.grid && ["plane", "curve"].includes(data.kind)) {
    const n = sizeOf(data.grid.shape)
    return { ready: predict, rows: n, of: (column) => valueOf(column, predict.program, n) }
  }
  return { ready: present, rows: data.rows, of: (column) => valueOf(column, present.program, data.rows) }
}

// The value of a program that a column shows: an input, or what its last layer makes. It is looked for once.
function valueOf(column, program, rows) {
  column.values = column.values || new Map()
  if (!column.values.has(program)) {
    const input = program.inputs.findIndex(([name]) => /^x(\.0)?$/.test(name))
    column.values.set(program, column.path === null ? input : outOf(program, column.path, rows))
  }
  return column.values.get(program)
}

function drawUnit(unit, source) {
  const { column, i, canvas, button } = unit, { data } = page
  set(button, { "aria-pressed": page.unit === unit })
  const value = source.of(column)
  if (value === null || value < 0) return
  const numbers = source.ready.values[value], n = numbers.length / source.rows
  if (column.isImage) return drawFeatures(canvas, numbers, page.row * n, column.shape)
  if (source.rows === data.rows && source.ready === page.trainer.present) return drawPixels(canvas, 1, 1, [numbers[page.row * n + i]], 1)
  const own = Float64Array.from({ length: source.rows }, (_, k) => numbers[k * n + i])
  data.kind === "plane" ? drawPlane(canvas, own, column) : drawLine(canvas, own)
}

const sizeOfMost = (numbers) => numbers.reduce((most, v) => Math.max(most, Math.abs(v) || 0), 0)

// A probability is centred at 1/2, any other output at 0.
const centreOf = (column) => column === diagram.columns.at(-1) && page.data.classes === 2 && !page.data.is_logit && column.shape[0] === 1 ? 0.5 : 0

function drawPlane(canvas, numbers, column) {
  const { width, height, at } = gridPixels()
  const centre = centreOf(column), moved = centre ? numbers.map((v) => v - centre) : numbers
  const ordered = new Float64Array(numbers.length)
  for (let k = 0; k < numbers.length; k++) ordered[at[k]] = moved[k]
  drawPixels(canvas, width, height, ordered, sizeOfMost(moved) || 1)
}

function drawPixels(canvas, width, height, numbers, most) {
  const { context, image } = pixelsOf(canvas, width, height), ground = colour("middle"), plus = colour("plus"), minus = colour("minus")
  for (let k = 0; k < width * height; k++) {
    const v = numbers[k] / most
    paint(image.data, 4 * k, ground, v < 0 ? minus : plus, Math.min(1, Math.abs(v)) * 0.85 || 0)
  }
  context.putImageData(image, 0, 0)
}

function drawLine(canvas, numbers) {
  const size = 60, most = sizeOfMost(numbers) || 1, context = canvas.getContext("2d")
  Object.assign(canvas, { width: size, height: size })
  context.fillStyle = `rgb(${colour("middle")})`
  context.fillRect(0, 0, size, size)
  context.strokeStyle = `rgb(${colour("accent")})`
  context.lineWidth = 4
  context.beginPath()
  numbers.forEach((v, k) => context.lineTo(k / (numbers.length - 1) * size, size / 2 - v / most * size * 0.42))
  context.stroke()
}

// An image by its pixels (the mean of its channels), or a sequence with its features from top to bottom.
function drawFeatures(canvas, numbers, start, shape) {
  const [height, width, channels] = shape.length === 2 ? [shape[1], shape[0], 1] : [shape[0], shape[1], sizeOf(shape.slice(2))]
  const own = new Float64Array(height * width)
  for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) {
    const from = start + (shape.length === 2 ? j * height + i : (i * width + j) * channels)
    for (let c = 0; c < channels; c++) own[i * width + j] += numbers[from + c] / channels
  }
  drawPixels(canvas, width, height, own, sizeOfMost(own) || 1)
}

// Choosing: a unit shows its bias, an input its first weight, a line its weight.

function selectUnit(unit) {
  page.unit = unit
  const { column, i } = unit, line = diagram.edges.find(({ from }) => from === unit), bias = (column.names || []).find((name) => /(^|\.)b$/.test(name) && page.trainer.parameter(name).length === column.shape[0])
  if (bias && !column.isImage) select(bias, i, unit)
  else if (column.weights && column.isImage) select(column.weights, 0, unit)
  else if (!unit.c && line) select(line.name, line.index, unit)
  else changed()
}

function focusIn(list, next) {
  for (const one of list) one.tabIndex = one === next ? 0 : -1
  next.focus()
}

function moveInUnits(event) {
  const units = diagram.units.filter((unit) => !unit.isDots), unit = units.find(({ button }) => button === event.target)
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
  if (!by || !unit) return
  const own = units.filter(({ c }) => c === unit.c + by[0])
  if (!own.length) return
  const next = by[0] ? own.reduce((a, b) => Math.abs(b.y - unit.y) < Math.abs(a.y - unit.y) ? b : a) : own[own.indexOf(unit) + by[1]]
  if (next) focusIn(units.map(({ button }) => button), next.button)
  event.preventDefault()
}

// Up and down: the lines of one layer in their order; left and right: the next layer.
function moveInEdges(event, edge) {
  if (event.key === "Enter" || event.key === " ") select(edge.name, edge.index)
  const own = diagram.edges.filter(({ c }) => c === edge.c), i = own.indexOf(edge)
  const other = (by) => diagram.edges.find(({ c }) => c === edge.c + by)
  const next = { ArrowUp: own[i - 1], ArrowDown: own[i + 1], ArrowLeft: other(-1), ArrowRight: other(1) }[event.key]
  if (next) {
    for (const { group } of diagram.edges) set(group, { tabindex: group === next.group ? 0 : -1 })
    next.group.focus()
  }
  if (/^(Arrow|Enter| )/.test(event.key)) event.preventDefault()
}

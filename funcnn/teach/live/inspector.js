// The chosen weight: its value, its gradient, and the nudge, which is compared with it.

let inspector = null

function buildInspector() {
  const { trainer } = page, parts = {}
  inspector = null
  if (!trainer.names.length) return $("inspector").replaceChildren(make("p", { class: "note" }, "This network has no parameters, so a step changes nothing."))
  parts.array = make("select", { id: "array", "aria-label": "Array of parameters", change: () => select(parts.array.value, 0) },
    ...trainer.names.map((name) => make("option", { value: name }, name)))
  parts.index = make("input", { type: "text", id: "index", "aria-label": "Index in the array", autocomplete: "off", change: () => chooseIndex(parts.index.value) })
  parts.slider = make("input", { type: "range", id: "weight", min: "-5", max: "5", step: "0.01", "aria-label": "Value of the weight", input: () => setSelected(Number(parts.slider.value)) })
  parts.value = make("input", { type: "text", id: "value", inputmode: "decimal", autocomplete: "off", "aria-label": "Value of the weight as a number", change: () => setSelected(typed(parts.value.value)), keydown: nudgeByKey })
  parts.gradient = numberButton()
  parts.now = numberButton()
  parts.after = numberButton()
  const row = (name, label) => make("div", { class: "pair" }, make("dt", {}, label), make("dd", {}, parts[name] = parts[name] || make("span")))
  parts.unit = make("p", { class: "note", id: "unit-says", hidden: true })
  inspector = parts
  $("inspector").replaceChildren(
    make("div", { class: "weight" }, parts.what = make("span"), parts.array, parts.index, parts.slider, parts.value),
    make("div", { class: "proof" },
      make("dl", {}, row("now", "w"), row("gradient", "gradient dw"), row("after", "w after a step")),
      make("dl", { class: "nudge" }, row("above", "cost at w + h"), row("below", "cost at w − h"), row("difference", "difference / 2h"))),
    parts.note = make("p", { class: "note" }), parts.unit)
}

// A number that opens its terms.
function numberButton() {
  const button = make("button", { type: "button", class: "number", click: () => choose(...button.entry) })
  return button
}

function showNumber(button, text, value, place, name) {
  write(button, text)
  button.entry = [value, place]
  set(button, { "aria-label": `${name} = ${text}: where it comes from` })
}

function select(name, index, unit = null) {
  page.selected = { name, index }
  page.unit = unit
  changed()
}

function chooseIndex(text) {
  const { name, index } = page.selected, shape = page.trainer.choice.start[`params.${name}`].shape
  const parts = text.split(/[^\d]+/).filter(Boolean).map(Number)
  const isThere = parts.length === shape.length && parts.every((i, axis) => i < shape[axis])
  if (isThere) return select(name, placeOf(parts, shape))
  const last = shape.map((n) => n - 1).join(", "), first = shape.map(() => 0).join(", ")
  refuse(inspector.index, `[${indexOf(index, shape).join(", ")}]`, first === last ? `${name} has one index, [${first}]` : `${name} has the indices [${first}] to [${last}]`)
}

function setSelected(value) {
  const array = page.trainer.parameter(page.selected.name), { index } = page.selected
  if (!Number.isFinite(value)) return refuse(inspector.value, short(array[index]), "Write a number, such as 1.5")
  array[index] = value
  page.trainer.touched()
  changed()
}

// A number of the data or of a parameter has changed: numbers that were not finite may be so again.
function moved() {
  page.trainer.touched()
  page.version++
  changed()
}

function nudgeByKey(event) {
  const by = { ArrowUp: 0.05, ArrowDown: -0.05 }[event.key]
  if (!by) return
  event.preventDefault()
  setSelected(Number((page.trainer.parameter(page.selected.name)[page.selected.index] + by).toPrecision(6)))
  inspector.value.value = short(page.trainer.parameter(page.selected.name)[page.selected.index])
}

function drawInspector() {
  const { trainer, selected } = page
  if (!inspector || !selected) return
  const { name, index } = selected, shape = trainer.choice.start[`params.${name}`].shape, w = trainer.parameter(name)[index], dw = trainer.gradient(name)[index]
  const at = `[${indexOf(index, shape).join(", ")}]`, { present } = trainer, isFocused = (input) => document.activeElement === input
  if (!isFocused(inspector.array)) inspector.array.value = name
  if (!isFocused(inspector.index)) inspector.index.value = at
  inspector.index.style.width = `${Math.max(6, at.length + 1.5)}ch`
  inspector.index.hidden = !shape.length
  write(inspector.what, whatItIs(name, indexOf(index, shape)))
  if (!isFocused(inspector.value)) inspector.value.value = short(w)
  const most = Math.max(5, Math.ceil(Math.abs(w)))
  if (Number.isFinite(most)) set(inspector.slider, { min: -most, max: most })
  if (!isFocused(inspector.slider)) inspector.slider.value = w
  const input = present.program.inputs.findIndex(([own]) => own === `params.${name}`)
  showNumber(inspector.now, short(w), input, index, `${name}${at}`)
  showNumber(inspector.gradient, short(dw), present.program.outputs[`grads.${name}`], index, `the gradient of ${name}${at}`)
  showNumber(inspector.after, short(present.outputs[`params.${name}`][index]), present.program.outputs[`params.${name}`], index, `${name}${at} after a step`)
  drawNudge(name, index, w, dw)
  drawUnitSays()
}

// "Weight from input 0 to unit 1", "Bias of unit 1"; of another array, its place is said by the index alone.
function whatItIs(name, [i, j]) {
  const edge = diagram.edges.find((one) => one.name === name)
  if (edge) return `Weight from ${edge.c > 1 ? "unit" : "input"} ${i} to unit ${j}`
  return /(^|\.)b$/.test(name) ? `Bias of unit ${i}` : "Weight"
}

// The cost with w moved by h to either side. Half of the digits of a float are left to the difference.
function drawNudge(name, index, w, dw) {
  const isSlow = page.isPlaying && page.ms > 5  // three more runs would make the page jerk
  if (isSlow) return write(inspector.note, "Pause to see the nudge.")
  const { trainer } = page, isNarrow = trainer.parameter(name) instanceof Float32Array
  const h = (isNarrow ? 0.01 : 0.001) * 2 ** Math.max(0, Math.ceil(Math.log2(Math.abs(w) || 1)))
  const above = trainer.costWith(name, index, w + h), below = trainer.costWith(name, index, w - h)
  trainer.present.run()
  write(inspector.above, precise(above))
  write(inspector.below, precise(below))
  write(inspector.difference, short((above - below) / (2 * h)))
  const isNear = Math.abs(above - below - 2 * h * dw) <= 0.02 * Math.abs(2 * h * dw) + 1e-12 * Math.abs(above)
  const says = isNear ? "difference / 2h agrees with dw. So dw is right: it was computed by a formula, and here by trying." : "difference / 2h differs from dw where the cost has a corner or bends between w − h and w + h. This does not mean that dw is wrong."
  write(inspector.note, Number.isFinite(above - below) ? `The nudge: the cost again at w + h and at w − h, for h = ${short(h)} (larger for a larger w). ${says}` : "The cost is not finite, so the nudge cannot check the gradient.")
}

function drawUnitSays() {
  const { unit, trainer, data } = page, value = unit && valueOf(unit.column, trainer.present.program, data.rows)
  inspector.unit.hidden = !unit || unit.column.isImage || value === null || value < 0
  if (inspector.unit.hidden) return
  const n = trainer.present.values[value].length / data.rows, place = page.row * n + unit.i
  const button = inspector.out || (inspector.out = numberButton())
  showNumber(button, short(trainer.present.values[value][place]), value, place, `out of unit ${unit.i}`)
  inspector.unit.replaceChildren(unit.c ? `Unit ${unit.i} of ${unit.column.title.join(", ")} adds its bias to the sum. For row ${page.row} its output is ` : `Input ${unit.i} of row ${page.row} is `, button)
}

// The page: what is on it at present, its controls, and the loop of training.

const page = { data: JSON.parse($("data").textContent), trainer: null, row: 0, unit: null, selected: null, chosen: null, trail: [], isOpen: false, isPlaying: false, isDue: false, version: 0, ms: 0 }
const isCalm = matchMedia("(prefers-reduced-motion: reduce)")

// Draw everything at the next frame.
function changed() {
  if (page.isDue) return
  page.isDue = true
  requestAnimationFrame(() => { page.isDue = false; drawAll() })
}

function drawAll() {
  const start = performance.now()
  page.trainer.look()
  page.ms = performance.now() - start
  for (const part of [drawInspector, drawDiagram, VIEW.draw, drawCost, globalThis.drawSurface, drawGradients, drawWhere]) part?.()
}

function say(text) { write($("say"), text) }

// The old text comes back; the reason stands below the field until something else is done.
function refuse(field, text, why) {
  const { left, bottom } = field.getBoundingClientRect()
  field.value = text
  say(why)
  $("say").classList.add("refused")
  Object.assign($("say").style, { left: `${Math.max(8, Math.min(left, innerWidth - 290)) + scrollX}px`, top: `${bottom + scrollY + 4}px` })
}
for (const type of ["pointerdown", "keydown", "input"]) addEventListener(type, () => $("say").classList.remove("refused"), true)

// What a step does: with an optimizer, sgd is given its update in place of the gradient.
const PLAIN = $("rate-hint").textContent
function rateHint({ program }) {
  const kinds = program.steps.filter(([phase]) => phase === "update").map(([, , kind]) => kind).join(", ")
  return kinds ? `A step moves each weight w to w − rate · u. The learning rate says how far. ${kinds} makes u from dw, the gradient: how fast the cost rises with w.` : PLAIN
}

// Another network, on the same rows.
function openChoice(index) {
  const { data } = page, before = page.trainer
  page.trainer = trainer(data, data.choices[index])
  page.trainer.reset(Number($("scale").value))
  if (before) for (const [name, array] of before.arrays) if (/^[xy](\.|$)/.test(name)) copyOver(array, page.trainer.arrays.get(name))
  page.trainer.rate(readRate())
  Object.assign(page, { unit: null, chosen: null, trail: [], selected: null, pixels: null })
  page.trainer.look()
  page.selected = steepest(page.trainer)
  write($("rate-hint"), rateHint(page.trainer.present))
  buildDiagram()
  buildInspector()
  $("data-view").replaceChildren(VIEW.build())
  buildCost()
  globalThis.buildSurface?.()  // of two numbers
  buildGradients()
  buildWhere()
  drawAll()
  if (page.isOpen) openWhere()
}

// Rows that were moved stay moved, also with more or fewer rows.
function copyOver(from, to) { to.set(from.subarray(0, to.length)) }

// The weight with the largest gradient, of the first array with more than one axis; null if there are no parameters.
function steepest({ names, choice, gradient }) {
  if (!names.length) return null
  const name = names.find((one) => choice.start[`params.${one}`].shape.length > 1) || names[0], numbers = gradient(name).map(Math.abs)
  return { name, index: largest(numbers, 0, numbers.length) }
}

// The learning rate: a slider of its logarithm, and a number.

let rate = page.data.lr
const readRate = () => rate, inShort = (value) => String(Number(value.toPrecision(3)))

function setRate(value, from) {
  if (!(value >= 0) || !Number.isFinite(value)) {
    refuse($("lr"), inShort(rate), "The learning rate must be a number of at least 0, such as 0.1")
    return
  }
  if (from === $("lr") && value > 100) refuse(from, inShort(value), "The slider ends at 100")
  rate = value
  if (page.trainer) page.trainer.rate(value)
  if (from !== $("rate")) $("rate").value = value > 0 ? Math.log10(value) : -4
  if (from !== $("lr")) $("lr").value = inShort(value)
  set($("rate"), { "aria-valuetext": inShort(value) })
}

// Training.

function train(n) {
  page.trainer.step(n)
  if (page.trainer.broken) play(false)
}

function play(isPlaying = !page.isPlaying) {
  const isNew = isPlaying && !page.isPlaying
  page.isPlaying = isPlaying
  write($("play"), isPlaying ? "Pause" : "Play")
  if (isNew) requestAnimationFrame(frame)
  else if (!isPlaying) changed()
}

// Steps that are due since the last frame, for at most 10 ms; with reduced motion the page changes four times a second.
let last = 0, due = 0, drawn = 0
function frame(now) {
  if (!page.isPlaying) { last = 0; return }
  due = Math.min(due + (last ? (now - last) * 0.06 : 1) * Number($("speed").value), 1e4)
  last = now
  const start = performance.now()
  while (due >= 1 && page.isPlaying && performance.now() - start < 10) { train(1); due-- }
  due %= 1
  if (!isCalm.matches || now - drawn > 250) { drawn = now; drawAll() }
  requestAnimationFrame(frame)
}

function startAgain() {
  play(false)
  page.trainer.reset(Number($("scale").value))
  page.version++
  changed()
  say("Back at the start: weights and data")
}

const oneStep = () => { play(false); train(1); changed() }

$("play").addEventListener("click", () => play())
$("one").addEventListener("click", oneStep)
$("back").addEventListener("click", startAgain)
$("rate").addEventListener("input", () => { setRate(10 ** Number($("rate").value), $("rate")); changed() })
$("lr").addEventListener("change", () => { setRate(typed($("lr").value), $("lr")); changed() })
$("choice").addEventListener("change", () => { play(false); openChoice($("choice").selectedIndex) })
$("scale").addEventListener("change", startAgain)
$("origin-open").addEventListener("click", () => openWhere(!page.isOpen))
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|BUTTON)$/.test(event.target.tagName) || event.target.closest("[role=button]")) return
  const act = { " ": () => play(), s: oneStep }[event.key]
  if (act) { act(); event.preventDefault() }
})
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const name of Object.keys(COLOURS)) delete COLOURS[name]
  openChoiceAgain()
  page.version++
})
// Pictures that are drawn once have the colours of the scheme.
function openChoiceAgain() {
  $("data-view").replaceChildren(VIEW.build())
  changed()
}
new ResizeObserver(() => { layOut(); changed() }).observe($("diagram"))

$("choice").append(...page.data.choices.map(({ name }) => make("option", {}, name)))
$("choice").closest(".field").hidden = page.data.choices.length < 2
$("speed").value = "1"
document.body.classList.add(page.data.kind)

// In a frame of another page: #view=small, or #view=small-gradients with the gradient of each layer.
const beSmall = () => {
  const asked = location.hash.replace("#view=", "").split("-")
  for (const name of ["small", "gradients"]) document.body.classList.toggle(name, asked[0] === "small" && asked.includes(name))
  layOut()
}
addEventListener("hashchange", beSmall)
beSmall()
write($("data-hint"), VIEW.hint)
setRate(page.data.lr)
openChoice(0)
openSteps()

// For teachers and tests.
window.playground = {
  step(n = 1) { train(n); drawAll() },
  get cost() { return page.trainer.cost },
  parameters: () => Object.fromEntries(page.trainer.names.map((name) => [name, Array.from(page.trainer.parameter(name))])),
  set(path, index, value) {
    const array = page.trainer.parameter(path)
    if (!array || !(index in array)) throw new RangeError(`playground.set: there is no ${path}[${index}]`)
    array[index] = value
    page.trainer.touched()
    drawAll()
  },
  get lr() { return rate },
  set lr(value) { setRate(value); drawAll() },
}

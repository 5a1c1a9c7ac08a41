// The page: the current step, the chosen number, and what keys do.

const $ = (id) => document.getElementById(id)
const state = { step: 0, chosen: null, nudged: false, predict: false, answered: new Set(), right: 0, tried: new Set() }
const PHASES = { forward: "Forward", loss: "Loss", backward: "Backward", sgd: "sgd" }

function show() {
  const step = steps[state.step]
  for (const button of $("steps").querySelectorAll("button")) {
    const current = Number(button.dataset.step) === state.step
    current ? button.setAttribute("aria-current", "step") : button.removeAttribute("aria-current")
    if (current) $("steps").scrollTop = button.offsetTop - $("steps").clientHeight / 2 + button.clientHeight / 2
  }
  $("name").textContent = `Step ${state.step + 1} of ${steps.length}: ${title(step)}`
  $("equations").replaceChildren(...step.equations.map((line) => make("p", { class: "equation" }, make("code", {}, ...formula(line)))))
  $("symbols").replaceChildren(...step.symbols.map(([name, says]) =>
    make("div", {}, make("dt", {}, make("code", {}, ...formula(name))), make("dd", {}, ...formula(says)))))
  $("symbols").hidden = step.symbols.length === 0
  const groups = [["given", "Given"], ["kept", step.phase === "backward" ? "Kept from forward" : "From other steps"], ["between", "On the way"], ["made", "Made"]]
  $("arrays").replaceChildren(...groups.filter(([key]) => step[key].length).map(([key, name]) =>
    make("section", { class: `group ${key}` }, make("h3", {}, name), make("div", { class: "flow" },
      ...step[key].map(([label, r]) => figure(label, r, key === "between" || key === "made", key === "between" ? "" : meaning(label)))))))
  $("after").hidden = step.phase !== "sgd" || data.after === null
  if (!$("after").hidden) $("after").textContent =
    `The cost was ${short(rows[data.cost].values[0])}. With the parameters after all steps of sgd it is ${short(data.after)}.`
  $("back").disabled = state.step === 0
  $("next").disabled = state.step === steps.length - 1
  $("predict").setAttribute("aria-pressed", state.predict)
  $("score").textContent = state.predict && state.tried.size ? `${state.right} of ${state.tried.size} right` : ""
  $("hint-text").hidden = Boolean(state.chosen)
  $("what").textContent = state.predict ? "a ? to answer it, or a number" : "a number"
  detail()
  mark()
  const hash = `#step=${state.step + 1}` + (state.chosen ? `&number=${nameOf(state.chosen)}` : "")
  if (decodeURIComponent(location.hash) !== hash) history.replaceState(null, "", hash)
}

// x^T, c_{t-1} and sum_kc with their T above and their index below the line.
function formula(text) {
  return text.split(/(\^T\b|\^\w\b|_\{[^}]*\}|(?<=\bsum)_[a-z]+\b|(?<=\w)_\w\b)/).map((part) =>
    part[0] === "^" ? make("sup", {}, part.slice(1)) : part[0] === "_" ? make("sub", {}, part.slice(1).replace(/[{}]/g, "")) : part)
}

function title({ phase, kind, path }) {
  if (phase === "loss") return `the loss, ${kind}`
  return `${phase}, ${kind}` + (path ? `, layer ${path}` : "")
}

// What a gradient is the derivative of.
function meaning(label) {
  const of = /^dA(\..*)?$/.test(label) ? "out" : /^d([A-Za-z]\w*)/.test(label) ? label.slice(1) : ""
  return of ? `∂cost / ∂${of}` : ""
}

function figure(label, r, isMade, says) {
  const row = rows[r], size = row.shape.length ? row.shape.join(" × ") : "one number"
  const caption = make("figcaption", {}, make("b", {}, label), " ", make("span", {}, size), says ? make("span", {}, says) : null)
  if (label !== row.name) caption.title = row.name
  return make("figure", {}, caption, row.values ? tables(label, r, isMade) : heat(label, row))
}

function tables(label, r, isMade) {
  const { shape, axes } = rows[r], n = shape.length
  const [down, across] = n < 2 ? [null, n ? 0 : null] : axes
  const others = shape.map((_, axis) => axis).filter((axis) => axis !== down && axis !== across)
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
  const count = others.reduce((all, axis) => all * shape[axis], 1)
  const largest = Math.max(...rows[r].values.map(Math.abs).filter(Number.isFinite), 0)
  return make("div", { class: "tables" }, ...Array.from({ length: count }, (_, k) => {
    const fixed = {}
    for (const axis of [...others].reverse()) {
      fixed[axis] = k % shape[axis]
      k = Math.floor(k / shape[axis])
    }
    const base = others.reduce((sum, axis) => sum + fixed[axis] * strides[axis], 0)
    const slice = shape.map((_, axis) => axis in fixed ? fixed[axis] : ":").join(", ")
    const height = down === null ? 1 : shape[down], width = across === null ? 1 : shape[across]
    const head = across === null ? null : make("thead", {}, make("tr", {}, down === null ? null : make("td"),
      ...Array.from({ length: width }, (_, j) => make("th", { scope: "col" }, String(j)))))
    const body = Array.from({ length: height }, (_, i) => make("tr", {},
      down === null ? null : make("th", { scope: "row" }, String(i)),
      ...Array.from({ length: width }, (_, j) => cell(label, {
        row: r, place: base + (down === null ? 0 : i * strides[down]) + (across === null ? 0 : j * strides[across]) }, isMade, largest))))
    return make("table", { "aria-label": label + (others.length ? `[${slice}]` : "") },
      others.length ? make("caption", {}, `[${slice}]`) : null, head, make("tbody", {}, ...body))
  }))
}

const key = (ref) => `${ref.row}.${ref.place}`
const isSame = (a, b) => a && b && a.row === b.row && a.place === b.place

// Hidden: made by this step, with terms, and not answered.
function isHidden(ref) {
  if (!state.predict || state.answered.has(key(ref)) || !termsOf(ref)) return false
  const { between, made } = steps[state.step]
  return [...between, ...made].some(([, r]) => r === ref.row)
}

function cell(label, ref, isMade, largest) {
  const row = rows[ref.row], value = row.values[ref.place], hidden = isMade && isHidden(ref)
  const level = hidden || !value || !largest || !Number.isFinite(value) ? 0 : Math.ceil(4 * Math.abs(value) / largest)
  const name = label + at(row, ref.place)
  return make("td", { class: level ? `${value < 0 ? "n" : "p"}${level}` : "" }, make("button", {
    type: "button", "data-number": key(ref), "aria-label": `${name}, ${hidden ? "hidden" : short(value, row)}`,
    title: hidden ? name : `${name} = ${full(value, row)}`, click: () => choose(ref) }, hidden ? "?" : short(value, row)))
}

function heat(label, row) {
  const { heat } = row
  const canvas = make("canvas", { width: heat.columns, height: heat.rows, role: "img",
    "aria-label": `heat map of ${label}, from ${short(heat.least)} to ${short(heat.most)}, mean ${short(heat.mean)}` })
  const levels = Uint8Array.from(atob(heat.levels), (letter) => letter.charCodeAt(0))
  const brush = canvas.getContext("2d"), image = brush.createImageData(heat.columns, heat.rows)
  levels.forEach((level, i) => {  // 128 is 0; blue is above, orange below, as in the tables
    const t = Math.abs(level - 128) / 127, colour = level > 128 ? [32, 96, 192] : [200, 90, 10]
    image.data.set([...colour.map((c) => 255 + (c - 255) * t), 255], 4 * i)
  })
  brush.putImageData(image, 0, 0)
  const size = Math.min(24, 320 / heat.columns, 240 / heat.rows)
  canvas.style.width = `${Math.max(48, size * heat.columns)}px`
  canvas.style.height = `${Math.max(24, size * heat.rows)}px`
  const text = `least ${short(heat.least)}, mean ${short(heat.mean)}, most ${short(heat.most)}`
  return make("div", { class: "heat" }, canvas, make("p", {}, text))
}

// What is chosen, and how it is seen in the tables.

function choose(ref) {
  if (isSame(ref, state.chosen)) return $("detail").focus()  // chosen again: on to its terms
  state.chosen = ref
  state.nudged = false
  show()
  refocus(ref)
  const terms = termsOf(ref), row = rows[ref.row]
  if (isHidden(ref)) return say(`${nameOf(ref)} is hidden. Answer in the form.`)
  const sum = terms ? ` = ${terms.slice(0, 8).map((term) => written(term, true)).join(" + ")}${terms.length > 8 ? " + …" : ""}` : ""
  say(`${nameOf(ref)}${sum} = ${short(row.values[ref.place], row)}`)
}

function refocus(ref) {
  const button = document.querySelector(`#arrays [data-number="${key(ref)}"]`)
  if (!button) return
  button.focus({ preventScroll: true })
  button.scrollIntoView({ block: "nearest", inline: "nearest" })
}

function mark() {
  const sources = new Set()
  if (state.chosen) for (const { parts } of termsOf(state.chosen) || [])
    for (const part of parts) if (typeof part !== "string") sources.add(key(part))
  for (const button of document.querySelectorAll("#arrays [data-number]")) {
    button.classList.toggle("source", sources.has(button.dataset.number))
    const chosen = state.chosen && button.dataset.number === key(state.chosen)
    chosen ? button.setAttribute("aria-current", "true") : button.removeAttribute("aria-current")
  }
}

// Go to a number: in the step on the page, or else in the first step that makes it, or that is given it.
function visit(ref) {
  const shows = (step, keys) => keys.some((k) => step[k].some(([, r]) => r === ref.row))
  if (!shows(steps[state.step], ["given", "kept", "between", "made"])) {
    const made = steps.findIndex((step) => shows(step, ["between", "made"]))
    state.step = made >= 0 ? made : steps.findIndex((step) => shows(step, ["given"]))
  }
  choose(ref)
}

function go(step) {
  if (step < 0 || step >= steps.length || step === state.step) return
  const inside = $("step").contains(document.activeElement) || $("detail").contains(document.activeElement)
  Object.assign(state, { step, chosen: null, nudged: false })
  show()
  if (inside && !["back", "next"].includes(document.activeElement.id)) $("name").focus()
  say($("name").textContent)
}

function say(text) { $("say").textContent = text }

function openLink() {
  const hash = new URLSearchParams(decodeURIComponent(location.hash.slice(1)).replace(/\+/g, "%2B"))
  const step = Number(hash.get("step") || 1) - 1
  state.step = Number.isInteger(step) ? Math.min(Math.max(step, 0), steps.length - 1) : 0
  const ref = found(hash.get("number") || "")
  state.chosen = null
  ref ? visit(ref) : show()
}

function nextDown(from, by) {
  const all = [...document.querySelectorAll("#arrays tbody tr")].map((tr) => [...tr.querySelectorAll("button")])
  const i = all.findIndex((line) => line.includes(from)), other = all[i + by]
  return other && other[Math.min(all[i].indexOf(from), other.length - 1)]
}

const KEYS = {
  ArrowLeft: () => go(state.step - 1),
  ArrowRight: () => go(state.step + 1),
  Home: () => go(0),
  End: () => go(steps.length - 1),
  n: nudge,
  p: () => { state.predict = !state.predict; show(); say(state.predict ? "Predict first is on: what a step makes is hidden until you answer" : "Predict first is off") },
  Escape: () => { const ref = state.chosen; Object.assign(state, { chosen: null, nudged: false }); show(); if (ref) refocus(ref) },
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.tagName === "INPUT" && event.key !== "Escape") return
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key]
  if (by) {
    const next = event.target.dataset.number && nextDown(event.target, by)
    if (next) { next.focus(); event.preventDefault() }
  } else if (KEYS[event.key]) { KEYS[event.key](); event.preventDefault() }
})
for (const [id, act] of [["back", KEYS.ArrowLeft], ["next", KEYS.ArrowRight], ["predict", KEYS.p]]) $(id).addEventListener("click", act)
addEventListener("hashchange", openLink)

$("steps").append(...Object.entries(PHASES).map(([phase, name]) => make("div", { class: phase }, make("h2", {}, name), make("ol", {},
  ...steps.map((step, i) => step.phase !== phase ? null : make("li", {}, make("button", { type: "button", "data-step": i,
    click: () => go(i) }, make("span", {}, step.path), " ", step.kind)))))))
openLink()

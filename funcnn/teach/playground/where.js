// The numbers of one step, what a rule is given beside what it makes, and the terms of the chosen number.

const MOST_CELLS = [6, 24]  // rows and columns of an array that are shown
let where = null

function buildWhere() {
  const { present } = page.trainer, { program } = present
  where = { ready: present, names: namesOf(program), step: Math.min(page.step ?? 0, program.steps.length - 1), arrays: new Map() }
  const phases = [...new Set(program.steps.filter((_, i) => hasNumbers(program, i)).map(([phase]) => phase))]
  $("rules").replaceChildren(...phases.map((phase) => make("div", {}, make("h3", {}, phase), make("div", { class: "chips" }, ...program.steps.map(([own, path, kind], i) =>
    own === phase && hasNumbers(program, i) ? make("button", { type: "button", "data-step": i, click: () => showStep(i) }, [path, kind].filter(Boolean).join(" ") || own) : null)))))
}

const hasNumbers = (program, step) => program.operations.some((o) => o[6] === step)

function openWhere(isOpen = true) {
  page.isOpen = isOpen
  $("origin-body").hidden = !isOpen
  set($("origin-open"), { "aria-expanded": isOpen })
  write($("origin-open"), isOpen ? "Close" : "Show the numbers of a step")
  if (isOpen) showStep(where.step)
}

function showStep(step) {
  const { program } = where.ready
  where.step = step
  where.aliases = aliasesOf(program, where.names, step)
  for (const button of $("rules").querySelectorAll("button")) Number(button.dataset.step) === step ? set(button, { "aria-current": "step" }) : button.removeAttribute("aria-current")
  const { given, between, made } = valuesOf(program, where.names, step)
  where.arrays = new Map()
  const [phase, , kind] = program.steps[step], equations = [(page.trainer.choice.sources || {})[`${phase} ${kind}`] || []].flat()
  $("arrays").replaceChildren(make("h3", { class: "rule" }, stepTitle(program.steps[step])), ...equations.map((line) => make("p", { class: "equation" }, make("code", {}, line))),
    make("div", { class: "sides" }, ...[["Given", given, "given"], ["Made", made, "made"], ["On the way", between, "between"]].filter(([, list]) => list.length).map(([name, list, kind]) =>
      make("section", { class: kind }, make("h3", {}, name), ...list.map(arrayElement)))))
  drawWhere()
}

// What a rule is given, what it makes, and what it makes on the way: a value that another rule, or the page, uses is made.
function valuesOf(program, names, step) {
  const start = program.inputs.length + program.constants.length, given = new Set(), own = [], used = new Set(Object.values(program.outputs))
  program.operations.forEach(([, args, , , , , at], i) => {
    if (at === step) own.push(start + i)
    for (const value of args) if (at !== step) used.add(value)
    if (at === step) for (const value of args) {
      const origin = origins(program, value, start)
      if (origin < program.inputs.length || origin >= start && names[origin].step !== step) given.add(origin)
    }
  })
  const named = own.filter((value) => names[value].name), isMade = (value) => used.has(value) || value === resultOf(program, step)
  return { given: [...given], made: named.filter(isMade), between: named.filter((value) => !isMade(value)) }
}

function arrayElement(value) {
  const { ready } = where, shape = ready.shapes[value], name = nameHere(value), last = name.split(".").at(-1)
  const meaning = !name ? `from ${stepTitle(ready.program.steps[where.names[value].step])}` : /^d[A-Z]\w*$|^dx$/.test(last) ? `∂cost / ∂${last === "dA" ? "out" : last.slice(1)}` : ""
  const box = make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name || "kept" }), more = make("p", { class: "note" })
  showRows(value, firstRow(value), name, box, more)
  return make("figure", {}, make("figcaption", {}, make("b", {}, name || "kept"), make("span", { class: "note" }, ` ${shape.length ? shape.join(" × ") : "one number"} ${meaning}`)), box, more)
}

// Arrays are shown by rows of their last axis, from the chosen number on.
function firstRow(value) {
  const width = where.ready.shapes[value].at(-1) ?? 1, row = page.chosen && page.chosen.value === value ? Math.floor(page.chosen.place / width) : 0
  return Math.floor(row / MOST_CELLS[0]) * MOST_CELLS[0]
}

function showRows(value, first, name, box, more) {
  const shape = where.ready.shapes[value], width = shape.at(-1) ?? 1, height = sizeOf(shape) / width || 0, [most, across] = MOST_CELLS
  const columns = Math.min(width, across), rows = Math.min(height - first, most), cells = []
  const lines = Array.from({ length: rows }, (_, i) => make("tr", {}, ...Array.from({ length: columns }, (_, j) => {
    const place = (first + i) * width + j, button = make("button", { type: "button", class: "number cell", click: () => choose(value, place, true) })
    cells.push({ button, place })
    return make("td", {}, button)
  }), width > across ? make("td", { class: "more" }, i ? "" : `… ${width}`) : null))
  where.arrays.set(value, cells)
  box.replaceChildren(make("table", { "aria-label": name || "kept" }, make("tbody", {}, ...lines)))
  const turn = (text, to) => make("button", { type: "button", class: "number", "aria-label": `${text} rows of ${name || "kept"}`, click: () => { showRows(value, to, name, box, more); drawWhere(); (more.querySelector(`[aria-label^="${text}"]`) || more.querySelector("button")).focus() } }, text === "earlier" ? "←" : "→")
  more.replaceChildren(...height <= most ? [] : [first ? turn("earlier", first - most) : "", `rows ${first} to ${first + rows - 1} of ${height} `, first + most < height ? turn("later", first + most) : ""])
}

function nameHere(value) {
  const view = hereView()
  return (entryName(view, value, []) || "").replace(/\[\]$/, "")
}

const hereView = () => ({ ready: where.ready, names: where.names, aliases: where.aliases, path: where.ready.program.steps.length ? where.ready.program.steps[where.step][1] : "" })

// Choose an entry: the panel opens at the rule that made it.
function choose(value, place, isQuiet = false) {
  if (where.ready !== page.trainer.present) buildWhere()
  if (page.chosen && (page.chosen.value !== value || page.chosen.place !== place)) page.trail.push({ ...page.chosen, step: where.step })
  show({ value, place, step: ownStep(value) ?? where.step })
  if (!isQuiet) $("origin").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start" })
  if (!isQuiet) $("terms").focus({ preventScroll: true })
}

// Inputs belong to no step: where one is used, it stays with the rule on the page.
const ownStep = (value) => where.names[value] ? where.names[value].step : null

function show({ value, place, step }) {
  page.chosen = { value, place }
  where.step = step
  openWhere()
  const view = hereView()
  say(`${entryName(view, value, indexOf(place, where.ready.shapes[value])) || "A number"} = ${short(where.ready.values[value][place])}`)
}

function goBack() {
  const last = page.trail.pop()
  if (last) show(last)
  $("terms").focus({ preventScroll: true })
}

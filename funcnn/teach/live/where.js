// The numbers of one step: the rules, what each is given beside what it makes, and the chosen number.

const PHASES = { forward: "forward: the outputs", loss: "loss: the cost", backward: "backward: the gradients", update: "update: what sgd is given", sgd: "sgd: the new weights" }
let where = null

function buildWhere() {
  const { present, choice } = page.trainer, { program } = present, names = namesOf(program, choice.recurrent)
  const rules = program.steps.map((_, i) => i).filter((i) => names.some((one) => one && one.step === i))
  where = { ready: present, names, rules, step: rules[Math.min(page.data.step ?? 0, rules.length - 1)], arrays: new Map() }
  const phases = [...new Set(rules.map((i) => program.steps[i][0]))]
  $("rules").replaceChildren(...phases.map((phase) => make("div", {}, make("h3", {}, PHASES[phase] || phase), make("div", { class: "chips" }, ...rules.filter((i) => program.steps[i][0] === phase).map((i) => {
    const [, path, kind] = program.steps[i]
    return make("button", { type: "button", "data-step": i, click: () => goTo(i) }, [path, kind].filter(Boolean).join(" ") || phase)
  })))))
}

function openWhere(isOpen = true) {
  page.isOpen = isOpen
  $("origin-body").hidden = !isOpen
  set($("origin-open"), { "aria-expanded": isOpen })
  write($("origin-open"), isOpen ? "Close" : "Show the numbers of a step")
  if (isOpen) showStep(where.step)
}

// Another rule, without a chosen number.
function goTo(step) {
  if (!where.rules.includes(step)) return
  const isInside = $("arrays").contains(document.activeElement) || $("terms").contains(document.activeElement)
  Object.assign(page, { chosen: null, trail: [], isNudged: false })
  showStep(step)
  if (isInside) $("rule").focus()
  say($("rule").textContent)
}

function showStep(step) {
  const { program } = where.ready
  where.step = step
  where.aliases = aliasesOf(program, where.names, step)
  for (const button of $("rules").querySelectorAll("button")) Number(button.dataset.step) === step ? set(button, { "aria-current": "step" }) : button.removeAttribute("aria-current")
  const { given, kept, between, made } = where.values = valuesOf(program, where.names, step)
  where.arrays = new Map()
  const number = where.rules.indexOf(step), count = where.rules.length
  $("step-back").disabled = number === 0
  $("step-on").disabled = number === count - 1
  const groups = [["Given", given, "given"], ["Made", made, "made"], ["Kept from forward", kept, "kept"], ["On the way", between, "between"]]
  $("arrays").replaceChildren(make("h3", { id: "rule", tabindex: "-1" }, `Rule ${number + 1} of ${count}: ${stepTitle(program.steps[step])}`), ...equationsOf(step),
    make("div", { class: "sides" }, ...groups.filter(([, list]) => list.length).map(([name, list, kind]) => make("section", { class: kind }, make("h4", {}, name), ...list.map(arrayElement)))),
    program.steps[step][0] === "sgd" ? make("p", { id: "after" }) : "")
  drawWhere()
}

// What a rule is given, what backward keeps from forward, what it makes, and what it makes on the way.
// A value that the page or another rule takes is made; one that only the backward of the same layer takes is not.
function valuesOf(program, names, step) {
  const start = program.inputs.length + program.constants.length, used = new Set(Object.values(program.outputs)), origin = new Set()
  const [phase, path] = program.steps[step], phaseOf = (value) => names[value].step === null ? "" : program.steps[names[value].step][0]
  program.operations.forEach(([, args], i) => {
    const at = names[start + i].step
    for (const value of args) {
      if (at === step) origin.add(origins(program, value, start, names))
      else if (at === null || program.steps[at][1] !== path || phase !== "forward") used.add(value)
    }
  })
  const taken = [...origin].filter((value) => names[value] && names[value].step !== step), isKept = (value) => phase === "backward" && (value < start || phaseOf(value) === "forward")
  const own = names.flatMap((one, value) => one && one.step === step && one.name ? [value] : []), isMade = (value) => used.has(value) || value === resultOf(program, step)
  return { given: taken.filter((value) => !isKept(value)), kept: taken.filter(isKept), made: own.filter(isMade), between: own.filter((value) => !isMade(value)) }
}

function nameHere(value) {
  const view = hereView()
  return (entryName(view, value, []) || "").replace(/\[\]$/, "")
}

const hereView = () => ({ ready: where.ready, names: where.names, aliases: where.aliases, path: where.ready.program.steps.length ? where.ready.program.steps[where.step][1] : "" })
const entryHere = (value, place) => entryName(hereView(), value, indexOf(place, where.ready.shapes[value])) || "a number on the way"

// Choose an entry: the panel opens at the rule that made it, or stays at `step`. Chosen again, it leads to its terms.
function choose(value, place, isQuiet = false, step = null) {
  if (where.ready !== page.trainer.present) buildWhere()
  const { chosen } = page, isAgain = chosen && chosen.value === value && chosen.place === place
  if (chosen && !isAgain) page.trail.push({ ...chosen, step: where.step })
  show({ value, place, step: step ?? ownStep(value) ?? where.step })
  if (!isQuiet) $("origin").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start" })
  isQuiet && !isAgain ? focusCell(value, place) : $("terms").focus({ preventScroll: true })
}

const ownStep = (value) => where.names[value] ? where.names[value].step : null

function focusCell(value, place) {
  const cell = (where.arrays.get(value)?.cells || []).find((one) => one.place === place)
  if (cell) cell.button.focus({ preventScroll: true })
}

function show({ value, place, step }) {
  Object.assign(page, { chosen: { value, place }, isNudged: false })
  where.step = step
  openWhere()
  say(isHidden(value, place) ? `${entryHere(value, place)} is hidden. Answer in the form.` : `${entryHere(value, place)} = ${short(where.ready.values[value][place])}`)
}

function goBack() {
  const last = page.trail.pop()
  if (last) show(last)
  $("terms").focus({ preventScroll: true })
}

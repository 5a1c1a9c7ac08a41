// The chosen number: its expression by names and by numbers, each of which leads on.

function drawWhere() {
  if (!page.isOpen) return
  if (where.ready !== page.trainer.present) return followProgram()
  const { chosen } = page, used = new Set()
  const list = drawTerms()
  for (const part of list) if (typeof part !== "string") used.add(`${part.value} ${part.place}`)
  for (const array of where.arrays.values()) {
    const { value, cells, map } = array, numbers = where.ready.values[value], most = sizeOfMost(numbers) || 1
    for (const { button, place } of cells) {
      const v = numbers[place], hidden = isHidden(value, place), level = hidden ? 0 : Math.min(4, Math.ceil(Math.abs(v) / most * 4)) || 0
      const isChosen = chosen && chosen.value === value && chosen.place === place
      write(button, hidden ? "?" : short(v, 3))
      set(button, { class: `number cell ${v < 0 ? "n" : "p"}${level}${isChosen ? " chosen" : used.has(`${value} ${place}`) ? " source" : ""}`, "aria-label": `${entryHere(value, place)}, ${hidden ? "hidden" : short(v)}` })
      isChosen ? set(button, { "aria-current": "true" }) : button.removeAttribute("aria-current")
    }
    if (map) map.hidden = cells.some(({ place }) => isHidden(value, place))
    if (map && !map.hidden) drawMap(array)
  }
  if ($("after") && !page.isPlaying) write($("after"), costAfter())
  drawScore()
  writeAddress()
}

// The first step and the later ones of an optimizer with memory are two programs: the chosen number is looked for by name.
function followProgram() {
  const before = where, { chosen } = page, isSame = (a, b) => a && b && a.name && a.name === b.name && a.path === b.path
  const phase = before.ready.program.steps[before.step]
  buildWhere()
  predicting.answered.clear()
  const value = chosen ? where.names.findIndex((one, i) => isSame(one, before.names[chosen.value]) && String(where.ready.shapes[i]) === String(before.ready.shapes[chosen.value])) : -1
  Object.assign(page, { trail: [], chosen: value >= 0 ? { value, place: chosen.place } : null })
  showStep(Math.max(0, where.ready.program.steps.findIndex((one) => String(one) === String(phase))))
}

// Returns the numbers of the expression, which are marked in the arrays.
function drawTerms() {
  const { chosen, trail } = page, { ready, names } = where
  if (!chosen) {
    $("terms").replaceChildren(make("p", { class: "note" }, "Choose a number to see the numbers it is computed from."))
    return []
  }
  if ($("answer") && document.activeElement === $("answer")) return []  // an answer is being written
  const { value, place } = chosen, own = names[value], step = own ? own.step : null, view = viewOf(step), hidden = isHidden(value, place)
  const name = entryHere(value, place), now = ready.values[value][place]
  const expression = expressionOf(ready, names, value, place), list = expression ? byNumber(expression) : []
  const focused = document.activeElement && document.activeElement.dataset.term
  const back = trail.length ? make("button", { type: "button", click: goBack }, "← Back") : null
  $("terms").replaceChildren(make("div", { class: "bar" }, make("h3", { class: "which" }, name), back),
    make("p", { class: "value" }, hidden ? "?" : short(now, 6)),
    hidden || !Number.isFinite(now) || short(now, 6) === short(now, 17) ? "" : make("p", { class: "note digits" }, String(now).replaceAll("-", "−")),
    hidden ? answerForm(value, place) : "",
    make("p", { class: "note" }, step === null || step === undefined ? given(value, place) : `Computed in ${stepTitle(ready.program.steps[step])}.`),
    expression ? make("p", { class: "names" }, `${entryName(view, value, indexOf(place, ready.shapes[value])) || name} = ${byName(view, expression)}`) : "",
    expression ? make("p", { class: "terms" }, "= ", ...list.map((part, i) => typeof part === "string" ? part : termButton(part, view, i)), hidden ? "" : ` = ${short(now)}`) : field(value, place),
    ...(hidden ? [] : nudgePart(value, place)))
  if (focused) { const again = $("terms").querySelector(`[data-term="${focused}"]`); if (again) again.focus() }
  return list
}

// The names of the rule that made a number, also where another rule is on the page.
function viewOf(step) {
  const { ready, names } = where
  return step === null || step === where.step ? hereView() : { ready, names, aliases: aliasesOf(ready.program, names, step), path: ready.program.steps[step][1] }
}

function termButton(part, view, i) {
  const v = where.ready.values[part.value][part.place], name = entryName(view, part.value, indexOf(part.place, part.shape || where.ready.shapes[part.value])) || "a number on the way"
  const text = isHidden(part.value, part.place) ? "?" : (part.isFactor ? asFactor : short)(v)
  return make("button", { type: "button", class: "link", "data-term": i, title: name, "aria-label": `${name}, ${text}`, click: () => { choose(part.value, part.place, true); $("terms").focus({ preventScroll: true }) } }, text)
}

function given(value) {
  const [name] = where.ready.program.inputs[value] || ["constant"]
  if (name.startsWith("params.")) return "A parameter: no rule computes it. It is what training changes."
  if (name.startsWith("optimizer.")) return "The memory of the optimizer, from the step before."
  return name === "lr" ? "The learning rate, as it is set above." : "It is given: a number of the data."
}

// What is given can be changed.
function field(value, place) {
  const array = where.ready.values[value], [name] = where.ready.program.inputs[value] || [""]
  if (!/^(x|y|params)(\.|$)/.test(name) || !(array instanceof Float64Array || array instanceof Float32Array) || where.ready.dtypes[value][0] !== "f") return ""
  const input = make("input", { type: "text", id: "given", inputmode: "decimal", autocomplete: "off", value: String(array[place]), change: () => {
    const v = typed(input.value)
    if (!Number.isFinite(v)) return refuse(input, String(array[place]), "Write a number, such as 1.5")
    array[place] = v
    moved()
  } })
  input.style.width = `${Math.max(8, input.value.length + 2)}ch`
  return make("p", {}, make("label", { for: "given" }, "Change it "), input)
}

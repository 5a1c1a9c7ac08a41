// The chosen number: its terms, the nudge, and the form of a prediction.

// A term by the names of its numbers, or by their values.
function written(term, byValue) {
  const parts = term.parts.map((part, i) => {
    if (typeof part === "string") return readable(part)
    if (!byValue || !rows[part.row].values) return local(part)
    const isAlone = /(\(|, )$/.test(term.parts[i - 1]) && /^(\)|,)/.test(term.parts[i + 1])  // as in exp(x) and max(x, 0)
    return isHidden(part) ? "?" : (isAlone ? short : asFactor)(rows[part.row].values[part.place])
  })
  return parts.join("")
}

// The name of a number in the current step: dW[0,1]; the name of another step's number has its layer.
function local(ref) {
  const { given, kept, between, made } = steps[state.step]
  const here = [...given, ...between, ...made, ...kept].find(([, r]) => r === ref.row)
  return here ? here[0] + at(rows[ref.row], ref.place) : nameOf(ref)
}

function detail() {
  const box = $("detail"), ref = state.chosen
  box.hidden = !ref
  document.body.classList.toggle("open", Boolean(ref))
  if (!ref) return box.replaceChildren()
  const row = rows[ref.row], hidden = isHidden(ref), value = row.values[ref.place]
  const close = make("button", { type: "button", class: "close", "aria-label": "Close the terms", click: KEYS.Escape }, "×")
  const name = make("h2", { id: "which" }, local(ref))
  const result = make("p", { class: "value" }, hidden ? "?" : short(value, row))
  const digits = hidden || full(value, row) === short(value, row) ? null : make("p", { class: "digits" }, full(value, row))
  const where = make("p", { class: "where" }, nameOf(ref))
  box.replaceChildren(close, name, local(ref) === nameOf(ref) ? "" : where, result, digits || "",
    ...(hidden ? [form(ref)] : []), terms(ref, hidden), ...(hidden ? [] : nudges(ref)))
}

function terms(ref, hidden) {
  const list = termsOf(ref), row = rows[ref.row]
  if (!list) return make("p", { class: "note" }, row.note || (isMade(ref) ? UNLISTED : "This number is given: no step makes it."))
  const line = (term) => make("li", {}, make("span", { class: "names" }, ...links(term)),
    make("span", { class: "values" }, written(term, true)),
    hidden || !Number.isFinite(term.value) ? null : make("span", { class: "result" }, `= ${short(term.value)}`))
  const sum = list.length > 1 && !hidden
    ? make("p", { class: "sum" }, total(list, short(row.values[ref.place], row))) : ""
  return make("div", {}, make("h3", {}, list.length > 1 ? "Terms" : "Computed as"), make("ol", { class: "terms" }, ...list.map(line)), sum)
}

// 3 · 3 + 3 · (−1) = 6
function total(list, value) {
  const sum = list.map((term) => written(term, true)).reduce((text, term) => text + (term[0] === "−" ? ` − ${term.slice(1)}` : ` + ${term}`))
  return sum.length <= 80 ? `${sum} = ${value}` : `The sum of these ${list.length} terms is ${value}.`
}

const UNLISTED = "The terms are not listed: there are more than 100, the network is too large, or the rule of the layer does not keep them."
const isMade = (ref) => steps.some(({ between, made }) => [...between, ...made].some(([, r]) => r === ref.row))

// The names of a term, each of which leads to its number.
function links(term) {
  return term.parts.map((part) => typeof part === "string" ? readable(part) : rows[part.row].values
    ? make("button", { type: "button", class: "link", click: () => visit(part) }, local(part)) : local(part))
}

// The nudge.

function nudgeOf(ref) {
  const own = rows[ref.row].nudges === undefined ? ref.row : rows[ref.row].nudges
  return data.nudges[own] ? { ...data.nudges[own], row: own } : null
}

function nudge() {
  if (!state.chosen || isHidden(state.chosen) || !nudgeOf(state.chosen)) return say("This number has no nudge: choose a parameter, an x or a gradient of them.")
  state.nudged = true
  detail()
  say($("detail").querySelector(".verdict").textContent)
}

function nudges(ref) {
  const found = nudgeOf(ref)
  if (!found) return []
  const what = { row: found.row, place: ref.place }, name = local(what)
  if (!state.nudged)
    return [make("button", { type: "button", id: "nudge", click: () => { nudge(); $("again").focus() } }, `Nudge ${name} (n)`)]
  const { h, below, above, gradient } = found
  const now = rows[found.row].values[ref.place]
  const slope = (above[ref.place] - below[ref.place]) / (2 * h)
  const line = (label, values) => make("tr", {}, make("th", { scope: "row" }, label),
    ...values.map((v) => make("td", { class: v === values[1] ? "" : "moved" }, precise(v))))
  const body = [line(name, [now - h, now, now + h])]
  let start = 2 * ref.place * found.width, same = 0
  for (const r of found.replayed) for (let i = 0; i < rows[r].values.length; i++, start++) {
    const moved = [found.replay[start], rows[r].values[i], found.replay[start + found.width]]
    moved.every((v) => v === moved[1]) ? same++ : body.push(line(nameOf({ row: r, place: i }), moved))
  }
  body.push(line("cost", [below[ref.place], rows[data.cost].values[0], above[ref.place]]))
  const g = rows[gradient] && rows[gradient].values ? rows[gradient].values[ref.place] : null
  const verdict = `(${precise(above[ref.place])} − ${precise(below[ref.place])}) / ${short(2 * h)} = slope ${precise(slope)}` +
    (g === null ? "" : `; the gradient is ${precise(g)}.`)
  return [make("h3", { id: "again", tabindex: "-1" }, "Nudge"),
    make("p", { class: "note" }, `Forward again with ${name} changed by h = ${h} = 2`, make("sup", {}, readable(String(Math.log2(h)))), "."),
    make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Forward again" },
      make("table", { class: "nudged", "aria-label": "Forward again" },
      make("thead", {}, make("tr", {}, make("td"), ...["−h", "now", "+h"].map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...body))),
    same ? make("p", { class: "note" }, same > 1 ? `The other ${same} outputs do not change.` : "One other output does not change.") : "",
    make("p", { class: "verdict" }, verdict)]
}

// Seven digits, which show a change by h.
function precise(value) {
  return Number.isFinite(value) ? full(Number(value.toPrecision(7))) : full(value)
}

// The prediction.

function form(ref) {
  const hint = make("p", { class: "note", id: "hint" }, "An answer within 1 % is right.")
  const input = make("input", { id: "answer", type: "text", inputmode: "decimal", autocomplete: "off", "aria-describedby": "hint" })
  const answer = (right, text) => {
    if (right !== false) state.answered.add(key(ref))
    show()
    right === false ? ($("hint").textContent = text, $("answer").focus()) : refocus(ref)
    say(text)
  }
  const check = (event) => {
    event.preventDefault()
    const value = rows[ref.row].values[ref.place], text = input.value.trim().replace(",", ".").replace("−", "-")
    const given = Number(text)
    if (!text || Number.isNaN(given)) return answer(false, "Write a number, such as 1.5.")
    const right = Math.abs(given - value) <= 0.01 * Math.abs(value) + 1e-12
    if (right && !state.tried.has(key(ref))) state.right++
    state.tried.add(key(ref))
    answer(right, right ? `Right: ${local(ref)} = ${short(value)}` : `${text} is not right. The terms below say how it is computed.`)
  }
  const element = make("form", {}, make("label", { for: "answer" }, `Your answer for ${local(ref)}`), input,
    make("button", {}, "Check"), make("button", { type: "button", click: () => { state.tried.add(key(ref)); answer(null, "Shown") } }, "Show it"), hint)
  element.addEventListener("submit", check)
  return element
}

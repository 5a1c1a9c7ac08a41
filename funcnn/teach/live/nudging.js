// The nudge of the chosen number: forward again with it a little smaller and a little larger, and the slope beside the gradient.

// The array that can be moved, as {name, value, gradient}, of a parameter, of x, or of the gradient of one of them.
function nudgedOf(value) {
  const { program, shapes } = where.ready, { outputs, inputs } = program
  const isFloat = (i) => where.ready.dtypes[i][0] === "f" && sizeOf(shapes[i]) > 0
  for (const [i, [name]] of inputs.entries()) {
    const gradient = name === "x" ? outputs.dx : outputs[name.replace("params.", "grads.")]
    if (/^(x$|params\.)/.test(name) && isFloat(i) && (value === i || value === gradient) && (name === "x" || gradient !== undefined)) return { name, value: i, gradient }
  }
  return null
}

function nudge() {
  const { chosen } = page
  if (!chosen || isHidden(chosen.value, chosen.place) || !nudgedOf(chosen.value)) return say("This number has no nudge: choose a parameter, an x or a gradient of them.")
  page.isNudged = true
  drawWhere()
  const verdict = $("terms").querySelector(".verdict")
  verdict.scrollIntoView({ block: "nearest" })
  say(verdict.textContent)
}

function nudgePart(value, place) {
  const found = nudgedOf(value)
  if (!found) return []
  const name = entryHere(found.value, place)
  if (!page.isNudged) return [make("button", { type: "button", id: "nudge", click: () => { nudge(); $("again").focus({ preventScroll: true }) } }, `Nudge ${name} (n)`)]
  const { trainer } = page, { ready, names } = where, array = trainer.arrays.get(found.name), now = array[place]
  const h = (array instanceof Float32Array ? 2 ** -6 : 2 ** -10) * 2 ** Math.max(0, Math.ceil(Math.log2(Math.abs(now) || 1)))
  const outs = where.rules.filter((i) => ready.program.steps[i][0] === "forward").map((i) => names.findLastIndex((one) => one && one.step === i && one.name === "out")).filter((i) => i >= 0)
  const look = (v) => { array[place] = v; ready.run(); return { cost: trainer.cost, outs: outs.map((i) => ready.values[i].slice()) } }
  const all = [look(now - h), look(now), look(now + h)].map((one) => ({ ...one })), [below, , above] = all
  look(now)
  const line = (label, numbers) => make("tr", {}, make("th", { scope: "row" }, label), ...numbers.map((v) => make("td", {}, precise7(v))))
  const moved = outs.flatMap((i, k) => Array.from(all[1].outs[k], (_, p) => [i, p, all.map(({ outs }) => outs[k][p])])).filter(([, , numbers]) => numbers.some((v) => v !== numbers[1]))
  const view = { ...hereView(), aliases: {}, path: null }
  const body = [line(name, [now - h, now, now + h]), ...moved.slice(0, 12).map(([i, p, numbers]) => line(entryName(view, i, indexOf(p, ready.shapes[i])), numbers)), line("cost", all.map(({ cost }) => cost))]
  const slope = (above.cost - below.cost) / (2 * h), gradient = found.gradient === undefined ? null : ready.values[found.gradient][place]
  return [make("h4", { id: "again", tabindex: "-1" }, "Nudge"), make("p", { class: "note" }, `Forward again with ${name} changed by h = ${short(h)}: the slope of the cost, by trying.`),
    make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Forward again" }, make("table", { class: "nudged", "aria-label": "Forward again" },
      make("thead", {}, make("tr", {}, make("td"), ...["−h", "now", "+h"].map((text) => make("th", { scope: "col" }, text)))), make("tbody", {}, ...body))),
    moved.length > 12 ? make("p", { class: "note" }, `${moved.length - 12} other outputs change too.`) : "",
    make("p", { class: "verdict" }, `(${precise7(above.cost)} − ${precise7(below.cost)}) / ${short(2 * h)} = slope ${short(slope)}${gradient === null ? "" : `; the gradient is ${short(gradient)}.`}`)]
}

// Seven digits, which show a change by h.
const precise7 = (value) => short(value, 7)

// The size of the gradient that reaches each layer, and sentences about what goes wrong.

let gradients = null

const LEAST = 1e-9  // where a bar begins; it ends at 10

function buildGradients() {
  const { trainer } = page, parts = []
  const layers = trainer.choice.layers.filter(({ path }) => trainer.names.some((name) => name.startsWith(path ? `${path}.` : "") && !name.slice(path ? path.length + 1 : 0).includes(".")))
  layers.forEach(({ path, kind }) => parts.push({ path, kind, names: trainer.names.filter((name) => name.startsWith(path ? `${path}.` : "")), bar: make("span", { class: "fill" }), size: make("span", { class: "size" }) }))
  const some = parts.length > 10 ? [...parts.slice(0, 5), ...parts.slice(-5)] : parts
  gradients = some.map((part) => ({ ...part, values: new Map([trainer.first, trainer.next].map((ready) => [ready, arriving(ready.program, part.path)])) }))
  $("gradients-name").hidden = $("gradients").hidden = gradients.length < 2
  $("gradients").replaceChildren(make("dl", { class: "bars" }, ...gradients.map((part) => make("div", {}, make("dt", {}, `${part.path} ${part.kind}`), make("dd", {}, make("span", { class: "track" }, part.bar), part.size)))),
    make("p", { class: "note" }, "How fast the cost changes with the outputs of a layer. Marks: 1e−6, 0.001, 1. Layers are counted from 0; those without parameters have no bar."))
}

// The value that is dA of a layer: what the layer after it, or the loss, hands on. Null if it is not in the program.
function arriving(program, path) {
  const own = program.steps.findIndex(([phase, at]) => phase === "backward" && at === path)
  if (own < 0) return program.outputs.dA ?? null
  for (let step = own - 1; step >= 0; step--) {
    const [phase, at] = program.steps[step]
    if (phase === "forward") break
    if (phase === "loss") return program.outputs.dA ?? null
    if (phase === "backward" && !isInside(path, at)) {
      const found = dxOf(program, at)
      if (found !== null) return found
    }
  }
  return program.outputs.dA ?? null
}

const sizeOfAll = (numbers) => Math.sqrt(numbers.reduce((sum, v) => sum + v * v, 0) / numbers.length)

function drawGradients() {
  const { present } = page.trainer
  for (const part of gradients) {
    const value = part.values.get(present)
    part.now = value === null ? NaN : sizeOfAll(present.values[value])
    const share = Math.log10(part.now / LEAST) / 10
    part.bar.style.width = `${100 * Math.max(0, Math.min(1, share)) || 0}%`
    write(part.size, short(part.now, 2))
  }
  const found = troubles(), { number, says } = cost
  $("now").replaceChildren("Cost ", make("b", {}, number.textContent), ` ${says.textContent} `, make("b", { class: "warns" }, found[0]?.[0]))
  const text = found.map((one) => one.join("")).join("|")
  if ($("wrong").dataset.text === text) return
  $("wrong").dataset.text = text
  $("wrong").replaceChildren(...found.map(([name, says]) => make("p", { class: "trouble" }, make("b", {}, name), " ", says)))
  if (found.length) say(found[0].join(" "))
}

function troubles() {
  const { trainer } = page, found = []
  const broken = trainer.broken || !Number.isFinite(trainer.cost) && firstBroken(trainer.present)
  if (broken) found.push(["Not a number.", `The first value that is not finite is ${placeName(broken)}. Training stopped before it changed a weight. Lower the learning rate and start again.`])
  const costs = trainer.costs.slice(trainer.since), start = costs[0]
  if (!broken && (costs.length > 3 && Math.min(trainer.cost, costs.at(-1)) > 1.5 * start || costs.length > 10 && costs.slice(-10).every((v) => v > start))) found.push(["The learning rate is too large.", `A step goes past the lowest cost, to a higher one than before: the cost was ${short(start)} ${trainer.since ? `after step ${trainer.since}` : "at the start"}.`])
  else if (!broken && jumps(costs)) found.push(["The learning rate is large.", "The cost goes up and down, since steps go past the lowest cost."])
  const weights = gradients.flatMap((part) => part.names.filter((name) => trainer.choice.start[`params.${name}`].shape.length > 1))
  const zero = weights.filter((name) => trainer.parameter(name).every((w) => w === 0))
  if (zero.length && weights.length > 1) found.push(["Weights of 0.", `All weights of ${zero.join(", ")} are 0. Units with equal weights have equal gradients, so they stay equal.`])
  found.push(...vanishing(), ...deadRelus())
  return found
}

// Four rises in the last thirty steps, each by more than a twentieth, of costs above a thousandth of the start.
function jumps(costs) {
  const last = costs.slice(-31)
  return last.slice(1).filter((v, i) => v > Math.max(1.05 * last[i], costs[0] / 1000)).length >= 4
}

function vanishing() {
  const sizes = gradients.map((part) => part.now).filter((v) => Number.isFinite(v)), first = sizes[0], last = sizes.at(-1)
  if (sizes.length && sizes.every((v) => v < 1e-12) && page.trainer.cost > 1e-6) return [["No gradient.", "It is 0 in each layer, so a step changes nothing: each unit is where its function is flat, as tanh is far from 0."]]
  if (sizes.length < 2 || !(last > 0)) return []
  if (first < 1e-3 * last) return [["Vanishing gradients.", `Layer ${gradients[0].path} receives ${first === 0 ? "nothing" : `1 / ${short(last / first, 2)}`} of the gradient of layer ${gradients.at(-1).path}: it ${first === 0 ? "does not learn" : "hardly learns"}.`]]
  return first > 1e3 * last ? [["Exploding gradients.", `Layer ${gradients[0].path} receives ${short(first / last, 2)} times the gradient of layer ${gradients.at(-1).path}.`]] : []
}

// A unit that is 0 for each row has no gradient, and stays 0.
function deadRelus() {
  const { trainer, data } = page, found = []
  for (const { path, kind } of trainer.choice.layers.filter(({ kind }) => /relu/i.test(kind))) {
    const value = kind === "Relu" ? outOf(trainer.present.program, path, data.rows) : null
    if (value === null) continue
    const numbers = trainer.present.values[value], n = numbers.length / data.rows
    let dead = 0
    for (let i = 0; i < n; i++) {
      let row = 0
      while (row < data.rows && numbers[row * n + i] === 0) row++
      dead += row === data.rows
    }
    if (dead) found.push(["Dead units.", `${dead} of the ${n} units of layer ${path} ${kind} give 0 for each row. Their gradient is 0, so their weights do not change.`])
  }
  return found
}

function placeName({ value, place }) {
  const { present } = page.trainer, names = namesOf(present.program, page.trainer.choice.recurrent), view = { ready: present, names, aliases: {}, path: names[value] ? names[value].path : "" }
  const step = names[value] && names[value].step
  return `${entryName(view, value, indexOf(place, present.shapes[value])) || "a number"}${step === null || step === undefined ? "" : ` in ${stepTitle(present.program.steps[step])}`}`
}

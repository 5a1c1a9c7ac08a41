// The cost: as a number, and as a curve over the steps.

const PLOT = { width: 320, height: 150, left: 50, right: 8, top: 8, bottom: 20 }
let cost = null

function buildCost() {
  cost = { number: numberButton(), says: make("span", { class: "note" }), line: draw("path", { class: "fitted" }), now: draw("circle", { class: "now", r: 4 }), grid: draw("path", { class: "zero" }), texts: [] }
  cost.number.classList.add("big")
  for (const [x, y, anchor] of [[PLOT.left - 6, PLOT.top + 4, "end"], [PLOT.left - 6, PLOT.height - PLOT.bottom + 4, "end"], [PLOT.left, PLOT.height - 4, "start"], [PLOT.width - PLOT.right, PLOT.height - 4, "end"]])
    cost.texts.push(draw("text", { x, y, "text-anchor": anchor }))
  const svg = draw("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, class: "plot-of-cost", role: "img", "aria-label": "The cost over the steps" }, cost.grid, cost.line, cost.now, ...cost.texts)
  set(cost.grid, { d: `M${PLOT.left} ${PLOT.top}H${PLOT.width - PLOT.right}M${PLOT.left} ${PLOT.height - PLOT.bottom}H${PLOT.width - PLOT.right}` })
  $("cost-view").replaceChildren(make("p", { class: "present" }, cost.number, cost.says), make("p", { class: "note" }, `${page.data.loss}: how wrong the network is, over all rows. Training should lower it.`), svg)
}

function drawCost() {
  const { trainer, data } = page, now = trainer.cost, right = rightOnes(data, trainer.out, trainer.arrays.get("y") || [])
  showNumber(cost.number, short(now), trainer.present.program.outputs.cost, 0, "cost")
  write(cost.says, `after ${trainer.steps} step${trainer.steps === 1 ? "" : "s"}${right === null ? "" : ` · ${right} of ${data.rows} right`}`)
  const all = [...trainer.costs, now].filter(Number.isFinite), most = all.reduce((a, b) => Math.max(a, b), 0) || 1, least = Math.min(0, all.reduce((a, b) => Math.min(a, b), 0))
  const x = (i) => PLOT.left + (PLOT.width - PLOT.left - PLOT.right) * i / Math.max(all.length - 1, 1)
  const y = (v) => PLOT.height - PLOT.bottom - (PLOT.height - PLOT.top - PLOT.bottom) * ((v - least) / (most - least))
  set(cost.line, { d: all.length ? `M${thinned(all).map(([i, v]) => `${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("L")}` : "" })
  set(cost.now, all.length ? { cx: x(all.length - 1), cy: y(all.at(-1)), visibility: "visible" } : { visibility: "hidden" })
  const [top, bottom, first, last] = cost.texts
  write(top, short(most, 3))
  write(bottom, short(least, 3))
  write(first, "step 0")
  write(last, all.length > 1 ? String(all.length - 1) : "")
}

// At most 400 places; of each run of steps the least and the largest cost, so that peaks stay.
function thinned(all) {
  const by = Math.ceil(all.length / 200), made = []
  if (by <= 2) return all.map((v, i) => [i, v])
  for (let i = 0; i < all.length; i += by) {
    let low = i, high = i
    for (let k = i; k < Math.min(i + by, all.length); k++) {
      if (all[k] < all[low]) low = k
      if (all[k] > all[high]) high = k
    }
    for (const k of [Math.min(low, high), Math.max(low, high)]) made.push([k, all[k]])
  }
  made.push([all.length - 1, all.at(-1)])
  return made
}
